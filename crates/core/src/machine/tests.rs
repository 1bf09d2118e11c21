//! The machine against a model of the world: random sequences with invariants, and the sessions people have.

mod ends;
mod failures;
mod permissions;
mod random;
mod sessions;
mod waiting;

use std::time::{Duration, Instant};

use super::*;
use crate::app::{AppId, Rule};
use crate::event::{Card, Command, SensorEvent, Step, WorkerEvent};
use crate::offer::{Offer, Program, Verb};
use crate::presence::{Client, Further, Use};
use crate::restart;
use crate::source::{Orientation, Rotation};
use crate::trouble::SignalShortfall;
use crate::trouble::output::OutputTrouble;

fn client(pid: u32, usage: Use) -> Client {
    Client::new(Some(pid), format!("app{pid}"), usage)
}

fn presence(clients: &[Client]) -> Event {
    Event::Presence(at(clients).into())
}

fn at(clients: &[Client]) -> Presence {
    Presence { clients: clients.to_vec() }
}

fn app(pid: u32) -> AppId {
    AppId::of_program(&format!("app{pid}"))
}

/// About this client.
fn about(verb: Verb, pid: u32) -> Offer {
    Offer { verb, programs: vec![Program { id: app(pid), name: format!("app{pid}") }] }
}

fn streaming() -> Event {
    presence(&[client(1, Use::Streaming)])
}

fn nobody() -> Event {
    presence(&[])
}

fn cheese() -> OtherCamera {
    OtherCamera {
        camera: "Foo".into(),
        node: "/dev/video2".into(),
        clients: vec![Client::new(Some(2), "cheese", Use::Streaming)],
    }
}

fn reads(on: bool) -> Event {
    Event::Sensor(SensorEvent::Own { on })
}

fn crash() -> Trouble {
    Trouble::WorkerCrashed { signal: Some(11), status: None, last_words: None }
}

