//! From readings of one camera to whether it streams. Pure: readings and times come in, an answer and the time of the
//! next reading come out. Rules:
//!
//! 1. Isochronous: an alternate setting other than 0 is "stream on", exactly (`bAlternateSetting` mirrors the wire).
//! 2. Bulk: nothing tells but the number of transfers submitted so far (`urbnum`). It streams once that has grown in
//!    each of [`GROWING`] windows in a row; it no longer does after [`STILL`] windows without growth.
//! 3. A camera that sleeps streams nothing. One that merely is open is [`Flow::Open`], never [`Flow::Closed`].
//! 4. Nobody has it open: nothing is due.
//!
//! Up to about Linux 6.15 a camera is awake as long as it is open; later only while it streams or is being asked
//! something. Hence a sleeping camera that somebody is known to have opened is read again and again as well.

use std::time::{Duration, Instant};

/// The length of a window of rule 2.
pub(super) const WINDOW: Duration = Duration::from_millis(300);
/// Windows with growth until a bulk camera counts as streaming: control transfers come in shorter bursts.
pub(super) const GROWING: u32 = 3;
/// Windows without growth until it no longer does: a slow camera may leave one out.
pub(super) const STILL: u32 = 2;
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
    /// Nobody has any camera open.
    #[default]
    No,
    /// Somebody has some camera open.
    Perhaps,
    /// It was heard to be opened, and not closed as often.
    Yes,
}

/// What the kernel shows of a camera at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Reading {
    /// Its control interface is not suspended.
    pub awake: bool,
    /// A streaming interface has an alternate setting other than 0.
    pub alternate: bool,
    /// The device's `urbnum`, where a streaming interface is bulk.
    pub urbs: Option<u64>,
    /// Whether somebody has it open.
    pub held: Held,
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
struct Window {
    since: Instant,
    urbs: u64,
}

/// Takes readings of one camera.
#[derive(Debug, Clone, Default)]
pub(super) struct Sampler {
    flow: Flow,
    /// It is taken to stream until a reading tells.
    is_presumed: bool,
    window: Option<Window>,
    growing: u32,
    still: u32,
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

