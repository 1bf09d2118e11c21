//! Notifications: what is worth telling, decided here, and its way to `org.freedesktop.Notifications`.
//!
//! Each subject has one notification that is replaced or taken away, never a pile. Whether it is shown, now or at all, is
//! the desktop's decision; nothing depends on it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use async_channel::{Receiver, Sender};
use glib::variant::{ToVariant, Variant};

use crate::config::model::Notifications;
use crate::core::presence::Use;
use crate::core::status::{StateName, Status};
use crate::core::trouble::TroubleKind;
use crate::i18n::status as words;
use crate::i18n::{tr, trf, trn};
use crate::ui::icon;
use crate::ui::{Ask, Wanted};

const SERVICE: &str = "org.freedesktop.Notifications";
const SERVICE_PATH: &str = "/org/freedesktop/Notifications";
/// Longest wait for the notification service, in milliseconds.
const ANSWER_LIMIT_MS: i32 = 5000;

/// Notifications that wait for a slow service.
const MAX_ORDERS: usize = 64;

/// What a notification is about; each has at most one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The camera is on.
    Activation,
    /// A program uses a camera past the relay.
    OtherCamera,
    /// It does not work, or is in use elsewhere.
    Failure,
    /// A second program comes while another one uses it.
    Crowd,
    /// There is no tray to show the icon.
    NoTray,
    /// Something that was asked for cannot be done.
    Complaint,
}

/// One notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// One short line.
    pub summary: String,
    /// A sentence or none.
    pub body: String,
    /// The icon's name.
    pub icon: String,
    /// Buttons: what is wanted, and the label.
    pub actions: Vec<(Wanted, String)>,
    /// Stays until it is looked at.
    pub urgent: bool,
}

/// Show this notification, or take the subject's away.
pub type Order = (Subject, Option<Notice>);

/// What was told so far.
#[derive(Debug, Default)]
pub struct Teller {
    shown: HashMap<Subject, Notice>,
    /// Programs of which it was told that they came while another one used the camera.
    crowd: Vec<String>,
}

/// What looks at every device that appears, and wants no picture.
const PROBES: [&str; 4] = ["v4l_id", "udevd", "systemd-udevd", "wireplumber"];

impl Teller {
    /// What to show or take away at this status. `is_for_one`: a second program at the same time would be refused, and
    /// a second device can be turned on.
    pub fn orders(&mut self, status: &Status, wanted: &Notifications, is_for_one: bool) -> Vec<Order> {
        let activation = activation(status).filter(|_| wanted.activation);
        let failure = failure(status).filter(|(is_busy, _)| if *is_busy { wanted.busy } else { wanted.failure });
        let crowd = self.crowd(status, is_for_one).filter(|_| wanted.busy);
        let mut orders = Vec::new();
        let other = other_camera(status).filter(|_| wanted.activation);
        for (subject, notice) in [
            (Subject::Activation, activation),
            (Subject::OtherCamera, other),
            (Subject::Failure, failure.map(|(_, notice)| notice)),
            (Subject::Crowd, crowd),
        ] {
            if self.shown.get(&subject) == notice.as_ref() {
                continue;
            }
            // Between two tries the same failure stays.
            if subject == Subject::Failure && notice.is_none() && is_trying_again(status) {
                continue;
            }
            match &notice {
                Some(notice) => drop(self.shown.insert(subject, notice.clone())),
                None => drop(self.shown.remove(&subject)),
            }
            orders.push((subject, notice));
        }
        orders
    }
}

impl Teller {
    /// That a program came for which there is no room. The module tells nobody that it refused somebody: whoever opens
    /// the device while another one streams is taken for that, and told of once.
    fn crowd(&mut self, status: &Status, is_for_one: bool) -> Option<Notice> {
        if !is_for_one || status.state != StateName::Live {
            return None;
        }
        let user = status.clients.iter().find(|client| client.usage == Use::Streaming)?;
        let comer = status.clients.iter().find(|client| {
            let is_known = client.name == user.name || self.crowd.contains(&client.name);
            client.usage == Use::Open && client.pid.is_some() && !is_known && !PROBES.contains(&client.name.as_str())
        });
        // What was told stays until the camera goes off.
        let Some(comer) = comer else { return self.shown.get(&Subject::Crowd).cloned() };
        self.crowd.push(comer.name.clone());
        Some(Notice {
            summary: trf!("{name} finds the camera in use", name = comer.name),
            body: trf!(
                "{user} uses it, and only one application at a time can. Turn on the second device in the preferences for two.",
                user = user.name
            ),
            icon: icon::name(status, false),
            actions: vec![(Wanted::Preferences, tr("Settings"))],
            urgent: false,
        })
    }
}

