//! The state machine: what the camera does, given who wants it and what the user allows.
//!
//! Sans-IO: [`Machine::step`] takes the time and one [`Event`] and answers with [`Action`]s to carry out in order;
//! [`Machine::deadline`] says when to send an [`Event::Tick`]. Rules:
//!
//! 1. At most one worker. A new one is spawned only after the old one's [`WorkerEvent::Exited`].
//! 2. The indicator leads: a status with `camera_live` is published before [`Action::StartCamera`], and one without it
//!    only after the worker's process is gone. Until then the state is [`State::Stopping`].
//! 3. Opening the node is a hint (warm worker, camera untouched), streaming is the truth (camera on).
//! 4. Where the kernel knows whether the camera streams, its word counts instead of the end of the process: once the
//!    worker says that it let go, or is gone, the state stays [`State::Stopping`] until the kernel says off. When it does
//!    not within [`VERIFY_TIMEOUT`], the worker is killed if it is still there, and then the user is warned; the indicator
//!    shows "on" as long as that is so.
//! 5. Paused, asleep, locked (where the user wants that) or without device there is no sensor, whatever else happens; a client
//!    that may not have the camera, or about which the user is still asked, does not switch it on and does not see it.
//! 6. A failure is never the client's: cards say why, the worker is started anew with growing waits.
//! 7. A client that waits has [`State::Live`], [`State::Starting`], a deadline, or a stated reason. Every step of a start
//!    and every end has its deadline, whatever the state. A worker that does not die is killed again and said to be there;
//!    the indicator is lit then where the kernel does not confirm that its camera is off.

mod check;
mod cooldown;
mod ending;
mod notes;
mod offers;
mod permission;
mod show;
mod start;
mod waiting;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::app::Access;
use super::event::{Action, Card, Event};
use super::mode::Mode;
use super::policy::Policy;
use super::presence::{Presence, Presences, Role};
use super::restart::Restart;
use super::sandbox::Sandbox;
use super::source::Way;
use super::status::{Device, OtherCamera, StateName, Status};
use super::trouble::{Trouble, TroubleKind};
use check::Check;
use ending::CameraEnding;
pub use permission::ANSWER_LIMIT;
use permission::{Permissions, streaming};
use start::Start;
use waiting::Waiting;

/// How long the camera may give no frame while live.
pub const FRAME_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a worker that is warm waits for a stream.
pub const WARM_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the end of a worker may take before it is killed (again).
pub const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// How long after its worker's last word the kernel may say that the camera still streams.
pub const VERIFY_TIMEOUT: Duration = Duration::from_secs(1);

/// Where we are. Each state owns its data.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// No output node.
    NoDevice {
        /// Why.
        reason: Trouble,
    },
    /// Nobody streams.
    Idle,
    /// A client streams or may be streaming; the activation delay runs, or an old worker is still ending.
    Pending {
        /// When it was first seen.
        since: Instant,
    },
    /// The worker was ordered to start; no frame yet. The sensor counts as on.
    Starting {
        /// When its next step has to be done.
        until: Instant,
    },
    /// Frames arrive.
    Live {
        /// When to look whether frames still arrive.
        stale_at: Instant,
    },
    /// Nobody streams; the camera stays on for a while.
    Cooldown {
        /// When it goes off.
        until: Instant,
    },
    /// The worker was ordered to stop, or killed, and is not gone, or the kernel does not confirm yet that its camera is off:
    /// the sensor counts as on.
    Stopping,
    /// The user paused, or the computer sleeps.
    Paused,
    /// A client streams about which the user is asked.
    Asking {
        /// The program, as people know it.
        client: String,
    },
    /// A client streams that may not have the camera.
    Blocked {
        /// The program, as people know it.
        client: String,
    },
    /// It failed; clients see a card.
    Failed {
        /// Why.
        reason: Trouble,
        /// When to try again by itself.
        retry_at: Option<Instant>,
    },
}

impl State {
    /// The public name.
    pub fn name(&self) -> StateName {
        match self {
            State::NoDevice { .. } => StateName::NoDevice,
            State::Idle => StateName::Idle,
            State::Pending { .. } => StateName::Pending,
            State::Starting { .. } => StateName::Starting,
            State::Live { .. } => StateName::Live,
            State::Cooldown { .. } | State::Stopping => StateName::Cooldown,
            State::Paused => StateName::Paused,
            State::Asking { .. } => StateName::Asking,
            State::Blocked { .. } => StateName::Blocked,
            State::Failed { .. } => StateName::Failed,
        }
    }

