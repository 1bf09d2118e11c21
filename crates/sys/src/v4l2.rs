//! V4L2 and v4l2loopback ioctls, as typed functions.
//!
//! Layouts follow `linux/videodev2.h` and `v4l2loopback.h`; every structure's size is checked at compile time against
//! the number the kernel encodes in the request code.

mod call;
pub mod controls;
pub mod inputs;
mod loopback;
pub mod modes;
mod raw;

use std::ffi::{c_int, c_long};
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::ioctl::{Getter, Setter, Updater};

#[cfg(any(debug_assertions, fuzzing))]
pub use call::fake;
use call::ioctl;
pub use loopback::{LoopbackConfig, loopback_add, loopback_remove};
use raw::*;

/// `V4L2_CAP_VIDEO_CAPTURE`.
pub const CAP_VIDEO_CAPTURE: u32 = 0x0000_0001;
/// `V4L2_CAP_VIDEO_OUTPUT`.
pub const CAP_VIDEO_OUTPUT: u32 = 0x0000_0002;
/// `V4L2_CAP_VIDEO_CAPTURE_MPLANE`.
pub const CAP_VIDEO_CAPTURE_MPLANE: u32 = 0x0000_1000;
/// `V4L2_CAP_STREAMING`.
pub const CAP_STREAMING: u32 = 0x0400_0000;
/// `V4L2_CAP_IO_MC`, since Linux 5.9: a part of a pipeline that a program sets up through the media controller.
const CAP_IO_MC: u32 = 0x2000_0000;
const CAP_DEVICE_CAPS: u32 = 0x8000_0000;

/// v4l2loopback's usage event since 0.13: `V4L2_EVENT_PRIVATE_START + 0x08E00000 + 1`.
pub const EVENT_CLIENT_USAGE: u32 = 0x10e0_0001;
/// The same event's id in early builds of the module: `V4L2_EVENT_PRIVATE_START`.
pub const EVENT_CLIENT_USAGE_OLD: u32 = 0x0800_0000;
/// `V4L2_EVENT_SUB_FL_SEND_INITIAL`.
pub const EVENT_SEND_INITIAL: u32 = 1;

const MEMORY_MMAP: u32 = 1;
const FIELD_NONE: u32 = 1;
const COLORSPACE_SMPTE170M: u32 = 1;

/// Direction of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum BufType {
    /// `V4L2_BUF_TYPE_VIDEO_CAPTURE`.
    Capture = 1,
    /// `V4L2_BUF_TYPE_VIDEO_OUTPUT`.
    Output = 2,
}

/// What a node says of itself (`VIDIOC_QUERYCAP`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// Driver name, for example "v4l2 loopback".
    pub driver: String,
    /// Human-readable name: the loopback's label, the camera's product name.
    pub card: String,
    /// Where it sits.
    pub bus_info: String,
    /// The driver's version as `KERNEL_VERSION(a, b, c)`; usually the kernel's.
    pub version: u32,
    /// Capabilities of this node (`device_caps` where given).
    pub capabilities: u32,
}

impl Capability {
    /// Whether only a program that knows this hardware gets a picture from it.
    pub fn is_raw(&self) -> bool {
        self.capabilities & CAP_IO_MC != 0
    }

    /// Whether a program may capture from it.
    pub fn is_capture(&self) -> bool {
        self.capabilities & (CAP_VIDEO_CAPTURE | CAP_VIDEO_CAPTURE_MPLANE) != 0
    }

    /// Whether a program may write to it.
    pub fn is_output(&self) -> bool {
        self.capabilities & CAP_VIDEO_OUTPUT != 0
    }

    /// Whether it hands over buffers, and is not only read like a file.
    pub fn is_streaming(&self) -> bool {
        self.capabilities & CAP_STREAMING != 0
    }

    /// Whether it is a v4l2loopback node, whatever its number or label.
    pub fn is_loopback(&self) -> bool {
        self.driver == "v4l2 loopback"
    }
}

/// Size and pixel format of a queue, as the driver returned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixFormat {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Four-character code.
    pub fourcc: u32,
    /// Bytes from one row to the next.
    pub bytes_per_line: u32,
    /// Bytes of one picture.
    pub size_image: u32,
}

/// Where a buffer lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferPlace {
    /// Offset for `mmap`.
    pub offset: u64,
    /// Bytes.
    pub length: u32,
}

/// A V4L2 event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct V4l2Event {
    /// Its type.
    pub kind: u32,
    /// The first word of its payload; of the usage event: whether anybody streams.
    pub value: u32,
    /// Counts per file handle; a gap means that events were lost.
    pub sequence: u32,
}

