//! The state machine: what the camera does, given who wants it and what the user allows.
//!
//! Sans-IO: [`Machine::step`] takes the time and one [`Event`] and answers with [`Action`]s to carry out in order;
//! [`Machine::deadline`] says when to send an [`Event::Tick`]. Rules:
//!
//! 1. At most one worker. A new one is spawned only after the old one's [`WorkerEvent::Exited`].
//! 2. The indicator leads: a status with `camera_live` is published before [`Action::StartCamera`], and one without it
//!    only after the worker confirmed the stop or is gone. Until then the state is [`State::Stopping`].
//! 3. Opening the node is a hint (warm worker, camera untouched), streaming is the truth (camera on).
//! 4. Where the kernel tells whether the camera streams, its word counts as well: after the stop the state stays
//!    [`State::Stopping`] until it says off. When it does not within [`VERIFY_TIMEOUT`], the worker is killed if it is
//!    still there, and then the user is told; the indicator shows "on" as long as that is so.
//! 5. Paused, blocked, asleep, locked (where the user wants that) or without device there is no sensor, whatever else happens.
//! 6. A failure is never the client's: cards say why, the worker is started anew with growing waits.

mod check;
mod notes;
mod show;

use std::time::{Duration, Instant};

use super::event::{Action, Card, Event};
use super::mode::Mode;
use super::policy::Policy;
use super::presence::{Presence, Use};
use super::restart::Restart;
use super::status::{OtherCamera, Reason, ReasonKind, StateName, Status};
use crate::i18n::tr;
use check::Check;

/// How long a start may take until the first frame.
pub const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the camera may give no frame while live.
pub const FRAME_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a warm worker waits for a stream.
pub const WARM_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a stop may take before the worker is killed (again).
pub const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// How long after its worker's last word the kernel may say that the camera still streams.
pub const VERIFY_TIMEOUT: Duration = Duration::from_secs(1);

/// Where we are. Each state owns its data.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// No output node.
    NoDevice {
        /// Why.
        reason: Reason,
    },
    /// Nobody streams.
    Idle,
    /// A client streams or may be streaming; the activation delay runs, or an old worker is still ending.
    Pending {
        /// When it was first seen.
        since: Instant,
    },
    /// The worker was told to start; no frame yet. The sensor counts as on.
    Starting {
        /// When to give up.
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
    /// The worker was told to stop or killed and has not confirmed it, or the kernel does not confirm it yet: the sensor
    /// counts as on.
    Stopping {
        /// When to kill it (again).
        until: Instant,
    },
    /// The user paused, or the computer sleeps.
    Paused,
    /// A client streams that may not have the camera.
    Blocked {
        /// Its name.
        client: String,
    },
    /// It failed; clients see a card.
    Failed {
        /// Why.
        reason: Reason,
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
            State::Cooldown { .. } | State::Stopping { .. } => StateName::Cooldown,
            State::Paused => StateName::Paused,
            State::Blocked { .. } => StateName::Blocked,
            State::Failed { .. } => StateName::Failed,
        }
    }
}

/// The one worker process, as far as we were told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worker {
    /// There is none.
    None,
    /// It is up and has not been told to start.
    Warm {
        /// When it goes, unused.
        until: Instant,
    },
    /// It was told to start at `since`; `first_frame` when that arrived.
    On { since: Instant, first_frame: Option<Instant> },
    /// It was told to stop or killed. `sensor_since`: the sensor may still be on, since then.
    Ending { sensor_since: Option<Instant> },
}

/// What the facts ask for, whatever the present state is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Goal {
    NoDevice(Reason),
    Paused,
    Blocked(String),
    /// A client streams or may be streaming.
    Stream,
    /// At most opened.
    Quiet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pause {
    until: Option<Instant>,
}

#[derive(Debug, Clone, PartialEq)]
struct Failure {
    reason: Reason,
    retry_at: Option<Instant>,
}

/// The machine. See the module's rules.
#[derive(Debug, Clone)]
pub struct Machine {
    policy: Policy,
    state: State,
    worker: Worker,
    presence: Presence,
    /// Why there is no output; `None` when it is ready.
    no_device: Option<Reason>,
    /// Why there is no second output, where one is wanted. Changes nothing but the status.
    no_second_device: Option<Reason>,
    pause: Option<Pause>,
    asleep: bool,
    locked: bool,
    /// "Turn off now" holds until nobody streams.
    turned_off: bool,
    /// The failure that keeps the camera off while clients stream.
    failure: Option<Failure>,
    /// The last failure, for people; kept until the camera works again.
    last_failure: Option<Reason>,
    restart: Restart,
    /// The camera came while a worker was being started that may have looked for it too early.
    came_late: bool,
    /// This set of clients had its warm worker.
    warmed: bool,
    camera: Option<String>,
    /// The kernel tells whether the present worker's camera streams.
    verifiable: bool,
    /// The last worker's camera, while the kernel has not yet said that it is off.
    check: Option<Check>,
    /// The camera cannot be switched off; the last failure says why.
    stuck: bool,
    others: Vec<OtherCamera>,
    mode: Option<Mode>,
    card: Option<Card>,
    camera_shown: bool,
    feeding: bool,
    published: Option<Status>,
}