    /// Takes a reading.
    pub(super) fn take(&mut self, now: Instant, reading: Reading) -> Flow {
        self.flow = if reading.alternate {
            self.forget();
            Flow::Streaming
        } else if !reading.awake {
            self.forget();
            Flow::Closed
        } else if let Some(urbs) = reading.urbs {
            self.count(now, urbs)
        } else {
            self.forget();
            Flow::Open
        };
        self.hurry_until = self.hurry_until.filter(|until| *until > now);
        let hurries = self.hurry_until.is_some();
        let wait = match self.flow {
            Flow::Streaming | Flow::Open if self.window.is_some() => Some(WINDOW),
            Flow::Streaming | Flow::Open if hurries => Some(FAST),
            Flow::Streaming => Some(STEADY),
            Flow::Open => Some(OPEN),
            Flow::Closed => match reading.held {
                Held::No => None,
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
        (self.window, self.growing, self.still) = (None, 0, 0);
        self.is_presumed = false;
    }

    fn count(&mut self, now: Instant, urbs: u64) -> Flow {
        let was = if self.flow == Flow::Streaming { Flow::Streaming } else { Flow::Open };
        let Some(window) = self.window else {
            self.window = Some(Window { since: now, urbs });
            return was;
        };
        let elapsed = now.saturating_duration_since(window.since);
        if elapsed < WINDOW {
            return was;
        }
        self.window = Some(Window { since: now, urbs });
        if elapsed > WINDOW_LIMIT || urbs < window.urbs {
            (self.growing, self.still) = (0, 0);
            return was;
        }
        if urbs > window.urbs {
            (self.growing, self.still) = (self.growing.saturating_add(1), 0);
        } else {
            (self.growing, self.still) = (0, self.still.saturating_add(1));
        }
        self.is_presumed &= self.still < STILL && self.growing < GROWING;
        match was {
            Flow::Streaming if self.still >= STILL => Flow::Open,
            Flow::Open if self.growing >= GROWING => Flow::Streaming,
            Flow::Closed | Flow::Open | Flow::Streaming => was,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bulk(urbs: u64) -> Reading {
        Reading { awake: true, urbs: Some(urbs), held: Held::Yes, ..Reading::default() }
    }

    fn isochronous(alternate: bool) -> Reading {
        Reading { awake: true, alternate, held: Held::Yes, ..Reading::default() }
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
        let seen = follow(&mut sampler, Instant::now(), 6000, |at| bulk(urbs(at)));
        let [(0, Flow::Open), (start, Flow::Streaming), (end, Flow::Open)] = seen[..] else { panic!("{seen:?}") };
        assert!((1600..=2300).contains(&start) && (4300..=5000).contains(&end), "{seen:?}");
    }

    #[test]
    fn a_closed_camera_costs_nothing_and_an_opened_one_that_sleeps_is_looked_at() {
        let now = Instant::now();
        let mut sampler = Sampler::default();
        assert_eq!(sampler.take(now, Reading::default()), Flow::Closed);
        assert_eq!(sampler.deadline(), None);
        for (held, wait) in [(Held::Perhaps, SAFETY), (Held::Yes, LOOK)] {
            assert_eq!(sampler.take(now, Reading { held, ..Reading::default() }), Flow::Closed);
            assert_eq!(sampler.deadline(), Some(now + wait));
        }
        sampler.stir(now);
        assert_eq!(sampler.deadline(), Some(now));
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
        assert_eq!(sampler.take(now, Reading::default()), Flow::Closed);
        let mut sampler = presumed();
        let seen = follow(&mut sampler, now, 2000, |_| bulk(5));
        assert_eq!(seen, [(0, Flow::Streaming), (600, Flow::Open)]);
        assert!(!sampler.is_presumed());
        let mut sampler = presumed();
        let seen = follow(&mut sampler, now, 2000, bulk);
        assert_eq!(seen, [(0, Flow::Streaming)]);
        assert!(!sampler.is_presumed(), "known by now");
    }

    fn any_reading() -> impl Strategy<Value = (u64, u64, Reading)> {
        let held = prop_oneof![Just(Held::No), Just(Held::Perhaps), Just(Held::Yes)];
        (
            1u64..700,
            prop_oneof![2 => Just(0u64), 3 => 1..40u64],
            prop::bool::weighted(0.9),
            prop::bool::weighted(0.1),
            held,
        )
            .prop_map(|(ms, more, awake, alternate, held)| (ms, more, Reading { awake, alternate, urbs: None, held }))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn no_readings_break_the_rules(is_bulk in any::<bool>(), steps in prop::collection::vec(any_reading(), 1..60)) {
            let mut sampler = Sampler::default();
            let mut now = Instant::now();
            let mut urbs = 0;
            // When it last slept or was seen at an alternate setting, and when transfers last grew.
            let (mut broken_at, mut grown_at) = (now, now);
            for (ms, more, reading) in steps {
                now += Duration::from_millis(ms);
                urbs += more;
                let reading = Reading { urbs: is_bulk.then_some(urbs), ..reading };
                let before = sampler.flow();
                let flow = sampler.take(now, reading);
                if more > 0 {
                    grown_at = now;
                }
                match flow {
                    _ if reading.alternate => prop_assert_eq!(flow, Flow::Streaming),
                    _ if !reading.awake => prop_assert_eq!(flow, Flow::Closed),
                    Flow::Closed => prop_assert!(false, "open and called closed"),
                    Flow::Streaming => prop_assert!(is_bulk, "isochronous at alternate setting 0"),
                    Flow::Open if before == Flow::Streaming && is_bulk => {
                        prop_assert!(now - grown_at >= WINDOW, "dark although it has just grown");
                    }
                    Flow::Open => {}
                }
                if reading.alternate || !reading.awake {
                    broken_at = now;
                }
                if flow == Flow::Streaming && before == Flow::Open && !reading.alternate {
                    prop_assert!(now - broken_at >= WINDOW * GROWING, "lit too early");
                }
                prop_assert_eq!(sampler.deadline().is_none(), flow == Flow::Closed && reading.held == Held::No);
                if let Some(next) = sampler.deadline() {
                    prop_assert!(next > now && next <= now + SAFETY);
                }
            }
        }
    }
}
