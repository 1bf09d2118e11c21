//! The permanent writer of a v4l2loopback node.
//!
//! Facts this relies on (measured on 0.12.7, 0.13.2, 0.15.0 and 0.15.4, and read in their sources):
//! * After the writer's STREAMON a reader can stream at any moment; with `exclusive_caps=1` that is also when the node
//!   shows CAPTURE. No frame is needed.
//! * QBUF takes any index at any time and never blocks; the order of QBUFs is the order of delivery. No DQBUF is needed.
//! * Before 0.15 a reader's REQBUFS(n) shrinks the rotation of everybody to n, for the module's lifetime; index i then
//!   means buffer i mod n. VIDIOC_QUERYBUF of the last index shows it.
//! * A timestamp of 0 is replaced by the module's own clock only sometimes: always give one.

#[cfg(any(debug_assertions, fuzzing))]
pub(super) mod fuzz;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, OFlags};
use rustix::io::Errno;

use super::cards::Packed;
use super::{BUFFERS, OutputError, finder, leftovers};
use lenscap_core::trouble::output::{BusyCause, NodeStep, OutputTrouble};
use lenscap_picture::format::{PixelFormat, VideoFormat};
use lenscap_picture::slots::SlotLayout;
use lenscap_sys::memfd::{self, Mapping};
use lenscap_sys::v4l2::{self, BufType, PixFormat};
use lenscap_text::Detail;

/// Environment variable that selects the slots' memory for measurements: `copy` for a memfd ring and one copy.
pub const SLOTS_VARIABLE: &str = "LENSCAP_SLOTS";

/// The held node.
#[derive(Debug)]
pub struct Loopback {
    file: File,
    path: PathBuf,
    layout: SlotLayout,
    size_image: u32,
    /// Whether a reader can shrink the rotation: before 0.15, or where the version is not known.
    shrinks: bool,
    ring: Option<Ring>,
}

/// The one-copy alternative: the worker fills a memfd, we copy into the node's buffer.
///
/// Measured beside the direct way (`make bench`, emulated machine, medians of three runs, ms of CPU a frame, direct /
/// ring): the camera's own format at 640x480 5.1 / 5.3, 1280x720 8.3 / 8.6, 1920x1080 12.6 / 15.0; converted 3.6 / 3.4,
/// 5.7 / 7.2, 10.0 / 13.7. The direct way has a copy less in every case and is the one in use.
#[derive(Debug)]
struct Ring {
    fd: OwnedFd,
    layout: SlotLayout,
    maps: Vec<Mapping>,
    /// The node's buffers, kept mapped.
    buffers: Vec<Mapping>,
}

impl Loopback {
    /// Opens `path`, becomes its writer in this format and starts the stream. What others left on there is switched off.
    ///
    /// # Errors
    /// Every way a node can be the wrong one.
    pub fn open(path: &Path, format: &VideoFormat) -> Result<Self, OutputError> {
        let mut left = Vec::new();
        let taken = Self::take(path, format, &mut left).and_then(|taken| {
            if !taken.has_timeout_image() {
                return Ok(taken);
            }
            // Somebody's order to the next program that opens the node: with that it was carried out, and is over.
            drop(taken);
            left.push("timeout_image_io");
            Self::take(path, format, &mut left)
        });
        if !left.is_empty() {
            tracing::warn!("another program had left {} on at {}: switched off", left.join(", "), path.display());
        }
        taken
    }

