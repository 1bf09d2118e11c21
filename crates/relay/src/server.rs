//! The relay's side of the control socket.
//!
//! 1. Only the same user is heard, by the kernel's word, in a directory that is nobody else's.
//! 2. Whoever connects has two seconds for its request. When too many are silent the one that has been so for longest
//!    goes: a `lenscap pause` is always heard. Those who watch are counted apart.
//! 3. Whoever is turned away hears why.

mod connection;
mod directory;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lenscap_api::client::{may_speak, peer, socket_path};
use lenscap_api::{Reply, Request, Status};
use rustix::event::epoll;
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};

use connection::{Connection, Stage};
use directory::{own_directory, unusable};
use lenscap_core::trouble::refusal::{ListenTrouble, Refusal};
use lenscap_text::Detail;

/// Connections at once whose request is not answered yet.
const MAX_ASKING: usize = 16;
/// Connections at once that watch.
const MAX_WATCHERS: usize = 16;
/// Connections taken before the caller gets its turn.
const MAX_ACCEPTS: usize = 32;
/// How long a request may take to come.
const REQUEST_LIMIT: Duration = Duration::from_secs(2);
/// How long it may take to be carried out, or the camera to go off for it: less than the asking program waits.
const WORK_LIMIT: Duration = Duration::from_millis(2500);

/// Names a request that is carried out elsewhere.
pub type Ticket = u64;

/// Names a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker(u64);

/// What became of a request.
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// Done, or why not.
    Now(Result<(), Refusal>),
    /// Comes later, to [`Server::finish`].
    Later(Ticket),
}

/// Listens and answers. It never waits for anybody.
#[derive(Debug)]
pub struct Server {
    path: PathBuf,
    listener: UnixListener,
    epoll: OwnedFd,
    /// Runs while somebody has a deadline.
    timer: OwnedFd,
    /// In the order in which they came.
    connections: Vec<Connection>,
    /// How many have come so far.
    askers: u64,
}

impl Server {
    /// Listens in the user's runtime directory.
    ///
    /// # Errors
    /// There is no such directory, it is not ours alone, or another relay listens there already.
    pub fn new() -> Result<Self, ListenTrouble> {
        Self::at(&socket_path().ok_or(ListenTrouble::NoRuntimeDirectory)?)
    }

    fn at(path: &Path) -> Result<Self, ListenTrouble> {
        if UnixStream::connect(path).is_ok() {
            return Err(ListenTrouble::AnotherRelay { path: Detail::of_path(path) });
        }
        if let Some(directory) = path.parent() {
            own_directory(directory)?;
        }
        let listen = || -> io::Result<Self> {
            // What a killed relay left behind.
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let listener = UnixListener::bind(path)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            listener.set_nonblocking(true)?;
            let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
            let timer = rustix::time::timerfd_create(TimerfdClockId::Monotonic, flags)?;
            let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
            epoll::add(&epoll, &listener, epoll::EventData::new_u64(0), epoll::EventFlags::IN)?;
            epoll::add(&epoll, &timer, epoll::EventData::new_u64(1), epoll::EventFlags::IN)?;
            Ok(Self { path: path.to_owned(), listener, epoll, timer, connections: Vec::new(), askers: 0 })
        };
        listen().map_err(|error| unusable(path, &error))
    }

    /// Readable when [`Self::dispatch`] has something to do.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }

    /// Takes new connections, and what they ask for: each is to be carried out, in this order, and then handed to
    /// [`Self::answer`]. Nothing here is borrowed meanwhile: carrying out publishes.
    pub fn take_requests(&mut self) -> Vec<(Asker, Request)> {
        self.accept();
        let now = Instant::now();
        let mut watchers = self.connections.iter().filter(|connection| connection.stage == Stage::Watching).count();
        let mut requests = Vec::new();
        self.connections.retain_mut(|connection| match connection.receive() {
            // Whose camera takes its time hears how it is.
            Ok(None) if matches!(connection.stage, Stage::AwaitingOff { until } if until <= now) => {
                requests.push((connection.asker, Request::Status));
                true
            }
            Ok(None) => connection.bear(now),
            Ok(Some(Ok(Request::Watch))) if watchers == MAX_WATCHERS => connection.refuse(&Refusal::TooManyWatching),
            Ok(Some(Ok(request))) => {
                if request == Request::Watch {
                    connection.stage = Stage::Watching;
                    watchers += 1;
                }
                requests.push((connection.asker, request));
                true
            }
            Ok(Some(Err(refusal))) => connection.refuse(&refusal),
            Err(()) => false,
        });
        self.arm(now);
        requests
    }

