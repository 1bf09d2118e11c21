//! Whether somebody reads frames with `read(2)`, where the module does not report it: v4l2loopback 0.12 reports nothing, 0.13
//! only those that map buffers, 0.15 all. Pure: time is an argument.
//!
//! inotify reports every single read, which is one wake-up a frame. So the first one is enough for a while: reports are
//! switched off, and on again a second later to see whether the reading goes on.

use std::time::{Duration, Instant};

const QUIET: Duration = Duration::from_secs(1);
/// Without a read for so long, the reader has stopped: two frames at the lowest framerate.
const SILENCE: Duration = Duration::from_secs(2);

/// Whether somebody reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadActivity {
    /// The module says that somebody streams; whether somebody reads as well makes no difference.
    Unwatched,
    /// Reads are reported; nobody has read yet.
    Listening,
    /// Somebody reads; reads are not reported until then.
    Quiet {
        /// When to listen again.
        until: Instant,
    },
    /// Somebody has read; reads are reported, to see whether it goes on.
    Checking {
        /// When the reader is taken to have stopped.
        until: Instant,
    },
}

impl ReadActivity {
    /// Whether somebody reads frames.
    pub(super) fn is_reading(self) -> bool {
        matches!(self, Self::Quiet { .. } | Self::Checking { .. })
    }

    /// Whether reads are to be reported.
    pub(super) fn is_reported(self) -> bool {
        matches!(self, Self::Listening | Self::Checking { .. })
    }

    /// When [`Self::next`] is due.
    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Self::Unwatched | Self::Listening => None,
            Self::Quiet { until } | Self::Checking { until } => Some(until),
        }
    }

    /// The state after this moment. `heard`: a read was reported. `held`: anybody has the node open, or may have. `is_reporting`: the module
    /// says that somebody streams.
    pub(super) fn next(self, now: Instant, heard: bool, held: bool, is_reporting: bool) -> Self {
        match self {
            _ if is_reporting => Self::Unwatched,
            Self::Unwatched => Self::Listening,
            Self::Listening | Self::Checking { .. } if heard && held => Self::Quiet { until: now + QUIET },
            Self::Quiet { .. } | Self::Checking { .. } if !held => Self::Listening,
            Self::Quiet { until } if until <= now => Self::Checking { until: now + SILENCE },
            Self::Checking { until } if until <= now => Self::Listening,
            Self::Listening | Self::Quiet { .. } | Self::Checking { .. } => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_costs_one_wake_up_a_second() {
        let start = Instant::now();
        let mut reads = ReadActivity::Listening;
        let mut wakeups = 0;
        // Ten seconds of 30 frames a second.
        for frame in 0..300 {
            let now = start + Duration::from_secs(1) / 30 * frame;
            let due = reads.deadline().is_some_and(|at| at <= now);
            let heard = reads.is_reported();
            if due || heard {
                wakeups += 1;
                reads = reads.next(now, heard, true, false);
            }
            assert!(reads.is_reading(), "frame {frame}");
        }
        assert!((10..=25).contains(&wakeups), "{wakeups}");
    }

    #[test]
    fn a_reader_that_stops_is_noticed() {
        let now = Instant::now();
        let quiet = ReadActivity::Listening.next(now, true, true, false);
        assert!(quiet.is_reading() && !quiet.is_reported());
        let checking = quiet.next(quiet.deadline().unwrap(), false, true, false);
        assert!(checking.is_reading() && checking.is_reported());
        let stopped = checking.next(checking.deadline().unwrap(), false, true, false);
        assert_eq!(stopped, ReadActivity::Listening);
        assert_eq!(stopped.deadline(), None, "idle waits for nothing");
    }

    #[test]
    fn nobody_reads_a_node_that_nobody_has_open() {
        let now = Instant::now();
        let quiet = ReadActivity::Listening.next(now, true, true, false);
        assert_eq!(quiet.next(now, true, false, false), ReadActivity::Listening);
        assert_eq!(ReadActivity::Listening.next(now, true, false, false), ReadActivity::Listening);
    }

    #[test]
    fn reads_cost_nothing_while_the_module_says_that_somebody_streams() {
        let now = Instant::now();
        let quiet = ReadActivity::Listening.next(now, true, true, false);
        let reported = quiet.next(now, true, true, true);
        assert_eq!((reported.is_reported(), reported.is_reading(), reported.deadline()), (false, false, None));
        assert_eq!(reported.next(now, false, true, true), reported);
        assert_eq!(reported.next(now, false, true, false), ReadActivity::Listening);
    }
}
