//! Do programs that see cameras through PipeWire see this one, and once?
//!
//! 1. Without a server, or where another session manager than WirePlumber is installed, nothing is said.
//! 2. Nobody is asked but `wireplumber --version`: what a WirePlumber reads is known from its version.
//! 3. A rule counts wherever it stands, also in a file of the user's own; a file that another of its name hides does not.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::{Diagnosis, Finding, Patient, Verdict, found};
use crate::camera::{self, helper_process::HelperProcess};
use crate::config::PipewireOutput;
use crate::text;
use lenscap_wire::pipewire::server_socket_by;

const CHECK: &str = "pipewire";
/// For `wireplumber --version`, which says it within 20 ms.
const DEADLINE: Duration = Duration::from_secs(2);
/// Of three lines, the first of which is the program's own name.
const ASK: &str = "wireplumber --version 2>/dev/null | grep -m1 Linked";

/// The session around us.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// Where a server's socket would be.
    pub(super) socket: Option<PathBuf>,
    /// What `wireplumber --version` says; `None`: there is no WirePlumber; empty: it does not say.
    pub(super) version: Option<String>,
    /// What WirePlumber 0.4 and 0.5 read, the first to win before the others.
    pub(super) directories: [Vec<PathBuf>; 2],
}

impl Session {
    /// This process's. Waits for WirePlumber's answer, two seconds at most.
    pub(super) fn from_environment() -> Self {
        let session = Self::of(&|name| std::env::var_os(name).filter(|value| !value.is_empty()));
        // Where nobody serves, WirePlumber matters to nobody.
        let is_served = session.socket.as_ref().is_some_and(|socket| socket.exists());
        Self { version: is_served.then(installed_version).flatten(), ..session }
    }

    pub(super) fn of(variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let list = |name: &str, default: &str| -> Vec<PathBuf> {
            let value = variable(name).unwrap_or_else(|| default.into());
            std::env::split_paths(&value).filter(|path| path.is_absolute()).collect()
        };
        let home = variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let home = home.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".config")));
        let below = |directories: Vec<PathBuf>| -> Vec<PathBuf> {
            directories.into_iter().map(|path| path.join("wireplumber")).collect()
        };
        // 0.4 knows no XDG_CONFIG_DIRS and no XDG_DATA_DIRS (by strace, 0.4.13); 0.5 both (0.5.8, and lib/wp/base-dirs.c).
        let etc = || PathBuf::from("/etc");
        let share = || PathBuf::from("/usr/share");
        let older: Vec<_> = home.clone().into_iter().chain([etc(), share()]).collect();
        let newer: Vec<_> = home
            .into_iter()
            .chain(list("XDG_CONFIG_DIRS", "/etc/xdg"))
            .chain([etc()])
            .chain(list("XDG_DATA_DIRS", "/usr/local/share:/usr/share"))
            .chain([share()])
            .collect();
        let directories = match variable("WIREPLUMBER_CONFIG_DIR") {
            // Instead of all the others; a list from 0.5 on.
            Some(own) => [vec![PathBuf::from(&own)], std::env::split_paths(&own).collect()],
            None => [below(older), below(newer)],
        };
        Self { socket: server_socket_by(variable), version: None, directories }
    }
}

fn installed_version() -> Option<String> {
    let found = HelperProcess::new(Command::new("sh").args(["-c", "command -v wireplumber"])).ok()?;
    let until = Instant::now() + DEADLINE;
    if found.line(until).ok()?.is_empty() {
        return None;
    }
    let said = HelperProcess::new(Command::new("sh").args(["-c", ASK])).ok().and_then(|asked| asked.line(until).ok());
    Some(String::from_utf8_lossy(&said.unwrap_or_default()).into_owned())
}

/// How a WirePlumber takes its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rules {
    /// Up to 0.4.
    Lua,
    /// From 0.5 on.
    Conf,
}

impl Rules {
    /// From "Linked with libwireplumber 0.4.13".
    fn of(said: &str) -> Option<Self> {
        let mut numbers = said.split_whitespace().last()?.split('.').map(str::parse::<u32>);
        let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        Some(if (major, minor) < (0, 5) { Rules::Lua } else { Rules::Conf })
    }