    fn take(path: &Path, format: &VideoFormat, left: &mut Vec<&'static str>) -> Result<Self, OutputError> {
        let shown = path.display();
        let file = open_node(path)?;
        let capability = v4l2::query_capability(&file).map_err(|_| not_a_device(path))?;
        if !capability.is_loopback() {
            let node = Detail::of_path(path);
            return Err(OutputError::from(match capability.is_output() {
                true => OutputTrouble::OtherDriver { node, driver: capability.driver.into() },
                false => OutputTrouble::NodeIsCamera { node, camera: capability.card.into() },
            }));
        }
        // Two relays on one node: the lock shows it on every module version, the capabilities only on some.
        if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(busy(path, BusyCause::OtherRelay));
        }
        if !capability.is_output() || finder::legacy_writer(path) {
            return Err(busy(path, BusyCause::OtherWriter));
        }
        // Before the format: one that is kept could not be set.
        left.extend(leftovers::switch_off(&file));
        let size_image = set_format(&file, path, format)?;
        let layout = request_slots(&file, path, size_image)?;
        v4l2::stream_on(&file, BufType::Output).map_err(|error| io_error(path, NodeStep::StreamOn, &error))?;
        let mut loopback = Self { file, path: path.to_owned(), layout, size_image, shrinks: shrinks(), ring: None };
        if std::env::var_os(SLOTS_VARIABLE).is_some_and(|value| value == "copy") {
            loopback.ring = Some(Ring::new(&loopback)?);
        }
        tracing::debug!("holding {shown} with {} buffers as {format}", loopback.layout.offsets.len());
        Ok(loopback)
    }

    /// Whether this is the picture that the module shows when nothing comes, not the stream.
    fn has_timeout_image(&self) -> bool {
        self.layout.offsets.first().is_some_and(|offset| *offset != 0)
    }

    /// Puts back what readers changed, and switches off what they left on.
    pub(super) fn put_right(&self, framerate: u32) {
        let node = self.path.display();
        let left = leftovers::switch_off(&self.file);
        if !left.is_empty() {
            tracing::warn!("a program had left {} on at {node}: switched off", left.join(", "));
        }
        if leftovers::restore_framerate(&self.file, framerate) {
            tracing::debug!("a program had changed the frame rate of {node}: it is {framerate} again");
        }
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
        usable(&self.file, &self.layout).map_err(|error| io_error(&self.path, NodeStep::Look, &error))
    }

    pub(super) fn draw(&mut self, slot: u32, card: &Packed) -> Result<(), OutputError> {
        if let Some(ring) = &mut self.ring {
            if let Some(buffer) = ring.buffers.get_mut(slot as usize) {
                card.unpack(buffer.as_mut_slice());
            }
            return Ok(());
        }
        let Some(offset) = self.layout.offsets.get(slot as usize) else { return Ok(()) };
        let mut map = Mapping::new(&self.file, *offset, self.layout.length)
            .map_err(|error| io_error(&self.path, NodeStep::MapBuffer, &error))?;
        card.unpack(map.as_mut_slice());
        Ok(())
    }

    pub(super) fn queue(&mut self, slot: u32, timestamp: Duration, card: bool) -> Result<(), OutputError> {
        if let Some(ring) = self.ring.as_mut().filter(|_| !card) {
            let from = ring.maps.get(slot as usize).map(Mapping::as_slice);
            copy(ring.buffers.get_mut(slot as usize), from.unwrap_or_default());
        }
        v4l2::queue_output(&self.file, slot, self.size_image, timestamp)
            .map_err(|error| io_error(&self.path, NodeStep::Queue, &error))
    }
}