/// What the outside world makes of the actions.
#[derive(Debug, Default)]
struct World {
    /// A worker process exists.
    worker: bool,
    /// It was ordered to start; until it is gone, or has let go of a camera whose state the kernel knows.
    sensor: bool,
    /// The source that the settings name.
    source: String,
    /// The camera of the worker that was started last: by its source until it says its name.
    camera: String,
    /// That source.
    camera_source: String,
    /// It gave its first picture.
    has_picture: bool,
    /// It was ordered to stop, or killed.
    ending: bool,
    /// The kernel knows whether this worker's camera streams.
    verifiable: bool,
    /// The worker let go of such a camera, and nobody has asked the kernel yet.
    owes_check: bool,
    /// The kernel was asked and has not said "off".
    checking: bool,
    shown: Option<Status>,
    feeding: bool,
    device: bool,
    kept_out: BTreeMap<Role, Card>,
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
                Action::KeepOut(kept_out) => {
                    assert_ne!(self.kept_out, *kept_out, "the same devices twice");
                    self.kept_out.clone_from(kept_out);
                }
                Action::ShowCard(_) | Action::ShowCamera => assert!(self.device, "picture without a device"),
                Action::Feed(feed) => {
                    assert_ne!(self.feeding, *feed, "the same feed twice");
                    self.feeding = *feed;
                }
                Action::Publish(status) => {
                    assert_ne!(self.shown.as_ref(), Some(&**status), "the same status twice");
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
            Event::Worker(WorkerEvent::Started { camera, .. }) if self.sensor && !self.ending && !self.has_picture => {
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
            | Event::Devices(_)
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
    turned_off: bool,
    /// Somebody said yes about any of them.
    has_said_yes: bool,
    others: Vec<OtherCamera>,
}

impl Bench {
    fn new() -> Self {
        let policy = Policy { rules: vec![(app(9), Rule::Block)], ..Policy::default() };
        Self {
            machine: Machine::new(policy.clone()),
            world: World { source: policy.source.clone(), ..World::default() },
            now: Instant::now(),
            policy,
            asleep: false,
            locked: false,
            turned_off: false,
            has_said_yes: false,
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
            Event::Command(Command::TurnOff) => self.turned_off = self.machine.presence.any_maybe_streaming(),
            Event::Command(Command::Allow { .. } | Command::Resume) | Event::DeviceGone(_) => self.turned_off = false,
            Event::Command(Command::Toggle) => self.turned_off &= self.machine.allowance.pause.is_none(),
            Event::Presence(presences) if self.world.device => {
                self.turned_off &= presences.all().any_maybe_streaming();
            }
            _ => {}
        }
        self.has_said_yes |= matches!(event, Event::Command(Command::Allow { .. }));
        match &event {
            Event::Sleep(asleep) => self.asleep = *asleep,
            Event::Locked(locked) => self.locked = *locked,
            // By hand, over whatever was reported.
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
        if actions.iter().any(|action| matches!(action, Action::Publish(_))) {
            self.verify_offers(&self.machine.status());
        }
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
        self.worker(WorkerEvent::Started { camera: "Test camera".into(), way: None })
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
        assert_eq!(shown, &machine.status(), "every change is published");
        assert!(!world.sensor || shown.camera_live, "sensor on and indicator off");
        assert!(!world.checking || shown.camera_live, "the kernel says on, or nothing, and the indicator is off");
        assert!(!shown.camera_live || world.worker || world.checking, "live shown and nothing is on");
        assert!(!shown.stuck || shown.camera_live && shown.reason.is_some(), "stuck without a reason");
        assert_eq!(shown.others, self.others, "other cameras are shown as they were reported");
        assert!(
            !shown.camera_live || !world.sensor || shown.camera == world.camera,
            "{} is on, not {}",
            world.camera,
            shown.camera
        );
        // Whoever waits for pictures has the camera, or a start, or something that is due, or is shown why not.
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
        // Forbidden means ordered to stop.
        let streams: Vec<_> = machine.presence.clients.iter().filter(|client| client.usage != Use::Open).collect();
        let may_see = |client: &&Client| match self.policy.rule(client) {
            Rule::Allow => true,
            Rule::Ask | Rule::AlwaysAsk => self.has_said_yes,
            Rule::Block => false,
        };
        let unwanted = !streams.is_empty()
            && machine.presences.iter().all(|(_, presence)| {
                let streams: Vec<_> = presence.clients.iter().filter(|client| client.usage != Use::Open).collect();
                streams.is_empty() || !streams.iter().all(may_see)
            });
        let locked = self.locked && self.policy.pause_while_locked;
        let is_off = machine.allowance.pause.is_some() || self.asleep || locked;
        if is_off || !world.device || unwanted || self.turned_off {
            assert!(!world.sensor || world.ending, "the sensor runs although it is not allowed");
        }
        for (role, presence) in machine.presences.iter().filter(|_| world.device && !is_off) {
            let may_not = presence.clients.iter().any(|client| client.usage != Use::Open && !may_see(&client));
            assert!(!may_not || world.kept_out.contains_key(&role), "{role:?} is shown what it may not see");
        }
        let is_asking = shown.clients.iter().any(|client| client.access == Access::Asking);
        assert!(!is_asking || is_off || machine.deadline().is_some(), "an answer is waited for without end");
        assert!(!is_asking || is_off || shown.offer(Verb::AllowOnce).is_some(), "asked without an answer to give");
        assert_eq!(
            world.feeding,
            world.device && !streams.is_empty(),
            "frames flow when somebody streams, and only then"
        );
        for crowd in &shown.crowds {
            assert!(crowd.comer.usage == Use::Open && crowd.user.usage == Use::Streaming, "{crowd:?}");
            let free = machine.devices.iter().find(|device| Some(&device.label) == crowd.free.as_ref());
            let at_free = free.and_then(|device| machine.presences.at(device.role));
            assert!(at_free.is_none_or(|presence| !presence.any_maybe_streaming()), "{crowd:?}");
        }
        // Nobody and nothing pending: no sensor beyond the cooldown.
        if streams.is_empty() && world.sensor && !world.ending {
            let State::Cooldown { until } = machine.state() else { panic!("{:?} without a client", machine.state()) };
            assert!(*until <= self.now + self.policy.cooldown);
        }
        match machine.state() {
            State::Idle | State::NoDevice { .. } | State::Paused | State::Asking { .. } => {}
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

impl Bench {
    /// Whatever the user did has a way back, and what is offered does what it says.
    fn verify_offers(&self, shown: &Status) {
        let is_offered = |verb| shown.offer(verb).is_some();
        assert!(is_offered(Verb::Pause), "{:?}", shown.offers);
        for (state, verb) in [
            (StateName::Paused, Verb::Resume),
            (StateName::Asking, Verb::AllowOnce),
            (StateName::Failed, Verb::TryAgain),
            (StateName::Starting, Verb::TurnOff),
            (StateName::Live, Verb::TurnOff),
        ] {
            assert!(shown.state != state || is_offered(verb), "{state}: {:?}", shown.offers);
        }
        let can_be_allowed = is_offered(Verb::Allow) || is_offered(Verb::AllowOnce);
        assert!(shown.state != StateName::Blocked || can_be_allowed, "{:?}", shown.offers);
        assert!(shown.allowed || is_offered(Verb::Resume), "paused without a way back");
        for offer in &shown.offers {
            let mut machine = self.machine.clone();
            let mut done = |event| drop(machine.step(self.now, event));
            match offer.verb {
                Verb::TurnOff => done(Event::Command(Command::TurnOff)),
                Verb::Allow | Verb::AllowOnce | Verb::AllowAlways | Verb::Block => {
                    let apps = offer.apps();
                    let rule = match offer.verb {
                        Verb::Block => Some(Rule::Block),
                        Verb::AllowOnce => None,
                        _ => Some(Rule::Allow),
                    };
                    done(Event::Command(match offer.verb {
                        Verb::Block => Command::Block { apps: apps.clone() },
                        _ => Command::Allow { apps: apps.clone() },
                    }));
                    if let Some(rule) = rule {
                        let mut policy = self.policy.clone();
                        policy.rules.retain(|(id, _)| !apps.iter().any(|app| app.is(id)));
                        policy.rules.extend(apps.into_iter().map(|app| (app, rule)));
                        done(Event::Policy(policy));
                    }
                }
                Verb::Pause => done(Event::Command(Command::Pause { duration: None })),
                Verb::Resume | Verb::TryAgain => done(Event::Command(Command::Resume)),
            }
            let (goal, after) = (machine.goal(), machine.status());
            match offer.verb {
                Verb::TurnOff => {
                    assert!(shown.camera_live && !shown.stuck, "there is nothing to turn off");
                    assert!(goal != Goal::Stream && after.is_going_off(), "{goal:?}, {after:?}");
                }
                Verb::Allow | Verb::AllowOnce | Verb::AllowAlways | Verb::Block => {
                    let expected = if offer.verb == Verb::Block { Access::Blocked } else { Access::Allowed };
                    let is_meant =
                        |client: &&Client| client.usage != Use::Open && offer.apps().contains(&client.app_ids()[0]);
                    for client in after.clients.iter().filter(is_meant) {
                        assert_eq!(client.access, expected, "{offer:?}: {after:?}");
                    }
                }
                Verb::Pause => assert!(!after.allowed && after.offer(Verb::Resume).is_some()),
                Verb::Resume => assert!(after.allowed && after.offer(Verb::Resume).is_none()),
                Verb::TryAgain => assert!(machine.failures.current.is_none()),
            }
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

/// Live with a camera of which the kernel knows whether it streams.
fn verifiable() -> Bench {
    let mut bench = Bench::live();
    bench.send(Event::Sensor(SensorEvent::Verifiable));
    bench
}
