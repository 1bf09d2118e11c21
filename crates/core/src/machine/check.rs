//! Whether the camera is off in fact: the kernel's word after the worker's.

use std::time::Instant;

use super::ending::{CameraEnding, Sensor};
use super::{Machine, STOP_TIMEOUT, VERIFY_TIMEOUT, Worker};
use crate::event::{Action, SensorEvent};
use crate::trouble::Trouble;

/// A camera that was switched off, until the kernel says that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    /// Since when it is on.
    since: Instant,
    /// The camera that was on, for the sentence.
    camera: String,
    /// When to do something about it.
    until: Instant,
    /// Its worker was killed for it.
    killed: bool,
    /// Nothing is left to try; the kernel's word is an event.
    given_up: bool,
}

impl Check {
    /// Since when the camera is on.
    pub(super) fn since(&self) -> Instant {
        self.since
    }

    /// When something is to be done about it.
    pub(super) fn deadline(&self) -> Option<Instant> {
        (!self.given_up).then_some(self.until)
    }

    /// That it cannot be switched off.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.given_up.then(|| Trouble::StillStreaming { camera: self.camera.as_str().into() })
    }
}

impl Machine {
    pub(super) fn note_sensor(&mut self, event: SensorEvent) {
        match event {
            SensorEvent::Verifiable => {
                self.verifiable = match self.worker {
                    Worker::On { .. } | Worker::CameraEnding(CameraEnding { sensor: Sensor::On(_), .. }) => true,
                    Worker::None | Worker::Warm { .. } | Worker::CameraEnding(_) => false,
                };
            }
            SensorEvent::Own { on: true } => {}
            SensorEvent::Own { on: false } => self.check = None,
            SensorEvent::Others(others) => self.others = others,
        }
    }

    /// The worker lets go of a camera that was on since then: the kernel is asked where it knows. Whether it does.
    pub(super) fn begin_check(&mut self, now: Instant, since: Instant, actions: &mut Vec<Action>) -> bool {
        let is_verifiable = std::mem::take(&mut self.verifiable);
        if is_verifiable {
            let until = now + VERIFY_TIMEOUT;
            self.check = Some(Check { since, camera: self.camera_name(), until, killed: false, given_up: false });
            actions.push(Action::VerifyOff);
        }
        is_verifiable
    }

    /// A worker that had let go of its camera is gone: if it was what kept the camera on, it goes off now.
    pub(super) fn extend_check(&mut self, now: Instant) {
        if let Some(check) = &mut self.check {
            check.until = now + VERIFY_TIMEOUT;
        }
    }

    /// Does what is left to do about a camera that should be off.
    pub(super) fn enforce_off(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let Some(check) = self.check.as_mut().filter(|check| check.deadline().is_some_and(|until| until <= now)) else {
            return;
        };
        let is_there = matches!(self.worker, Worker::CameraEnding(_));
        if is_there && !check.killed {
            check.killed = true;
            check.until = now + STOP_TIMEOUT;
            actions.push(Action::KillWorker);
        } else {
            check.given_up = true;
        }
    }
}
