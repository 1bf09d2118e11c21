//! The rhythm of the cards at a device: one a frame while somebody streams, fresh ones for whoever may begin, one that stays
//! where nobody is.

use std::time::Instant;

use super::Outlet;
use crate::output::Output;
use crate::output::cards::CardSet;
use lenscap_core::event::Card;

impl Outlet {
    /// Queues the card when it is due; gives memory back when that is.
    pub(in crate::engine) fn tick(&mut self, now: Instant) {
        if self.release_at.take_if(|at| *at <= now).is_some()
            && let Some(output) = &mut self.output
        {
            let released = output.release_memory();
            self.note(released);
        }
        if self.next_card_at.is_some_and(|at| at <= now) {
            match self.feeding {
                true => self.queue_card(now),
                false => self.freshen_card(now),
            }
        }
    }

    /// The camera's pictures come instead of cards.
    pub(in crate::engine) fn stop_cards(&mut self) {
        self.next_card_at = None;
    }

    /// Somebody reads now, or nobody any more: the card comes in its rhythm, or once and for all.
    pub(in crate::engine) fn start_or_settle_cards(&mut self, now: Instant) {
        match self.feeding {
            true => self.queue_card(now),
            false => self.settle_card(now),
        }
    }

    /// Shows this card; at its time, or at once where nobody reads. `was_lent`: the worker had the slots.
    pub(in crate::engine) fn show_card(&mut self, card: Card, was_lent: bool, now: Instant) {
        let Some(output) = &mut self.output else { return };
        if was_lent {
            output.take_back();
        }
        output.show_card(self.kept_out.unwrap_or(card));
        if !self.feeding {
            return self.settle_card(now);
        }
        let due = self.last_queued.map_or(now, |last| last + output.format().frame_interval());
        if due <= now {
            self.queue_card(now);
        } else {
            self.next_card_at = Some(due);
        }
    }

    /// Other cards from the next one shown; `shows_card`: the present one is shown anew.
    pub(in crate::engine) fn take_cards(&mut self, cards: &CardSet, shows_card: bool, now: Instant) {
        let Some(output) = &mut self.output else { return };
        output.take_cards(cards.clone());
        if shows_card {
            self.show_again(now);
        }
    }

    /// Shows the present card anew: no slot has it any more.
    pub(in crate::engine) fn show_again(&mut self, now: Instant) {
        if let Some(card) = self.output.as_ref().and_then(Output::card) {
            self.show_card(card, false, now);
        }
    }

    /// Queues the card in its rhythm.
    pub(super) fn queue_card(&mut self, now: Instant) {
        let Some(output) = &mut self.output else { return };
        let interval = output.format().frame_interval();
        // Keep the rhythm, but do not catch up after a stall.
        let next = self.next_card_at.map_or(now, |at| at) + interval;
        self.next_card_at = Some(if next > now { next } else { now + interval });
        self.last_queued = Some(now);
        let queued = output.queue_card();
        self.note(queued);
    }

    /// Nobody streams, but somebody may at any moment: the card once more, and again before it is too old.
    ///
    /// Once an interval at most, as any card: programs that come and go do not set the pace.
    pub(super) fn freshen_card(&mut self, now: Instant) {
        let Some(output) = &mut self.output else { return };
        let interval = output.format().frame_interval();
        let fresh = self.freshened_at.filter(|at| now.saturating_duration_since(*at) < interval);
        if let Some(at) = fresh {
            self.next_card_at = self.next_fresh_card(at);
            return;
        }
        let queued = output.freshen_card();
        self.freshened_at = Some(now);
        self.next_card_at = self.next_fresh_card(now);
        self.note(queued);
    }

    /// When the card becomes too old for whoever is here without streaming. A reader may get one of two intervals.
    pub(super) fn next_fresh_card(&self, now: Instant) -> Option<Instant> {
        let next = now + self.output.as_ref()?.format().frame_interval() * 3 / 2;
        self.fresh_until.filter(|until| next <= *until).map(|_| next)
    }

    /// Nobody reads: makes the card all there is to see.
    pub(super) fn settle_card(&mut self, now: Instant) {
        self.next_card_at = self.next_fresh_card(now);
        let Some(output) = &mut self.output else { return };
        let settled = output.settle_card();
        self.note(settled);
    }
}
