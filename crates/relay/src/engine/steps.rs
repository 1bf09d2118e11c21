//! What happened goes into the machine one by one, and what it decides is carried out.

use std::collections::VecDeque;
use std::time::Instant;

use super::Engine;
use crate::camera_process::host::WorkerHost;
use lenscap_api::Code;
use lenscap_cameras as camera;
use lenscap_core::event::{Action, Card, Event, WorkerEvent};
use lenscap_core::source::Source;
use lenscap_core::status::StateName;
use lenscap_words::trouble::sentence;

impl Engine {
    pub(super) fn run_events(&mut self) {
        if let Some(time) = self.suspends.take() {
            tracing::info!("the computer was suspended for {time:?}");
            // By the clocks as well: logind may not be there, or say it late.
            self.refusals.disturbed(Instant::now());
            self.events.push_front(Event::Suspended(time));
        }
        loop {
            self.notice_losses();
            let Some(event) = next(&mut self.events) else { break };
            let now = Instant::now();
            tracing::trace!(?event, "event");
            let is_presence = matches!(event, Event::Presence(_));
            self.count_frames(now);
            for action in self.machine.step(now, event) {
                tracing::trace!(?action, "action");
                self.execute(now, action);
            }
            if is_presence {
                // The machine knows one set of clients: that somebody came to one device and is still at the other is no
                // news to it.
                self.feed(now);
            }
            let state = self.machine.state().name();
            if state != self.last_state {
                self.last_state = state;
                // Edges get lost: the level is read again after every transition.
                for outlet in self.outlets.iter_mut() {
                    outlet.recheck(now);
                }
            }
            if self.events.is_empty() {
                self.apply_pending();
            }
        }
    }

    /// Whatever happens when it is time to look for frames, those that wait to be heard come first: without them the machine
    /// would take the camera for hung.
    fn count_frames(&mut self, now: Instant) {
        let is_due = self.machine.deadline().is_some_and(|at| at <= now);
        if !is_due || self.machine.state().name() != StateName::Live {
            return;
        }
        self.dispatch_worker(now, WorkerHost::dispatch);
        if let Some(last) = self.last_frame {
            for action in self.machine.step(now, Event::Worker(WorkerEvent::Frames { last })) {
                self.execute(now, action);
            }
        }
    }

    pub(super) fn execute(&mut self, now: Instant, action: Action) {
        match action {
            Action::SpawnWorker => self.spawn_worker(now),
            Action::StartCamera => {
                self.last_frame = None;
                if self.worker.is_none() {
                    return self.has_no_worker();
                }
                // Known already, whatever becomes of the worker before it can say so.
                let nodes = match &self.config.source {
                    Source::V4l2(path) if self.way.is_none() => vec![path.clone()],
                    _ => Vec::new(),
                };
                if let Err(reason) = self.numbers.check(&self.config.source, &camera::System::here()) {
                    tracing::warn!(code = %Code::of(&reason), "{}", sentence(&reason));
                    self.events.push_back(Event::Worker(WorkerEvent::Failed(reason)));
                    return;
                }
                self.claim(&nodes, now);
                if let Some(worker) = &mut self.worker {
                    worker.start();
                }
            }
            Action::StopWorker => {
                self.refusals.ended();
                let Some(worker) = &mut self.worker else { return self.has_no_worker() };
                worker.revoke();
                worker.stop(now);
            }
            Action::KillWorker => {
                // It would have said why, had it known.
                self.refusals.gave_nothing(now);
                self.detour.forget();
                let Some(worker) = &mut self.worker else { return self.has_no_worker() };
                worker.revoke();
                worker.kill();
            }
            Action::KeepOut(kept_out) => self.keep_out(now, &kept_out),
            Action::ShowCard(card) => self.show_card(card),
            Action::ShowCamera => {
                self.camera_shown = true;
                for outlet in self.outlets.iter_mut() {
                    if outlet.is_kept_out() {
                        continue;
                    }
                    if outlet.is_feeding() {
                        outlet.stop_cards();
                    } else {
                        // Nothing is starting there.
                        outlet.show_card(Card::Off, false, now);
                    }
                }
                self.lend(now);
            }
            Action::Feed(_) => self.feed(now),
            Action::VerifyOff => {
                self.sensors.verify(now);
                self.dispatch_sensors(now);
            }
            Action::Publish(status) => (self.sink)(&status),
        }
    }
}

/// What is to be handled next. Facts come before the passing of time, whatever came first: what an action took long for must
/// not be held against an answer that waits already.
pub(super) fn next(events: &mut VecDeque<Event>) -> Option<Event> {
    let fact = events.iter().position(|event| *event != Event::Tick);
    match fact {
        Some(at) => events.remove(at),
        None => std::mem::take(events).pop_back(),
    }
}
