//! From readings of one camera to whether it streams. Pure: readings and times come in, an answer and the time of the
//! next reading come out. Rules:
//!
//! 1. Isochronous: an alternate setting other than 0 is "stream on", exactly (`bAlternateSetting` mirrors the wire).
//! 2. Bulk: nothing tells but the number of transfers submitted so far (`urbnum`). It streams once that has grown in
//!    each of [`GROWING`] windows in a row; it no longer does after [`STILL`] windows without growth.
//! 3. A bulk camera may be slower than a window: its transfers come in bursts. So as long as somebody has its frames
//!    mapped the silence has to be longer than the distance of two frames may be ([`SLOWEST`]), and where that cannot be
//!    seen, longer than it has been in this stream. That is the price: of a program that stops and keeps its frames
//!    mapped, a bulk camera is told that much too long. Who unmaps or closes them is told within the usual two windows.
//! 4. A camera that sleeps streams nothing. One that merely is open is [`Flow::Open`], never [`Flow::Closed`].
//! 5. Nobody has it open: nothing is due.
//! 6. What cannot be read changes nothing.
//!
//! Up to about Linux 6.15 a camera is awake as long as it is open; later only while it streams or is being asked
//! something. Hence a sleeping camera that somebody is known to have opened is read again and again as well.

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
/// A window longer than this tells nothing: a single control transfer may be all that happened.
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

