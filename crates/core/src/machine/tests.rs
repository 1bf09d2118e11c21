//! The machine against a model of the world: random sequences with invariants, and the sessions people have.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::event::{Card, Command, SensorEvent, Step, WorkerEvent};
use crate::presence::Client;
use crate::restart;
use crate::source::{Orientation, Rotation};

fn client(pid: u32, usage: Use) -> Client {
    Client { pid: Some(pid), name: format!("app{pid}"), usage }
}

fn presence(clients: &[Client]) -> Event {
    Event::Presence(Presence { clients: clients.to_vec() })
}

fn streaming() -> Event {
    presence(&[client(1, Use::Streaming)])
}

fn nobody() -> Event {
    presence(&[])
}

fn cheese() -> OtherCamera {
    OtherCamera { camera: "Foo".into(), node: "/dev/video2".into(), programs: vec!["cheese".into()] }
}

fn reads(on: bool) -> Event {
    Event::Sensor(SensorEvent::Own { on })
}

fn crash() -> Trouble {
    Trouble::said(TroubleKind::Crash, "It crashed.")
}

/// What the outside world makes of the actions.
#[derive(Debug, Default)]
struct World {
    /// A worker process exists.
    worker: bool,
    /// It was told to start; until it is gone, or has let go of a camera of which the kernel can tell.
    sensor: bool,
    /// The source that the settings name.
    source: String,
    /// The camera of the worker that was started last: by its source until it says its name.
    camera: String,
    /// That source.
    camera_source: String,
    /// It gave its first picture.
    has_picture: bool,
    /// It was told to stop or killed.
    ending: bool,
    /// The kernel tells whether this worker's camera streams.
    verifiable: bool,
    /// The worker let go of such a camera, and nobody has asked the kernel yet.
    owes_check: bool,
    /// The kernel was asked and has not said "off".
    checking: bool,
    shown: Option<Status>,
    feeding: bool,
    device: bool,
}

impl World {
    fn apply(&mut self, actions: &[Action]) {
        for action in actions {
            match action {
                Action::SpawnWorker => {
                    assert!(!self.worker, "two workers at once");
                    self.worker = true;
                    self.ending = false;
                    assert!(!self.checking, "a new worker before the last one's camera is off");
                }
                Action::StartCamera => {
                    assert!(self.worker && !self.ending, "start without a worker");
                    assert!(self.shown.as_ref().is_some_and(|status| status.camera_live), "sensor before indicator");
                    self.sensor = true;
                    self.verifiable = false;
                    self.has_picture = false;
                    self.started_from(self.source.clone());
                }
                Action::StopWorker | Action::KillWorker => self.ending = true,
                Action::VerifyOff => {
                    assert!(std::mem::take(&mut self.owes_check), "asked about nothing");
                    self.checking = true;
                }
                Action::ShowCard(_) | Action::ShowCamera => assert!(self.device, "picture without a device"),
                Action::Feed(feed) => {
                    assert_ne!(self.feeding, *feed, "feed told twice");
                    self.feeding = *feed;
                }
                Action::Publish(status) => {
                    assert_ne!(self.shown.as_ref(), Some(&**status), "status told twice");
                    self.shown = Some((**status).clone());
                }
            }
        }
        assert!(!self.owes_check, "off by the worker's word alone");
    }

    /// The worker's word, or its end. Of a camera that cannot be verified the word alone is worth nothing.
    fn lets_go(&mut self, is_gone: bool) {
        let was_on = self.sensor;
        self.sensor &= !is_gone && !self.verifiable;
        self.owes_check |= was_on && !self.sensor && std::mem::take(&mut self.verifiable);
    }

    /// A camera keeps the name it once said.
    fn started_from(&mut self, source: String) {
        if self.camera_source != source {
            self.camera = source.clone();
            self.camera_source = source;
        }
    }

    /// The event as the world would send it, with its own effect on the world applied first.
    fn happens(&mut self, event: &Event) {
        match event {
            Event::Worker(WorkerEvent::Exited { .. }) => {
                self.worker = false;
                self.lets_go(true);
            }
            Event::Worker(WorkerEvent::Stopped) => self.lets_go(false),
            Event::Worker(WorkerEvent::Started { camera }) if self.sensor && !self.ending && !self.has_picture => {
                self.has_picture = true;
                self.camera.clone_from(camera);
            }
            Event::Policy(policy) => self.source.clone_from(&policy.source),
            Event::Sensor(SensorEvent::Verifiable) => self.verifiable = self.sensor,
            Event::Sensor(SensorEvent::Own { on: false }) => self.checking = false,
            Event::DeviceReady => {
                self.device = true;
                self.feeding = false;
            }
            Event::DeviceGone(_) => {
                self.device = false;
                self.feeding = false;
            }
            Event::Worker(_)
            | Event::Presence(_)
            | Event::SecondDevice(_)
            | Event::Sensor(SensorEvent::Own { on: true } | SensorEvent::Others(_))
            | Event::Command(_)
            | Event::Sleep(_)
            | Event::Locked(_)
            | Event::CameraCame
            | Event::Suspended(_)
            | Event::Tick => {}
        }
    }
}

struct Bench {
    machine: Machine,
    world: World,
    now: Instant,
    policy: Policy,
    asleep: bool,
    locked: bool,
    others: Vec<OtherCamera>,
}

