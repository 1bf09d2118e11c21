//! The child's standard error: a bounded memory of its end, for the reason shown when the child crashes.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;

/// Bytes kept.
const KEPT: usize = 16 * 1024;
/// Bytes read at one go, so that a child that writes without end does not hold up its parent.
const MAX_READ: usize = 256 * 1024;
/// Longest line passed on to the log, and longest quote in a reason.
const MAX_LINE: usize = 400;

/// The reading end and what is kept.
#[derive(Debug)]
pub(super) struct Stderr {
    fd: Option<OwnedFd>,
    kept: VecDeque<u8>,
    /// The unfinished line, for the log.
    line: Vec<u8>,
}

impl Stderr {
    /// `fd` is the pipe's reading end, non-blocking.
    pub(super) fn new(fd: OwnedFd) -> Self {
        Self { fd: Some(fd), kept: VecDeque::new(), line: Vec::new() }
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.fd.as_ref().map(AsFd::as_fd)
    }

    /// Reads what is there, within bounds.
    pub(super) fn drain(&mut self) {
        let Some(fd) = &self.fd else { return };
        let mut buffer = [0; 16 * 1024];
        let mut total = 0;
        while total < MAX_READ {
            match rustix::io::read(fd, &mut buffer) {
                Ok(0) => {
                    self.fd = None;
                    break;
                }
                Ok(count) => {
                    total += count;
                    keep(&mut self.kept, &buffer[..count]);
                    log(&mut self.line, &buffer[..count]);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(error) => {
                    tracing::debug!("cannot read the camera process's messages: {error}");
                    self.fd = None;
                    break;
                }
            }
        }
    }

    /// The last line that says something.
    pub(super) fn last_words(&self) -> Option<String> {
        let bytes: Vec<u8> = self.kept.iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        // What was cut off at the beginning is no line any more, unless there is nothing else.
        let whole = match text.split_once('\n') {
            Some((_, rest)) if bytes.len() == KEPT && !rest.is_empty() => rest,
            Some(_) | None => &text,
        };
        whole.lines().rev().map(plain).find(|line| says_something(line))
    }
}

fn keep(kept: &mut VecDeque<u8>, bytes: &[u8]) {
    let bytes = &bytes[bytes.len().saturating_sub(KEPT)..];
    let excess = (kept.len() + bytes.len()).saturating_sub(KEPT);
    kept.drain(..excess);
    kept.extend(bytes);
}

fn log(line: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        if *byte != b'\n' {
            // The rest of a long line is left out.
            if line.len() < MAX_LINE {
                line.push(*byte);
            }
        } else if !line.is_empty() {
            tracing::debug!(target: "lenscap::worker::stderr", "{}", plain(&String::from_utf8_lossy(line)));
            line.clear();
        }
    }
}

/// Text from the child as it may be shown.
pub(super) fn plain(text: &str) -> String {
    lenscap_text::clean(text, MAX_LINE)
}

fn says_something(line: &str) -> bool {
    let is_noise = ["note: run with", "DEBUG", "TRACE", "INFO", "stack backtrace"].iter().any(|p| line.starts_with(p));
    !is_noise && line.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::pipe::{PipeFlags, pipe_with};

    fn after(text: &[u8]) -> Stderr {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).unwrap();
        let mut stderr = Stderr::new(read);
        for part in text.chunks(4096) {
            rustix::io::write(&write, part).unwrap();
            stderr.drain();
        }
        drop(write);
        // A process that another test starts meanwhile has the pipe open, too, until it has become what it is to be.
        let until = Instant::now() + Duration::from_secs(10);
        while let Some(fd) = stderr.fd() {
            assert!(Instant::now() < until, "the end is seen");
            let limit = Timespec { tv_sec: 1, tv_nsec: 0 };
            poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&limit)).unwrap();
            stderr.drain();
        }
        stderr
    }

    #[test]
    fn the_last_line_that_says_something_is_found() {
        let text =
            b"ERROR first\nthread 'main' panicked at x.rs:1:\nboom\x1b[0m!\nnote: run with `RUST_BACKTRACE=1`\n\n---\n";
        assert_eq!(after(text).last_words().as_deref(), Some("boom [0m!"));
        assert_eq!(after(b"").last_words(), None);
        assert_eq!(after(b"no newline").last_words().as_deref(), Some("no newline"));
    }

    #[test]
    fn only_the_end_is_kept() {
        let mut text = vec![b'x'; 3_000_000];
        text.extend(b"\nlast\n");
        let stderr = after(&text);
        assert_eq!(stderr.kept.len(), KEPT);
        assert_eq!(stderr.last_words().as_deref(), Some("last"));
        assert!(stderr.line.len() <= MAX_LINE);
    }

    #[test]
    fn a_line_without_its_beginning_is_no_last_word() {
        let mut text = vec![b'x'; 20_000];
        text.extend(b"\nDEBUG camera off\n");
        assert_eq!(after(&text).last_words(), None);
    }

    #[test]
    fn endless_lines_and_broken_text_are_bounded() {
        let words = after(&vec![b'y'; 100_000]).last_words().unwrap();
        assert_eq!(words.chars().count(), MAX_LINE);
        assert!(after(b"caf\xe9 \xff").last_words().unwrap().starts_with("caf"));
        assert_eq!(plain("ok\u{202e}\u{9b}2J\r\n[sudo] password:"), "ok 2J [sudo] password:");
    }
}
