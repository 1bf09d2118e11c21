//! Which modes a camera refused, so that another one is tried.
//!
//! A hub without bandwidth for 1280x720 raw may have it for JPEG: uvcvideo then fails STREAMON with ENOSPC, and only
//! then. A camera that refuses one mode once may only have stumbled; one that refuses every mode has another trouble.

use std::time::{Duration, Instant};

use super::mode::Mode;

/// Modes left out at most; when yet another one fails, it is not the mode's fault.
pub const MOST: usize = 4;
/// How long they are left out: what takes the bandwidth may be gone by then.
pub const KEPT: Duration = Duration::from_secs(600);
/// How long after it came, or the computer woke, a camera may stumble: a start from this time says nothing about its mode.
pub const SETTLE: Duration = Duration::from_secs(5);

/// The refused modes of the camera in use.
#[derive(Debug, Default)]
pub struct Refusals {
    modes: Vec<Mode>,
    /// Failed once; the next failure decides.
    suspect: Option<Mode>,
    last: Option<Instant>,
    /// What the camera was last started with, and when; `None`: that is settled.
    tried: Option<(Mode, Instant)>,
    /// Starts before this are not counted.
    settled_at: Option<Instant>,
}

impl Refusals {
    /// The camera is started in this mode.
    pub fn trying(&mut self, now: Instant, mode: Mode) {
        self.tried = Some((mode, now));
    }

    /// The camera did not start in this mode. The first one is tried twice, those that stand in for it once.
    pub fn failed(&mut self, now: Instant, mode: Mode) {
        let began = self.tried.take().map_or(now, |(_, began)| began);
        if self.settled_at.is_some_and(|at| began < at) {
            return;
        }
        if self.modes.contains(&mode) || self.modes.len() == MOST {
            return self.forget();
        }
        if self.modes.is_empty() && self.suspect.as_ref() != Some(&mode) {
            self.suspect = Some(mode);
            return;
        }
        self.suspect = None;
        self.modes.push(mode);
        self.last = Some(now);
    }

    /// The camera was given up without a word: if it was started and gave nothing, its mode is to blame as much as one
    /// that fails at once.
    pub fn gave_nothing(&mut self, now: Instant) {
        if let Some((mode, _)) = self.tried.clone() {
            self.failed(now, mode);
        }
    }

    /// The start ended otherwise: nobody wants the camera any more, or it failed for another reason.
    pub fn ended(&mut self) {
        self.tried = None;
    }

    /// The camera started: whatever failed once had only stumbled.
    pub fn started(&mut self) {
        self.suspect = None;
        self.tried = None;
    }

    /// The camera has just come, or the computer has just woken.
    pub fn disturbed(&mut self, now: Instant) {
        self.suspect = None;
        self.settled_at = Some(now + SETTLE);
    }

    /// Another camera, another size, another USB port.
    pub fn forget(&mut self) {
        *self = Self { tried: self.tried.take(), settled_at: self.settled_at, ..Self::default() };
    }

    /// What is to be left out now, the first refused first.
    pub fn modes(&mut self, now: Instant) -> Vec<Mode> {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) >= KEPT) {
            self.forget();
        }
        self.modes.clone()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mode(width: u32) -> Mode {
        Mode { format: "YUY2".into(), width, height: 480, millihertz: 30_000, ..Mode::default() }
    }

    #[test]
    fn the_second_failure_in_a_row_is_a_refusal_and_what_stands_in_gets_one_try() {
        let now = Instant::now();
        let mut refusals = Refusals::default();
        refusals.failed(now, mode(1280));
        assert_eq!(refusals.modes(now), []);
        refusals.started();
        refusals.failed(now, mode(1280));
        assert_eq!(refusals.modes(now), [], "it had worked in between");
        refusals.failed(now, mode(1280));
        assert_eq!(refusals.modes(now), [mode(1280)]);
        refusals.failed(now, mode(640));
        refusals.started();
        assert_eq!(refusals.modes(now), [mode(1280), mode(640)]);
    }

    #[test]
    fn a_camera_that_refuses_everything_is_asked_for_the_best_again() {
        let now = Instant::now();
        let mut refusals = Refusals::default();
        for width in [0, 0, 1, 2, 3] {
            refusals.failed(now, mode(width));
        }
        assert_eq!(refusals.modes(now).len(), MOST);
        refusals.failed(now, mode(4));
        assert_eq!(refusals.modes(now), []);
        // There was no other mode.
        refusals.failed(now, mode(0));
        refusals.failed(now, mode(0));
        refusals.failed(now, mode(0));
        assert_eq!(refusals.modes(now), []);
    }

    #[test]
    fn refusals_are_forgotten_after_a_while() {
        let now = Instant::now();
        let mut refusals = Refusals::default();
        refusals.failed(now, mode(0));
        refusals.failed(now, mode(0));
        assert_eq!(refusals.modes(now + KEPT / 2), [mode(0)]);
        assert_eq!(refusals.modes(now + KEPT), []);
    }

    #[test]
    fn a_mode_in_which_the_camera_gives_nothing_is_refused_like_one_that_fails() {
        let now = Instant::now();
        let mut refusals = Refusals::default();
        for _ in 0..2 {
            refusals.trying(now, mode(1280));
            refusals.gave_nothing(now + Duration::from_secs(10));
        }
        assert_eq!(refusals.modes(now), [mode(1280)]);
        // Stopped before it could give anything, or failed for another reason: that says nothing.
        refusals.trying(now, mode(640));
        refusals.ended();
        refusals.gave_nothing(now);
        refusals.trying(now, mode(640));
        refusals.started();
        refusals.gave_nothing(now);
        assert_eq!(refusals.modes(now), [mode(1280)]);
    }

    #[test]
    fn what_stumbles_right_after_a_resume_or_a_replug_keeps_its_mode() {
        let now = Instant::now();
        let mut refusals = Refusals::default();
        refusals.trying(now, mode(1280));
        refusals.failed(now, mode(1280));
        refusals.disturbed(now);
        for seconds in [0, 1, 3] {
            let began = now + Duration::from_secs(seconds);
            refusals.trying(began, mode(1280));
            refusals.gave_nothing(began + Duration::from_secs(10));
            assert_eq!(refusals.modes(began), []);
        }
        let later = now + SETTLE;
        refusals.trying(later, mode(1280));
        refusals.failed(later, mode(1280));
        assert_eq!(refusals.modes(later), [], "the first that counts");
        refusals.trying(later, mode(1280));
        refusals.failed(later, mode(1280));
        assert_eq!(refusals.modes(later), [mode(1280)]);
    }

    proptest! {
        #[test]
        fn they_are_few_and_different(widths in proptest::collection::vec((0_u32..8, any::<bool>()), 0..60)) {
            let now = Instant::now();
            let mut refusals = Refusals::default();
            for (width, has_started) in widths {
                if has_started {
                    refusals.started();
                } else {
                    refusals.failed(now, mode(width));
                }
                let modes = refusals.modes(now);
                prop_assert!(modes.len() <= MOST);
                prop_assert!(modes.iter().enumerate().all(|(index, mode)| !modes[..index].contains(mode)));
            }
        }
    }
}
