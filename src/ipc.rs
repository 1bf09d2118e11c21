//! How other processes ask the running relay: `lenscap status`, `pause`, `resume`, `toggle`, and a second `lenscap`.
//!
//! A Unix socket in the user's runtime directory, so that it works without a desktop. One request a connection, a line
//! of JSON each way: `{"do":"pause","seconds":1800}` is answered with the status, `{"do":"watch"}` with a status for
//! every change until the connection ends. Whoever reads too slowly is let go; the relay never waits for anybody.

pub mod controls;
pub mod dbus;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::event::epoll;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::core::event::Command;
use crate::core::mode::Mode;
use crate::core::status::{OtherCamera, Status};
use crate::i18n::{tr, trf};

/// How long a client waits for an answer before it calls the relay hung.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);
/// Connections at once; more are turned away.
const MAX_CONNECTIONS: usize = 16;
/// Longest request.
const MAX_REQUEST: usize = 4096;

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// The present status.
    Status,
    /// The present status, and every later one.
    Watch,
    /// No camera, for so many seconds or until resumed.
    Pause {
        /// Seconds; `None`: until resumed.
        seconds: Option<u64>,
    },
    /// Allow it again.
    Resume,
    /// Pause or resume.
    Toggle,
    /// Camera off for those who stream now.
    TurnOff,
    /// Read the settings file again.
    Reload,
    /// Show the preferences.
    Preferences,
    /// End.
    Quit,
    /// The controls of the camera, or where it is.
    Controls,
    /// Set one, of the camera that is on; the rest of the time the asking program does it.
    SetControl {
        /// Which.
        key: String,
        /// As the user wrote it.
        value: String,
    },
    /// Set these to their defaults and forget what was saved; none: all.
    ResetControls {
        /// Which.
        keys: Vec<String>,
    },
    /// These programs stream from now on; only a relay without a node, made for demonstrations, believes it.
    Pretend {
        /// Their names.
        streaming: Vec<String>,
    },
}

impl Request {
    /// What the machine is to be told, if it concerns the machine.
    pub fn command(&self) -> Option<Command> {
        match self {
            Request::Status
            | Request::Watch
            | Request::Reload
            | Request::Preferences
            | Request::Quit
            | Request::Controls
            | Request::SetControl { .. }
            | Request::ResetControls { .. }
            | Request::Pretend { .. } => None,
            Request::Pause { seconds } => Some(Command::Pause { duration: seconds.map(Duration::from_secs) }),
            Request::Resume => Some(Command::Resume),
            Request::Toggle => Some(Command::Toggle),
            Request::TurnOff => Some(Command::TurnOff),
        }
    }
}

/// A status as one JSON object, without the time.
pub fn to_json(status: &Status) -> Value {
    let clients: Vec<_> = status
        .clients
        .iter()
        .map(|client| json!({ "pid": client.pid, "name": client.name, "use": client.usage.as_str() }))
        .collect();
    let others: Vec<_> = status
        .others
        .iter()
        .map(
            |other| json!({ "camera": other.camera, "node": other.node.to_string_lossy(), "programs": other.programs }),
        )
        .collect();
    let mut json = json!({
        "state": status.state.as_str(),
        "live": status.camera_live,
        "clients": clients,
        "camera": status.camera,
        "allowed": status.allowed,
        "reason": status.reason.as_ref().map(|reason| reason.text.clone()),
        "stuck": status.stuck,
        "others": others,
        "mode": status.mode.as_ref().map(mode_to_json),
    });
    if let Some(reason) = &status.second_device {
        json["second_device"] = json!(reason.text);
    }
    json
}

fn mode_to_json(mode: &Mode) -> Value {
    json!({
        "format": mode.format,
        "width": mode.width,
        "height": mode.height,
        "framerate": f64::from(mode.millihertz) / 1000.0,
        "asked": { "width": mode.asked_width, "height": mode.asked_height, "framerate": mode.asked_rate },
        "buffers": mode.buffers,
        "asked_buffers": mode.asked_buffers,
        "decoder": mode.decoder,
        "shortfall": mode.shortfall,
    })
}

