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

/// The refused modes of the camera in use.
#[derive(Debug, Default)]
pub struct Refusals {
    modes: Vec<Mode>,
    /// Failed once; the next failure decides.
    suspect: Option<Mode>,
    last: Option<Instant>,
}

impl Refusals {
    /// The camera did not start in this mode. The first one is tried twice, those that stand in for it once.
    pub fn failed(&mut self, now: Instant, mode: Mode) {
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

    /// The camera started: whatever failed once had only stumbled.
    pub fn started(&mut self) {
        self.suspect = None;
    }

    /// Another camera, another size, another USB port.
    pub fn forget(&mut self) {
        *self = Self::default();
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
