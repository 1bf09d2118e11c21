//! The slots frames are written into, shared between the resident process and its worker.
//!
//! The slots are the output's own buffers (or a memfd with one copy). Rules:
//!
//! 1. Slots are used in rotation, 0, 1, …, n-1, 0, …, whoever fills them: a reader that is handed the same index twice
//!    in a row dies (facts: v4l2loopback, GStreamer's v4l2src).
//! 2. The resident process owns all slots until it grants them: it opens the gate and names the next slot. Until
//!    then the worker renders into memory of its own and writes to no slot.
//! 3. After the grant the worker fills the next slot and says so over the socket; the parent queues it and counts
//!    it as taken. The worker writes to a slot only while fewer than `usable - 1` frames (at least 1) are under way;
//!    otherwise it drops the frame: nobody waits.
//! 4. The parent takes the slots back by closing the gate, and by the worker's end. A frame the worker was just
//!    rendering may still be written to at most one slot: the one that would have come next.
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

/// The epoch of the grant; 0 while the gate is closed.
const GATE: usize = 0;
const NEXT: usize = 4;
const USABLE: usize = 8;
const TAKEN: usize = 16;
const SIZE: usize = 4096;

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
    /// How many slots, from 0, are in the rotation. A reader on v4l2loopback 0.12 can shrink it at any moment.
    pub usable: u32,
    /// Frames the parent has taken since the grant.
    pub taken: u64,
}

impl Control {
    /// A new control page with the gate closed, and the descriptor to hand to the worker.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn create() -> io::Result<(Self, OwnedFd)> {
        let fd = memfd::sealed("lenscap-slots", SIZE as u64)?;
        Ok((Self::open(&fd)?, fd))
    }

    /// Maps a control page that the other side made.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn open(fd: impl AsFd) -> io::Result<Self> {
        Ok(Self { map: Mapping::new(fd, 0, SIZE)? })
    }

    /// Parent: opens the gate. `first` is the slot that follows the one queued last; `epoch` is not 0 and not that
    /// of an earlier grant.
    pub fn grant(&self, epoch: u32, first: u32, usable: u32) {
        self.revoke();
        self.store_u32(NEXT, first);
        self.store_u32(USABLE, usable);
        self.store_u64(TAKEN, 0);
        self.store_u32(GATE, epoch);
    }

    /// Parent: closes the gate.
    pub fn revoke(&self) {
        self.store_u32(GATE, 0);
    }

    /// Parent: the rotation is now 0..`usable`.
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
            usable: self.load_u32(USABLE),
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
        parent.grant(7, 3, 8);
        assert_eq!(worker.granted(), Some(Grant { epoch: 7, first: 3, usable: 8, taken: 0 }));
        parent.set_taken(5);
        parent.set_usable(2);
        assert_eq!(worker.granted(), Some(Grant { epoch: 7, first: 3, usable: 2, taken: 5 }));
        parent.revoke();
        assert_eq!(worker.granted(), None);
    }

    #[test]
    fn a_layout_without_slots_is_refused() {
        let fd = memfd::sealed("test", 4096).unwrap();
        assert!(SlotLayout { offsets: vec![], length: 4096 }.map(&fd).is_err());
        assert!(SlotLayout { offsets: vec![0; MAX_SLOTS + 1], length: 4096 }.map(&fd).is_err());
    }
}