impl Ring {
    fn new(loopback: &Loopback) -> Result<Self, OutputError> {
        let failed = |error: io::Error| io_error(&loopback.path, NodeStep::MapBuffers, &error);
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
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags((OFlags::NONBLOCK | OFlags::CLOEXEC).bits().cast_signed())
        .open(path)
        .map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::NOENT | Errno::NODEV | Errno::NXIO) => {
                let is_installed = finder::is_module_installed();
                OutputTrouble::NodeMissing { node: Detail::of_path(path), is_installed }.into()
            }
            Some(Errno::ACCESS | Errno::PERM) => {
                let group = lenscap_cameras::group::group_of(path).into();
                OutputTrouble::NodeForbidden { node: Detail::of_path(path), group }.into()
            }
            Some(Errno::BUSY) => busy(path, BusyCause::MaxOpeners),
            _ => io_error(path, NodeStep::Open, &error),
        })?;
    let is_node = file.metadata().is_ok_and(|meta| meta.file_type().is_char_device());
    if !is_node {
        return Err(not_a_device(path));
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
    let (got, is_busy) = match v4l2::set_format(file, BufType::Output, &wanted) {
        Ok(got) => (got, false),
        // 0.13 says no more; 0.12 and 0.15 answer with the format that is kept.
        Err(error) if Errno::from_io_error(&error) == Some(Errno::BUSY) => {
            let kept = v4l2::get_format(file, BufType::Output).ok().filter(|kept| *kept != wanted);
            (kept.ok_or_else(|| busy(path, BusyCause::OtherWriter))?, true)
        }
        Err(error) => return Err(io_error(path, NodeStep::SetFormat, &error)),
    };
    let is_same_size = (got.width, got.height) == (wanted.width, wanted.height);
    if is_same_size && got.fourcc == wanted.fourcc && got.bytes_per_line == wanted.bytes_per_line {
        // Readers see the rate through VIDIOC_ENUM_FRAMEINTERVALS; not every version takes it here.
        if let Err(error) = v4l2::set_output_framerate(file, format.framerate) {
            tracing::debug!("{shown} does not take a framerate: {error}");
        }
        return Ok(format.size_image());
    }
    // Whoever keeps it may not be seen: that passes, a size that the module does not take stays.
    if !is_busy && !is_same_size && finder::others_hold(path).is_empty() {
        return Err(OutputError::from(OutputTrouble::SizeRefused {
            node: Detail::of_path(path),
            width: format.width,
            height: format.height,
            max_width: got.width,
            max_height: got.height,
        }));
    }
    let kept = PixelFormat::ALL.into_iter().find(|kept| kept.fourcc() == got.fourcc);
    let kept = kept.and_then(|kept| VideoFormat::new(kept, got.width, got.height, format.framerate).ok());
    let kept = kept.filter(|kept| kept.bytes_per_line() == got.bytes_per_line);
    Err(OutputError { kept, ..busy(path, BusyCause::OtherFormat) })
}

/// Each has room for a picture of `size_image` bytes.
fn request_slots(file: &File, path: &Path, size_image: u32) -> Result<SlotLayout, OutputError> {
    let count =
        v4l2::request_buffers(file, BufType::Output, BUFFERS).map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::BUSY) => busy(path, BusyCause::OtherWriter),
            _ => io_error(path, NodeStep::RequestBuffers, &error),
        })?;
    let mut offsets = Vec::new();
    let mut length = usize::MAX;
    for index in 0..count.min(BUFFERS) {
        let place = v4l2::query_buffer(file, BufType::Output, index)
            .map_err(|error| io_error(path, NodeStep::QueryBuffers, &error))?;
        // A rotation shrunk by an earlier reader repeats its offsets.
        if offsets.contains(&place.offset) {
            break;
        }
        offsets.push(place.offset);
        length = length.min(place.length as usize);
    }
    if offsets.is_empty() || length < size_image as usize {
        return Err(io_error(path, NodeStep::RequestBuffers, &io::Error::from(io::ErrorKind::OutOfMemory)));
    }
    Ok(SlotLayout { offsets, length })
}

/// The loaded module's version; 0.12 does not say it.
fn version() -> (u32, u32) {
    let version = std::fs::read_to_string("/sys/module/v4l2loopback/version").unwrap_or_default();
    let mut parts = version.trim().split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// Whether the loaded module lets a reader shrink the rotation.
fn shrinks() -> bool {
    version() < (0, 15)
}

/// Whether the loaded module refuses a second reader of a node.
pub fn serves_one_reader() -> bool {
    version() >= (0, 13)
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

fn not_a_device(path: &Path) -> OutputError {
    OutputTrouble::NotVideo { node: Detail::of_path(path) }.into()
}

fn busy(path: &Path, cause: BusyCause) -> OutputError {
    let mut holders = finder::others_hold(path);
    if holders.is_empty() {
        holders.extend(finder::lock_holder(path, std::process::id()));
    }
    OutputTrouble::NodeBusy { node: Detail::of_path(path), cause, holders }.into()
}

fn io_error(path: &Path, step: NodeStep, error: &io::Error) -> OutputError {
    let is_gone = matches!(Errno::from_io_error(error), Some(Errno::NODEV | Errno::NXIO));
    OutputTrouble::NodeFailed { node: Detail::of_path(path), step, cause: error.into(), is_gone }.into()
}
