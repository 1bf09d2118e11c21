//! The worker's side of the slots: lends them out to be filled, and sends what is filled, in rotation.
//!
//! At most one slot is lent and not yet sent; it is the next of the rotation. Its mapping itself is lent, so that
//! nobody can write to a slot that somebody still reads, and it comes home when the last user lets go of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lenscap_picture::slots::{Control, Grant, SlotLayout};
use lenscap_sys::memfd::Mapping;
use lenscap_wire::channel::Channel;
use lenscap_wire::protocol::{self, Frame, FromChild, Stats};

/// Everything the streaming thread needs to deliver.
#[derive(Debug)]
pub(crate) struct Delivery {
    channel: Arc<Channel>,
    control: Control,
    picture: usize,
    starts: Vec<usize>,
    state: Mutex<State>,
    changed: Condvar,
    frames: AtomicU64,
    dropped: AtomicU64,
    skipped: AtomicU64,
    copies: AtomicU64,
    bad: AtomicU64,
    lost: AtomicU64,
}

#[derive(Debug)]
struct State {
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

/// A slot to be filled; goes home when dropped.
#[derive(Debug)]
pub(crate) struct SlotLease {
    delivery: Arc<Delivery>,
    slot: u32,
    map: Option<Mapping>,
}

impl Delivery {
    /// `picture` is the bytes of one picture.
    ///
    /// # Errors
    /// When a slot does not hold one.
    pub(crate) fn new(
        channel: Arc<Channel>,
        control: Control,
        maps: Vec<Mapping>,
        layout: &SlotLayout,
        picture: usize,
    ) -> Result<Self, SlotsTooSmall> {
        if layout.length < picture {
            return Err(SlotsTooSmall { slot: layout.length, picture });
        }
        let starts = maps.iter().map(|map| map.as_slice().as_ptr() as usize).collect();
        let state = State {
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
    pub(crate) fn lend(self: &Arc<Self>) -> Option<SlotLease> {
        let mut state = self.state();
        let grant = self.room(&mut state)?;
        if state.lent.is_some() || state.next >= grant.usable {
            return None;
        }
        let slot = state.next;
        let map = state.home.get_mut(slot as usize)?.take()?;
        state.lent = Some((slot, state.epoch));
        drop(state);
        Some(SlotLease { delivery: self.clone(), slot, map: Some(map) })
    }

    /// Sends a filled slot. `false`: it may not be sent, because it is not the next one or its grant is over.
    pub(crate) fn send(&self, slot: u32, timestamp: Duration) -> bool {
        let mut state = self.state();
        let epoch = state.epoch;
        if state.lent != Some((slot, epoch)) || state.next != slot {
            return false;
        }
        let Some(grant) = self.control.granted().filter(|grant| grant.epoch == epoch && slot < grant.usable) else {
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
            state.next = (slot + 1) % grant.usable.max(1);
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
    fn room(&self, state: &mut State) -> Option<Grant> {
        let grant = self.control.granted()?;
        if grant.epoch != state.epoch {
            state.epoch = grant.epoch;
            state.next = grant.first;
            state.sent = 0;
        }
        if state.next >= grant.usable {
            state.next = 0;
        }
        let under_way = state.sent.saturating_sub(grant.taken);
        let limit = u64::from(grant.usable.saturating_sub(1)).max(1);
        (under_way < limit).then_some(grant)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SlotLease {
    /// Which slot it is.
    pub(crate) fn slot(&self) -> u32 {
        self.slot
    }
}

impl AsRef<[u8]> for SlotLease {
    fn as_ref(&self) -> &[u8] {
        let bytes = self.map.as_ref().map(Mapping::as_slice).unwrap_or_default();
        &bytes[..self.delivery.picture.min(bytes.len())]
    }
}

impl AsMut<[u8]> for SlotLease {
    fn as_mut(&mut self) -> &mut [u8] {
        let bytes = self.map.as_mut().map(Mapping::as_mut_slice).unwrap_or_default();
        let length = self.delivery.picture.min(bytes.len());
        &mut bytes[..length]
    }
}

impl Drop for SlotLease {
    fn drop(&mut self) {
        let mut state = self.delivery.state();
        if let Some(place) = state.home.get_mut(self.slot as usize) {
            *place = self.map.take();
        }
        if state.lent.is_some_and(|(slot, _)| slot == self.slot) {
            state.lent = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_sys::memfd;
    use lenscap_wire::channel::{self, Received};

    struct Rig {
        delivery: Arc<Delivery>,
        parent: Channel,
        gate: Control,
        _page: std::os::fd::OwnedFd,
    }

    fn rig(slots: u64) -> Rig {
        let (parent, child) = Channel::pair().unwrap();
        let (gate, page) = Control::create().unwrap();
        let fd = memfd::sealed("test", slots * 4096).unwrap();
        let layout = SlotLayout { offsets: (0..slots).map(|i| i * 4096).collect(), length: 4096 };
        let maps = layout.map(&fd).unwrap();
        let control = Control::open(&page).unwrap();
        let delivery = Delivery::new(Arc::new(Channel::new(child)), control, maps, &layout, 100).unwrap();
        Rig { delivery: Arc::new(delivery), parent, gate, _page: page }
    }

    impl Rig {
        fn frame(&self) -> Option<Frame> {
            let mut buffer = channel::buffer();
            match self.parent.receive(&mut buffer).unwrap() {
                Received::Packet(length, _) => match protocol::decode(&buffer[..length]).unwrap() {
                    FromChild::Frame(frame) => Some(frame),
                    other => panic!("{other:?}"),
                },
                _ => None,
            }
        }

        fn deliver(&self) -> Option<u32> {
            let lent = self.delivery.lend()?;
            assert!(self.delivery.send(lent.slot(), Duration::ZERO));
            let frame = self.frame().unwrap();
            assert_eq!(frame.slot, lent.slot());
            Some(frame.slot)
        }
    }

    #[test]
    fn slots_go_round_from_the_one_granted_and_never_too_many_are_under_way() {
        let rig = rig(4);
        assert!(rig.delivery.lend().is_none());
        rig.gate.grant(1, 2, 4);
        assert_eq!([rig.deliver(), rig.deliver(), rig.deliver()], [Some(2), Some(3), Some(0)]);
        assert_eq!(rig.deliver(), None);
        rig.gate.set_taken(2);
        assert_eq!([rig.deliver(), rig.deliver(), rig.deliver()], [Some(1), Some(2), None]);
    }

    #[test]
    fn one_slot_at_a_time_is_lent_and_an_unsent_one_comes_again() {
        let rig = rig(3);
        rig.gate.grant(1, 0, 3);
        let lent = rig.delivery.lend().unwrap();
        assert!(rig.delivery.lend().is_none());
        drop(lent);
        let lent = rig.delivery.lend().unwrap();
        assert_eq!(lent.slot(), 0);
        assert!(rig.delivery.send(0, Duration::ZERO));
        assert!(!rig.delivery.send(0, Duration::ZERO), "sent twice");
        assert_eq!(rig.frame().map(|frame| frame.slot), Some(0));
        // The reader of slot 0 keeps it: the rotation waits for it.
        assert_eq!(rig.deliver(), Some(1));
        rig.gate.set_taken(2);
        assert_eq!([rig.deliver(), rig.deliver()], [Some(2), None]);
        drop(lent);
        assert_eq!(rig.deliver(), Some(0));
    }

    #[test]
    fn what_was_lent_under_an_old_grant_is_not_sent_under_the_new_one() {
        let rig = rig(3);
        rig.gate.grant(1, 1, 3);
        let old = rig.delivery.lend().unwrap();
        rig.gate.revoke();
        assert!(!rig.delivery.send(old.slot(), Duration::ZERO));
        rig.gate.grant(2, 1, 3);
        assert!(rig.delivery.wants_frame());
        assert!(!rig.delivery.send(old.slot(), Duration::ZERO));
        drop(old);
        assert_eq!(rig.deliver(), Some(1));
    }

    #[test]
    fn a_shrunk_rotation_is_kept_to_at_once() {
        let rig = rig(4);
        rig.gate.grant(1, 1, 4);
        assert_eq!(rig.deliver(), Some(1));
        let lent = rig.delivery.lend().unwrap();
        rig.gate.set_taken(1);
        rig.gate.set_usable(2);
        assert!(!rig.delivery.send(lent.slot(), Duration::ZERO));
        drop(lent);
        assert_eq!(rig.deliver(), Some(0));
        rig.gate.set_taken(2);
        assert_eq!(rig.deliver(), Some(1));
        rig.gate.set_taken(3);
        rig.gate.set_usable(1);
        assert_eq!(rig.deliver(), Some(0));
        rig.gate.set_taken(4);
        assert_eq!(rig.deliver(), Some(0));
    }

    #[test]
    fn waiting_ends_by_grant_cancel_or_deadline() {
        let rig = rig(2);
        assert!(!rig.delivery.wait_for_grant(Duration::from_millis(1)));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| rig.delivery.wait_for_grant(Duration::from_secs(60)));
            rig.gate.grant(1, 0, 2);
            rig.delivery.granted();
            assert!(waiting.join().unwrap());
        });
        rig.gate.revoke();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| rig.delivery.wait_for_grant(Duration::from_secs(60)));
            rig.delivery.cancel();
            assert!(!waiting.join().unwrap());
        });
    }

    #[test]
    fn the_parent_that_reads_nothing_costs_frames_and_no_time() {
        let rig = rig(32);
        for round in 0..100_u64 {
            rig.gate.grant(u32::try_from(round).unwrap() + 1, 0, 32);
            for _ in 0..31 {
                let Some(lent) = rig.delivery.lend() else { break };
                if !rig.delivery.send(lent.slot(), Duration::ZERO) {
                    return;
                }
            }
        }
        panic!("the socket took everything");
    }
}
