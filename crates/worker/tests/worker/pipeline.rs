//! The real worker with real GStreamer pipelines and no camera. A test whose elements are not installed says so.

mod cost;
mod jpeg;
mod orientation;
mod pace;
mod process;
mod reasons;
mod slots;

use lenscap_picture::format::VideoFormat;
use lenscap_worker_rig::{Rig, worker};

fn rig(source: &str, format: VideoFormat) -> Rig {
    Rig::spawn(&worker(), source, format, &[])
}

/// Luma of a pixel of a YUY2 picture.
fn luma(picture: &[u8], format: &VideoFormat, x: u32, y: u32) -> u8 {
    picture[(y * format.bytes_per_line() + x * 2) as usize]
}

/// A white picture of this size in RGB, paced by the clock like a camera.
fn white(width: u32, height: u32) -> String {
    format!(
        "pipeline:videotestsrc is-live=true pattern=white ! \
         video/x-raw,format=RGB,width={width},height={height},framerate=30/1"
    )
}
