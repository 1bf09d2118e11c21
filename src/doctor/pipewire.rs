//! Do programs that see cameras through PipeWire see this one, and once?
//!
//! 1. Without a server, or where another session manager than WirePlumber is installed, nothing is said.
//! 2. `wireplumber --version` is asked, since what a WirePlumber reads is known from its version, and `lenscap-pipewire`, which
//!    cameras the server has ([`graph`]); each with a deadline. Nothing is started that stays.
//! 3. A rule counts wherever it stands, also in a file of the user's own; a file that another of its name hides does not.

mod graph;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::versions::ask_version;
use super::{Diagnosis, Finding, Patient, Verdict, found};
use crate::camera;
use crate::config::PipewireOutput;
use crate::config::table::device::Device as DeviceSettings;
use crate::text;
use lenscap_wire::pipewire::{GraphCameras, server_socket_by};

const CHECK: &str = "pipewire";
/// For each `--version`, which is said within 20 ms.
const DEADLINE: Duration = Duration::from_secs(2);

/// The session around us.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// Where a server's socket would be.
    pub(super) socket: Option<PathBuf>,
    /// What `wireplumber --version` says; `None`: there is no WirePlumber; empty: it does not say.
    pub(super) version: Option<String>,
    /// The same of `pipewire --version`.
    pub(super) server: Option<String>,
    /// What WirePlumber 0.4 and 0.5 read, the first to win before the others.
    pub(super) directories: [Vec<PathBuf>; 2],
    /// The cameras that the server has; `None`: it does not say.
    pub(super) cameras: Option<GraphCameras>,
}

impl Session {
    /// This process's.
    pub(super) fn from_environment() -> Self {
        Self::of(&|name| std::env::var_os(name).filter(|value| !value.is_empty()))
    }

    /// Waits for the answers of PipeWire and WirePlumber, two seconds each at most.
    pub(super) fn ask(&mut self) {
        // Where nobody serves, they matter to nobody.
        if self.socket.as_ref().is_some_and(|socket| socket.exists()) {
            self.version = installed_version("wireplumber");
            self.server = installed_version("pipewire");
            self.cameras = graph::cameras();
        }
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
        Self { socket: server_socket_by(variable), version: None, server: None, directories, cameras: None }
    }
}

fn installed_version(program: &str) -> Option<String> {
    let asked = match ask_version(program.as_ref()) {
        Ok(asked) => asked,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(_) => return Some(String::new()),
    };
    let said = asked.all(Instant::now() + DEADLINE).unwrap_or_default();
    // Of three lines: the program's own name, the library it was made with, the one it runs with.
    let said = String::from_utf8_lossy(&said).into_owned();
    Some(said.lines().find(|line| line.starts_with("Linked")).unwrap_or_default().to_owned())
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

    /// What makes a WirePlumber look at a device again that it found to be no camera, as root (facts: pipewire, section 7).
    fn appear(self, node: &str) -> Vec<String> {
        let trigger = |action: &str| format!("sudo udevadm trigger --action={action} {node}");
        match self {
            Rules::Lua => vec![trigger("change")],
            Rules::Conf => vec![trigger("remove"), trigger("add")],
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
    /// The devices that are served, the main one first.
    devices: Vec<Device>,
    /// Whether we have a node in PipeWire.
    is_offered: bool,
    /// Where files of the user's own are.
    own: Option<PathBuf>,
    /// Whether the relay runs, so that the node is there.
    is_running: bool,
    /// The cameras that the server has; `None`: it does not say.
    cameras: Option<GraphCameras>,
}

/// A device that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Device {
    label: String,
    /// Which label of our rule's stands for it.
    ruled: String,
    /// Where it is; `None`: it is not there.
    node: Option<PathBuf>,
}

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let Some(facts) = examined(patient) else { return Vec::new() };
    let decided = graph::decide(&facts, decide(&facts));
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
    let rules = Rules::of(version);
    let own = rules.and_then(|rules| session.directories[rules as usize].first().cloned());
    Some(Facts {
        rules,
        left_out: rules.map_or_else(Vec::new, |rules| left_out(patient, rules)),
        devices: devices(patient, &settings.device),
        is_offered: settings.output.pipewire != PipewireOutput::Off,
        own,
        is_running: matches!(patient.relay, Ok(Some(_))),
        cameras: session.cameras.clone(),
    })
}

