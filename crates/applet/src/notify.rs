//! Notifications: what is worth one is decided here, without a clock, a bus or a file; [`service`] sends them.
//!
//! Each subject has one notification that is replaced or taken away, never a pile. Whether it is shown, now or at all, is
//! the desktop's decision; nothing depends on it.

mod service;

use std::collections::HashMap;

pub(super) use service::Notifier;

use lenscap_api::Request;

use super::icon_name::icon_name;
use lenscap_core::app::{Access, AppId};
use lenscap_core::offer::Verb;
use lenscap_core::presence::{Client, Use};
use lenscap_core::status::{Crowd, StateName, Status};
use lenscap_core::trouble::{Trouble, TroubleKind};
use lenscap_settings::model::Notifications;
use lenscap_words::notify::{self as words, NoticeText};
use lenscap_words::offer::button;
use lenscap_words::status::{cannot_switch_off, other_camera as in_words};
use lenscap_words::trouble::sentence;

/// What a notification is about; each has at most one at a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// This application asks for the camera.
    Permission(AppId),
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
    /// Something is missing at the first start.
    Welcome,
    /// Something that was asked for cannot be done.
    Complaint,
    /// A key paused the camera, or resumed it.
    Toggle,
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
    /// Buttons: what they ask for, and the label.
    pub actions: Vec<(Request, String)>,
    /// Said below the body where the service draws no buttons, else not at all; may be empty.
    pub without_buttons: String,
    /// How much it matters.
    pub weight: Weight,
}

/// How much a notification matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Something goes on.
    Usual,
    /// Something is wrong.
    Failure,
    /// A camera is on and cannot be switched off, or somebody waits for an answer: stays until it is looked at.
    Critical,
    /// For who looks at the screen now: gone after a moment, and kept nowhere.
    Passing,
}

impl Notice {
    /// With Lenscap's own icon, and a button that opens the preferences.
    fn of(said: NoticeText) -> Self {
        Self {
            summary: said.summary,
            body: said.body,
            icon: lenscap::APP_ID.into(),
            actions: vec![(Request::Preferences, words::preferences())],
            without_buttons: String::new(),
            weight: Weight::Usual,
        }
    }

    /// With this button before the others.
    fn with_button(mut self, request: Request, label: String) -> Self {
        self.actions.insert(0, (request, label));
        self
    }

    /// With a button for this before the others, where the user can do it now.
    fn offering(self, status: &Status, verb: Verb) -> Self {
        match status.offer(verb) {
            Some(offer) => self.with_button(Request::from(offer), button(verb)),
            None => self,
        }
    }
}

/// Show this notification, or take the subject's away.
pub type Update = (Subject, Option<Notice>);

/// What there were notifications of so far.
#[derive(Debug, Default)]
pub struct Announcer {
    shown: HashMap<Subject, Notice>,
    /// Programs that came while another one used the camera, and were announced.
    crowd: Vec<String>,
    /// A key was pressed, and what came of it is not said yet.
    is_toggled: bool,
}

impl Announcer {
    /// What to show or take away at this status.
    pub fn updates(&mut self, status: &Status, wanted: &Notifications) -> Vec<Update> {
        let activation = activation(status).filter(|_| wanted.activation);
        let failure = failure(status).filter(|(is_busy, _)| if *is_busy { wanted.busy } else { wanted.failure });
        let crowd = self.crowd(status).filter(|_| wanted.busy);
        let mut updates = self.permissions(status);
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
            self.note(&subject, notice.as_ref());
            updates.push((subject, notice));
        }
        // Of a camera that cannot be switched off something else is said.
        self.is_toggled &= !status.stuck;
        // Paused is not off yet.
        if self.is_toggled && (status.allowed || !status.camera_live) {
            self.is_toggled = false;
            updates.extend(wanted.toggle.then(|| (Subject::Toggle, Some(toggled(status)))));
        }
        updates
    }

    /// A key was pressed that pauses the camera, or resumes it: said as soon as it is so.
    pub fn toggled(&mut self) {
        self.is_toggled = true;
    }
}