/// Whether somebody is known to have the camera open, besides what its power state tells.
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
    /// It is taken to stream until a reading tells.
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

    /// It counts as streaming, due at once, until the readings tell otherwise: of a bulk camera the first ones cannot.
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

    /// Whether the next reading needs [`Reading::mapped`]: a bulk camera is about to be told on or off.
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
        // Whether it went up or down cannot be told from the numbers: it goes on after its end.
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bulk(transfers: u32) -> Reading {
        Reading { transfers: Transfers::Count(transfers), ..isochronous(false) }
    }

    fn isochronous(alternate: bool) -> Reading {
        Reading { awake: Some(true), alternate: Some(alternate), held: Held::Yes, ..Reading::default() }
    }

    fn asleep(held: Held) -> Reading {
        Reading { awake: Some(false), alternate: Some(false), held, ..Reading::default() }
    }

    /// Reads whenever it is due until `end`; the flows seen, with their times from the start.
    fn follow(sampler: &mut Sampler, start: Instant, ms: u64, read: impl Fn(u64) -> Reading) -> Vec<(u64, Flow)> {
        let mut seen: Vec<(u64, Flow)> = Vec::new();
        let mut now = start;
        while now <= start + Duration::from_millis(ms) {
            let at = u64::try_from((now - start).as_millis()).unwrap();
            let flow = sampler.take(now, read(at));
            if seen.last().is_none_or(|(_, last)| *last != flow) {
                seen.push((at, flow));
            }
            let Some(next) = sampler.deadline() else { break };
            assert!(next > now);
            now = next;
        }
        seen
    }

    #[test]
    fn an_isochronous_stream_is_seen_from_its_start_to_its_end() {
        let mut sampler = Sampler::default();
        let on = |at: u64| isochronous((1000..3000).contains(&at));
        let seen = follow(&mut sampler, Instant::now(), 4000, on);
        let [(0, Flow::Open), (start, Flow::Streaming), (end, Flow::Open)] = seen[..] else { panic!("{seen:?}") };
        assert!((1000..=1100).contains(&start) && (3000..=3500).contains(&end), "{seen:?}");
    }

    #[test]
    fn bulk_streams_while_transfers_flow_and_a_burst_is_no_stream() {
        let mut sampler = Sampler::default();
        // A burst of control transfers, 10 transfers a frame at 5 frames a second from 1 s to 4 s, then open for nothing.
        let urbs = |at: u64| match at {
            0..100 => at,
            100..1000 => 100,
            1000..4000 => 100 + (at - 1000) / 200 * 10,
            _ => 250,
        };
        let seen = follow(&mut sampler, Instant::now(), 6000, |at| bulk(urbs(at) as u32));
        let [(0, Flow::Open), (start, Flow::Streaming), (end, Flow::Open)] = seen[..] else { panic!("{seen:?}") };
        assert!((1600..=2300).contains(&start) && (4300..=5000).contains(&end), "{seen:?}");
    }

    #[test]
    fn a_closed_camera_costs_nothing_and_an_opened_one_that_sleeps_is_looked_at() {
        let now = Instant::now();
        let mut sampler = Sampler::default();
        assert_eq!(sampler.take(now, asleep(Held::No)), Flow::Closed);
        assert_eq!(sampler.deadline(), None);
        for (held, wait) in [(Held::Perhaps, SAFETY), (Held::Yes, LOOK)] {
            assert_eq!(sampler.take(now, asleep(held)), Flow::Closed);
            assert_eq!(sampler.deadline(), Some(now + wait));
        }
        sampler.stir(now);
        assert_eq!(sampler.deadline(), Some(now));
    }

    #[test]
    fn a_counter_that_goes_over_its_end_goes_on() {
        let mut sampler = Sampler::default();
        // 100 transfers a second, from 200 before where the kernel begins to print negative numbers, and before the end.
        for end in [1_u32 << 31, 0] {
            let from = end.wrapping_sub(200);
            let seen = follow(&mut sampler, Instant::now(), 5000, |at| bulk(from.wrapping_add(at as u32 / 10)));
            assert_eq!(seen.last().map(|(_, flow)| *flow), Some(Flow::Streaming));
            assert!(seen.len() <= 2, "{seen:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        let now = Instant::now();
        let nothing = Reading { transfers: Transfers::Unknown, held: Held::Perhaps, ..Reading::default() };
        let mut sampler = Sampler::default();
        sampler.take(now, isochronous(true));
        let seen = follow(&mut sampler, now, 60_000, |_| nothing);
        assert_eq!(seen, [(0, Flow::Streaming)]);
        let seen = follow(&mut sampler, now, 3000, |_| Reading { transfers: Transfers::Unknown, ..isochronous(false) });
        assert_eq!(seen, [(0, Flow::Streaming)], "bulk whose transfers cannot be read");
        assert_eq!(sampler.take(now, asleep(Held::No)), Flow::Closed, "what is known still counts");
        let nobody = Reading { held: Held::No, ..nothing };
        assert_eq!(sampler.take(now, nobody), Flow::Closed, "as before");
        assert_eq!(sampler.deadline(), None);
        sampler.take(now, isochronous(true));
        assert_eq!(sampler.take(now, nobody), Flow::Streaming);
        assert_eq!(
            sampler.take(now, Reading { held: Held::Nobody, ..nothing }),
            Flow::Closed,
            "the driver counts nobody"
        );
        assert_eq!(sampler.deadline(), None);
    }

    /// Transfers of a camera that gives a frame of ten at this distance from `from` to `to`.
    fn frames(at: u64, every: u64, from: u64, to: u64) -> u32 {
        (at.clamp(from, to).saturating_sub(from) / every * 10) as u32
    }

    #[test]
    fn a_slow_bulk_camera_does_not_flicker() {
        for every in [400, 700, 1000, 1900] {
            let mut sampler = Sampler::default();
            // 30 frames a second; then the light goes.
            let urbs = |at: u64| frames(at, 33, 0, 5000) + frames(at, every, 5000, 60_000);
            let mapped = |at: u64| Reading { mapped: Some(at < 60_000 + every), ..bulk(urbs(at)) };
            let seen = follow(&mut sampler, Instant::now(), 66_000, mapped);
            let [(0, Flow::Open), (start, Flow::Streaming), (end, Flow::Open)] = seen[..] else { panic!("{seen:?}") };
            assert!(start <= 1200 && (60_000..=61_000 + every).contains(&end), "{every}: {seen:?}");
            // Slow from the start.
            let seen = follow(&mut Sampler::default(), Instant::now(), 60_000, |at| Reading {
                mapped: Some(true),
                ..bulk(frames(at, every, 0, 60_000))
            });
            let [(0, Flow::Open), (start, Flow::Streaming)] = seen[..] else { panic!("{seen:?}") };
            assert!(start <= 3 * every + 600, "{every}: {seen:?}");
        }
    }

    #[test]
    fn where_maps_cannot_be_seen_a_slow_bulk_camera_flickers_once_at_most() {
        for every in [700, 1000] {
            let urbs = |at: u64| frames(at, 33, 0, 5000) + frames(at, every, 5000, 60_000);
            let seen = follow(&mut Sampler::default(), Instant::now(), 60_000, |at| bulk(urbs(at)));
            assert!(seen.len() <= 4 && seen.last().is_some_and(|(_, flow)| *flow == Flow::Streaming), "{seen:?}");
        }
    }

    #[test]
    fn a_program_that_only_asks_for_controls_streams_nothing() {
        for mapped in [Some(false), None] {
            let seen = follow(&mut Sampler::default(), Instant::now(), 60_000, |at| Reading {
                mapped,
                ..bulk((at / 1000 * 3) as u32)
            });
            assert_eq!(seen, [(0, Flow::Open)]);
        }
    }

    #[test]
    fn a_bulk_camera_whose_frames_nobody_has_mapped_any_more_is_off_after_two_windows() {
        let mut sampler = Sampler::default();
        let urbs = |at: u64| frames(at, 1000, 0, 20_000);
        let read = |at: u64| Reading { mapped: Some(at < 20_100), ..bulk(urbs(at)) };
        let seen = follow(&mut sampler, Instant::now(), 30_000, read);
        let end = seen.last().copied().unwrap();
        assert!(end.1 == Flow::Open && (20_100..=21_000).contains(&end.0), "{seen:?}");
    }

    #[test]
    fn a_frozen_camera_is_open_and_nothing_flows() {
        let mut sampler = Sampler::default();
        let seen = follow(&mut sampler, Instant::now(), 5000, |_| bulk(77));
        assert_eq!(seen, [(0, Flow::Open)]);
    }

    #[test]
    fn a_presumed_stream_ends_with_the_first_reading_that_tells() {
        let now = Instant::now();
        let presumed = || {
            let mut sampler = Sampler::default();
            sampler.take(now, bulk(1));
            sampler.presume(now);
            assert!(sampler.is_presumed() && sampler.flow() == Flow::Streaming);
            sampler
        };
        let mut sampler = presumed();
        assert_eq!(sampler.take(now, isochronous(false)), Flow::Open);
        let mut sampler = presumed();
        assert_eq!(sampler.take(now, asleep(Held::No)), Flow::Closed);
        let mut sampler = presumed();
        let seen = follow(&mut sampler, now, 2000, |_| bulk(5));
        assert_eq!(seen, [(0, Flow::Streaming), (600, Flow::Open)]);
        assert!(!sampler.is_presumed());
        let mut sampler = presumed();
        let seen = follow(&mut sampler, now, 2000, |at| bulk(at as u32));
        assert_eq!(seen, [(0, Flow::Streaming)]);
        assert!(!sampler.is_presumed(), "known by now");
    }

    fn any_reading() -> impl Strategy<Value = (u64, u32, Reading)> {
        let held = prop_oneof![Just(Held::Nobody), Just(Held::No), Just(Held::Perhaps), Just(Held::Yes)];
        let known = |truth| prop_oneof![9 => prop::bool::weighted(truth).prop_map(Some), 1 => Just(None)];
        (
            1u64..700,
            prop_oneof![8 => Just(Some(0u32)), 12 => (1..40u32).prop_map(Some), 1 => Just(None)],
            known(0.9),
            known(0.1),
            held,
            known(0.5),
        )
            .prop_map(|(ms, more, awake, alternate, held, mapped)| {
                let transfers = more.map_or(Transfers::Unknown, Transfers::Count);
                (ms, more.unwrap_or(0), Reading { awake, alternate, transfers, held, mapped })
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn no_readings_break_the_rules(
            is_bulk in any::<bool>(),
            first in any::<u32>(),
            steps in prop::collection::vec(any_reading(), 1..60),
        ) {
            let mut sampler = Sampler::default();
            let mut now = Instant::now();
            let mut count = first;
            // When it last slept or was seen at an alternate setting, and when transfers last grew.
            let (mut broken_at, mut grown_at) = (now, now);
            for (ms, more, mut reading) in steps {
                now += Duration::from_millis(ms);
                count = count.wrapping_add(more);
                if !is_bulk {
                    reading.transfers = Transfers::Uncounted;
                } else if reading.transfers != Transfers::Unknown {
                    reading.transfers = Transfers::Count(count);
                }
                let before = sampler.flow();
                let flow = sampler.take(now, reading);
                if more > 0 {
                    grown_at = now;
                }
                let is_told_off = reading.awake == Some(false) || (reading.held == Held::Nobody && !reading.is_whole());
                if reading.alternate == Some(true) {
                    prop_assert_eq!(flow, Flow::Streaming);
                } else if is_told_off {
                    prop_assert_eq!(flow, Flow::Closed);
                } else if reading.alternate.is_none() || reading.transfers == Transfers::Unknown {
                    prop_assert_eq!(flow == Flow::Streaming, before == Flow::Streaming, "unknown, and another answer");
                } else if reading.awake.is_none() && before == Flow::Closed {
                    prop_assert!(flow != Flow::Streaming);
                } else {
                    prop_assert!(flow != Flow::Closed, "open and called closed");
                    prop_assert!(flow == Flow::Open || is_bulk, "isochronous at alternate setting 0");
                    if flow == Flow::Open && before == Flow::Streaming && is_bulk {
                        prop_assert!(now - grown_at >= WINDOW, "dark although it has just grown");
                    }
                }
                if reading.alternate == Some(true) || is_told_off {
                    broken_at = now;
                }
                if flow == Flow::Streaming && before == Flow::Open && reading.alternate != Some(true) {
                    prop_assert!(now - broken_at >= WINDOW * GROWING, "lit too early");
                }
                prop_assert_eq!(sampler.deadline().is_none(), flow == Flow::Closed && reading.held <= Held::No);
                if let Some(next) = sampler.deadline() {
                    prop_assert!(next > now && next <= now + SAFETY);
                }
            }
        }
    }
}
