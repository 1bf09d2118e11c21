//! The state machine: what the camera does, given who wants it and what the user allows.
//!
//! Sans-IO: [`Machine::step`] takes the time and one [`Event`] and answers with [`Action`]s to carry out in order;
//! [`Machine::deadline`] says when to send an [`Event::Tick`]. Rules:
//!
//! 1. At most one worker. A new one is spawned only after the old one's [`WorkerEvent::Exited`].
//! 2. The indicator leads: a status with `camera_live` is published before [`Action::StartCamera`], and one without it
//!    only after the worker confirmed the stop or is gone. Until then the state is [`State::Stopping`].
//! 3. Opening the node is a hint (warm worker, camera untouched), streaming is the truth (camera on).
//! 4. Paused, blocked, asleep, locked (where the user wants that) or without device there is no sensor, whatever else happens.
//! 5. A failure is never the client's: cards say why, the worker is started anew with growing waits.

use std::time::{Duration, Instant};

use super::event::{Action, Card, Command, Event, WorkerEvent};
use super::policy::Policy;
use super::presence::{Presence, Use};
use super::restart::{self, Restart};
use super::status::{Reason, ReasonKind, StateName, Status};
use crate::i18n::{tr, trf};

/// How long a start may take until the first frame.
pub const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the camera may give no frame while live.
pub const FRAME_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a warm worker waits for a stream.
pub const WARM_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a stop may take before the worker is killed (again).
pub const STOP_TIMEOUT: Duration = Duration::from_secs(5);

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
    /// The worker was told to stop or killed and has not confirmed it: the sensor counts as on.
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
            State::Starting { until } | State::Cooldown { until } | State::Stopping { until } => Some(*until),
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

    /// The snapshot for the outside.
    pub fn status(&self) -> Status {
        let reason = match &self.state {
            State::NoDevice { reason } | State::Failed { reason, .. } => Some(reason.clone()),
            State::Blocked { client } => Some(Reason::new(ReasonKind::Other, self.blocked_text(client))),
            State::Paused if self.pause.is_none() => {
                let text =
                    if self.asleep { tr("The computer is going to sleep.") } else { tr("The session is locked.") };
                Some(Reason::new(ReasonKind::Other, text))
            }
            State::Idle
            | State::Pending { .. }
            | State::Starting { .. }
            | State::Live { .. }
            | State::Cooldown { .. }
            | State::Stopping { .. }
            | State::Paused => self.last_failure.clone(),
        };
        let until = match &self.state {
            State::Paused => self.pause.and_then(|pause| pause.until),
            State::Pending { since } => self.pending_until(*since),
            State::Cooldown { until } => Some(*until),
            State::Failed { retry_at, .. } => *retry_at,
            State::NoDevice { .. }
            | State::Idle
            | State::Starting { .. }
            | State::Live { .. }
            | State::Stopping { .. }
            | State::Blocked { .. } => None,
        };
        Status {
            state: self.state.name(),
            camera_live: self.camera_live(),
            live_since: self.live_since(),
            clients: self.presence.clients.clone(),
            camera: self.camera.clone().unwrap_or_else(|| self.policy.source.clone()),
            reason,
            until,
            allowed: self.pause.is_none(),
            attempt: match self.state {
                State::Starting { .. } | State::Failed { .. } => self.restart.attempt(),
                State::NoDevice { .. }
                | State::Idle
                | State::Pending { .. }
                | State::Live { .. }
                | State::Cooldown { .. }
                | State::Stopping { .. }
                | State::Paused
                | State::Blocked { .. } => 0,
            },
            second_device: self.no_second_device.clone(),
        }
    }

    /// Takes the event into the facts; decides nothing but the worker's fate.
    fn note(&mut self, now: Instant, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::DeviceReady => {
                self.no_device = None;
                // A new node shows nothing and feeds nobody yet.
                self.card = None;
                self.camera_shown = false;
                self.feeding = false;
            }
            Event::DeviceGone(reason) => {
                self.no_device = Some(reason);
                self.presence = Presence::default();
                self.turned_off = false;
            }
            Event::SecondDevice(trouble) => self.no_second_device = trouble,
            Event::Presence(presence) => self.note_presence(presence),
            Event::Worker(event) => self.note_worker(now, event, actions),
            Event::Command(command) => self.note_command(now, command),
            Event::Sleep(asleep) => self.asleep = asleep,
            Event::Locked(locked) => self.locked = locked,
            Event::Policy(policy) => {
                if policy.source != self.policy.source || policy.orientation != self.policy.orientation {
                    self.end_worker(now, Action::StopWorker, actions);
                    self.camera = None;
                    self.warmed = false;
                    self.forget_failure();
                }
                self.policy = policy;
                // A shorter cooldown holds at once.
                if let State::Cooldown { until } = &mut self.state {
                    *until = (*until).min(now + self.policy.cooldown);
                }
            }
            Event::CameraCame => self.note_camera(now),
            Event::Tick => {}
        }
        if self.pause.is_some_and(|pause| pause.until.is_some_and(|until| until <= now)) {
            self.pause = None;
        }
    }

    fn note_presence(&mut self, presence: Presence) {
        if self.no_device.is_some() {
            return;
        }
        let is_new = |of: &Presence, usage: fn(Use) -> bool| {
            presence.clients.iter().any(|client| {
                usage(client.usage) && !of.clients.iter().any(|old| old.pid == client.pid && usage(old.usage))
            })
        };
        if is_new(&self.presence, |_| true) || presence.is_empty() {
            self.warmed = false;
        }
        let new_stream = is_new(&self.presence, |usage| usage != Use::Open);
        self.presence = presence;
        if !self.presence.any_maybe_streaming() {
            self.turned_off = false;
            self.forget_failure();
        } else if new_stream && self.failure.as_ref().is_some_and(|failure| failure.retry_at.is_none()) {
            self.forget_failure();
        }
    }

    /// What failed for want of the camera is tried again at once, given up or not. The count goes on: a camera that
    /// leaves at every start, and comes back, is not started for ever.
    fn note_camera(&mut self, now: Instant) {
        self.came_late = matches!(self.worker, Worker::On { first_frame: None, .. });
        if let Some(failure) = &mut self.failure
            && is_absence(&failure.reason)
        {
            failure.retry_at = Some(now);
        }
    }

    fn note_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Pause { duration } => {
                self.pause = Some(Pause { until: duration.and_then(|duration| now.checked_add(duration)) });
            }
            Command::Resume => self.resume(),
            Command::Toggle if self.pause.is_some() => self.resume(),
            Command::Toggle => self.pause = Some(Pause { until: None }),
            Command::TurnOff => {
                self.turned_off = self.presence.any_maybe_streaming();
                if let State::Cooldown { until } = &mut self.state {
                    *until = now;
                }
            }
        }
    }

    fn resume(&mut self) {
        self.pause = None;
        self.turned_off = false;
        self.forget_failure();
    }

    fn note_worker(&mut self, now: Instant, event: WorkerEvent, actions: &mut Vec<Action>) {
        match (self.worker, event) {
            // The start timeout covers loading as well, so being warm changes nothing.
            (_, WorkerEvent::Warm) => {}
            (Worker::On { since, first_frame: None }, WorkerEvent::Started { camera }) => {
                self.worker = Worker::On { since, first_frame: Some(now) };
                self.camera = Some(camera);
                self.last_failure = None;
                if let State::Starting { .. } = self.state {
                    self.state = State::Live { stale_at: now + FRAME_TIMEOUT };
                }
            }
            (
                Worker::None | Worker::Warm { .. } | Worker::On { .. } | Worker::Ending { .. },
                WorkerEvent::Started { .. },
            ) => {}
            (_, WorkerEvent::Frames { last }) => {
                if let State::Live { stale_at } = &mut self.state {
                    *stale_at = (*stale_at).max(last + FRAME_TIMEOUT);
                }
            }
            (Worker::Ending { .. }, WorkerEvent::Stopped) => self.worker = Worker::Ending { sensor_since: None },
            (Worker::On { .. }, WorkerEvent::Stopped) => {
                let reason = Reason::new(ReasonKind::Other, tr("The camera's stream ended by itself; trying again."));
                self.fail(now, reason, actions);
                self.worker = Worker::Ending { sensor_since: None };
            }
            (Worker::None | Worker::Warm { .. }, WorkerEvent::Stopped) => {}
            (Worker::Warm { .. } | Worker::On { .. }, WorkerEvent::Failed(reason)) => self.fail(now, reason, actions),
            (Worker::None | Worker::Ending { .. }, WorkerEvent::Failed(_)) => {}
            (worker @ (Worker::Warm { .. } | Worker::On { .. }), WorkerEvent::Exited { reason }) => {
                let reason = reason.unwrap_or_else(|| {
                    Reason::new(ReasonKind::Crash, tr("The camera process ended by itself; trying again."))
                });
                self.note_failure(now, matches!(worker, Worker::On { .. }), reason);
                self.worker = Worker::None;
            }
            (Worker::Ending { .. } | Worker::None, WorkerEvent::Exited { .. }) => self.worker = Worker::None,
        }
    }

    /// The worker failed: kill it and remember why.
    fn fail(&mut self, now: Instant, reason: Reason, actions: &mut Vec<Action>) {
        self.note_failure(now, matches!(self.worker, Worker::On { .. }), reason);
        self.end_worker(now, Action::KillWorker, actions);
    }

    fn note_failure(&mut self, now: Instant, was_on: bool, reason: Reason) {
        self.last_failure = Some(reason.clone());
        if !was_on {
            // A warm worker's failure stays a note; the stream's own attempt will tell.
            self.warmed = true;
            return;
        }
        let ran = match self.worker {
            Worker::On { first_frame: Some(first), .. } => now.saturating_duration_since(first),
            Worker::None | Worker::Warm { .. } | Worker::On { .. } | Worker::Ending { .. } => Duration::ZERO,
        };
        if ran >= restart::STABLE {
            self.restart.reset();
        }
        let wait = match reason.kind {
            // Nothing changes by itself.
            ReasonKind::Setup => None,
            ReasonKind::Busy
            | ReasonKind::Missing
            | ReasonKind::Permission
            | ReasonKind::Crash
            | ReasonKind::Hang
            | ReasonKind::Format
            | ReasonKind::Device
            | ReasonKind::Other => self.restart.failed(),
        };
        let came_late = std::mem::take(&mut self.came_late) && is_absence(&reason);
        let retry_at = if came_late { Some(now) } else { wait.map(|wait| now + wait) };
        self.failure = Some(Failure { reason, retry_at });
    }

    fn forget_failure(&mut self) {
        self.failure = None;
        self.restart.reset();
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
        let Worker::Ending { sensor_since: Some(_) } = self.worker else { return false };
        match self.state {
            State::Stopping { until } if until > now => return true,
            State::Stopping { .. } => {
                self.last_failure = Some(Reason::new(
                    ReasonKind::Hang,
                    tr(
                        "The camera process does not end, so the camera may still be on: unplug the camera or restart the computer.",
                    ),
                ));
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
        self.warmed = true;
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
    }

    /// What clients are to see and whether frames must flow, as far as it changed.
    fn show(&mut self, actions: &mut Vec<Action>) {
        if self.no_device.is_some() {
            return;
        }
        let feed = self.presence.any_maybe_streaming();
        // A client that comes is fed at once with the card that is there, and the new one is drawn for it in time; for
        // one that goes the last picture is the card.
        if feed && !self.feeding {
            actions.push(Action::Feed(true));
        }
        match self.wanted_card() {
            None if !self.camera_shown => {
                self.camera_shown = true;
                self.card = None;
                actions.push(Action::ShowCamera);
            }
            None => {}
            Some(card) => {
                if self.card.as_ref() != Some(&card) {
                    actions.push(Action::ShowCard(card.clone()));
                }
                self.camera_shown = false;
                self.card = Some(card);
            }
        }
        if !feed && self.feeding {
            actions.push(Action::Feed(false));
        }
        self.feeding = feed;
    }

    fn wanted_card(&self) -> Option<Card> {
        match &self.state {
            State::Live { .. } => None,
            State::Cooldown { .. } => match self.worker {
                Worker::On { first_frame: Some(_), .. } => None,
                Worker::None | Worker::Warm { .. } | Worker::On { .. } | Worker::Ending { .. } => Some(Card::Starting),
            },
            State::Starting { .. } => match &self.last_failure {
                // A retry must not flicker between "starting" and the reason.
                Some(reason) if self.restart.attempt() > 1 => Some(Card::Failed(reason.text.clone())),
                Some(_) | None => Some(Card::Starting),
            },
            State::Pending { .. } => Some(Card::Starting),
            State::Failed { reason, .. } => Some(Card::Failed(reason.text.clone())),
            State::Blocked { .. } => Some(Card::Blocked),
            State::Paused => Some(Card::Paused),
            State::Idle | State::NoDevice { .. } => Some(Card::Off),
            State::Stopping { .. } => Some(match self.goal() {
                Goal::Paused => Card::Paused,
                Goal::Blocked(_) => Card::Blocked,
                Goal::Stream => match &self.failure {
                    Some(failure) => Card::Failed(failure.reason.text.clone()),
                    None => Card::Starting,
                },
                Goal::NoDevice(_) | Goal::Quiet => Card::Off,
            }),
        }
    }

    fn blocked_text(&self, client: &str) -> String {
        if self.turned_off {
            trf("You turned the camera off while {client} uses it: resume to allow it again.", &[("client", &client)])
        } else {
            trf("{client} is on the list of blocked programs: remove it there to allow it.", &[("client", &client)])
        }
    }
}

/// Whether a camera that comes can mend it.
fn is_absence(reason: &Reason) -> bool {
    matches!(reason.kind, ReasonKind::Missing | ReasonKind::Permission)
}

#[cfg(test)]
mod tests;
