//! What the user can do now.

use super::{Goal, Machine, State, Worker};
use crate::offer::{Offer, Verb};
use crate::presence::{Client, Use};

impl Machine {
    /// The likeliest first. A pause can always be made, or changed.
    pub(super) fn offers(&self) -> Vec<Offer> {
        let first = match self.goal() {
            Goal::Off(State::Blocked { .. }) => Some(self.about(Verb::Allow, |client| self.is_kept_out(client))),
            Goal::Off(State::Paused) => Some(Offer::new(Verb::Resume)),
            Goal::Off(_) => self.allowance.pause.map(|_| Offer::new(Verb::Resume)),
            Goal::Stream => match &self.state {
                State::Failed { .. } => Some(Offer::new(Verb::TryAgain)),
                // Whoever is off already, or cannot be switched off, is not to be promised that.
                _ if !self.camera_live() || self.trouble().is_some() => None,
                _ => Some(self.about(Verb::TurnOff, |_| true)),
            },
            Goal::Quiet => matches!(self.worker, Worker::On { .. }).then(|| Offer::new(Verb::TurnOff)),
        };
        first.into_iter().chain([Offer::new(Verb::Pause)]).collect()
    }

    fn is_kept_out(&self, client: &Client) -> bool {
        self.allowance.turned_off || self.policy.is_blocked(&client.name)
    }

    /// About those who stream, or may be streaming.
    fn about(&self, verb: Verb, is_meant: impl Fn(&Client) -> bool) -> Offer {
        let mut offer = Offer::new(verb);
        for client in self.presence.clients.iter().filter(|client| client.usage != Use::Open && is_meant(client)) {
            if !offer.programs.contains(&client.name) {
                offer.programs.push(client.name.clone());
            }
        }
        offer
    }
}