impl Machine {
    /// A machine without a device, told to nobody yet.
    pub fn new(policy: Policy) -> Self {
        let reason = Reason::new(ReasonKind::Device, tr("The camera device is being looked for."));
        Self {
            policy,
            state: State::NoDevice { reason: reason.clone() },
            worker: Worker::None,
            presence: Presence::default(),
            no_device: Some(reason),
            no_second_device: None,
            pause: None,
            asleep: false,
            locked: false,
            turned_off: false,
            failure: None,
            last_failure: None,
            restart: Restart::default(),
            came_late: false,
            warmed: false,
            camera: None,
            verifiable: false,
            check: None,
            stuck: false,
            others: Vec::new(),
            mode: None,
            card: None,
            camera_shown: false,
            feeding: false,
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
            // Nothing is left to try once the worker is gone: the kernel's word is an event.
            State::Stopping { until } => (!self.stuck || self.worker != Worker::None).then_some(*until),
            State::Live { stale_at } => Some(*stale_at),
            State::Failed { retry_at, .. } => *retry_at,
            State::NoDevice { .. } | State::Idle | State::Paused | State::Blocked { .. } => None,
        };
        // Elsewhere a warm worker is about to be used, or already ending.
        let warm = match (&self.state, self.worker) {
            (State::Idle, Worker::Warm { until }) => Some(until),
            (_, Worker::None | Worker::Warm { .. } | Worker::On { .. } | Worker::Ending { .. }) => None,
        };
        let pause = self.pause.and_then(|pause| pause.until);
        [state, warm, pause].into_iter().flatten().min()
    }

    /// Ends the worker, if there is one to end. `how`: [`Action::StopWorker`] or [`Action::KillWorker`].
    fn end_worker(&mut self, now: Instant, how: Action, actions: &mut Vec<Action>) {
        match self.worker {
            Worker::None | Worker::Ending { .. } => {}
            Worker::Warm { .. } => {
                self.worker = Worker::Ending { sensor_since: None };
                actions.push(how);
            }
            Worker::On { since, .. } => {
                self.worker = Worker::Ending { sensor_since: Some(since) };
                self.state = State::Stopping { until: now + STOP_TIMEOUT };
                actions.push(how);
            }
        }
    }

    fn goal(&self) -> Goal {
        if let Some(reason) = &self.no_device {
            return Goal::NoDevice(reason.clone());
        }
        if self.pause.is_some() || self.asleep || (self.locked && self.policy.pause_while_locked) {
            return Goal::Paused;
        }
        let mut streaming = self.presence.clients.iter().filter(|client| client.usage != Use::Open).peekable();
        let Some(first) = streaming.peek().map(|client| client.name.clone()) else { return Goal::Quiet };
        if self.turned_off {
            return Goal::Blocked(first);
        }
        match streaming.find(|client| self.policy.is_blocked(&client.name)) {
            Some(blocked) => Goal::Blocked(blocked.name.clone()),
            None => Goal::Stream,
        }
    }

    /// Moves on until state, worker and goal agree.
    fn settle(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let goal = self.goal();
        match goal {
            Goal::NoDevice(_) | Goal::Paused | Goal::Blocked(_) => {
                self.end_worker(now, Action::StopWorker, actions);
                if self.await_stop(now, actions) {
                    return;
                }
                self.state = match goal {
                    Goal::NoDevice(reason) => State::NoDevice { reason },
                    Goal::Blocked(client) => State::Blocked { client },
                    Goal::Paused | Goal::Stream | Goal::Quiet => State::Paused,
                };
            }
            Goal::Quiet => self.settle_quiet(now, actions),
            Goal::Stream => self.settle_stream(now, actions),
        }
    }

    /// Whether the sensor's stop is still to be waited for; then the state says so.
    fn await_stop(&mut self, now: Instant, actions: &mut Vec<Action>) -> bool {
        match self.worker {
            Worker::Ending { sensor_since: Some(_) } => {}
            Worker::None | Worker::Warm { .. } | Worker::On { .. } | Worker::Ending { .. } => {
                return self.await_off(now, actions);
            }
        }
        match self.state {
            State::Stopping { until } if until > now => return true,
            State::Stopping { .. } => {
                self.last_failure = Some(Reason::new(
                    ReasonKind::Hang,
                    tr(
                        "The camera process does not end, so the camera may still be on: unplug the camera or restart the computer.",
                    ),
                ));
                self.stuck = true;
                actions.push(Action::KillWorker);
            }
            State::NoDevice { .. }
            | State::Idle
            | State::Pending { .. }
            | State::Starting { .. }
            | State::Live { .. }
            | State::Cooldown { .. }
            | State::Paused
            | State::Blocked { .. }
            | State::Failed { .. } => {}
        }
        self.state = State::Stopping { until: now + STOP_TIMEOUT };
        true
    }

