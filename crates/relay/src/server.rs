//! The relay's side of the control socket.
//!
//! 1. Only the same user is heard, by the kernel's word, in a directory that is nobody else's.
//! 2. Whoever connects has two seconds for its request. When too many are silent the one that has been so for longest
//!    goes: a `lenscap pause` is always heard. Those who watch are counted apart.
//! 3. Whoever is turned away hears why.

#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;

use std::fs::{self, DirBuilder};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lenscap_api::client::{may_speak, peer, socket_path};
use lenscap_api::{Reply, Request, Status, line};
use rustix::event::epoll;
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};

use lenscap_core::trouble::refusal::{ListenTrouble, Refusal};
use lenscap_text::Text;
use lenscap_words::refusal::reply;

/// Connections at once whose request is not answered yet.
const MAX_ASKING: usize = 16;
/// Connections at once that watch.
const MAX_WATCHERS: usize = 16;
/// Connections taken before the caller gets its turn.
const MAX_ACCEPTS: usize = 32;
/// Longest request, in bytes.
const MAX_REQUEST: usize = 4096;
/// How long a request may take to come.
const REQUEST_LIMIT: Duration = Duration::from_secs(2);
/// How long it may take to be carried out: less than the asking program waits.
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

#[derive(Debug)]
struct Connection {
    asker: Asker,
    stream: UnixStream,
    received: Vec<u8>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Its request has not come yet.
    Asking { until: Instant },
    /// Its request is carried out elsewhere.
    Waiting { ticket: Ticket, is_about_controls: bool, until: Instant },
    /// Hears every status.
    Watching,
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
            return Err(ListenTrouble::AnotherRelay { path: Text::of_path(path) });
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
            (Stage::Asking { .. } | Stage::Waiting { .. } | Stage::Watching, _) => true,
        });
        self.arm(Instant::now());
    }

    /// Sends a status to everybody who watches.
    pub fn publish(&mut self, status: &Status) {
        let is_watching = |connection: &Connection| connection.stage == Stage::Watching;
        if self.connections.iter().any(is_watching) {
            let reply = Reply::status(status.clone());
            self.connections.retain(|connection| !is_watching(connection) || connection.send(&reply));
        }
    }

    fn accept(&mut self) {
        for _ in 0..MAX_ACCEPTS {
            let Ok((stream, _)) = self.listener.accept() else { break };
            let stage = Stage::Asking { until: Instant::now() + REQUEST_LIMIT };
            self.askers += 1;
            let connection = Connection { asker: Asker(self.askers), stream, received: Vec::new(), stage };
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

/// Makes the directory of the socket, or checks the one that is there: nobody else may put a socket, or another directory,
/// in its place.
fn own_directory(directory: &Path) -> Result<(), ListenTrouble> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| unusable(directory, &error))?;
    let look = |path: &Path| fs::symlink_metadata(path).map_err(|error| unusable(path, &error));
    let own = rustix::process::getuid().as_raw();
    let foreign = |path: &Path| ListenTrouble::WritableByOthers { path: Text::of_path(path) };
    if let Some(above) = directory.parent() {
        let found = fs::metadata(above).map_err(|error| unusable(above, &error))?;
        let is_sticky = found.mode() & 0o1000 != 0;
        if (found.uid() != own && found.uid() != 0) || (found.mode() & 0o022 != 0 && !is_sticky) {
            return Err(foreign(above));
        }
    }
    let found = look(directory)?;
    if !found.is_dir() || found.uid() != own {
        return Err(foreign(directory));
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
            .map_err(|error| unusable(directory, &error))?;
    }
    Ok(())
}

fn unusable(path: &Path, error: &io::Error) -> ListenTrouble {
    ListenTrouble::Unusable { path: Text::of_path(path), error: error.to_string().into() }
}

impl Connection {
    fn until(&self) -> Option<Instant> {
        match self.stage {
            Stage::Asking { until } | Stage::Waiting { until, .. } => Some(until),
            Stage::Watching => None,
        }
    }

    /// Whether it may stay without a word.
    fn bear(&self, now: Instant) -> bool {
        match self.stage {
            Stage::Asking { until } if until <= now => self.refuse(&Refusal::NoRequest),
            Stage::Waiting { until, .. } if until <= now => self.refuse(&Refusal::SettingsSilent),
            Stage::Asking { .. } | Stage::Waiting { .. } | Stage::Watching => true,
        }
    }

