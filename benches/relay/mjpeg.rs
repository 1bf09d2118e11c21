//! JPEG pictures on this machine, engine and worker with an output of memory, beside one gst-launch that decodes the same
//! pictures and throws them away. Both take pictures that were encoded before, as fast as a camera gives them.

use std::path::Path;

use crate::measure::Spread;
use crate::table::{Row, Table, Target};
use crate::{Mode, native, peer, runs};

const MODES: [Mode; 2] =
    [Mode { width: 1280, height: 720, framerate: 30 }, Mode { width: 1920, height: 1080, framerate: 30 }];
/// More than a measurement takes.
const PICTURES: u32 = 600;

/// Encodes pictures as webcams do, 4:2:2, into this file; the source that reads them at the camera's pace.
fn source(mode: &Mode, file: &Path) -> String {
    let file = file.display();
    let caps = mode.caps("Y42B");
    let pictures =
        format!("videotestsrc num-buffers={PICTURES} ! {caps} ! jpegenc ! avimux ! filesink location={file}");
    peer::Pipeline::new(&pictures).run();
    format!("filesrc location={file} ! avidemux ! identity sync=true ! image/jpeg")
}

pub fn run(table: &mut Table) {
    for mode in MODES {
        let file = std::env::temp_dir().join(format!("lenscap-bench-{}-{}.avi", std::process::id(), mode.height));
        let source = source(&mode, &file);
        let (mut engine, mut worker, mut all, mut other) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs() {
            let [resident, child] = native::ours(&mode, &source);
            engine.push(resident);
            worker.push(child);
            all.push(resident + child);
            let caps = mode.caps("YUY2");
            other.push(native::theirs(&mode, &format!("{source} ! jpegdec ! videoconvert ! {caps} ! fakesink")));
        }
        let _ = std::fs::remove_file(&file);
        let (resident, child) = (Spread::new(engine).median(), Spread::new(worker).median());
        table.row(&Row {
            what: format!(
                "live, {mode}, MJPEG 4:2:2 to YUY2, this machine, no node: CPU (resident process {resident:.3}, worker {child:.3})"
            ),
            unit: "ms/frame",
            ratio: Some(Spread::ratio(&all, &other)),
            ours: Spread::new(all),
            peer: Some(("gst-launch ... ! jpegdec ! videoconvert ! fakesink".into(), Spread::new(other))),
            target: Target::AtMost(1.05),
            by_ratio: true,
        });
    }
}
