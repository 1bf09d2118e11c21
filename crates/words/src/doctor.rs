//! What `lenscap doctor` can find, and what it says of it.
//!
//! The type stands beside its sentences: a finding is only ever said, nothing is decided on it.

use lenscap_api::{DoctorReport, Verdict};
use lenscap_core::source::Way;
use serde::Serialize;

use crate::output::how_to_get_a_node;
use crate::{tr, trf};

/// One thing that a check of the doctor's found, with what its sentence names. Serialises as `{"code": "…", …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences below say it
pub enum Diagnosis {
    /// `sentence` says where in which file and what; it has its own next step.
    SettingsBroken { sentence: String },
    /// The file is there and good.
    SettingsUnderstood { path: String },
    /// There is no file.
    SettingsAbsent { path: String },
    /// The user has no file, the system has.
    OwnSettingsAbsent { path: String },
    /// Left out of a file of the system's; `sentence` says where and what, and has its own next step.
    SettingsIgnored { sentence: String },
    /// It runs and does not answer, or somebody else does; `sentence` has its own next step.
    RelaySilent { sentence: String },
    /// No relay of this user's.
    RelayAbsent,
    /// It runs and can do nothing; `reason` is its sentence.
    RelayFailed { reason: String },
    /// It runs and waits for the next program; `reason` is a sentence about the last one.
    LastStartFailed { reason: String },
    /// It runs, the camera is on.
    RelayLive,
    /// It runs, the camera is off.
    RelayIdle,
    /// Not loaded; `is_installed`: there is one for this kernel.
    ModuleAbsent { is_installed: bool },
    /// Loaded; modules before 0.8 do not say their version.
    ModuleLoaded,
    /// Older than any that was tested.
    ModuleOld { version: String },
    /// Loaded, with a version that was tested or is newer.
    ModuleFine { version: String },
    /// Chrome and what is built from it list no camera (v4l2loopback issues 78 and 274).
    NoExclusiveCaps,
    /// How the camera that is on is read, where that is worth a word.
    RelayWay { way: Way },
    /// More than one file of modprobe's has a line "options v4l2loopback".
    OptionsInManyFiles { files: Vec<String> },
    /// Nothing loads the module at boot.
    ModuleNotAtBoot,
    /// The module has no device.
    NodeAbsent { is_installed: bool },
    /// `path` of the settings is something else, or nothing.
    NodeNotLoopback { path: String },
    /// The settings name no node, and none has this label.
    NodeLabelAbsent { label: String },
    /// Not for this user, but for the group of this name.
    NodeForbidden { node: String, group: String },
    /// `controls` of the module that a program switched on and left so.
    NodeLeftovers { node: String, controls: Vec<String> },
    /// There and usable.
    NodeFine { node: String },
    /// WirePlumber is installed and does not say its version.
    WireplumberSilent,
    /// Our own camera is in PipeWire, the device is left out.
    PipewireFine,
    /// Our own camera is in PipeWire, and WirePlumber may list the device with `label` beside it; `file` would prevent it.
    PipewireRuleAbsent { label: String, file: String },
    /// As before; our rule at `path` is there, and has the label `ruled` in its place.
    PipewireRuleOtherLabel { path: String, label: String, ruled: String, file: String },
    /// No camera of ours in PipeWire, and the device is left out by the rule at `path`, a file of the user's own or one that
    /// an empty `file` of the user's would hide.
    PipewireHidden { path: String, file: String, is_own: bool },
    /// No camera of ours in PipeWire but the device, which WirePlumber lists by chance (facts: pipewire, sections 7 and 8), or
    /// after this command of root's.
    PipewireUnsure { command: String },
    /// The rule is there, and WirePlumber lists the device all the same: it has not read the rule since.
    PipewireTwice { camera: String },
    /// The relay runs; the server does not say which cameras it has.
    PipewireSilent,
    /// The relay runs, and the server does not have our camera.
    PipewireCameraAbsent,
    /// The server has several cameras of our name.
    PipewireSeveral { count: usize },
    /// The server has our camera, and programs that do not choose take it.
    PipewireDefault,
    /// The server has our camera; programs that do not choose take another one.
    PipewireNotDefault { camera: String },
    /// The camera that the settings name.
    ChosenCameraAbsent { source: String },
    /// Only raw sensors.
    OnlyRawSensors,
    /// No camera at all.
    CameraAbsent,
    /// Not for this user, but for the group of this name.
    CameraForbidden { camera: String, group: String },
    /// There and usable.
    CameraFine { camera: String },
    /// A source that is no V4L2 device: nothing to look at.
    OtherSource { source: String },
    /// Another relay, a process.
    Rival { name: String, pid: u32 },
    /// By an autostart entry and by systemd's user unit.
    StartedTwice,
    /// The setting is off.
    SandboxOff,
    /// The source is the user's own pipeline.
    SandboxOwnPipeline,
    /// Everything holds.
    SandboxFull,
    /// An older kernel holds a part.
    SandboxPart,
    /// The camera process does not run.
    SandboxWaits,
}

