//! The one source of the times of what is queued at a device: cards, the camera's pictures, copies, whoever made them.
//!
//! Cards are of now, the camera's pictures of when they were taken, 20 to 160 ms ago: queued as they are, the first picture
//! would lie before the last card. Readers take a time that goes back for a broken camera, and fill a leap with repeated
//! pictures. So what goes out is
//!
//! 1. strictly later than what went out before, in the microseconds of a V4L2 buffer,
//! 2. never in the future (where two come within one microsecond, the second waits for the next: [`Stamps::is_due`]),
//! 3. not older than two intervals where a reader has just begun,
//! 4. else what it was: a picture's time is when it was taken.
//!
//! What comes from before the last picture is not thrown away, which would show the card for longer: it follows half an
//! interval later, so that the camera's own times are reached again, smoothly, within a few pictures.

use std::time::Duration;

/// The resolution of a V4L2 buffer's time.
const TICK: Duration = Duration::from_micros(1);
/// How many intervals the first picture of a reader may be old.
const FRESH: u32 = 2;

/// Gives out the times of one device, which are `CLOCK_MONOTONIC`.
#[derive(Debug)]
pub struct Stamps {
    interval: Duration,
    last: Option<Duration>,
    /// No time before this one is given out.
    floor: Duration,
}

impl Stamps {
    /// Of a device whose pictures come in this interval.
    pub fn new(interval: Duration) -> Self {
        Self { interval, last: None, floor: Duration::ZERO }
    }

    /// A reader begins: what it gets is no older than two intervals.
    pub fn streaming_begins(&mut self, now: Duration) {
        self.floor = micros(now.saturating_sub(self.interval * FRESH));
    }

    /// Whether the clock has gone on since the last one, as far as a V4L2 buffer shows.
    pub fn is_due(&self, now: Duration) -> bool {
        self.last.is_none_or(|last| micros(now) > last)
    }

    /// The time to queue a picture with that was taken at `taken`.
    pub fn stamp(&mut self, taken: Duration, now: Duration) -> Duration {
        let now = micros(now);
        let taken = micros(taken).min(now);
        let earliest = self.last.map_or(self.floor, |last| self.floor.max(last + TICK));
        let stamp = if taken >= earliest {
            taken
        } else {
            let behind = self.last.map(|last| last + (self.interval / 2).min(now.saturating_sub(last)));
            micros(behind.unwrap_or_default()).max(earliest)
        };
        self.last = Some(stamp);
        stamp
    }
}

/// What a V4L2 buffer keeps of it.
fn micros(time: Duration) -> Duration {
    Duration::new(time.as_secs(), time.subsec_micros() * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INTERVAL: Duration = Duration::from_millis(33);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_pictures_own_time_is_kept() {
        let mut stamps = Stamps::new(INTERVAL);
        for at in [1000, 1033, 1066, 1070, 1150] {
            assert_eq!(stamps.stamp(ms(at), ms(at + 120)), ms(at), "as late as it comes");
        }
        assert_eq!(stamps.stamp(Duration::new(2, 1_234_567), ms(3000)), Duration::new(2, 1_234_000), "in microseconds");
    }

    #[test]
    fn the_camera_after_a_card_goes_on_smoothly_and_reaches_its_own_times() {
        let mut stamps = Stamps::new(INTERVAL);
        let card = stamps.stamp(ms(1000), ms(1000));
        let mut last = card;
        let mut own = None;
        // 157 ms from the sensor to here.
        for picture in 0..20 {
            let (taken, now) = (ms(850 + 33 * picture), ms(1007 + 33 * picture));
            let stamp = stamps.stamp(taken, now);
            assert!(stamp > last && stamp <= now, "{last:?} {stamp:?}");
            assert!(stamp - last <= INTERVAL + INTERVAL / 2, "no leap: {last:?} {stamp:?}");
            if stamp == taken {
                own.get_or_insert(picture);
            } else {
                assert_eq!(own, None, "once its own, always its own");
            }
            last = stamp;
        }
        assert!(own.is_some_and(|picture| picture <= 12), "{own:?}");
    }

    #[test]
    fn a_reader_that_begins_gets_nothing_old() {
        let mut stamps = Stamps::new(INTERVAL);
        stamps.stamp(ms(1000), ms(1000));
        stamps.streaming_begins(ms(9000));
        assert_eq!(stamps.stamp(ms(4000), ms(9001)), ms(9000) - 2 * INTERVAL);
        assert_eq!(stamps.stamp(ms(8990), ms(9002)), ms(8990));
    }

    #[test]
    fn the_future_and_two_at_once_are_put_in_order() {
        let mut stamps = Stamps::new(INTERVAL);
        assert_eq!(stamps.stamp(Duration::MAX, ms(1000)), ms(1000));
        assert!(!stamps.is_due(ms(1000) + TICK / 2) && stamps.is_due(ms(1000) + TICK));
        assert_eq!(stamps.stamp(ms(1000), ms(1000)), ms(1000) + TICK);
        assert_eq!(stamps.stamp(Duration::ZERO, ms(1010)), ms(1010), "half an interval would be the future");
    }

    proptest! {
        #[test]
        fn times_grow_and_are_never_of_the_future(
            steps in proptest::collection::vec((0_u64..200_000_000, 0_u64..12_000_000_000, 0_u8..8), 1..200),
        ) {
            let mut stamps = Stamps::new(INTERVAL);
            let mut now = Duration::from_secs(100);
            let (mut last, mut begun) = (None, None);
            for (passed, age, what) in steps {
                now += Duration::from_nanos(passed);
                if what == 0 {
                    stamps.streaming_begins(now);
                    begun = Some(now);
                }
                let taken = match what {
                    1 => now + Duration::from_nanos(age),
                    2 => now,
                    _ => now.saturating_sub(Duration::from_nanos(age)),
                };
                let stamp = stamps.stamp(taken, now);
                prop_assert_eq!(stamp, micros(stamp));
                if let Some(last) = last {
                    prop_assert!(stamp > last);
                }
                prop_assert!(stamp <= micros(now).max(last.unwrap_or_default() + TICK));
                if let Some(begun) = begun {
                    prop_assert!(stamp + TICK + 2 * INTERVAL >= begun);
                }
                last = Some(stamp);
            }
        }
    }
}
