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
use lenscap_api::Request;
use zbus::names::OwnedUniqueName;
use zbus::zvariant::Value;
use zbus::{Connection, MatchRule, Message, MessageStream, message};

use super::{Notice, Subject, Update, words};
use crate::clicks::Click;
use crate::dbus::owner_changes;
use crate::markup;
use crate::tasks::Tasks;

const SERVICE: &str = "org.freedesktop.Notifications";
const SERVICE_PATH: &str = "/org/freedesktop/Notifications";
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
            is_markup: Cell::default(),
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
    /// Whether the service takes the body for markup; `None` until it was asked.
    is_markup: Cell<Option<bool>>,
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
            self.is_markup.set(None);
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
        let is_markup = self.is_markup().await;
        match self.call("Notify", &arguments(&notice, replaces, is_markup)).await {
            Ok(answer) => {
                if let Ok(id) = answer.body().deserialize::<u32>() {
                    let by = answer.header().sender().map(|sender| sender.to_owned().into());
                    self.shown.borrow_mut().insert(subject, Shown { id, notice, by });
                }
            }
            Err(error) => tracing::info!("no notification \"{}\" ({error})", notice.summary),
        }
    }

    /// Whether the service takes the body for markup: then what looks like markup in a program's name must not be.
    /// Another would show people the escapes. Of one that does not answer it is assumed.
    async fn is_markup(&self) -> bool {
        if self.is_markup.get().is_none() {
            let answer = self.call("GetCapabilities", &()).await.ok();
            self.is_markup.set(answer.as_ref().map(is_body_markup));
        }
        self.is_markup.get().unwrap_or(true)
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

/// From the answer to `GetCapabilities`.
fn is_body_markup(answer: &Message) -> bool {
    let body = answer.body();
    let capabilities = body.deserialize::<Vec<&str>>();
    capabilities.map_or(true, |capabilities| capabilities.contains(&"body-markup"))
}

/// The arguments of `Notify`: application, replaced one, icon, summary, body, actions, hints, time.
type NotifyArguments<'a> =
    (&'static str, u32, &'a str, &'a str, String, Vec<String>, HashMap<&'static str, Value<'static>>, i32);

fn arguments(notice: &Notice, replaces: u32, is_markup: bool) -> NotifyArguments<'_> {
    let mut actions = vec!["default".to_owned(), words::settings()];
    for (index, (_, label)) in notice.actions.iter().enumerate() {
        actions.extend([index.to_string(), label.clone()]);
    }
    let hints = HashMap::from([
        ("desktop-entry", lenscap::APP_ID.into()),
        ("urgency", (if notice.urgent { 2_u8 } else { 1_u8 }).into()),
        ("category", "device".into()),
    ]);
    let body = if is_markup { markup::escaped(&notice.body) } else { notice.body.clone() };
    ("Lenscap", replaces, &notice.icon, &notice.summary, body, actions, hints, -1)
}

#[cfg(test)]
mod tests {
    use zbus::zvariant::DynamicType;

    use super::super::no_tray;
    use super::*;

    #[test]
    fn the_body_is_markup_where_the_service_says_so_or_says_nothing() {
        let call = Message::method_call("/x", "GetCapabilities").unwrap().build(&()).unwrap();
        let answer = || Message::method_return(&call.header()).unwrap();
        let said = |capabilities: &[&str]| is_body_markup(&answer().build(&capabilities).unwrap());
        assert!(said(&["actions", "body-markup"]) && !said(&["actions", "body"]) && !said(&[]));
        assert!(is_body_markup(&answer().build(&()).unwrap()));
    }

    #[test]
    fn the_arguments_are_what_the_specification_asks_for() {
        let notice = Notice { body: "a <b>".into(), urgent: true, ..no_tray() };
        let plain = arguments(&notice, 7, false);
        assert_eq!(plain.4, "a <b>");
        let arguments = arguments(&notice, 7, true);
        assert_eq!(arguments.signature(), "(susssasa{sv}i)");
        assert_eq!(arguments.4, "a &lt;b&gt;");
        assert_eq!(arguments.5, ["default", "Settings", "0", "Settings"]);
    }

    #[test]
    fn a_click_asks_for_what_its_button_says() {
        let notice = no_tray();
        assert_eq!(request(&notice, "default"), Some(Request::Preferences));
        assert_eq!(request(&notice, "0"), Some(Request::Preferences));
        for nonsense in ["1", "", "-1", "x"] {
            assert_eq!(request(&notice, nonsense), None, "{nonsense}");
        }
    }
}
