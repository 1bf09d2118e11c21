//! What the user can do now.

use super::permission::streaming;
use super::{Goal, Machine, State, Worker};
use crate::app::{Access, Rule};
use crate::offer::{Offer, Program, Verb};
use crate::presence::Client;

impl Machine {
    /// The likeliest first. A pause can always be made, or changed.
    pub(super) fn offers(&self) -> Vec<Offer> {
        let first = match self.goal() {
            Goal::Off(State::Blocked { .. } | State::Asking { .. }) => None,
            Goal::Off(State::Paused) => Some(Offer::new(Verb::Resume)),
            Goal::Off(_) => self.allowance.pause.map(|_| Offer::new(Verb::Resume)),
            Goal::Stream => match &self.state {
                State::Failed { .. } => Some(Offer::new(Verb::TryAgain)),
                // Whoever is off already, or cannot be switched off, is not to be promised that.
                _ if !self.camera_live() || self.trouble().is_some() => None,
                _ => Some(self.about(Verb::TurnOff, |client| self.access(client) == Access::Allowed)),
            },
            Goal::Quiet => matches!(self.worker, Worker::On { .. }).then(|| Offer::new(Verb::TurnOff)),
        };
        let answers = if self.pauses() { Vec::new() } else { self.answers() };
        let kept_out =
            self.about(Verb::Allow, |client| matches!(self.access(client), Access::Blocked | Access::TurnedOff));
        let kept_out = Some(kept_out).filter(|offer| !offer.programs.is_empty() && !self.pauses());
        answers.into_iter().chain(first).chain(kept_out).chain([Offer::new(Verb::Pause)]).collect()
    }

    /// What can be said to those who ask, or have asked; each by itself.
    fn answers(&self) -> Vec<Offer> {
        let asks = |client: &&Client| matches!(self.access(client), Access::Asking | Access::Unanswered);
        let mut asking: Vec<&Client> = Vec::new();
        for client in streaming(&self.presence).filter(asks) {
            if !asking.iter().any(|known| known.app_ids()[0] == client.app_ids()[0]) {
                asking.push(client);
            }
        }
        let offers = asking.into_iter().flat_map(|client| {
            // Of whom nothing is known nothing can be kept.
            let verbs: &[Verb] = match client.pid.is_none() && client.app.is_none() {
                true => &[Verb::AllowOnce],
                false if self.policy.rule(client) == Rule::AlwaysAsk => &[Verb::AllowOnce, Verb::Block],
                false => &[Verb::AllowOnce, Verb::AllowAlways, Verb::Block],
            };
            verbs.iter().map(|verb| Offer { verb: *verb, programs: vec![client.into()] })
        });
        offers.collect()
    }

    /// About those who stream, or may be streaming.
    fn about(&self, verb: Verb, is_meant: impl Fn(&Client) -> bool) -> Offer {
        let mut offer = Offer::new(verb);
        for client in streaming(&self.presence).filter(|client| is_meant(client)) {
            let program = Program::from(client);
            if !offer.programs.iter().any(|known| known.id == program.id) {
                offer.programs.push(program);
            }
        }
        offer
    }
}