/// The object with the present time in front, as `t` in seconds since 1970: the event line, the answer to a request.
pub fn stamped(status: &Value) -> Value {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut stamped = serde_json::Map::new();
    stamped.insert("t".into(), json!((since_epoch.as_secs_f64() * 1000.0).round() / 1000.0));
    stamped.extend(status.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
    Value::Object(stamped)
}

/// A status for people, in one line.
fn in_words(status: &Value) -> String {
    let state = state_in_words(status["state"].as_str().unwrap_or_default());
    let names: Vec<_> = status["clients"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|client| client["use"] != json!("open"))
        .filter_map(|client| client["name"].as_str())
        .collect();
    let others = others(status);
    let mut line = match (status["live"] == json!(true), others.is_empty()) {
        (true, true) => trf("Camera is on ({state})", &[("state", &state)]),
        (false, true) => trf("Camera is off ({state})", &[("state", &state)]),
        (true, false) => trf("Lenscap's camera is on ({state})", &[("state", &state)]),
        (false, false) => trf("Lenscap's camera is off ({state})", &[("state", &state)]),
    };
    if !names.is_empty() {
        line += &format!(": {}", names.join(", "));
    }
    for reason in [&status["reason"], &status["second_device"]] {
        if let Some(reason) = reason.as_str() {
            line = format!("{}. {reason}", line.trim_end_matches('.'));
        }
    }
    if let Some(shortfall) = status["mode"]["shortfall"].as_str() {
        line += &format!(". {shortfall}");
    }
    // What is on comes first.
    let lines: Vec<String> = others.iter().map(OtherCamera::line).chain([line]).collect();
    lines.join(". ")
}

fn others(status: &Value) -> Vec<OtherCamera> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let others = status["others"].as_array().into_iter().flatten();
    others
        .map(|other| OtherCamera {
            camera: text(&other["camera"]),
            node: text(&other["node"]).into(),
            programs: other["programs"].as_array().into_iter().flatten().map(text).collect(),
        })
        .collect()
}

fn state_in_words(state: &str) -> String {
    // TRANSLATORS: these states stand in parentheses, as in "Camera is off (paused)"
    match state {
        "no-device" => tr("no-device"),
        "idle" => tr("idle"),
        "pending" => tr("pending"),
        "starting" => tr("starting"),
        "live" => tr("live"),
        "cooldown" => tr("cooldown"),
        "paused" => tr("paused"),
        "blocked" => tr("blocked"),
        "failed" => tr("failed"),
        _ => tr("unknown"),
    }
}

/// `$XDG_RUNTIME_DIR/lenscap/control`.
///
/// # Errors
/// One sentence when there is no runtime directory.
fn socket_path() -> Result<PathBuf, String> {
    directories::BaseDirs::new()
        .and_then(|directories| directories.runtime_dir().map(Path::to_owned))
        .map(|directory| directory.join("lenscap/control"))
        .ok_or_else(|| tr("There is no runtime directory to reach Lenscap through: set XDG_RUNTIME_DIR."))
}

/// The relay's side.
#[derive(Debug)]
pub struct Server {
    path: PathBuf,
    listener: UnixListener,
    epoll: OwnedFd,
    connections: Vec<Connection>,
}

#[derive(Debug)]
struct Connection {
    stream: UnixStream,
    received: Vec<u8>,
    watches: bool,
}

impl Server {
    /// Listens in the user's runtime directory.
    ///
    /// # Errors
    /// One sentence: there is no such directory, it is not writable, or another relay listens there already.
    pub fn new() -> Result<Self, String> {
        Self::at(&socket_path()?)
    }

    fn at(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        if UnixStream::connect(path).is_ok() {
            return Err(trf(
                "Another Lenscap answers at {path} already: \"lenscap status\" asks that one.",
                &[("path", &shown)],
            ));
        }
        let listen = || -> io::Result<Self> {
            if let Some(directory) = path.parent() {
                std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
            }
            // What a killed relay left behind.
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let listener = UnixListener::bind(path)?;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
            listener.set_nonblocking(true)?;
            let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
            epoll::add(&epoll, &listener, epoll::EventData::new_u64(0), epoll::EventFlags::IN)?;
            Ok(Self { path: path.to_owned(), listener, epoll, connections: Vec::new() })
        };
        listen().map_err(|error| {
            trf("Cannot listen at {path} ({error}): \"lenscap status\" and \"lenscap pause\" will not reach this relay.", &[
                ("path", &shown),
                ("error", &error),
            ])
        })
    }

    /// Readable when [`Self::dispatch`] has something to do.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }

