//! The permanent writer of a v4l2loopback node.
//!
//! Facts this relies on (measured on 0.12.7, 0.13.2, 0.15.0 and 0.15.4, and read in their sources):
//! * After the writer's STREAMON a reader can stream at any moment; with `exclusive_caps=1` that is also when the node
//!   shows CAPTURE. No frame is needed.
//! * QBUF takes any index at any time and never blocks; the order of QBUFs is the order of delivery. No DQBUF is needed.
//! * Before 0.15 a reader's REQBUFS(n) shrinks the rotation of everybody to n, for the module's lifetime; index i then
//!   means buffer i mod n. VIDIOC_QUERYBUF of the last index shows it.
//! * A timestamp of 0 is replaced by the module's own clock only sometimes: always give one.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;

use super::finder;
use super::{OutputError, OutputErrorKind};
use crate::frame::format::VideoFormat;
use crate::frame::slots::SlotLayout;
use crate::sys::memfd::{self, Mapping};
use crate::sys::v4l2::{self, BufType, PixFormat};

/// Buffers asked for; the module gives at most its `max_buffers`. More than 8 gains nothing (facts: users).
pub const BUFFERS: u32 = 8;

/// Environment variable that selects the slots' memory for measurements: `copy` for a memfd ring and one copy.
pub const SLOTS_VARIABLE: &str = "LENSCAP_SLOTS";

/// The held node.
#[derive(Debug)]
pub struct Loopback {
    file: File,
    path: PathBuf,
    layout: SlotLayout,
    size_image: u32,
    /// Whether a reader can shrink the rotation: before 0.15, or where the version cannot be told.
    shrinks: bool,
    ring: Option<Ring>,
}

/// The one-copy alternative: the worker fills a memfd, we copy into the node's buffer.
///
/// Measured beside the direct way (`make bench`, emulated machine, ms of CPU a frame, direct / ring): the camera's own
/// format at 640x480 7.9 / 9.4, 1280x720 9.9 / 11.2, 1920x1080 12.0 / 23.2; converted 6.3 / 5.2, 14.7 / 9.0, 18.7 / 19.3
/// (single runs on a busy host). The direct way has a copy less in every case and is the one in use.
#[derive(Debug)]
struct Ring {
    fd: OwnedFd,
    layout: SlotLayout,
    maps: Vec<Mapping>,
    /// The node's buffers, kept mapped.
    buffers: Vec<Mapping>,
}

