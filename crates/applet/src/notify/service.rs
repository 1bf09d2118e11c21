//! The way of notifications to `org.freedesktop.Notifications`, on the applet's own connection.
//!
//! Not through notify-rust, which was tried: it waits for clicks on a connection of its own for each notification, where
//! GNOME refuses to replace what came by another one; it unwraps calls to a bus that may be gone, which would end the relay;
//! and it cost 0.3 MB of resident memory.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use async_channel::{Receiver, Sender};
use async_executor::Task;
use futures_lite::StreamExt;
use futures_lite::future::zip;
use lenscap_api::Request;
use zbus::names::OwnedUniqueName;
use zbus::zvariant::Value;
use zbus::{Connection, MatchRule, Message, MessageStream, message};

use super::{Notice, Subject, Update, Weight};
use crate::clicks::Click;
use crate::dbus::owner_changes;
use crate::tasks::Tasks;
use lenscap_text::markup;

const SERVICE: &str = "org.freedesktop.Notifications";
const SERVICE_PATH: &str = "/org/freedesktop/Notifications";
/// Services that say they know actions, and draw no buttons: a click takes the default action, the others are in a menu
/// of another program (mako(5), dunst(5), fnott(1)).
const WITHOUT_BUTTONS: [&str; 3] = ["mako", "dunst", "fnott"];
/// How long one is shown that passes.
const PASSING_MS: i32 = 3000;
/// Notifications that wait for a slow service.
const MAX_UPDATES: usize = 64;

/// The way to the notification service of one connection to the session bus; one update after another.
#[derive(Debug)]
pub(crate) struct Notifier {
    updates: Sender<Update>,
    _tasks: [Task<()>; 3],
}

impl Notifier {
    /// Starts to carry out updates; what is clicked goes to `clicks`.
    pub(crate) fn new(tasks: &Tasks, connection: &Connection, clicks: Sender<Click>) -> Self {
        let service = Rc::new(ServiceProxy {
            connection: connection.clone(),
            clicks,
            shown: RefCell::default(),
            token: RefCell::default(),
            abilities: Cell::default(),
        });
        let (updates, receiver) = async_channel::bounded(MAX_UPDATES);
        let tasks = [
            tasks.run_while_held(service.clone().listen()),
            tasks.run_while_held(service.clone().forget_capabilities_of_another()),
            tasks.run_while_held(service.serve(receiver)),
        ];
        Self { updates, _tasks: tasks }
    }

    /// To be carried out soon.
    pub(crate) fn send(&self, update: Update) {
        if let Err(error) = self.updates.try_send(update) {
            tracing::warn!("the notification service does not keep up: {error}");
        }
    }
}

/// A notification that the service shows.
#[derive(Debug)]
struct Shown {
    id: u32,
    notice: Notice,
    /// The service that shows it: clicks that another program sends are none.
    by: Option<OwnedUniqueName>,
}

struct ServiceProxy {
    connection: Connection,
    clicks: Sender<Click>,
    shown: RefCell<HashMap<Subject, Shown>>,
    /// What lets a window come to the front on Wayland, and the number of the notification that it came for: it is sent
    /// right before the click (Desktop Notifications Specification 1.2).
    token: RefCell<Option<(u32, String)>>,
    /// `None` until the service was asked.
    abilities: Cell<Option<Abilities>>,
}

/// What a service makes of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Abilities {
    /// It takes the body for markup: then what looks like markup in a program's name must not be. Another would show
    /// people the escapes.
    is_markup: bool,
    /// It draws buttons for actions.
    has_buttons: bool,
}

impl Abilities {
    /// Of a service that says nothing.
    const ASSUMED: Self = Self { is_markup: true, has_buttons: true };

    /// From the answers to `GetCapabilities` and `GetServerInformation`.
    fn of(capabilities: &Message, server: &Message) -> Self {
        let (capabilities, server) = (capabilities.body(), server.body());
        let Ok(capabilities) = capabilities.deserialize::<Vec<&str>>() else { return Self::ASSUMED };
        let name = server.deserialize::<(&str, &str, &str, &str)>().map_or("", |(name, ..)| name);
        Self {
            is_markup: capabilities.contains(&"body-markup"),
            has_buttons: capabilities.contains(&"actions") && !WITHOUT_BUTTONS.contains(&name),
        }
    }
}

impl ServiceProxy {
    async fn listen(self: Rc<Self>) {
        let signals = || async {
            let rule = MatchRule::builder()
                .msg_type(message::Type::Signal)
                .sender(SERVICE)?
                .interface(SERVICE)?
                .path(SERVICE_PATH)?
                .build();
            MessageStream::for_match_rule(rule, &self.connection, None).await
        };
        match signals().await {
            Ok(mut signals) => {
                while let Some(Ok(signal)) = signals.next().await {
                    self.heard(&signal);
                }
            }
            Err(error) => tracing::warn!("clicks on notifications are not heard: {error}"),
        }
    }