    /// Takes new connections and requests. `obey` carries a request out, or says in one sentence why not; `status` is
    /// asked after that, or `controls` where the request was about these.
    pub fn dispatch<T>(
        &mut self,
        relay: &mut T,
        obey: impl Fn(&mut T, Request) -> Result<(), String>,
        status: impl Fn(&T) -> Status,
        controls: impl Fn(&T) -> Value,
    ) {
        while let Ok((stream, _)) = self.listener.accept() {
            let is_full = self.connections.len() >= MAX_CONNECTIONS;
            let watched = stream.set_nonblocking(true).is_ok()
                && epoll::add(&self.epoll, &stream, epoll::EventData::new_u64(1), epoll::EventFlags::IN).is_ok();
            if watched && !is_full {
                self.connections.push(Connection { stream, received: Vec::new(), watches: false });
            }
        }
        self.connections.retain_mut(|connection| match connection.receive() {
            Ok(None) => true,
            Ok(Some(Ok(request))) => {
                connection.watches = request == Request::Watch;
                let is_of_controls =
                    matches!(request, Request::Controls | Request::SetControl { .. } | Request::ResetControls { .. });
                if let Err(sentence) = obey(relay, request) {
                    connection.send(&json!({ "error": sentence }));
                    return false;
                }
                if is_of_controls {
                    connection.send(&controls(relay));
                    return false;
                }
                connection.send(&stamped(&to_json(&status(relay)))) && connection.watches
            }
            Ok(Some(Err(sentence))) => {
                connection.send(&json!({ "error": sentence }));
                false
            }
            Err(()) => false,
        });
    }

    /// Tells everybody who watches.
    pub fn publish(&mut self, status: &Value) {
        let watchers = self.connections.iter().any(|connection| connection.watches);
        if watchers {
            let value = stamped(status);
            self.connections.retain(|connection| !connection.watches || connection.send(&value));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Connection {
    /// A whole request, if one is there. `Err`: the connection is over.
    fn receive(&mut self) -> Result<Option<Result<Request, String>>, ()> {
        let mut buffer = [0; 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(()),
                Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(_) => return Err(()),
            }
            if self.watches || self.received.len() > MAX_REQUEST {
                return Err(());
            }
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let request = serde_json::from_slice(&self.received[..end]).map_err(|error| {
                    trf("That is not a request ({error}): send one like {\"do\":\"status\"}.", &[("error", &error)])
                });
                return Ok(Some(request));
            }
        }
    }

    /// Whether the whole line went out at once.
    fn send(&self, value: &Value) -> bool {
        let line = format!("{value}\n");
        matches!((&self.stream).write(line.as_bytes()), Ok(count) if count == line.len())
    }
}

/// Why a request had no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Nobody listens.
    #[error("{}", tr("Lenscap is not running: start it with \"lenscap\"."))]
    NotRunning,
    /// Somebody listens and does not answer, or wrongly.
    #[error("{0}")]
    Failed(String),
}

/// Asks the running relay and does nothing with its answer.
///
/// # Errors
/// As [`ask`]; also when it says why it cannot do that.
pub fn tell(request: Request) -> Result<(), AskError> {
    // Without a runtime directory nobody can listen in it.
    let path = socket_path().map_err(|_| AskError::NotRunning)?;
    ask_at(&path, request, &mut |_| true)
}

/// Asks the running relay for its answer.
///
/// # Errors
/// As [`ask`]; also when it says why it cannot do that.
pub fn fetch(request: Request) -> Result<Value, AskError> {
    let path = socket_path().map_err(|_| AskError::NotRunning)?;
    let mut taken = Value::Null;
    ask_at(&path, request, &mut |value| {
        taken = value.clone();
        true
    })?;
    Ok(taken)
}

/// The running relay's status, as [`to_json`] makes it.
///
/// # Errors
/// As [`ask`].
pub fn status() -> Result<Value, AskError> {
    fetch(Request::Status)
}

/// Asks the running relay and prints its answer, as JSON or in words.
///
/// # Errors
/// When it is not running or does not answer within 3 seconds.
pub fn ask(request: Request, as_json: bool) -> Result<(), AskError> {
    let path = socket_path().map_err(AskError::Failed)?;
    ask_at(&path, request, &mut |value| {
        let line = if as_json { value.to_string() } else { in_words(value) };
        writeln!(io::stdout().lock(), "{line}").is_ok()
    })
}

