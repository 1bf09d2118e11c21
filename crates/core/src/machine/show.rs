//! What is published, and what clients see.

use super::permission::streaming;
use super::{Goal, Machine, State, Worker};
use crate::app::Access;
use crate::event::{Action, Card};
use crate::presence::Client;
use crate::status::Status;
use crate::trouble::Trouble;

impl Machine {
    /// The snapshot for the outside.
    pub fn status(&self) -> Status {
        let reason = match &self.state {
            State::NoDevice { reason } | State::Failed { reason, .. } => Some(reason.clone()),
            State::Asking { client } => Some(Trouble::PermissionAwaited { program: client.into() }),
            State::Blocked { client } => Some(self.why_blocked(client)),
            State::Paused if self.allowance.pause.is_none() => {
                Some(if self.allowance.asleep { Trouble::GoingToSleep } else { Trouble::SessionLocked })
            }
            State::Idle
            | State::Pending { .. }
            | State::Starting { .. }
            | State::Live { .. }
            | State::Cooldown { .. }
            | State::Stopping
            | State::Paused => self.trouble().or_else(|| self.failures.last.clone()),
        };
        let until = match &self.state {
            State::Paused => self.allowance.pause.and_then(|pause| pause.until),
            State::Pending { since } => self.pending_until(*since),
            State::Cooldown { until } => Some(*until),
            State::Failed { retry_at, .. } => *retry_at,
            State::Asking { .. } => self.permissions.deadline(),
            State::NoDevice { .. }
            | State::Idle
            | State::Starting { .. }
            | State::Live { .. }
            | State::Stopping
            | State::Blocked { .. } => None,
        };
        let is_trying = matches!(self.state, State::Starting { .. } | State::Failed { .. });
        Status {
            state: self.state.name(),
            camera_live: self.camera_live(),
            live_since: self.live_since(),
            clients: self.clients(),
            camera: self.camera_name(),
            reason,
            until,
            allowed: self.allowance.pause.is_none(),
            attempt: if is_trying { self.failures.restart.attempt() } else { 0 },
            stuck: self.camera_live() && self.trouble().is_some(),
            others: self.others.clone(),
            mode: self.mode.clone().filter(|_| self.camera_live()),
            sandbox: self.sandbox,
            devices: self.devices.clone(),
            crowds: self.crowds(),
            way: self.way.filter(|_| self.camera_live()),
            offers: self.offers(),
        }
    }

    /// What clients are to see and whether frames must flow, as far as it changed.
    pub(super) fn show(&mut self, actions: &mut Vec<Action>) {
        if self.no_device.is_some() {
            return;
        }
        let feed = self.presence.any_maybe_streaming();
        let card = self.wanted_card();
        // Where the camera is hidden that comes first: whoever is kept out no longer is to see the card, and nothing else.
        let is_hiding = card.is_some() && self.shown.camera;
        if !is_hiding {
            self.keep_out(actions);
        }
        // A client that comes is fed at once with the card that is there, and the new one is drawn for it in time; for
        // one that goes the last picture is the card.
        if feed && !self.shown.feeding {
            actions.push(Action::Feed(true));
        }
        match card {
            None if !self.shown.camera => {
                self.shown.camera = true;
                self.shown.card = None;
                actions.push(Action::ShowCamera);
            }
            None => {}
            Some(card) => {
                if self.shown.card != Some(card) {
                    actions.push(Action::ShowCard(card));
                }
                self.shown.camera = false;
                self.shown.card = Some(card);
            }
        }
        if is_hiding {
            self.keep_out(actions);
        }
        if !feed && self.shown.feeding {
            actions.push(Action::Feed(false));
        }
        self.shown.feeding = feed;
    }

    /// Which devices show their card whatever the others show, where that has changed.
    fn keep_out(&mut self, actions: &mut Vec<Action>) {
        let kept_out = self.kept_out();
        if kept_out != self.shown.kept_out {
            actions.push(Action::KeepOut(kept_out.clone()));
            self.shown.kept_out = kept_out;
        }
    }

    fn wanted_card(&self) -> Option<Card> {
        match &self.state {
            State::Live { .. } => None,
            State::Cooldown { .. } => match self.worker {
                Worker::On { first_frame: Some(_), .. } => None,
                Worker::None | Worker::Warm { .. } | Worker::On { .. } | Worker::CameraEnding(_) => {
                    Some(Card::Starting)
                }
            },
            State::Starting { .. } => match &self.failures.last {
                // A retry must not flicker between "starting" and the failure.
                Some(_) if self.failures.restart.attempt() > 1 => Some(Card::Unavailable),
                Some(_) | None => Some(Card::Starting),
            },
            State::Pending { .. } => Some(Card::Starting),
            State::Failed { .. } => Some(Card::Unavailable),
            State::Asking { .. } => Some(Card::Waiting),
            State::Blocked { .. } => Some(Card::Blocked),
            State::Paused => Some(Card::Paused),
            State::Idle | State::NoDevice { .. } => Some(Card::Off),
            State::Stopping => Some(match self.goal() {
                Goal::Off(State::Paused) => Card::Paused,
                Goal::Off(State::Asking { .. }) => Card::Waiting,
                Goal::Off(State::Blocked { .. }) => Card::Blocked,
                Goal::Stream if self.trouble().is_some() || self.failures.current.is_some() => Card::Unavailable,
                Goal::Stream => Card::Starting,
                Goal::Off(_) | Goal::Quiet => Card::Off,
            }),
        }
    }

    fn why_blocked(&self, client: &str) -> Trouble {
        let program = client.into();
        let access = streaming(&self.presence).find(|it| it.name == client).map(|client| self.access(client));
        match access {
            Some(Access::TurnedOff) => Trouble::TurnedOff { program },
            Some(Access::Unanswered) => Trouble::PermissionUnanswered { program },
            Some(Access::Allowed | Access::Asking | Access::Blocked) | None => Trouble::ProgramBlocked { program },
        }
    }

    /// Who has our devices open, and what has become of their wish for the camera.
    fn clients(&self) -> Vec<Client> {
        let known = self.presence.clients.iter();
        known.map(|client| Client { access: self.access(client), ..client.clone() }).collect()
    }
}
