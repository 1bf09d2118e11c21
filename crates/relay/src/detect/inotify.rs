//! Opens, closes and reads of the node, as inotify reports them.
//!
//! inotify drops an event that repeats the one before it in the queue: two opens in a row may arrive as one. So what is
//! heard is a reason to look, never a count to rely on.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use inotify::{Event, EventMask, Inotify, WatchDescriptor, WatchMask};

/// Reads of the queue at once: about 1,000 events; the rest comes with the next call.
const MAX_READS: usize = 16;

/// What has happened since it was last asked.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct AccessEvents {
    /// Opens; repeated ones may have been counted once.
    pub opens: u32,
    /// Closes; likewise.
    pub closes: u32,
    /// Somebody read from it.
    pub read: bool,
    /// Owner, mode or number of links changed.
    pub changed: bool,
    /// The node is no more.
    pub gone: bool,
    /// Events were lost.
    pub overflow: bool,
}

impl AccessEvents {
    /// Takes our own opening and closing of one descriptor out.
    pub(super) fn without_own(mut self) -> Self {
        self.opens = self.opens.saturating_sub(1);
        self.closes = self.closes.saturating_sub(1);
        self
    }

    /// Adds what was heard later.
    pub(super) fn add(&mut self, later: Self) {
        self.opens = self.opens.saturating_add(later.opens);
        self.closes = self.closes.saturating_add(later.closes);
        self.read |= later.read;
        self.changed |= later.changed;
        self.gone |= later.gone;
        self.overflow |= later.overflow;
    }
}

/// A watch on the node.
#[derive(Debug)]
pub(super) struct AccessWatch {
    inotify: Inotify,
    watch: WatchDescriptor,
    node: PathBuf,
    buffer: Box<[u8; 2048]>,
}

impl AccessWatch {
    /// Watches the node; it must be readable. `reads`: whether reading is reported, one event a frame.
    pub(super) fn new(node: &Path, reads: bool) -> io::Result<Self> {
        let inotify = Inotify::init()?;
        let watch = inotify.watches().add(node, mask(reads))?;
        Ok(Self { inotify, watch, node: node.to_owned(), buffer: Box::new([0; 2048]) })
    }

    /// What to wait on, for input.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }

    /// Whether reading is reported from now on.
    pub(super) fn report_reads(&mut self, reads: bool) -> io::Result<()> {
        let watch = self.inotify.watches().add(&self.node, mask(reads))?;
        if watch == self.watch { Ok(()) } else { Err(io::Error::from(io::ErrorKind::NotFound)) }
    }

    /// Whether there is something to take.
    pub(super) fn has_more(&self) -> bool {
        // Where that cannot be told, there may be.
        rustix::io::ioctl_fionread(self.fd()).map_or(true, |bytes| bytes > 0)
    }

    /// Takes what has been heard; never blocks.
    pub(super) fn take(&mut self) -> io::Result<AccessEvents> {
        let mut heard = AccessEvents::default();
        each(&mut self.inotify, &mut self.buffer[..], |event| {
            heard.opens += u32::from(event.mask.contains(EventMask::OPEN));
            heard.closes += u32::from(event.mask.intersects(EventMask::CLOSE_WRITE | EventMask::CLOSE_NOWRITE));
            heard.read |= event.mask.contains(EventMask::ACCESS);
            heard.changed |= event.mask.contains(EventMask::ATTRIB);
            heard.gone |= event.mask.intersects(EventMask::DELETE_SELF | EventMask::IGNORED | EventMask::UNMOUNT);
            heard.overflow |= event.mask.contains(EventMask::Q_OVERFLOW);
        })?;
        Ok(heard)
    }
}

/// Gives each event that waits to `take`; never blocks.
pub(super) fn each(inotify: &mut Inotify, buffer: &mut [u8], mut take: impl FnMut(&Event<&OsStr>)) -> io::Result<()> {
    for _ in 0..MAX_READS {
        match inotify.read_events(buffer) {
            Ok(events) => events.for_each(|event| take(&event)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn mask(reads: bool) -> WatchMask {
    let always = WatchMask::OPEN
        | WatchMask::CLOSE_WRITE
        | WatchMask::CLOSE_NOWRITE
        | WatchMask::ATTRIB
        | WatchMask::DELETE_SELF;
    if reads { always | WatchMask::ACCESS } else { always }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Read;

    fn heard(opens: u32, closes: u32, read: bool) -> AccessEvents {
        AccessEvents { opens, closes, read, ..AccessEvents::default() }
    }

    #[test]
    fn opens_reads_and_closes_are_heard_at_once() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "x").unwrap();
        let mut watch = AccessWatch::new(file.path(), true).unwrap();
        assert_eq!(watch.take().unwrap(), AccessEvents::default());
        let mut reader = File::open(file.path()).unwrap();
        assert_eq!(watch.take().unwrap(), heard(1, 0, false));
        assert_eq!(reader.read(&mut [0; 1]).unwrap(), 1);
        assert_eq!(watch.take().unwrap(), heard(0, 0, true));
        drop(reader);
        assert_eq!(watch.take().unwrap(), heard(0, 1, false));
        assert_eq!(watch.take().unwrap(), AccessEvents::default());
    }

    #[test]
    fn reads_are_heard_only_when_asked_for() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "xxxx").unwrap();
        let mut watch = AccessWatch::new(file.path(), false).unwrap();
        let mut reader = File::open(file.path()).unwrap();
        assert_eq!(reader.read(&mut [0; 1]).unwrap(), 1);
        assert!(!watch.take().unwrap().read);
        watch.report_reads(true).unwrap();
        assert_eq!(reader.read(&mut [0; 1]).unwrap(), 1);
        assert!(watch.take().unwrap().read);
        watch.report_reads(false).unwrap();
        assert_eq!(reader.read(&mut [0; 1]).unwrap(), 1);
        assert_eq!(watch.take().unwrap(), AccessEvents::default());
    }

    #[test]
    fn our_own_look_is_taken_out() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut watch = AccessWatch::new(file.path(), false).unwrap();
        drop(File::open(file.path()).unwrap());
        assert_eq!(watch.take().unwrap().without_own(), AccessEvents::default());
    }

    #[test]
    fn the_nodes_end_is_heard() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut watch = AccessWatch::new(file.path(), false).unwrap();
        let path = file.path().to_owned();
        drop(file);
        let heard = watch.take().unwrap();
        assert!(heard.gone, "{heard:?}");
        std::fs::write(&path, "another").unwrap();
        assert!(watch.report_reads(true).is_err(), "another file at the same path is not the node");
        std::fs::remove_file(&path).unwrap();
    }
}