impl Bench {
    fn new() -> Self {
        let policy = Policy { blocked: vec!["app9".into()], ..Policy::default() };
        Self {
            machine: Machine::new(policy.clone()),
            world: World { source: policy.source.clone(), ..World::default() },
            now: Instant::now(),
            policy,
            asleep: false,
            locked: false,
            others: Vec::new(),
        }
    }

    fn ready() -> Self {
        let mut bench = Self::new();
        bench.send(Event::DeviceReady);
        bench
    }

    fn send(&mut self, event: Event) -> Vec<Action> {
        match &event {
            Event::Sleep(asleep) => self.asleep = *asleep,
            Event::Locked(locked) => self.locked = *locked,
            // By hand, over whatever was told.
            Event::Command(Command::Resume) => (self.asleep, self.locked) = (false, false),
            Event::Command(Command::Toggle) if self.machine.allowance.pause.is_some() => {
                (self.asleep, self.locked) = (false, false);
            }
            Event::Policy(policy) => self.policy = policy.clone(),
            Event::Sensor(SensorEvent::Others(others)) => self.others.clone_from(others),
            _ => {}
        }
        self.world.happens(&event);
        let actions = self.machine.step(self.now, event);
        self.world.apply(&actions);
        self.verify_invariants();
        actions
    }

    fn pass(&mut self, time: Duration) -> Vec<Action> {
        let end = self.now + time;
        let mut all = Vec::new();
        let mut ticks = 0;
        while let Some(deadline) = self.machine.deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            all.extend(self.send(Event::Tick));
            ticks += 1;
            assert!(ticks < 1000, "deadlines that never pass: {:?}", self.machine.state());
        }
        self.now = end;
        all.extend(self.send(Event::Tick));
        all
    }

    fn worker(&mut self, event: WorkerEvent) -> Vec<Action> {
        self.send(Event::Worker(event))
    }

    fn started(&mut self) -> Vec<Action> {
        self.worker(WorkerEvent::Started { camera: "Test camera".into() })
    }

    fn live() -> Self {
        let mut bench = Self::ready();
        bench.send(streaming());
        bench.started();
        assert_eq!(bench.name(), StateName::Live);
        bench
    }

    fn name(&self) -> StateName {
        self.machine.state().name()
    }

    fn verify_invariants(&self) {
        let (machine, world) = (&self.machine, &self.world);
        let shown = world.shown.as_ref().expect("something is shown from the first step on");
        assert_eq!(shown, &machine.status(), "the outside is told of every change");
        assert!(!world.sensor || shown.camera_live, "sensor on and indicator off");
        assert!(!world.checking || shown.camera_live, "the kernel says on, or nothing, and the indicator is off");
        assert!(!shown.camera_live || world.worker || world.checking, "live shown and nothing is on");
        assert!(!shown.stuck || shown.camera_live && shown.reason.is_some(), "stuck without a reason");
        assert_eq!(shown.others, self.others, "other cameras are shown as they were told");
        assert!(
            !shown.camera_live || !world.sensor || shown.camera == world.camera,
            "{} is on, not {}",
            world.camera,
            shown.camera
        );
        // Whoever waits for pictures has the camera, or a start, or something that is due, or is told why not.
        if machine.goal() == Goal::Stream {
            assert!(
                matches!(shown.state, StateName::Live | StateName::Starting)
                    || machine.deadline().is_some()
                    || shown.reason.is_some(),
                "a client waits without end and reason in {:?}",
                machine.state()
            );
        }
        // Off means off, in words as well.
        if shown.camera_live {
            assert!(
                matches!(shown.state, StateName::Starting | StateName::Live | StateName::Cooldown),
                "sensor on in state {}",
                shown.state
            );
        } else {
            assert!(
                !matches!(shown.state, StateName::Starting | StateName::Live | StateName::Cooldown),
                "sensor off in state {}",
                shown.state
            );
        }
        // The output stays open in every state but NoDevice.
        assert_eq!(shown.state == StateName::NoDevice, !world.device && !shown.camera_live);
        // Forbidden means told to stop.
        let streams: Vec<_> = machine.presence.clients.iter().filter(|client| client.usage != Use::Open).collect();
        let blocked = streams.iter().any(|client| self.policy.is_blocked(&client.name));
        let locked = self.locked && self.policy.pause_while_locked;
        if machine.allowance.pause.is_some()
            || self.asleep
            || locked
            || !world.device
            || blocked
            || machine.allowance.turned_off
        {
            assert!(!world.sensor || world.ending, "the sensor runs although it is not allowed");
        }
        assert_eq!(
            world.feeding,
            world.device && !streams.is_empty(),
            "frames flow when somebody streams, and only then"
        );
        // Nobody and nothing pending: no sensor beyond the cooldown.
        if streams.is_empty() && world.sensor && !world.ending {
            let State::Cooldown { until } = machine.state() else { panic!("{:?} without a client", machine.state()) };
            assert!(*until <= self.now + self.policy.cooldown);
        }
        match machine.state() {
            State::Idle | State::NoDevice { .. } | State::Paused => {}
            State::Pending { .. }
            | State::Starting { .. }
            | State::Live { .. }
            | State::Cooldown { .. }
            | State::Stopping
            | State::Blocked { .. }
            | State::Failed { .. } => {
                // Of a stuck camera only the kernel can say more.
                assert!(
                    machine.deadline().is_some() || shown.stuck || !machine.presence.is_empty(),
                    "{:?} waits for nothing",
                    machine.state()
                );
            }
        }
        if let Some(deadline) = machine.deadline() {
            assert!(deadline > self.now, "a deadline that has passed already: {:?}", machine.state());
        }
    }
}