    /// Another service is asked anew.
    async fn forget_capabilities_of_another(self: Rc<Self>) {
        let Ok(mut owners) = owner_changes(&self.connection, SERVICE).await else { return };
        while let Some(Ok(_)) = owners.next().await {
            self.abilities.set(None);
        }
    }

    fn heard(&self, signal: &Message) {
        let (header, body) = (signal.header(), signal.body());
        let Some(method) = header.member() else { return };
        match method.as_str() {
            "ActivationToken" => {
                if let Ok((id, token)) = body.deserialize::<(u32, String)>() {
                    drop(self.token.replace(Some((id, token))));
                }
            }
            "ActionInvoked" => {
                let Ok((id, key)) = body.deserialize::<(u32, String)>() else { return };
                let token = self.token.take().filter(|(of, token)| *of == id && !token.is_empty());
                let is_from = |by: &OwnedUniqueName| header.sender() == Some(by.inner());
                let shown = self.shown.borrow();
                let clicked = shown.values().find(|it| it.id == id && it.by.as_ref().is_some_and(is_from));
                if let Some(request) = clicked.and_then(|shown| request(&shown.notice, &key)) {
                    // Full only when nobody could click so fast.
                    let _ = self.clicks.try_send(Click { request, token: token.map(|(_, token)| token) });
                }
            }
            "NotificationClosed" => {
                if let Ok((id, _)) = body.deserialize::<(u32, u32)>() {
                    self.shown.borrow_mut().retain(|_, shown| shown.id != id);
                }
            }
            _ => {}
        }
    }

    async fn serve(self: Rc<Self>, updates: Receiver<Update>) {
        while let Ok((subject, notice)) = updates.recv().await {
            let before = self.shown.borrow().get(&subject).map(|shown| shown.id);
            match (notice, before) {
                (Some(notice), _) => self.show(subject, notice, before.unwrap_or(0)).await,
                (None, Some(id)) => {
                    if let Err(error) = self.call("CloseNotification", &(id,)).await {
                        tracing::debug!("a notification cannot be taken away: {error}");
                    }
                    self.shown.borrow_mut().remove(&subject);
                }
                (None, None) => {}
            }
        }
    }

    async fn show(&self, subject: Subject, notice: Notice, replaces: u32) {
        let abilities = self.abilities().await;
        match self.call("Notify", &arguments(&notice, replaces, abilities)).await {
            Ok(answer) => {
                if let Ok(id) = answer.body().deserialize::<u32>() {
                    let by = answer.header().sender().map(|sender| sender.to_owned().into());
                    self.shown.borrow_mut().insert(subject, Shown { id, notice, by });
                }
            }
            Err(error) => tracing::info!("no notification \"{}\" ({error})", notice.summary),
        }
    }

    /// What the service can do; it is asked once, also where it does not answer.
    async fn abilities(&self) -> Abilities {
        if let Some(known) = self.abilities.get() {
            return known;
        }
        self.abilities.set(Some(Abilities::ASSUMED));
        let answers = zip(self.call("GetCapabilities", &()), self.call("GetServerInformation", &())).await;
        let (Ok(capabilities), Ok(server)) = answers else { return Abilities::ASSUMED };
        let abilities = Abilities::of(&capabilities, &server);
        // Forgotten meanwhile: there is another service now.
        if self.abilities.get().is_some() {
            self.abilities.set(Some(abilities));
        }
        abilities
    }

    /// The answer, waited for as long as the connection waits.
    async fn call<B: serde::Serialize + zbus::zvariant::DynamicType>(
        &self,
        method: &str,
        arguments: &B,
    ) -> zbus::Result<Message> {
        self.connection.call_method(Some(SERVICE), SERVICE_PATH, Some(SERVICE), method, arguments).await
    }
}

/// What a button, or a click beside the buttons, asks for.
fn request(notice: &Notice, key: &str) -> Option<Request> {
    match key {
        "default" => Some(Request::Preferences),
        key => notice.actions.get(key.parse::<usize>().ok()?).map(|(request, _)| request.clone()),
    }
}

