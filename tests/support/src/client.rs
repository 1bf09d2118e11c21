//! A V4L2 capture client as applications are: open, REQBUFS, mmap, QBUF, STREAMON, DQBUF.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use lenscap_sys::memfd::Mapping;
use lenscap_sys::v4l2::{self, BufType, PixFormat};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;

/// One frame as the client got it.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// When DQBUF returned.
    pub at: Instant,
    /// The same moment in `CLOCK_MONOTONIC`.
    pub at_monotonic: Duration,
    /// The writer's timestamp.
    pub timestamp: Duration,
    /// The buffer.
    pub index: u32,
    /// Bytes of picture.
    pub bytes: u32,
    /// A checksum over the picture: cards stand still, cameras do not.
    pub checksum: u64,
}

/// An open client.
pub struct Client {
    file: File,
    maps: Vec<Mapping>,
    /// The format it was given.
    pub format: PixFormat,
    /// When STREAMON returned.
    pub streamon: Option<Instant>,
}

impl Client {
    /// Opens the node, nothing more.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).custom_flags(0o4000).open(path)?;
        let format = v4l2::get_format(&file, BufType::Capture)?;
        Ok(Self { file, maps: Vec::new(), format, streamon: None })
    }

    /// Maps `count` buffers and starts the stream.
    pub fn stream(&mut self, count: u32) -> io::Result<()> {
        let count = v4l2::request_buffers(&self.file, BufType::Capture, count)?;
        for index in 0..count {
            let place = v4l2::query_buffer(&self.file, BufType::Capture, index)?;
            self.maps.push(Mapping::new(&self.file, place.offset, place.length as usize)?);
            v4l2::queue_capture(&self.file, index)?;
        }
        v4l2::stream_on(&self.file, BufType::Capture)?;
        self.streamon = Some(Instant::now());
        Ok(())
    }

    /// The next frame, or `None` when none came in time.
    pub fn next(&mut self, wait: Duration) -> io::Result<Option<Frame>> {
        self.next_with(wait, |_| ())
    }

    /// As [`Self::next`], and shows the picture to `look`.
    pub fn next_with(&mut self, wait: Duration, mut look: impl FnMut(&[u8])) -> io::Result<Option<Frame>> {
        let end = Instant::now() + wait;
        loop {
            if let Some(buffer) = v4l2::dequeue_capture(&self.file)? {
                let at = Instant::now();
                let at_monotonic = lenscap_sys::clock::monotonic_now();
                let picture = self.maps.get(buffer.index as usize).map(Mapping::as_slice).unwrap_or_default();
                let picture = &picture[..picture.len().min(buffer.bytes as usize)];
                look(picture);
                let checksum = checksum(picture);
                v4l2::queue_capture(&self.file, buffer.index)?;
                return Ok(Some(Frame {
                    at,
                    at_monotonic,
                    timestamp: buffer.timestamp,
                    index: buffer.index,
                    bytes: buffer.bytes,
                    checksum,
                }));
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let wait = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
            poll(&mut [PollFd::new(&self.file.as_fd(), PollFlags::IN)], Some(&wait))?;
        }
    }

    /// STREAMOFF, with everything still open.
    pub fn stop(&mut self) -> io::Result<()> {
        self.maps.clear();
        v4l2::stream_off(&self.file, BufType::Capture)
    }
}

/// A sparse checksum: every 61st 8-byte word, enough to see movement, cheap enough for a slow machine.
pub fn checksum(picture: &[u8]) -> u64 {
    picture
        .chunks_exact(8)
        .step_by(61)
        .map(|chunk| u64::from_le_bytes(chunk.try_into().expect("8 bytes")))
        .fold(0xcbf2_9ce4_8422_2325, |sum, word| (sum ^ word).wrapping_mul(0x0000_0100_0000_01b3))
}
