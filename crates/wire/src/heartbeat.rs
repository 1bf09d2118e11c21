//! The sign of life of the resident process: a counter in memory that its event loop moves on, and that the worker's keeper
//! looks at. The worker itself never has this memory.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::Ordering;
use std::time::Duration;

use lenscap_sys::memfd::{self, Mapping};

/// How often the counter is moved on, while there is a worker.
pub const BEAT_INTERVAL: Duration = Duration::from_secs(1);
/// How often it is looked at.
pub const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Looks in a row that find it unmoved, until the resident process counts as hung. Looks and not time: where both were
/// stopped, or the computer slept, one look at most falls into that.
const LOOKS: u32 = 5;
const SIZE: usize = 4096;

/// The counter, on either side.
#[derive(Debug)]
pub struct Heartbeat {
    map: Mapping,
}

impl Heartbeat {
    /// A counter that stands at 0, and the descriptor to hand to the keeper.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn create() -> io::Result<(Self, OwnedFd)> {
        let fd = memfd::sealed("lenscap-heartbeat", SIZE as u64)?;
        Ok((Self::open(&fd)?, fd))
    }

    /// The counter of the other side.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn open(fd: impl AsFd) -> io::Result<Self> {
        Ok(Self { map: Mapping::new(fd, 0, SIZE)? })
    }

    /// Moves it on.
    pub fn beat(&self) {
        if let Some(counter) = self.map.atomic_u64(0) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Where it stands; 0: it has not begun.
    pub fn count(&self) -> u64 {
        self.map.atomic_u64(0).map_or(0, |counter| counter.load(Ordering::Relaxed))
    }
}

/// What the looks at a heartbeat found.
#[derive(Debug, Default)]
pub struct Pulse {
    last: u64,
    unmoved: u32,
}

impl Pulse {
    /// One look, [`LOOK_INTERVAL`] after the one before; whether the other side hangs.
    pub fn look(&mut self, count: u64) -> bool {
        self.unmoved = if count == self.last && count != 0 { self.unmoved + 1 } else { 0 };
        self.last = count;
        self.unmoved >= LOOKS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_stands_still_for_five_looks_hangs() {
        let (relay, fd) = Heartbeat::create().unwrap();
        let keeper = Heartbeat::open(&fd).unwrap();
        let mut pulse = Pulse::default();
        assert!((0..100).all(|_| !pulse.look(keeper.count())), "it has not begun");
        for _ in 0..10 {
            relay.beat();
            assert!(!pulse.look(keeper.count()));
        }
        let looks: Vec<bool> = (0..5).map(|_| pulse.look(keeper.count())).collect();
        assert_eq!(looks, [false, false, false, false, true]);
        relay.beat();
        assert!(!pulse.look(keeper.count()), "and lives again");
    }
}
