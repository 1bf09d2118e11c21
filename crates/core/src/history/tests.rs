use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::app::App;
use crate::event::{Action, Command, Event, WorkerEvent};
use crate::machine::Machine;
use crate::policy::Policy;
use crate::presence::Presence;
use crate::status::OtherCamera;

fn client(pid: u32, name: &str, access: Access) -> Client {
    let app =
        App { id: format!("org.example.{name}").as_str().into(), program: name.into(), icon: None, is_guess: false };
    Client { app: Some(app), access, ..Client::new(Some(pid), name, Use::Streaming) }
}

fn zoom(access: Access) -> Client {
    client(1, "Zoom", access)
}

fn status(state: StateName, clients: &[Client]) -> Status {
    let clients = clients.to_vec();
    Status { state, clients, camera: "HD Webcam".into(), reason: None, ..Machine::new(Policy::default()).status() }
}

fn cheese(clients: &[Client]) -> Status {
    let other = OtherCamera { camera: "Other".into(), node: "/dev/video2".into(), clients: clients.to_vec() };
    Status { others: vec![other], ..status(StateName::Idle, &[]) }
}

/// A watch with a clock that moves on by a second a status.
#[derive(Default)]
struct Rig {
    watch: HistoryWatch,
    now: Millis,
}

impl Rig {
    fn take(&mut self, status: &Status) -> Vec<Entry> {
        self.now += 1000;
        self.watch.follow(self.now, status)
    }

    /// The one that changed.
    fn one(&mut self, status: &Status) -> Entry {
        let mut changed = self.take(status);
        assert_eq!(changed.len(), 1, "{changed:?}");
        changed.remove(0)
    }

    fn none(&mut self, status: &Status) {
        assert_eq!(self.take(status), []);
    }
}

fn why(entry: &Entry) -> Option<Ended> {
    entry.end.as_ref().map(|end| end.why)
}

#[test]
fn a_use_begins_with_the_camera_and_ends_when_the_application_stops() {
    let mut rig = Rig::default();
    let clients = [zoom(Access::Allowed), client(7, "Looks", Access::Allowed)]
        .map(|client| Client { usage: if client.pid == Some(7) { Use::Open } else { client.usage }, ..client });
    rig.none(&status(StateName::Pending, &clients));
    let source = Status { camera: "auto".into(), ..status(StateName::Starting, &clients) };
    let begun = rig.one(&source);
    assert_eq!((begun.name.as_str(), begun.camera.as_str(), begun.from), ("Zoom", "auto", 2000));
    assert_eq!((begun.answer, &begun.end, begun.is_direct), (Some(Answer::Allowed), &None, false));
    assert_eq!(begun.app, Some("org.example.Zoom".into()));
    let named = rig.one(&status(StateName::Live, &clients));
    assert_eq!(named, Entry { camera: "HD Webcam".into(), ..begun });
    rig.none(&status(StateName::Live, &clients));
    let ended = rig.one(&status(StateName::Cooldown, &clients[1..]));
    let end = End { at: Some(5000), why: Ended::Stopped, trouble: None };
    assert_eq!(ended, Entry { end: Some(end), ..named.clone() });
    rig.none(&status(StateName::Idle, &[]));
    assert!(rig.one(&status(StateName::Live, &clients)).number > named.number);
}

#[test]
fn why_it_ended_is_what_took_the_camera_away() {
    let used = [zoom(Access::Allowed)];
    let asleep = Status { reason: Some(Trouble::GoingToSleep), ..status(StateName::Paused, &used) };
    let locked = Status { reason: Some(Trouble::SessionLocked), ..status(StateName::Paused, &used) };
    let broken = Status { reason: Some(Trouble::NoCamera), ..status(StateName::Failed, &used) };
    for (off, expected) in [
        (Status { allowed: false, ..status(StateName::Paused, &used) }, Ended::Paused),
        (asleep, Ended::Sleep),
        (locked, Ended::Locked),
        (broken, Ended::Failed),
        (status(StateName::NoDevice, &used), Ended::Failed),
        (status(StateName::Blocked, &[zoom(Access::TurnedOff)]), Ended::TurnedOff),
        (status(StateName::Blocked, &[zoom(Access::Blocked)]), Ended::Blocked),
        (status(StateName::Blocked, &used), Ended::Blocked),
    ] {
        let mut rig = Rig::default();
        rig.one(&status(StateName::Live, &used));
        rig.none(&status(StateName::Cooldown, &used));
        let ended = rig.one(&off);
        assert_eq!(why(&ended), Some(expected), "{off:?}");
        let trouble = off.reason.clone().filter(|_| expected == Ended::Failed);
        assert_eq!(ended.end.and_then(|end| end.trouble), trouble);
        rig.none(&off);
        // And when it is there again, a new one begins.
        let again = rig.one(&status(StateName::Live, &used));
        assert!(again.number > ended.number && again.end.is_none());
    }
    let mut rig = Rig::default();
    rig.one(&status(StateName::Live, &used));
    assert_eq!(rig.watch.end(0).iter().map(why).collect::<Vec<_>>(), [Some(Ended::LenscapEnded)]);
    assert_eq!(rig.watch.end(0), []);
}

