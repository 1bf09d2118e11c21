//! From readings of one camera to whether it streams. Pure: readings and times come in, an answer and the time of the
//! next reading come out. Rules:
//!
//! 1. Isochronous: an alternate setting other than 0 is "stream on", exactly (`bAlternateSetting` mirrors the wire).
//! 2. Bulk: nothing is reported but the number of transfers submitted so far (`urbnum`). It streams once that has grown in
//!    each of [`GROWING`] windows in a row; it no longer does after [`STILL`] windows without growth.
//! 3. A bulk camera may be slower than a window: its transfers come in bursts. So as long as somebody has its frames
//!    mapped the silence has to be longer than the distance of two frames may be ([`SLOWEST`]), and where that cannot be
//!    seen, longer than it has been in this stream. That is the price: of a program that stops and keeps its frames
//!    mapped, a bulk camera is shown that much too long. Who unmaps or closes them is seen within the usual two windows.
//! 4. A camera that sleeps streams nothing. One that merely is open is [`Flow::Open`], never [`Flow::Closed`].
//! 5. Nobody has it open: nothing is due.
//! 6. What cannot be read changes nothing.
//!
//! Up to about Linux 6.15 a camera is awake as long as it is open; later only while it streams or is being asked
//! something. Hence a sleeping camera that somebody is known to have opened is read again and again as well.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

/// The length of a window of rule 2.
pub(super) const WINDOW: Duration = Duration::from_millis(300);
/// Windows with growth until a bulk camera counts as streaming: control transfers come in shorter bursts.
pub(super) const GROWING: u32 = 3;
/// Windows without growth until it no longer does: a camera may leave one out.
pub(super) const STILL: u32 = 2;
/// The longest silence within a stream: half a frame a second, and a window. (Cameras state up to a second or two as
/// their longest `dwMaxFrameInterval`; light may be so poor that they use it.)
pub(super) const SLOWEST: Duration = Duration::from_millis(2_300);
/// A window longer than this says nothing: a single control transfer may be all that happened.
const WINDOW_LIMIT: Duration = Duration::from_secs(1);
/// While it is open: how soon a start is seen.
const OPEN: Duration = Duration::from_millis(100);
/// While it streams and nobody has closed it.
const STEADY: Duration = Duration::from_millis(500);
/// After something was heard, for [`HURRY`]: how soon an end is seen.
const FAST: Duration = Duration::from_millis(50);
const HURRY: Duration = Duration::from_secs(2);
/// While it sleeps and somebody opened it.
const LOOK: Duration = Duration::from_millis(200);
/// While it sleeps and some camera is open, perhaps this one, unheard.
const SAFETY: Duration = Duration::from_secs(1);

/// Whether somebody is known to have the camera open, besides what its power state says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Held {
    /// The driver counts no open file at all.
    Nobody,
    /// Nobody is known to have any camera open.
    #[default]
    No,
    /// Somebody has some camera open.
    Perhaps,
    /// It was heard to be opened, and not closed as often.
    Yes,
}

/// The device's `urbnum`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Transfers {
    /// It does not matter: no streaming interface is bulk, or the camera sleeps.
    #[default]
    Uncounted,
    /// It matters and could not be read.
    Unknown,
    /// So many so far; on 32 bits, and over their end.
    Count(u32),
}

/// What the kernel shows of a camera at one moment; `None`: it could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Reading {
    /// Its control interface is not suspended.
    pub awake: Option<bool>,
    /// A streaming interface has an alternate setting other than 0.
    pub alternate: Option<bool>,
    /// Where a streaming interface is bulk.
    pub transfers: Transfers,
    /// Whether somebody has it open.
    pub held: Held,
    /// Whether somebody has its frames mapped; only looked at where [`Sampler::asks_for_maps`].
    pub mapped: Option<bool>,
}

impl Reading {
    /// Whether all of it could be read.
    fn is_whole(&self) -> bool {
        self.awake.is_some() && self.alternate.is_some() && self.transfers != Transfers::Unknown
    }
}

/// What a camera does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Flow {
    /// Nobody has it open.
    #[default]
    Closed,
    /// It is open and nothing flows.
    Open,
    /// It streams.
    Streaming,
}

/// A window of rule 2 that is under way.
#[derive(Debug, Clone, Copy)]
struct CountWindow {
    since: Instant,
    transfers: u32,
}

/// What the windows of rule 2 have shown since the camera was opened.
#[derive(Debug, Clone, Copy, Default)]
struct Bursts {
    /// Windows with growth in a row.
    growing: u32,
    /// Windows without growth in a row.
    still: u32,
    /// How long these were.
    silence: Duration,
    /// Windows with growth, never more than [`SLOWEST`] apart.
    grown: u32,
    /// How far apart they were lately.
    distance: Duration,
    /// It has streamed.
    has_streamed: bool,
}

impl Bursts {
    fn grew(&mut self, window: Duration) {
        self.growing = self.growing.saturating_add(1);
        self.distance = match self.growing {
            GROWING.. => window,
            // A single frame that came late is forgotten after a few.
            _ if self.grown > 0 => (self.silence + window).max(self.distance * 7 / 8),
            _ => self.distance,
        };
        (self.still, self.silence) = (0, Duration::ZERO);
        self.grown = self.grown.saturating_add(1);
    }

    fn stood_still(&mut self, window: Duration) {
        self.growing = 0;
        self.still = self.still.saturating_add(1);
        self.silence += window;
        if self.silence > SLOWEST {
            (self.grown, self.distance) = (0, Duration::ZERO);
        }
    }

