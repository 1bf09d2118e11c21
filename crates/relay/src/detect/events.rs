//! The module's usage event: whether anybody streams.
//!
//! v4l2loopback 0.13 and later report it; the event's id changed once. One descriptor stays open and subscribed; edges get
//! lost in the field, so the level is read again on a fresh descriptor, whose subscription answers with the state.
//! That subscription echoes to every subscriber: an event that says nothing new is no reason to read again, or two
//! monitors of one node would keep each other busy for ever.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use lenscap_sys::v4l2::{self, EVENT_CLIENT_USAGE, EVENT_CLIENT_USAGE_OLD, EVENT_SEND_INITIAL};

/// Events taken at once. The module keeps only the newest, so this is a bound, not a limit that is met.
const MAX_EVENTS: usize = 64;

/// Where the level comes from.
#[derive(Debug)]
pub(super) enum Usage {
    /// The module reports it.
    Reported(Subscription),
    /// It does not: v4l2loopback before 0.13, or no V4L2 node at all.
    Silent,
    /// A module whose events get lost on order.
    #[cfg(test)]
    Fake(super::detector::tests::FakeUsage),
}

/// A subscribed descriptor of the node.
#[derive(Debug)]
pub(super) struct Subscription {
    fd: OwnedFd,
    kind: u32,
    node: PathBuf,
}

impl Usage {
    /// Subscribes to the node's usage event, where it has one. Also says whether it is a loopback node.
    pub(super) fn subscribe(node: &Path) -> io::Result<(Self, bool)> {
        let fd = open(node)?;
        let is_loopback = v4l2::query_capability(&fd).is_ok_and(|capability| capability.is_loopback());
        for kind in [EVENT_CLIENT_USAGE, EVENT_CLIENT_USAGE_OLD] {
            match v4l2::subscribe_event(&fd, kind, EVENT_SEND_INITIAL) {
                Ok(()) => return Ok((Self::Reported(Subscription { fd, kind, node: node.to_owned() }), is_loopback)),
                Err(error) if is_gone(&error) => return Err(error),
                Err(error) => tracing::debug!("usage event {kind:#x} is not offered: {error}"),
            }
        }
        Ok((Self::Silent, is_loopback))
    }

    /// Whether the level is known at all.
    pub(super) fn is_reported(&self) -> bool {
        !matches!(self, Self::Silent)
    }

    /// Descriptors of the node it holds open.
    pub(super) fn open_files(&self) -> usize {
        match self {
            Self::Reported(_) => 1,
            Self::Silent => 0,
            #[cfg(test)]
            Self::Fake(_) => 0,
        }
    }

    /// What to wait on, for urgent data (`POLLPRI`).
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Reported(subscription) => Some(subscription.fd.as_fd()),
            Self::Silent => None,
            #[cfg(test)]
            Self::Fake(_) => None,
        }
    }

    /// Takes what has been reported; the newest level, `None` when there is nothing new.
    pub(super) fn take(&mut self) -> io::Result<Option<bool>> {
        match self {
            Self::Reported(subscription) => newest(&subscription.fd, subscription.kind),
            Self::Silent => Ok(None),
            #[cfg(test)]
            Self::Fake(fake) => fake.take(),
        }
    }

    /// Asks for the level on a fresh descriptor.
    pub(super) fn read_level(&self) -> io::Result<Option<bool>> {
        match self {
            Self::Reported(subscription) => {
                let fd = open(&subscription.node)?;
                v4l2::subscribe_event(&fd, subscription.kind, EVENT_SEND_INITIAL)?;
                newest(&fd, subscription.kind)
            }
            Self::Silent => Ok(None),
            #[cfg(test)]
            Self::Fake(fake) => fake.read_level(),
        }
    }
}

/// Whether this error means that the device is no more.
pub(super) fn is_gone(error: &io::Error) -> bool {
    let errno = rustix::io::Errno::from_io_error(error);
    matches!(errno, Some(rustix::io::Errno::NODEV | rustix::io::Errno::NXIO | rustix::io::Errno::NOENT))
}

fn open(node: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(node, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY, Mode::empty())?)
}

fn newest(fd: &OwnedFd, kind: u32) -> io::Result<Option<bool>> {
    let mut level = None;
    for _ in 0..MAX_EVENTS {
        match v4l2::dequeue_event(fd)? {
            Some(event) if event.kind == kind => level = Some(event.value != 0),
            Some(_) => {}
            None => break,
        }
    }
    Ok(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_reports_nothing_is_silent() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (mut usage, is_loopback) = Usage::subscribe(file.path()).unwrap();
        assert!(!is_loopback);
        assert!(!usage.is_reported());
        assert!(usage.fd().is_none());
        assert_eq!(usage.take().unwrap(), None);
        assert_eq!(usage.read_level().unwrap(), None);
    }

    #[test]
    fn a_missing_node_is_gone() {
        let error = Usage::subscribe(Path::new("/nonexistent/video0")).unwrap_err();
        assert!(is_gone(&error));
    }
}