#[test]
fn retries_after_a_failure_are_no_uses() {
    let used = [zoom(Access::Allowed)];
    let mut rig = Rig::default();
    rig.one(&status(StateName::Starting, &used));
    rig.one(&status(StateName::Failed, &used));
    for _ in 0..5 {
        rig.none(&status(StateName::Starting, &used));
        rig.none(&status(StateName::Failed, &used));
    }
    rig.none(&status(StateName::Starting, &used));
    assert_eq!(why(&rig.one(&status(StateName::Live, &used))), None);
}

#[test]
fn a_question_is_an_entry_that_its_answer_changes() {
    let mut rig = Rig::default();
    let asked = rig.one(&status(StateName::Asking, &[zoom(Access::Asking)]));
    assert_eq!(asked.answer, Some(Answer::Asking));
    let missing = rig.one(&status(StateName::Blocked, &[zoom(Access::Unanswered)]));
    assert_eq!((missing.number, missing.answer), (asked.number, Some(Answer::Unanswered)));
    let live = status(StateName::Live, &[zoom(Access::Allowed)]);
    let allowed = rig.one(&live);
    assert_eq!((allowed.number, allowed.answer), (asked.number, Some(Answer::AllowedByUser)));
    assert_eq!(allowed.from, 3000, "since when it has the camera");
    // A no while it streams ends it, and is no entry of its own.
    assert_eq!(why(&rig.one(&status(StateName::Blocked, &[zoom(Access::Blocked)]))), Some(Ended::Blocked));
    rig.none(&status(StateName::Blocked, &[zoom(Access::Blocked)]));
    // Without one before, it is.
    let mut rig = Rig::default();
    let blocked = rig.one(&status(StateName::Blocked, &[zoom(Access::Blocked)]));
    assert_eq!(blocked.answer, Some(Answer::Blocked));
    assert_eq!(why(&rig.one(&status(StateName::Idle, &[]))), Some(Ended::Stopped));
}

#[test]
fn several_processes_of_one_application_have_one_entry() {
    let mut rig = Rig::default();
    let both = [client(1, "Firefox", Access::Allowed), client(2, "Firefox", Access::Allowed)];
    rig.one(&status(StateName::Live, &both));
    rig.none(&status(StateName::Live, &both[1..]));
    assert_eq!(why(&rig.one(&status(StateName::Cooldown, &[]))), Some(Ended::Stopped));
}

#[test]
fn a_camera_past_us_is_its_own_and_nobody_was_asked() {
    let mut rig = Rig::default();
    let unseen = rig.one(&cheese(&[]));
    assert_eq!((unseen.name.as_str(), unseen.camera.as_str()), (UNSEEN, "Other"));
    assert_eq!((unseen.is_direct, unseen.answer, unseen.app.clone()), (true, None, None));
    // Who it is becomes known a moment later.
    let named = rig.one(&cheese(&[zoom(Access::Allowed)]));
    assert_eq!((named.number, named.name.as_str()), (unseen.number, "Zoom"));
    let found = Client { app: None, ..zoom(Access::Allowed) };
    let renamed = rig.one(&cheese(&[Client { name: "zoom.real".into(), ..found }]));
    assert_eq!((renamed.number, renamed.name.as_str()), (unseen.number, "zoom.real"), "the same process");
    let both = Status { clients: vec![zoom(Access::Allowed)], state: StateName::Live, ..cheese(&[]) };
    let changed = rig.take(&both);
    assert_eq!(changed.iter().map(why).collect::<Vec<_>>(), [Some(Ended::Stopped), None, None]);
    // One alone has it open and is not seen to stream: then it is who.
    let mut rig = Rig::default();
    rig.one(&cheese(&[Client { usage: Use::Open, ..zoom(Access::Allowed) }]));
}

#[test]
fn another_camera_is_another_use() {
    let mut rig = Rig::default();
    let live = status(StateName::Live, &[zoom(Access::Allowed)]);
    let first = rig.one(&live);
    rig.none(&Status { camera: "v4l2:/dev/video4".into(), state: StateName::Starting, ..live.clone() });
    let changed = rig.take(&Status { camera: "Second".into(), ..live });
    assert_eq!(changed.iter().map(why).collect::<Vec<_>>(), [Some(Ended::CameraChanged), None]);
    assert!(changed[0].number == first.number && changed[1].camera == "Second");
}

/// Follows all that is said, as who keeps it would.
#[derive(Default)]
struct Kept {
    open: BTreeMap<u64, Entry>,
    ended: BTreeSet<u64>,
}

