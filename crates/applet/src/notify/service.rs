//! The way of notifications to `org.freedesktop.Notifications`, on the applet's own connection.
//!
//! Not through notify-rust, which was tried: it waits for clicks on a connection of its own for each notification, where
//! GNOME refuses to replace what came by another one; it unwraps calls to a bus that may be gone, which would end the relay;
//! and it cost 0.3 MB of resident memory.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use glib::variant::{ToVariant, Variant};
use lenscap_api::Request;

use super::{Notice, Subject, Update, words};
use crate::clicks::Click;

const SERVICE: &str = "org.freedesktop.Notifications";
const SERVICE_PATH: &str = "/org/freedesktop/Notifications";
const BUS: &str = "org.freedesktop.DBus";
/// Longest wait for one answer of the notification service.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// Notifications that wait for a slow service.
const MAX_UPDATES: usize = 64;

/// The way to the notification service of one connection to the session bus; one update after another.
#[derive(Debug)]
pub(crate) struct Notifier {
    updates: Sender<Update>,
    /// Unsubscribe when dropped.
    _signals: [gio::SignalSubscription; 2],
}

impl Notifier {
    /// Starts to carry out updates; what is clicked goes to `clicks`.
    pub(crate) fn new(connection: &gio::DBusConnection, clicks: Sender<Click>) -> Self {
        let service = Rc::new(ServiceProxy {
            connection: connection.clone(),
            clicks,
            shown: RefCell::default(),
            token: RefCell::default(),
            is_markup: Cell::default(),
        });
        let signals = [service.subscribe(), service.forget_capabilities_of_another()];
        let (updates, receiver) = async_channel::bounded(MAX_UPDATES);
        glib::spawn_future_local(service.serve(receiver));
        Self { updates, _signals: signals }
    }

    /// To be carried out soon.
    pub(crate) fn send(&self, update: Update) {
        if let Err(error) = self.updates.try_send(update) {
            tracing::warn!("the notification service does not keep up: {error}");
        }
    }
}

struct ServiceProxy {
    connection: gio::DBusConnection,
    clicks: Sender<Click>,
    /// The service's numbers of what is shown.
    shown: RefCell<HashMap<Subject, (u32, Notice)>>,
    /// What lets a window come to the front on Wayland, and the number of the notification that it came for: it is sent
    /// right before the click (Desktop Notifications Specification 1.2).
    token: RefCell<Option<(u32, String)>>,
    /// Whether the service takes the body for markup; `None` until it was asked.
    is_markup: Cell<Option<bool>>,
}

impl ServiceProxy {
    fn subscribe(self: &Rc<Self>) -> gio::SignalSubscription {
        let service = Rc::downgrade(self);
        self.connection.subscribe_to_signal(
            Some(SERVICE),
            Some(SERVICE),
            None,
            Some(SERVICE_PATH),
            None,
            gio::DBusSignalFlags::NONE,
            move |signal| {
                if let Some(service) = service.upgrade() {
                    service.heard(signal.signal_name, signal.parameters);
                }
            },
        )
    }

    /// Another service is asked anew.
    fn forget_capabilities_of_another(self: &Rc<Self>) -> gio::SignalSubscription {
        let service = Rc::downgrade(self);
        self.connection.subscribe_to_signal(
            Some(BUS),
            Some(BUS),
            Some("NameOwnerChanged"),
            None,
            Some(SERVICE),
            gio::DBusSignalFlags::NONE,
            move |_| {
                if let Some(service) = service.upgrade() {
                    service.is_markup.set(None);
                }
            },
        )
    }

    fn heard(&self, signal: &str, parameters: &Variant) {
        let Some(id) = parameters.try_child_value(0).and_then(|id| id.get::<u32>()) else { return };
        let subject = self.shown.borrow().iter().find(|(_, (known, _))| *known == id).map(|(subject, _)| *subject);
        let Some(subject) = subject else { return };
        let text = || parameters.try_child_value(1).and_then(|text| text.get::<String>()).unwrap_or_default();
        match signal {
            "ActivationToken" => drop(self.token.replace(Some((id, text())))),
            "ActionInvoked" => {
                let token = self.token.take().filter(|(of, token)| *of == id && !token.is_empty());
                let request = self.shown.borrow().get(&subject).and_then(|(_, notice)| request(notice, &text()));
                if let Some(request) = request {
                    // Full only when nobody could click so fast.
                    let _ = self.clicks.try_send(Click { request, token: token.map(|(_, token)| token) });
                }
            }
            "NotificationClosed" => drop(self.shown.borrow_mut().remove(&subject)),
            _ => {}
        }
    }

