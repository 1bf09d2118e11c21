//! When to look, where nothing is reported. Pure: time is an argument.
//!
//! 1. Idle: once in 300 s, to repair what a lost event left behind; no other wake-up.
//! 2. Somebody has the node open: the same every 30 s.
//! 3. The module cannot report who streams and somebody has the node open: at the configured interval for 2 s after an open,
//!    then at growing intervals up to ten times that, until something changes.
//! 4. After the level changed: once more, soon after.
//! 5. Scans of all processes keep a distance that leaves most of the time to others, however often the node is opened; where
//!    somebody streams who has no name yet, only half.

use std::time::{Duration, Instant};

const IDLE_CHECK: Duration = Duration::from_secs(300);
const BUSY_CHECK: Duration = Duration::from_secs(30);
const QUICK_PERIOD: Duration = Duration::from_secs(2);
const SLOWEST_POLL: u32 = 10;
const CONFIRM_AFTER: Duration = Duration::from_millis(100);
const SHORTEST_SCAN_DISTANCE: Duration = Duration::from_millis(20);
const LONGEST_SCAN_DISTANCE: Duration = Duration::from_secs(1);
/// A scan that took 10 ms is followed by 40 ms without one.
const SCAN_DISTANCE: u32 = 4;
const SHORTEST_POLL: Duration = Duration::from_millis(1);

/// The timers of a detector.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    poll_interval: Duration,
    poll_step: Duration,
    quick_until: Instant,
    busy: bool,
    /// When to check everything again.
    check_at: Instant,
    /// When to look at the known holders again.
    poll_at: Option<Instant>,
    /// When to read the level again.
    level_at: Option<Instant>,
    /// When to scan all processes, because a scan was put off.
    scan_at: Option<Instant>,
    /// When the next scan is allowed.
    scan_allowed: Instant,
    /// The same where somebody waits for its answer.
    urgent_scan_allowed: Instant,
}

impl Schedule {
    /// Timers that ask for a scan at once.
    pub(super) fn new(poll_interval: Duration, now: Instant) -> Self {
        let poll_interval = poll_interval.max(SHORTEST_POLL);
        Self {
            poll_interval,
            poll_step: poll_interval,
            quick_until: now,
            busy: false,
            check_at: now + IDLE_CHECK,
            poll_at: None,
            level_at: None,
            scan_at: Some(now),
            scan_allowed: now,
            urgent_scan_allowed: now,
        }
    }

    /// The earliest timer.
    pub(super) fn deadline(&self) -> Instant {
        [self.poll_at, self.level_at, self.scan_at].into_iter().flatten().fold(self.check_at, Instant::min)
    }

    /// Whether everything is to be checked now.
    pub(super) fn take_check(&mut self, now: Instant) -> bool {
        let due = self.check_at <= now;
        if due {
            self.check_at = now + self.check_interval();
        }
        due
    }

    /// Whether the known holders are to be looked at now.
    pub(super) fn take_poll(&mut self, now: Instant) -> bool {
        let due = self.poll_at.is_some_and(|at| at <= now);
        if due {
            if self.quick_until <= now {
                self.poll_step = (self.poll_step * 2).min(self.poll_interval * SLOWEST_POLL);
            }
            self.poll_at = Some(now + self.poll_step);
        }
        due
    }

    /// Whether the level is to be read now.
    pub(super) fn take_level(&mut self, now: Instant) -> bool {
        take(&mut self.level_at, now)
    }

    /// Whether a scan that was put off is due now.
    pub(super) fn take_scan(&mut self, now: Instant) -> bool {
        take(&mut self.scan_at, now)
    }

    /// Whether all processes may be scanned now; if not, it is put off. `is_urgent`: somebody waits for its answer.
    pub(super) fn may_scan(&mut self, now: Instant, is_urgent: bool) -> bool {
        let allowed = if is_urgent { self.urgent_scan_allowed } else { self.scan_allowed };
        if now < allowed {
            self.scan_at = Some(allowed);
            return false;
        }
        self.scan_at = None;
        true
    }

    /// Whether a scan is still to come.
    pub(super) fn is_scan_due(&self) -> bool {
        self.scan_at.is_some()
    }

    /// Asks for a scan then.
    pub(super) fn scan_at(&mut self, at: Instant) {
        self.scan_at = Some(at);
    }

    /// A scan that began at `now` took so long.
    pub(super) fn scanned(&mut self, now: Instant, took: Duration) {
        let distance = |times| (took * times).clamp(SHORTEST_SCAN_DISTANCE, LONGEST_SCAN_DISTANCE);
        self.scan_allowed = now + took + distance(SCAN_DISTANCE);
        self.urgent_scan_allowed = now + took + distance(1);
    }

