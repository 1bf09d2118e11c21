//! What a capture node can do: pixel formats, frame sizes, frame rates; and how its sensor is mounted.
//!
//! These requests configure nothing and start nothing. Layouts follow `linux/videodev2.h`.

use std::io;
use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::ioctl::{Opcode, Updater, opcode};

use super::call::ioctl;
use super::raw::{G_CTRL, RawControl};
use super::{BufType, V, text};

/// `V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE`.
const CAPTURE_MPLANE: u32 = 9;
const FORMAT_COMPRESSED: u32 = 1;
const FORMAT_EMULATED: u32 = 2;
const DISCRETE: u32 = 1;
/// `V4L2_CID_CAMERA_ORIENTATION`.
const CONTROL_ORIENTATION: u32 = 0x009a_0922;
/// `V4L2_CID_CAMERA_SENSOR_ROTATION`.
const CONTROL_ROTATION: u32 = 0x009a_0923;
/// More entries than any camera has: a driver that never ends its list.
const MAX_ENTRIES: u32 = 1024;

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct RawFormatDescription {
    index: u32,
    kind: u32,
    flags: u32,
    description: [u8; 32],
    pixelformat: u32,
    mbus_code: u32,
    reserved: [u32; 3],
}

/// `sides` is a union: of a discrete size width and height, else least, most and step of the width, then of the height.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct RawFrameSize {
    index: u32,
    pixel_format: u32,
    kind: u32,
    sides: [u32; 6],
    reserved: [u32; 2],
}

/// `intervals` is a union: one fraction, else least, most and step; each numerator, then denominator, of seconds.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct RawFrameInterval {
    index: u32,
    pixel_format: u32,
    width: u32,
    height: u32,
    kind: u32,
    intervals: [u32; 6],
    reserved: [u32; 2],
}

const ENUM_FMT: Opcode = opcode::read_write::<RawFormatDescription>(V, 2);
const ENUM_FRAMESIZES: Opcode = opcode::read_write::<RawFrameSize>(V, 74);
const ENUM_FRAMEINTERVALS: Opcode = opcode::read_write::<RawFrameInterval>(V, 75);

const _: () = {
    assert!(size_of::<RawFormatDescription>() == 64);
    assert!(size_of::<RawFrameSize>() == 44);
    assert!(size_of::<RawFrameInterval>() == 52);
};

/// A pixel format of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatDescription {
    /// Four-character code.
    pub fourcc: u32,
    /// The driver's or the kernel's words for it.
    pub description: String,
    /// Whether it has to be decoded.
    pub is_compressed: bool,
    /// Whether it is made in software.
    pub is_emulated: bool,
}

/// Numbers from `min` to `max` in steps of `step`, which is at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// Least.
    pub min: u32,
    /// Most.
    pub max: u32,
    /// Distance of two.
    pub step: u32,
}

/// Frame sizes of a pixel format, in pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameSizes {
    /// Width and height of each.
    Discrete(Vec<(u32, u32)>),
    /// Any within these; a continuous range has steps of 1.
    Stepwise {
        /// Of the width.
        width: Steps,
        /// Of the height.
        height: Steps,
    },
}

/// Time from frame to frame, in seconds: numerator and denominator, which is not 0.
pub type Interval = (u32, u32);

/// Frame intervals of a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameIntervals {
    /// Each of them.
    Discrete(Vec<Interval>),
    /// Any between these; whether in steps is of no use to anybody.
    Range {
        /// The fastest.
        shortest: Interval,
        /// The slowest.
        longest: Interval,
    },
}