    async fn serve(self: Rc<Self>, updates: Receiver<Update>) {
        while let Ok((subject, notice)) = updates.recv().await {
            let before = self.shown.borrow().get(&subject).map(|(id, _)| *id);
            match (notice, before) {
                (Some(notice), _) => self.show(subject, notice, before.unwrap_or(0)).await,
                (None, Some(id)) => {
                    if let Err(error) = self.call("CloseNotification", Some((id,).to_variant())).await {
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
        match self.call("Notify", Some(arguments(&notice, replaces, is_markup))).await {
            Ok(answer) => {
                if let Some(id) = answer.try_child_value(0).and_then(|id| id.get::<u32>()) {
                    self.shown.borrow_mut().insert(subject, (id, notice));
                }
            }
            Err(error) => tracing::info!("no notification \"{}\" ({error})", notice.summary),
        }
    }

    /// Whether the service takes the body for markup: then what looks like markup in a program's name must not be.
    /// Another would show people the escapes. Of one that does not answer it is assumed.
    async fn is_markup(&self) -> bool {
        if self.is_markup.get().is_none() {
            let answer = self.call("GetCapabilities", None).await.ok();
            self.is_markup.set(answer.as_ref().map(is_body_markup));
        }
        self.is_markup.get().unwrap_or(true)
    }

    async fn call(&self, method: &str, arguments: Option<Variant>) -> Result<Variant, glib::Error> {
        let (flags, limit) = (gio::DBusCallFlags::NONE, ANSWER_LIMIT.as_millis() as i32);
        let (name, path, arguments) = (Some(SERVICE), SERVICE_PATH, arguments.as_ref());
        self.connection.call_future(name, path, SERVICE, method, arguments, None, flags, limit).await
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
fn is_body_markup(answer: &Variant) -> bool {
    let capabilities = answer.try_child_value(0).and_then(|list| list.get::<Vec<String>>());
    capabilities.is_none_or(|capabilities| capabilities.iter().any(|capability| capability == "body-markup"))
}

/// Of `Notify`: application, replaced one, icon, summary, body, actions, hints, time.
fn arguments(notice: &Notice, replaces: u32, is_markup: bool) -> Variant {
    let mut actions = vec!["default".to_owned(), words::settings()];
    for (index, (_, label)) in notice.actions.iter().enumerate() {
        actions.extend([index.to_string(), label.clone()]);
    }
    let hints: HashMap<String, Variant> = HashMap::from([
        ("desktop-entry".into(), lenscap::APP_ID.to_variant()),
        ("urgency".into(), (if notice.urgent { 2_u8 } else { 1_u8 }).to_variant()),
        ("category".into(), "device".to_variant()),
    ]);
    let body = match is_markup {
        true => glib::markup_escape_text(&notice.body),
        false => notice.body.as_str().into(),
    };
    ("Lenscap", replaces, &notice.icon, &notice.summary, body.as_str(), actions, hints, -1_i32).to_variant()
}

#[cfg(test)]
mod tests {
    use super::super::no_tray;
    use super::*;

    #[test]
    fn the_body_is_markup_where_the_service_says_so_or_says_nothing() {
        let answer = |capabilities: &[&str]| is_body_markup(&(capabilities.to_vec(),).to_variant());
        assert!(answer(&["actions", "body-markup"]) && !answer(&["actions", "body"]) && !answer(&[]));
        assert!(is_body_markup(&().to_variant()));
    }

    #[test]
    fn the_arguments_are_what_the_specification_asks_for() {
        let notice = Notice { body: "a <b>".into(), urgent: true, ..no_tray() };
        let plain = arguments(&notice, 7, false);
        assert_eq!(plain.child_value(4).get::<String>().as_deref(), Some("a <b>"));
        let arguments = arguments(&notice, 7, true);
        assert_eq!(arguments.type_().as_str(), "(susssasa{sv}i)");
        assert_eq!(arguments.child_value(4).get::<String>().as_deref(), Some("a &lt;b&gt;"));
        let actions = arguments.child_value(5).get::<Vec<String>>().expect("a list");
        assert_eq!(actions, ["default", "Settings", "0", "Settings"]);
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
