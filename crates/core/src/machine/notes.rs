//! What happened becomes facts; nothing is decided here but the worker's fate.

use std::time::{Duration, Instant};

use super::ending::{CameraEnding, Sensor};
use super::{Allowance, FRAME_TIMEOUT, Machine, Pause, Shown, StandingFailure, State, Worker, is_absence};
use crate::event::{Action, Command, Event, WorkerEvent};
use crate::presence::{Presence, Presences, Use};
use crate::restart;
use crate::trouble::{Trouble, TroubleKind};

impl Machine {
    /// Takes the event into the facts; decides nothing but the worker's fate.
    pub(super) fn note(&mut self, now: Instant, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::DeviceReady => {
                self.no_device = None;
                // A new node shows nothing and feeds nobody yet; what the others were told still holds.
                self.shown = Shown { kept_out: std::mem::take(&mut self.shown.kept_out), ..Shown::default() };
            }
            Event::DeviceGone(reason) => {
                self.no_device = Some(reason);
                (self.presence, self.presences) = (Presence::default(), Presences::default());
                self.allowance.turned_off = false;
                // Nobody is kept waiting.
                self.forget_failure();
            }
            Event::Devices(devices) => self.devices = devices,
            Event::Presence(presences) => self.note_presences(presences),
            Event::Worker(event) => self.note_worker(now, event, actions),
            Event::Sensor(event) => self.note_sensor(event),
            Event::Command(command) => self.note_command(now, command),
            Event::Sleep(asleep) => self.allowance.asleep = asleep,
            Event::Locked(locked) => self.allowance.locked = locked,
            Event::Policy(policy) => {
                // Everything else about the picture changes while it runs.
                let turns = policy.orientation.is_upright() != self.policy.orientation.is_upright();
                let is_another = policy.source != self.policy.source;
                if is_another || turns {
                    self.end_worker(now, Action::StopWorker, actions);
                    self.warmed = false;
                    self.forget_failure();
                }
                if is_another {
                    // It was about the other camera.
                    self.failures.last = None;
                }
                self.permissions.follow_rules(&self.policy, &policy);
                self.policy = policy;
                // A shorter cooldown holds at once.
                if let State::Cooldown { until } = &mut self.state {
                    *until = (*until).min(now + self.policy.cooldown);
                }
            }
            Event::CameraCame => self.note_camera(now),
            Event::Suspended(time) => {
                if let Some(until) = self.allowance.pause.as_mut().and_then(|pause| pause.until.as_mut()) {
                    *until = until.checked_sub(time).unwrap_or(now);
                }
            }
            Event::Tick => {}
        }
        if self.allowance.pause.is_some_and(|pause| pause.until.is_some_and(|until| until <= now)) {
            self.allowance.pause = None;
        }
    }

    fn note_presences(&mut self, presences: Presences) {
        if self.no_device.is_some() {
            return;
        }
        let presence = presences.all();
        self.presences = presences;
        let is_new = |of: &Presence, usage: fn(Use) -> bool| {
            presence.clients.iter().any(|client| {
                usage(client.usage) && !of.clients.iter().any(|old| old.is_same_as(client) && usage(old.usage))
            })
        };
        if is_new(&self.presence, |_| true) || presence.is_empty() {
            self.warmed = false;
        }
        let new_stream = is_new(&self.presence, |usage| usage != Use::Open);
        self.presence = presence;
        if !self.presence.any_maybe_streaming() {
            self.allowance.turned_off = false;
            self.forget_failure();
        } else if new_stream && self.failures.current.as_ref().is_some_and(StandingFailure::is_final) {
            self.forget_failure();
        }
    }

    /// What failed for want of the camera is tried again at once; when that was given up, after a rest: a camera that
    /// leaves at every start, and comes back, is not started again and again.
    fn note_camera(&mut self, now: Instant) {
        self.failures.came_late = matches!(self.worker, Worker::On { first_frame: None, .. });
        if let Some(failure) = &mut self.failures.current
            && is_absence(&failure.reason)
        {
            failure.camera_came(now);
        }
    }

    fn note_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Pause { duration } => {
                self.allowance.pause = Some(Pause { until: duration.and_then(|duration| now.checked_add(duration)) });
            }
            Command::Resume => self.resume(),
            Command::Toggle if self.allowance.pause.is_some() => self.resume(),
            Command::Toggle => self.allowance.pause = Some(Pause { until: None }),
            Command::TurnOff => {
                self.allowance.turned_off = self.presence.any_maybe_streaming();
                if let State::Cooldown { until } = &mut self.state {
                    *until = now;
                }
            }
            Command::Allow { apps } => {
                self.allowance.turned_off = false;
                self.permit(&apps);
            }
            Command::Block { apps } => self.refuse(&apps),
        }
    }

    /// By hand: also over a sleep or a lock, whose end may never be reported.
    fn resume(&mut self) {
        self.allowance = Allowance::default();
        self.forget_failure();
    }

    fn note_worker(&mut self, now: Instant, event: WorkerEvent, actions: &mut Vec<Action>) {
        match (self.worker, event) {
            (Worker::Warm { mut start }, WorkerEvent::Step(step)) => {
                start.reach(now, step, false);
                self.worker = Worker::Warm { start };
            }
            (Worker::On { since, mut start, first_frame: None }, WorkerEvent::Step(step)) => {
                start.reach(now, step, true);
                self.worker = Worker::On { since, start, first_frame: None };
            }
            (Worker::None | Worker::On { .. } | Worker::CameraEnding(_), WorkerEvent::Step(_)) => {}
            (Worker::On { since, start, first_frame: None }, WorkerEvent::Started { camera, way }) => {
                self.way = way;
                self.worker = Worker::On { since, start, first_frame: Some(now) };
                if let Some(named) = &mut self.camera {
                    named.name = Some(camera);
                }
                self.failures.last = None;
                if let State::Starting { .. } = self.state {
                    self.state = State::Live { stale_at: now + FRAME_TIMEOUT };
                }
            }
            (
                Worker::None | Worker::Warm { .. } | Worker::On { .. } | Worker::CameraEnding(_),
                WorkerEvent::Started { .. },
            ) => {}
            (_, WorkerEvent::Confined(sandbox)) => self.sandbox = Some(sandbox),
            (Worker::On { .. }, WorkerEvent::Mode(mode)) => self.mode = Some(*mode),
            (Worker::None | Worker::Warm { .. } | Worker::CameraEnding(_), WorkerEvent::Mode(_)) => {}
            (_, WorkerEvent::Frames { last }) => {
                if let State::Live { stale_at } = &mut self.state {
                    *stale_at = (*stale_at).max(last + FRAME_TIMEOUT);
                }
            }
            (Worker::CameraEnding(ending), WorkerEvent::Stopped) => self.lets_go(now, ending, actions),
            (Worker::On { .. }, WorkerEvent::Stopped) => {
                let reason = Trouble::StreamEnded;
                self.fail(now, reason, actions);
                if let Worker::CameraEnding(ending) = self.worker {
                    self.lets_go(now, ending, actions);
                }
            }
            // Somebody else made it stop; it is of no use any more.
            (Worker::Warm { .. }, WorkerEvent::Stopped) => self.end_worker(now, Action::StopWorker, actions),
            (Worker::None, WorkerEvent::Stopped) => {}
            (Worker::Warm { .. } | Worker::On { .. }, WorkerEvent::Failed(reason)) => self.fail(now, reason, actions),
            (Worker::None | Worker::CameraEnding(_), WorkerEvent::Failed(_) | WorkerEvent::AnotherWay) => {}
            (Worker::Warm { .. } | Worker::On { .. }, WorkerEvent::AnotherWay) => {
                self.end_worker(now, Action::StopWorker, actions);
            }
            (worker @ (Worker::Warm { .. } | Worker::On { .. }), WorkerEvent::Exited { reason }) => {
                let reason = reason.unwrap_or(Trouble::WorkerEnded);
                self.note_failure(now, matches!(worker, Worker::On { .. }), reason);
                self.worker = Worker::None;
                if let Worker::On { since, .. } = worker {
                    self.begin_check(now, since, actions);
                }
            }
            (Worker::CameraEnding(ending), WorkerEvent::Exited { .. }) => {
                self.worker = Worker::None;
                match ending.sensor {
                    Sensor::On(since) => {
                        self.begin_check(now, since, actions);
                    }
                    Sensor::Untouched | Sensor::Verified => self.extend_check(now),
                }
            }
            (Worker::None, WorkerEvent::Exited { .. }) => {}
        }
    }

    /// The worker says that the camera is off: where the kernel knows, it is asked; else only the end of the process
    /// is believed.
    fn lets_go(&mut self, now: Instant, ending: CameraEnding, actions: &mut Vec<Action>) {
        if let Sensor::On(since) = ending.sensor
            && self.begin_check(now, since, actions)
        {
            self.worker = Worker::CameraEnding(ending.verified());
        }
    }

    /// The worker failed: kill it and remember why.
    pub(super) fn fail(&mut self, now: Instant, reason: Trouble, actions: &mut Vec<Action>) {
        self.note_failure(now, matches!(self.worker, Worker::On { .. }), reason);
        self.end_worker(now, Action::KillWorker, actions);
    }

    fn note_failure(&mut self, now: Instant, was_on: bool, reason: Trouble) {
        self.failures.last = Some(reason.clone());
        if !was_on {
            // A warm worker's failure stays a note; the stream's own attempt will show.
            self.warmed = true;
            return;
        }
        let ran = match self.worker {
            Worker::On { first_frame: Some(first), .. } => now.saturating_duration_since(first),
            Worker::None | Worker::Warm { .. } | Worker::On { .. } | Worker::CameraEnding(_) => Duration::ZERO,
        };
        if ran >= restart::STABLE {
            self.failures.restart.reset();
        }
        let wait = match reason.kind() {
            // Nothing changes by itself.
            TroubleKind::Setup => None,
            // Somebody is about to switch something on, and sees that the camera waits for it.
            TroubleKind::NoSignal => {
                Some(self.failures.restart.failed().map_or(restart::SIGNAL, |wait| wait.min(restart::SIGNAL)))
            }
            TroubleKind::Busy
            | TroubleKind::Missing
            | TroubleKind::Permission
            | TroubleKind::Crash
            | TroubleKind::Hang
            | TroubleKind::Format
            | TroubleKind::Device
            | TroubleKind::Other => self.failures.restart.failed(),
        };
        let came_late = std::mem::take(&mut self.failures.came_late) && is_absence(&reason);
        let rests_until = wait.is_none().then_some(now + restart::REST);
        let failure = self.failures.current.insert(StandingFailure {
            reason,
            retry_at: wait.map(|wait| now + wait),
            rests_until,
        });
        if came_late {
            failure.camera_came(now);
        }
    }

    pub(super) fn forget_failure(&mut self) {
        self.failures.current = None;
        self.failures.restart.reset();
    }
}

impl StandingFailure {
    /// Whether it is not tried again until somebody asks, or the camera comes.
    fn is_final(&self) -> bool {
        self.rests_until.is_some()
    }

    /// What was missing has come.
    fn camera_came(&mut self, now: Instant) {
        self.retry_at = Some(self.rests_until.map_or(now, |rested| rested.max(now)));
    }
}
