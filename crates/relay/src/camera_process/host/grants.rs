//! Which slots the worker may fill, by the rules of [`lenscap_picture::slots`].

use super::super::granted::Granted;
use super::super::private_slots;
use super::WorkerHost;
use lenscap_picture::slots::Rotation;
use lenscap_sys::clock::monotonic_now;
use lenscap_wire::protocol::ToChild;

impl WorkerHost {
    /// Grants the main output's slots, in the place of what was granted before: `first` is the slot that follows the one queued
    /// last, `usable` the length of the rotation.
    pub fn grant(&mut self, first: u32, usable: u32) {
        self.grant_rotation(first, Rotation { base: 0, usable });
    }

    /// Grants the private slots, in the place of what was granted before.
    pub fn grant_private(&mut self) {
        let base = self.slot_count;
        self.grant_rotation(base, Rotation { base, usable: private_slots::COUNT });
    }

    fn grant_rotation(&mut self, first: u32, rotation: Rotation) {
        self.revoke();
        self.epoch = self.epoch.checked_add(1).unwrap_or(1);
        self.granted = Some(Granted::new(first, rotation, monotonic_now()));
        self.taken = 0;
        self.control.grant(self.epoch, first, rotation);
        self.send(&ToChild::Granted);
    }

    /// Takes the slots back: frames that are on their way are dropped.
    pub fn revoke(&mut self) {
        self.control.revoke();
        if self.granted.take().is_some_and(|granted| granted.base() == self.slot_count) {
            self.private.give_back();
        }
    }

    /// The picture in this slot; `None`: it is one of the main output's.
    pub fn private_picture(&self, slot: u32) -> Option<&[u8]> {
        self.private.picture(slot.checked_sub(self.slot_count)?)
    }

    /// The rotation of the main output's slots is now 0..`usable`.
    pub fn set_usable(&mut self, usable: u32) {
        if let Some(granted) = self.granted.as_mut().filter(|granted| granted.base() == 0) {
            granted.set_usable(usable);
            self.control.set_usable(usable);
        }
    }

    /// One frame was queued, or thrown away: its place is free again.
    pub fn taken(&mut self) {
        self.taken += 1;
        self.control.set_taken(self.taken);
    }
}
