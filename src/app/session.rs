//! The user's session: the camera goes off before the computer sleeps, and while the session is locked where the user
//! wants that. From systemd-logind, or whoever speaks for it on the system bus.
//!
//! 1. The same for the applet and for a relay without a desktop, in the relay's own loop, with the few messages that it
//!    takes written by [`crate::dbus`]: GLib would add 1.8 MB to the headless relay, and zbus two threads with an executor, for
//!    six calls and five signals.
//! 2. Nothing is waited for. Where the bus's socket is not there, its coming is heard, so that a system without a bus costs
//!    no wake-ups. One that is there and does not answer is tried again, ever more slowly, for some minutes.
//! 3. What was missed meanwhile is read anew: `PreparingForSleep`, `LockedHint`. What cannot be read is as before.
//!    Of what is read only changes are reported: whoever resumed by hand is not overruled by an old lock.
//! 4. On the system bus everybody may send us a signal: only those of logind's own connection count.

mod logind;

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use inotify::{Inotify, WatchMask};
use rustix::event::epoll;
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};

use crate::core::event::Event;
use crate::dbus::{Address, Argument, BUS, BUS_PATH, Bus};
use logind::Question;

const SERVICE: &str = "org.freedesktop.login1";
const MANAGER_PATH: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";
const USER: &str = "org.freedesktop.login1.User";

/// Longest wait for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// Between two tries to reach the bus, doubling.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);
/// Tries in a row at a socket that does not answer, about four minutes; after these only the coming of another counts.
const MAX_TRIES: u32 = 9;

/// What is heard of logind.
#[derive(Debug)]
pub(super) struct Session {
    address: Option<Address>,
    /// The session to follow, where the environment names it.
    id: Option<String>,
    epoll: OwnedFd,
    timer: OwnedFd,
    /// Where the bus's socket comes.
    coming: Option<Inotify>,
    link: Option<Link>,
    retry_at: Option<Instant>,
    retry: Duration,
    tries: u32,
    was_reached: bool,
    /// Holds sleep up until the camera is off.
    inhibitor: Option<OwnedFd>,
    is_inhibitor_wanted: bool,
    is_asleep: bool,
    is_locked: bool,
}

/// A connection, and what is not answered yet.
#[derive(Debug)]
struct Link {
    bus: Bus,
    asked: VecDeque<Asked>,
    /// logind's own name.
    owner: Option<String>,
    /// The object of the session that is followed.
    session: Option<String>,
}

#[derive(Debug)]
struct Asked {
    serial: u32,
    question: Question,
    until: Instant,
}

impl Session {
    /// Begins to listen; what happens comes out of [`Self::dispatch`].
    ///
    /// # Errors
    /// The kernel's: no memory, no descriptors.
    pub(super) fn new() -> io::Result<Self> {
        let id = std::env::var("XDG_SESSION_ID").ok().filter(|id| !id.is_empty());
        Self::at(Address::of_system_bus(), id)
    }