    /// The request of this one is carried out, or will be; `reply`: what it gets where it is done.
    pub fn answer(&mut self, asker: Asker, is_about_controls: bool, answer: Answer, reply: impl FnOnce() -> Reply) {
        let now = Instant::now();
        let Some(index) = self.connections.iter().position(|connection| connection.asker == asker) else { return };
        let connection = &mut self.connections[index];
        let stays = match answer {
            Answer::Now(Err(refusal)) => connection.refuse(&refusal),
            Answer::Now(Ok(())) => connection.answer(&reply()),
            Answer::Later(ticket) => {
                connection.stage = Stage::Waiting { ticket, is_about_controls, until: now + WORK_LIMIT };
                true
            }
        };
        if !stays {
            self.connections.remove(index);
        }
        self.arm(now);
    }

    /// The request of this one is carried out, and the camera goes off for it: [`Self::publish`] answers when it is off. Where that
    /// takes its time, this one asks for the status.
    pub fn await_off(&mut self, asker: Asker) {
        let now = Instant::now();
        if let Some(connection) = self.connections.iter_mut().find(|connection| connection.asker == asker) {
            connection.stage = Stage::AwaitingOff { until: now + WORK_LIMIT };
        }
        self.arm(now);
    }

    /// Takes requests and answers them, where carrying them out publishes nothing. `obey` carries a request out; `reply` is
    /// asked after that for the status, or for the controls where the request was about these (`true`).
    #[cfg(any(test, debug_assertions, fuzzing))]
    pub fn dispatch<T>(
        &mut self,
        relay: &mut T,
        obey: impl Fn(&mut T, Request) -> Answer,
        reply: impl Fn(&T, bool) -> Reply,
    ) {
        for (asker, request) in self.take_requests() {
            let is_about_controls = request.is_about_controls();
            let answer = obey(relay, request);
            self.answer(asker, is_about_controls, answer, || reply(relay, is_about_controls));
        }
    }

    /// A request that was answered with [`Answer::Later`] is done; `report` as in [`Self::dispatch`].
    pub fn finish(&mut self, done: Ticket, result: &Result<(), Refusal>, report: impl Fn(bool) -> Reply) {
        self.connections.retain(|connection| match (connection.stage, result) {
            (Stage::Waiting { ticket, is_about_controls, .. }, result) if ticket == done => match result {
                Err(refusal) => connection.refuse(refusal),
                Ok(()) => connection.answer(&report(is_about_controls)),
            },
            (Stage::Asking { .. } | Stage::Waiting { .. } | Stage::AwaitingOff { .. } | Stage::Watching, _) => true,
        });
        self.arm(Instant::now());
    }

    /// Sends a status to everybody who watches, or waited for the camera to go off.
    pub fn publish(&mut self, status: &Status) {
        let hears = |connection: &Connection| match connection.stage {
            Stage::Watching => true,
            Stage::AwaitingOff { .. } => !status.live,
            Stage::Asking { .. } | Stage::Waiting { .. } => false,
        };
        if self.connections.iter().any(hears) {
            let reply = Reply::status(status.clone());
            self.connections.retain(|connection| !hears(connection) || connection.answer(&reply));
            self.arm(Instant::now());
        }
    }

    fn accept(&mut self) {
        for _ in 0..MAX_ACCEPTS {
            let Ok((stream, _)) = self.listener.accept() else { break };
            self.askers += 1;
            let connection = Connection::new(Asker(self.askers), stream, Instant::now() + REQUEST_LIMIT);
            if connection.stream.set_nonblocking(true).is_err() {
                continue;
            }
            if !peer(&connection.stream).is_some_and(may_speak) {
                connection.refuse(&Refusal::OtherUser);
                continue;
            }
            let is_busy = |connection: &Connection| connection.stage != Stage::Watching;
            let is_silent = |connection: &Connection| matches!(connection.stage, Stage::Asking { .. });
            if self.connections.iter().filter(|connection| is_busy(connection)).count() >= MAX_ASKING {
                let too_many = Refusal::TooManyAsking;
                match self.connections.iter().position(is_silent) {
                    Some(oldest) => drop(self.connections.remove(oldest).refuse(&too_many)),
                    None => {
                        connection.refuse(&too_many);
                        continue;
                    }
                }
            }
            let data = epoll::EventData::new_u64(2);
            if epoll::add(&self.epoll, &connection.stream, data, epoll::EventFlags::IN).is_ok() {
                self.connections.push(connection);
            }
        }
    }

    /// Sets the timer to the next deadline, or stops it.
    fn arm(&self, now: Instant) {
        let _ = rustix::io::read(&self.timer, &mut [0; 8]);
        let next = self.connections.iter().filter_map(Connection::until).min();
        // A zero would disarm it: what is due already fires after a nanosecond.
        let left = next.map_or(Duration::ZERO, |at| at.saturating_duration_since(now).max(Duration::from_nanos(1)));
        let spec = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() },
        };
        if let Err(error) = rustix::time::timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &spec) {
            tracing::error!("cannot set the timer: {error}");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