    /// Asks for the level with the next look.
    pub(super) fn read_level_now(&mut self, now: Instant) {
        self.level_at = Some(now);
    }

    /// The level changed: read it once more, soon.
    pub(super) fn level_changed(&mut self, now: Instant) {
        self.level_at = Some(now + CONFIRM_AFTER);
    }

    /// The node was opened, or who has it changed: polls are quick again.
    pub(super) fn stirred(&mut self, now: Instant, opened: bool) {
        if opened {
            self.quick_until = now + QUICK_PERIOD;
        }
        self.poll_step = self.poll_interval;
        if self.poll_at.is_some() {
            self.poll_at = Some(now + self.poll_step);
        }
    }

    /// `busy`: somebody has the node open. `polls`: whether only polling shows what they do.
    pub(super) fn settle(&mut self, now: Instant, busy: bool, polls: bool) {
        if busy != self.busy {
            self.busy = busy;
            self.check_at = now + self.check_interval();
        }
        match (polls, self.poll_at) {
            (true, None) => {
                self.poll_step = self.poll_interval;
                self.poll_at = Some(now + self.poll_step);
            }
            (true, Some(_)) => {}
            (false, _) => self.poll_at = None,
        }
    }

    fn check_interval(&self) -> Duration {
        if self.busy { BUSY_CHECK } else { IDLE_CHECK }
    }
}

fn take(timer: &mut Option<Instant>, now: Instant) -> bool {
    timer.take_if(|at| *at <= now).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLL: Duration = Duration::from_millis(50);

    /// Timers whose first scan is done.
    fn schedule(now: Instant) -> Schedule {
        let mut schedule = Schedule::new(POLL, now);
        assert_eq!(schedule.deadline(), now);
        assert!(schedule.take_scan(now) && schedule.may_scan(now, false));
        schedule.scanned(now, Duration::ZERO);
        schedule
    }

    #[test]
    fn idle_wakes_once_in_five_minutes() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        let mut now = start;
        for _ in 0..10 {
            schedule.settle(now, false, false);
            assert_eq!(schedule.deadline(), now + Duration::from_secs(300));
            now = schedule.deadline();
            assert!(schedule.take_check(now));
            assert!(!schedule.take_poll(now) && !schedule.take_level(now) && !schedule.take_scan(now));
        }
    }

    #[test]
    fn an_open_node_is_checked_every_thirty_seconds() {
        let now = Instant::now();
        let mut schedule = schedule(now);
        schedule.settle(now, true, false);
        assert_eq!(schedule.deadline(), now + Duration::from_secs(30));
        // Staying busy does not put the check off.
        schedule.settle(now + Duration::from_secs(20), true, false);
        assert_eq!(schedule.deadline(), now + Duration::from_secs(30));
        schedule.settle(now + Duration::from_secs(25), false, false);
        assert_eq!(schedule.deadline(), now + Duration::from_secs(325));
    }

    #[test]
    fn polls_back_off_to_ten_intervals_and_start_over_with_an_open() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        schedule.stirred(start, true);
        schedule.settle(start, true, true);
        let mut now = start;
        let mut steps = Vec::new();
        while now < start + Duration::from_secs(10) {
            let next = schedule.deadline();
            steps.push(next - now);
            now = next;
            assert!(schedule.take_poll(now));
            schedule.settle(now, true, true);
        }
        assert!(steps[..40].iter().all(|step| *step == POLL), "{steps:?}");
        assert_eq!(steps.last(), Some(&(POLL * 10)));
        assert!(steps.len() < 70, "{}", steps.len());
        schedule.stirred(now, true);
        assert_eq!(schedule.deadline(), now + POLL);
        schedule.settle(now, true, false);
        assert!(schedule.deadline() > now + Duration::from_secs(10), "nothing to poll for");
    }

    #[test]
    fn scans_leave_time_to_others() {
        let now = Instant::now();
        let mut schedule = schedule(now);
        let took = Duration::from_millis(50);
        let later = now + Duration::from_secs(1);
        assert!(schedule.may_scan(later, false));
        schedule.scanned(later, took);
        assert!(!schedule.may_scan(later + took, false));
        assert_eq!(schedule.deadline(), later + took * 5, "put off, not forgotten");
        assert!(!schedule.clone().may_scan(later + took, true) && schedule.clone().may_scan(later + took * 2, true));
        assert!(schedule.take_scan(later + took * 5) && schedule.may_scan(later + took * 5, false));
    }

    #[test]
    fn a_changed_level_is_read_once_more() {
        let now = Instant::now();
        let mut schedule = schedule(now);
        schedule.level_changed(now);
        assert!(!schedule.take_level(now));
        let due = schedule.deadline();
        assert_eq!(due, now + CONFIRM_AFTER);
        assert!(schedule.take_level(due));
        assert!(!schedule.take_level(due));
    }
}
