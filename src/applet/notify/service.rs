//! The way of notifications to `org.freedesktop.Notifications`, through notify-rust.
//!
//! What notify-rust does not do is done here, on the applet's own connection: asking for the service's capabilities
//! without blocking, and hearing the token with which a window may come to the front on Wayland. It is sent right before
//! the click (Desktop Notifications Specification 1.2).
//!
//! Every notification of notify-rust has a connection of its own, and services differ in whom they answer:
//! - Most broadcast clicks. GNOME Shell's service does not, but the Shell behind it does; notify-rust loses a click that
//!   follows a token closely, so broadcasts are heard on our connection ([`SENDERS`]).
//! - dunst sends a click to the connection that the notification came from: notify-rust's handle waits for it.
//! - GNOME refuses to replace what came by another connection: it is shown anew, and the old one is closed.
//! - GNOME takes all notifications of an application away once the connection of the first one is gone: that one stays
//!   open while anything is shown ([`Shown::anchor`]).

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use glib::variant::Variant;
use lenscap_api::Request;
use notify_rust::{Hint, Notification, NotificationHandle, NotificationResponse, Timeout, Urgency};

use super::{Notice, Subject, Update, words};
use crate::ui::Ask;

const SERVICE: &str = "org.freedesktop.Notifications";
const SERVICE_PATH: &str = "/org/freedesktop/Notifications";
/// Who broadcasts what happens to a notification: the service, and GNOME Shell behind its own.
const SENDERS: [&str; 2] = [SERVICE, "org.gnome.Shell"];
const BUS: &str = "org.freedesktop.DBus";
/// Longest wait for one answer of the notification service.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// Longest wait for the token that belongs to a click.
const TOKEN_LIMIT: Duration = Duration::from_secs(1);
/// Notifications that wait for a slow service.
const MAX_UPDATES: usize = 64;

/// The way to the notification service of one connection to the session bus; one update after another.
#[derive(Debug)]
pub(in crate::applet) struct Notifier {
    updates: Sender<Update>,
    /// Unsubscribe when dropped.
    _signals: Vec<gio::SignalSubscription>,
}

impl Notifier {
    /// Starts to carry out updates; what is clicked goes to `asks`.
    pub(in crate::applet) fn new(connection: &gio::DBusConnection, asks: Sender<Ask>) -> Self {
        let service = Rc::new(Service {
            connection: connection.clone(),
            asks,
            shown: RefCell::default(),
            token: RefCell::default(),
            is_markup: Cell::default(),
        });
        let mut signals: Vec<_> = SENDERS.iter().map(|sender| service.subscribe(sender)).collect();
        signals.push(service.forget_capabilities_of_another());
        let (updates, receiver) = async_channel::bounded(MAX_UPDATES);
        glib::spawn_future_local(service.serve(receiver));
        Self { updates, _signals: signals }
    }

    /// To be carried out soon.
    pub(in crate::applet) fn send(&self, update: Update) {
        if let Err(error) = self.updates.try_send(update) {
            tracing::warn!("the notification service does not keep up: {error}");
        }
    }
}

struct Service {
    connection: gio::DBusConnection,
    asks: Sender<Ask>,
    shown: RefCell<Shown>,
    /// The newest token, and the number of the notification that it came for.
    token: RefCell<Option<(u32, String)>>,
    /// Whether the service takes the body for markup; `None` until it was asked.
    is_markup: Cell<Option<bool>>,
}

/// What is shown.
#[derive(Default)]
struct Shown {
    by_subject: HashMap<Subject, One>,
    /// What was shown first while nothing else was: its connection stays open while anything is shown.
    anchor: Option<Rc<NotificationHandle>>,
}

/// One notification that is shown.
struct One {
    handle: Rc<NotificationHandle>,
    notice: Notice,
    /// Dropped with it: nobody waits for a click any more.
    _end: Sender<()>,
}

impl Shown {
    fn insert(&mut self, subject: Subject, one: One) {
        self.anchor.get_or_insert_with(|| one.handle.clone());
        self.by_subject.insert(subject, one);
    }

    fn remove(&mut self, subject: Subject) -> Option<One> {
        let one = self.by_subject.remove(&subject);
        if self.by_subject.is_empty() {
            self.anchor = None;
        }
        one
    }

    fn subject(&self, id: u32) -> Option<Subject> {
        self.by_subject.iter().find(|(_, one)| one.handle.id() == id).map(|(subject, _)| *subject)
    }
}

