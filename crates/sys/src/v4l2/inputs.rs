//! Whether something arrives at a capture card's input. These requests configure nothing and start nothing. Layouts follow
//! `linux/videodev2.h` and `linux/v4l2-dv-timings.h`.

use std::ffi::c_int;
use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::ioctl::{Getter, Opcode, Updater, ioctl, opcode};

use super::{V, text};

/// `V4L2_IN_ST_NO_POWER`.
const NO_POWER: u32 = 0x0000_0001;
/// `V4L2_IN_ST_NO_SIGNAL`, and `V4L2_IN_ST_NO_CARRIER` of digital ones.
const NO_SIGNAL: u32 = 0x0000_0002 | 0x0004_0000;
/// `V4L2_IN_ST_NO_H_LOCK`, `_NO_V_LOCK`, `_NO_STD_LOCK`, `_NO_SYNC`.
const NO_LOCK: u32 = 0x0000_0100 | 0x0000_0400 | 0x0000_0800 | 0x0001_0000;
/// `V4L2_IN_CAP_DV_TIMINGS`.
const CAP_DV_TIMINGS: u32 = 0x0000_0002;

#[repr(C, align(8))]
#[derive(Clone, Copy, Default)]
struct RawInput {
    index: u32,
    name: [u8; 32],
    kind: u32,
    audioset: u32,
    tuner: u32,
    standards: [u32; 2],
    status: u32,
    capabilities: u32,
    reserved: [u32; 3],
}

/// Packed in the kernel's header; words only, so that it is so anyway.
#[repr(C)]
#[derive(Clone, Copy)]
struct RawTimings {
    kind: u32,
    timings: [u32; 32],
}

const ENUM_INPUT: Opcode = opcode::read_write::<RawInput>(V, 26);
const G_INPUT: Opcode = opcode::read::<c_int>(V, 38);
const QUERY_DV_TIMINGS: Opcode = opcode::read::<RawTimings>(V, 99);

const _: () = {
    assert!(size_of::<RawInput>() == 80);
    assert!(size_of::<RawTimings>() == 132);
};

/// What an input lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputShortfall {
    /// What is connected to it is off.
    Power,
    /// Nothing arrives.
    Signal,
    /// Something arrives that the input cannot make out.
    Lock,
    /// What arrives is none that the input takes.
    Range,
}

/// The input that a node has now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The driver's name for it, as in "HDMI 0".
    pub name: String,
    /// Whether it is HDMI or such: that knows of its signal at any time, not only while it captures.
    pub is_digital: bool,
    /// What it lacks; `None`: nothing, or the driver does not say.
    pub shortfall: Option<InputShortfall>,
}

/// `VIDIOC_G_INPUT`, `VIDIOC_ENUMINPUT`, and of a digital input `VIDIOC_QUERY_DV_TIMINGS`. `None` where the node has none.
pub fn input(fd: impl AsFd) -> Option<Input> {
    // SAFETY: the request fills one int.
    let index = unsafe { ioctl(&fd, Getter::<G_INPUT, c_int>::new()) }.ok()?;
    let mut raw = RawInput { index: u32::try_from(index).ok()?, ..RawInput::default() };
    // SAFETY: the request reads and writes a structure of exactly this layout; every bit pattern is valid.
    unsafe { ioctl(&fd, Updater::<ENUM_INPUT, RawInput>::new(&mut raw)) }.ok()?;
    let is_digital = raw.capabilities & CAP_DV_TIMINGS != 0;
    let shortfall = of_status(raw.status).or_else(|| {
        if !is_digital {
            return None;
        }
        // SAFETY: the request fills a structure of exactly this layout; every bit pattern is valid.
        of_timings(unsafe { ioctl(&fd, Getter::<QUERY_DV_TIMINGS, RawTimings>::new()) }.err())
    });
    Some(Input { name: text(&raw.name), is_digital, shortfall })
}

fn of_status(status: u32) -> Option<InputShortfall> {
    match status {
        _ if status & NO_POWER != 0 => Some(InputShortfall::Power),
        _ if status & NO_SIGNAL != 0 => Some(InputShortfall::Signal),
        _ if status & NO_LOCK != 0 => Some(InputShortfall::Lock),
        _ => None,
    }
}

fn of_timings(error: Option<Errno>) -> Option<InputShortfall> {
    match error {
        Some(Errno::NOLINK) => Some(InputShortfall::Signal),
        // "No locks available": of a signal that is there.
        Some(Errno::NOLCK) => Some(InputShortfall::Lock),
        Some(Errno::RANGE) => Some(InputShortfall::Range),
        // A busy driver, or one that cannot be asked.
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_codes_are_the_kernels() {
        // From linux/videodev2.h on x86_64.
        assert_eq!(ENUM_INPUT, 0xc050_561a);
        assert_eq!(G_INPUT, 0x8004_5626);
        assert_eq!(QUERY_DV_TIMINGS, 0x8084_5663);
    }

    #[test]
    fn what_is_missing_is_known_by_the_worst_sign() {
        assert_eq!(of_status(0), None);
        // Colours that are missing, a picture that is mirrored: that is a picture.
        assert_eq!(of_status(0x0000_0004 | 0x0000_0010), None);
        assert_eq!(of_status(0x0000_0002 | 0x0001_0000), Some(InputShortfall::Signal));
        assert_eq!(of_status(0x0000_0001 | 0x0000_0002), Some(InputShortfall::Power));
        assert_eq!(of_status(0x0000_0400), Some(InputShortfall::Lock));
        assert_eq!(of_timings(Some(Errno::NOLINK)), Some(InputShortfall::Signal));
        assert_eq!(of_timings(Some(Errno::NOLCK)), Some(InputShortfall::Lock));
        assert_eq!(of_timings(Some(Errno::RANGE)), Some(InputShortfall::Range));
        assert_eq!((of_timings(Some(Errno::NODATA)), of_timings(None)), (None, None));
    }

    #[test]
    fn what_is_no_capture_card_has_no_input() {
        assert_eq!(input(std::fs::File::open("/dev/null").unwrap()), None);
    }
}
