//! What a verb means on this computer.

use std::fs;
use std::path::Path;

use lenscap_api::{SetupPlan, SetupStep, SetupVerb};
use lenscap_cameras::hidden;
use lenscap_core::trouble::setup::SetupTrouble;
use lenscap_rootfs::Root;
use lenscap_text::Text;

use crate::manifest::{self, Kind, Manifest};
use crate::node::Devices;
use crate::options::{self, CannotMerge, Others};
use crate::system::{self, Module};
use crate::undo;

/// Where a unit's link is that has it started; as `systemctl enable` makes it.
const WANTS: &str = "/etc/systemd/system/multi-user.target.wants";
/// Who sits at the computer may use Intel's image processor.
const UDEV_NAME: &str = "70-lenscap.rules";
const UDEV_RULES: &str = include_str!("../../../data/70-lenscap.rules");
/// Keeps the raw nodes of image processors from who sits there. Below 73-seat-late.rules, and never read before somebody asks for it.
pub(crate) const HIDING: (&str, &str) =
    ("/etc/udev/rules.d/72-lenscap-raw-nodes.rules", include_str!("../../../data/72-lenscap-raw-nodes.rules"));
const UDEV_DIRECTORIES: [&str; 5] = [
    "/etc/udev/rules.d",
    "/run/udev/rules.d",
    "/usr/local/lib/udev/rules.d",
    "/usr/lib/udev/rules.d",
    "/lib/udev/rules.d",
];
/// WirePlumber's rule: its place below a directory of WirePlumber's, its text, and where that version looks.
const WIREPLUMBER_4: (&str, &str, &[&str]) = (
    "main.lua.d/51-lenscap.lua",
    include_str!("../../../data/wireplumber/51-lenscap.lua"),
    &["/etc/wireplumber", "/usr/share/wireplumber"],
);
const WIREPLUMBER_5: (&str, &str, &[&str]) = (
    "wireplumber.conf.d/51-lenscap.conf",
    include_str!("../../../data/wireplumber/51-lenscap.conf"),
    &["/etc/wireplumber", "/etc/xdg/wireplumber", "/usr/local/share/wireplumber", "/usr/share/wireplumber"],
);
/// Units of other relays, by system or user.
pub(crate) const RELAYS: [&str; 3] = ["v4l2-relayd.service", "v4l2-relayd@.service", "ipu6-camera-daemon.service"];

/// What is to be there, and what has it used.
#[derive(Debug, Default)]
struct Wanted {
    files: Vec<SetupStep>,
    /// Run after a change of `files`, or where [`Self::is_due`].
    commands: Vec<SetupStep>,
    is_due: bool,
}

/// What this verb would do below this root.
pub fn plan(verb: SetupVerb, root: &Path) -> SetupPlan {
    plan_of(verb, &Root::new(root))
}

pub(crate) fn plan_of(verb: SetupVerb, root: &Root) -> SetupPlan {
    let manifest = match Manifest::load(root) {
        Ok(manifest) => manifest,
        Err(error) => {
            let trouble = SetupTrouble::Record { path: manifest::PATH.into(), cause: error.into() };
            return SetupPlan { verb, steps: Vec::new(), trouble: Some(trouble) };
        }
    };
    let (wanted, trouble) = match verb {
        SetupVerb::Device => devices(root, Devices::First, false),
        SetupVerb::MergedOptions => devices(root, Devices::First, true),
        SetupVerb::FurtherDevices => devices(root, Devices::Further, false),
        SetupVerb::CameraRules => (camera_rules(root), None),
        SetupVerb::HideRawNodes => hide_raw_nodes(root),
        SetupVerb::StopV4l2Relayd => (stop(root, &RELAYS[..2]), None),
        SetupVerb::StopIpu6CameraDaemon => (stop(root, &RELAYS[2..]), None),
        SetupVerb::Undo => return SetupPlan { verb, steps: undo::steps(root, &manifest).steps, trouble: None },
    };
    let mut steps = Vec::new();
    let mut foreign = None;
    for step in wanted.files {
        match missing(root, &manifest, &step) {
            Ok(true) => steps.push(step),
            Ok(false) => {}
            Err(trouble) => foreign = foreign.or(Some(trouble)),
        }
    }
    if wanted.is_due || !steps.is_empty() || manifest.unfinished.contains(&verb) {
        steps.extend(wanted.commands);
    }
    SetupPlan { verb, steps, trouble: trouble.or(foreign) }
}

