//! The user's session: the camera goes off before the computer sleeps, and while the session is locked where the user
//! wants that. From systemd-logind, or whoever speaks for it on the system bus.
//!
//! 1. The same for the applet and for a relay without a desktop, in the relay's own loop, with the few messages that it
//!    takes written here: GLib would add 1.8 MB to the headless relay, and zbus two threads with an executor, for six
//!    calls and five signals.
//! 2. Nothing is waited for. Where the bus's socket is not there, its coming is heard, so that a system without a bus costs
//!    no wake-ups. One that is there and does not answer is tried again, ever more slowly, for some minutes.
//! 3. What was missed meanwhile is read anew: `PreparingForSleep`, `LockedHint`. What cannot be read is as before.
//!    Of what is read only changes are told: whoever resumed by hand is not overruled by an old lock.
//! 4. On the system bus everybody may send us a signal: only those of logind's own connection count.

mod bus;
mod wire;

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use inotify::{Inotify, WatchMask};
use rustix::event::epoll;
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};

use crate::core::event::Event;
use crate::i18n::tr;
use bus::{Address, Bus};
use wire::{Argument, Call, Kind, Message};

const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";
const SERVICE: &str = "org.freedesktop.login1";
const MANAGER_PATH: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";
const USER: &str = "org.freedesktop.login1.User";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

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