#[derive(Debug, Clone)]
enum Op {
    Event(Event),
    /// A frame has just come.
    Frame,
    Pass(u64),
}

fn any_usage() -> impl Strategy<Value = Use> {
    prop_oneof![Just(Use::Open), Just(Use::Unknown), Just(Use::Streaming)]
}

fn any_reason() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        Just(crash()),
        Just(Trouble::said(TroubleKind::Setup, "An element is missing.")),
        Just(Trouble::said(TroubleKind::Busy, "Another program uses the camera.")),
    ]
}

fn any_op() -> impl Strategy<Value = Op> {
    let clients = proptest::collection::vec((prop_oneof![Just(1u32), Just(2), Just(9)], any_usage()), 0..3)
        .prop_map(|list| presence(&list.into_iter().map(|(pid, usage)| client(pid, usage)).collect::<Vec<_>>()));
    let worker = prop_oneof![
        8 => prop_oneof![Just(Step::Up), Just(Step::Loaded), Just(Step::Opened), Just(Step::Streaming)]
            .prop_map(WorkerEvent::Step),
        2 => Just(WorkerEvent::Mode(Box::default())),
        1 => Just(WorkerEvent::Confined(crate::sandbox::Sandbox::Off)),
        6 => Just(WorkerEvent::Started { camera: "c".into() }),
        2 => Just(WorkerEvent::Stopped),
        2 => any_reason().prop_map(WorkerEvent::Failed),
        4 => Just(WorkerEvent::Exited { reason: None }),
        2 => any_reason().prop_map(|reason| WorkerEvent::Exited { reason: Some(reason) }),
    ];
    let sensor = prop_oneof![
        3 => Just(SensorEvent::Verifiable),
        1 => Just(SensorEvent::Own { on: true }),
        2 => Just(SensorEvent::Own { on: false }),
        1 => proptest::collection::vec(Just(cheese()), 0..2).prop_map(SensorEvent::Others),
    ];
    let command = prop_oneof![
        1 => Just(Command::Pause { duration: None }),
        1 => (0u64..100_000).prop_map(|ms| Command::Pause { duration: Some(Duration::from_millis(ms)) }),
        1 => Just(Command::Pause { duration: Some(Duration::MAX) }),
        3 => Just(Command::Resume),
        1 => Just(Command::Toggle),
        1 => Just(Command::TurnOff),
    ];
    let rotation = proptest::sample::select(&Rotation::ALL[..]);
    let policy = (proptest::option::of(0u64..3000), 0u64..10_000, any::<[bool; 4]>(), rotation).prop_map(
        |(delay, cooldown, [blocks, other, mirror, pause_while_locked], rotation)| Policy {
            activation_delay: delay.map(Duration::from_millis),
            cooldown: Duration::from_millis(cooldown),
            blocked: if blocks { vec!["APP9".into()] } else { Vec::new() },
            source: if other { "test".into() } else { "auto".into() },
            orientation: Orientation { mirror, rotation, ..Orientation::default() },
            pause_while_locked,
        },
    );
    prop_oneof![
        8 => clients.prop_map(Op::Event),
        2 => Just(Op::Event(streaming())),
        10 => worker.prop_map(|event| Op::Event(Event::Worker(event))),
        4 => command.prop_map(|command| Op::Event(Event::Command(command))),
        6 => sensor.prop_map(|event| Op::Event(Event::Sensor(event))),
        1 => policy.prop_map(|policy| Op::Event(Event::Policy(policy))),
        1 => any::<bool>().prop_map(|asleep| Op::Event(Event::Sleep(asleep))),
        1 => any::<bool>().prop_map(|locked| Op::Event(Event::Locked(locked))),
        3 => Just(Op::Event(Event::DeviceReady)),
        1 => Just(Op::Event(Event::DeviceGone(Trouble::said(TroubleKind::Device, "It was unloaded.")))),
        1 => proptest::option::of(any_reason()).prop_map(|trouble| Op::Event(Event::SecondDevice(trouble))),
        1 => Just(Op::Event(Event::Tick)),
        1 => Just(Op::Event(Event::CameraCame)),
        1 => (0u64..100_000).prop_map(|ms| Op::Event(Event::Suspended(Duration::from_millis(ms)))),
        2 => Just(Op::Frame),
        10 => (0u64..12_000).prop_map(Op::Pass),
    ]
}

/// `PROPTEST_CASES` asks for more, or fewer.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(12_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_breaks_the_promises(ops in proptest::collection::vec(any_op(), 1..40), is_immortal: bool) {
        let mut bench = Bench::new();
        for op in ops {
            match op {
                // It is stuck in a driver: nothing ends it.
                Op::Event(Event::Worker(WorkerEvent::Exited { .. })) if is_immortal => {}
                // The world cannot say that of a worker that does not exist.
                Op::Event(Event::Worker(event)) if !bench.world.worker => {
                    let actions = bench.machine.step(bench.now, Event::Worker(event));
                    bench.world.apply(&actions);
                    if bench.world.shown.is_some() {
                        bench.verify_invariants();
                    }
                }
                // A device is announced once.
                Op::Event(Event::DeviceReady) if bench.world.device => {}
                Op::Event(event) => {
                    bench.send(event);
                }
                Op::Frame => {
                    bench.worker(WorkerEvent::Frames { last: bench.now });
                }
                Op::Pass(ms) => {
                    bench.pass(Duration::from_millis(ms));
                }
            }
        }
        // Everybody leaves, the worker obeys: at rest nothing runs and nothing is due.
        bench.send(Event::Sleep(false));
        bench.send(nobody());
        for _ in 0..3 {
            bench.pass(Duration::from_secs(60));
            // The restart of the computer that it asked for.
            if bench.world.worker && bench.world.ending {
                bench.worker(WorkerEvent::Exited { reason: None });
            }
            if bench.world.checking {
                bench.send(Event::Sensor(SensorEvent::Own { on: false }));
            }
        }
        prop_assert!(!bench.world.worker, "a worker is left over");
        prop_assert!(!bench.machine.camera_live());
    }
}