fn write(path: impl Into<String>, text: impl Into<String>) -> SetupStep {
    SetupStep::Write { path: path.into(), text: text.into() }
}

fn link(path: impl Into<String>, target: impl Into<String>) -> SetupStep {
    SetupStep::Link { path: path.into(), target: target.into() }
}

pub(crate) fn command(command: &[&str]) -> SetupStep {
    SetupStep::Run { command: command.iter().map(|&word| word.to_owned()).collect() }
}

/// Whether this is not there yet.
fn missing(root: &Root, manifest: &Manifest, step: &SetupStep) -> Result<bool, SetupTrouble> {
    let (path, kind, content) = match step {
        SetupStep::Write { path, text } => (path, Kind::File, text),
        SetupStep::Link { path, target } => (path, Kind::Link, target),
        SetupStep::Remove { .. } | SetupStep::Run { .. } => return Ok(true),
    };
    match there(root, path, kind) {
        There::Nothing => Ok(true),
        There::Content(there) if there == *content => Ok(false),
        There::Content(there) if kind == Kind::File && manifest.has(path, kind, &there) => Ok(true),
        There::Content(_) | There::Other => Err(SetupTrouble::ForeignFile { path: path.into() }),
    }
}

/// What is at a path.
pub(crate) enum There {
    Nothing,
    /// Of this kind, with this text or target.
    Content(String),
    /// Something else, or nothing that can be read.
    Other,
}

pub(crate) fn there(root: &Root, path: &str, kind: Kind) -> There {
    let path = root.at(path);
    let Ok(meta) = fs::symlink_metadata(&path) else { return There::Nothing };
    let content = match kind {
        Kind::File if meta.is_file() => lenscap_rootfs::read(&path),
        Kind::Link if meta.is_symlink() => {
            fs::read_link(&path).ok().and_then(|target| target.into_os_string().into_string().ok())
        }
        Kind::File | Kind::Link | Kind::Directory => None,
    };
    content.map_or(There::Other, There::Content)
}

/// Has these made, now and at each start of the computer.
pub(crate) fn start(devices: Devices) -> [&'static str; 3] {
    ["systemctl", "restart", devices.unit()]
}

/// The devices, and what keeps us from making them.
fn devices(root: &Root, devices: Devices, may_merge: bool) -> (Wanted, Option<SetupTrouble>) {
    let module = system::module(root);
    let others = Others::of(root);
    // Options are all that the module is loaded with: the first one is among them.
    let labels = match devices {
        Devices::First => devices.labels(),
        Devices::Further => Devices::ALL.map(Devices::labels).concat(),
    };
    let by_hand = |trouble| (by_hand(&others, &labels), Some(trouble));
    if system::is_container(root) {
        return by_hand(SetupTrouble::Container);
    } else if root.exists("/etc/NIXOS") {
        return (declared(&labels), Some(SetupTrouble::Declarative));
    } else if module == Module::Missing {
        return (Wanted::default(), Some(SetupTrouble::ModuleMissing));
    } else if module == Module::Options && devices == Devices::Further {
        return (Wanted::default(), Some(SetupTrouble::NoFurtherDevices));
    } else if !system::has_systemd(root) {
        return by_hand(SetupTrouble::NoSystemd);
    }
    let Some(unit) = system::unit(root, devices.unit()) else { return by_hand(SetupTrouble::NotInstalled) };
    let is_due = !system::missing(root, devices.labels()).is_empty();
    let mut wanted = Wanted { is_due, ..Wanted::default() };
    let mut trouble = None;
    if module == Module::Options && !others.have(&labels) {
        let files = || others.files.iter().map(Text::from).collect();
        match others.merged(&labels) {
            Ok(text) => wanted.files.push(write(options::PATH, text)),
            Err(CannotMerge) => trouble = Some(SetupTrouble::CannotMerge { files: files() }),
        }
        if !others.files.is_empty() && !may_merge {
            trouble = trouble.or_else(|| Some(SetupTrouble::OthersOptions { files: files() }));
        }
    }
    // systemctl of older versions leads it below /lib.
    let enabled = format!("{WANTS}/{}", devices.unit());
    if !matches!(there(root, &enabled, Kind::Link), There::Content(target) if target.ends_with(devices.unit())) {
        wanted.files.push(link(enabled, unit));
    }
    wanted.commands = vec![command(&["systemctl", "daemon-reload"]), command(&start(devices))];
    (wanted, trouble)
}

