//! JPEG pictures on this machine, engine and worker with an output of memory, beside one pipeline that decodes the same
//! pictures and throws them away. Both take pictures that were encoded before, about as fast as a camera gives them.

use std::path::Path;
use std::time::Duration;

use crate::measure::{Spread, Usage};
use crate::table::{Row, Table, Target};
use crate::{Mode, native, peer, runs};

const MODES: [Mode; 2] =
    [Mode { width: 1280, height: 720, framerate: 30 }, Mode { width: 1920, height: 1080, framerate: 30 }];
/// Different pictures, one after another, again and again.
const PICTURES: u32 = 30;
const SETTLE: Duration = Duration::from_millis(1500);
const WINDOW: Duration = Duration::from_secs(4);

/// Encodes pictures as webcams do, 4:2:2, into this directory; the source that reads them.
fn source(mode: &Mode, directory: &Path) -> String {
    let directory = directory.display();
    let caps = mode.caps("Y42B");
    peer::Pipeline::new(&format!(
        "videotestsrc num-buffers={PICTURES} ! {caps} ! jpegenc ! multifilesink location={directory}/%03d.jpg"
    ))
    .run();
    let Mode { width, height, framerate } = mode;
    format!(
        "multifilesrc location={directory}/%03d.jpg loop=true \
         caps=image/jpeg,width={width},height={height},framerate={framerate}/1 ! identity sleep-time={}",
        1_000_000 / framerate
    )
}

/// CPU ms per frame. In this process, where the frames can be counted: files have no times that could pace them.
fn theirs(mode: &Mode, source: &str) -> f64 {
    let pipeline =
        peer::Pipeline::new(&format!("{source} ! jpegdec ! videoconvert ! {} ! fakesink name=end", mode.caps("YUY2")));
    let frames = pipeline.count("end");
    let look = || (frames(), Usage::of(&[std::process::id()]));
    pipeline.play();
    std::thread::sleep(SETTLE);
    let before = look();
    std::thread::sleep(WINDOW);
    let after = look();
    after.1.cpu_ms_since(&before.1) / (after.0 - before.0) as f64
}

pub fn run(table: &mut Table) {
    for mode in MODES {
        let directory = std::env::temp_dir().join(format!("lenscap-bench-{}-{}", std::process::id(), mode.height));
        std::fs::create_dir_all(&directory).expect("a directory");
        let source = source(&mode, &directory);
        let (mut engine, mut worker, mut all, mut other) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs() {
            let run = native::ours(&mode, &source);
            let [resident, child] = run.cpu;
            engine.push(resident);
            worker.push(child);
            all.push(run.all());
            other.push(theirs(&mode, &source));
        }
        let _ = std::fs::remove_dir_all(&directory);
        let (resident, child) = (Spread::new(engine).median(), Spread::new(worker).median());
        table.row(&Row {
            what: format!(
                "live, {mode}, MJPEG 4:2:2 to YUY2, this machine, no node: CPU (resident process {resident:.3}, worker {child:.3})"
            ),
            unit: "ms/frame",
            ratio: Some(Spread::ratio(&all, &other)),
            ours: Spread::new(all),
            peer: Some(("one pipeline ... ! jpegdec ! videoconvert ! fakesink".into(), Spread::new(other))),
            target: Target::AtMost(1.05),
            by_ratio: true,
        });
    }
}