impl Kept {
    fn take(&mut self, changed: Vec<Entry>) -> Result<(), TestCaseError> {
        for entry in changed {
            prop_assert!(!self.ended.contains(&entry.number), "it has ended: {:?}", entry);
            match &entry.end {
                Some(end) => {
                    prop_assert!(self.open.remove(&entry.number).is_some(), "it had begun: {:?}", entry);
                    prop_assert!(end.at.is_some_and(|at| at >= entry.from), "{:?}", entry);
                    prop_assert!(end.trouble.is_none() || end.why == Ended::Failed);
                    prop_assert!(end.why != Ended::Unknown);
                    self.ended.insert(entry.number);
                }
                None => {
                    prop_assert_eq!(entry.answer.is_none(), entry.is_direct);
                    self.open.insert(entry.number, entry);
                }
            }
        }
        let mut places: Vec<_> =
            self.open.values().map(|entry| (entry.app.clone(), &entry.name, entry.is_direct, &entry.camera)).collect();
        let count = places.len();
        places.sort();
        places.dedup();
        prop_assert_eq!(places.len(), count, "two are open of one application at one camera");
        Ok(())
    }
}

fn any_client() -> impl Strategy<Value = Client> {
    let access = prop_oneof![
        6 => Just(Access::Allowed),
        1 => Just(Access::Asking),
        1 => Just(Access::Unanswered),
        1 => Just(Access::Blocked),
        1 => Just(Access::TurnedOff),
    ];
    let usage = prop_oneof![4 => Just(Use::Streaming), 1 => Just(Use::Open), 1 => Just(Use::Unknown)];
    let plain = (1..4_u32, access, usage).prop_map(|(pid, access, usage)| {
        let name = ["", "A", "A", "B"][pid as usize];
        Client { usage, ..client(pid, name, access) }
    });
    prop_oneof![5 => plain, 1 => Just(Client::new(None, UNSEEN, Use::Streaming))]
}

fn any_status() -> impl Strategy<Value = Status> {
    let clients = || proptest::collection::vec(any_client(), 0..4);
    let others = proptest::collection::btree_map(0..2_u8, clients(), 0..3);
    let state = proptest::sample::select(&StateName::ALL[..]);
    let reason = prop_oneof![
        Just(None),
        Just(Some(Trouble::GoingToSleep)),
        Just(Some(Trouble::SessionLocked)),
        Just(Some(Trouble::NoCamera))
    ];
    (state, clients(), others, reason, any::<bool>(), 0..2_u8).prop_map(
        |(state, clients, others, reason, allowed, camera)| {
            let others = others.into_iter().map(|(node, clients)| OtherCamera {
                camera: format!("other{node}"),
                node: format!("/dev/video{node}").into(),
                clients,
            });
            let others = others.collect();
            Status { reason, allowed, others, camera: format!("camera{camera}"), ..status(state, &clients) }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn each_that_begins_ends_once_and_never_before(
        statuses in proptest::collection::vec((any_status(), -5000..5000_i64), 0..30),
    ) {
        let (mut watch, mut kept, mut now) = (HistoryWatch::default(), Kept::default(), 0);
        for (status, step) in statuses {
            // The clock may jump back.
            now += step;
            kept.take(watch.follow(now, &status))?;
            let wanted = wanting(&status).len();
            prop_assert!(kept.open.len() <= wanted, "{} of {wanted} are open", kept.open.len());
        }
        kept.take(watch.end(now))?;
        prop_assert!(kept.open.is_empty());
    }
}

/// With the machine's own statuses.
#[test]
fn a_call_that_is_paused_has_two_entries() {
    let (mut machine, start) = (Machine::new(Policy::default()), Instant::now());
    let (mut watch, mut said, mut now) = (HistoryWatch::default(), Vec::new(), 0);
    let zoom = Client { access: Access::default(), ..zoom(Access::Allowed) };
    let here = || Presence { clients: vec![zoom.clone()] };
    let started = || Event::Worker(WorkerEvent::Started { camera: "HD Webcam".into(), way: None });
    let exited = || Event::Worker(WorkerEvent::Exited { reason: None });
    let events = [
        Event::DeviceReady,
        Event::Presence(here().into()),
        started(),
        Event::Command(Command::Pause { duration: None }),
        exited(),
        Event::Command(Command::Resume),
        started(),
        Event::Presence(Presence::default().into()),
    ];
    for event in events {
        now += 1000;
        let at = start + Duration::from_millis(now.try_into().unwrap());
        for action in machine.step(at, event) {
            if let Action::Publish(status) = action {
                said.extend(watch.follow(now, &status));
            }
        }
    }
    let ends: Vec<_> = said.iter().filter_map(|entry| Some((entry.from, entry.end.clone()?))).collect();
    let end = |at, why| End { at: Some(at), why, trouble: None };
    assert_eq!(ends, [(2000, end(5000, Ended::Paused)), (6000, end(8000, Ended::Stopped))]);
}
