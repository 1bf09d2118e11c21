//! What `lenscap doctor` can find, and what it says of it.
//!
//! The type stands beside its sentences: a finding is only ever said, nothing is decided on it.

mod programs;
mod remedy;
mod session;
mod system;

use lenscap_api::{Code, DoctorReport, Verdict};
use lenscap_core::shortcut::Shortcut;
use lenscap_core::source::Way;
use serde::Serialize;

use crate::source::called;
use crate::{listed, tr, trf, trn};

pub use programs::{InstalledProgram, ProgramsDiagnosis, Saved, SetSetting};
pub use remedy::remedy;
pub use session::{Desktop, SessionDiagnosis};
pub use system::{Seat, SetOption, SystemDiagnosis, Unit};

/// One thing that a check of the doctor's found, with what its sentence names. Serialises as `{"code": "…", …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences below say it
pub enum Diagnosis {
    /// `sentence` says where in which file and what; it has its own next step.
    SettingsBroken { path: String, sentence: String },
    /// The file is there and good.
    SettingsUnderstood { path: String },
    /// There is no file.
    SettingsAbsent { path: String },
    /// The user has no file, the system has.
    OwnSettingsAbsent { path: String },
    /// Left out of a file of the system's; `sentence` says where and what, and has its own next step.
    SettingsIgnored { path: String, sentence: String },
    /// It runs and does not answer, or somebody else does; `sentence` has its own next step.
    RelaySilent {
        sentence: String,
        #[serde(skip)]
        commands: Vec<String>,
    },
    /// No relay of this user's.
    RelayAbsent,
    /// It runs and can do nothing; `reason` is its sentence, `trouble` what that says.
    RelayFailed { reason: String, trouble: Option<Code> },
    /// It runs and waits for the next program; `reason` is a sentence about the last one.
    LastStartFailed { reason: String, trouble: Option<Code> },
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
    /// Nothing loads the module at boot.
    ModuleNotAtBoot,
    /// The module has no device.
    NodeAbsent { is_installed: bool },
    /// `path` of the settings is something else, or nothing.
    NodeNotLoopback { path: String },
    /// The settings name no node, and none has this label.
    NodeLabelAbsent { label: String },
    /// No devices with these labels, of `count` that the settings ask for; `can_set_up`: `lenscap setup` makes them.
    FurtherNodesAbsent { labels: Vec<String>, count: u32, can_set_up: bool },
    /// Not for this user, but for the group of this name.
    NodeForbidden { node: String, group: String, seat: Seat },
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
    /// after these commands of root's.
    PipewireUnsure { commands: Vec<String> },
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
    CameraForbidden { camera: String, group: String, seat: Seat },
    /// There and usable.
    CameraFine { camera: String },
    /// A source that is no V4L2 device: nothing to look at.
    OtherSource { source: String },
    /// Another relay was set up, and our settings say nothing of it.
    OthersSettings { name: String, path: String },
    /// By an autostart entry whose program is gone.
    StartMissesProgram { path: String },
    /// A program of ours runs whose file was replaced.
    ProgramReplaced,
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
    /// What became of asking the desktop for a key; its sentence has its own next step.
    Shortcut { shortcut: Shortcut },
    /// Of our programs and what they need.
    #[serde(untagged)]
    Programs(ProgramsDiagnosis),
    /// Of the user's session.
    #[serde(untagged)]
    Session(SessionDiagnosis),
    /// Of the computer itself.
    #[serde(untagged)]
    System(SystemDiagnosis),
}

impl From<ProgramsDiagnosis> for Diagnosis {
    fn from(diagnosis: ProgramsDiagnosis) -> Self {
        Self::Programs(diagnosis)
    }
}

impl From<SessionDiagnosis> for Diagnosis {
    fn from(diagnosis: SessionDiagnosis) -> Self {
        Self::Session(diagnosis)
    }
}

impl From<SystemDiagnosis> for Diagnosis {
    fn from(diagnosis: SystemDiagnosis) -> Self {
        Self::System(diagnosis)
    }
}

