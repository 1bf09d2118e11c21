//! The worker's side of the slots: lends them out to be filled, and sends what is filled, in rotation.
//!
//! At most one slot is lent and not yet sent; it is the next of the rotation. Its mapping itself is lent, so that
//! nobody can write to a slot that somebody still reads, and it comes home when the last user lets go of it.

mod leased_slot;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lenscap_picture::slots::{Control, Grant};
use lenscap_sys::memfd::Mapping;
use lenscap_wire::channel::Channel;
use lenscap_wire::protocol::{self, Frame, FromChild, Stats};

pub(crate) use leased_slot::LeasedSlot;

/// Everything the streaming thread needs to deliver.
#[derive(Debug)]
pub(crate) struct Delivery {
    channel: Arc<Channel>,
    control: Control,
    picture: usize,
    starts: Vec<usize>,
    state: Mutex<SlotRotation>,
    changed: Condvar,
    frames: AtomicU64,
    dropped: AtomicU64,
    skipped: AtomicU64,
    copies: AtomicU64,
    bad: AtomicU64,
    lost: AtomicU64,
}

#[derive(Debug)]
struct SlotRotation {
    /// The slots that are not lent.
    home: Vec<Option<Mapping>>,
    /// The grant that `next` and `sent` belong to.
    epoch: u32,
    next: u32,
    /// Frames sent under this grant.
    sent: u64,
    /// The slot that is lent and not sent, and the epoch it was lent in.
    lent: Option<(u32, u32)>,
    cancelled: bool,
}

/// The slots, of so many bytes, do not hold a picture of so many.
#[derive(Debug, thiserror::Error)]
#[error("slots of {slot} bytes for pictures of {picture}")]
pub(crate) struct SlotsTooSmall {
    slot: usize,
    picture: usize,
}

impl Delivery {
    /// `maps` are all slots in the order of their numbers, `picture` is the bytes of one picture.
    ///
    /// # Errors
    /// When a slot does not hold one.
    pub(crate) fn new(
        channel: Arc<Channel>,
        control: Control,
        maps: Vec<Mapping>,
        picture: usize,
    ) -> Result<Self, SlotsTooSmall> {
        if let Some(slot) = maps.iter().map(|map| map.as_slice().len()).find(|length| *length < picture) {
            return Err(SlotsTooSmall { slot, picture });
        }
        let starts = maps.iter().map(|map| map.as_slice().as_ptr() as usize).collect();
        let state = SlotRotation {
            home: maps.into_iter().map(Some).collect(),
            epoch: 0,
            next: 0,
            sent: 0,
            lent: None,
            cancelled: false,
        };
        Ok(Self {
            channel,
            control,
            picture,
            starts,
            state: Mutex::new(state),
            changed: Condvar::new(),
            frames: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            copies: AtomicU64::new(0),
            bad: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        })
    }

    /// The slot that begins at this address.
    pub(crate) fn slot_at(&self, start: *const u8) -> Option<u32> {
        let index = self.starts.iter().position(|address| *address == start as usize)?;
        u32::try_from(index).ok()
    }

    /// Whether a frame would find a slot now.
    pub(crate) fn wants_frame(&self) -> bool {
        let mut state = self.state();
        self.room(&mut state).is_some()
    }

    /// The next slot, to be filled; `None` when the gate is closed, too much is under way, or it is in use.
    pub(crate) fn lend(self: &Arc<Self>) -> Option<LeasedSlot> {
        let mut state = self.state();
        let grant = self.room(&mut state)?;
        if state.lent.is_some() || !grant.rotation.contains(state.next) {
            return None;
        }
        let slot = state.next;
        let map = state.home.get_mut(slot as usize)?.take()?;
        state.lent = Some((slot, state.epoch));
        drop(state);
        Some(LeasedSlot { delivery: self.clone(), slot, map: Some(map) })
    }

    /// Sends a filled slot. `false`: it may not be sent, because it is not the next one or its grant is over.
    pub(crate) fn send(&self, slot: u32, timestamp: Duration) -> bool {
        let mut state = self.state();
        let epoch = state.epoch;
        if state.lent != Some((slot, epoch)) || state.next != slot {
            return false;
        }
        let Some(grant) = self.control.granted().filter(|grant| grant.epoch == epoch && grant.rotation.contains(slot))
        else {
            return false;
        };
        let frame = FromChild::Frame(Frame {
            slot,
            epoch,
            timestamp_ns: u64::try_from(timestamp.as_nanos()).unwrap_or(u64::MAX),
            sequence: self.frames.load(Ordering::Relaxed),
        });
        let sent = protocol::encode(&frame).is_ok_and(|bytes| self.channel.try_send(&bytes, &[]).is_ok());
        if sent {
            state.lent = None;
            state.sent += 1;
            state.next = grant.rotation.after(slot);
            self.frames.fetch_add(1, Ordering::Relaxed);
        }
        sent
    }

    /// Waits for the gate to open. `false`: it did not in time, or the camera is being switched off.
    pub(crate) fn wait_for_grant(&self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        let mut state = self.state();
        loop {
            if state.cancelled {
                return false;
            }
            if self.control.granted().is_some() {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The gate was opened: wakes [`Self::wait_for_grant`].
    pub(crate) fn granted(&self) {
        // Taken so that the waiter is either before its look at the gate or asleep.
        drop(self.state());
        self.changed.notify_all();
    }

    /// The camera is being switched off: nobody waits any longer.
    pub(crate) fn cancel(&self) {
        self.state().cancelled = true;
        self.changed.notify_all();
    }

    /// Counts a frame that found no slot.
    pub(crate) fn count_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a frame that was held back early.
    pub(crate) fn count_skipped(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a frame that was copied into its slot.
    pub(crate) fn count_copy(&self) {
        self.copies.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a frame that came broken.
    pub(crate) fn count_bad(&self) {
        self.bad.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts frames that never came.
    pub(crate) fn count_lost(&self, frames: u64) {
        self.lost.fetch_add(frames, Ordering::Relaxed);
    }

    /// The counters so far.
    pub(crate) fn stats(&self) -> Stats {
        Stats {
            frames: self.frames.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            skipped: self.skipped.load(Ordering::Relaxed),
            copies: self.copies.load(Ordering::Relaxed),
            bad: self.bad.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
        }
    }

    /// The present grant, when there is room for one more frame.
    fn room(&self, state: &mut SlotRotation) -> Option<Grant> {
        let grant = self.control.granted()?;
        if grant.epoch != state.epoch {
            state.epoch = grant.epoch;
            state.next = grant.first;
            state.sent = 0;
        }
        if !grant.rotation.contains(state.next) {
            state.next = grant.rotation.base;
        }
        let under_way = state.sent.saturating_sub(grant.taken);
        let limit = u64::from(grant.rotation.usable.saturating_sub(1)).max(1);
        (under_way < limit).then_some(grant)
    }

    fn state(&self) -> MutexGuard<'_, SlotRotation> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
