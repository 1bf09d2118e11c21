//! Readings over time, and what the sampler makes of them.

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
    assert_eq!(sampler.take(now, Reading { held: Held::Nobody, ..nothing }), Flow::Closed, "the driver counts nobody");
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
