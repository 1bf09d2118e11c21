//! Pictures and cards, to whom they go: the short way from the worker to the devices.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Engine;
use super::outlet::Outlet;
use crate::output::Output;
use lenscap_core::event::Card;
use lenscap_core::presence::Role;

/// Where the worker makes its pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SlotLease {
    /// It makes none: no slot is granted.
    None,
    /// In the slots of the main device, where they are queued.
    Shown,
    /// In private slots: the main device shows no camera, and whoever has it mapped is to see none. They are only for devices with
    /// copies.
    Aside,
}

impl Engine {
    /// Starts or stops to queue pictures at each device, as those who are there want it.
    pub(super) fn feed(&mut self, now: Instant) {
        let (main, copies) = self.outlets.split_mut();
        let has_main_changed = main.follow_presence();
        for outlet in copies {
            let has_changed = outlet.follow_presence();
            match (has_changed, outlet.is_feeding(), self.camera_shown && !outlet.is_kept_out()) {
                (false, ..) | (true, true, true) => {}
                (true, _, false) => outlet.start_or_settle_cards(now),
                // As at the main one, where the worker had its slots: [`Self::lend`].
                (true, false, true) => outlet.show_card(Card::Off, false, now),
            }
            if !outlet.is_feeding() {
                outlet.unmap();
            }
        }
        let before = self.lease;
        self.lend(now);
        if has_main_changed && [before, self.lease].iter().all(|lease| *lease != SlotLease::Shown) {
            self.outlets.main_mut().start_or_settle_cards(now);
        }
    }

    /// Whether whoever reads at the main device is to see the camera, and not a card.
    fn main_shows_camera(&self) -> bool {
        self.camera_shown && self.outlets.main().wants_camera()
    }

    /// Grants the worker slots as its pictures are wanted, or takes them back.
    pub(super) fn lend(&mut self, now: Instant) {
        let are_copied = self.outlets.copies().iter().any(Outlet::wants_camera);
        let is_on = self.camera_shown && self.outlets.main().output().is_some();
        let wanted = match (self.main_shows_camera(), is_on && are_copied) {
            (true, _) => SlotLease::Shown,
            (false, true) => SlotLease::Aside,
            (false, false) => SlotLease::None,
        };
        if wanted != SlotLease::Shown || !are_copied {
            self.outlets.main_mut().unmap();
        }
        if wanted == self.lease || self.worker.is_none() {
            return;
        }
        self.end_lease(Card::Off, now);
        let Some(worker) = &mut self.worker else { return };
        match wanted {
            SlotLease::Shown => {
                let Some((next, usable)) = self.outlets.main().output().map(Output::rotation) else { return };
                self.outlets.main_mut().stop_cards();
                worker.grant(next, usable);
            }
            SlotLease::Aside => worker.grant_private(),
            SlotLease::None => {}
        }
        self.lease = wanted;
    }

    /// The worker has no slots any more. Where it had the main device's, this card is shown there: whoever opens it now must not
    /// see the last picture of somebody.
    fn end_lease(&mut self, card: Card, now: Instant) {
        if let Some(worker) = &mut self.worker {
            worker.revoke();
        }
        if std::mem::replace(&mut self.lease, SlotLease::None) == SlotLease::Shown {
            self.is_main_unsettled = true;
            self.outlets.main_mut().show_card(card, true, now);
        }
    }

    /// The worker may have been in the middle of a picture when the main device's slots were taken back, but is not any more: they
    /// are wiped once more.
    pub(super) fn settle_main(&mut self, now: Instant) {
        if std::mem::take(&mut self.is_main_unsettled) && self.lease != SlotLease::Shown {
            self.outlets.main_mut().show_again(now);
        }
    }

    /// The short way of a frame.
    pub(super) fn frame(&mut self, now: Instant, slot: u32, timestamp: Duration) {
        self.last_frame = Some(now);
        if !self.camera_shown {
            return;
        }
        self.settle_main(now);
        let Some(worker) = &mut self.worker else { return };
        let (main, copies) = self.outlets.split_mut();
        if worker.private_picture(slot).is_none()
            && main.wants_camera()
            && let Some(usable) = main.queue_frame(now, slot, timestamp)
        {
            worker.set_usable(usable);
        }
        let mut copies = copies.iter_mut().filter(|outlet| outlet.wants_camera()).peekable();
        if main.output().is_some() && copies.peek().is_some() {
            let picture = worker.private_picture(slot).map_or_else(|| main.picture(slot), Ok);
            for outlet in copies {
                match &picture {
                    Ok(picture) => self.copies += u64::from(outlet.queue_copy(now, picture, timestamp)),
                    Err(error) => outlet.lose(error.clone()),
                }
            }
        }
        // Not before it is copied: now the slot may be filled anew.
        worker.taken();
    }

    /// From now on these devices show their card, whatever the others show.
    pub(super) fn keep_out(&mut self, now: Instant, kept_out: &BTreeMap<Role, Card>) {
        let card = if self.camera_shown { Card::Off } else { self.card.unwrap_or(Card::Off) };
        let (camera_shown, is_main_lent) = (self.camera_shown, self.lease == SlotLease::Shown);
        for outlet in self.outlets.iter_mut() {
            let has_changed = outlet.keep_out(kept_out.get(&outlet.role()).copied());
            match (has_changed, camera_shown && outlet.wants_camera()) {
                (false, _) => {}
                (true, true) => outlet.stop_cards(),
                // [`Self::lend`] takes its slots back.
                (true, false) if is_main_lent && outlet.role() == Role::Main => {}
                (true, false) => outlet.show_card(card, false, now),
            }
        }
        // Who has just stopped wants no slots any more.
        self.feed(now);
    }

    /// Shows this card at every device.
    pub(super) fn show_card(&mut self, card: Card) {
        let now = Instant::now();
        self.camera_shown = false;
        let was_lent = self.lease == SlotLease::Shown;
        self.end_lease(card, now);
        for outlet in self.outlets.iter_mut().filter(|outlet| !was_lent || outlet.role() != Role::Main) {
            outlet.show_card(card, false, now);
        }
        self.card = Some(card);
    }
}
