//! Lines for others to read, event lines on stdout and the log on stderr, from a loop that waits for no reader.
//!
//! 1. A thread writes. Whoever has a line puts it into a bounded queue and goes on. A thread, because nothing else never
//!    waits: `O_NONBLOCK` belongs to the open file, which the shell and other programs share and whose own writes would
//!    fail then; `poll` promises room only in a pipe, and only while nobody else writes there; a terminal that is
//!    stopped and a file on a network that is gone promise nothing. Without a line it waits for one: no wake-ups.
//! 2. Lines are whole. Of a reader that is too slow the oldest go, and in their place stands how many: what it reads last
//!    is the present state.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

/// Lines that wait for their reader, in bytes: as much again as a pipe holds.
const MAX_WAITING: usize = 64 * 1024;
/// How long the last lines may take at the end.
const LAST_LINES: Duration = Duration::from_secs(1);

/// A way to a reader. Dropping it gives the last lines a second.
#[derive(Debug)]
pub(super) struct Lines {
    shared: Arc<LineQueue>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct LineQueue {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    lines: VecDeque<Box<[u8]>>,
    /// Of all lines together.
    bytes: usize,
    /// Lines dropped before the first one.
    lost: u64,
    /// No more lines come.
    is_closed: bool,
    /// The thread has ended: all is written, or nobody reads.
    is_over: bool,
}

impl LineQueue {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    /// Writes to `to` from now on. `lost` makes the line that stands for so many; `gone` hears why nobody reads any more.
    ///
    /// # Errors
    /// The kernel's, when there can be no thread.
    pub(super) fn new(
        to: impl AsFd,
        lost: impl Fn(u64) -> String + Send + 'static,
        gone: impl FnOnce(io::Error) + Send + 'static,
    ) -> io::Result<Self> {
        let to = File::from(to.as_fd().try_clone_to_owned()?);
        let shared = Arc::<LineQueue>::default();
        let work = {
            let shared = shared.clone();
            move || {
                if let Err(error) = write_lines(&shared, &to, lost) {
                    gone(error);
                }
                let mut queue = shared.lock();
                *queue = Queue { is_closed: true, is_over: true, ..Queue::default() };
                shared.changed.notify_all();
            }
        };
        let thread = std::thread::Builder::new().name("lines".into()).spawn(work)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Takes a line, with its newline. Never waits.
    pub(super) fn put(&self, line: impl Into<Box<[u8]>>) {
        let line = line.into();
        let mut queue = self.shared.lock();
        if queue.is_closed {
            return;
        }
        queue.bytes += line.len();
        queue.lines.push_back(line);
        while queue.bytes > MAX_WAITING {
            let Some(oldest) = queue.lines.pop_front() else { break };
            queue.bytes -= oldest.len();
            queue.lost += 1;
        }
        self.shared.changed.notify_all();
    }

    /// Takes no more lines; waits until those taken are written, for at most `limit`. Whether they are.
    pub(super) fn finish(&self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        let mut queue = self.shared.lock();
        queue.is_closed = true;
        self.shared.changed.notify_all();
        while !queue.is_over {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            queue = self.shared.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        // A thread that still waits for its reader ends with the process.
        if self.finish(LAST_LINES)
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

/// Until the queue is closed and empty, or nobody reads.
fn write_lines(shared: &LineQueue, to: &File, lost: impl Fn(u64) -> String) -> io::Result<()> {
    let mut queue = shared.lock();
    loop {
        let line = if queue.lost > 0 {
            lost(std::mem::take(&mut queue.lost)).into_bytes().into()
        } else if let Some(line) = queue.lines.pop_front() {
            queue.bytes -= line.len();
            line
        } else if queue.is_closed {
            return Ok(());
        } else {
            queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        drop(queue);
        write_whole(to, &line)?;
        queue = shared.lock();
    }
}

/// Writes all of it, also where somebody made the open file non-blocking.
fn write_whole(mut to: &File, mut left: &[u8]) -> io::Result<()> {
    while !left.is_empty() {
        match to.write(left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => left = &left[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                match rustix::event::poll(&mut [PollFd::new(to, PollFlags::OUT)], None) {
                    Ok(_) | Err(rustix::io::Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};

    use super::*;

    fn lines(to: impl AsFd) -> Lines {
        Lines::new(to, |count| format!("lost {count}\n"), |_| {}).unwrap()
    }

    fn put(lines: &Lines, numbers: std::ops::Range<usize>) {
        for number in numbers {
            lines.put(format!("{number:>99}\n").into_bytes());
        }
    }

    #[test]
    fn a_reader_that_does_not_read_holds_nobody_up_and_learns_what_it_missed() {
        let (reader, writer) = io::pipe().unwrap();
        let lines = lines(&writer);
        drop(writer);
        let began = Instant::now();
        put(&lines, 0..5000);
        assert!(!lines.finish(Duration::from_millis(50)), "nobody reads");
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        let read = std::thread::spawn(|| BufReader::new(reader).lines().map(Result::unwrap).collect::<Vec<_>>());
        drop(lines);
        let read = read.join().unwrap();
        let (mut next, mut lost) = (0, 0);
        for line in &read {
            match line.strip_prefix("lost ") {
                Some(count) => {
                    let count: usize = count.parse().unwrap();
                    (next, lost) = (next + count, lost + count);
                }
                None => {
                    assert_eq!(line.trim().parse(), Ok(next), "in order, and none is missing unsaid");
                    next += 1;
                }
            }
        }
        assert_eq!(next, 5000, "up to the newest");
        assert!(lost > 0);
    }

    #[test]
    fn the_open_file_stays_as_others_made_it() {
        let (reader, writer) = io::pipe().unwrap();
        let flags = || rustix::fs::fcntl_getfl(&writer).unwrap();
        let before = flags();
        let blocking = lines(&writer);
        assert_eq!(flags(), before);
        drop(blocking);
        rustix::io::ioctl_fionbio(&writer, true).unwrap();
        let lines = lines(&writer);
        // More than the pipe holds.
        put(&lines, 0..1000);
        drop(writer);
        let read = std::thread::spawn(|| BufReader::new(reader).lines().count());
        drop(lines);
        let count = read.join().unwrap();
        assert!(count > 600, "{count}");
    }

    #[test]
    fn a_reader_that_went_away_is_reported_once_and_lines_go_nowhere() {
        let (reader, writer) = io::pipe().unwrap();
        let (sender, gone) = std::sync::mpsc::channel();
        let lines = Lines::new(&writer, |_| String::new(), move |error| sender.send(error.kind()).unwrap()).unwrap();
        drop((reader, writer));
        put(&lines, 0..3);
        assert_eq!(gone.recv_timeout(Duration::from_secs(10)).unwrap(), io::ErrorKind::BrokenPipe);
        put(&lines, 3..6);
        assert!(lines.finish(Duration::from_secs(10)));
    }
}
