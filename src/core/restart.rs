//! When to try again after a failure.

use std::time::Duration;

/// First wait before a new try.
pub const FIRST: Duration = Duration::from_millis(500);
/// Longest wait before a new try.
pub const LONGEST: Duration = Duration::from_secs(30);
/// Tries before giving up until a new client comes or the user asks.
pub const TRIES: u32 = 5;
/// A camera that ran this long had recovered: the count starts anew.
pub const STABLE: Duration = Duration::from_secs(30);

/// Counts failures in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Restart {
    failures: u32,
}

impl Restart {
    /// Notes a failure; how long to wait before the next try, or `None` when it is time to give up.
    pub fn failed(&mut self) -> Option<Duration> {
        let delay = FIRST.saturating_mul(2u32.saturating_pow(self.failures)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        (self.failures <= TRIES).then_some(delay)
    }

    /// It works again, or the user asked: the count starts anew.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// The number of the next try, from 1.
    pub fn attempt(&self) -> u32 {
        self.failures.saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_then_it_gives_up() {
        let mut restart = Restart::default();
        let waits: Vec<_> = std::iter::from_fn(|| restart.failed()).map(|wait| wait.as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000]);
        assert_eq!(restart.failed(), None);
        restart.reset();
        assert_eq!(restart.failed(), Some(FIRST));
    }

    #[test]
    fn counting_never_overflows() {
        let mut restart = Restart { failures: u32::MAX };
        assert_eq!(restart.failed(), None);
        assert_eq!(restart.attempt(), u32::MAX);
    }
}