/// `VIDIOC_QUERYCAP`.
///
/// # Errors
/// `ENOTTY` when it is no V4L2 node; otherwise the kernel's error.
pub fn query_capability(fd: impl AsFd) -> io::Result<Capability> {
    // SAFETY: QUERYCAP fills a structure of exactly this layout; every bit pattern is valid.
    let raw = unsafe { ioctl(fd, Getter::<QUERYCAP, RawCapability>::new())? };
    let has_device_caps = raw.capabilities & CAP_DEVICE_CAPS != 0;
    Ok(Capability {
        driver: text(&raw.driver),
        card: text(&raw.card),
        bus_info: text(&raw.bus_info),
        version: raw.version,
        capabilities: if has_device_caps { raw.device_caps } else { raw.capabilities },
    })
}

/// `VIDIOC_G_FMT`.
///
/// # Errors
/// The kernel's error; `EINVAL` when the node has no such queue.
pub fn get_format(fd: impl AsFd, kind: BufType) -> io::Result<PixFormat> {
    let mut raw = raw_format(kind, RawPixFormat::default());
    // SAFETY: the request reads and writes a structure of exactly this layout; every bit pattern is valid.
    unsafe { ioctl(fd, Updater::<G_FMT, RawFormat>::new(&mut raw))? };
    Ok(pix_format(&raw))
}

/// `VIDIOC_S_FMT`: asks for a progressive picture and returns what the driver made of it.
///
/// # Errors
/// The kernel's error; `EBUSY` while somebody streams.
pub fn set_format(fd: impl AsFd, kind: BufType, wanted: &PixFormat) -> io::Result<PixFormat> {
    let mut raw = raw_format(
        kind,
        RawPixFormat {
            width: wanted.width,
            height: wanted.height,
            pixelformat: wanted.fourcc,
            field: FIELD_NONE,
            bytesperline: wanted.bytes_per_line,
            sizeimage: wanted.size_image,
            colorspace: COLORSPACE_SMPTE170M,
            ..RawPixFormat::default()
        },
    );
    // SAFETY: as in `get_format`.
    unsafe { ioctl(fd, Updater::<S_FMT, RawFormat>::new(&mut raw))? };
    Ok(pix_format(&raw))
}

/// `VIDIOC_S_PARM`: announces the output's framerate.
///
/// # Errors
/// The kernel's error.
pub fn set_output_framerate(fd: impl AsFd, frames_per_second: u32) -> io::Result<()> {
    let mut raw = output_parameters(1, frames_per_second);
    // SAFETY: the request reads and writes a structure of exactly this layout; every bit pattern is valid.
    unsafe { ioctl(fd, Updater::<S_PARM, RawStreamParm>::new(&mut raw)) }?;
    Ok(())
}

/// `VIDIOC_G_PARM`: seconds of one of the output's frames, as numerator and denominator.
///
/// # Errors
/// The kernel's error.
pub fn output_frame_interval(fd: impl AsFd) -> io::Result<(u32, u32)> {
    let mut raw = output_parameters(0, 0);
    // SAFETY: as in `set_output_framerate`.
    unsafe { ioctl(fd, Updater::<G_PARM, RawStreamParm>::new(&mut raw)) }?;
    Ok((raw.numerator, raw.denominator))
}

fn output_parameters(numerator: u32, denominator: u32) -> RawStreamParm {
    RawStreamParm { kind: BufType::Output as u32, capability: 0, mode: 0, numerator, denominator, rest: [0; 184] }
}

/// `VIDIOC_G_CTRL`: the value of a control of 32 bits.
///
/// # Errors
/// The kernel's error; `EINVAL` where there is no such control, `EACCES` for a button.
pub fn get_control(fd: impl AsFd, id: u32) -> io::Result<i32> {
    let mut raw = RawControl { id, value: 0 };
    // SAFETY: the request reads and writes a structure of exactly this layout; every bit pattern is valid.
    unsafe { ioctl(fd, Updater::<G_CTRL, RawControl>::new(&mut raw)) }?;
    Ok(raw.value)
}

/// `VIDIOC_S_CTRL`.
///
/// # Errors
/// The kernel's error; `EINVAL` where there is no such control.
pub fn set_control(fd: impl AsFd, id: u32, value: i32) -> io::Result<()> {
    let mut raw = RawControl { id, value };
    // SAFETY: as in `get_control`.
    unsafe { ioctl(fd, Updater::<S_CTRL, RawControl>::new(&mut raw)) }?;
    Ok(())
}

