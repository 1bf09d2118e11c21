//! CPU time per frame on this machine, engine and worker with an output of memory, beside one gst-launch that converts the
//! same frames and throws them away. An emulated machine counts as CPU time whatever its host gave to others; this one
//! does not.

use std::time::{Duration, Instant};

use lenscap::core::presence::Use;
use lenscap::core::source::{Orientation, Source};
use lenscap::frame::format::{PixelFormat, VideoFormat};

use crate::cycles::{Rig, frames};
use crate::measure::{Spread, Usage};
use crate::table::{Row, Table, Target};
use crate::{Mode, peer, runs};

const MODES: [Mode; 3] = [
    Mode { width: 640, height: 480, framerate: 30 },
    Mode { width: 1280, height: 720, framerate: 30 },
    Mode { width: 1920, height: 1080, framerate: 30 },
];
const SETTLE: Duration = Duration::from_millis(1500);
const WINDOW: Duration = Duration::from_secs(4);

/// CPU ms per frame of the engine (this process) and of the worker.
pub fn ours(mode: &Mode, source: &str) -> [f64; 2] {
    ours_laid(mode, source, Orientation::default())
}

/// As [`ours`], with the picture turned, mirrored or zoomed.
pub fn ours_laid(mode: &Mode, source: &str, orientation: Orientation) -> [f64; 2] {
    let source: Source = format!("pipeline:{source}").parse().expect("a source");
    let format = VideoFormat::new(PixelFormat::Yuy2, mode.width, mode.height, mode.framerate).expect("a format");
    let mut rig = Rig::new_laid(source, format, orientation);
    rig.presence(Some(Use::Streaming));
    rig.until("a frame", |engine| frames(engine) > 0);
    let settled = Instant::now() + SETTLE;
    rig.until("settled", |_| Instant::now() >= settled);
    let worker = rig.engine.worker_pid().expect("a worker");
    let look = |rig: &Rig| (frames(&rig.engine), Usage::of(&[std::process::id()]), Usage::of(&[worker]));
    let before = look(&rig);
    let end = Instant::now() + WINDOW;
    rig.until("the window's end", |_| Instant::now() >= end);
    let after = look(&rig);
    let count = (after.0 - before.0) as f64;
    rig.presence(None);
    rig.until("no worker", |engine| engine.worker_pid().is_none());
    [after.1.cpu_ms_since(&before.1) / count, after.2.cpu_ms_since(&before.2) / count]
}

/// CPU ms per frame, the frames being those of its rate.
fn theirs(mode: &Mode, description: &str) -> f64 {
    let child = peer::launch(description);
    std::thread::sleep(SETTLE);
    let (began, before) = (Instant::now(), Usage::of(&[child.0.id()]));
    std::thread::sleep(WINDOW);
    let after = Usage::of(&[child.0.id()]);
    after.cpu_ms_since(&before) / (began.elapsed().as_secs_f64() * f64::from(mode.framerate))
}

pub fn run(table: &mut Table) {
    for mode in MODES {
        let caps = mode.caps("I420");
        let source = format!("videotestsrc is-live=true pattern=solid-color ! {caps}");
        let (mut engine, mut worker, mut all, mut other) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs() {
            let [resident, child] = ours(&mode, &source);
            engine.push(resident);
            worker.push(child);
            all.push(resident + child);
            other.push(theirs(&mode, &format!("{source} ! videoconvert ! {} ! fakesink sync=true", mode.caps("YUY2"))));
        }
        let (resident, child) = (Spread::new(engine).median(), Spread::new(worker).median());
        table.row(&Row {
            what: format!(
                "live, {mode}, I420 to YUY2, this machine, no node: CPU (resident process {resident:.3}, worker {child:.3})"
            ),
            unit: "ms/frame",
            ratio: Some(Spread::ratio(&all, &other)),
            ours: Spread::new(all),
            peer: Some(("gst-launch ... ! videoconvert ! fakesink".into(), Spread::new(other))),
            target: Target::AtMost(1.05),
            by_ratio: true,
        });
    }
}