/// What is served, by these settings and as the kernel says it.
fn devices(patient: &Patient, settings: &DeviceSettings) -> Vec<Device> {
    let nodes = camera::loopbacks(&patient.at(camera::CLASS));
    let standard = DeviceSettings::default().label;
    let by_label = |label: String, ruled: String| {
        let node = nodes.iter().find(|node| node.name == label).map(|node| node.path.clone());
        Device { label, ruled, node }
    };
    let by_path = |path: &Path, ruled: String| {
        let node = nodes.iter().find(|node| node.path == path)?;
        Some(Device { label: node.name.clone(), ruled, node: Some(node.path.clone()) })
    };
    let main = settings.node.as_ref().and_then(|path| by_path(path, standard.clone()));
    let main = main.unwrap_or_else(|| by_label(settings.label.clone(), standard.clone()));
    let further = settings.further().into_iter().filter_map(|(it, path)| {
        let ruled = it.label(&standard);
        match path {
            Some(path) => by_path(path, ruled),
            None => Some(by_label(it.label(&settings.label), ruled)),
        }
    });
    std::iter::once(main).chain(further).collect()
}

/// The labels that the files which this WirePlumber reads leave out, each with its file.
fn left_out(patient: &Patient, rules: Rules) -> Vec<(String, String)> {
    let (directory, suffix, _) = rules.files();
    let above = patient.session.directories[rules as usize].iter();
    let directories: Vec<_> = above.map(|above| above.join(directory).to_string_lossy().into_owned()).collect();
    let files = patient.root.drop_ins(&directories, suffix).into_iter();
    let read = files.filter_map(|path| Some((patient.read(&path)?, path)));
    read.flat_map(|(text, path)| {
        let path = text::clean(&path, text::PATH);
        rules.labels(&text).into_iter().map(move |label| (label, path.clone()))
    })
    .collect()
}

fn decide(facts: &Facts) -> (Verdict, Diagnosis) {
    let Some(rules) = facts.rules else {
        return (Verdict::Note, Diagnosis::WireplumberSilent);
    };
    let rule_of = |device: &Device| facts.left_out.iter().find(|(left_out, _)| *left_out == device.label);
    if !facts.is_offered {
        let main = facts.devices.first();
        return (Verdict::Note, not_offered(facts, rules, main, main.and_then(rule_of).map(|(_, path)| path.as_str())));
    }
    let Some(device) = facts.devices.iter().find(|device| rule_of(device).is_none()) else {
        return (Verdict::Fine, Diagnosis::PipewireFine);
    };
    let (label, ruled) = (device.label.clone(), device.ruled.clone());
    let (directory, suffix, _) = rules.files();
    let file = format!("{directory}/51-lenscap{suffix}");
    // Ours, for another label: the device was renamed. Somebody else's rule says nothing about it.
    let ours = facts.left_out.iter().find(|(_, path)| path.ends_with(&file));
    let diagnosis = match ours {
        Some((_, path)) => Diagnosis::PipewireRuleOtherLabel { path: path.clone(), label, ruled, file },
        None => Diagnosis::PipewireRuleAbsent { label, file },
    };
    (Verdict::Note, diagnosis)
}

/// There is no node of ours: whether programs see the device instead. `rule`: the file by which it is left out.
fn not_offered(facts: &Facts, rules: Rules, main: Option<&Device>, rule: Option<&str>) -> Diagnosis {
    let Some(rule) = rule else {
        let node = main.and_then(|device| device.node.as_deref()).unwrap_or(Path::new("/dev/videoN"));
        return Diagnosis::PipewireUnsure { commands: rules.appear(&node.to_string_lossy()) };
    };
    let (directory, ..) = rules.files();
    let name = Path::new(rule).file_name().unwrap_or_default().to_string_lossy();
    let is_own = facts.own.as_ref().is_some_and(|own| Path::new(rule).starts_with(own));
    Diagnosis::PipewireHidden { path: rule.to_owned(), file: format!("{directory}/{name}"), is_own }
}

#[cfg(test)]
mod tests;
