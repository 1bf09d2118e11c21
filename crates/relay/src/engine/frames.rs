//! Pictures and cards, to whom they go: the short way from the worker to the devices.

use std::time::{Duration, Instant};

use super::Engine;
use super::outlet::Outlet;
use super::role::Role;
use lenscap_core::event::Card;

/// Whose pictures the worker makes in the slots of the main device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SlotLease {
    /// It makes none: no slot is granted.
    None,
    /// They are queued there.
    Shown,
    /// They are only for devices with copies.
    Aside,
}

impl Engine {
    /// Starts or stops to queue pictures at each device, as those who are there want it.
    pub(super) fn feed(&mut self, now: Instant) {
        let (main, copies) = self.outlets.split_mut();
        if main.follow_presence() && !self.camera_shown {
            main.start_or_settle_cards(now);
        }
        for outlet in copies {
            let has_changed = outlet.follow_presence();
            match (has_changed, outlet.is_feeding(), self.camera_shown) {
                (false, ..) | (true, true, true) => {}
                (true, _, false) => outlet.start_or_settle_cards(now),
                // As at the main one, whose slots the worker has: [`Self::lend`].
                (true, false, true) => outlet.show_card(Card::Off, false, now),
            }
            if !outlet.is_feeding() {
                outlet.forget_mirror();
            }
        }
        self.lend(now);
    }

    /// Grants the worker the slots as its pictures are wanted, or takes them back.
    pub(super) fn lend(&mut self, now: Instant) {
        let main = self.outlets.main();
        let wanted = match (self.camera_shown && main.output().is_some(), main.is_feeding()) {
            (true, true) => SlotLease::Shown,
            (true, false) if self.outlets.copies().iter().any(Outlet::is_feeding) => SlotLease::Aside,
            _ => SlotLease::None,
        };
        if wanted == self.lease {
            return;
        }
        let Some(worker) = &mut self.worker else { return };
        worker.revoke();
        let main = self.outlets.main_mut();
        if !main.is_feeding() && self.lease != SlotLease::None {
            // The cooldown, for one: whoever opens the node now must not see the last picture of somebody.
            main.show_card(Card::Off, true, now);
        }
        if wanted != SlotLease::None
            && let Some((next, usable)) = main.lend()
        {
            worker.grant(next, usable);
        }
        self.lease = wanted;
    }

    /// The short way of a frame.
    pub(super) fn frame(&mut self, now: Instant, slot: u32, timestamp: Duration) {
        self.last_frame = Some(now);
        if !self.camera_shown {
            return;
        }
        let (main, copies) = self.outlets.split_mut();
        if main.is_feeding()
            && let Some(usable) = main.queue_frame(now, slot, timestamp)
            && let Some(worker) = &mut self.worker
        {
            worker.set_usable(usable);
        }
        if let Some(from) = main.output() {
            for outlet in copies.iter_mut().filter(|outlet| outlet.is_feeding()) {
                self.copies += u64::from(outlet.queue_copy(now, from, slot, timestamp));
            }
        }
        // Not before it is copied: now the slot may be filled anew.
        if let Some(worker) = &mut self.worker {
            worker.taken();
        }
    }

    /// Shows this card at every device.
    pub(super) fn show_card(&mut self, card: Card) {
        let now = Instant::now();
        self.camera_shown = false;
        if let Some(worker) = &mut self.worker {
            worker.revoke();
        }
        let was_lent = std::mem::replace(&mut self.lease, SlotLease::None) != SlotLease::None;
        for outlet in self.outlets.iter_mut() {
            let had_slots_lent = was_lent && outlet.role() == Role::Main;
            outlet.show_card(card, had_slots_lent, now);
        }
        self.card = Some(card);
    }
}