/// Between a failure and the next frame: the camera may be switched on and off, but nothing is new.
fn is_trying_again(status: &Status) -> bool {
    status.reason.is_some()
        && !status.stuck
        && matches!(status.state, StateName::Pending | StateName::Starting | StateName::Cooldown)
}

fn activation(status: &Status) -> Option<Notice> {
    // The cooldown is no use of the camera, and over soon.
    if !matches!(status.state, StateName::Starting | StateName::Live) || is_trying_again(status) {
        return None;
    }
    let names = words::names(&status.clients)?;
    let count = words::programs(&status.clients).len();
    Some(Notice {
        summary: trn!("{names} is using the camera", "{names} are using the camera", count as u64, names = names),
        body: String::new(),
        icon: icon::name(&Status { state: StateName::Live, camera_live: true, ..status.clone() }, false),
        actions: vec![(Wanted::TurnOff, tr("Turn Off")), (Wanted::Preferences, tr("Settings"))],
        urgent: false,
    })
}

fn other_camera(status: &Status) -> Option<Notice> {
    let first = status.others.first()?;
    let lines: Vec<String> =
        status.others.iter().skip(1).map(words::other_camera).chain([words::cannot_switch_off()]).collect();
    Some(Notice {
        summary: words::other_camera(first),
        body: lines.join("\n"),
        icon: icon::name(&Status { state: StateName::Live, camera_live: true, ..status.clone() }, false),
        actions: vec![(Wanted::Preferences, tr("Settings"))],
        urgent: false,
    })
}

/// The notice, and whether the camera is in use elsewhere.
fn failure(status: &Status) -> Option<(bool, Notice)> {
    if let Some(reason) = status.reason.as_ref().filter(|_| status.stuck) {
        let notice = Notice {
            summary: tr("The camera is still on"),
            body: crate::i18n::trouble::sentence(reason),
            icon: icon::name(status, false),
            actions: vec![(Wanted::Preferences, tr("Settings"))],
            urgent: true,
        };
        return Some((false, notice));
    }
    let reason = status.reason.as_ref().filter(|_| status.state == StateName::Failed)?;
    let is_busy = reason.kind() == TroubleKind::Busy;
    let notice = Notice {
        summary: if is_busy { tr("The camera is in use") } else { tr("The camera does not work") },
        body: crate::i18n::trouble::sentence(reason),
        icon: icon::name(status, false),
        actions: vec![(Wanted::Resume, tr("Try Again")), (Wanted::Preferences, tr("Settings"))],
        urgent: !is_busy,
    };
    Some((is_busy, notice))
}

/// That there is no tray, and how to get one.
pub fn no_tray() -> Notice {
    Notice {
        summary: tr("Lenscap has no place for its icon"),
        body: tr(
            "On GNOME install the extension \"AppIndicator and KStatusNotifierItem Support\", elsewhere add a tray to the panel. \
             Meanwhile start Lenscap again to see its preferences.",
        ),
        icon: crate::APP_ID.into(),
        actions: vec![(Wanted::Preferences, tr("Settings"))],
        urgent: false,
    }
}

/// The way to the notification service of one connection; one order after another.
#[derive(Debug)]
pub struct Notifier {
    orders: Sender<Order>,
    // Unsubscribes when dropped.
    _clicks: gio::SignalSubscription,
}

/// The service's numbers of what is shown.
type Shown = Rc<RefCell<HashMap<Subject, (u32, Notice)>>>;
/// What lets a window come to the front on Wayland, and the number of the notification that it came for: it is sent right
/// before the click (Desktop Notifications Specification 1.2).
type Token = RefCell<Option<(u32, String)>>;

