//! From STREAMON to the first frame and to the first frame of the camera, beside the bare start of the same source.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lenscap::core::event::Card;
use lenscap::frame::card::{CardStyle, plain};
use lenscap::frame::format::{PixelFormat, VideoFormat};
use lenscap::i18n::card::titles;
use lenscap::wire::cards::{CardOrder, draw};
use lenscap_test_support::client::{Client, checksum};
use lenscap_test_support::process::{Reaped, eventually};
use lenscap_test_support::programs::program;
use lenscap_test_support::relay::Relay;

use crate::measure::{Spread, ms, wait_until_quiet};
use crate::table::{Row, Table, Target};
use crate::{CAMERA, MODES, Mode, node, peer, runs};

const LIMIT: Duration = Duration::from_secs(30);
/// Over the bare start.
const ALLOWED_MS: f64 = 100.0;
/// The most that a cold start may take, as a multiple of gst-launch's.
pub const ALLOWED_COLD: f64 = 1.1;

/// Checksums of the cards that may be shown before the camera.
pub fn cards(mode: &Mode) -> Vec<u64> {
    let format = VideoFormat::new(PixelFormat::Yuy2, mode.width, mode.height, mode.framerate).expect("a format");
    let style = CardStyle::default();
    let mut cards = [Card::Off, Card::Starting].map(|card| checksum(&plain(card, &style, &format))).to_vec();
    let order = CardOrder::new(&style, titles(), format);
    let until = Instant::now() + LIMIT;
    draw(&program("lenscap-cards"), &style, order, until, |picture| cards.push(checksum(picture))).expect("cards");
    cards
}

/// First frame, first camera frame, `live` told.
fn activation(relay: &mut Relay, cards: &[u64], lead: bool) -> [f64; 3] {
    relay.seen.clear();
    let mut client = Client::open(node()).expect("open");
    if lead {
        eventually("a worker is there", || !relay.workers().is_empty());
        let workers = relay.workers();
        assert!(wait_until_quiet(&workers, Duration::from_secs(4)), "the worker does not settle");
        assert_eq!(relay.workers(), workers, "the worker was given up too early");
    }
    client.stream(4).expect("STREAMON");
    let began = client.streamon.expect("streaming");
    let (mut first, mut camera) = (None, None);
    while camera.is_none() {
        assert!(began.elapsed() < LIMIT, "no frame of the camera: {:#?}\n{}", relay.poll(), relay.stderr());
        let Some(frame) = client.next(LIMIT).expect("DQBUF") else { continue };
        first.get_or_insert(frame.at);
        if !cards.contains(&frame.checksum) {
            camera = Some(frame.at);
        }
    }
    let live = relay.wait_for("live").at;
    drop(client);
    relay.wait_for("idle");
    eventually("the worker is gone", || relay.workers().is_empty());
    [first, camera, live].map(|at| at.map_or(f64::NAN, |at| ms(at.saturating_duration_since(began))))
}

/// From the spawn of gst-launch to the first bytes of a picture of this source.
pub fn cold_gst(source: &str) -> f64 {
    let source = format!("{source} ! fdsink");
    let began = Instant::now();
    let mut child = Reaped(
        Command::new("gst-launch-1.0")
            .arg("-q")
            .args(source.split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("gst-launch-1.0 is installed"),
    );
    let mut byte = [0; 1];
    child.0.stdout.take().expect("a pipe").read_exact(&mut byte).expect("a picture");
    ms(began.elapsed())
}

/// In a process that has loaded GStreamer and the elements and has not used them: the worker's case.
pub fn print_fresh_start() {
    let pipeline = bare(CAMERA, &MODES[0]);
    // As in the worker: loaded, and then quiet for a while.
    std::thread::sleep(Duration::from_millis(500));
    println!("{}", ms(pipeline.time_to_first_frame("sink")));
}

/// The source alone, in this process.
pub fn bare(device: &str, mode: &Mode) -> peer::Pipeline {
    peer::Pipeline::new(&format!("v4l2src device={device} ! {} ! fakesink name=sink sync=false", mode.caps("YUY2")))
}

fn fresh() -> f64 {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).args(["fresh-start", "-"]).stderr(Stdio::null()).output().expect("it starts");
    String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(f64::NAN)
}

pub fn run(table: &mut Table) {
    let mode = MODES[0];
    let cards = cards(&mode);
    let source = format!("v4l2:{CAMERA}");
    let mut relay = mode.relay(&["--source", &source, "--cooldown-ms", "0"], &[]);
    let hot = || ms(bare(CAMERA, &mode).time_to_first_frame("sink"));
    let cold_source = format!("v4l2src device={CAMERA} num-buffers=1 ! {}", mode.caps("YUY2"));
    // Loads the plugins, and brings the programs into memory.
    hot();
    activation(&mut relay, &cards, false);
    let (mut without, mut with): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
    let (mut bares, mut freshes, mut colds) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs() + 2 {
        without.push(activation(&mut relay, &cards, false));
        bares.push(hot());
        freshes.push(fresh());
        with.push(activation(&mut relay, &cards, true));
        colds.push(cold_gst(&cold_source));
    }
    relay.quit();
    let column = |rows: &[[f64; 3]], index: usize| Spread::new(rows.iter().map(|row| row[index]));
    let bare = Spread::new(bares);
    table.row(&Row {
        what: format!("bare start of v4l2src, {mode}: first frame"),
        unit: "ms",
        ours: bare.clone(),
        peer: Some(("its first start in a fresh process, elements loaded".into(), Spread::new(freshes))),
        ratio: None,
        target: Target::None,
        by_ratio: false,
    });
    for (lead, rows, other) in [
        ("at once after open", &without, ("gst-launch, cold", Spread::new(colds.clone()))),
        ("opened before, worker warm", &with, ("bare v4l2src, GStreamer loaded", bare.clone())),
    ] {
        table.row(&Row {
            what: format!("STREAMON {lead}, {mode}: first frame"),
            unit: "ms",
            ours: column(rows, 0),
            peer: None,
            ratio: None,
            target: Target::AtMostBecause(mode.interval_ms(), "one frame interval".into()),
            by_ratio: false,
        });
        let is_warm = std::ptr::eq(rows, &with);
        let times: Vec<f64> = rows.iter().map(|row| row[1]).collect();
        table.row(&Row {
            what: format!("STREAMON {lead}, {mode}: first camera frame"),
            unit: "ms",
            ours: column(rows, 1),
            ratio: (!is_warm).then(|| Spread::ratio(&times, &colds)),
            peer: Some((other.0.into(), other.1)),
            target: match is_warm {
                true => Target::AtMostBecause(bare.median() + ALLOWED_MS, "bare start + 100 ms".into()),
                false => Target::AtMost(ALLOWED_COLD),
            },
            by_ratio: !is_warm,
        });
    }
}
