//! What programs leave switched on at a loopback node, and what readers change there: the node keeps both, for everybody
//! who comes later.
//!
//! With `sustain_framerate` or `timeout` the module repeats pictures by itself and hands readers the same buffer again and
//! again, of which GStreamer's v4l2src dies; `keep_format` holds on to the format of a program that is gone;
//! `timeout_image_io` makes the next program that opens the node the writer of another picture than the camera's. A client's
//! VIDIOC_S_PARM stays as the frame rate of the next one. Nobody hears of it.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::OFlags;

use lenscap_sys::v4l2;

/// `V4L2_CID_USER_BASE | 0xf000`: v4l2loopback's own controls, the same in 0.12 to 0.15.
const CID_BASE: u32 = 0x0098_f900;
/// By their names; the last is a button since 0.13, which cannot be read.
const CONTROLS: [(u32, &str); 4] = [
    (CID_BASE, "keep_format"),
    (CID_BASE + 1, "sustain_framerate"),
    (CID_BASE + 2, "timeout"),
    (CID_BASE + 3, "timeout_image_io"),
];

/// Which of the module's controls somebody left on; nothing is changed.
pub fn find(node: impl AsFd) -> Vec<&'static str> {
    CONTROLS.iter().filter(|(id, _)| is_on(&node, *id)).map(|(_, name)| *name).collect()
}

/// As [`find`], of a node that nobody of ours holds: opened for it.
pub fn find_at(path: &Path) -> Vec<&'static str> {
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(node) = rustix::fs::open(path, flags, rustix::fs::Mode::empty()) else { return Vec::new() };
    match v4l2::query_capability(&node) {
        Ok(capability) if capability.is_loopback() => find(&node),
        Ok(_) | Err(_) => Vec::new(),
    }
}

/// Switches them off; which ones.
pub(super) fn switch_off(node: impl AsFd) -> Vec<&'static str> {
    CONTROLS
        .iter()
        .filter(|(id, name)| is_on(&node, *id) && has_worked(name, v4l2::set_control(&node, *id, 0)))
        .map(|(_, name)| *name)
        .collect()
}

/// Announces the frame rate again where a reader changed it; whether one had.
pub(super) fn restore_framerate(node: impl AsFd, frames_per_second: u32) -> bool {
    let is_another = v4l2::output_frame_interval(&node).is_ok_and(|(numerator, denominator)| {
        u64::from(numerator) * u64::from(frames_per_second) != u64::from(denominator)
    });
    is_another && has_worked("frame rate", v4l2::set_output_framerate(&node, frames_per_second))
}

fn is_on(node: impl AsFd, id: u32) -> bool {
    v4l2::get_control(node, id).is_ok_and(|value| value != 0)
}

fn has_worked(what: &str, done: io::Result<()>) -> bool {
    if let Err(error) = &done {
        tracing::debug!("the {what} cannot be put right: {error}");
    }
    done.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_loopback_has_nothing_left_over() {
        for path in ["/dev/null", "/dev/no-such-node", "/etc/passwd"] {
            assert!(find_at(Path::new(path)).is_empty(), "{path}");
        }
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(switch_off(&file).is_empty() && !restore_framerate(&file, 30));
    }
}
