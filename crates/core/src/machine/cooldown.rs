//! The camera after its last client, and before its next one.

use std::time::Instant;

use super::{Machine, State, Worker};
use crate::event::Action;

impl Machine {
    /// Nobody streams: the camera stays on for the cooldown, then goes off. A warm worker waits for whoever has the node open.
    pub(super) fn settle_quiet(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if self.await_stop() {
            return;
        }
        match self.worker {
            Worker::On { .. } => {
                let until = self.state.cooldown_until().unwrap_or(now + self.policy.cooldown);
                if until <= now {
                    self.end_worker(now, Action::StopWorker, actions);
                    self.state = State::Stopping;
                } else {
                    self.state = State::Cooldown { until };
                }
                return;
            }
            Worker::Warm { start } => {
                if start.due <= now {
                    self.end_worker(now, Action::StopWorker, actions);
                }
            }
            Worker::None => {
                if !self.presence.is_empty() && !self.warmed {
                    self.spawn_warm(now, actions);
                }
            }
            Worker::CameraEnding(_) => {}
        }
        self.state = State::Idle;
        // Nobody is kept waiting: the next client gets a fresh start.
        self.forget_failure();
    }
}
