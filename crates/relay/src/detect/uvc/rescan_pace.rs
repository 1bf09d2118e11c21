//! How often something that is costly may be done for one reason, however often the reason comes. Pure: time is an
//! argument.

use std::time::{Duration, Instant};

/// The first distance, and the shortest.
const FIRST: Duration = Duration::from_secs(1);

/// Lets a few pass at once, then one at growing distances; after a quiet time it starts over.
#[derive(Debug, Clone)]
pub(super) struct RescanPace {
    free: u32,
    longest: Duration,
    /// Passed since the last quiet time.
    passed: u32,
    /// The next may not pass before.
    allowed: Option<Instant>,
    /// One waits, to pass then.
    due: Option<Instant>,
}

impl RescanPace {
    /// `free` pass at once; the distances behind them double from a second up to `longest`.
    pub(super) fn new(free: u32, longest: Duration) -> Self {
        Self { free, longest, passed: 0, allowed: None, due: None }
    }

    /// There is a reason: whether it may be done now. If not it is due later; see [`Self::take`].
    pub(super) fn ask(&mut self, now: Instant) -> bool {
        match self.allowed {
            Some(at) if now < at => {
                self.due = Some(at);
                return false;
            }
            // A quiet time as long as the last distance.
            Some(at) if now >= at + self.distance() => self.passed = 0,
            Some(_) | None => {}
        }
        self.due = None;
        self.passed = self.passed.saturating_add(1);
        self.allowed = Some(now + if self.passed < self.free { Duration::ZERO } else { self.distance() });
        true
    }

    /// There is a reason, which has just been followed: later once more.
    pub(super) fn want(&mut self, now: Instant) {
        self.due = match self.allowed {
            Some(at) if now < at => Some(at),
            Some(_) | None => {
                // It counts as one that passed now.
                self.ask(now);
                self.allowed = self.allowed.max(Some(now + FIRST));
                self.allowed
            }
        };
    }

    /// Whether one that waited passes now.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        self.due.is_some_and(|at| at <= now) && self.ask(now)
    }

    /// When [`Self::take`] is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// The distance that stands behind those that passed.
    fn distance(&self) -> Duration {
        let doublings = self.passed.saturating_sub(self.free).min(16);
        (FIRST * 2_u32.pow(doublings)).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many pass in so many seconds when asked a thousand times a second, or as it is due.
    fn passed(pace: &mut RescanPace, start: Instant, seconds: u64) -> usize {
        (0..seconds * 1000).filter(|ms| pace.ask(start + Duration::from_millis(*ms))).count()
    }

    #[test]
    fn a_reason_without_end_is_followed_ever_less() {
        let start = Instant::now();
        let mut pace = RescanPace::new(1, Duration::from_secs(300));
        assert_eq!(passed(&mut pace, start, 60), 6, "at 0, 1, 3, 7, 15, 31 seconds");
        let mut pace = RescanPace::new(5, FIRST);
        assert_eq!(passed(&mut pace, start, 10), 5 + 9);
    }

    #[test]
    fn what_was_put_off_is_done_once_and_waits_for_nothing_then() {
        let start = Instant::now();
        let mut pace = RescanPace::new(1, Duration::from_secs(300));
        assert!(pace.ask(start) && pace.deadline().is_none());
        assert!(!pace.ask(start) && !pace.take(start));
        let due = pace.deadline().unwrap();
        assert_eq!(due, start + FIRST);
        assert!(pace.take(due));
        assert_eq!(pace.deadline(), None);
    }

    #[test]
    fn after_a_quiet_time_it_starts_over() {
        let start = Instant::now();
        let mut pace = RescanPace::new(1, Duration::from_secs(8));
        passed(&mut pace, start, 30);
        let later = start + Duration::from_secs(60);
        assert!(pace.ask(later));
        assert!(!pace.ask(later));
        assert_eq!(pace.deadline(), Some(later + FIRST));
    }
}