impl Service {
    fn subscribe(self: &Rc<Self>, sender: &str) -> gio::SignalSubscription {
        let service = Rc::downgrade(self);
        self.connection.subscribe_to_signal(
            Some(sender),
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

    fn heard(self: &Rc<Self>, signal: &str, parameters: &Variant) {
        let Some(id) = parameters.try_child_value(0).and_then(|id| id.get::<u32>()) else { return };
        let text = || parameters.try_child_value(1).and_then(|text| text.get::<String>()).unwrap_or_default();
        match signal {
            "ActivationToken" => drop(self.token.replace(Some((id, text())))),
            "ActionInvoked" => {
                if let Some(wanted) = self.clicked(id, &text()) {
                    self.ask(id, wanted);
                }
            }
            "NotificationClosed" => self.closed(id),
            _ => {}
        }
    }

    /// What a click on this button of the notification asks for; the notification is over. `None` where it is over
    /// already: a click may be heard twice.
    fn clicked(self: &Rc<Self>, id: u32, key: &str) -> Option<Request> {
        let subject = self.shown.borrow().subject(id)?;
        let one = self.shown.borrow_mut().remove(subject)?;
        let wanted = wanted(&one.notice, key);
        // Most services close it by themselves.
        glib::spawn_future_local(close(one));
        wanted
    }

    /// Sends what was clicked on, with the token that came before the click.
    fn ask(&self, id: u32, wanted: Request) {
        let token = self.token.take().filter(|(of, token)| *of == id && !token.is_empty()).map(|(_, token)| token);
        // Full only when nobody could click so fast.
        let _ = self.asks.try_send(Ask { wanted, token });
    }

    fn closed(&self, id: u32) {
        let subject = self.shown.borrow().subject(id);
        if let Some(subject) = subject {
            self.shown.borrow_mut().remove(subject);
        }
    }

    async fn serve(self: Rc<Self>, updates: Receiver<Update>) {
        while let Ok((subject, notice)) = updates.recv().await {
            match notice {
                Some(notice) => self.show(subject, notice).await,
                None => {
                    let one = self.shown.borrow_mut().remove(subject);
                    if let Some(one) = one {
                        close(one).await;
                    }
                }
            }
        }
    }

    async fn show(self: &Rc<Self>, subject: Subject, notice: Notice) {
        let mut notification = notification(&notice, self.is_markup().await);
        let before = self.shown.borrow().by_subject.get(&subject).map(|one| one.handle.id());
        if let Some(id) = before {
            notification.id(id);
        }
        let mut done = within_limit(notification.show_async()).await;
        let is_refused = before.is_some() && matches!(done, Some(Err(_)));
        if is_refused {
            notification.id(0);
            done = within_limit(notification.show_async()).await;
        }
        match done {
            Some(Ok(handle)) => {
                let old = is_refused.then(|| self.shown.borrow_mut().by_subject.remove(&subject)).flatten();
                self.keep(subject, notice, Rc::new(handle));
                if let Some(old) = old {
                    close(old).await;
                }
            }
            Some(Err(error)) => tracing::info!("no notification \"{}\" ({error})", notice.summary),
            None => tracing::info!("no notification \"{}\" (no answer)", notice.summary),
        }
    }

    /// Remembers what is shown, and waits for what happens to it.
    fn keep(self: &Rc<Self>, subject: Subject, notice: Notice, handle: Rc<NotificationHandle>) {
        let (end, ended) = async_channel::bounded::<()>(1);
        self.shown.borrow_mut().insert(subject, One { handle: handle.clone(), notice, _end: end });
        let service = Rc::downgrade(self);
        glib::spawn_future_local(async move {
            let response = RefCell::new(None);
            let waited = handle.wait_for_action_async(|heard: &NotificationResponse| {
                response.replace(Some(heard.clone()));
            });
            first_of(waited, ended.recv()).await;
            let (Some(response), Some(service)) = (response.take(), service.upgrade()) else { return };
            let id = handle.id();
            let key = match response {
                NotificationResponse::Default => "default".to_owned(),
                NotificationResponse::Action(key) => key,
                NotificationResponse::Closed(_) => return service.closed(id),
                NotificationResponse::Reply(_) => return,
            };
            if let Some(wanted) = service.clicked(id, &key) {
                // The token comes by the other connection: whatever was sent before the click is here with the answer.
                let _ = service.call(BUS, "/org/freedesktop/DBus", "GetId", TOKEN_LIMIT).await;
                service.ask(id, wanted);
            }
        });
    }

    /// Whether the service takes the body for markup: then what looks like markup in a program's name must not be.
    /// Another would show people the escapes. Of one that does not answer it is assumed.
    async fn is_markup(&self) -> bool {
        if self.is_markup.get().is_none() {
            let answer = self.call(SERVICE, SERVICE_PATH, "GetCapabilities", ANSWER_LIMIT).await;
            self.is_markup.set(answer.as_ref().map(is_body_markup));
        }
        self.is_markup.get().unwrap_or(true)
    }

    async fn call(&self, name: &str, path: &str, method: &str, limit: Duration) -> Option<Variant> {
        let (flags, limit) = (gio::DBusCallFlags::NONE, limit.as_millis() as i32);
        self.connection.call_future(Some(name), path, name, method, None, None, flags, limit).await.ok()
    }
}

/// Ends with the first of the two.
async fn first_of<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|context| match one.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(()),
        Poll::Pending => other.as_mut().poll(context).map(|_| ()),
    })
    .await;
}