/// `VIDIOC_ENUM_FMT` until it ends. `multiplanar`: the node's capture queue is the multi-planar one.
///
/// # Errors
/// The kernel's error; `EINVAL` never: that is the end of the list.
pub fn formats(fd: impl AsFd, multiplanar: bool) -> io::Result<Vec<FormatDescription>> {
    let kind = if multiplanar { CAPTURE_MPLANE } else { BufType::Capture as u32 };
    let mut found = Vec::new();
    for index in 0..MAX_ENTRIES {
        let mut raw = RawFormatDescription { index, kind, ..RawFormatDescription::default() };
        // SAFETY: the request reads and writes a structure of exactly this layout; every bit pattern is valid.
        match unsafe { ioctl(&fd, Updater::<ENUM_FMT, RawFormatDescription>::new(&mut raw)) } {
            Ok(()) => found.push(FormatDescription {
                fourcc: raw.pixelformat,
                description: text(&raw.description),
                is_compressed: raw.flags & FORMAT_COMPRESSED != 0,
                is_emulated: raw.flags & FORMAT_EMULATED != 0,
            }),
            Err(Errno::INVAL) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

/// `VIDIOC_ENUM_FRAMESIZES` until it ends.
///
/// # Errors
/// The kernel's error; `ENOTTY` where the driver has no such list (analogue and HDMI inputs).
pub fn frame_sizes(fd: impl AsFd, fourcc: u32) -> io::Result<FrameSizes> {
    let mut found = Vec::new();
    for index in 0..MAX_ENTRIES {
        let mut raw = RawFrameSize { index, pixel_format: fourcc, ..RawFrameSize::default() };
        // SAFETY: as in `formats`.
        match unsafe { ioctl(&fd, Updater::<ENUM_FRAMESIZES, RawFrameSize>::new(&mut raw)) } {
            Ok(()) if raw.kind == DISCRETE => found.push((raw.sides[0], raw.sides[1])),
            Ok(()) => {
                let [min, max, step, ..] = raw.sides;
                let [.., low, high, rise] = raw.sides;
                return Ok(FrameSizes::Stepwise { width: steps(min, max, step), height: steps(low, high, rise) });
            }
            Err(Errno::INVAL) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(FrameSizes::Discrete(found))
}

/// `VIDIOC_ENUM_FRAMEINTERVALS` until it ends, for one size.
///
/// # Errors
/// The kernel's error; `ENOTTY` where the driver has no such list.
pub fn frame_intervals(fd: impl AsFd, fourcc: u32, width: u32, height: u32) -> io::Result<FrameIntervals> {
    let mut found = Vec::new();
    for index in 0..MAX_ENTRIES {
        let mut raw = RawFrameInterval { index, pixel_format: fourcc, width, height, ..RawFrameInterval::default() };
        // SAFETY: as in `formats`.
        match unsafe { ioctl(&fd, Updater::<ENUM_FRAMEINTERVALS, RawFrameInterval>::new(&mut raw)) } {
            Ok(()) => {
                let [numerator, denominator, slow_numerator, slow_denominator, ..] = raw.intervals;
                let shortest = (numerator, denominator.max(1));
                if raw.kind != DISCRETE {
                    let longest = (slow_numerator, slow_denominator.max(1));
                    return Ok(FrameIntervals::Range { shortest, longest });
                }
                found.push(shortest);
            }
            Err(Errno::INVAL) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(FrameIntervals::Discrete(found))
}

/// `V4L2_CID_CAMERA_ORIENTATION`: 0 front, 1 back, 2 external; `None` where the driver does not say.
pub fn orientation(fd: impl AsFd) -> Option<i32> {
    control(fd, CONTROL_ORIENTATION)
}

/// `V4L2_CID_CAMERA_SENSOR_ROTATION`: how far the sensor is turned, in degrees; `None` where the driver does not say.
pub fn sensor_rotation(fd: impl AsFd) -> Option<i32> {
    control(fd, CONTROL_ROTATION)
}

fn control(fd: impl AsFd, id: u32) -> Option<i32> {
    let mut raw = RawControl { id, value: 0 };
    // SAFETY: as in `formats`.
    unsafe { ioctl(fd, Updater::<G_CTRL, RawControl>::new(&mut raw)) }.ok()?;
    Some(raw.value)
}

fn steps(min: u32, max: u32, step: u32) -> Steps {
    Steps { min, max: max.max(min), step: step.max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_codes_are_the_kernels() {
        // From linux/videodev2.h on x86_64; the structures have no pointers, so they are the same everywhere.
        assert_eq!(ENUM_FMT, 0xc040_5602);
        assert_eq!(G_CTRL, 0xc008_561b);
        assert_eq!(ENUM_FRAMESIZES, 0xc02c_564a);
        assert_eq!(ENUM_FRAMEINTERVALS, 0xc034_564b);
    }

    #[test]
    fn a_file_that_is_no_v4l2_node_is_refused() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(formats(&file, false).unwrap_err().raw_os_error(), Some(25), "ENOTTY");
        assert!(frame_sizes(&file, 0).is_err() && frame_intervals(&file, 0, 1, 1).is_err());
        assert_eq!((orientation(&file), sensor_rotation(&file)), (None, None));
    }

    #[test]
    fn ranges_of_drivers_that_lie_are_mended() {
        assert_eq!(steps(16, 8, 0), Steps { min: 16, max: 16, step: 1 });
    }
}