impl Loopback {
    /// Opens `path`, becomes its writer in this format and starts the stream.
    ///
    /// # Errors
    /// Every way a node can be the wrong one, each a sentence with the next step.
    pub fn open(path: &Path, format: &VideoFormat) -> Result<Self, OutputError> {
        let shown = path.display();
        let file = open_node(path)?;
        let capability = v4l2::query_capability(&file).map_err(|_| {
            OutputError::new(
                OutputErrorKind::Wrong,
                format!("{shown} is not a video device: give a v4l2loopback node with --device."),
            )
        })?;
        if !capability.is_loopback() {
            return Err(OutputError::new(
                OutputErrorKind::Wrong,
                if capability.is_output() {
                    format!(
                        "{shown} belongs to the driver {}: give a v4l2loopback node with --device.",
                        capability.driver
                    )
                } else {
                    format!(
                        "{shown} is the camera \"{}\", not an output: give it as --source v4l2:{shown} and a v4l2loopback node with --device.",
                        capability.card
                    )
                },
            ));
        }
        // Two relays on one node: the lock tells on every module version, the capabilities only on some.
        if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(busy(path, "another Lenscap already serves it: stop that one, or give another --device"));
        }
        if !capability.is_output() || finder::legacy_writer(path) {
            return Err(busy(path, "another program writes to it: stop that program, or give another --device"));
        }
        let size_image = set_format(&file, path, format)?;
        let layout = request_slots(&file, path)?;
        v4l2::stream_on(&file, BufType::Output).map_err(|error| io_error(path, "start", &error))?;
        let mut loopback = Self { file, path: path.to_owned(), layout, size_image, shrinks: shrinks(), ring: None };
        if std::env::var_os(SLOTS_VARIABLE).is_some_and(|value| value == "copy") {
            loopback.ring = Some(Ring::new(&loopback)?);
        }
        tracing::debug!("holding {shown} with {} buffers as {format}", loopback.layout.offsets.len());
        Ok(loopback)
    }

    /// The node's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The node's descriptor.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    pub(super) fn slots_fd(&self) -> BorrowedFd<'_> {
        self.ring.as_ref().map_or(self.file.as_fd(), |ring| ring.fd.as_fd())
    }

    pub(super) fn layout(&self) -> &SlotLayout {
        self.ring.as_ref().map_or(&self.layout, |ring| &ring.layout)
    }

    /// How many buffers are in the rotation right now.
    pub(super) fn usable(&self) -> Result<u32, OutputError> {
        if !self.shrinks {
            return Ok(u32::try_from(self.layout.offsets.len()).unwrap_or(1));
        }
        usable(&self.file, &self.layout).map_err(|error| io_error(&self.path, "look at", &error))
    }

    pub(super) fn draw(&mut self, slot: u32, picture: &[u8]) -> Result<(), OutputError> {
        if let Some(ring) = &mut self.ring {
            copy(ring.buffers.get_mut(slot as usize), picture);
            return Ok(());
        }
        let Some(offset) = self.layout.offsets.get(slot as usize) else { return Ok(()) };
        let mut map = Mapping::new(&self.file, *offset, self.layout.length)
            .map_err(|error| io_error(&self.path, "map a buffer of", &error))?;
        copy(Some(&mut map), picture);
        Ok(())
    }

    pub(super) fn queue(&mut self, slot: u32, timestamp: Duration, card: bool) -> Result<(), OutputError> {
        if let Some(ring) = self.ring.as_mut().filter(|_| !card) {
            let from = ring.maps.get(slot as usize).map(Mapping::as_slice);
            copy(ring.buffers.get_mut(slot as usize), from.unwrap_or_default());
        }
        v4l2::queue_output(&self.file, slot, self.size_image, timestamp)
            .map_err(|error| io_error(&self.path, "write to", &error))
    }
}

impl Ring {
    fn new(loopback: &Loopback) -> Result<Self, OutputError> {
        let failed = |error: io::Error| io_error(&loopback.path, "map", &error);
        let length = loopback.layout.length;
        let count = loopback.layout.offsets.len();
        let fd = memfd::sealed("lenscap-ring", (length * count) as u64).map_err(failed)?;
        let layout = SlotLayout { offsets: (0..count).map(|index| (index * length) as u64).collect(), length };
        let maps = layout.map(&fd).map_err(failed)?;
        let buffers = loopback.layout.map(&loopback.file).map_err(failed)?;
        Ok(Self { fd, layout, maps, buffers })
    }
}

fn copy(to: Option<&mut Mapping>, from: &[u8]) {
    if let Some(map) = to {
        let to = map.as_mut_slice();
        let length = to.len().min(from.len());
        to[..length].copy_from_slice(&from[..length]);
    }
}

fn open_node(path: &Path) -> Result<File, OutputError> {
    let shown = path.display();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags((OFlags::NONBLOCK | OFlags::CLOEXEC).bits().cast_signed())
        .open(path)
        .map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::NOENT | Errno::NODEV | Errno::NXIO) => OutputError::new(
                OutputErrorKind::Missing,
                format!("{shown} does not exist: {}.", finder::how_to_get_a_node()),
            ),
            Some(Errno::ACCESS | Errno::PERM) => OutputError::new(
                OutputErrorKind::Permission,
                format!(
                    "No permission to open {shown}: add yourself to its group with \"sudo usermod -aG {} $USER\" and log in again.",
                    finder::group_of(path)
                ),
            ),
            Some(Errno::BUSY) => busy(path, "it has as many users as it allows (max_openers): close one"),
            _ => io_error(path, "open", &error),
        })?;
    let is_node = file.metadata().is_ok_and(|meta| meta.file_type().is_char_device());
    if !is_node {
        return Err(OutputError::new(
            OutputErrorKind::Wrong,
            format!("{shown} is not a video device: give a v4l2loopback node with --device."),
        ));
    }
    Ok(file)
}