/// `None` when there is no answer in time.
async fn within_limit<T>(answer: impl Future<Output = T>) -> Option<T> {
    glib::future_with_timeout(ANSWER_LIMIT, answer).await.ok()
}

async fn close(one: One) {
    if within_limit(one.handle.close_async()).await.is_none() {
        tracing::debug!("a notification cannot be taken away: no answer");
    }
}

/// What a button, or a click beside the buttons, asks for.
fn wanted(notice: &Notice, key: &str) -> Option<Request> {
    match key {
        "default" => Some(Request::Preferences),
        key => notice.actions.get(key.parse::<usize>().ok()?).map(|(wanted, _)| wanted.clone()),
    }
}

/// From the answer to `GetCapabilities`.
fn is_body_markup(answer: &Variant) -> bool {
    let capabilities = answer.try_child_value(0).and_then(|list| list.get::<Vec<String>>());
    capabilities.is_none_or(|capabilities| capabilities.iter().any(|capability| capability == "body-markup"))
}

fn notification(notice: &Notice, is_markup: bool) -> Notification {
    let mut notification = Notification::new();
    notification.appname("Lenscap").icon(&notice.icon).summary(&notice.summary).timeout(Timeout::Default);
    match is_markup {
        true => notification.body(&glib::markup_escape_text(&notice.body)),
        false => notification.body(&notice.body),
    };
    notification.action("default", &words::settings());
    for (index, (_, label)) in notice.actions.iter().enumerate() {
        notification.action(&index.to_string(), label);
    }
    notification
        .hint(Hint::DesktopEntry(crate::APP_ID.into()))
        .hint(Hint::Category("device".into()))
        .urgency(if notice.urgent { Urgency::Critical } else { Urgency::Normal });
    notification
}

#[cfg(test)]
mod tests {
    use glib::variant::ToVariant;

    use super::super::no_tray;
    use super::*;

    #[test]
    fn the_body_is_markup_where_the_service_says_so_or_says_nothing() {
        let answer = |capabilities: &[&str]| is_body_markup(&(capabilities.to_vec(),).to_variant());
        assert!(answer(&["actions", "body-markup"]) && !answer(&["actions", "body"]) && !answer(&[]));
        assert!(is_body_markup(&().to_variant()));
    }

    #[test]
    fn a_notification_has_its_buttons_and_escapes_what_is_no_markup() {
        let notice = Notice { body: "a <b>".into(), urgent: true, ..no_tray() };
        assert_eq!(notification(&notice, false).body, "a <b>");
        let shown = notification(&notice, true);
        assert_eq!(shown.body, "a &lt;b&gt;");
        assert_eq!(shown.actions, ["default", "Settings", "0", "Settings"]);
        assert_eq!((shown.appname.as_str(), shown.timeout), ("Lenscap", Timeout::Default));
        assert!(shown.hints.contains(&Hint::Urgency(Urgency::Critical)));
    }

    #[test]
    fn a_click_asks_for_what_its_button_says() {
        let notice = no_tray();
        assert_eq!(wanted(&notice, "default"), Some(Request::Preferences));
        assert_eq!(wanted(&notice, "0"), Some(Request::Preferences));
        for nonsense in ["1", "", "-1", "x"] {
            assert_eq!(wanted(&notice, nonsense), None, "{nonsense}");
        }
    }
}