    /// Below a directory of WirePlumber's; how such a file's name ends; how a comment begins.
    fn files(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Rules::Lua => ("main.lua.d", ".lua", "--"),
            Rules::Conf => ("wireplumber.conf.d", ".conf", "#"),
        }
    }

    /// The labels of devices that a file of this kind leaves out: the last words in quotation marks of such lines.
    fn labels(self, text: &str) -> Vec<String> {
        let code = text.lines().map(|line| line.split_once(self.files().2).map_or(line, |(code, _)| code));
        let code: Vec<&str> = code.collect();
        if !code.iter().any(|line| line.contains("device.disabled")) {
            return Vec::new();
        }
        let after = code.iter().filter_map(|line| Some(line.split_once("device.product.name")?.1));
        after.filter_map(|rest| rest.rsplit('"').nth(1).map(str::to_owned)).collect()
    }
}

/// What decides.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Facts {
    /// `None`: WirePlumber does not say its version.
    rules: Option<Rules>,
    /// The labels that rules leave out, each with its file.
    left_out: Vec<(String, String)>,
    /// The device's label.
    label: String,
    /// Whether we have a node in PipeWire.
    is_offered: bool,
}

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let decided = examined(patient).map(|facts| decide(&facts));
    decided.into_iter().map(|(verdict, diagnosis)| found(CHECK, verdict, &diagnosis)).collect()
}

/// `None`: it matters to nobody here.
fn examined(patient: &Patient) -> Option<Facts> {
    let session = &patient.session;
    let at = |path: &Path| patient.at(&path.to_string_lossy());
    let (Some(socket), Some(version)) = (&session.socket, &session.version) else { return None };
    if !at(socket).exists() {
        return None;
    }
    let settings = patient.settings();
    let named = settings.device.node.as_ref().and_then(|path| {
        let nodes = camera::loopbacks(&patient.at(camera::CLASS));
        nodes.into_iter().find(|node| node.path == *path).map(|node| node.name)
    });
    let rules = Rules::of(version);
    Some(Facts {
        rules,
        left_out: rules.map_or_else(Vec::new, |rules| left_out(patient, rules)),
        label: named.unwrap_or(settings.device.label),
        is_offered: settings.output.pipewire != PipewireOutput::Off,
    })
}

/// The labels that the files which this WirePlumber reads leave out, each with its file.
fn left_out(patient: &Patient, rules: Rules) -> Vec<(String, String)> {
    let (directory, suffix, _) = rules.files();
    let mut files = BTreeMap::new();
    for above in &patient.session.directories[rules as usize] {
        let above = above.join(directory);
        let entries = fs::read_dir(patient.at(&above.to_string_lossy())).into_iter().flatten().flatten();
        for name in entries.map(|entry| entry.file_name().to_string_lossy().into_owned()) {
            if name.ends_with(suffix) {
                files.entry(name).or_insert_with_key(|name| above.join(name).to_string_lossy().into_owned());
            }
        }
    }
    let read = files.into_values().filter_map(|path| Some((patient.read(&path)?, path)));
    read.flat_map(|(text, path)| {
        let path = text::clean(&path, text::PATH);
        rules.labels(&text).into_iter().map(move |label| (label, path.clone()))
    })
    .collect()
}

fn decide(facts: &Facts) -> (Verdict, Diagnosis) {
    let label = facts.label.clone();
    let Some(rules) = facts.rules else {
        return (Verdict::Note, Diagnosis::WireplumberSilent);
    };
    let is_hidden = facts.left_out.iter().any(|(left_out, _)| *left_out == label);
    if !facts.is_offered {
        return (Verdict::Note, if is_hidden { Diagnosis::PipewireHidden } else { Diagnosis::PipewireUnsure });
    }
    if is_hidden {
        return (Verdict::Fine, Diagnosis::PipewireFine);
    }
    let (directory, suffix, _) = rules.files();
    let file = format!("{directory}/51-lenscap{suffix}");
    // Ours, for another label: the device was renamed. Somebody else's rule says nothing about it.
    let ours = facts.left_out.iter().find(|(_, path)| path.ends_with(&file));
    let diagnosis = match ours {
        Some((_, path)) => Diagnosis::PipewireRuleOtherLabel { path: path.clone(), label, file },
        None => Diagnosis::PipewireRuleAbsent { label, file },
    };
    (Verdict::Note, diagnosis)
}

#[cfg(test)]
mod tests;