/// How something is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It happens now: true whoever resumed by hand before.
    Now,
    /// It was read, and may be known for long.
    Read,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    /// To be let in.
    Hello,
    /// logind's own name.
    Owner,
    /// Whether the computer is about to sleep.
    Sleeping,
    /// To be waited for before that.
    Inhibit,
    /// The session that the environment names.
    SessionById,
    /// The session of this process.
    SessionByProcess,
    /// The user, whose service manager belongs to no session.
    User,
    /// The user's session with the display.
    Display,
    /// Whether the session is locked.
    Locked,
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
        let why = tr("The camera is switched off first");
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

    fn ask(&mut self, question: Question, to: &str, path: &str, interface: &str, method: &str, with: &[Argument<'_>]) {
        let Some(link) = &mut self.link else { return };
        let call = Call { to, path, interface, method, arguments: with, wants_answer: true };
        match link.bus.call(&call) {
            Ok(serial) => link.asked.push_back(Asked { serial, question, until: Instant::now() + ANSWER_LIMIT }),
            Err(error) => self.lose(&error),
        }
    }

    /// Signals of this kind are heard from now on, or no longer.
    fn hear(&mut self, method: &str, rule: &str) {
        let Some(link) = &mut self.link else { return };
        let arguments = &[Argument::Text(rule)];
        let call = Call { to: BUS, path: BUS_PATH, interface: BUS, method, arguments, wants_answer: false };
        if let Err(error) = link.bus.call(&call) {
            self.lose(&error);
        }
    }

    fn take(&mut self, message: Message, events: &mut Vec<Event>) {
        match message.kind {
            Kind::Answer | Kind::Error => {
                let Some(link) = &mut self.link else { return };
                let Some(at) = link.asked.iter().position(|asked| Some(asked.serial) == message.answers) else {
                    return;
                };
                let Some(asked) = link.asked.remove(at) else { return };
                self.answered(asked.question, Some(message).filter(|message| message.kind == Kind::Answer), events);
            }
            Kind::Signal => self.signalled(&message, events),
            Kind::Other => {}
        }
    }

    /// What a question led to; `None`: it was refused, or not answered in time.
    fn answered(&mut self, question: Question, answer: Option<Message>, events: &mut Vec<Event>) {
        if answer.is_none() {
            tracing::debug!(?question, "no answer on the system bus");
        }
        let first = answer.as_ref().and_then(Message::texts::<1>).map(|[text]| text);
        let get = |interface, property| [Argument::Text(interface), Argument::Text(property)];
        match question {
            Question::Hello => {
                if answer.is_none() {
                    return self.lose(&io::ErrorKind::TimedOut.into());
                }
                if self.tries > 0 {
                    tracing::info!("the system bus is there: sleep and lock are seen");
                }
                (self.retry, self.tries, self.was_reached) = (FIRST_RETRY, 0, true);
                for rule in [
                    format!("type='signal',sender='{SERVICE}',interface='{MANAGER}',member='PrepareForSleep'"),
                    format!("type='signal',sender='{SERVICE}',interface='{MANAGER}',member='SessionNew'"),
                    format!("type='signal',sender='{SERVICE}',interface='{MANAGER}',member='SessionRemoved'"),
                    format!("type='signal',sender='{BUS}',member='NameOwnerChanged',arg0='{SERVICE}'"),
                ] {
                    self.hear("AddMatch", &rule);
                }
                self.ask(Question::Owner, BUS, BUS_PATH, BUS, "GetNameOwner", &[Argument::Text(SERVICE)]);
            }
            Question::Owner => {
                if let Some(link) = &mut self.link {
                    link.owner = first;
                }
                // Starts logind where it was not running; its name comes by a signal then.
                self.read_all();
            }
            Question::Sleeping => {
                if let Some(is_asleep) = answer.and_then(|answer| answer.truth()) {
                    self.tell_sleep(is_asleep, Told::Read, events);
                }
            }
            Question::Inhibit => {
                let fd = answer.and_then(|mut answer| answer.fds.pop());
                // It may come too late.
                self.inhibitor = fd.filter(|_| self.is_inhibitor_wanted);
            }
            Question::SessionById => match first {
                Some(path) => self.follow(Some(path), events),
                None => self.ask_session_of_process(),
            },
            Question::SessionByProcess => match first {
                Some(path) => self.follow(Some(path), events),
                None => {
                    let user = [Argument::Number(rustix::process::getuid().as_raw())];
                    self.ask(Question::User, SERVICE, MANAGER_PATH, MANAGER, "GetUser", &user);
                }
            },
            Question::User => match first {
                Some(user) => {
                    self.ask(Question::Display, SERVICE, &user, PROPERTIES, "Get", &get(USER, "Display"));
                }
                None => self.follow(None, events),
            },
            Question::Display => {
                let path = answer.and_then(|answer| answer.session()).filter(|path| path != "/");
                self.follow(path, events);
            }
            Question::Locked => {
                if let Some(is_locked) = answer.and_then(|answer| answer.truth()) {
                    self.tell_lock(is_locked, Told::Read, events);
                }
            }
        }
    }

    /// Reads what may have changed unseen.
    fn read_all(&mut self) {
        let property = [MANAGER, "PreparingForSleep"].map(Argument::Text);
        self.ask(Question::Sleeping, SERVICE, MANAGER_PATH, PROPERTIES, "Get", &property);
        if self.is_inhibitor_wanted {
            self.hold_sleep();
        }
        self.look_for_session();
    }

    /// The session this process belongs to; a process of the user's service manager belongs to none, and takes the one
    /// with the display.
    fn look_for_session(&mut self) {
        match self.id.clone() {
            Some(id) => {
                let id = [Argument::Text(&id)];
                self.ask(Question::SessionById, SERVICE, MANAGER_PATH, MANAGER, "GetSession", &id);
            }
            None => self.ask_session_of_process(),
        }
    }

    fn ask_session_of_process(&mut self) {
        let own = [Argument::Number(std::process::id())];
        self.ask(Question::SessionByProcess, SERVICE, MANAGER_PATH, MANAGER, "GetSessionByPID", &own);
    }

    /// Follows this session from now on.
    fn follow(&mut self, path: Option<String>, events: &mut Vec<Event>) {
        let Some(link) = &mut self.link else { return };
        let rule = |path: &str| format!("type='signal',sender='{SERVICE}',path='{path}'");
        if link.session != path {
            let before = std::mem::replace(&mut link.session, path.clone());
            if let Some(before) = before {
                self.hear("RemoveMatch", &rule(&before));
            }
            if let Some(path) = &path {
                self.hear("AddMatch", &rule(path));
            }
        }
        match path {
            Some(path) => {
                let property = [SESSION, "LockedHint"].map(Argument::Text);
                self.ask(Question::Locked, SERVICE, &path, PROPERTIES, "Get", &property);
            }
            // Without a session there is nothing that could be unlocked again.
            None => self.tell_lock(false, Told::Read, events),
        }
    }

    fn signalled(&mut self, message: &Message, events: &mut Vec<Event>) {
        let Some(link) = &mut self.link else { return };
        // The bus itself, whose name nobody can take.
        if message.sender == BUS {
            if message.member == "NameOwnerChanged"
                && let Some([name, _, owner]) = message.texts()
                && name == SERVICE
            {
                link.owner = Some(owner).filter(|owner| !owner.is_empty());
                if link.owner.is_some() {
                    self.read_all();
                }
            }
            return;
        }
        if link.owner.as_ref() != Some(&message.sender) {
            return;
        }
        let is_of_session = link.session.as_ref() == Some(&message.path);
        match (message.interface.as_str(), message.member.as_str()) {
            (MANAGER, "PrepareForSleep") if message.path == MANAGER_PATH => {
                if let Some(is_asleep) = message.truth() {
                    self.tell_sleep(is_asleep, Told::Now, events);
                }
            }
            (MANAGER, "SessionNew") => self.look_for_session(),
            (MANAGER, "SessionRemoved") if message.texts().is_some_and(|[_, path]| link.session == Some(path)) => {
                self.look_for_session();
            }
            // Asked of the screen lock, which may not say through the property that it did so.
            (SESSION, "Lock") if is_of_session => self.tell_lock(true, Told::Now, events),
            (SESSION, "Unlock") if is_of_session => self.tell_lock(false, Told::Now, events),
            (PROPERTIES, "PropertiesChanged") if is_of_session => {
                if let Some(is_locked) = message.changed_truth(SESSION, "LockedHint") {
                    self.tell_lock(is_locked, Told::Now, events);
                }
            }
            _ => {}
        }
    }

    fn tell_sleep(&mut self, is_asleep: bool, told: Told, events: &mut Vec<Event>) {
        let is_new = std::mem::replace(&mut self.is_asleep, is_asleep) != is_asleep;
        if is_new {
            tracing::info!("the computer {}", if is_asleep { "is going to sleep" } else { "woke up" });
        }
        if is_new || told == Told::Now {
            events.push(Event::Sleep(is_asleep));
        }
    }

    fn tell_lock(&mut self, is_locked: bool, told: Told, events: &mut Vec<Event>) {
        let is_new = std::mem::replace(&mut self.is_locked, is_locked) != is_locked;
        if is_new || told == Told::Now {
            events.push(Event::Locked(is_locked));
        }
    }

    /// What is not answered in time never is.
    fn give_up_waiting(&mut self, now: Instant, events: &mut Vec<Event>) {
        while let Some(link) = &mut self.link {
            if link.asked.front().is_none_or(|asked| asked.until > now) {
                break;
            }
            if let Some(asked) = link.asked.pop_front() {
                self.answered(asked.question, None, events);
            }
        }
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
