//! CPU time per frame on this machine, engine and worker with an output of memory, beside one gst-launch that makes the same
//! frames, converts them where we do, and throws them away; what the worker takes of memory meanwhile; and a cold start. An
//! emulated machine counts as CPU time whatever its host gave to others; this one does not.

use std::time::{Duration, Instant};

use lenscap::core::presence::Use;
use lenscap::core::source::{Orientation, Source};
use lenscap::frame::format::{PixelFormat, VideoFormat};

use crate::cycles::{Rig, frames};
use crate::measure::{Spread, Usage};
use crate::table::{Row, Table, Target};
use crate::{Mode, peer, runs, start};

const MODES: [Mode; 3] = [
    Mode { width: 640, height: 480, framerate: 30 },
    Mode { width: 1280, height: 720, framerate: 30 },
    Mode { width: 1920, height: 1080, framerate: 30 },
];
const SETTLE: Duration = Duration::from_millis(1500);
const WINDOW: Duration = Duration::from_secs(4);
/// In turns with gst-launch's.
const COLD_STARTS: usize = 15;

/// The most that engine and worker may cost, as a multiple of one gst-launch.
const ALLOWED: f64 = 1.05;

/// What one steady stretch took.
pub struct Steady {
    /// CPU ms per frame of the engine (this process) and of the worker; of gst-launch: nothing, and its own.
    pub cpu: [f64; 2],
    /// PSS of the process with the pipeline, in MB, without memory that it shares with others for pictures.
    pub own_mb: f64,
    /// That memory: the slots.
    pub shared_mb: f64,
}

impl Steady {
    /// CPU ms per frame in all.
    pub fn all(&self) -> f64 {
        self.cpu.iter().sum()
    }
}

fn mb(kb: u64) -> f64 {
    kb as f64 / 1024.0
}

/// Ours, with the picture as it comes.
pub fn ours(mode: &Mode, source: &str) -> Steady {
    ours_laid(mode, source, Orientation::default())
}

/// As [`ours`], with the picture turned, mirrored or zoomed.
pub fn ours_laid(mode: &Mode, source: &str, orientation: Orientation) -> Steady {
    let source: Source = format!("pipeline:{source}").parse().expect("a source");
    let format = VideoFormat::new(PixelFormat::Yuy2, mode.width, mode.height, mode.framerate).expect("a format");
    let mut rig = Rig::new_laid(source, format, orientation);
    rig.presence(Some(Use::Streaming));
    rig.until("a frame", |engine| frames(engine) > 0);
    let settled = Instant::now() + SETTLE;
    rig.until("settled", |_| Instant::now() >= settled);
    let worker = rig.engine.worker_pid().expect("a worker");
    // The looks cost this process something: the worker's, the dearer ones, are outside its own window.
    let look = |pid| Usage::of(&[pid]);
    let (worker_before, before) = (look(worker), look(std::process::id()));
    let first = frames(&rig.engine);
    let end = Instant::now() + WINDOW;
    rig.until("the window's end", |_| Instant::now() >= end);
    let count = (frames(&rig.engine) - first) as f64;
    let (after, worker_after) = (look(std::process::id()), look(worker));
    rig.presence(None);
    rig.until("no worker", |engine| engine.worker_pid().is_none());
    Steady {
        cpu: [after.cpu_ms_since(&before) / count, worker_after.cpu_ms_since(&worker_before) / count],
        own_mb: mb(worker_after.pss_kb - worker_after.pss_shmem_kb),
        shared_mb: mb(worker_after.pss_shmem_kb),
    }
}

/// gst-launch, the frames being those of its rate.
fn theirs(mode: &Mode, description: &str) -> Steady {
    let child = peer::launch(description);
    std::thread::sleep(SETTLE);
    let (began, before) = (Instant::now(), Usage::of(&[child.0.id()]));
    std::thread::sleep(WINDOW);
    let after = Usage::of(&[child.0.id()]);
    let frames = began.elapsed().as_secs_f64() * f64::from(mode.framerate);
    Steady {
        cpu: [0.0, after.cpu_ms_since(&before) / frames],
        own_mb: mb(after.pss_kb - after.pss_shmem_kb),
        shared_mb: mb(after.pss_shmem_kb),
    }
}

/// Medians of both, with their relation.
fn rows(table: &mut Table, mode: &Mode, name: &str, ours: &[Steady], theirs: &[Steady], peer: &str) {
    let each = |runs: &[Steady], what: fn(&Steady) -> f64| runs.iter().map(what).collect::<Vec<_>>();
    let median = |what: fn(&Steady) -> f64| Spread::new(each(ours, what)).median();
    let (resident, child) = (median(|run| run.cpu[0]), median(|run| run.cpu[1]));
    let slots = median(|run| run.shared_mb);
    for (what, unit, measured, target) in [
        (
            format!("CPU (resident process {resident:.3}, worker {child:.3})"),
            "ms/frame",
            Steady::all as fn(&Steady) -> f64,
            Target::AtMost(ALLOWED),
        ),
        (
            format!("PSS of the worker without its share of the slots ({slots:.1})"),
            "MB",
            |run| run.own_mb,
            Target::None,
        ),
    ] {
        let (we, they) = (each(ours, measured), each(theirs, measured));
        table.row(&Row {
            what: format!("live, {mode}, {name}, this machine, no node: {what}"),
            unit,
            ratio: Some(Spread::ratio(&we, &they)),
            ours: Spread::new(we),
            peer: Some((peer.into(), Spread::new(they))),
            target,
            by_ratio: true,
        });
    }
}

/// From presence, and from the start of gst-launch, to the first picture of the test source.
fn cold_start(table: &mut Table) {
    let mode = MODES[0];
    let format = VideoFormat::new(PixelFormat::Yuy2, mode.width, mode.height, mode.framerate).expect("a format");
    let mut rig = Rig::new(Source::Test, format);
    let source = format!("videotestsrc is-live=true num-buffers=1 ! {}", mode.caps("YUY2"));
    // Brings the programs into memory.
    rig.cycle(false);
    start::cold_gst(&source);
    let (we, they): (Vec<_>, Vec<_>) = (0..COLD_STARTS).map(|_| (rig.cycle(false), start::cold_gst(&source))).unzip();
    table.row(&Row {
        what: format!("cold start, {mode}, test source, this machine, no node: first camera frame"),
        unit: "ms",
        ratio: Some(Spread::ratio(&we, &they)),
        ours: Spread::new(we),
        peer: Some(("gst-launch ... ! fdsink, first bytes".into(), Spread::new(they))),
        target: Target::AtMost(start::ALLOWED_COLD),
        by_ratio: true,
    });
}

pub fn run(table: &mut Table) {
    cold_start(table);
    for mode in MODES {
        let to = mode.caps("YUY2");
        // What converts nothing draws the least: each frame's own cost shows there.
        for (name, from, convert, peer) in [
            ("YUY2 as it comes", "YUY2", String::new(), "gst-launch ... ! fakesink"),
            ("I420 to YUY2", "I420", format!("! videoconvert ! {to}"), "gst-launch ... ! videoconvert ! fakesink"),
        ] {
            let source = format!("videotestsrc is-live=true pattern=solid-color ! {}", mode.caps(from));
            let (we, they): (Vec<_>, Vec<_>) = (0..runs())
                .map(|_| (ours(&mode, &source), theirs(&mode, &format!("{source} {convert} ! fakesink sync=true"))))
                .unzip();
            rows(table, &mode, name, &we, &they, peer);
        }
    }
}