fn ask_at(path: &Path, request: Request, answer: &mut dyn FnMut(&Value) -> bool) -> Result<(), AskError> {
    let hung = |error: io::Error| {
        AskError::Failed(trf(
            "Lenscap does not answer ({error}): end it with \"pkill lenscap\" and start it again.",
            &[("error", &error)],
        ))
    };
    let mut stream = UnixStream::connect(path).map_err(|_| AskError::NotRunning)?;
    stream.set_read_timeout(Some(ANSWER_LIMIT)).map_err(hung)?;
    stream.set_write_timeout(Some(ANSWER_LIMIT)).map_err(hung)?;
    let line = serde_json::to_string(&request).map_err(|error| AskError::Failed(error.to_string()))?;
    stream.write_all(format!("{line}\n").as_bytes()).map_err(hung)?;
    let mut lines = BufReader::new(stream.try_clone().map_err(hung)?).lines();
    let first = lines.next().ok_or_else(|| hung(io::ErrorKind::UnexpectedEof.into()))?.map_err(hung)?;
    // Later lines come when something changes, however long that takes.
    stream.set_read_timeout(None).map_err(hung)?;
    for line in std::iter::once(Ok(first)).chain(lines) {
        let Ok(line) = line else { break };
        let value: Value = serde_json::from_str(&line)
            .map_err(|_| AskError::Failed(tr("Lenscap answers in another version's words: restart it.")))?;
        if let Some(error) = value["error"].as_str() {
            return Err(AskError::Failed(error.to_owned()));
        }
        if !answer(&value) || request != Request::Watch {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::machine::Machine;
    use crate::core::policy::Policy;
    use std::time::Instant;

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
                        machine.step(Instant::now(), crate::core::event::Event::Command(command));
                    }
                    Ok(())
                },
                |machine| {
                    counter.set(counter.get() + 1);
                    machine.status()
                },
                |_| Value::Null,
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
        machine.step(Instant::now(), crate::core::event::Event::DeviceReady);
        let client = std::thread::spawn(move || {
            let mut answers = Vec::new();
            ask_at(&path, Request::Pause { seconds: Some(60) }, &mut |value| {
                answers.push(value.clone());
                true
            })
            .unwrap();
            answers
        });
        serve_once(&mut server, &mut machine, 1);
        let answers = client.join().unwrap();
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0]["state"], "paused");
        assert_eq!(in_words(&answers[0]), "Camera is off (paused)");
    }

    #[test]
    fn another_camera_is_named_first() {
        let mut status = Machine::new(Policy::default()).status();
        (status.state, status.reason) = (crate::core::status::StateName::Paused, None);
        let other = |programs: &[&str]| OtherCamera {
            camera: "Foo".into(),
            node: "/dev/video2".into(),
            programs: programs.iter().map(|name| (*name).to_owned()).collect(),
        };
        status.others = vec![other(&["cheese"]), other(&[])];
        let value = to_json(&status);
        assert_eq!(value["others"][0], json!({"camera": "Foo", "node": "/dev/video2", "programs": ["cheese"]}));
        let words = "Camera Foo is on: cheese. Camera Foo is on: another program. Lenscap's camera is off (paused)";
        assert_eq!(in_words(&value), words);
    }

    #[test]
    fn a_watcher_hears_changes_and_nonsense_is_refused() {
        let (_directory, path, mut server) = server();
        let mut machine = Machine::new(Policy::default());
        let mut watcher = UnixStream::connect(&path).unwrap();
        watcher.write_all(b"{\"do\":\"watch\"}\n").unwrap();
        serve_once(&mut server, &mut machine, 1);
        machine.step(Instant::now(), crate::core::event::Event::DeviceReady);
        server.publish(&to_json(&machine.status()));
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
            server.dispatch(&mut machine, |_, _| panic!("no command"), Machine::status, |_| Value::Null);
        }
        assert!(reader.join().unwrap().contains("not a request"));
    }

    #[test]
    fn floods_and_endless_requests_are_cut_off() {
        let (_directory, path, mut server) = server();
        let mut machine = Machine::new(Policy::default());
        let streams: Vec<_> = (0..MAX_CONNECTIONS + 8).map(|_| UnixStream::connect(&path).unwrap()).collect();
        server.dispatch(&mut machine, |_, _| Ok(()), Machine::status, |_| Value::Null);
        assert_eq!(server.connections.len(), MAX_CONNECTIONS);
        (&streams[0]).write_all(&[b'x'; 3 * MAX_REQUEST]).unwrap();
        server.dispatch(&mut machine, |_, _| Ok(()), Machine::status, |_| Value::Null);
        assert_eq!(server.connections.len(), MAX_CONNECTIONS - 1);
        drop(streams);
        server.dispatch(&mut machine, |_, _| Ok(()), Machine::status, |_| Value::Null);
        assert!(server.connections.is_empty());
    }

    #[test]
    fn nobody_there_and_somebody_there_already_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control");
        assert_eq!(ask_at(&path, Request::Status, &mut |_| true), Err(AskError::NotRunning));
        let first = Server::at(&path).unwrap();
        assert!(Server::at(&path).unwrap_err().contains("Another Lenscap"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(first);
        assert!(!path.exists());
        drop(UnixListener::bind(&path).unwrap());
        assert!(Server::at(&path).is_ok(), "what a killed relay left behind is replaced");
    }

    #[test]
    fn a_hung_relay_is_called_so() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control");
        let _listener = UnixListener::bind(&path).unwrap();
        let error = ask_at(&path, Request::Status, &mut |_| true).unwrap_err();
        assert!(matches!(error, AskError::Failed(text) if text.contains("does not answer")));
    }
}
