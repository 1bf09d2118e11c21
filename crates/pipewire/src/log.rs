//! The log: to stderr, which the relay reads. Lines that nobody makes room for are lost: nothing here waits.

use std::io::{self, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags};
use rustix::time::Timespec;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Environment variable that selects what is logged.
const VARIABLE: &str = "LENSCAP_LOG";
/// A pipe that is ready to be written to has room for so much at least (PIPE_BUF).
const MOST: usize = 4096;

/// Starts it.
pub(crate) fn start() {
    // Not `EnvFilter`: it makes regular expressions of it, which stay.
    let wanted = std::env::var(VARIABLE).ok().and_then(|wanted| wanted.parse::<Targets>().ok());
    let filter = wanted.unwrap_or_else(|| Targets::new().with_default(LevelFilter::WARN));
    let layer = fmt::layer().with_writer(|| Stderr).with_ansi(false).without_time();
    tracing_subscriber::registry().with(filter).with(layer).init();
}

struct Stderr;

impl Write for Stderr {
    /// One event comes in one write.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let stderr = io::stderr();
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let fd = stderr.as_fd();
        let has_room = rustix::event::poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::OUT)], Some(&now));
        if has_room.is_ok_and(|count| count > 0) {
            // Nobody reads any more: nothing to be done about it.
            let _ = rustix::io::write(fd, &line[..line.len().min(MOST)]);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