impl Announcer {
    fn note(&mut self, subject: &Subject, notice: Option<&Notice>) {
        match notice {
            Some(notice) => drop(self.shown.insert(subject.clone(), notice.clone())),
            None => drop(self.shown.remove(subject)),
        }
    }

    /// Whoever asks for the camera is announced until there is an answer, or the time for it is over; each by itself.
    fn permissions(&mut self, status: &Status) -> Vec<Update> {
        let asked: Vec<Update> = permissions(status);
        let is_over = |subject: &Subject| {
            matches!(subject, Subject::Permission(_)) && !asked.iter().any(|(asked, _)| asked == subject)
        };
        let over: Vec<Update> =
            self.shown.keys().filter(|subject| is_over(subject)).map(|subject| (subject.clone(), None)).collect();
        let is_news = |(subject, notice): &Update| self.shown.get(subject) != notice.as_ref();
        let updates: Vec<Update> = over.into_iter().chain(asked.into_iter().filter(is_news)).collect();
        updates.iter().for_each(|(subject, notice)| self.note(subject, notice.as_ref()));
        updates
    }

    /// A program seems to wait for a device that another one has: announced once for each program.
    fn crowd(&mut self, status: &Status) -> Option<Notice> {
        let is_new = |crowd: &&Crowd| !self.crowd.iter().any(|known| known == crowd.comer.program());
        let Some(crowd) = status.crowds.iter().find(is_new) else {
            // It stays until nobody streams any more: there is time to read it.
            let is_over = !status.clients.iter().any(|client| client.usage == Use::Streaming);
            return self.shown.get(&Subject::Crowd).filter(|_| !is_over).cloned();
        };
        self.crowd.push(crowd.comer.program().to_owned());
        let said = lenscap_words::devices::waits(crowd);
        Some(Notice { icon: icon_name(status, false), ..Notice::of(said) })
    }
}

/// Between a failure and the next frame: the camera may be switched on and off, but nothing is new.
fn is_trying_again(status: &Status) -> bool {
    status.reason.is_some()
        && !status.stuck
        && matches!(status.state, StateName::Pending | StateName::Starting | StateName::Cooldown)
}

fn permissions(status: &Status) -> Vec<Update> {
    let offers = status.offers.iter().filter(|offer| offer.verb == Verb::AllowOnce);
    let asked = offers.filter_map(|offer| {
        let program = offer.programs.first()?;
        let is_asking = |client: &&Client| client.access == Access::Asking && client.app_ids()[0] == program.id;
        let client = status.clients.iter().find(is_asking)?;
        let icon = client.app.as_ref().and_then(|app| app.icon.clone()).unwrap_or_else(|| icon_name(status, false));
        let answers =
            status.offers.iter().filter(|other| other.programs == offer.programs && other.verb != Verb::Allow);
        let actions = answers.map(|answer| (Request::from(answer), button(answer.verb))).collect();
        let said = words::asks(&lenscap_words::programs::program(client));
        let without_buttons = words::how_to_answer();
        let notice = Notice { icon, actions, without_buttons, weight: Weight::Critical, ..Notice::of(said) };
        Some((Subject::Permission(program.id.clone()), Some(notice)))
    });
    asked.collect()
}

fn activation(status: &Status) -> Option<Notice> {
    // The cooldown is no use of the camera, and over soon.
    if !matches!(status.state, StateName::Starting | StateName::Live) || is_trying_again(status) {
        return None;
    }
    let notice = Notice {
        icon: lit(status),
        without_buttons: words::how_to_turn_off(),
        ..Notice::of(words::is_using(&status.clients)?)
    };
    Some(notice.offering(status, Verb::TurnOff))
}

fn other_camera(status: &Status) -> Option<Notice> {
    let first = status.others.first()?;
    let lines: Vec<String> = status.others.iter().skip(1).map(in_words).chain([cannot_switch_off()]).collect();
    let said = NoticeText { summary: in_words(first), body: lines.join("\n") };
    Some(Notice { icon: lit(status), ..Notice::of(said) })
}