    fn pending_since(&self) -> Option<Instant> {
        if let State::Pending { since } = self { Some(*since) } else { None }
    }

    fn stale_at(&self) -> Option<Instant> {
        if let State::Live { stale_at } = self { Some(*stale_at) } else { None }
    }

    fn cooldown_until(&self) -> Option<Instant> {
        if let State::Cooldown { until } = self { Some(*until) } else { None }
    }
}

/// The one worker process, as far as it was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worker {
    /// There is none.
    None,
    /// It is up, or coming up, and has no order to start.
    Warm { start: Start },
    /// It was ordered to start at `since`; `first_frame` when that arrived.
    On { since: Instant, start: Start, first_frame: Option<Instant> },
    /// It was ordered to stop, or killed.
    CameraEnding(CameraEnding),
}

/// What the facts ask for, whatever the present state is.
#[derive(Debug, Clone, PartialEq)]
enum Goal {
    /// No camera, in the state that says why.
    Off(State),
    /// A client streams or may be streaming.
    Stream,
    /// At most opened.
    Quiet,
}

/// What keeps the camera off, whoever streams.
#[derive(Debug, Clone, Default)]
struct Allowance {
    pause: Option<Pause>,
    asleep: bool,
    locked: bool,
    /// Turned off by hand, until nobody streams.
    turned_off: bool,
}

/// What failed, and when to try again.
#[derive(Debug, Clone, Default)]
struct Failures {
    /// What keeps the camera off while clients stream.
    current: Option<StandingFailure>,
    /// For people; kept until the camera works again.
    last: Option<Trouble>,
    restart: Restart,
    /// The camera came while a worker was being started that may have looked for it too early.
    came_late: bool,
}

/// What clients see.
#[derive(Debug, Clone, Default)]
struct Shown {
    card: Option<Card>,
    kept_out: BTreeMap<Role, Card>,
    camera: bool,
    feeding: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pause {
    until: Option<Instant>,
}

#[derive(Debug, Clone, PartialEq)]
struct StandingFailure {
    reason: Trouble,
    retry_at: Option<Instant>,
    /// Given up: a camera that comes is not started before this.
    rests_until: Option<Instant>,
}

/// The camera of the newest worker.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    /// The source as it was configured then.
    source: String,
    /// What the worker called it, once it has.
    name: Option<String>,
}

/// The machine. See the module's rules.
#[derive(Debug, Clone)]
pub struct Machine {
    policy: Policy,
    state: State,
    worker: Worker,
    /// Who is at any of our devices, and at each.
    presence: Presence,
    presences: Presences,
    /// Why there is no output; `None` when it is ready.
    no_device: Option<Trouble>,
    /// The devices that are asked for. Changes nothing but the status.
    devices: Vec<Device>,
    /// Who waits at them, as it seems.
    waiting: Waiting,
    allowance: Allowance,
    permissions: Permissions,
    failures: Failures,
    /// This set of clients had its warm worker.
    warmed: bool,
    camera: Option<Named>,
    /// The kernel knows whether the present worker's camera streams.
    verifiable: bool,
    /// The last worker's camera, while the kernel has not yet said that it is off.
    check: Option<Check>,
    others: Vec<OtherCamera>,
    mode: Option<Mode>,
    /// How the present or last worker reads it.
    way: Option<Way>,
    /// What the present or last worker has given up.
    sandbox: Option<Sandbox>,
    shown: Shown,
    published: Option<Status>,
}

impl Machine {
    /// A machine without a device; nothing is published yet.
    pub fn new(policy: Policy) -> Self {
        let reason = Trouble::DeviceSought;
        Self {
            policy,
            state: State::NoDevice { reason: reason.clone() },
            worker: Worker::None,
            presence: Presence::default(),
            presences: Presences::default(),
            no_device: Some(reason),
            devices: Vec::new(),
            waiting: Waiting::default(),
            allowance: Allowance::default(),
            permissions: Permissions::default(),
            failures: Failures::default(),
            warmed: false,
            camera: None,
            verifiable: false,
            check: None,
            others: Vec::new(),
            mode: None,
            way: None,
            sandbox: None,
            shown: Shown::default(),
            published: None,
        }
    }

