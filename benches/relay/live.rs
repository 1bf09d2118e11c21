//! Live: CPU time per frame of relay and worker, in relation to one gst-launch of the same frames.

use std::time::{Duration, Instant};

use lenscap_test_support::client::Client;

use crate::measure::{Spread, Usage};
use crate::table::{Row, Table, Target};
use crate::{CAMERA, MODES, Mode, NODE, node, peer, runs};

const SETTLE: Duration = Duration::from_secs(2);
const WINDOW: Duration = Duration::from_secs(5);
/// How long the camera may take to say which controls it has.
const CONTROLS: Duration = Duration::from_secs(60);
/// The most that relay and worker may cost, as a multiple of one gst-launch.
const ALLOWED: f64 = 1.05;

/// Frames in, a share of the node's format out.
struct Case {
    name: &'static str,
    /// For us, as `--source`.
    ours: String,
    /// For gst-launch, `v4l2sink` without its device.
    theirs: String,
    /// Whether ours reads a camera with controls.
    has_controls: bool,
}

fn cases(mode: &Mode) -> [Case; 2] {
    let camera = format!("v4l2src device={CAMERA} ! {}", mode.caps("YUY2"));
    // One colorimetry for all sizes: the default of large ones would make gst-launch, and only it, convert colours.
    let other = format!("videotestsrc is-live=true pattern=solid-color ! {},colorimetry=bt601", mode.caps("I420"));
    [
        Case {
            name: "vivid YUY2, no conversion",
            ours: format!("v4l2:{CAMERA}"),
            theirs: format!("{camera} ! v4l2sink"),
            has_controls: true,
        },
        Case {
            name: "I420 to YUY2",
            ours: format!("pipeline:{other}"),
            // A sink that waits for the clock drops nearly everything once an emulated machine is late.
            theirs: format!("{other} ! videoconvert ! {} ! v4l2sink sync=false", mode.caps("YUY2")),
            has_controls: false,
        },
    ]
}

/// CPU ms per frame of these processes, and frames a second, once it runs steadily.
fn per_frame(client: &mut Client, pids: impl Fn() -> Vec<u32>) -> (f64, f64) {
    let read_for = |client: &mut Client, time: Duration| {
        let (began, mut frames) = (Instant::now(), 0_u32);
        while began.elapsed() < time {
            frames += u32::from(client.next(Duration::from_secs(2)).expect("DQBUF").is_some());
        }
        (frames, began.elapsed().as_secs_f64())
    };
    read_for(client, SETTLE);
    let pids = pids();
    let before = Usage::of(&pids);
    let (frames, seconds) = read_for(client, WINDOW);
    let after = Usage::of(&pids);
    (after.cpu_ms_since(&before) / f64::from(frames), f64::from(frames) / seconds)
}

/// Ours: CPU ms per frame, frames a second, copies and skipped frames per frame as the worker counts them.
fn ours(mode: &Mode, case: &Case, slots: Option<&str>) -> (f64, f64, [f64; 2]) {
    let mut environment = vec![("LENSCAP_LOG", "debug")];
    environment.extend(slots.map(|slots| ("LENSCAP_SLOTS", slots)));
    let mut relay = mode.relay(&["--source", &case.ours], &environment);
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("STREAMON");
    relay.wait_for("live");
    // They are read once a start and are no part of a picture: vivid holds its lock while it draws, and each waits for that.
    let deadline = Instant::now() + CONTROLS;
    while case.has_controls && !relay.knows_controls() {
        assert!(Instant::now() < deadline, "no controls: {}", relay.stderr());
        client.next(Duration::from_secs(2)).expect("DQBUF");
    }
    let (cost, rate) = per_frame(&mut client, || {
        let mut pids = relay.workers();
        assert_eq!(pids.len(), 1, "one worker");
        pids.push(relay.pid());
        pids
    });
    assert_eq!(relay.poll().state, "live", "{}", relay.stderr());
    drop(client);
    relay.quit();
    let said = relay.stderr();
    let count = |name: &str| -> f64 {
        said.rsplit_once(&format!("{name}="))
            .and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
            .unwrap_or(f64::NAN)
    };
    // The ring's own copy is the parent's.
    let ring = if slots.is_some() { 1.0 } else { 0.0 };
    let frames = count("frames");
    (cost, rate, [count("copies") / frames + ring, count("skipped") / frames])
}

fn theirs(mode: &Mode, case: &Case) -> (f64, f64) {
    let child = peer::launch(&format!("{} device={NODE}", case.theirs));
    let mut client = peer::client(mode);
    per_frame(&mut client, || vec![child.0.id()])
}

/// Run by run; a pair of runs that did not give the same frames, because the machine did not keep up, is left out.
fn ratio(ours: &[f64], rates: &[f64], theirs: &[f64], other_rates: &[f64]) -> Spread {
    let pairs = ours.iter().zip(theirs).zip(rates.iter().zip(other_rates));
    Spread::new(pairs.filter(|(_, (rate, other))| (*rate / *other - 1.0).abs() < 0.1).map(|((we, they), _)| we / they))
}

pub fn run(table: &mut Table) {
    for mode in MODES {
        for case in cases(&mode) {
            let (mut zero, mut copy, mut other) = (Vec::new(), Vec::new(), Vec::new());
            let (mut copies, mut skipped) = (Vec::new(), Vec::new());
            let (mut rates, mut other_rates) = (Vec::new(), Vec::new());
            let (mut ring_copies, mut ring_rates) = (Vec::new(), Vec::new());
            for _ in 0..runs() {
                let (cost, rate, copied) = ours(&mode, &case, None);
                zero.push(cost);
                rates.push(rate);
                copies.push(copied[0]);
                skipped.push(copied[1]);
                let (cost, rate) = theirs(&mode, &case);
                other.push(cost);
                other_rates.push(rate);
                let (cost, rate, copied) = ours(&mode, &case, Some("copy"));
                ring_rates.push(rate);
                copy.push(cost);
                ring_copies.push(copied[0]);
            }
            let what = |what: &str| format!("live, {mode}, {}: {what}", case.name);
            let gst = || {
                (
                    format!("gst-launch, {:.1} frames/s", Spread::new(other_rates.clone()).median()),
                    Spread::new(other.clone()),
                )
            };
            table.row(&Row {
                what: what(&format!("CPU, {:.1} frames/s", Spread::new(rates.clone()).median())),
                unit: "ms/frame",
                ratio: Some(ratio(&zero, &rates, &other, &other_rates)),
                ours: Spread::new(zero),
                peer: Some(gst()),
                target: Target::AtMost(ALLOWED),
                by_ratio: true,
            });
            table.row(&Row {
                what: what("CPU with a memfd ring (LENSCAP_SLOTS=copy)"),
                unit: "ms/frame",
                ratio: Some(ratio(&copy, &ring_rates, &other, &other_rates)),
                ours: Spread::new(copy),
                peer: Some(gst()),
                target: Target::None,
                by_ratio: true,
            });
            table.row(&Row {
                what: what("frames left out by the worker"),
                unit: "1/frame",
                ours: Spread::new(skipped),
                peer: None,
                ratio: None,
                target: Target::None,
                by_ratio: false,
            });
            table.row(&Row {
                what: what("copies"),
                unit: "1/frame",
                ours: Spread::new(copies),
                peer: Some(("memfd ring".into(), Spread::new(ring_copies))),
                ratio: None,
                target: Target::None,
                by_ratio: false,
            });
        }
    }
}
