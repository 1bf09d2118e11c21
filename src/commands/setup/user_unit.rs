//! ipu6-camera-daemon as its README installs it: a unit of the user's, which root is not needed for and cannot reach. What it was like
//! is written down before it is stopped.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use lenscap_api::{SetupStep, SetupVerb};
use lenscap_wire::helper_process::HelperProcess;
use serde::{Deserialize, Serialize};

use crate::core::trouble::setup::SetupTrouble;
use crate::text::Cause;

const UNIT: &str = "ipu6-camera-daemon.service";
/// systemd kills what does not stop for so long (DefaultTimeoutStopSec).
const PATIENCE: Duration = Duration::from_secs(100);
/// How long a look may take; the window waits for it.
const LOOK: Duration = Duration::from_secs(10);

/// What is known of it.
pub(super) struct UserUnit {
    now: State,
    /// Before we stopped it.
    before: Option<State>,
    /// Where that is written down.
    record: PathBuf,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct State {
    is_enabled: bool,
    runs: bool,
    #[serde(skip)]
    is_masked: bool,
    /// Its file is where a mask would have to be.
    #[serde(skip)]
    is_users_own: bool,
}

impl UserUnit {
    /// Asks the user's systemd. `None`: this is root, who is not meant, or has no home.
    pub(super) fn look() -> Option<Self> {
        let directories = directories::BaseDirs::new().filter(|_| !rustix::process::geteuid().is_root())?;
        let record = directories.state_dir()?.join("lenscap/ipu6-camera-daemon.json");
        let before = fs::read(&record).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let said = systemctl(&["show", "--property=LoadState,UnitFileState,ActiveState,FragmentPath", UNIT], LOOK);
        // Where there is none there is no unit that it could run.
        let now = said.map(|said| State::of(&said, directories.config_dir())).unwrap_or_default();
        Some(Self { now, before, record })
    }

    /// What is to be done for this verb.
    pub(super) fn steps(&self, verb: SetupVerb) -> Vec<SetupStep> {
        let State { is_enabled, runs, is_masked, is_users_own } = self.now;
        let words: Vec<&[&str]> = match (verb, self.before) {
            (SetupVerb::StopIpu6CameraDaemon, _) if is_masked || !(is_enabled || runs) => Vec::new(),
            (SetupVerb::StopIpu6CameraDaemon, _) if is_users_own => vec![&["disable", "--now"]],
            (SetupVerb::StopIpu6CameraDaemon, _) => vec![&["mask", "--now"]],
            (SetupVerb::Undo, Some(before)) => {
                let unmask: Option<&[&str]> = is_masked.then_some(&["unmask"]);
                let enable: Option<&[&str]> = (before.is_enabled && !is_enabled && !is_masked).then_some(&["enable"]);
                let start: Option<&[&str]> = (before.runs && !runs).then_some(&["start"]);
                unmask.into_iter().chain(enable).chain(start).collect()
            }
            _ => Vec::new(),
        };
        let command = |words: &[&str]| {
            let all = ["systemctl", "--user"].into_iter().chain(words.iter().copied()).chain([UNIT]);
            SetupStep::Run { command: all.map(str::to_owned).collect() }
        };
        words.into_iter().map(command).collect()
    }

    /// Does it, and looks whether it helped.
    pub(super) fn carry_out(&self, verb: SetupVerb) -> Result<(), SetupTrouble> {
        let steps = self.steps(verb);
        if steps.is_empty() {
            return Ok(());
        }
        if verb == SetupVerb::StopIpu6CameraDaemon {
            self.write_down().map_err(|error| SetupTrouble::Write {
                path: self.record.display().to_string().into(),
                cause: error.into(),
            })?;
        }
        for step in &steps {
            if let SetupStep::Run { command } = step {
                let words: Vec<&str> = command.iter().skip(2).map(String::as_str).collect();
                systemctl(&words, PATIENCE).map_err(|cause| failed(command, cause))?;
            }
        }
        let now = Self::look().map(|unit| unit.steps(verb)).unwrap_or_default();
        if let Some(SetupStep::Run { command }) = now.first() {
            return Err(failed(command, Cause::other("nothing changed")));
        }
        if verb == SetupVerb::Undo {
            // Else it is taken back once more, which does nothing.
            let _ = fs::remove_file(&self.record);
        }
        Ok(())
    }

    /// One that was written down and not taken back counts as well: it may have been stopped half.
    fn write_down(&self) -> io::Result<()> {
        let before = self.before.unwrap_or_default();
        let state = State {
            is_enabled: before.is_enabled || self.now.is_enabled,
            runs: before.runs || self.now.runs,
            ..State::default()
        };
        self.record.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(&self.record, serde_json::to_vec(&state)?)
    }
}

impl State {
    /// From what `systemctl show` says (org.freedesktop.systemd1(5)).
    fn of(said: &str, config: &Path) -> Self {
        let value = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap_or("");
        Self {
            is_enabled: ["enabled", "enabled-runtime"].contains(&value("UnitFileState")),
            runs: ["active", "activating", "reloading"].contains(&value("ActiveState")),
            is_masked: value("LoadState") == "masked",
            is_users_own: Path::new(value("FragmentPath")).starts_with(config),
        }
    }
}

fn systemctl(words: &[&str], patience: Duration) -> Result<String, Cause> {
    let asked = HelperProcess::new(Command::new("systemctl").arg("--user").args(words))?;
    let said = asked.all(Instant::now() + patience).map_err(|error| Cause::other(format!("{error:?}")))?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}

fn failed(command: &[String], cause: Cause) -> SetupTrouble {
    SetupTrouble::Command { command: command.join(" ").into(), cause }
}