/// Fixes the format; returns the bytes of one picture.
fn set_format(file: &File, path: &Path, format: &VideoFormat) -> Result<u32, OutputError> {
    let shown = path.display();
    let wanted = PixFormat {
        width: format.width,
        height: format.height,
        fourcc: format.pixel_format.fourcc(),
        bytes_per_line: format.bytes_per_line(),
        size_image: format.size_image(),
    };
    let got = v4l2::set_format(file, BufType::Output, &wanted).map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::BUSY) => busy(path, "another program writes to it: stop that program, or give another --device"),
        _ => io_error(path, "set the format of", &error),
    })?;
    let is_same_size = (got.width, got.height) == (wanted.width, wanted.height);
    if is_same_size && got.fourcc == wanted.fourcc && got.bytes_per_line == wanted.bytes_per_line {
        // Readers see the rate through VIDIOC_ENUM_FRAMEINTERVALS; not every version takes it here.
        if let Err(error) = v4l2::set_output_framerate(file, format.framerate) {
            tracing::debug!("{shown} does not take a framerate: {error}");
        }
        return Ok(format.size_image());
    }
    if !is_same_size && finder::others_hold(path).is_empty() {
        return Err(OutputError::new(
            OutputErrorKind::Format,
            format!(
                "{shown} does not take {}x{} but at most {}x{}: use that size, or load v4l2loopback with a larger max_width and max_height.",
                format.width, format.height, got.width, got.height
            ),
        ));
    }
    Err(busy(path, "another program has it open and keeps it in another format: close that program"))
}

fn request_slots(file: &File, path: &Path) -> Result<SlotLayout, OutputError> {
    let count =
        v4l2::request_buffers(file, BufType::Output, BUFFERS).map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::BUSY) => {
                busy(path, "another program writes to it: stop that program, or give another --device")
            }
            _ => io_error(path, "get buffers of", &error),
        })?;
    let mut offsets = Vec::new();
    let mut length = 0;
    for index in 0..count.min(BUFFERS) {
        let place = v4l2::query_buffer(file, BufType::Output, index)
            .map_err(|error| io_error(path, "get the buffers of", &error))?;
        // A rotation shrunk by an earlier reader repeats its offsets.
        if offsets.contains(&place.offset) {
            break;
        }
        offsets.push(place.offset);
        length = place.length as usize;
    }
    if offsets.is_empty() || length == 0 {
        return Err(io_error(path, "get buffers of", &io::Error::from(io::ErrorKind::OutOfMemory)));
    }
    Ok(SlotLayout { offsets, length })
}

/// Whether the loaded module lets a reader shrink the rotation. 0.12 does not tell its version.
fn shrinks() -> bool {
    let version = std::fs::read_to_string("/sys/module/v4l2loopback/version").unwrap_or_default();
    let mut parts = version.trim().split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) < (0, 15)
}

/// The rotation's size: how many of our buffers still stand for themselves.
fn usable(file: &File, layout: &SlotLayout) -> io::Result<u32> {
    for (index, offset) in layout.offsets.iter().enumerate().rev() {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        if v4l2::query_buffer(file, BufType::Output, index)?.offset == *offset {
            return Ok(index + 1);
        }
    }
    Ok(1)
}

fn busy(path: &Path, what: &str) -> OutputError {
    let holders = finder::others_hold(path);
    let who = if holders.is_empty() { String::new() } else { format!(" (open in {})", holders.join(", ")) };
    OutputError::new(OutputErrorKind::Busy, format!("{} cannot be used, {what}{who}.", path.display()))
}

fn io_error(path: &Path, what: &str, error: &io::Error) -> OutputError {
    let kind = match Errno::from_io_error(error) {
        Some(Errno::NODEV | Errno::NXIO) => OutputErrorKind::Missing,
        _ => OutputErrorKind::Io,
    };
    let shown = path.display();
    OutputError::new(
        kind,
        format!("Cannot {what} {shown} ({error}): see \"sudo dmesg | tail\" for the kernel's reason."),
    )
}
