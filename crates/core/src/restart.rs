//! When to try again after a failure.

use std::time::Duration;

/// First wait before a new try; each further one is twice as long.
pub const FIRST: Duration = Duration::from_millis(500);
/// Tries that come by themselves. After them a new client, the user, or the camera itself has to come.
pub const TRIES: u32 = 5;
/// After those tries: the least time to the next start of a camera that comes again and again.
pub const REST: Duration = Duration::from_secs(30);
/// Longest wait for a signal at a capture card's input.
pub const SIGNAL: Duration = Duration::from_secs(5);
/// A camera that ran this long had recovered: the count starts anew.
pub const STABLE: Duration = Duration::from_secs(30);
/// The most that the time for a step of a start is multiplied with.
const MOST_PATIENCE: u32 = 4;

/// Counts failures in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Restart {
    failures: u32,
}

impl Restart {
    /// Notes a failure; how long to wait before the next try, or `None` when it is time to give up.
    pub fn failed(&mut self) -> Option<Duration> {
        let delay = FIRST.saturating_mul(2u32.saturating_pow(self.failures));
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

    /// How many times the usual time the next start gets for each step: what was slow may only have been slow.
    pub fn patience(&self) -> u32 {
        2u32.saturating_pow(self.failures).min(MOST_PATIENCE)
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
    fn every_retry_is_more_patient_up_to_a_bound() {
        let mut restart = Restart::default();
        let patience = std::iter::repeat_with(|| {
            let now = restart.patience();
            restart.failed();
            now
        });
        assert_eq!(patience.take(5).collect::<Vec<_>>(), [1, 2, 4, 4, 4]);
    }

    #[test]
    fn counting_never_overflows() {
        let mut restart = Restart { failures: u32::MAX };
        assert_eq!(restart.failed(), None);
        assert_eq!((restart.attempt(), restart.patience()), (u32::MAX, MOST_PATIENCE));
    }
}