    /// The present state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether the sensor is or may be on.
    pub fn camera_live(&self) -> bool {
        self.live_since().is_some()
    }

    /// Takes one event and answers with what to do, in order.
    pub fn step(&mut self, now: Instant, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        self.note(now, event, &mut actions);
        self.ask(now);
        self.look_who_waits(now);
        self.settle(now, &mut actions);
        self.show(&mut actions);
        let status = self.status();
        if self.published.as_ref() != Some(&status) {
            self.published = Some(status.clone());
            // First of all: the indicator leads the sensor.
            actions.insert(0, Action::Publish(Box::new(status)));
        }
        actions
    }

    /// When to send a [`Event::Tick`].
    pub fn deadline(&self) -> Option<Instant> {
        let state = match &self.state {
            State::Pending { since } => self.pending_until(*since),
            State::Starting { until } | State::Cooldown { until } => Some(*until),
            State::Live { stale_at } => Some(*stale_at),
            State::Failed { retry_at, .. } => *retry_at,
            State::NoDevice { .. } | State::Idle | State::Stopping | State::Paused => None,
            // The answer has it.
            State::Asking { .. } | State::Blocked { .. } => None,
        };
        let worker = match (&self.state, &self.worker) {
            // Elsewhere a worker that is warm is about to be used.
            (state, Worker::Warm { start }) => (*state == State::Idle || !start.is_loaded()).then_some(start.due),
            (_, Worker::CameraEnding(ending)) => Some(ending.deadline()),
            // The state has it.
            (_, Worker::None | Worker::On { .. }) => None,
        };
        let check = self.check.as_ref().and_then(Check::deadline);
        let pause = self.allowance.pause.and_then(|pause| pause.until);
        let waiting = self.waiting.deadline();
        [state, worker, check, pause, waiting, self.permissions.deadline()].into_iter().flatten().min()
    }

    fn goal(&self) -> Goal {
        if let Some(reason) = &self.no_device {
            return Goal::Off(State::NoDevice { reason: reason.clone() });
        }
        if self.pauses() {
            return Goal::Off(State::Paused);
        }
        if !self.presence.any_maybe_streaming() {
            return Goal::Quiet;
        }
        if Self::is_wanted(&self.presences, |client| self.access(client)) {
            return Goal::Stream;
        }
        // Whoever may have it beside others who may not is not why it is off.
        let kept_out = |is: fn(Access) -> bool| streaming(&self.presence).find(|client| is(self.access(client)));
        let asked = kept_out(|access| access == Access::Asking);
        match asked.or_else(|| kept_out(|access| access != Access::Allowed)) {
            Some(client) if asked.is_some() => Goal::Off(State::Asking { client: client.name.clone() }),
            Some(client) => Goal::Off(State::Blocked { client: client.name.clone() }),
            None => Goal::Quiet,
        }
    }

    /// Whether there is no camera for anybody, by the user's word or the session's.
    fn pauses(&self) -> bool {
        let Allowance { pause, asleep, locked, turned_off: _ } = self.allowance;
        pause.is_some() || asleep || (locked && self.policy.pause_while_locked)
    }

    /// Moves on until state, worker and goal agree.
    fn settle(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if let Worker::Warm { start } = self.worker
            && !start.is_loaded()
            && start.due <= now
        {
            self.fail(now, start.overdue(), actions);
        }
        self.enforce_end(now, actions);
        self.enforce_off(now, actions);
        match self.goal() {
            Goal::Off(state) => {
                self.end_worker(now, Action::StopWorker, actions);
                if !self.await_stop() {
                    self.state = state;
                }
            }
            Goal::Quiet => self.settle_quiet(now, actions),
            Goal::Stream => self.settle_stream(now, actions),
        }
    }

    /// Whether the sensor's stop is still to be waited for; then the state says so.
    fn await_stop(&mut self) -> bool {
        let may_be_on = match &self.worker {
            Worker::CameraEnding(ending) => ending.live_since().is_some(),
            Worker::None | Worker::Warm { .. } | Worker::On { .. } => false,
        };
        let awaits = may_be_on || self.check.is_some();
        if awaits {
            self.state = State::Stopping;
        }
        awaits
    }