/// For who does it without systemd, or without our unit: the module's options, whatever its version.
fn by_hand(others: &Others, labels: &[String]) -> Wanted {
    let load = command(&["modprobe", "v4l2loopback"]);
    let mut wanted = Wanted { commands: vec![load], is_due: true, ..Wanted::default() };
    if !others.have(labels)
        && let Ok(text) = others.merged(labels)
    {
        wanted.files.push(write(options::PATH, text));
    }
    wanted.files.push(write("/etc/modules-load.d/lenscap.conf", "v4l2loopback\n"));
    wanted
}

/// For NixOS.
fn declared(labels: &[String]) -> Wanted {
    let rebuild = command(&["nixos-rebuild", "switch"]);
    let text = include_str!("lenscap.nix").replace("@options@", &options::alone(labels));
    Wanted { files: vec![write("/etc/nixos/lenscap.nix", text)], commands: vec![rebuild], is_due: false }
}

fn camera_rules(root: &Root) -> Wanted {
    let mut wanted = Wanted::default();
    let is_there = |directories: &[&str], name: &str| directories.iter().any(|it| root.exists(&format!("{it}/{name}")));
    if !is_there(&UDEV_DIRECTORIES, UDEV_NAME) || root.exists(&format!("/etc/udev/rules.d/{UDEV_NAME}")) {
        wanted.files.push(write(format!("/etc/udev/rules.d/{UDEV_NAME}"), UDEV_RULES));
        wanted.commands = udev_commands();
    }
    // 0.4 has a directory of Lua files; 0.5 one file, which says where it looks.
    let rule = if root.exists("/usr/share/wireplumber/main.lua.d/50-v4l2-config.lua") {
        Some(WIREPLUMBER_4)
    } else {
        root.exists("/usr/share/wireplumber/wireplumber.conf").then_some(WIREPLUMBER_5)
    };
    if let Some((name, text, directories)) = rule
        && (!is_there(directories, name) || root.exists(&format!("/etc/wireplumber/{name}")))
    {
        wanted.files.push(write(format!("/etc/wireplumber/{name}"), text));
    }
    wanted
}

/// Without the package's group nobody, we ourselves included, could use them any more: nor is it told as something to do by hand.
fn hide_raw_nodes(root: &Root) -> (Wanted, Option<SetupTrouble>) {
    if hidden::group(&root.at("/etc/group")).is_none() {
        return (Wanted::default(), Some(SetupTrouble::NotInstalled));
    }
    let (path, text) = HIDING;
    let commands = vec![
        command(&["udevadm", "control", "--reload"]),
        command(&["udevadm", "trigger", "--action=change", "--subsystem-match=video4linux"]),
    ];
    (Wanted { files: vec![write(path, text)], commands, is_due: false }, None)
}

/// udev reads its rules again, and asks them of the image processors that are there.
pub(crate) fn udev_commands() -> Vec<SetupStep> {
    vec![
        command(&["udevadm", "control", "--reload"]),
        command(&["udevadm", "trigger", "--action=change", "--sysname-match=ipu*-psys*"]),
    ]
}

/// Other relays' units: masked, where they are there, and stopped, where they run.
fn stop(root: &Root, units: &[&str]) -> Wanted {
    let mut wanted = Wanted::default();
    for unit in units {
        let masked = format!("/etc/systemd/system/{unit}");
        // Where the file is the administrator's own, the link cannot stand: that is said as a foreign file.
        if system::unit(root, unit).is_some() {
            wanted.files.push(link(masked, "/dev/null"));
        }
    }
    let running = undo::running(root, units);
    wanted.is_due = !running.is_empty();
    if !wanted.files.is_empty() {
        wanted.commands.push(command(&["systemctl", "daemon-reload"]));
    }
    wanted.commands.extend(running.iter().map(|unit| command(&["systemctl", "stop", unit])));
    wanted
}
