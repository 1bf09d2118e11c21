//! Notices that a server has come, without polling: its socket appears in a directory.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use inotify::{Inotify, WatchMask};
use lenscap_wire::pipewire::server_socket;

/// Reads of the queue at once; the rest keeps the descriptor readable.
const MAX_READS: usize = 16;
/// A socket is seen before its server listens: the first look again, and twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// Looks again: 10 ms to 5 s in all. What is still not listening then is no server; the next event brings another.
const MOST_LOOKS: u32 = 9;

/// Watches a directory while no server is there.
#[derive(Debug)]
pub(crate) struct ServerWatch {
    inotify: Inotify,
    socket: PathBuf,
    next: Option<Instant>,
    looks: u32,
}

impl ServerWatch {
    /// Watches where the socket will be. The caller has to try once more after this: it may have come before.
    ///
    /// # Errors
    /// The kernel's error; `NotFound` where there is no directory for it.
    pub(crate) fn new() -> io::Result<Self> {
        let socket = server_socket().ok_or(io::ErrorKind::NotFound)?;
        let directory = socket.parent().ok_or(io::ErrorKind::NotFound)?;
        let inotify = Inotify::init()?;
        // ATTRIB: made for all to write to after it was made (facts: pipewire).
        let mask = WatchMask::CREATE | WatchMask::ATTRIB | WatchMask::MOVED_TO | WatchMask::ONLYDIR;
        inotify.watches().add(directory, mask)?;
        Ok(Self { inotify, socket, next: None, looks: 0 })
    }

    /// When to call [`Self::is_due`] at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// Whether to try to connect now; never waits.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        let mut is_due = self.next.is_some_and(|next| next <= now);
        let mut buffer = [0; 4096];
        for _ in 0..MAX_READS {
            let Ok(mut events) = self.inotify.read_events(&mut buffer) else { break };
            // Without a name: events were lost, or the directory changed itself.
            if events.any(|event| event.name.is_none_or(|name| Some(name) == self.socket.file_name())) {
                self.looks = 0;
                is_due = true;
            }
        }
        if is_due {
            self.next = None;
        }
        is_due
    }

    /// It was tried in vain. Where there is a socket all the same, nobody listens yet, or nobody any more, which looks alike
    /// (`EHOSTDOWN` from the library for both): looks again soon, some times.
    pub(crate) fn look_again(&mut self, now: Instant) {
        if self.looks < MOST_LOOKS && self.socket.exists() {
            self.next = Some(now + FIRST_PAUSE * 2_u32.pow(self.looks));
            self.looks += 1;
        }
    }
}

impl AsFd for ServerWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}
