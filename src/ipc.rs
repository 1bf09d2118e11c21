//! How other processes ask the running relay: `lenscap status`, `pause`, `resume`, `toggle`, and a second `lenscap`.
//!
//! A Unix socket in the user's runtime directory, so that it works without a desktop. One request a connection, a line
//! of JSON each way: `{"do":"pause","seconds":1800}` is answered with the status, `{"do":"watch"}` with a status for
//! every change until the connection ends. Whoever reads too slowly is let go; the relay never waits for anybody.

pub mod controls;
pub mod dbus;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
mod server;

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::net::UCred;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::core::event::Command;
use crate::core::mode::Mode;
use crate::core::sandbox::Sandbox;
use crate::core::status::{OtherCamera, Status};
use crate::i18n::{tr, trf};

pub use server::{Answer, Server, Ticket};

/// How long a client waits for an answer before it calls the relay hung.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

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
        "reason": status.reason.as_ref().map(crate::i18n::trouble::sentence),
        "stuck": status.stuck,
        "others": others,
        "mode": status.mode.as_ref().map(mode_to_json),
        "sandbox": status.sandbox.map(sandbox_to_json),
    });
    if let Some(reason) = &status.second_device {
        json["second_device"] = json!(crate::i18n::trouble::sentence(reason));
    }
    json
}

fn sandbox_to_json(sandbox: Sandbox) -> Value {
    match sandbox {
        Sandbox::Off => json!({ "state": "off" }),
        Sandbox::OwnPipeline => json!({ "state": "own-pipeline" }),
        Sandbox::On { files, calls } => json!({ "state": "on", "files": files, "calls": calls }),
    }
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
        (true, true) => trf!("Camera is on ({state})", state = state),
        (false, true) => trf!("Camera is off ({state})", state = state),
        (true, false) => trf!("Lenscap's camera is on ({state})", state = state),
        (false, false) => trf!("Lenscap's camera is off ({state})", state = state),
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
    let lines: Vec<String> = others.iter().map(crate::i18n::status::other_camera).chain([line]).collect();
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
    let mut stream = UnixStream::connect(path).map_err(|_| AskError::NotRunning)?;
    let relay = peer(&stream).ok_or(AskError::NotRunning)?;
    if !may_speak(relay) {
        let text =
            tr("Another user's program answers in Lenscap's place: set XDG_RUNTIME_DIR to a directory of your own.");
        return Err(AskError::Failed(text));
    }
    let hung = |error: io::Error| {
        AskError::Failed(trf!(
            "Lenscap does not answer ({error}): end it with \"kill -9 {pid}\" and start it again.",
            error = error,
            pid = relay.pid.as_raw_nonzero()
        ))
    };
    stream.set_read_timeout(Some(ANSWER_LIMIT)).map_err(hung)?;
    stream.set_write_timeout(Some(ANSWER_LIMIT)).map_err(hung)?;
    let line = serde_json::to_string(&request).map_err(|error| AskError::Failed(error.to_string()))?;
    // Who is turned away cannot write any more, and can read why.
    let written = stream.write_all(format!("{line}\n").as_bytes());
    let mut lines = BufReader::new(stream.try_clone().map_err(hung)?).lines();
    let first = match (lines.next(), written) {
        (Some(Ok(first)), _) => first,
        (_, Err(error)) | (Some(Err(error)), _) => return Err(hung(error)),
        (None, Ok(())) => return Err(hung(io::ErrorKind::UnexpectedEof.into())),
    };
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

/// Who is at the other end, by the kernel's word: who connected, or who listened.
fn peer(stream: &UnixStream) -> Option<UCred> {
    rustix::net::sockopt::socket_peercred(stream).ok()
}

/// The same user, or root, who may everything anyway.
fn may_speak(peer: UCred) -> bool {
    peer.uid == rustix::process::getuid() || peer.uid.is_root()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::machine::Machine;
    use crate::core::policy::Policy;
    use std::os::unix::net::UnixListener;

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
    fn a_hung_relay_is_called_so() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control");
        let _listener = UnixListener::bind(&path).unwrap();
        let error = ask_at(&path, Request::Status, &mut |_| true).unwrap_err();
        // Never by a name, which others have as well.
        let advice = format!("kill -9 {}\"", std::process::id());
        assert!(
            matches!(&error, AskError::Failed(text) if text.contains("does not answer") && text.contains(&advice)),
            "{error}"
        );
    }
}