#[test]
fn a_session_from_open_to_cooldown() {
    let mut bench = Bench::ready();
    assert_eq!(bench.name(), StateName::Idle);
    let actions = bench.send(presence(&[client(1, Use::Open)]));
    assert_eq!(
        actions.iter().filter(|action| **action == Action::SpawnWorker).count(),
        1,
        "opening warms: {actions:?}"
    );
    assert!(!bench.machine.camera_live(), "and leaves the camera alone");
    bench.worker(WorkerEvent::Step(Step::Loaded));
    let actions = bench.send(streaming());
    assert!(actions.contains(&Action::StartCamera) && !actions.contains(&Action::SpawnWorker), "{actions:?}");
    assert_eq!(bench.name(), StateName::Starting);
    let actions = bench.started();
    assert!(actions.contains(&Action::ShowCamera));
    assert_eq!(bench.name(), StateName::Live);
    let actions = bench.send(nobody());
    assert!(actions.contains(&Action::Feed(false)));
    assert_eq!(bench.name(), StateName::Cooldown);
    bench.pass(Duration::from_millis(4999));
    assert_eq!(bench.name(), StateName::Cooldown);
    let actions = bench.pass(Duration::from_millis(1));
    assert!(actions.contains(&Action::StopWorker));
    bench.worker(WorkerEvent::Stopped);
    assert!(bench.machine.camera_live(), "its word alone is not believed");
    bench.worker(WorkerEvent::Exited { reason: None });
    assert!(!bench.machine.camera_live());
    assert_eq!(bench.name(), StateName::Idle);
}

#[test]
fn a_missing_second_device_is_told_and_changes_nothing() {
    let mut bench = Bench::live();
    let before = bench.machine.state().clone();
    let trouble = Trouble::said(TroubleKind::Device, "There is no second device.");
    let actions = bench.send(Event::SecondDevice(Some(trouble.clone())));
    assert!(matches!(&actions[..], [Action::Publish(status)] if status.second_device.as_ref() == Some(&trouble)));
    assert_eq!(*bench.machine.state(), before);
    let actions = bench.send(Event::SecondDevice(None));
    assert!(matches!(&actions[..], [Action::Publish(status)] if status.second_device.is_none()));
}

#[test]
fn a_client_back_within_the_cooldown_goes_straight_to_live() {
    let mut bench = Bench::live();
    bench.send(nobody());
    bench.pass(Duration::from_secs(4));
    let actions = bench.send(streaming());
    assert_eq!(bench.name(), StateName::Live);
    assert!(!actions.iter().any(|action| matches!(action, Action::SpawnWorker | Action::ShowCard(_))), "{actions:?}");
    bench.worker(WorkerEvent::Frames { last: bench.now + Duration::from_secs(8) });
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.name(), StateName::Live, "the old cooldown is forgotten");
}

#[test]
fn only_opening_waits_where_streaming_cannot_be_seen() {
    let mut bench = Bench::ready();
    bench.send(presence(&[client(1, Use::Unknown)]));
    assert_eq!(bench.name(), StateName::Pending);
    bench.pass(Duration::from_millis(999));
    assert_eq!(bench.name(), StateName::Pending);
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.name(), StateName::Starting);
}

#[test]
fn a_warm_worker_without_a_stream_goes_and_is_not_started_again() {
    let mut bench = Bench::ready();
    bench.send(presence(&[client(1, Use::Open)]));
    bench.worker(WorkerEvent::Step(Step::Up));
    bench.pass(Duration::from_secs(20));
    bench.worker(WorkerEvent::Step(Step::Loaded));
    assert!(!bench.world.ending, "it had not been ready before");
    let actions = bench.pass(WARM_TIMEOUT);
    assert!(actions.contains(&Action::StopWorker), "{actions:?}");
    bench.worker(WorkerEvent::Exited { reason: None });
    bench.pass(Duration::from_secs(600));
    assert!(!bench.world.worker, "a program that merely holds the node costs nothing");
    bench.send(presence(&[client(1, Use::Open), client(2, Use::Open)]));
    assert!(bench.world.worker, "a new one is a new hint");
}

#[test]
fn pause_while_live_shows_live_until_the_stop_is_confirmed() {
    let mut bench = Bench::live();
    let actions = bench.send(Event::Command(Command::Pause { duration: Some(Duration::from_secs(60)) }));
    assert!(actions.contains(&Action::StopWorker) && actions.contains(&Action::ShowCard(Card::Paused)), "{actions:?}");
    assert_eq!(bench.name(), StateName::Cooldown);
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Paused);
    let actions = bench.pass(Duration::from_secs(60));
    assert!(actions.contains(&Action::StartCamera), "the pause is over and the client still streams: {actions:?}");
}

