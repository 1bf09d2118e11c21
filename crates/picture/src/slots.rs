//! The slots frames are written into, shared between the resident process and its worker.
//!
//! There are two kinds, numbered one after the other: the main output's own buffers, 0 to n-1, and from n on private ones,
//! which nobody but these two processes can see. Rules:
//!
//! 1. Slots are used in rotation, 0, 1, …, n-1, 0, …, whoever fills them: a reader that is handed the same index twice
//!    in a row dies (facts: v4l2loopback, GStreamer's v4l2src).
//! 2. The resident process owns all slots until it grants those of one kind: it opens the gate and names the rotation and the
//!    next slot. Until then the worker renders into memory of its own and writes to no slot. Private ones are granted while the
//!    main output shows no camera: whoever has that device open has its buffers mapped, also those that are never queued.
//! 3. After the grant the worker fills the next slot and says so over the socket; the parent queues it and counts
//!    it as taken. The worker writes to a slot only while fewer than `usable - 1` frames (at least 1) are under way;
//!    otherwise it drops the frame: nobody waits.
//! 4. The parent takes the slots back by closing the gate, and by the worker's end. A frame the worker was just
//!    rendering may still be written to at most one slot: the one that would have come next. The first frame of another
//!    grant says that this is over.
//! 5. Every grant has a number of its own, its epoch, and every frame says under which it was made: frames that were
//!    on their way when the gate closed are never taken for frames of the next grant.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};

use lenscap_sys::memfd::{self, Mapping};

/// Most slots ever used; v4l2loopback's largest `max_buffers`.
pub const MAX_SLOTS: usize = 32;

/// Where the slots lie in the shared file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotLayout {
    /// Byte offset of each slot, as `mmap` wants it.
    pub offsets: Vec<u64>,
    /// Bytes to map of each slot; at least one picture.
    pub length: usize,
}

impl SlotLayout {
    /// So many slots for pictures of so many bytes, from the beginning of a file on, each at a page.
    pub fn one_after_another(count: u32, picture: usize) -> Self {
        let length = picture.next_multiple_of(PAGE);
        Self { offsets: (0..u64::from(count)).map(|slot| slot * length as u64).collect(), length }
    }

    /// Bytes of a file that ends behind the last slot.
    pub fn file_size(&self) -> u64 {
        self.offsets.last().map_or(0, |last| last + self.length as u64)
    }

    /// Maps every slot of `fd`.
    ///
    /// # Errors
    /// The kernel's error; `InvalidInput` for no slots or too many.
    pub fn map(&self, fd: impl AsFd) -> io::Result<Vec<Mapping>> {
        if self.offsets.is_empty() || self.offsets.len() > MAX_SLOTS {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        self.offsets.iter().map(|offset| Mapping::new(fd.as_fd(), *offset, self.length)).collect()
    }
}

/// Slots that are used in rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// The lowest.
    pub base: u32,
    /// How many, from that one on. A reader on v4l2loopback 0.12 can shrink it at any moment.
    pub usable: u32,
}

impl Rotation {
    /// Whether this slot is one of them.
    pub fn contains(&self, slot: u32) -> bool {
        slot.checked_sub(self.base).is_some_and(|place| place < self.usable)
    }

    /// The slot that follows this one.
    pub fn after(&self, slot: u32) -> u32 {
        let next = slot.wrapping_add(1);
        if self.contains(next) { next } else { self.base }
    }
}

/// Bytes of a page; what is mapped begins at one.
const PAGE: usize = 4096;
/// The epoch of the grant; 0 while the gate is closed.
const GATE: usize = 0;
const NEXT: usize = 4;
const USABLE: usize = 8;
const BASE: usize = 12;
const TAKEN: usize = 16;

/// The page through which the parent grants slots and says how far it has come; no system call on either side.
#[derive(Debug)]
pub struct Control {
    map: Mapping,
}

/// What the worker may do right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Which grant this is; never 0.
    pub epoch: u32,
    /// The slot the first frame after the grant goes to.
    pub first: u32,
    /// Which slots are filled.
    pub rotation: Rotation,
    /// Frames the parent has taken since the grant.
    pub taken: u64,
}

