//! Whether the camera is off in fact: the kernel's word after the worker's.

use std::time::Instant;

use super::{Machine, STOP_TIMEOUT, State, VERIFY_TIMEOUT, Worker};
use crate::core::event::{Action, SensorEvent};
use crate::core::status::{Reason, ReasonKind};
use crate::i18n::trf;

/// A camera that was switched off, until the kernel says that it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    /// Since when it is on.
    since: Instant,
    /// Its name.
    camera: String,
    /// When to do something about it.
    until: Instant,
    /// Its worker was killed for it.
    killed: bool,
}

impl Check {
    /// Since when the camera is on.
    pub(super) fn since(&self) -> Instant {
        self.since
    }
}

impl Machine {
    pub(super) fn note_sensor(&mut self, event: SensorEvent) {
        match event {
            SensorEvent::Verifiable => {
                self.verifiable = match self.worker {
                    Worker::On { .. } | Worker::Ending { sensor_since: Some(_) } => true,
                    Worker::None | Worker::Warm { .. } | Worker::Ending { .. } => false,
                };
            }
            SensorEvent::Own { on: true } => {}
            SensorEvent::Own { on: false } => {
                if self.check.take().is_some() && std::mem::take(&mut self.stuck) {
                    self.last_failure = None;
                }
            }
            SensorEvent::Others(others) => self.others = others,
        }
    }

    /// The worker has confirmed the stop of a sensor that was on since then, or is gone.
    pub(super) fn begin_check(&mut self, now: Instant, since: Instant, actions: &mut Vec<Action>) {
        self.stuck = false;
        if std::mem::take(&mut self.verifiable) {
            let camera = self.camera.clone().unwrap_or_else(|| self.policy.source.clone());
            self.check = Some(Check { since, camera, until: now + VERIFY_TIMEOUT, killed: false });
            actions.push(Action::VerifyOff);
        }
    }

    /// A worker that had confirmed the stop is gone: if it was what kept the camera on, it goes off now.
    pub(super) fn extend_check(&mut self, now: Instant) {
        if let Some(check) = self.check.as_mut().filter(|_| !self.stuck) {
            check.until = now + VERIFY_TIMEOUT;
        }
    }

    /// Whether the kernel's word is still to be waited for; then the state says so.
    pub(super) fn await_off(&mut self, now: Instant, actions: &mut Vec<Action>) -> bool {
        let Some(check) = &mut self.check else {
            self.stuck = false;
            return false;
        };
        if check.until <= now {
            let is_there = matches!(self.worker, Worker::Ending { .. });
            if is_there {
                actions.push(Action::KillWorker);
            }
            if !is_there || check.killed {
                self.stuck = true;
                let text = trf(
                    "The camera {camera} is still streaming although it was switched off: unplug it or restart the computer.",
                    &[("camera", &check.camera)],
                );
                self.last_failure = Some(Reason::new(ReasonKind::Hang, text));
            }
            check.killed = true;
            check.until = now + STOP_TIMEOUT;
        }
        self.state = State::Stopping { until: check.until };
        true
    }
}