#[test]
fn turn_off_holds_until_that_client_stops() {
    let mut bench = Bench::live();
    bench.send(Event::Command(Command::TurnOff));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Blocked);
    bench.pass(Duration::from_secs(600));
    assert_eq!(bench.name(), StateName::Blocked, "it does not come back by itself");
    bench.send(nobody());
    assert_eq!(bench.name(), StateName::Idle);
    bench.send(streaming());
    assert_eq!(bench.name(), StateName::Starting);
}

#[test]
fn a_blocked_program_gets_a_card() {
    let mut bench = Bench::ready();
    let actions = bench.send(presence(&[client(9, Use::Streaming)]));
    assert_eq!(bench.name(), StateName::Blocked);
    assert!(actions.contains(&Action::ShowCard(Card::Blocked)) && actions.contains(&Action::Feed(true)));
    assert!(!bench.world.worker);
}

#[test]
fn crashes_back_off_and_then_wait_for_a_new_client() {
    let mut bench = Bench::ready();
    bench.send(streaming());
    for wait in [500, 1000, 2000, 4000, 8000] {
        bench.worker(WorkerEvent::Exited { reason: Some(crash()) });
        assert_eq!(bench.name(), StateName::Failed);
        assert!(!bench.machine.camera_live());
        bench.pass(Duration::from_millis(wait - 1));
        assert_eq!(bench.name(), StateName::Failed, "too early before {wait} ms");
        bench.pass(Duration::from_millis(1));
        assert_eq!(bench.name(), StateName::Starting, "after {wait} ms");
    }
    bench.worker(WorkerEvent::Exited { reason: Some(crash()) });
    bench.pass(Duration::from_secs(3600));
    assert_eq!(bench.name(), StateName::Failed);
    assert_eq!(bench.machine.status().reason, Some(crash()));
    bench.send(presence(&[client(1, Use::Streaming), client(2, Use::Streaming)]));
    assert_eq!(bench.name(), StateName::Starting, "a new client");
}

#[test]
fn a_card_without_a_signal_is_asked_again_for_as_long_as_somebody_waits() {
    let mut bench = Bench::ready();
    bench.send(streaming());
    let silent = Trouble::said(TroubleKind::NoSignal, "No signal.");
    for _ in 0..20 {
        bench.worker(WorkerEvent::Failed(silent.clone()));
        bench.worker(WorkerEvent::Exited { reason: None });
        assert_eq!((bench.name(), bench.machine.status().reason), (StateName::Failed, Some(silent.clone())));
        bench.pass(restart::SIGNAL);
        assert_eq!(bench.name(), StateName::Starting);
    }
    bench.started();
    assert_eq!(bench.name(), StateName::Live);
    assert_eq!(bench.machine.status().reason, None);
}

#[test]
fn a_failed_worker_is_killed_and_replaced_only_when_gone() {
    let mut bench = Bench::live();
    let actions = bench.worker(WorkerEvent::Failed(crash()));
    assert!(actions.contains(&Action::KillWorker));
    assert!(bench.machine.camera_live(), "it may still run");
    bench.pass(Duration::from_secs(2));
    assert_eq!(bench.name(), StateName::Cooldown);
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Starting, "the wait has passed meanwhile");
}

fn unplugged() -> Trouble {
    Trouble::said(TroubleKind::Missing, "Plug it in.")
}

#[test]
fn a_camera_that_comes_back_is_started_at_once_even_after_giving_up() {
    let mut bench = Bench::live();
    bench.worker(WorkerEvent::Failed(unplugged()));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Failed);
    bench.send(Event::CameraCame);
    assert_eq!(bench.name(), StateName::Starting, "not only when its wait is over");
    for _ in 0..10 {
        bench.worker(WorkerEvent::Failed(unplugged()));
        bench.worker(WorkerEvent::Exited { reason: None });
        bench.pass(Duration::from_secs(10));
    }
    assert_eq!((bench.name(), bench.machine.deadline()), (StateName::Failed, None), "given up");
    bench.pass(Duration::from_secs(600));
    bench.send(Event::CameraCame);
    assert_eq!(bench.name(), StateName::Starting);
    bench.started();
    assert_eq!(bench.name(), StateName::Live);
}

#[test]
fn a_camera_that_comes_while_it_is_looked_for_is_not_missed() {
    let mut bench = Bench::ready();
    bench.send(streaming());
    bench.send(Event::CameraCame);
    bench.worker(WorkerEvent::Failed(unplugged()));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Starting, "it had looked too early");
    bench.worker(WorkerEvent::Failed(unplugged()));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Failed, "once");
}

#[test]
fn a_camera_that_comes_is_no_reason_to_start_one_that_crashes_or_that_nobody_wants() {
    let mut bench = Bench::ready();
    bench.send(Event::CameraCame);
    assert_eq!(bench.name(), StateName::Idle);
    bench.send(streaming());
    bench.worker(WorkerEvent::Exited { reason: Some(crash()) });
    bench.send(Event::CameraCame);
    assert_eq!(bench.name(), StateName::Failed, "its own wait goes on");
}