impl Notifier {
    /// Starts to serve orders; what is clicked goes to `asks`.
    pub fn new(connection: &gio::DBusConnection, asks: Sender<Ask>) -> Self {
        let shown = Shown::default();
        let (orders, receiver) = async_channel::bounded(MAX_ORDERS);
        let clicks = connection.subscribe_to_signal(
            Some(SERVICE),
            Some(SERVICE),
            None,
            Some(SERVICE_PATH),
            None,
            gio::DBusSignalFlags::NONE,
            {
                let shown = shown.clone();
                let token = Token::default();
                move |signal| heard(signal.signal_name, signal.parameters, &shown, &token, &asks)
            },
        );
        glib::spawn_future_local(serve(connection.clone(), receiver, shown));
        Self { orders, _clicks: clicks }
    }

    /// To be carried out soon.
    pub fn send(&self, order: Order) {
        if let Err(error) = self.orders.try_send(order) {
            tracing::warn!("the notification service does not keep up: {error}");
        }
    }
}

fn heard(signal: &str, parameters: &Variant, shown: &Shown, token: &Token, asks: &Sender<Ask>) {
    let Some(id) = parameters.try_child_value(0).and_then(|id| id.get::<u32>()) else { return };
    let subject = shown.borrow().iter().find(|(_, (known, _))| *known == id).map(|(subject, _)| *subject);
    let Some(subject) = subject else { return };
    let text = || parameters.try_child_value(1).and_then(|text| text.get::<String>()).unwrap_or_default();
    match signal {
        "ActivationToken" => drop(token.replace(Some((id, text())))),
        "ActionInvoked" => {
            let key = text();
            let token = token.take().filter(|(of, token)| *of == id && !token.is_empty()).map(|(_, token)| token);
            let wanted = match (key.as_str(), shown.borrow().get(&subject)) {
                ("default", _) => Some(Wanted::Preferences),
                (key, Some((_, notice))) => key
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| notice.actions.get(index))
                    .map(|(wanted, _)| wanted.clone()),
                (_, None) => None,
            };
            if let Some(wanted) = wanted {
                let _ = asks.try_send(Ask { wanted, token });
            }
        }
        "NotificationClosed" => drop(shown.borrow_mut().remove(&subject)),
        _ => {}
    }
}

async fn serve(connection: gio::DBusConnection, orders: Receiver<Order>, shown: Shown) {
    let call = |method: &'static str, arguments: Variant| {
        connection.call_future(
            Some(SERVICE),
            SERVICE_PATH,
            SERVICE,
            method,
            Some(&arguments),
            None,
            gio::DBusCallFlags::NONE,
            ANSWER_LIMIT_MS,
        )
    };
    while let Ok((subject, notice)) = orders.recv().await {
        let before = shown.borrow().get(&subject).map(|(id, _)| *id);
        let Some(notice) = notice else {
            if let Some(id) = before
                && let Err(error) = call("CloseNotification", (id,).to_variant()).await
            {
                tracing::debug!("a notification cannot be taken away: {error}");
            }
            shown.borrow_mut().remove(&subject);
            continue;
        };
        let is_markup = is_body_markup(call("GetCapabilities", ().to_variant()).await.ok().as_ref());
        match call("Notify", arguments(&notice, before.unwrap_or(0), is_markup)).await {
            Ok(answer) => {
                if let Some(id) = answer.try_child_value(0).and_then(|id| id.get::<u32>()) {
                    shown.borrow_mut().insert(subject, (id, notice));
                }
            }
            Err(error) => tracing::info!("no notification \"{}\" ({error})", notice.summary),
        }
    }
}

/// Whether the service takes the body for markup, by its answer to `GetCapabilities`: then what looks like markup in a
/// program's name must not be. Another would show people the escapes. Of one that does not answer it is assumed.
fn is_body_markup(capabilities: Option<&Variant>) -> bool {
    let capabilities = capabilities.and_then(|answer| answer.try_child_value(0)?.get::<Vec<String>>());
    capabilities.is_none_or(|capabilities| capabilities.iter().any(|capability| capability == "body-markup"))
}