/// The notice, and whether the camera is in use elsewhere.
fn failure(status: &Status) -> Option<(bool, Notice)> {
    let notice = |summary: String, trouble: &Trouble| Notice {
        icon: icon_name(status, false),
        weight: Weight::Failure,
        ..Notice::of(NoticeText { summary, body: sentence(trouble) })
    };
    let reason = status.reason.as_ref()?;
    if status.stuck {
        return Some((false, Notice { weight: Weight::Critical, ..notice(words::still_on(), reason) }));
    }
    if status.state != StateName::Failed {
        return None;
    }
    let is_busy = reason.kind() == TroubleKind::Busy;
    let summary = if is_busy { words::in_use() } else { words::does_not_work() };
    Some((is_busy, notice(summary, reason).offering(status, Verb::TryAgain)))
}

/// The icon of a camera that is on.
fn lit(status: &Status) -> String {
    icon_name(&Status { state: StateName::Live, camera_live: true, ..status.clone() }, false)
}

fn toggled(status: &Status) -> Notice {
    let said = NoticeText { summary: words::toggled(status.allowed), body: String::new() };
    Notice { icon: icon_name(status, false), actions: Vec::new(), weight: Weight::Passing, ..Notice::of(said) }
}

/// There is no tray, and how to get one.
pub fn no_tray(is_gnome: bool) -> Notice {
    let notice = Notice::of(words::no_tray(is_gnome));
    if is_gnome { notice.with_button(Request::Extension, words::get_extension()) } else { notice }
}

/// What is missing can be set up.
pub fn welcome() -> Notice {
    let notice = Notice { actions: Vec::new(), ..Notice::of(words::not_set_up()) };
    let notice = notice.with_button(Request::SetUp, lenscap_words::tr("Set Up…"));
    Notice { without_buttons: words::how_to_set_up(), ..notice }
}