#[test]
fn a_missing_element_is_not_tried_again_until_asked() {
    let mut bench = Bench::ready();
    bench.send(streaming());
    bench.worker(WorkerEvent::Failed(Trouble::said(TroubleKind::Setup, "Install it.")));
    bench.worker(WorkerEvent::Exited { reason: None });
    bench.pass(Duration::from_secs(3600));
    assert_eq!(bench.name(), StateName::Failed);
    bench.send(Event::Command(Command::Resume));
    assert_eq!(bench.name(), StateName::Starting);
}

#[test]
fn no_frame_for_three_seconds_is_a_hang() {
    let mut bench = Bench::live();
    for _ in 0..10 {
        bench.worker(WorkerEvent::Frames { last: bench.now });
        bench.pass(Duration::from_millis(2900));
        assert_eq!(bench.name(), StateName::Live);
    }
    let actions = bench.pass(Duration::from_secs(3));
    assert!(actions.contains(&Action::KillWorker), "{actions:?}");
}

/// The time to the next deadline.
fn left(bench: &Bench) -> Duration {
    bench.machine.deadline().expect("a deadline").saturating_duration_since(bench.now)
}

#[test]
fn each_step_of_a_start_has_its_own_deadline_and_its_own_reason() {
    let steps = [Step::Up, Step::Loaded, Step::Opened, Step::Streaming];
    for (done, seconds) in [10, 30, 10, 5, 8].into_iter().enumerate() {
        let mut bench = Bench::ready();
        bench.send(streaming());
        for step in &steps[..done] {
            // Slow, each of them, and not too slow.
            bench.pass(left(&bench) - Duration::from_millis(1));
            bench.worker(WorkerEvent::Step(*step));
            assert_eq!(bench.name(), StateName::Starting, "{step:?}");
        }
        let actions = bench.pass(Duration::from_secs(seconds) - Duration::from_millis(1));
        assert!(!actions.contains(&Action::KillWorker), "{actions:?}");
        let actions = bench.pass(Duration::from_millis(1));
        assert!(actions.contains(&Action::KillWorker), "{actions:?}");
        bench.worker(WorkerEvent::Exited { reason: None });
        let reason = bench.machine.status().reason.expect("a reason");
        let Trouble::StartOverdue { reached, seconds: said } = reason else { panic!("{reason:?}") };
        assert_eq!((reached, said), (steps[..done].last().copied(), seconds));
    }
}

#[test]
fn a_start_that_was_too_slow_gets_more_time_and_comes_through() {
    let mut bench = Bench::ready();
    bench.send(streaming());
    let mut starts = 1;
    // A machine on which every step takes 15 s.
    'start: loop {
        for step in [Step::Up, Step::Loaded, Step::Opened, Step::Streaming] {
            if bench.pass(Duration::from_secs(15)).contains(&Action::KillWorker) {
                starts += 1;
                assert!(starts < 5, "started for ever");
                bench.worker(WorkerEvent::Exited { reason: None });
                bench.pass(Duration::from_secs(10));
                continue 'start;
            }
            bench.worker(WorkerEvent::Step(step));
        }
        break;
    }
    bench.pass(Duration::from_secs(15));
    bench.started();
    assert_eq!(bench.name(), StateName::Live);
}

#[test]
fn a_warm_worker_that_does_not_get_ready_is_killed() {
    let mut bench = Bench::ready();
    bench.send(presence(&[client(1, Use::Open)]));
    let actions = bench.pass(Duration::from_secs(10));
    assert!(actions.contains(&Action::KillWorker), "{actions:?}");
    assert_eq!(bench.name(), StateName::Idle);
}

#[test]
fn a_process_that_does_not_end_keeps_the_indicator_lit_and_says_so() {
    let mut bench = Bench::live();
    bench.send(Event::Command(Command::Pause { duration: None }));
    bench.worker(WorkerEvent::Stopped);
    let actions = bench.pass(STOP_TIMEOUT * 3);
    assert!(actions.contains(&Action::KillWorker));
    let status = bench.machine.status();
    assert!(status.camera_live && status.stuck);
    assert_eq!(status.reason.map(|reason| reason.kind()), Some(TroubleKind::Hang));
    bench.worker(WorkerEvent::Exited { reason: None });
    let status = bench.machine.status();
    assert!(!status.stuck && status.reason.is_none(), "{status:?}");
}

#[test]
fn a_warm_worker_that_does_not_end_lights_the_indicator_and_a_client_is_told() {
    let mut bench = Bench::ready();
    bench.send(presence(&[client(1, Use::Open)]));
    bench.worker(WorkerEvent::Step(Step::Loaded));
    bench.pass(WARM_TIMEOUT);
    bench.send(streaming());
    assert_eq!((bench.name(), bench.machine.camera_live()), (StateName::Pending, false));
    let actions = bench.pass(STOP_TIMEOUT);
    assert!(actions.contains(&Action::KillWorker), "{actions:?}");
    let status = bench.machine.status();
    assert!(status.camera_live && status.stuck, "who knows what it does");
    let reason = status.reason.expect("a reason");
    assert!(actions.contains(&Action::ShowCard(Card::Failed(reason))), "{actions:?}");
    let actions = bench.worker(WorkerEvent::Exited { reason: None });
    assert!(actions.contains(&Action::StartCamera), "{actions:?}");
}

