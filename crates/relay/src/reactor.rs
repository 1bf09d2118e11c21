//! Waits for descriptors and for one deadline, on one epoll descriptor that a caller's main loop may watch in its turn.
//!
//! Idle costs nothing: without a deadline the timer is off, and setting the deadline that is set already asks nothing of
//! the kernel.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::epoll;
pub use rustix::time::TimerfdClockId as Clock;
use rustix::time::{Itimerspec, TimerfdFlags, TimerfdTimerFlags, Timespec};

/// Descriptors reported in one turn; the rest comes with the next.
const MAX_EVENTS: usize = 32;
/// What epoll knows the timer by; no token has this number.
const TIMER: u64 = u64::MAX;

/// What a watched descriptor is known by. Both ways are written side by side, in one `impl`, so that they agree.
pub trait Token: Copy + Eq + fmt::Debug {
    /// As epoll carries it; not `u64::MAX`.
    fn to_u64(self) -> u64;

    /// The token with this number; `None`: no such token was ever watched.
    fn from_u64(number: u64) -> Option<Self>;
}

/// When a watched descriptor is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// As long as it is readable.
    Readable,
    /// Once each time that it becomes readable.
    ReadableOnce,
    /// As long as it has urgent data: V4L2's events.
    Urgent,
}

impl Interest {
    fn flags(self) -> epoll::EventFlags {
        match self {
            Self::Readable => epoll::EventFlags::IN,
            Self::ReadableOnce => epoll::EventFlags::IN | epoll::EventFlags::ET,
            Self::Urgent => epoll::EventFlags::PRI,
        }
    }
}

/// What a turn found.
#[derive(Debug)]
pub struct Ready<T> {
    tokens: [Option<T>; MAX_EVENTS],
    /// Whether the deadline has passed; there is none any more then.
    pub is_due: bool,
}

impl<T: Token> Ready<T> {
    /// Whether a descriptor with this token is ready.
    pub fn has(&self, token: T) -> bool {
        self.tokens.contains(&Some(token))
    }

    /// The tokens of all that are ready, in the kernel's order; one that several descriptors share may come twice.
    pub fn tokens(&self) -> impl Iterator<Item = T> {
        self.tokens.iter().copied().flatten()
    }
}

/// See the module.
#[derive(Debug)]
pub struct Reactor<T> {
    epoll: OwnedFd,
    timer: OwnedFd,
    deadline: Option<Instant>,
    token: PhantomData<T>,
}

impl<T: Token> Reactor<T> {
    /// Waits for nothing yet. `clock`: what the deadline goes by; [`Clock::Boottime`] counts suspended time as well.
    ///
    /// # Errors
    /// The kernel's error: no memory or no descriptor is left.
    pub fn new(clock: Clock) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let timer = rustix::time::timerfd_create(clock, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?;
        epoll::add(&epoll, &timer, epoll::EventData::new_u64(TIMER), epoll::EventFlags::IN)?;
        Ok(Self { epoll, timer, deadline: None, token: PhantomData })
    }

    /// Readable when [`Self::wait`] has something to report.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }

    /// Reports this descriptor from now on, until it is closed.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn watch(&self, fd: impl AsFd, token: T, interest: Interest) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, fd, epoll::EventData::new_u64(token.to_u64()), interest.flags())?)
    }

    /// Reports this descriptor no longer.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn unwatch(&self, fd: impl AsFd) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, fd)?)
    }

    /// From now on [`Ready::is_due`] comes at this time, once; `None`: never.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) {
        if deadline == self.deadline {
            return;
        }
        self.deadline = deadline;
        // A zero would disarm the timer: what is due already fires after a nanosecond.
        let left = deadline
            .map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()).max(Duration::from_nanos(1)));
        let spec = Itimerspec { it_interval: timespec(Duration::ZERO), it_value: timespec(left) };
        if let Err(error) = rustix::time::timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &spec) {
            tracing::error!("cannot set the timer: {error}");
        }
    }

    /// What is ready, waiting for it for at most `wait`; `None`: as long as it takes.
    ///
    /// # Errors
    /// When the kernel does not let us wait.
    pub fn wait(&mut self, wait: Option<Duration>) -> io::Result<Ready<T>> {
        let wait = wait.map(timespec);
        let mut buffer =
            [epoll::Event { flags: epoll::EventFlags::empty(), data: epoll::EventData::new_u64(0) }; MAX_EVENTS];
        let count = match epoll::wait(&self.epoll, &mut buffer, wait.as_ref()) {
            Ok(count) => count,
            Err(rustix::io::Errno::INTR) => 0,
            Err(error) => return Err(error.into()),
        };
        let mut ready = Ready { tokens: [None; MAX_EVENTS], is_due: false };
        for (event, token) in buffer[..count].iter().zip(&mut ready.tokens) {
            match event.data.u64() {
                TIMER => ready.is_due = true,
                number => *token = T::from_u64(number),
            }
        }
        if ready.is_due {
            let _ = rustix::io::read(&self.timer, &mut [0; 8]);
            self.deadline = None;
        }
        Ok(ready)
    }
}

fn timespec(time: Duration) -> Timespec {
    Timespec { tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX), tv_nsec: time.subsec_nanos().into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Number(u64);

    impl Token for Number {
        fn to_u64(self) -> u64 {
            self.0
        }

        fn from_u64(number: u64) -> Option<Self> {
            Some(Self(number))
        }
    }

    fn reactor() -> Reactor<Number> {
        Reactor::new(Clock::Monotonic).unwrap()
    }

    #[test]
    fn what_is_readable_is_reported_by_its_token() {
        let mut reactor = reactor();
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        reactor.watch(&ours, Number(7), Interest::Readable).unwrap();
        let tokens =
            |reactor: &mut Reactor<Number>| reactor.wait(Some(Duration::ZERO)).unwrap().tokens().collect::<Vec<_>>();
        assert_eq!(tokens(&mut reactor), []);
        theirs.write_all(b"x").unwrap();
        assert_eq!([tokens(&mut reactor), tokens(&mut reactor)], [[Number(7)], [Number(7)]]);
        ours.read_exact(&mut [0]).unwrap();
        assert_eq!(tokens(&mut reactor), []);
        theirs.write_all(b"x").unwrap();
        reactor.unwatch(&ours).unwrap();
        assert_eq!(tokens(&mut reactor), []);
        reactor.watch(&ours, Number(8), Interest::ReadableOnce).unwrap();
        assert_eq!([tokens(&mut reactor), tokens(&mut reactor)], [vec![Number(8)], vec![]]);
    }

    #[test]
    fn a_deadline_is_reported_once_however_long_ago_it_was() {
        let mut reactor = reactor();
        let ready = reactor.wait(Some(Duration::ZERO)).unwrap();
        assert!(!ready.is_due && !ready.has(Number(0)));
        for deadline in [Instant::now(), Instant::now() + Duration::from_millis(20)] {
            reactor.set_deadline(Some(deadline));
            assert!(reactor.wait(Some(Duration::from_secs(10))).unwrap().is_due);
            assert!(!reactor.wait(Some(Duration::ZERO)).unwrap().is_due);
        }
        reactor.set_deadline(Some(Instant::now() + Duration::from_millis(5)));
        reactor.set_deadline(None);
        assert!(!reactor.wait(Some(Duration::from_millis(50))).unwrap().is_due);
    }
}