/// What is so, a sentence; with "code" and data the row of the preferences and the line on a terminal.
pub fn sentence(diagnosis: &Diagnosis) -> String {
    match diagnosis {
        Diagnosis::SettingsBroken { path: _, sentence }
        | Diagnosis::SettingsIgnored { path: _, sentence }
        | Diagnosis::RelaySilent { sentence, .. } => sentence.clone(),
        Diagnosis::SettingsUnderstood { .. } => tr("The settings are understood."),
        Diagnosis::SettingsAbsent { .. } => tr("You have no settings of your own: the defaults hold."),
        Diagnosis::OwnSettingsAbsent { .. } => tr("You have no settings of your own: those of the system hold."),
        Diagnosis::RelayAbsent => tr("Lenscap is not running."),
        Diagnosis::RelayFailed { reason, .. } => trf!("Lenscap runs and cannot work: {reason}", reason = reason),
        Diagnosis::LastStartFailed { reason, .. } => {
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
            tr("The device was made without exclusive_caps=1: Chrome, Edge and Electron programs list no camera.")
        }
        Diagnosis::ModuleNotAtBoot => tr("The module is not loaded when the computer starts."),
        Diagnosis::NodeAbsent { .. } => tr("There is no camera device."),
        Diagnosis::NodeNotLoopback { .. } => tr("The device that the settings name is no v4l2loopback device."),
        Diagnosis::NodeLabelAbsent { label } => trf!(
            "No camera device has the label \"{label}\": one without a label is taken, or a new one.",
            label = label
        ),
        Diagnosis::FurtherNodesAbsent { labels, .. } => trn!(
            "{n} device that the settings ask for is missing: {devices}.",
            "{n} devices that the settings ask for are missing: {devices}.",
            labels.len() as u64,
            devices = listed(labels.iter().map(|label| format!("\"{label}\"")))
        ),
        Diagnosis::NodeForbidden { node, .. } => trf!("You may not use the camera device {device}.", device = node),
        Diagnosis::NodeLeftovers { node, controls } => trf!(
            "A program left {controls} on at {device}: applications may freeze or get the wrong picture.",
            controls = listed(controls),
            device = node
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
        Diagnosis::PipewireRuleOtherLabel { label, .. } => trf!(
            "Programs may list the camera twice: WirePlumber's rule is not for the device's label \"{label}\".",
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
        Diagnosis::PipewireHidden { .. } => tr(
            "Programs that see cameras only through PipeWire do not see Lenscap: output.pipewire is off, and a rule of \
             WirePlumber's leaves the device out.",
        ),
        Diagnosis::PipewireUnsure { .. } => tr(
            "Programs that see cameras only through PipeWire do not see Lenscap where WirePlumber was started before it.",
        ),
        Diagnosis::ChosenCameraAbsent { source } => {
            trf!("The chosen camera {camera} is not there.", camera = called(source))
        }
        Diagnosis::OnlyRawSensors => tr("The only camera is a MIPI camera, which V4L2 alone cannot read."),
        Diagnosis::CameraAbsent => tr("No camera was found."),
        Diagnosis::CameraForbidden { camera, .. } => {
            trf!("You may not use the camera {camera}.", camera = called(camera))
        }
        Diagnosis::CameraFine { camera } => trf!("There is the camera {camera}.", camera = called(camera)),
        Diagnosis::OtherSource { .. } => {
            tr("The chosen camera is read in another way: nothing can be seen of it from here.")
        }
        Diagnosis::OthersSettings { name, .. } => {
            trf!("{name} has settings that yours say nothing of.", name = name)
        }
        Diagnosis::StartMissesProgram { .. } => {
            tr("The session cannot start Lenscap: it is not where it was when that was switched on.")
        }
        Diagnosis::ProgramReplaced => tr("Lenscap was updated while it ran: the old version is still running."),
        Diagnosis::StartedTwice => {
            tr("The session starts Lenscap twice: by an autostart entry and by the systemd user unit.")
        }
        Diagnosis::SandboxOff => tr("The camera process may do whatever you may."),
        Diagnosis::SandboxOwnPipeline => tr("Your own pipeline is not confined: it may do whatever you may."),
        Diagnosis::SandboxFull => tr("The camera process is confined."),
        Diagnosis::SandboxPart => tr("The camera process is confined as far as this kernel can."),
        Diagnosis::SandboxWaits => tr("The camera process is confined when it starts."),
        Diagnosis::Shortcut { shortcut } => crate::shortcut::in_diagnosis(shortcut),
        Diagnosis::Programs(diagnosis) => programs::sentence(diagnosis),
        Diagnosis::Session(diagnosis) => session::sentence(diagnosis),
        Diagnosis::System(diagnosis) => system::sentence(diagnosis),
    }
}

/// What it was seen by: for who looks closer, as the system writes it.
pub fn evidence(diagnosis: &Diagnosis) -> Option<String> {
    Some(match diagnosis {
        Diagnosis::SettingsBroken { path, .. }
        | Diagnosis::SettingsIgnored { path, .. }
        | Diagnosis::SettingsUnderstood { path }
        | Diagnosis::SettingsAbsent { path }
        | Diagnosis::OwnSettingsAbsent { path }
        | Diagnosis::NodeNotLoopback { path }
        | Diagnosis::PipewireRuleOtherLabel { path, .. }
        | Diagnosis::PipewireHidden { path, .. }
        | Diagnosis::OthersSettings { path, .. }
        | Diagnosis::StartMissesProgram { path } => path.clone(),
        Diagnosis::RelayFailed { trouble, .. } | Diagnosis::LastStartFailed { trouble, .. } => {
            trouble.as_ref()?.to_string()
        }
        Diagnosis::ChosenCameraAbsent { source } | Diagnosis::OtherSource { source } => source.clone(),
        Diagnosis::Programs(diagnosis) => return programs::evidence(diagnosis),
        Diagnosis::Session(diagnosis) => return session::evidence(diagnosis),
        Diagnosis::System(diagnosis) => return system::evidence(diagnosis),
        _ => return None,
    })
}

/// What to do about something that follows from another finding.
pub fn follows() -> String {
    tr("This may follow from what stands above: mend that first.")
}

/// The whole report, some lines a finding: each command on one of its own.
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
        for line in finding.evidence.iter().chain(&finding.remedy) {
            text += &format!("{:<8} {line}\n", "");
        }
        text += &commands(&finding.commands, 12);
    }
    text
}

/// Each on a line of its own, so far from the left.
pub fn commands(commands: &[String], indent: usize) -> String {
    commands.iter().map(|command| format!("{:indent$} {command}\n", "")).collect()
}