/// What is so, a sentence; with "code" and data the row of the preferences and the line on a terminal.
pub fn sentence(diagnosis: &Diagnosis) -> String {
    match diagnosis {
        Diagnosis::SettingsBroken { sentence }
        | Diagnosis::SettingsIgnored { sentence }
        | Diagnosis::RelaySilent { sentence } => sentence.clone(),
        Diagnosis::SettingsUnderstood { path } => trf!("The settings in {path} are understood.", path = path),
        Diagnosis::SettingsAbsent { path } => trf!("There is no {path}: the defaults hold.", path = path),
        Diagnosis::OwnSettingsAbsent { path } => {
            trf!("There is no {path}: the settings of the system hold.", path = path)
        }
        Diagnosis::RelayAbsent => tr("Lenscap is not running."),
        Diagnosis::RelayFailed { reason } => trf!("Lenscap runs and cannot work: {reason}", reason = reason),
        Diagnosis::LastStartFailed { reason } => {
            trf!("Lenscap runs; the last start of the camera failed: {reason}", reason = reason)
        }
        Diagnosis::RelayLive => tr("Lenscap runs; the camera is on."),
        Diagnosis::RelayIdle => tr("Lenscap runs; the camera is off."),
        Diagnosis::RelayWay { way } => crate::source::way(*way),
        Diagnosis::ModuleAbsent { .. } => tr("The kernel module v4l2loopback is not loaded."),
        Diagnosis::ModuleLoaded => tr("The kernel module v4l2loopback is loaded."),
        Diagnosis::ModuleOld { version } => {
            trf!("v4l2loopback {version} is loaded; Lenscap is tested from 0.12.7 on.", version = version)
        }
        Diagnosis::ModuleFine { version } => trf!("v4l2loopback {version} is loaded.", version = version),
        Diagnosis::NoExclusiveCaps => {
            tr("The module is loaded without exclusive_caps=1: Chrome, Edge and Electron programs list no camera.")
        }
        Diagnosis::OptionsInManyFiles { files } => {
            trf!("Several files set options of v4l2loopback: {files}.", files = files.join(", "))
        }
        Diagnosis::ModuleNotAtBoot => tr("The module is not loaded when the computer starts."),
        Diagnosis::NodeAbsent { .. } => tr("There is no v4l2loopback device."),
        Diagnosis::NodeNotLoopback { path } => {
            trf!("{path}, which the settings name, is no v4l2loopback device.", path = path)
        }
        Diagnosis::NodeLabelAbsent { label } => trf!(
            "No v4l2loopback device has the label \"{label}\": one without a label is taken, or a new one.",
            label = label
        ),
        Diagnosis::NodeForbidden { node, .. } => trf!("{node} may not be used.", node = node),
        Diagnosis::NodeLeftovers { node, controls } => trf!(
            "A program left {controls} on at {node}: applications may freeze or get the wrong picture.",
            controls = controls.join(", "),
            node = node
        ),
        Diagnosis::NodeFine { node } => trf!("The device for applications is {node}.", node = node),
        Diagnosis::WireplumberSilent => {
            tr("WirePlumber does not say its version: whether programs list the camera twice in PipeWire is not known.")
        }
        Diagnosis::PipewireFine => tr("PipeWire has the camera once: WirePlumber leaves the V4L2 device out."),
        Diagnosis::PipewireRuleAbsent { label, .. } => trf!(
            "Programs may list the camera twice: no rule lets WirePlumber leave the device \"{label}\" out.",
            label = label
        ),
        Diagnosis::PipewireRuleOtherLabel { path, label, .. } => trf!(
            "Programs may list the camera twice: the rule in {path} is not for the device's label \"{label}\".",
            path = path,
            label = label
        ),
        Diagnosis::PipewireTwice { camera } => {
            trf!(
                "Programs may list the camera twice: PipeWire has the V4L2 device as well, as \"{camera}\".",
                camera = camera
            )
        }
        Diagnosis::PipewireSilent => tr("PipeWire does not say which cameras it has."),
        Diagnosis::PipewireCameraAbsent => {
            tr("Programs that see cameras only through PipeWire do not see Lenscap: PipeWire does not have its camera.")
        }
        Diagnosis::PipewireSeveral { count } => {
            trf!("PipeWire has {count} cameras that are called Lenscap.", count = count)
        }
        Diagnosis::PipewireDefault => tr("Lenscap is PipeWire's default camera."),
        Diagnosis::PipewireNotDefault { camera } => {
            trf!("PipeWire has Lenscap's camera; the default one is \"{camera}\".", camera = camera)
        }
        Diagnosis::PipewireHidden { path, .. } => trf!(
            "Programs that see cameras only through PipeWire do not see Lenscap: output.pipewire is off, and the rule in {path} leaves the device out.",
            path = path
        ),
        Diagnosis::PipewireUnsure { .. } => tr(
            "Programs that see cameras only through PipeWire do not see Lenscap where WirePlumber was started before it.",
        ),
        Diagnosis::ChosenCameraAbsent { source } => trf!("The chosen camera {source} is not there.", source = source),
        Diagnosis::OnlyRawSensors => tr("The only camera is a MIPI camera, which V4L2 alone cannot read."),
        Diagnosis::CameraAbsent => tr("No camera was found."),
        Diagnosis::CameraForbidden { camera, .. } => trf!("The camera {camera} may not be used.", camera = camera),
        Diagnosis::CameraFine { camera } => trf!("There is the camera {camera}.", camera = camera),
        Diagnosis::OtherSource { source } => trf!("The source is {source}.", source = source),
        Diagnosis::Rival { name, pid } => {
            trf!("{name} (process {pid}) wants the same camera.", name = name, pid = pid)
        }
        Diagnosis::StartedTwice => {
            tr("The session starts Lenscap twice: by an autostart entry and by the systemd user unit.")
        }
        Diagnosis::SandboxOff => tr("The camera process may do whatever you may."),
        Diagnosis::SandboxOwnPipeline => tr("Your own pipeline is not confined: it may do whatever you may."),
        Diagnosis::SandboxFull => tr("The camera process is confined."),
        Diagnosis::SandboxPart => tr("The camera process is confined as far as this kernel can."),
        Diagnosis::SandboxWaits => tr("The camera process is confined when it starts."),
    }
}

