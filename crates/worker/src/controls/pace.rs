//! How often changes of controls are reported: at once, and ever more slowly where they go on without end.
//!
//! Some cameras change one with every frame (vivid's `read_only_integer_32_bits`, a meter of brightness): reported as they come
//! they cost more than the pictures.

use std::time::{Duration, Instant};

/// The shortest time from one report to the next.
const SHORTEST: Duration = Duration::from_millis(50);
/// The longest, where changes go on: what people look at may be this old.
const LONGEST: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Debug)]
pub(super) struct Pace {
    pause: Duration,
    /// The end of the last pause.
    until: Option<Instant>,
    is_quiet: bool,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { pause: SHORTEST, until: None, is_quiet: false }
    }

    /// Until when nothing is to be reported.
    pub(super) fn quiet_until(&self) -> Option<Instant> {
        self.until.filter(|_| self.is_quiet)
    }

    /// Ends the pause when it is over.
    pub(super) fn tick(&mut self, now: Instant) {
        self.is_quiet &= self.until.is_some_and(|until| until > now);
    }

    /// Something was reported. Where the last pause has hardly ended, the next is twice as long.
    pub(super) fn reported(&mut self, now: Instant) {
        let goes_on = self.until.is_some_and(|until| now < until + self.pause);
        self.pause = if goes_on { (self.pause * 2).min(LONGEST) } else { SHORTEST };
        self.until = Some(now + self.pause);
        self.is_quiet = true;
    }

    /// What changes now was asked for, and somebody looks at it.
    pub(super) fn hurry(&mut self, now: Instant) {
        self.pause = SHORTEST / 2;
        self.until = self.until.map(|until| until.min(now + SHORTEST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A camera that changes something every 40 ms: when that is reported, in ms from the start.
    fn reported(pace: &mut Pace, start: Instant, from: u64, to: u64) -> Vec<u64> {
        (from..to)
            .step_by(40)
            .filter(|ms| {
                let now = start + Duration::from_millis(*ms);
                pace.tick(now);
                let is_due = pace.quiet_until().is_none();
                if is_due {
                    pace.reported(now);
                }
                is_due
            })
            .collect()
    }

    #[test]
    fn what_goes_on_without_end_is_told_ever_more_slowly() {
        let (mut pace, start) = (Pace::new(), Instant::now());
        let at = reported(&mut pace, start, 0, 20_000);
        let pauses: Vec<_> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(pauses.is_sorted() && pauses[0] <= 80 && pauses[pauses.len() - 1] >= 1000, "{pauses:?}");
        assert!(at.len() <= 26, "{} in 20 s", at.len());
        // Quiet for a while: quick again.
        let at = reported(&mut pace, start, 25_000, 26_000);
        assert!(at[0] == 25_000 && at[1] <= 25_080, "{at:?}");
    }

    #[test]
    fn what_was_asked_for_is_told_soon() {
        let (mut pace, start) = (Pace::new(), Instant::now());
        reported(&mut pace, start, 0, 10_000);
        for ms in (10_000..12_000).step_by(100) {
            let now = start + Duration::from_millis(ms);
            pace.tick(now);
            pace.hurry(now);
            assert!(pace.quiet_until().is_none_or(|until| until <= now + SHORTEST));
            pace.tick(now + SHORTEST);
            assert_eq!(pace.quiet_until(), None);
            pace.reported(now + SHORTEST);
        }
    }
}