#[test]
fn a_process_that_does_not_end_though_the_kernel_says_off_is_told_and_dark() {
    let mut bench = verifiable();
    bench.send(Event::Policy(Policy { source: "test".into(), ..Policy::default() }));
    bench.worker(WorkerEvent::Stopped);
    bench.send(reads(false));
    assert_eq!((bench.name(), bench.machine.camera_live()), (StateName::Pending, false));
    let mut actions = bench.pass(STOP_TIMEOUT);
    assert!(actions.contains(&Action::KillWorker), "{actions:?}");
    let status = bench.machine.status();
    assert!(status.state == StateName::Failed && !status.camera_live && !status.stuck, "{status:?}");
    let reason = status.reason.expect("a reason");
    assert_eq!(reason, Trouble::WorkerDoesNotEnd { is_camera_off: true });
    assert!(actions.contains(&Action::ShowCard(Card::Failed(reason))), "{actions:?}");
    // Killed again and again, more and more rarely.
    actions = bench.pass(Duration::from_secs(3600));
    let kills = actions.iter().filter(|action| **action == Action::KillWorker).count();
    assert!((2..60).contains(&kills), "{kills}");
    let actions = bench.worker(WorkerEvent::Exited { reason: None });
    assert!(actions.contains(&Action::StartCamera), "{actions:?}");
}

#[test]
fn a_camera_that_leaves_at_every_start_is_started_seldom_and_not_for_another_reason() {
    let mut bench = Bench::ready();
    bench.send(streaming());
    let begin = bench.now;
    let mut starts = Vec::new();
    let mut note = |bench: &Bench, actions: &[Action]| {
        starts.extend(actions.iter().filter(|action| **action == Action::StartCamera).map(|_| bench.now));
    };
    // 750 s of it: it goes half a second after each start, and is back as soon.
    for _ in 0..1500 {
        let actions = bench.pass(Duration::from_millis(500));
        note(&bench, &actions);
        if bench.world.sensor {
            bench.worker(WorkerEvent::Failed(unplugged()));
            bench.worker(WorkerEvent::Exited { reason: None });
            let actions = bench.send(Event::CameraCame);
            note(&bench, &actions);
        } else {
            let actions = bench.send(Event::CameraCame);
            note(&bench, &actions);
        }
    }
    let quick = starts.iter().filter(|at| **at < begin + Duration::from_secs(10)).count();
    assert!(quick <= restart::TRIES as usize, "{quick}");
    assert!(starts.len() <= restart::TRIES as usize + 750 / 30, "{}", starts.len());
    let late = &starts[restart::TRIES as usize..];
    assert!(late.windows(2).all(|pair| pair[1] - pair[0] >= restart::REST), "{late:?}");
    assert!(late.len() > 20, "it has its chance, again and again: {}", late.len());
}

#[test]
fn a_pause_ends_by_the_clock_on_the_wall() {
    let mut bench = Bench::ready();
    let hour = Duration::from_secs(3600);
    bench.send(Event::Command(Command::Pause { duration: Some(hour) }));
    bench.pass(hour / 4);
    bench.send(Event::Suspended(hour / 2));
    assert_eq!(bench.machine.status().until, Some(bench.now + hour / 4));
    bench.send(Event::Suspended(hour / 2));
    assert_eq!(bench.name(), StateName::Idle, "over while the computer slept");
}

#[test]
fn a_locked_session_has_no_camera_where_the_user_wants_that() {
    let mut bench = Bench::live();
    assert!(bench.send(Event::Locked(true)).contains(&Action::StopWorker));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Paused);
    assert!(bench.machine.status().allowed, "the toggle is the user's");
    assert!(bench.machine.status().reason == Some(Trouble::SessionLocked));
    assert!(bench.send(Event::Locked(false)).contains(&Action::StartCamera));
    bench.send(Event::Policy(Policy { pause_while_locked: false, ..bench.policy.clone() }));
    assert!(!bench.send(Event::Locked(true)).contains(&Action::StopWorker));
}

#[test]
fn resuming_by_hand_wins_over_a_lock_or_a_sleep_whose_end_was_never_told() {
    for event in [Event::Locked(true), Event::Sleep(true)] {
        let mut bench = Bench::live();
        assert!(bench.send(event.clone()).contains(&Action::StopWorker));
        bench.worker(WorkerEvent::Exited { reason: None });
        assert!(bench.send(Event::Command(Command::Resume)).contains(&Action::StartCamera), "{event:?}");
        assert!(bench.send(event).contains(&Action::StopWorker), "until it is told again");
    }
    // A pause that is over is nobody's hand.
    let mut bench = Bench::live();
    bench.send(Event::Locked(true));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert!(bench.send(Event::Command(Command::Pause { duration: Some(Duration::ZERO) })).is_empty());
    assert_eq!(bench.name(), StateName::Paused);
    assert!(bench.send(Event::Locked(false)).contains(&Action::StartCamera));
}

#[test]
fn sleep_turns_it_off_and_waking_on_again() {
    let mut bench = Bench::live();
    let actions = bench.send(Event::Sleep(true));
    assert!(actions.contains(&Action::StopWorker));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Paused);
    let actions = bench.send(Event::Sleep(false));
    assert!(actions.contains(&Action::StartCamera));
}

#[test]
fn a_device_that_goes_takes_the_camera_with_it() {
    let mut bench = Bench::live();
    let actions = bench.send(Event::DeviceGone(Trouble::said(TroubleKind::Device, "The module was unloaded.")));
    assert!(actions.contains(&Action::StopWorker));
    assert_eq!(bench.name(), StateName::Cooldown, "the sensor is still on");
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::NoDevice);
    let actions = bench.send(Event::DeviceReady);
    assert_eq!(bench.name(), StateName::Idle);
    assert!(actions.contains(&Action::ShowCard(Card::Off)));
}