/// What to do about it, a sentence; `None` where nothing is to be done, or [`sentence`] says it.
pub fn remedy(diagnosis: &Diagnosis) -> Option<String> {
    Some(match diagnosis {
        Diagnosis::SettingsBroken { .. }
        | Diagnosis::SettingsUnderstood { .. }
        | Diagnosis::SettingsAbsent { .. }
        | Diagnosis::OwnSettingsAbsent { .. }
        | Diagnosis::SettingsIgnored { .. }
        | Diagnosis::RelaySilent { .. }
        | Diagnosis::RelayFailed { .. }
        | Diagnosis::RelayLive
        | Diagnosis::RelayIdle
        | Diagnosis::RelayWay { .. }
        | Diagnosis::ModuleLoaded
        | Diagnosis::ModuleFine { .. }
        | Diagnosis::NodeFine { .. }
        | Diagnosis::PipewireFine
        | Diagnosis::PipewireDefault
        | Diagnosis::PipewireNotDefault { .. }
        | Diagnosis::CameraFine { .. }
        | Diagnosis::OtherSource { .. }
        | Diagnosis::SandboxFull
        | Diagnosis::SandboxPart
        | Diagnosis::SandboxWaits => return None,
        Diagnosis::RelayAbsent => tr("Start it with \"lenscap\"; the preferences can start it with the session."),
        Diagnosis::LastStartFailed { .. } => {
            tr("Let an application use the camera again, or try it with the preview in the preferences.")
        }
        Diagnosis::ModuleAbsent { is_installed } | Diagnosis::NodeAbsent { is_installed } => {
            capitalised(&how_to_get_a_node(*is_installed))
        }
        Diagnosis::ModuleOld { .. } => tr("Update the module: a newer one also tells by itself who streams."),
        Diagnosis::NoExclusiveCaps => tr(
            "Close Lenscap, then \"sudo modprobe -r v4l2loopback\" and \"sudo modprobe v4l2loopback exclusive_caps=1 max_buffers=8 card_label=Lenscap\".",
        ),
        Diagnosis::OptionsInManyFiles { .. } => tr("Keep one of them: of contradicting options the last one wins."),
        Diagnosis::ModuleNotAtBoot => tr(
            "Let it: \"echo v4l2loopback | sudo tee /etc/modules-load.d/v4l2loopback.conf\", and its options: \"echo options v4l2loopback exclusive_caps=1 max_buffers=8 card_label=Lenscap | sudo tee /etc/modprobe.d/v4l2loopback.conf\".",
        ),
        Diagnosis::NodeNotLoopback { .. } => tr("Choose another device in the preferences."),
        Diagnosis::NodeLabelAbsent { .. } => {
            tr("Load the module with card_label=Lenscap, or choose a device in the preferences.")
        }
        Diagnosis::NodeForbidden { group, .. } | Diagnosis::CameraForbidden { group, .. } => {
            trf!("Add yourself to its group with \"sudo usermod -aG {group} $USER\" and log in again.", group = group)
        }
        Diagnosis::NodeLeftovers { .. } => tr("Start Lenscap: it switches that off when it takes the device."),
        Diagnosis::WireplumberSilent => tr("See what \"wireplumber --version\" says."),
        Diagnosis::PipewireRuleAbsent { file, .. } => trf!(
            "Copy {file} from share/wireplumber, where Lenscap is installed, to /etc/wireplumber/{file}, and log in again.",
            file = file
        ),
        Diagnosis::PipewireRuleOtherLabel { path, file, label, ruled } => trf!(
            "Copy {path} to ~/.config/wireplumber/{file}, write \"{label}\" in it for \"{ruled}\", and log in again.",
            path = path,
            file = file,
            label = label,
            ruled = ruled
        ),
        Diagnosis::PipewireHidden { path, is_own: true, .. } => trf!(
            "Set output.pipewire to \"on\" in the settings: PipeWire then has a camera of Lenscap's own. Or remove {path}, and run \"systemctl --user restart wireplumber\" while Lenscap runs: the device is listed, but reading it through PipeWire may fail or end PipeWire.",
            path = path
        ),
        Diagnosis::PipewireHidden { file, .. } => trf!(
            "Set output.pipewire to \"on\" in the settings: PipeWire then has a camera of Lenscap's own. Or make an empty file ~/.config/wireplumber/{file}, and run \"systemctl --user restart wireplumber\" while Lenscap runs: the device is listed, but reading it through PipeWire may fail or end PipeWire.",
            file = file
        ),
        Diagnosis::PipewireUnsure { command } => trf!(
            "Set output.pipewire to \"on\" in the settings: PipeWire then has a camera of Lenscap's own. Or run \"{command}\" while Lenscap runs: the device is listed, but reading it through PipeWire may fail or end PipeWire.",
            command = command
        ),
        Diagnosis::PipewireTwice { .. } => {
            tr("Log in again, or run \"systemctl --user restart wireplumber\": it reads its rules when it starts.")
        }
        Diagnosis::PipewireSilent => tr("See what \"systemctl --user status pipewire wireplumber\" says."),
        Diagnosis::PipewireCameraAbsent => tr("See what Lenscap's log says of PipeWire, and start Lenscap again."),
        Diagnosis::PipewireSeveral { .. } => tr("Quit the other Lenscap that runs in this session."),
        Diagnosis::ChosenCameraAbsent { .. } => tr("Plug it in, or choose another one in the preferences."),
        Diagnosis::OnlyRawSensors => tr(
            "Install icamerasrc or libcamera's GStreamer plugin where it is missing; the preferences say which is there.",
        ),
        Diagnosis::CameraAbsent => tr("Plug one in, open its cover, press its privacy key, or install its driver."),
        Diagnosis::Rival { name, .. } => trf!(
            "Stop it: \"systemctl --user disable --now {name}\" or \"sudo systemctl disable --now {name}\".",
            name = name
        ),
        Diagnosis::StartedTwice => {
            tr("Switch one off: \"systemctl --user disable lenscap\", or the switch in the preferences.")
        }
        Diagnosis::SandboxOff => tr("Set \"sandbox = true\" in the settings, unless the camera works no other way."),
        Diagnosis::SandboxOwnPipeline => tr("Choose a camera as the source, where one of them will do."),
    })
}

/// The whole report, a line or two a finding.
pub fn report(report: &DoctorReport) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let mark = match finding.verdict {
            // TRANSLATORS: these marks stand in front of a line of "lenscap doctor", in a column of at least 8
            Verdict::Fine => tr("ok"),
            Verdict::Note => tr("note"),
            Verdict::Problem => tr("problem"),
        };
        text += &format!("{mark:<8} {}\n", finding.text);
        if let Some(remedy) = &finding.remedy {
            text += &format!("{:<8} {remedy}\n", "");
        }
    }
    text
}

/// A clause that stands behind a colon elsewhere, as a sentence.
fn capitalised(clause: &str) -> String {
    let mut letters = clause.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