/// `VIDIOC_REQBUFS` with mmap memory; returns how many buffers there are now. 0 frees them.
///
/// # Errors
/// The kernel's error; `EBUSY` when another program owns the queue.
pub fn request_buffers(fd: impl AsFd, kind: BufType, count: u32) -> io::Result<u32> {
    let mut raw = RawRequestBuffers { count, kind: kind as u32, memory: MEMORY_MMAP, ..RawRequestBuffers::default() };
    // SAFETY: the request reads and writes a structure of exactly this layout; every bit pattern is valid.
    unsafe { ioctl(fd, Updater::<REQBUFS, RawRequestBuffers>::new(&mut raw))? };
    Ok(raw.count)
}

/// `VIDIOC_QUERYBUF`: where buffer `index` lies.
///
/// # Errors
/// The kernel's error; `EINVAL` when there is no such buffer.
pub fn query_buffer(fd: impl AsFd, kind: BufType, index: u32) -> io::Result<BufferPlace> {
    let mut raw = RawBuffer { index, kind: kind as u32, memory: MEMORY_MMAP, ..RawBuffer::default() };
    // SAFETY: the request reads and writes a structure of exactly this layout; `m` is only read as an integer.
    unsafe { ioctl(fd, Updater::<QUERYBUF, RawBuffer>::new(&mut raw))? };
    // The union's `offset` is its first 32 bits.
    let offset = if cfg!(target_endian = "big") { raw.m >> (usize::BITS - 32) } else { raw.m & 0xffff_ffff };
    Ok(BufferPlace { offset: offset as u64, length: raw.length })
}

/// `VIDIOC_QBUF` on an output queue: `bytes` of picture in buffer `index`, taken at `timestamp` (`CLOCK_MONOTONIC`).
///
/// # Errors
/// The kernel's error; `ENODEV` when the node is gone.
pub fn queue_output(fd: impl AsFd, index: u32, bytes: u32, timestamp: Duration) -> io::Result<()> {
    let mut raw = RawBuffer {
        index,
        kind: BufType::Output as u32,
        bytesused: bytes,
        field: FIELD_NONE,
        memory: MEMORY_MMAP,
        timestamp: RawTimeval {
            tv_sec: c_long::try_from(timestamp.as_secs()).unwrap_or(c_long::MAX),
            tv_usec: c_long::from(timestamp.subsec_micros().cast_signed()),
        },
        length: bytes,
        ..RawBuffer::default()
    };
    // SAFETY: as in `query_buffer`; with mmap memory the kernel follows no pointer of it.
    unsafe { ioctl(fd, Updater::<QBUF, RawBuffer>::new(&mut raw))? };
    Ok(())
}

/// A buffer a reader was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dequeued {
    /// Which.
    pub index: u32,
    /// Bytes of picture.
    pub bytes: u32,
    /// When it was taken, as the writer said (`CLOCK_MONOTONIC`).
    pub timestamp: Duration,
    /// The driver's count; v4l2loopback 0.12 does not advance it.
    pub sequence: u32,
}

/// `VIDIOC_QBUF` on a capture queue.
///
/// # Errors
/// The kernel's error; `ENODEV` when the node is gone.
pub fn queue_capture(fd: impl AsFd, index: u32) -> io::Result<()> {
    let mut raw = RawBuffer { index, kind: BufType::Capture as u32, memory: MEMORY_MMAP, ..RawBuffer::default() };
    // SAFETY: as in `query_buffer`; with mmap memory the kernel follows no pointer of it.
    unsafe { ioctl(fd, Updater::<QBUF, RawBuffer>::new(&mut raw))? };
    Ok(())
}