/// Of `Notify`: application, replaced one, icon, summary, body, actions, hints, time.
fn arguments(notice: &Notice, replaces: u32, is_markup: bool) -> Variant {
    let mut actions = vec!["default".to_owned(), tr("Settings")];
    for (index, (_, label)) in notice.actions.iter().enumerate() {
        actions.extend([index.to_string(), label.clone()]);
    }
    let hints: HashMap<String, Variant> = HashMap::from([
        ("desktop-entry".into(), crate::APP_ID.to_variant()),
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
    use super::*;
    use crate::core::machine::Machine;
    use crate::core::policy::Policy;
    use crate::core::presence::{Client, Use};
    use crate::core::trouble::Trouble;

    fn status(state: StateName, names: &[&str]) -> Status {
        let clients =
            names.iter().map(|name| Client { pid: None, name: (*name).into(), usage: Use::Streaming }).collect();
        Status { state, clients, reason: None, attempt: 1, ..Machine::new(Policy::default()).status() }
    }

    fn failed(kind: TroubleKind) -> Status {
        Status { reason: Some(Trouble::said(kind, "Because.")), ..status(StateName::Failed, &["Zoom"]) }
    }

    const ALL: Notifications = Notifications { activation: true, failure: true, busy: true };

    #[test]
    fn one_notification_a_subject_replaced_and_taken_away() {
        let mut teller = Teller::default();
        assert!(teller.orders(&status(StateName::Idle, &[]), &ALL, false).is_empty());
        let on = teller.orders(&status(StateName::Starting, &["Zoom"]), &ALL, false);
        let [(Subject::Activation, Some(notice))] = &on[..] else { panic!("{on:?}") };
        assert_eq!(notice.summary, "Zoom is using the camera");
        assert!(notice.icon.contains("live"));
        assert!(teller.orders(&status(StateName::Live, &["Zoom"]), &ALL, false).is_empty(), "told once");
        let more = teller.orders(&status(StateName::Live, &["Zoom", "Cheese"]), &ALL, false);
        assert!(
            matches!(&more[..], [(Subject::Activation, Some(notice))] if notice.summary == "Zoom, Cheese are using the camera")
        );
        let off = teller.orders(&status(StateName::Cooldown, &[]), &ALL, false);
        assert_eq!(off, [(Subject::Activation, None)]);
    }

    #[test]
    fn a_failure_is_told_once_however_often_it_is_tried_again() {
        let mut teller = Teller::default();
        assert_eq!(teller.orders(&failed(TroubleKind::Crash), &ALL, false).len(), 1);
        for _ in 0..3 {
            for state in [StateName::Starting, StateName::Cooldown] {
                let trying = Status { state, ..failed(TroubleKind::Crash) };
                assert_eq!(teller.orders(&trying, &ALL, false), []);
            }
            assert_eq!(teller.orders(&failed(TroubleKind::Crash), &ALL, false), []);
        }
        let orders = teller.orders(&status(StateName::Live, &["Zoom"]), &ALL, false);
        assert!(orders.contains(&(Subject::Failure, None)), "{orders:?}");
    }

    fn with_other() -> Status {
        let other = crate::core::status::OtherCamera {
            camera: "Foo".into(),
            node: "/dev/video2".into(),
            programs: vec!["cheese".into()],
        };
        Status { others: vec![other], ..status(StateName::Idle, &[]) }
    }

    #[test]
    fn another_camera_is_told_and_taken_back() {
        let mut teller = Teller::default();
        let on = teller.orders(&with_other(), &ALL, false);
        let [(Subject::OtherCamera, Some(notice))] = &on[..] else { panic!("{on:?}") };
        assert_eq!(notice.summary, "Camera Foo is on: cheese");
        assert!(!notice.actions.iter().any(|(wanted, _)| *wanted == Wanted::TurnOff), "that would be a lie");
        assert_eq!(teller.orders(&status(StateName::Idle, &[]), &ALL, false), [(Subject::OtherCamera, None)]);
    }

    #[test]
    fn a_camera_that_stays_on_is_told_until_it_is_off() {
        let mut teller = Teller::default();
        let reason = Some(Trouble::said(TroubleKind::Hang, "Unplug it."));
        let stuck = Status { stuck: true, camera_live: true, reason, ..status(StateName::Cooldown, &[]) };
        let on = teller.orders(&stuck, &ALL, false);
        let [(Subject::Failure, Some(notice))] = &on[..] else { panic!("{on:?}") };
        assert!(notice.urgent && notice.body == "Unplug it.");
        assert_eq!(teller.orders(&status(StateName::Idle, &[]), &ALL, false), [(Subject::Failure, None)]);
    }

    #[test]
    fn who_comes_while_another_uses_the_camera_is_told_of_the_second_device_once() {
        let mut crowded = status(StateName::Live, &["Zoom"]);
        crowded.clients.push(Client { pid: Some(7), name: "obs".into(), usage: Use::Open });
        let of_crowd = |orders: Vec<Order>| orders.into_iter().find(|(subject, _)| *subject == Subject::Crowd);
        let mut teller = Teller::default();
        assert_eq!(of_crowd(teller.orders(&crowded, &ALL, false)), None, "there is room");
        let told = of_crowd(teller.orders(&crowded, &ALL, true));
        let Some((_, Some(notice))) = told else { panic!("{told:?}") };
        assert!(notice.summary.contains("obs") && notice.body.contains("Zoom uses it"), "{notice:?}");
        assert!(notice.body.contains("second device in the preferences"), "{notice:?}");
        assert_eq!(of_crowd(teller.orders(&status(StateName::Live, &["Zoom"]), &ALL, true)), None, "it stays");
        assert_eq!(of_crowd(teller.orders(&status(StateName::Idle, &[]), &ALL, true)), Some((Subject::Crowd, None)));
        assert_eq!(of_crowd(teller.orders(&crowded, &ALL, true)), None, "told once");
        let quiet = Notifications { busy: false, ..ALL };
        assert_eq!(of_crowd(Teller::default().orders(&crowded, &quiet, true)), None);
        for name in ["Zoom", "v4l_id"] {
            crowded.clients.last_mut().unwrap().name = name.into();
            assert_eq!(of_crowd(Teller::default().orders(&crowded, &ALL, true)), None, "{name} is not refused");
        }
    }

    #[test]
    fn each_kind_can_be_switched_off() {
        let cases = [
            (status(StateName::Live, &["Zoom"]), Notifications { activation: false, ..ALL }),
            (with_other(), Notifications { activation: false, ..ALL }),
            (failed(TroubleKind::Crash), Notifications { failure: false, ..ALL }),
            (failed(TroubleKind::Busy), Notifications { busy: false, ..ALL }),
        ];
        for (status, wanted) in cases {
            assert_eq!(Teller::default().orders(&status, &wanted, false), [], "{}", status.state);
            assert_eq!(Teller::default().orders(&status, &ALL, false).len(), 1, "{}", status.state);
        }
    }

    #[test]
    fn the_body_is_markup_where_the_service_says_so_or_says_nothing() {
        let answer = |capabilities: &[&str]| is_body_markup(Some(&(capabilities.to_vec(),).to_variant()));
        assert!(answer(&["actions", "body-markup"]) && !answer(&["actions", "body"]) && !answer(&[]));
        assert!(is_body_markup(None) && is_body_markup(Some(&().to_variant())));
    }

    #[test]
    fn the_arguments_are_what_the_specification_asks_for() {
        let (_, notice) = failure(&failed(TroubleKind::Crash)).unwrap();
        let notice = Notice { body: "a <b>".into(), ..notice };
        let plain = arguments(&notice, 7, false);
        assert_eq!(plain.child_value(4).get::<String>().as_deref(), Some("a <b>"));
        let arguments = arguments(&notice, 7, true);
        assert_eq!(arguments.type_().as_str(), "(susssasa{sv}i)");
        assert_eq!(arguments.child_value(4).get::<String>().as_deref(), Some("a &lt;b&gt;"));
        assert_eq!(arguments.child_value(5).get::<Vec<String>>().unwrap().len(), 6);
    }
}
