//! Notices that the computer was suspended, from the two clocks of which only one goes on then.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The clocks are read one after the other: less than this apart is no suspend.
const LEAST: Duration = Duration::from_millis(500);

/// How much of the time since boot the computer was suspended.
#[derive(Debug)]
pub(super) struct Suspends {
    known: Duration,
}

impl Default for Suspends {
    fn default() -> Self {
        Self { known: suspended_so_far() }
    }
}

impl Suspends {
    /// How long it was suspended since this was last asked.
    pub(super) fn take(&mut self) -> Option<Duration> {
        self.note(suspended_so_far())
    }

    fn note(&mut self, so_far: Duration) -> Option<Duration> {
        let more = so_far.saturating_sub(self.known);
        (more >= LEAST).then(|| {
            self.known = so_far;
            more
        })
    }
}

/// `CLOCK_BOOTTIME` runs ahead of `CLOCK_MONOTONIC` by it.
fn suspended_so_far() -> Duration {
    let read = |clock| {
        let time = clock_gettime(clock);
        Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
    };
    let awake = read(ClockId::Monotonic);
    read(ClockId::Boottime).saturating_sub(awake)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suspend_is_told_once_and_the_clocks_jitter_is_none() {
        let mut suspends = Suspends { known: Duration::from_secs(100) };
        assert_eq!(suspends.note(Duration::from_millis(100_001)), None);
        assert_eq!(suspends.note(Duration::from_millis(99_999)), None);
        assert_eq!(suspends.note(Duration::from_secs(160)), Some(Duration::from_secs(60)));
        assert_eq!(suspends.note(Duration::from_secs(160)), None);
        assert_eq!(Suspends::default().take(), None);
    }
}