#[test]
fn another_source_restarts_the_camera() {
    let mut bench = Bench::live();
    let actions = bench.send(Event::Policy(Policy { source: "test".into(), ..Policy::default() }));
    assert!(actions.contains(&Action::StopWorker));
    let actions = bench.worker(WorkerEvent::Exited { reason: None });
    assert!(actions.contains(&Action::SpawnWorker) && actions.contains(&Action::StartCamera), "{actions:?}");
}

#[test]
fn the_camera_that_is_on_is_named_though_the_settings_name_another() {
    let mut bench = verifiable();
    bench.send(Event::Policy(Policy { source: "test".into(), ..Policy::default() }));
    assert_eq!(bench.machine.status().camera, "Test camera", "that one is on");
    bench.worker(WorkerEvent::Stopped);
    assert_eq!(bench.machine.status().camera, "Test camera");
    bench.worker(WorkerEvent::Exited { reason: None });
    bench.pass(Duration::from_secs(10));
    let status = bench.machine.status();
    assert!(status.stuck && status.reason == Some(Trouble::StillStreaming { camera: "Test camera".into() }));
    bench.send(reads(false));
    assert_eq!(bench.machine.status().camera, "test");
}

#[test]
fn a_shorter_cooldown_holds_at_once() {
    let mut bench = Bench::live();
    bench.send(nobody());
    bench.send(Event::Policy(Policy { cooldown: Duration::from_millis(100), ..Policy::default() }));
    let actions = bench.pass(Duration::from_millis(100));
    assert!(actions.contains(&Action::StopWorker), "{actions:?}");
}

#[test]
fn toggle_pauses_and_resumes() {
    let mut bench = Bench::ready();
    bench.send(Event::Command(Command::Toggle));
    assert_eq!(bench.name(), StateName::Paused);
    bench.send(Event::Command(Command::Toggle));
    assert_eq!(bench.name(), StateName::Idle);
}

/// Live with a camera of which the kernel tells whether it streams.
fn verifiable() -> Bench {
    let mut bench = Bench::live();
    bench.send(Event::Sensor(SensorEvent::Verifiable));
    bench
}

#[test]
fn the_indicator_waits_for_the_kernels_word() {
    let mut bench = verifiable();
    bench.send(Event::Command(Command::Pause { duration: None }));
    let actions = bench.worker(WorkerEvent::Stopped);
    assert!(actions.contains(&Action::VerifyOff), "{actions:?}");
    assert_eq!(bench.name(), StateName::Cooldown);
    bench.send(reads(true));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert!(bench.machine.camera_live(), "still on by the kernel's word");
    bench.send(reads(false));
    assert_eq!(bench.name(), StateName::Paused);
    assert_eq!(bench.machine.status().reason, None);
}

#[test]
fn a_worker_whose_camera_stays_on_is_killed_and_then_the_user_is_told() {
    let mut bench = verifiable();
    bench.send(nobody());
    bench.pass(Duration::from_secs(5));
    bench.worker(WorkerEvent::Stopped);
    bench.send(reads(true));
    let actions = bench.pass(Duration::from_millis(999));
    assert!(!actions.contains(&Action::KillWorker), "{actions:?}");
    let actions = bench.pass(Duration::from_millis(1));
    assert!(actions.contains(&Action::KillWorker), "{actions:?}");
    assert!(!bench.machine.status().stuck, "it may have been the worker");
    bench.worker(WorkerEvent::Exited { reason: None });
    bench.pass(Duration::from_millis(999));
    assert!(!bench.machine.status().stuck);
    bench.pass(Duration::from_millis(1));
    let status = bench.machine.status();
    assert!(status.stuck && status.camera_live);
    let reason = status.reason.expect("a reason");
    assert_eq!(reason, Trouble::StillStreaming { camera: "Test camera".into() });
    // Whoever comes now is told as well; no second worker makes it worse.
    let actions = bench.send(streaming());
    assert!(actions.contains(&Action::ShowCard(Card::Failed(reason))), "{actions:?}");
    bench.pass(Duration::from_secs(3600));
    assert!(bench.machine.status().stuck && bench.world.checking);
    let actions = bench.send(reads(false));
    assert!(actions.contains(&Action::StartCamera), "unplugged, or off at last: {actions:?}");
    assert!(!bench.machine.status().stuck);
}

#[test]
fn a_crash_is_checked_as_well() {
    let mut bench = verifiable();
    let actions = bench.worker(WorkerEvent::Exited { reason: Some(crash()) });
    assert!(actions.contains(&Action::VerifyOff), "{actions:?}");
    assert!(bench.machine.camera_live());
    bench.send(reads(false));
    assert_eq!(bench.name(), StateName::Failed);
}

#[test]
fn another_camera_is_shown_and_changes_nothing_else() {
    let mut bench = Bench::ready();
    bench.send(Event::Command(Command::Pause { duration: None }));
    let actions = bench.send(Event::Sensor(SensorEvent::Others(vec![cheese()])));
    assert!(matches!(&actions[..], [Action::Publish(_)]), "{actions:?}");
    let status = bench.machine.status();
    assert!(status.is_any_camera_on() && !status.camera_live && status.state == StateName::Paused);
    bench.send(Event::Sensor(SensorEvent::Others(Vec::new())));
    assert!(!bench.machine.status().is_any_camera_on());
}
