//! What may come under a grant: slots in rotation, and times that a camera of this grant can have.
//!
//! A worker that names a slot twice in a row kills its readers, and one that stamps pictures at will breaks what they record
//! (facts: v4l2loopback). Both are as much nonsense as a message that cannot be read.

use std::time::Duration;

use lenscap_picture::slots::Rotation;

/// How much older than the grant a picture may be: the worker lets a picture be 5 s old, and its first one waits up to 2 s
/// for the grant.
const OLDEST: Duration = Duration::from_secs(8);
/// How far in the future, where the clocks of two processors differ.
const AHEAD: Duration = Duration::from_millis(100);

/// What cannot be, of a picture under a grant; for the log, and behind "sent nonsense".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Breach {
    #[error("slot {0} twice in a row")]
    Twice(u32),
    #[error("slot {slot} after slot {last}")]
    After { slot: u32, last: u32 },
    #[error("slot {slot} first, not slot {first}")]
    First { slot: u32, first: u32 },
    #[error("a picture of {0:?} before its grant")]
    BeforeGrant(Duration),
    #[error("a picture from the future")]
    Future,
}

/// What is expected of the worker. Times are `CLOCK_MONOTONIC`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Granted {
    /// The lowest slot.
    base: u32,
    first: u32,
    last: Option<u32>,
    /// The shortest and the longest rotation since the grant: the worker may not have seen the newest yet.
    shortest: u32,
    longest: u32,
    earliest: Duration,
}

impl Granted {
    /// This rotation is granted, from `first` on.
    pub(super) fn new(first: u32, rotation: Rotation, now: Duration) -> Self {
        let Rotation { base, usable } = rotation;
        Self { base, first, last: None, shortest: usable, longest: usable, earliest: now.saturating_sub(OLDEST) }
    }

    /// The lowest slot.
    pub(super) fn base(&self) -> u32 {
        self.base
    }

    /// So many slots are in the rotation from now on.
    pub(super) fn set_usable(&mut self, usable: u32) {
        self.shortest = self.shortest.min(usable);
        self.longest = self.longest.max(usable);
    }

    /// Takes note of a picture in this slot.
    ///
    /// # Errors
    /// What cannot be about it.
    pub(super) fn take(&mut self, slot: u32, taken: Duration, now: Duration) -> Result<(), Breach> {
        let next = self.last.map_or(self.first, |last| last.saturating_add(1));
        let of = |usable| Rotation { base: self.base, usable };
        let goes_on = slot == next && of(self.longest).contains(slot);
        let starts_over = slot == self.base && !of(self.shortest).contains(next);
        if !goes_on && !starts_over {
            return Err(match self.last {
                Some(last) if last == slot => Breach::Twice(slot),
                Some(last) => Breach::After { slot, last },
                None => Breach::First { slot, first: self.first },
            });
        }
        if taken < self.earliest {
            return Err(Breach::BeforeGrant(self.earliest + OLDEST - taken));
        }
        if taken > now + AHEAD {
            return Err(Breach::Future);
        }
        self.last = Some(slot);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Duration = Duration::from_secs(1000);

    fn slots(usable: u32) -> Rotation {
        Rotation { base: 0, usable }
    }

    fn after(taken: &[u32]) -> Granted {
        let mut granted = Granted::new(2, slots(4), NOW);
        for slot in taken {
            granted.take(*slot, NOW, NOW).unwrap();
        }
        granted
    }

    fn wrong(mut granted: Granted, slot: u32) -> String {
        granted.take(slot, NOW, NOW).unwrap_err().to_string()
    }

    #[test]
    fn only_the_rotation_is_taken() {
        after(&[2, 3, 0, 1, 2]);
        assert_eq!(wrong(after(&[]), 3), "slot 3 first, not slot 2");
        assert_eq!(wrong(after(&[]), 0), "slot 0 first, not slot 2");
        assert_eq!(wrong(after(&[2, 3]), 3), "slot 3 twice in a row");
        assert_eq!(wrong(after(&[2, 3, 0]), 0), "slot 0 twice in a row");
        assert_eq!(wrong(after(&[2, 3]), 1), "slot 1 after slot 3");
        assert_eq!(wrong(after(&[2, 3]), 4), "slot 4 after slot 3");
        let mut alone = Granted::new(0, slots(1), NOW);
        assert!(alone.take(0, NOW, NOW).is_ok() && alone.take(0, NOW, NOW).is_ok(), "there is no other");
    }

    #[test]
    fn slots_of_another_rotation_are_not_taken() {
        let private = || Granted::new(8, Rotation { base: 8, usable: 3 }, NOW);
        let mut granted = private();
        assert!([8, 9, 10, 8].into_iter().all(|slot| granted.take(slot, NOW, NOW).is_ok()));
        assert_eq!(wrong(granted, 0), "slot 0 after slot 8");
        for slot in [0, 7, 9, 11, u32::MAX] {
            assert_eq!(wrong(private(), slot), format!("slot {slot} first, not slot 8"));
        }
        for (slot, last) in [(8, 3), (11, 3), (4, 3)] {
            assert_eq!(wrong(after(&[2, 3]), slot), format!("slot {slot} after slot {last}"));
        }
    }

    #[test]
    fn times_are_of_this_grant() {
        let minute = Duration::from_secs(60);
        let mut granted = Granted::new(2, slots(4), NOW);
        // A relay that stood still reads late what was in time.
        assert!(granted.take(2, NOW - Duration::from_secs(6), NOW + minute).is_ok());
        for (taken, words) in [
            (Duration::ZERO, "before its grant"),
            (NOW - minute, "60s before its grant"),
            (NOW + minute, "the future"),
            (Duration::MAX, "the future"),
        ] {
            let error = granted.clone().take(3, taken, NOW).unwrap_err().to_string();
            assert!(error.contains(words), "{taken:?}: {error}");
        }
    }

    proptest! {
        /// The worker as [`super::super::delivery`] is: it sees a new length of the rotation at once, and what is on its way
        /// is from before.
        #[test]
        fn a_worker_that_keeps_to_the_rules_is_never_wrong(
            first in 0_u32..8,
            steps in proptest::collection::vec((0_u32..4, 1_u32..=8), 1..60),
        ) {
            let mut granted = Granted::new(first, slots(8), NOW);
            let (mut next, mut usable) = (first, 8);
            for (frames, length) in steps {
                let mut on_the_way = Vec::new();
                for _ in 0..frames {
                    if next >= usable {
                        next = 0;
                    }
                    on_the_way.push(next);
                    next = (next + 1) % usable;
                }
                if length != usable {
                    usable = length;
                    granted.set_usable(usable);
                }
                for slot in on_the_way {
                    prop_assert_eq!(granted.take(slot, NOW, NOW), Ok(()));
                }
            }
        }
    }
}
