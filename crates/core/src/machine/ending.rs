//! The end of a worker: until its process is gone, and what is done when it does not go.

use std::time::{Duration, Instant};

use super::{Machine, STOP_TIMEOUT, Worker};
use crate::event::Action;
use crate::trouble::Trouble;

/// Longest wait between two attempts to kill what does not die: it is stuck in a driver, and only its end is news.
const LONGEST_WAIT: Duration = Duration::from_secs(80);

/// What is known of its camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sensor {
    /// It was never ordered to switch it on.
    Untouched,
    /// It may be on, since then; nothing but the end of the process proves that it is off.
    On(Instant),
    /// The worker let go of it; the kernel is asked, or has said that it is off.
    Verified,
}

/// A worker that was ordered to stop, or killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CameraEnding {
    pub(super) sensor: Sensor,
    /// When to kill it (again).
    until: Instant,
    wait: Duration,
    /// Since when it should have been gone.
    overdue_since: Option<Instant>,
}

impl CameraEnding {
    /// Ordered or killed just now.
    pub(super) fn new(now: Instant, sensor: Sensor) -> Self {
        Self { sensor, until: now + STOP_TIMEOUT, wait: STOP_TIMEOUT, overdue_since: None }
    }

    /// When something is to be done about it.
    pub(super) fn deadline(&self) -> Instant {
        self.until
    }

    /// The kernel is asked about its camera.
    pub(super) fn verified(self) -> Self {
        Self { sensor: Sensor::Verified, ..self }
    }

    /// Since when its camera may be on. A process that does not die hangs in a driver, whatever its orders.
    pub(super) fn live_since(&self) -> Option<Instant> {
        match self.sensor {
            Sensor::Untouched => self.overdue_since,
            Sensor::On(since) => Some(since),
            Sensor::Verified => None,
        }
    }

    /// Why nothing goes on, when it should have been gone.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.overdue_since?;
        let is_camera_off = match self.sensor {
            Sensor::Untouched | Sensor::On(_) => false,
            Sensor::Verified => true,
        };
        Some(Trouble::WorkerDoesNotEnd { is_camera_off })
    }
}

impl Machine {
    /// Ends the worker, if there is one to end. `how`: [`Action::StopWorker`] or [`Action::KillWorker`].
    pub(super) fn end_worker(&mut self, now: Instant, how: Action, actions: &mut Vec<Action>) {
        let sensor = match self.worker {
            Worker::None | Worker::CameraEnding(_) => return,
            Worker::Warm { .. } => Sensor::Untouched,
            Worker::On { since, .. } => Sensor::On(since),
        };
        self.worker = Worker::CameraEnding(CameraEnding::new(now, sensor));
        actions.push(how);
    }

    /// Kills what should have been gone, whatever else is going on.
    pub(super) fn enforce_end(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if let Worker::CameraEnding(ending) = &mut self.worker
            && ending.until <= now
        {
            ending.overdue_since.get_or_insert(now);
            ending.until = now + ending.wait;
            ending.wait = (ending.wait * 2).min(LONGEST_WAIT);
            actions.push(Action::KillWorker);
        }
    }

    /// Why the camera cannot be switched off, or not be used again.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        match &self.check {
            // Its own deadline decides.
            Some(check) => check.trouble(),
            None => match &self.worker {
                Worker::CameraEnding(ending) => ending.trouble(),
                Worker::None | Worker::Warm { .. } | Worker::On { .. } => None,
            },
        }
    }
}