impl Control {
    /// A new control page with the gate closed, and the descriptor to hand to the worker.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn create() -> io::Result<(Self, OwnedFd)> {
        let fd = memfd::sealed("lenscap-slots", PAGE as u64)?;
        Ok((Self::open(&fd)?, fd))
    }

    /// Maps a control page that the other side made.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn open(fd: impl AsFd) -> io::Result<Self> {
        Ok(Self { map: Mapping::new(fd, 0, PAGE)? })
    }

    /// Parent: opens the gate. `first` is the slot that follows the one queued last; `epoch` is not 0 and not that
    /// of an earlier grant.
    pub fn grant(&self, epoch: u32, first: u32, rotation: Rotation) {
        self.revoke();
        self.store_u32(NEXT, first);
        self.store_u32(BASE, rotation.base);
        self.store_u32(USABLE, rotation.usable);
        self.store_u64(TAKEN, 0);
        self.store_u32(GATE, epoch);
    }

    /// Parent: closes the gate.
    pub fn revoke(&self) {
        self.store_u32(GATE, 0);
    }

    /// Parent: so many slots are in the rotation now.
    pub fn set_usable(&self, usable: u32) {
        self.store_u32(USABLE, usable);
    }

    /// Parent: this many frames were taken since the grant.
    pub fn set_taken(&self, taken: u64) {
        self.store_u64(TAKEN, taken);
    }

    /// Worker: what is granted; `None` while the gate is closed.
    pub fn granted(&self) -> Option<Grant> {
        let epoch = self.load_u32(GATE);
        let grant = Grant {
            epoch,
            first: self.load_u32(NEXT),
            rotation: Rotation { base: self.load_u32(BASE), usable: self.load_u32(USABLE) },
            taken: self.map.atomic_u64(TAKEN).map_or(0, |atomic| atomic.load(Ordering::SeqCst)),
        };
        // The gate is closed while the other words change: an unchanged epoch means that they belong together.
        (epoch != 0 && self.load_u32(GATE) == epoch).then_some(grant)
    }

    fn store_u32(&self, offset: usize, value: u32) {
        if let Some(atomic) = self.map.atomic_u32(offset) {
            atomic.store(value, Ordering::SeqCst);
        }
    }

    fn store_u64(&self, offset: usize, value: u64) {
        if let Some(atomic) = self.map.atomic_u64(offset) {
            atomic.store(value, Ordering::SeqCst);
        }
    }

    fn load_u32(&self, offset: usize) -> u32 {
        self.map.atomic_u32(offset).map_or(0, |atomic| atomic.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_is_closed_until_granted_and_after_revoked() {
        let (parent, fd) = Control::create().unwrap();
        let worker = Control::open(&fd).unwrap();
        assert_eq!(worker.granted(), None);
        let of = |base, usable| Rotation { base, usable };
        parent.grant(7, 3, of(0, 8));
        assert_eq!(worker.granted(), Some(Grant { epoch: 7, first: 3, rotation: of(0, 8), taken: 0 }));
        parent.set_taken(5);
        parent.set_usable(2);
        assert_eq!(worker.granted(), Some(Grant { epoch: 7, first: 3, rotation: of(0, 2), taken: 5 }));
        parent.grant(8, 9, of(8, 3));
        assert_eq!(worker.granted(), Some(Grant { epoch: 8, first: 9, rotation: of(8, 3), taken: 0 }));
        parent.revoke();
        assert_eq!(worker.granted(), None);
    }

    /// One thread grants, in turns, two rotations that have nothing in common; the other never sees a mixture of them.
    #[test]
    fn a_grant_that_is_read_while_it_is_made_is_whole_or_none() {
        let (parent, fd) = Control::create().unwrap();
        let worker = Control::open(&fd).unwrap();
        let of = |epoch| match epoch % 2 {
            0 => (5, Rotation { base: 0, usable: 8 }),
            _ => (9, Rotation { base: 8, usable: 3 }),
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for epoch in 1..100_000 {
                    let (first, rotation) = of(epoch);
                    parent.grant(epoch, first, rotation);
                }
                parent.grant(u32::MAX, 0, of(0).1);
            });
            loop {
                match worker.granted() {
                    Some(Grant { epoch: u32::MAX, .. }) => break,
                    Some(Grant { epoch, first, rotation, .. }) => assert_eq!((first, rotation), of(epoch)),
                    None => {}
                }
            }
        });
    }

    #[test]
    fn a_rotation_begins_anew_behind_its_last_slot() {
        let private = Rotation { base: 8, usable: 3 };
        assert_eq!([8, 9, 10].map(|slot| private.after(slot)), [9, 10, 8]);
        assert_eq!([0, 7, 11, u32::MAX].map(|slot| private.after(slot)), [8; 4], "from outside");
        let shrunk = Rotation { base: 0, usable: 2 };
        assert_eq!([1, 5].map(|slot| shrunk.after(slot)), [0, 0]);
        let none = Rotation { base: 0, usable: 0 };
        assert!(!none.contains(0) && none.after(0) == 0);
        let last = Rotation { base: u32::MAX, usable: 3 };
        assert!(last.contains(u32::MAX) && last.after(u32::MAX) == u32::MAX);
    }

    #[test]
    fn a_layout_without_slots_is_refused() {
        let fd = memfd::sealed("test", 4096).unwrap();
        assert!(SlotLayout { offsets: vec![], length: 4096 }.map(&fd).is_err());
        assert!(SlotLayout { offsets: vec![0; MAX_SLOTS + 1], length: 4096 }.map(&fd).is_err());
    }
}