    fn at(address: Option<Address>, id: Option<String>) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = rustix::time::timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let add = |fd: BorrowedFd<'_>| {
            epoll::add(&epoll, fd, epoll::EventData::new_u64(0), epoll::EventFlags::IN).map_err(io::Error::from)
        };
        add(timer.as_fd())?;
        let coming = match &address {
            Some(Address::Path(path)) => {
                coming(Path::new(path)).and_then(|coming| add(coming.as_fd()).map(|()| coming))
            }
            Some(Address::Abstract(_)) | None => Err(io::ErrorKind::Unsupported.into()),
        };
        let mut session = Self {
            address,
            id,
            epoll,
            timer,
            coming: coming.ok(),
            link: None,
            retry_at: Some(Instant::now()),
            retry: FIRST_RETRY,
            tries: 0,
            was_reached: false,
            inhibitor: None,
            is_inhibitor_wanted: true,
            is_asleep: false,
            is_locked: false,
        };
        session.connect_if_due(Instant::now());
        session.arm();
        Ok(session)
    }

    /// Readable when [`Self::dispatch`] has something to do.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }

    /// Takes in what happened.
    pub(super) fn dispatch(&mut self) -> Vec<Event> {
        let now = Instant::now();
        let _ = rustix::io::read(&self.timer, &mut [0; 8]);
        let mut buffer = [0; 4096];
        if self.coming.as_mut().is_some_and(|coming| coming.read_events(&mut buffer).is_ok()) && self.link.is_none() {
            // Its directory may have come before it.
            if let (Some(coming), Some(Address::Path(path))) = (&self.coming, &self.address) {
                let _ = watch_nearest(coming, Path::new(path));
            }
            // Other things come there as well: that there is none is said once.
            (self.retry, self.tries) = (FIRST_RETRY, self.tries.min(1));
            self.retry_at = Some(now);
        }
        let mut events = Vec::new();
        if let Some(link) = &mut self.link {
            match link.bus.receive() {
                Ok(messages) => messages.into_iter().for_each(|message| self.take(message, &mut events)),
                Err(error) => self.lose(&error),
            }
        }
        self.give_up_waiting(now, &mut events);
        self.connect_if_due(now);
        self.arm();
        events
    }

    /// Asks to be waited for before the next sleep.
    pub(super) fn hold_sleep(&mut self) {
        self.is_inhibitor_wanted = true;
        let why = crate::i18n::session::why_sleep_waits();
        let arguments = ["sleep", "Lenscap", &why, "delay"].map(Argument::Text);
        self.ask(Question::Inhibit, SERVICE, MANAGER_PATH, MANAGER, "Inhibit", &arguments);
        self.arm();
    }

    /// The camera is off: sleep may come.
    pub(super) fn allow_sleep(&mut self) {
        self.is_inhibitor_wanted = false;
        self.inhibitor = None;
    }

    fn connect_if_due(&mut self, now: Instant) {
        if self.link.is_some() || self.retry_at.is_none_or(|at| at > now) {
            return;
        }
        self.retry_at = None;
        let Some(address) = &self.address else { return };
        let connected = Bus::connect(address).and_then(|bus| {
            epoll::add(&self.epoll, bus.fd(), epoll::EventData::new_u64(0), epoll::EventFlags::IN)?;
            Ok(bus)
        });
        match connected {
            Ok(bus) => {
                self.link = Some(Link { bus, asked: VecDeque::new(), owner: None, session: None });
                self.ask(Question::Hello, BUS, BUS_PATH, BUS, "Hello", &[]);
            }
            Err(error) => {
                if self.tries == 0 {
                    tracing::info!("sleep and lock are not seen: no system bus ({error})");
                }
                if error.kind() == io::ErrorKind::NotFound && self.coming.is_some() {
                    self.tries += 1;
                } else {
                    self.retry_later();
                }
            }
        }
    }

    fn retry_later(&mut self) {
        self.tries += 1;
        // Nobody is asked for ever whose coming is seen, or who was never there.
        if self.tries < MAX_TRIES || (self.was_reached && self.coming.is_none()) {
            self.retry_at = Some(Instant::now() + self.retry);
            self.retry = (self.retry * 2).min(LAST_RETRY);
        }
    }

    fn lose(&mut self, error: &io::Error) {
        if self.link.take().is_none() {
            return;
        }
        if self.was_reached && self.tries == 0 {
            tracing::warn!("the system bus went away ({error}): sleep and lock are not seen until it is back");
        }
        self.retry_later();
    }

    /// Sets the timer to the next deadline, or stops it.
    fn arm(&self) {
        let next = match &self.link {
            Some(link) => link.asked.front().map(|asked| asked.until),
            None => self.retry_at,
        };
        let wait = |at: Instant| at.saturating_duration_since(Instant::now()).max(Duration::from_nanos(1));
        let left = next.map_or(Duration::ZERO, wait);
        let spec = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() },
        };
        if let Err(error) = rustix::time::timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &spec) {
            tracing::error!("cannot set the timer: {error}");
        }
    }
}

/// Sees a socket come at `path`.
fn coming(path: &Path) -> io::Result<Inotify> {
    let inotify = Inotify::init()?;
    watch_nearest(&inotify, path)?;
    Ok(inotify)
}

/// Watches the directory of `path`, or as much of the way to it as is there.
fn watch_nearest(inotify: &Inotify, path: &Path) -> io::Result<()> {
    for directory in path.ancestors().skip(1) {
        let mask = WatchMask::CREATE | WatchMask::MOVED_TO | WatchMask::ONLYDIR;
        match inotify.watches().add(directory, mask) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            added => return added.map(drop),
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests;