/// The arguments of `Notify`: application, replaced one, icon, summary, body, actions, hints, time.
type NotifyArguments<'a> =
    (&'static str, u32, &'a str, &'a str, String, Vec<String>, HashMap<&'static str, Value<'static>>, i32);

fn arguments(notice: &Notice, replaces: u32, abilities: Abilities) -> NotifyArguments<'_> {
    // Without a label: services that draw a button for it do so only where it has one (xfce4-notifyd, lxqt-notificationd).
    let mut actions = vec!["default".to_owned(), String::new()];
    for (index, (_, label)) in notice.actions.iter().enumerate() {
        actions.extend([index.to_string(), label.clone()]);
    }
    let (urgency, category) = match notice.weight {
        // Of low urgency GNOME shows none by itself (messageTray.js, `showNotification`).
        Weight::Usual | Weight::Passing => (1_u8, "device"),
        Weight::Failure => (1, "device.error"),
        Weight::Critical => (2, "device.error"),
    };
    let mut hints = HashMap::from([
        ("desktop-entry", lenscap::APP_ID.into()),
        ("urgency", urgency.into()),
        ("category", category.into()),
    ]);
    let is_passing = notice.weight == Weight::Passing;
    if is_passing {
        hints.insert("transient", true.into());
    }
    let mut lines = vec![notice.body.as_str()];
    if !abilities.has_buttons {
        lines.push(&notice.without_buttons);
    }
    lines.retain(|line| !line.is_empty());
    let body = lines.join("\n");
    let body = if abilities.is_markup { markup::escaped(&body) } else { body };
    ("Lenscap", replaces, &notice.icon, &notice.summary, body, actions, hints, if is_passing { PASSING_MS } else { -1 })
}

#[cfg(test)]
mod tests {
    use zbus::zvariant::DynamicType;

    use super::super::no_tray;
    use super::*;

    #[test]
    fn a_service_has_what_it_says_but_for_buttons_that_nobody_sees() {
        let call = Message::method_call("/x", "GetCapabilities").unwrap().build(&()).unwrap();
        let answer = || Message::method_return(&call.header()).unwrap();
        let of = |capabilities: &[&str], name: &str| {
            let server = answer().build(&(name, "vendor", "1", "1.2")).unwrap();
            let abilities = Abilities::of(&answer().build(&capabilities).unwrap(), &server);
            (abilities.is_markup, abilities.has_buttons)
        };
        assert_eq!(of(&["actions", "body-markup"], "gnome-shell"), (true, true));
        assert_eq!(of(&["actions", "body"], "mako"), (false, false));
        assert_eq!(of(&[], "notify-osd"), (false, false));
        let nonsense = answer().build(&()).unwrap();
        assert_eq!(Abilities::of(&nonsense, &nonsense), Abilities::ASSUMED);
    }

    #[test]
    fn the_arguments_are_what_the_specification_asks_for() {
        let notice =
            Notice { body: "a <b>".into(), without_buttons: "& so".into(), weight: Weight::Critical, ..no_tray(false) };
        let plain = arguments(&notice, 7, Abilities { is_markup: false, has_buttons: false });
        assert_eq!(plain.4, "a <b>\n& so");
        let arguments = arguments(&notice, 7, Abilities::ASSUMED);
        assert_eq!(arguments.signature(), "(susssasa{sv}i)");
        assert_eq!(arguments.4, "a &lt;b&gt;");
        assert_eq!(arguments.5, ["default", "", "0", "Preferences"]);
    }

    #[test]
    fn only_a_camera_that_stays_on_is_critical() {
        let hints = |weight| {
            let hints = arguments(&Notice { weight, ..no_tray(false) }, 0, Abilities::ASSUMED).6;
            (u8::try_from(&hints["urgency"]).unwrap(), String::try_from(hints["category"].clone()).unwrap())
        };
        assert_eq!(hints(Weight::Usual), (1, "device".into()));
        assert_eq!(hints(Weight::Failure), (1, "device.error".into()));
        assert_eq!(hints(Weight::Critical), (2, "device.error".into()));
        assert_eq!(hints(Weight::Passing), (1, "device".into()));
    }

    #[test]
    fn only_what_passes_is_transient_and_has_its_time() {
        for (weight, is_transient, time) in [(Weight::Usual, false, -1), (Weight::Passing, true, PASSING_MS)] {
            let notice = Notice { weight, ..no_tray(false) };
            let arguments = arguments(&notice, 0, Abilities::ASSUMED);
            assert_eq!((arguments.6.contains_key("transient"), arguments.7), (is_transient, time), "{weight:?}");
        }
    }

    #[test]
    fn a_click_asks_for_what_its_button_says() {
        let notice = no_tray(false);
        assert_eq!(request(&notice, "default"), Some(Request::Preferences));
        assert_eq!(request(&notice, "0"), Some(Request::Preferences));
        for nonsense in ["1", "", "-1", "x"] {
            assert_eq!(request(&notice, nonsense), None, "{nonsense}");
        }
    }
}