/// `VIDIOC_DQBUF` on a capture queue; `None` when nothing is ready on a non-blocking descriptor.
///
/// # Errors
/// The kernel's error; `ENODEV` when the node is gone.
pub fn dequeue_capture(fd: impl AsFd) -> io::Result<Option<Dequeued>> {
    let mut raw = RawBuffer { kind: BufType::Capture as u32, memory: MEMORY_MMAP, ..RawBuffer::default() };
    // SAFETY: as in `queue_capture`.
    match unsafe { ioctl(fd, Updater::<DQBUF, RawBuffer>::new(&mut raw)) } {
        Ok(()) => Ok(Some(Dequeued {
            index: raw.index,
            bytes: raw.bytesused,
            timestamp: Duration::new(
                raw.timestamp.tv_sec.unsigned_abs(),
                u32::try_from(raw.timestamp.tv_usec).unwrap_or(0).min(999_999) * 1000,
            ),
            sequence: raw.sequence,
        })),
        Err(rustix::io::Errno::AGAIN) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// `VIDIOC_STREAMON`.
///
/// # Errors
/// The kernel's error.
pub fn stream_on(fd: impl AsFd, kind: BufType) -> io::Result<()> {
    // SAFETY: the request reads one int.
    unsafe { ioctl(fd, Setter::<STREAMON, c_int>::new((kind as u32).cast_signed()))? };
    Ok(())
}

/// `VIDIOC_STREAMOFF`.
///
/// # Errors
/// The kernel's error.
pub fn stream_off(fd: impl AsFd, kind: BufType) -> io::Result<()> {
    // SAFETY: the request reads one int.
    unsafe { ioctl(fd, Setter::<STREAMOFF, c_int>::new((kind as u32).cast_signed()))? };
    Ok(())
}

/// `VIDIOC_SUBSCRIBE_EVENT`.
///
/// # Errors
/// `EINVAL` when the driver does not know the event; otherwise the kernel's error.
pub fn subscribe_event(fd: impl AsFd, kind: u32, flags: u32) -> io::Result<()> {
    let raw = RawEventSubscription { kind, flags, ..RawEventSubscription::default() };
    // SAFETY: the request reads a structure of exactly this layout.
    unsafe { ioctl(fd, Setter::<SUBSCRIBE_EVENT, RawEventSubscription>::new(raw))? };
    Ok(())
}

/// `VIDIOC_DQEVENT`; `None` when no event is pending. The descriptor must be non-blocking.
///
/// # Errors
/// The kernel's error; `ENODEV` when the node is gone.
pub fn dequeue_event(fd: impl AsFd) -> io::Result<Option<V4l2Event>> {
    // SAFETY: the request fills a structure of exactly this layout; every bit pattern is valid.
    match unsafe { ioctl(fd, Getter::<DQEVENT, RawEvent>::new()) } {
        Ok(raw) => Ok(Some(V4l2Event { kind: raw.kind, value: raw.payload.data[0], sequence: raw.sequence })),
        // The kernel says ENOENT where nothing is pending on a non-blocking descriptor.
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::AGAIN) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn raw_format(kind: BufType, pix: RawPixFormat) -> RawFormat {
    RawFormat { kind: kind as u32, fmt: RawFormatUnion { pix, rest: [0; 152] } }
}

fn pix_format(raw: &RawFormat) -> PixFormat {
    let pix = &raw.fmt.pix;
    PixFormat {
        width: pix.width,
        height: pix.height,
        fourcc: pix.pixelformat,
        bytes_per_line: pix.bytesperline,
        size_image: pix.sizeimage,
    }
}

/// A device's or a driver's name for something, as people may see it: a C string in a place of fixed size.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    lenscap_text::name(&bytes[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_driver_says_is_one_visible_line() {
        assert_eq!(text(b"HD Cam\x1b]0;owned\x07\nroot#\xe2\x80\xae \xff\0junk"), "HD Cam ]0;owned root# \u{fffd}");
    }

    #[test]
    fn request_codes_are_the_kernels() {
        // From linux/videodev2.h on x86_64.
        assert_eq!(QUERYCAP, 0x8068_5600);
        assert_eq!(STREAMON, 0x4004_5612);
        assert_eq!(REQBUFS, 0xc014_5608);
        assert_eq!(G_PARM, 0xc0cc_5615);
        assert_eq!(S_PARM, 0xc0cc_5616);
        assert_eq!(G_CTRL, 0xc008_561b);
        assert_eq!(S_CTRL, 0xc008_561c);
        assert_eq!(SUBSCRIBE_EVENT, 0x4020_565a);
        if cfg!(target_pointer_width = "64") {
            assert_eq!(S_FMT, 0xc0d0_5605);
            assert_eq!(QUERYBUF, 0xc058_5609);
            assert_eq!(QBUF, 0xc058_560f);
            assert_eq!(DQEVENT, 0x8088_5659);
        }
    }

    #[test]
    fn a_sensors_raw_node_is_known_by_its_capability() {
        let node = |capabilities| Capability {
            driver: "vimc".into(),
            card: "VIMC".into(),
            bus_info: String::new(),
            version: 0,
            capabilities,
        };
        assert!(node(CAP_IO_MC | CAP_VIDEO_CAPTURE).is_raw() && !node(CAP_STREAMING | CAP_VIDEO_CAPTURE).is_raw());
    }

    #[test]
    fn a_file_that_is_no_v4l2_node_is_refused() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(query_capability(&file).unwrap_err().raw_os_error(), Some(25), "ENOTTY");
    }
}