    fn settle_stream(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if self.await_stop() {
            return;
        }
        match self.worker {
            Worker::On { start, first_frame, .. } => {
                // A client that came back within the cooldown finds it live.
                let stale_at = self.state.stale_at().unwrap_or(now + FRAME_TIMEOUT);
                let hang = match first_frame {
                    None => (start.due <= now).then(|| start.overdue()),
                    Some(_) => (stale_at <= now).then_some(Trouble::NoMorePictures),
                };
                self.state = match first_frame {
                    None => State::Starting { until: start.due },
                    Some(_) => State::Live { stale_at },
                };
                if let Some(reason) = hang {
                    self.fail(now, reason, actions);
                    self.state = State::Stopping;
                }
                return;
            }
            Worker::CameraEnding(ending) => {
                if let Some(reason) = ending.trouble() {
                    self.state = State::Failed { reason, retry_at: None };
                    return;
                }
            }
            Worker::None | Worker::Warm { .. } => {}
        }
        if let Some(failure) = &self.failures.current {
            if failure.retry_at.is_none_or(|at| at > now) {
                self.state = State::Failed { reason: failure.reason.clone(), retry_at: failure.retry_at };
                return;
            }
            self.begin(now, now, actions);
            return;
        }
        let since = self.state.pending_since().unwrap_or(now);
        if self.pending_until(since).is_some_and(|until| until > now) {
            if self.worker == Worker::None && !self.warmed {
                self.spawn_warm(now, actions);
            }
            self.state = State::Pending { since };
            return;
        }
        self.begin(now, since, actions);
    }

    /// Switches the camera on, or waits in [`State::Pending`] until the old worker is gone.
    fn begin(&mut self, now: Instant, since: Instant, actions: &mut Vec<Action>) {
        let patience = self.failures.restart.patience();
        let start = match self.worker {
            Worker::CameraEnding(_) | Worker::On { .. } => {
                self.state = State::Pending { since };
                return;
            }
            Worker::None => {
                actions.push(Action::SpawnWorker);
                Start::new(now, patience)
            }
            Worker::Warm { mut start } => {
                start.begin(now, patience);
                start
            }
        };
        self.failures.current = None;
        self.failures.came_late = false;
        (self.mode, self.way) = (None, None);
        self.warmed = true;
        self.verifiable = false;
        if self.camera.as_ref().is_none_or(|camera| camera.source != self.policy.source) {
            self.camera = Some(Named { source: self.policy.source.clone(), name: None });
        }
        self.worker = Worker::On { since: now, start, first_frame: None };
        self.state = State::Starting { until: start.due };
        actions.push(Action::StartCamera);
    }

    fn spawn_warm(&mut self, now: Instant, actions: &mut Vec<Action>) {
        self.warmed = true;
        self.worker = Worker::Warm { start: Start::new(now, self.failures.restart.patience()) };
        actions.push(Action::SpawnWorker);
    }

    /// When the activation delay of a client first seen at `since` is over; `None` while an old worker is ending,
    /// whose end is an event.
    fn pending_until(&self, since: Instant) -> Option<Instant> {
        let delay = self.policy.activation_delay.unwrap_or(if self.presence.any_streaming() {
            Duration::ZERO
        } else {
            Policy::BLIND_DELAY
        });
        match self.worker {
            Worker::CameraEnding(_) => None,
            Worker::None | Worker::Warm { .. } | Worker::On { .. } => since.checked_add(delay),
        }
    }

    fn live_since(&self) -> Option<Instant> {
        let worker = match &self.worker {
            Worker::On { since, .. } => Some(*since),
            Worker::CameraEnding(ending) => ending.live_since(),
            Worker::None | Worker::Warm { .. } => None,
        };
        worker.or_else(|| self.check.as_ref().map(Check::since))
    }

    /// The camera that is on; else the one that would be, by the name that it had when it was on last.
    fn camera_name(&self) -> String {
        let known = self.camera.as_ref().filter(|camera| self.camera_live() || camera.source == self.policy.source);
        match known {
            Some(Named { name: Some(name), .. }) => name.clone(),
            Some(Named { source, name: None }) => source.clone(),
            None => self.policy.source.clone(),
        }
    }
}

/// Whether a camera that comes can mend it.
fn is_absence(reason: &Trouble) -> bool {
    matches!(reason.kind(), TroubleKind::Missing | TroubleKind::Permission)
}

#[cfg(test)]
mod tests;
