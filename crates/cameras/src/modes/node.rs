//! What a node says that it can do, when it is opened and asked.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::{Format, Rates, Size};
use crate::group;
use lenscap_core::location::Location;
use lenscap_core::mode::FrameRate;
use lenscap_core::trouble::cameras::NodeTrouble;
use lenscap_sys::v4l2::modes::{FrameIntervals, FrameSizes, Interval};
use lenscap_sys::v4l2::{self, CAP_VIDEO_CAPTURE, modes};
use lenscap_text::Text;

/// Sizes and rates of a node that are listed: some thousands are had by a test driver, none by a camera. Its driver may have
/// as many of one list for every entry of another.
const MAX_MODES: usize = 32_768;

/// What a node says of itself when it is asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeFacts {
    /// What it can do.
    pub formats: Vec<Format>,
    /// Where it sits, in the driver's words.
    pub bus_info: String,
    /// Where it looks.
    pub location: Option<Location>,
    /// How far its sensor is turned, in degrees.
    pub rotation: Option<u32>,
    /// Whether a program has to set up a sensor and all between by itself; then nothing else is asked.
    pub is_raw: bool,
}

/// That a node may not be opened.
pub(crate) fn no_permission(node: &Path) -> NodeTrouble {
    NodeTrouble::Forbidden { node: Text::of_path(node), group: group::group_of(node).into() }
}

/// Opens a node, asks and closes it. A USB camera wakes up for that; its sensor stays off.
///
/// # Errors
/// Why it cannot be asked.
pub fn ask(node: &Path) -> Result<NodeFacts, NodeTrouble> {
    let shown = || Text::of_path(node);
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(node, flags, Mode::empty()).map_err(|error| match error {
        Errno::ACCESS | Errno::PERM => no_permission(node),
        Errno::BUSY => NodeTrouble::Busy { node: shown() },
        error => NodeTrouble::NotOpened { node: shown(), cause: error.into() },
    })?;
    let facts =
        answer(&File::from(opened)).map_err(|error| NodeTrouble::NoAnswer { node: shown(), cause: error.into() })?;
    facts.ok_or_else(|| NodeTrouble::NoVideo { node: shown() })
}

/// `None`: it gives no video.
fn answer(file: &File) -> std::io::Result<Option<NodeFacts>> {
    let capability = v4l2::query_capability(file)?;
    if !capability.is_capture() {
        return Ok(None);
    }
    if capability.is_raw() {
        return Ok(Some(NodeFacts { is_raw: true, bus_info: capability.bus_info, ..NodeFacts::default() }));
    }
    let multiplanar = capability.capabilities & CAP_VIDEO_CAPTURE == 0;
    let mut formats = Vec::new();
    let mut left = MAX_MODES;
    for described in modes::formats(file, multiplanar)? {
        formats.push(Format {
            fourcc: code(described.fourcc),
            description: described.description,
            compressed: described.is_compressed,
            emulated: described.is_emulated,
            sizes: sizes_of(file, described.fourcc, &mut left),
        });
    }
    Ok(Some(NodeFacts {
        formats,
        is_raw: false,
        bus_info: capability.bus_info,
        location: modes::orientation(file).and_then(Location::from_control),
        rotation: modes::sensor_rotation(file)
            .and_then(|degrees| u32::try_from(degrees).ok())
            .filter(|degrees| *degrees < 360),
    }))
}

/// `left`: how many sizes and rates may still be asked for.
fn sizes_of(file: impl AsFd, fourcc: u32, left: &mut usize) -> Vec<Size> {
    if *left == 0 {
        return Vec::new();
    }
    let rates = |width, height| match modes::frame_intervals(&file, fourcc, width, height) {
        Ok(FrameIntervals::Discrete(intervals)) => Rates::list(intervals.into_iter().map(rate)),
        Ok(FrameIntervals::Range { shortest, longest }) => Rates::between(rate(longest), rate(shortest)),
        // HDMI inputs and the like do not say.
        Err(_) => Rates::List(Vec::new()),
    };
    let mut found = match modes::frame_sizes(&file, fourcc) {
        Ok(FrameSizes::Discrete(sizes)) => sizes
            .into_iter()
            .map_while(|(width, height)| {
                let rates = (*left > 0).then(|| rates(width, height))?;
                let listed = 1 + if let Rates::List(rates) = &rates { rates.len() } else { 0 };
                *left = left.saturating_sub(listed);
                Some(Size::Fixed { width, height, rates })
            })
            .collect(),
        Ok(FrameSizes::Stepwise { width, height }) => vec![Size::Range {
            min_width: width.min,
            max_width: width.max,
            step_width: width.step,
            min_height: height.min,
            max_height: height.max,
            step_height: height.step,
            rates: rates(width.max, height.max),
        }],
        Err(_) => Vec::new(),
    };
    found.retain(Size::is_sane);
    found
}

fn rate((numerator, denominator): Interval) -> Option<FrameRate> {
    FrameRate::of(denominator, numerator)
}

/// A four-character code as people write it; the highest bit marks big endian.
fn code(fourcc: u32) -> String {
    let bytes = (fourcc & 0x7fff_ffff).to_le_bytes();
    let mut code: String = bytes
        .iter()
        .map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '?' })
        .collect();
    code.truncate(code.trim_end().len());
    if fourcc >> 31 == 1 {
        code += "-BE";
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_rates_read_as_people_write_them() {
        assert_eq!(code(u32::from_le_bytes(*b"YUYV")), "YUYV");
        assert_eq!(code(u32::from_le_bytes(*b"Y8  ")), "Y8");
        assert_eq!(code(u32::from_le_bytes(*b"Y16 ") | 1 << 31), "Y16-BE");
        assert_eq!(code(1), "????");
        assert_eq!(rate((1001, 30_000)).map(FrameRate::per_second), Some(29.97));
    }

    #[test]
    fn what_a_driver_says_is_taken_only_where_a_camera_can_have_it() {
        // uvcvideo makes 100 ns of an interval of 0.
        assert_eq!((rate((0, 30)), rate((1, 10_000_000))), (None, None));
        let list = Rates::list([(1, 10_000_000), (1, 15), (1, 30), (0, 1)].map(rate));
        assert_eq!(list, Rates::List(vec![30.0, 15.0]));
        assert_eq!(Rates::between(rate((1, 5)), rate((1, 10_000_000))), Rates::List(vec![5.0]));
        assert_eq!(Rates::between(rate((1, 5)), rate((1, 60))), Rates::Range { min: 5.0, max: 60.0 });
        let fixed = |width, height| Size::Fixed { width, height, rates: Rates::List(vec![]) };
        assert!(fixed(640, 480).is_sane() && !fixed(0, 480).is_sane() && !fixed(u32::MAX, 1).is_sane());
    }

    #[test]
    fn a_node_that_is_no_camera_says_why() {
        let trouble = |node: &str| ask(Path::new(node)).unwrap_err();
        let node = "/dev/no-such-camera";
        assert!(matches!(trouble(node), NodeTrouble::NotOpened { node: at, .. } if &*at == node));
        let node = "/dev/null";
        assert!(matches!(trouble(node), NodeTrouble::NoAnswer { node: at, .. } if &*at == node));
    }
}