    /// Whether this is a stream now. `mapped`: see [`Reading::mapped`].
    fn is_begun(&self, mapped: Option<bool>) -> bool {
        let may_be_slow = mapped == Some(true) || (mapped.is_none() && self.has_streamed);
        self.growing >= GROWING || (may_be_slow && self.still == 0 && self.grown >= GROWING)
    }

    /// Whether this is no stream any more.
    fn is_over(&self, mapped: Option<bool>) -> bool {
        let longest = match mapped {
            Some(true) => SLOWEST,
            Some(false) => Duration::ZERO,
            None if self.distance < WINDOW * 3 / 2 => Duration::ZERO,
            None => (self.distance * 2).min(SLOWEST),
        };
        self.still >= STILL && self.silence >= longest
    }
}

/// Takes readings of one camera.
#[derive(Debug, Clone, Default)]
pub(super) struct Sampler {
    flow: Flow,
    /// It is taken to stream until a reading says so.
    is_presumed: bool,
    window: Option<CountWindow>,
    bursts: Bursts,
    next: Option<Instant>,
    hurry_until: Option<Instant>,
}

impl Sampler {
    /// What it did at the last reading.
    pub(super) fn flow(&self) -> Flow {
        self.flow
    }

    /// It counts as streaming, due at once, until the readings say otherwise: of a bulk camera the first ones cannot.
    pub(super) fn presume(&mut self, now: Instant) {
        self.forget();
        self.flow = Flow::Streaming;
        self.is_presumed = true;
        self.stir(now);
    }

    /// Whether [`Flow::Streaming`] is not known, only presumed.
    pub(super) fn is_presumed(&self) -> bool {
        self.is_presumed
    }

    /// When the next reading is due; an earlier one does no harm.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// Something was heard of it: a reading is due at once, and more soon.
    pub(super) fn stir(&mut self, now: Instant) {
        self.next = Some(now);
        self.hurry_until = Some(now + HURRY);
    }

    /// Whether the next reading needs [`Reading::mapped`]: a bulk camera is about to be reported on or off.
    pub(super) fn asks_for_maps(&self) -> bool {
        match self.flow {
            Flow::Streaming => self.bursts.still + 1 >= STILL,
            Flow::Open => self.bursts.grown + 1 >= GROWING,
            Flow::Closed => false,
        }
    }

    /// Takes a reading.
    pub(super) fn take(&mut self, now: Instant, reading: Reading) -> Flow {
        self.flow = match (reading.alternate, reading.awake) {
            (Some(true), _) => {
                self.forget();
                Flow::Streaming
            }
            (_, Some(false)) => {
                self.forget();
                Flow::Closed
            }
            // From here on something may be unknown: what the driver counts is not.
            _ if reading.held == Held::Nobody && !reading.is_whole() => {
                self.forget();
                Flow::Closed
            }
            (_, None) if self.flow == Flow::Closed && reading.held == Held::No => Flow::Closed,
            (Some(false), _) => match reading.transfers {
                Transfers::Count(count) => self.count(now, count, reading.mapped),
                Transfers::Uncounted => {
                    self.forget();
                    Flow::Open
                }
                Transfers::Unknown => self.as_before(),
            },
            (None, _) => self.as_before(),
        };
        self.hurry_until = self.hurry_until.filter(|until| *until > now);
        let hurries = self.hurry_until.is_some();
        let wait = match self.flow {
            Flow::Streaming | Flow::Open if self.window.is_some() => Some(WINDOW),
            Flow::Streaming | Flow::Open if hurries => Some(FAST),
            Flow::Streaming => Some(STEADY),
            Flow::Open => Some(OPEN),
            Flow::Closed => match reading.held {
                Held::Nobody | Held::No => None,
                Held::Perhaps => Some(SAFETY),
                Held::Yes => Some(LOOK),
            },
        };
        self.next = wait.map(|wait| match self.window {
            // The end of the window, whenever this reading came.
            Some(window) => window.since + WINDOW,
            None => now + wait,
        });
        self.flow
    }

    fn forget(&mut self) {
        (self.window, self.bursts) = (None, Bursts::default());
        self.is_presumed = false;
    }

    /// What it did, of a camera that is open and cannot be read.
    fn as_before(&mut self) -> Flow {
        self.window = None;
        if self.flow == Flow::Streaming { Flow::Streaming } else { Flow::Open }
    }

    fn count(&mut self, now: Instant, transfers: u32, mapped: Option<bool>) -> Flow {
        let was = if self.flow == Flow::Streaming { Flow::Streaming } else { Flow::Open };
        let Some(window) = self.window else {
            self.window = Some(CountWindow { since: now, transfers });
            return was;
        };
        let elapsed = now.saturating_duration_since(window.since);
        if elapsed < WINDOW {
            return was;
        }
        self.window = Some(CountWindow { since: now, transfers });
        // Whether it went up or down cannot be seen from the numbers: it goes on after its end.
        let grown = transfers.wrapping_sub(window.transfers).cast_signed();
        if elapsed > WINDOW_LIMIT || grown < 0 {
            self.bursts = Bursts { has_streamed: self.bursts.has_streamed, ..Bursts::default() };
            return was;
        }
        if grown > 0 {
            self.bursts.grew(elapsed);
        } else {
            self.bursts.stood_still(elapsed);
        }
        self.is_presumed &= !self.bursts.is_over(mapped) && !self.bursts.is_begun(mapped);
        match was {
            Flow::Streaming if self.bursts.is_over(mapped) => {
                self.bursts.grown = 0;
                Flow::Open
            }
            Flow::Open if self.bursts.is_begun(mapped) => {
                self.bursts.has_streamed = true;
                Flow::Streaming
            }
            Flow::Closed | Flow::Open | Flow::Streaming => was,
        }
    }
}
