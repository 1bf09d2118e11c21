//! Never more frames than promised, and none delayed: a frame that comes too early is left out.

use std::time::Duration;

/// Decides by the frames' times which of them pass.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    interval: Duration,
    /// When the next frame is due.
    due: Option<Duration>,
}

impl RateLimiter {
    pub(crate) fn new(interval: Duration) -> Self {
        Self { interval, due: None }
    }

    /// Whether the frame of this time passes. A camera's clock trembles: up to a quarter of an interval early is in
    /// time, and over many frames the rate is still kept.
    pub(crate) fn pass(&mut self, time: Duration) -> bool {
        let Some(due) = self.due else {
            self.due = Some(time + self.interval);
            return true;
        };
        // Time went back by more than trembling can explain: the source started over.
        let has_restarted = time + self.interval * 4 < due;
        if time + self.interval / 4 < due && !has_restarted {
            return false;
        }
        let is_late = time > due + self.interval;
        self.due = Some(if is_late || has_restarted { time + self.interval } else { due + self.interval });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(from: f64, to: f64, seconds: u32, tremble: f64) -> u32 {
        let mut limiter = RateLimiter::new(Duration::from_secs_f64(1.0 / to));
        let frames = (from * f64::from(seconds)) as u32;
        (0..frames)
            .map(|i| {
                let shift = [0.0, tremble, -tremble, tremble / 2.0][i as usize % 4];
                limiter.pass(Duration::from_secs_f64(1.0 + f64::from(i) / from + shift))
            })
            .map(u32::from)
            .sum()
    }

    #[test]
    fn faster_sources_are_brought_down_and_slower_ones_left_alone() {
        assert_eq!(passed(60.0, 30.0, 10, 0.0), 300);
        assert_eq!(passed(50.0, 25.0, 10, 0.0), 250);
        assert_eq!(passed(30.0, 30.0, 10, 0.0), 300);
        assert_eq!(passed(15.0, 30.0, 10, 0.0), 150);
        assert!((298..=301).contains(&passed(45.0, 30.0, 10, 0.0)));
        assert!((298..=301).contains(&passed(100.0, 30.0, 10, 0.0)));
    }

    #[test]
    fn trembling_loses_nothing() {
        assert!(passed(30.0, 30.0, 10, 0.004) >= 299);
    }

    #[test]
    fn a_camera_slightly_too_fast_is_held_to_the_promise() {
        assert!((2999..=3001).contains(&passed(30.3, 30.0, 100, 0.0)));
    }

    #[test]
    fn gaps_are_not_made_up_for_and_a_restart_is_not_a_stop() {
        let mut limiter = RateLimiter::new(Duration::from_millis(33));
        assert!(limiter.pass(Duration::from_secs(10)));
        assert!(limiter.pass(Duration::from_secs(20)));
        assert!(!limiter.pass(Duration::from_millis(20_016)));
        assert!(limiter.pass(Duration::from_millis(5)));
        assert!(!limiter.pass(Duration::from_millis(15)));
    }
}