    fn settle_quiet(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if self.await_stop(now, actions) {
            return;
        }
        match self.worker {
            Worker::On { .. } => {
                let until = match self.state {
                    State::Cooldown { until } => until,
                    State::NoDevice { .. }
                    | State::Idle
                    | State::Pending { .. }
                    | State::Starting { .. }
                    | State::Live { .. }
                    | State::Stopping { .. }
                    | State::Paused
                    | State::Blocked { .. }
                    | State::Failed { .. } => now + self.policy.cooldown,
                };
                if until <= now {
                    self.end_worker(now, Action::StopWorker, actions);
                } else {
                    self.state = State::Cooldown { until };
                }
                return;
            }
            Worker::Warm { until } => {
                if until <= now {
                    self.end_worker(now, Action::StopWorker, actions);
                }
            }
            Worker::None => {
                if !self.presence.is_empty() && !self.warmed {
                    self.spawn_warm(now, actions);
                }
            }
            Worker::Ending { .. } => {}
        }
        self.state = State::Idle;
        // Nobody is kept waiting: the next client gets a fresh start.
        self.forget_failure();
    }

    fn settle_stream(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if self.await_stop(now, actions) {
            return;
        }
        match self.worker {
            Worker::On { since, first_frame } => {
                let state = match &self.state {
                    State::Starting { .. } | State::Live { .. } => self.state.clone(),
                    // A client came back within the cooldown.
                    State::NoDevice { .. }
                    | State::Idle
                    | State::Pending { .. }
                    | State::Cooldown { .. }
                    | State::Stopping { .. }
                    | State::Paused
                    | State::Blocked { .. }
                    | State::Failed { .. } => match first_frame {
                        Some(_) => State::Live { stale_at: now + FRAME_TIMEOUT },
                        None => State::Starting { until: since + START_TIMEOUT },
                    },
                };
                let hang = match &state {
                    State::Starting { until } if *until <= now => Some(tr(
                        "The camera gave no picture within 10 seconds: check its cable or driver; trying again.",
                    )),
                    State::Live { stale_at } if *stale_at <= now => {
                        Some(tr("The camera stopped giving pictures; starting it again."))
                    }
                    State::NoDevice { .. }
                    | State::Idle
                    | State::Pending { .. }
                    | State::Starting { .. }
                    | State::Live { .. }
                    | State::Cooldown { .. }
                    | State::Stopping { .. }
                    | State::Paused
                    | State::Blocked { .. }
                    | State::Failed { .. } => None,
                };
                self.state = state;
                if let Some(text) = hang {
                    self.fail(now, Reason::new(ReasonKind::Hang, text), actions);
                }
                return;
            }
            Worker::None | Worker::Warm { .. } | Worker::Ending { .. } => {}
        }
        if let Some(failure) = &self.failure {
            if failure.retry_at.is_none_or(|at| at > now) {
                self.state = State::Failed { reason: failure.reason.clone(), retry_at: failure.retry_at };
                return;
            }
            self.begin(now, now, actions);
            return;
        }
        let since = match self.state {
            State::Pending { since } => since,
            State::NoDevice { .. }
            | State::Idle
            | State::Starting { .. }
            | State::Live { .. }
            | State::Cooldown { .. }
            | State::Stopping { .. }
            | State::Paused
            | State::Blocked { .. }
            | State::Failed { .. } => now,
        };
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
        match self.worker {
            Worker::Ending { .. } | Worker::On { .. } => {
                self.state = State::Pending { since };
                return;
            }
            Worker::None => actions.push(Action::SpawnWorker),
            Worker::Warm { .. } => {}
        }
        self.failure = None;
        self.came_late = false;
        self.mode = None;
        self.warmed = true;
        self.verifiable = false;
        self.worker = Worker::On { since: now, first_frame: None };
        self.state = State::Starting { until: now + START_TIMEOUT };
        actions.push(Action::StartCamera);
    }

    fn spawn_warm(&mut self, now: Instant, actions: &mut Vec<Action>) {
        self.warmed = true;
        self.worker = Worker::Warm { until: now + WARM_TIMEOUT };
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
            Worker::Ending { .. } => None,
            Worker::None | Worker::Warm { .. } | Worker::On { .. } => since.checked_add(delay),
        }
    }

    fn live_since(&self) -> Option<Instant> {
        match self.worker {
            Worker::On { since, .. } => Some(since),
            Worker::Ending { sensor_since } => sensor_since,
            Worker::None | Worker::Warm { .. } => None,
        }
        .or_else(|| self.check.as_ref().map(Check::since))
    }
}

/// Whether a camera that comes can mend it.
fn is_absence(reason: &Reason) -> bool {
    matches!(reason.kind, ReasonKind::Missing | ReasonKind::Permission)
}

#[cfg(test)]
mod tests;