    /// A whole request, if one is there. `Err`: the connection is over.
    fn receive(&mut self) -> Result<Option<Result<Request, Refusal>>, ()> {
        let mut buffer = [0; 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(()),
                Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(()),
            }
            let is_asking = matches!(self.stage, Stage::Asking { .. });
            if !is_asking || self.received.len() > MAX_REQUEST {
                return Err(());
            }
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let request = serde_json::from_slice(&self.received[..end])
                    .map_err(|error| Refusal::NotARequest { error: error.to_string().into() });
                return Ok(Some(request));
            }
        }
    }

    /// Says why not; the connection is over.
    fn refuse(&self, refusal: &Refusal) -> bool {
        self.send(&reply(refusal));
        false
    }

    /// Whether it stays: only to watch.
    fn answer(&self, reply: &Reply) -> bool {
        self.send(reply) && self.stage == Stage::Watching
    }

    /// Whether the whole line went out at once.
    fn send(&self, reply: &Reply) -> bool {
        let line = line(reply);
        matches!((&self.stream).write(line.as_bytes()), Ok(count) if count == line.len())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};

    use super::*;
    use lenscap_api::AskError;
    use lenscap_api::client::ask_at;

    use lenscap_core::machine::Machine;
    use lenscap_core::policy::Policy;
    use lenscap_core::status::StateName;

    fn status(machine: &Machine) -> Reply {
        Reply::status(lenscap_words::status::published(&machine.status()))
    }

    fn serve_once(server: &mut Server, machine: &mut Machine, count: usize) {
        let end = Instant::now() + Duration::from_secs(10);
        let mut asked = 0;
        while asked < count {
            assert!(Instant::now() < end, "no request came");
            let wait = rustix::time::Timespec { tv_sec: 1, tv_nsec: 0 };
            let mut fds = [rustix::event::PollFd::new(&server.epoll, rustix::event::PollFlags::IN)];
            rustix::event::poll(&mut fds, Some(&wait)).unwrap();
            let counter = std::cell::Cell::new(asked);
            server.dispatch(
                machine,
                |machine, request| {
                    if let Some(command) = request.command() {
                        machine.step(Instant::now(), lenscap_core::event::Event::Command(command));
                    }
                    Answer::Now(Ok(()))
                },
                |machine, _| {
                    counter.set(counter.get() + 1);
                    status(machine)
                },
            );
            asked = counter.get();
        }
    }

    fn server() -> (tempfile::TempDir, PathBuf, Server) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lenscap/control");
        let server = Server::at(&path).unwrap();
        (directory, path, server)
    }

    #[test]
    fn a_pause_is_asked_for_and_answered() {
        let (_directory, path, mut server) = server();
        let mut machine = Machine::new(Policy::default());
        machine.step(Instant::now(), lenscap_core::event::Event::DeviceReady);
        let client = std::thread::spawn(move || {
            let mut answers = Vec::new();
            ask_at(&path, &Request::Pause { seconds: Some(60) }, &mut |reply| {
                answers.push(reply);
                true
            })
            .unwrap();
            answers
        });
        serve_once(&mut server, &mut machine, 1);
        let answers = client.join().unwrap();
        let [Reply::Status(answer)] = &answers[..] else { panic!("{answers:?}") };
        assert_eq!(answer.status.state, StateName::Paused);
        assert_eq!(lenscap_words::status::summary(&answer.status), "Camera is off (paused)");
    }

    #[test]
    fn a_watcher_hears_changes_and_nonsense_is_refused() {
        let (_directory, path, mut server) = server();
        let mut machine = Machine::new(Policy::default());
        let mut watcher = UnixStream::connect(&path).unwrap();
        watcher.write_all(b"{\"do\":\"watch\"}\n").unwrap();
        serve_once(&mut server, &mut machine, 1);
        machine.step(Instant::now(), lenscap_core::event::Event::DeviceReady);
        server.publish(&lenscap_words::status::published(&machine.status()));
        let mut lines = BufReader::new(watcher).lines();
        assert!(lines.next().unwrap().unwrap().contains("no-device"));
        assert!(lines.next().unwrap().unwrap().contains("idle"));
        let mut stranger = UnixStream::connect(&path).unwrap();
        stranger.write_all(b"{\"do\":\"explode\"}\n").unwrap();
        let mut answer = String::new();
        let reader = std::thread::spawn(move || {
            stranger.read_to_string(&mut answer).unwrap();
            answer
        });
        let end = Instant::now() + Duration::from_secs(10);
        while !reader.is_finished() && Instant::now() < end {
            server.dispatch(&mut machine, |_, _| panic!("no command"), |machine, _| status(machine));
        }
        assert!(reader.join().unwrap().contains("not a request"));
    }

    #[test]
    fn floods_and_endless_requests_are_cut_off() {
        let (_directory, path, mut server) = server();
        let mut machine = Machine::new(Policy::default());
        let streams: Vec<_> = (0..MAX_ASKING + 8).map(|_| UnixStream::connect(&path).unwrap()).collect();
        dispatch(&mut server, &mut machine);
        assert_eq!(server.connections.len(), MAX_ASKING);
        (&streams[MAX_ASKING]).write_all(&[b'x'; 3 * MAX_REQUEST]).unwrap();
        dispatch(&mut server, &mut machine);
        assert_eq!(server.connections.len(), MAX_ASKING - 1);
        drop(streams);
        dispatch(&mut server, &mut machine);
        assert!(server.connections.is_empty());
    }

    #[test]
    fn nobody_there_and_somebody_there_already_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control");
        assert_eq!(ask_at(&path, &Request::Status, &mut |_| true), Err(AskError::NotRunning));
        let first = Server::at(&path).unwrap();
        assert!(matches!(Server::at(&path), Err(ListenTrouble::AnotherRelay { .. })));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(first);
        assert!(!path.exists());
        drop(UnixListener::bind(&path).unwrap());
        assert!(Server::at(&path).is_ok(), "what a killed relay left behind is replaced");
    }

    /// Everything that came until the other end closed.
    fn rest(mut stream: &UnixStream) -> String {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    fn dispatch(server: &mut Server, machine: &mut Machine) {
        server.dispatch(machine, |_, _| Answer::Now(Ok(())), |machine, _| status(machine));
    }

    #[test]
    fn silent_connections_shut_nobody_out() {
        let (_directory, path, mut server) = server();
        let mut machine = Machine::new(Policy::default());
        let silent: Vec<_> = (0..2 * MAX_ASKING).map(|_| UnixStream::connect(&path).unwrap()).collect();
        let mut asking = UnixStream::connect(&path).unwrap();
        asking.write_all(b"{\"do\":\"status\"}\n").unwrap();
        dispatch(&mut server, &mut machine);
        dispatch(&mut server, &mut machine);
        assert!(rest(&asking).contains("no-device"));
        assert!(rest(&silent[0]).contains("try again"), "the oldest goes, and learns why");
        // The others have their time, and it ends by itself.
        let until = Instant::now() + 4 * REQUEST_LIMIT;
        while !server.connections.is_empty() {
            assert!(Instant::now() < until, "{} stay", server.connections.len());
            let wait = Timespec { tv_sec: 1, tv_nsec: 0 };
            rustix::event::poll(
                &mut [rustix::event::PollFd::new(&server.epoll, rustix::event::PollFlags::IN)],
                Some(&wait),
            )
            .unwrap();
            dispatch(&mut server, &mut machine);
        }
        assert!(rest(silent.last().unwrap()).contains("No request came"));
        assert_eq!(
            rustix::time::timerfd_gettime(&server.timer).unwrap().it_value.tv_nsec,
            0,
            "nothing left to wake up for"
        );
    }

    #[test]
    fn those_who_watch_are_counted_apart() {
        let (_directory, path, mut server) = server();
        let mut machine = Machine::new(Policy::default());
        let ask = |request: &str| {
            let mut stream = UnixStream::connect(&path).unwrap();
            writeln!(stream, "{request}").unwrap();
            stream
        };
        let watchers: Vec<_> = (0..MAX_WATCHERS)
            .map(|_| {
                let stream = ask(r#"{"do":"watch"}"#);
                dispatch(&mut server, &mut machine);
                stream
            })
            .collect();
        let (more, other) = (ask(r#"{"do":"watch"}"#), ask(r#"{"do":"status"}"#));
        dispatch(&mut server, &mut machine);
        assert!(rest(&more).contains("Too many programs watch"));
        assert!(rest(&other).contains("no-device"));
        assert_eq!(server.connections.len(), watchers.len());
    }

    #[test]
    fn what_is_carried_out_elsewhere_is_answered_when_it_is_done() {
        let (_directory, path, mut server) = server();
        let mut machine = Machine::new(Policy::default());
        let ask = || {
            let mut stream = UnixStream::connect(&path).unwrap();
            stream.write_all(b"{\"do\":\"reload\"}\n").unwrap();
            stream
        };
        let streams = [ask(), ask()];
        let next = std::cell::Cell::new(0);
        server.dispatch(&mut machine, |_, _| Answer::Later(next.replace(next.get() + 1)), |machine, _| status(machine));
        assert_eq!(server.connections.len(), 2);
        server.finish(0, &Err(Refusal::CameraWentOff), |_| status(&machine));
        server.finish(1, &Ok(()), |_| status(&machine));
        assert!(rest(&streams[0]).contains("camera-went-off"));
        assert!(rest(&streams[1]).contains("no-device"));
        assert!(server.connections.is_empty());
    }

    #[test]
    fn a_directory_that_others_can_write_to_is_not_used() {
        let directory = tempfile::tempdir().unwrap();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let path = directory.path().join("lenscap/control");
        mode(directory.path(), 0o777);
        assert!(matches!(Server::at(&path), Err(ListenTrouble::WritableByOthers { .. })));
        mode(directory.path(), 0o1777);
        drop(Server::at(&path).unwrap());
        mode(directory.path(), 0o755);
        mode(path.parent().unwrap(), 0o777);
        drop(Server::at(&path).unwrap());
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o777, 0o700, "ours is put right");
        fs::remove_dir(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink("/tmp", path.parent().unwrap()).unwrap();
        assert!(matches!(Server::at(&path), Err(ListenTrouble::WritableByOthers { .. })));
    }
}
