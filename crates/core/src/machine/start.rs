//! How long a start may take. Every step has a deadline of its own, which begins with the step before and is longer at
//! each retry: a machine that is busy, or a plugin cache that is made anew, costs no camera its start.

use std::time::{Duration, Instant};

use super::WARM_TIMEOUT;
use crate::event::Step;
use crate::trouble::Trouble;

/// From the spawn to the worker's first word: the program and GStreamer's libraries are read from disk.
const UP_LIMIT: Duration = Duration::from_secs(10);
/// GStreamer's plugins; after an update it looks through all of them (seconds, and tens of them on a slow disk).
const LOAD_LIMIT: Duration = Duration::from_secs(30);
/// The camera is found and opened. Vendors' libraries take 1 to 3 s, a USB camera's request that fails 5 s.
const OPEN_LIMIT: Duration = Duration::from_secs(10);
/// From there to caps: what the camera will give is settled.
const STREAM_LIMIT: Duration = Duration::from_secs(5);
/// From there to the first picture, decoded and laid: cameras need up to 4 s.
const PICTURE_LIMIT: Duration = Duration::from_secs(8);

/// How far a worker is on its way to the first picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    /// `None`: it was spawned.
    reached: Option<Step>,
    /// When the next step has to be done, or, where no camera is wanted yet, when the worker goes unused.
    pub(super) due: Instant,
    /// The time this step has; named when it passes.
    limit: Duration,
    /// How many times the usual time each step gets.
    patience: u32,
}

impl Start {
    /// Spawned now.
    pub(super) fn new(now: Instant, patience: u32) -> Self {
        let mut start = Self { reached: None, due: now, limit: Duration::ZERO, patience };
        start.wait(now);
        start
    }

    /// It has done a step. `is_wanted`: the camera is to be switched on.
    pub(super) fn reach(&mut self, now: Instant, step: Step, is_wanted: bool) {
        if self.reached >= Some(step) || (!is_wanted && step > Step::Loaded) {
            return;
        }
        self.reached = Some(step);
        if is_wanted || step < Step::Loaded {
            self.wait(now);
        } else {
            self.due = now + WARM_TIMEOUT;
        }
    }

    /// The camera is to be switched on from now on.
    pub(super) fn begin(&mut self, now: Instant, patience: u32) {
        self.patience = patience;
        if self.is_loaded() {
            self.wait(now);
        }
    }

    /// Whether it waits for nothing but the order to switch on.
    pub(super) fn is_loaded(&self) -> bool {
        self.reached >= Some(Step::Loaded)
    }

    fn wait(&mut self, now: Instant) {
        let limit = match self.reached {
            None => UP_LIMIT,
            Some(Step::Up) => LOAD_LIMIT,
            Some(Step::Loaded) => OPEN_LIMIT,
            Some(Step::Opened) => STREAM_LIMIT,
            Some(Step::Streaming) => PICTURE_LIMIT,
        };
        self.limit = limit * self.patience;
        self.due = now + self.limit;
    }

    /// Which step was not done in time.
    pub(super) fn overdue(&self) -> Trouble {
        Trouble::StartOverdue { reached: self.reached, seconds: self.limit.as_secs() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_its_own_time_from_the_one_before_and_a_reason_of_its_own() {
        let begin = Instant::now();
        let mut start = Start::new(begin, 1);
        let mut now = begin;
        let mut reasons = Vec::new();
        for step in [Step::Up, Step::Loaded, Step::Opened, Step::Streaming] {
            reasons.push(start.overdue());
            // At the last moment.
            now = start.due;
            start.reach(now, step, true);
            assert!(start.due > now, "{step:?}");
        }
        assert_eq!(start.due - now, PICTURE_LIMIT);
        reasons.push(start.overdue());
        assert_eq!(reasons[4], Trouble::StartOverdue { reached: Some(Step::Streaming), seconds: 8 });
        reasons.dedup();
        assert_eq!(reasons.len(), 5, "{reasons:?}");
    }

    #[test]
    fn a_step_reported_again_or_out_of_turn_gains_no_time() {
        let now = Instant::now();
        let mut start = Start::new(now, 1);
        start.reach(now, Step::Opened, true);
        let due = start.due;
        for step in [Step::Up, Step::Loaded, Step::Opened] {
            start.reach(now + Duration::from_secs(4), step, true);
        }
        assert_eq!(start.due, due);
    }

    #[test]
    fn a_warm_worker_is_let_go_so_long_after_it_was_ready_and_opens_nothing_before_its_order() {
        let now = Instant::now();
        let mut start = Start::new(now, 1);
        start.reach(now, Step::Up, false);
        assert_eq!(start.due, now + LOAD_LIMIT);
        let later = now + Duration::from_secs(20);
        start.reach(later, Step::Loaded, false);
        assert_eq!(start.due, later + WARM_TIMEOUT);
        start.reach(later, Step::Streaming, false);
        start.begin(later, 2);
        assert_eq!(start.due, later + 2 * OPEN_LIMIT);
    }
}