/// Something that was asked for cannot be done; `sentence` says why.
pub fn complaint(sentence: &str) -> Notice {
    let said = NoticeText { summary: words::cannot_do_that(), body: sentence.to_owned() };
    Notice { actions: Vec::new(), ..Notice::of(said) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_core::app::App;
    use lenscap_core::machine::Machine;
    use lenscap_core::offer::{Offer, Program};
    use lenscap_core::policy::Policy;
    use lenscap_core::trouble::Trouble;

    fn status(state: StateName, names: &[&str]) -> Status {
        let clients = names.iter().map(|name| Client::new(None, *name, Use::Streaming)).collect();
        let verb = if state == StateName::Failed { Verb::TryAgain } else { Verb::TurnOff };
        let offers = vec![Offer::new(verb)];
        Status { state, clients, offers, reason: None, attempt: 1, ..Machine::new(Policy::default()).status() }
    }

    fn failed(trouble: Trouble) -> Status {
        Status { reason: Some(trouble), ..status(StateName::Failed, &["Zoom"]) }
    }

    const ALL: Notifications = Notifications { activation: true, failure: true, busy: true, toggle: true };

    #[test]
    fn what_a_key_did_is_said_once_and_not_before_it_is_so() {
        let said = |updates: Vec<Update>| -> Vec<String> {
            let toggles = updates.into_iter().filter(|(subject, _)| *subject == Subject::Toggle);
            toggles.filter_map(|(_, notice)| Some(notice?.summary)).collect()
        };
        let mut announcer = Announcer::default();
        let stopping = Status { camera_live: true, allowed: false, ..status(StateName::Paused, &[]) };
        let paused = Status { camera_live: false, ..stopping.clone() };
        announcer.toggled();
        assert_eq!(said(announcer.updates(&stopping, &ALL)), [""; 0], "it is still on");
        assert_eq!(said(announcer.updates(&paused, &ALL)), ["Camera is paused"]);
        assert_eq!(said(announcer.updates(&paused, &ALL)), [""; 0], "once");
        announcer.toggled();
        announcer.toggled();
        let idle = status(StateName::Idle, &[]);
        assert_eq!(said(announcer.updates(&idle, &ALL)), ["Camera is allowed"]);
        announcer.toggled();
        assert_eq!(said(announcer.updates(&paused, &Notifications { toggle: false, ..ALL })), [""; 0]);
        assert_eq!(said(announcer.updates(&paused, &ALL)), [""; 0], "nothing is made up for");
    }

    #[test]
    fn one_notification_a_subject_replaced_and_taken_away() {
        let mut announcer = Announcer::default();
        assert!(announcer.updates(&status(StateName::Idle, &[]), &ALL).is_empty());
        let on = announcer.updates(&status(StateName::Starting, &["Zoom"]), &ALL);
        let [(Subject::Activation, Some(notice))] = &on[..] else { panic!("{on:?}") };
        assert_eq!(notice.summary, "Zoom is using the camera");
        assert!(notice.icon.contains("live"));
        assert_eq!(notice.actions[0], (Request::TurnOff, "Turn Off".into()));
        assert!(announcer.updates(&status(StateName::Live, &["Zoom"]), &ALL).is_empty(), "announced once");
        let more = announcer.updates(&status(StateName::Live, &["Zoom", "Cheese"]), &ALL);
        assert!(
            matches!(&more[..], [(Subject::Activation, Some(notice))] if notice.summary == "Zoom, Cheese are using the camera")
        );
        let off = announcer.updates(&status(StateName::Cooldown, &[]), &ALL);
        assert_eq!(off, [(Subject::Activation, None)]);
    }

    #[test]
    fn a_failure_is_announced_once_however_often_it_is_tried_again() {
        let mut announcer = Announcer::default();
        assert_eq!(announcer.updates(&failed(Trouble::WorkerEnded), &ALL).len(), 1);
        for _ in 0..3 {
            for state in [StateName::Starting, StateName::Cooldown] {
                let trying = Status { state, ..failed(Trouble::WorkerEnded) };
                assert_eq!(announcer.updates(&trying, &ALL), []);
            }
            assert_eq!(announcer.updates(&failed(Trouble::WorkerEnded), &ALL), []);
        }
        let updates = announcer.updates(&status(StateName::Live, &["Zoom"]), &ALL);
        assert!(updates.contains(&(Subject::Failure, None)), "{updates:?}");
    }

    #[test]
    fn each_application_that_asks_has_a_notification_of_its_own_until_it_is_answered() {
        let about = |verb, name: &str| Offer { verb, programs: vec![Program { id: name.into(), name: name.into() }] };
        let asking = |names: &[&str]| {
            let client = |name: &&str| {
                let app = App { id: (*name).into(), program: "x".into(), icon: Some((*name).into()), is_guess: false };
                Client { app: Some(app), access: Access::Asking, ..Client::new(Some(7), *name, Use::Streaming) }
            };
            let answers = [Verb::AllowOnce, Verb::AllowAlways, Verb::Block];
            let offers = names.iter().flat_map(|name| answers.map(|verb| about(verb, name)));
            let offers = offers.chain([Offer::new(Verb::Pause)]).collect();
            Status { clients: names.iter().map(client).collect(), offers, ..status(StateName::Asking, &[]) }
        };
        let mut announcer = Announcer::default();
        let ten: Vec<String> = (0..10).map(|number| format!("org.x.App{number}")).collect();
        let ten: Vec<&str> = ten.iter().map(String::as_str).collect();
        let shown = announcer.updates(&asking(&ten), &ALL);
        assert_eq!(shown.len(), 10);
        let (subject, Some(notice)) = &shown[0] else { panic!("{shown:?}") };
        assert_eq!((subject, notice.icon.as_str()), (&Subject::Permission(ten[0].into()), ten[0]));
        assert_eq!(notice.summary, "May org.x.App0 use the camera?");
        let buttons: Vec<&str> = notice.actions.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(buttons, ["Allow Once", "Always Allow", "Block"]);
        let once = Request::Allow { programs: vec![ten[0].into()], once: true };
        assert_eq!((&notice.actions[0].0, notice.weight), (&once, Weight::Critical));
        assert_eq!(announcer.updates(&asking(&ten), &ALL), [], "said once");
        let answered = announcer.updates(&asking(&ten[1..]), &ALL);
        assert_eq!(answered, [(Subject::Permission(ten[0].into()), None)]);
        let mut late = asking(&ten[1..]);
        late.clients.iter_mut().for_each(|client| client.access = Access::Unanswered);
        assert_eq!(announcer.updates(&late, &ALL).len(), 9, "the time is over, and they go");
    }

    fn with_other() -> Status {
        let other = lenscap_core::status::OtherCamera {
            camera: "Foo".into(),
            node: "/dev/video2".into(),
            clients: vec![Client::new(Some(2), "cheese", Use::Streaming)],
        };
        Status { others: vec![other], ..status(StateName::Idle, &[]) }
    }

    #[test]
    fn another_camera_is_announced_and_taken_back() {
        let mut announcer = Announcer::default();
        let on = announcer.updates(&with_other(), &ALL);
        let [(Subject::OtherCamera, Some(notice))] = &on[..] else { panic!("{on:?}") };
        assert_eq!(notice.summary, "Camera Foo is on: cheese");
        assert!(!notice.actions.iter().any(|(request, _)| *request == Request::TurnOff), "that would be a lie");
        assert_eq!(announcer.updates(&status(StateName::Idle, &[]), &ALL), [(Subject::OtherCamera, None)]);
    }

    #[test]
    fn a_camera_that_stays_on_is_announced_until_it_is_off() {
        let mut announcer = Announcer::default();
        let reason = Some(Trouble::StillStreaming { camera: "Webcam".into() });
        let stuck = Status { stuck: true, camera_live: true, reason, ..status(StateName::Cooldown, &[]) };
        let on = announcer.updates(&stuck, &ALL);
        let [(Subject::Failure, Some(notice))] = &on[..] else { panic!("{on:?}") };
        assert!(notice.weight == Weight::Critical && notice.body.starts_with("The camera Webcam is still streaming"));
        assert_eq!(announcer.updates(&status(StateName::Idle, &[]), &ALL), [(Subject::Failure, None)]);
    }

    #[test]
    fn who_seems_to_wait_for_a_device_is_announced_once() {
        let mut crowded = status(StateName::Live, &["Zoom"]);
        let comer = Client::new(Some(7), "obs", Use::Open);
        let user = crowded.clients[0].clone();
        crowded.clients.push(comer.clone());
        let of_crowd = |updates: Vec<Update>| updates.into_iter().find(|(subject, _)| *subject == Subject::Crowd);
        let mut announcer = Announcer::default();
        assert_eq!(of_crowd(announcer.updates(&crowded, &ALL)), None, "it may only look");
        let free = Some("Cam 2".to_owned());
        crowded.crowds = vec![Crowd { comer, user, device: "Cam".into(), free, may_have_more: true }];
        let announced = of_crowd(announcer.updates(&crowded, &ALL));
        let Some((_, Some(notice))) = announced else { panic!("{announced:?}") };
        assert!(notice.summary.contains("obs") && notice.body.contains("Zoom has \"Cam\""), "{notice:?}");
        assert!(notice.body.contains("Choose \"Cam 2\""), "{notice:?}");
        assert_eq!(of_crowd(announcer.updates(&status(StateName::Live, &["Zoom"]), &ALL)), None, "it stays");
        assert_eq!(of_crowd(announcer.updates(&status(StateName::Idle, &[]), &ALL)), Some((Subject::Crowd, None)));
        assert_eq!(of_crowd(announcer.updates(&crowded, &ALL)), None, "announced once");
        let quiet = Notifications { busy: false, ..ALL };
        assert_eq!(of_crowd(Announcer::default().updates(&crowded, &quiet)), None);
    }

    #[test]
    fn each_kind_can_be_switched_off() {
        let cases = [
            (status(StateName::Live, &["Zoom"]), Notifications { activation: false, ..ALL }),
            (with_other(), Notifications { activation: false, ..ALL }),
            (failed(Trouble::WorkerEnded), Notifications { failure: false, ..ALL }),
            (failed(Trouble::CameraBusy { camera: "Webcam".into() }), Notifications { busy: false, ..ALL }),
        ];
        for (status, wanted) in cases {
            assert_eq!(Announcer::default().updates(&status, &wanted), [], "{}", status.state);
            assert_eq!(Announcer::default().updates(&status, &ALL).len(), 1, "{}", status.state);
        }
    }
}
