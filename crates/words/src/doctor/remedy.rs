//! What to do about a finding of the doctor's.

use lenscap_api::Code;
use lenscap_core::trouble::Trouble;
use lenscap_core::trouble::output::OutputTrouble;

use super::{Diagnosis, programs, session, system};
use crate::remedy::{self, Remedy};
use crate::{tr, trf};

/// What to do about it, in sentences; empty where nothing is to be done, or [`sentence`] says it.
pub fn remedy(diagnosis: &Diagnosis) -> Remedy {
    match diagnosis {
        Diagnosis::SettingsBroken { .. }
        | Diagnosis::SettingsUnderstood { .. }
        | Diagnosis::SettingsAbsent { .. }
        | Diagnosis::OwnSettingsAbsent { .. }
        | Diagnosis::SettingsIgnored { .. }
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
        | Diagnosis::SandboxWaits
        | Diagnosis::Shortcut { .. } => String::new().into(),
        Diagnosis::RelaySilent { sentence: _, commands } => Remedy::new(String::new(), commands),
        Diagnosis::RelayFailed { reason: _, trouble } => Remedy::new(String::new(), commands_of(trouble.as_ref())),
        Diagnosis::RelayAbsent => {
            Remedy::new(tr("Start it; the preferences can start it with the session."), [crate::ask::LENSCAP])
        }
        Diagnosis::LastStartFailed { reason: _, trouble } => Remedy::new(
            tr("Let an application use the camera again, or try it with the preview in the preferences."),
            commands_of(trouble.as_ref()),
        ),
        Diagnosis::ModuleAbsent { is_installed } | Diagnosis::NodeAbsent { is_installed } => {
            remedy::get_a_node(*is_installed).into_sentence()
        }
        Diagnosis::ModuleOld { .. } => tr("Update the module: a newer one also tells by itself who streams.").into(),
        Diagnosis::NoExclusiveCaps => Remedy::new(
            tr("Close Lenscap, and load the module anew."),
            [remedy::unload_module(), remedy::load_module(remedy::OPTIONS)],
        ),
        Diagnosis::ModuleNotAtBoot => system::make_at_boot(),
        Diagnosis::NodeNotLoopback { .. } => tr("Choose another device in the preferences.").into(),
        Diagnosis::NodeLabelAbsent { .. } => {
            tr("Load the module with card_label=Lenscap, or choose a device in the preferences.").into()
        }
        Diagnosis::FurtherNodesAbsent { labels, count, can_set_up } => {
            let label = labels.first().map_or("", String::as_str);
            remedy::get_further_nodes(label, *count, *can_set_up).into_sentence()
        }
        Diagnosis::NodeForbidden { group, seat, .. } | Diagnosis::CameraForbidden { group, seat, .. } => {
            system::permit(group, *seat)
        }
        Diagnosis::NodeLeftovers { .. } => tr("Start Lenscap: it switches that off when it takes the device.").into(),
        Diagnosis::WireplumberSilent => Remedy::new(tr("See what it says of itself."), ["wireplumber --version"]),
        Diagnosis::PipewireRuleAbsent { file, .. } => Remedy::new(
            tr("Put the rule that comes with Lenscap in its place, and log in again."),
            [copy(&shared(file), &format!("/etc/wireplumber/{file}"), "sudo ")],
        ),
        Diagnosis::PipewireRuleOtherLabel { path, file, label, ruled } => Remedy::new(
            trf!(
                "Make a copy of the rule, write \"{label}\" in it for \"{ruled}\", and log in again.",
                label = label,
                ruled = ruled
            ),
            [copy(path, &format!("~/.config/wireplumber/{file}"), "")],
        ),
        Diagnosis::PipewireHidden { path, is_own: true, .. } => {
            into_pipewire([format!("mv {path} {path}.off"), RESTART_WIREPLUMBER.to_owned()])
        }
        Diagnosis::PipewireHidden { file, .. } => into_pipewire([
            copy("/dev/null", &format!("~/.config/wireplumber/{file}"), ""),
            RESTART_WIREPLUMBER.to_owned(),
        ]),
        Diagnosis::PipewireUnsure { commands } => into_pipewire(commands.clone()),
        Diagnosis::PipewireTwice { .. } => Remedy::new(
            tr("Log in again, or start WirePlumber anew: it reads its rules when it starts."),
            [RESTART_WIREPLUMBER],
        ),
        Diagnosis::PipewireSilent => {
            Remedy::new(tr("See what its services say."), ["systemctl --user status pipewire wireplumber"])
        }
        Diagnosis::PipewireCameraAbsent => {
            tr("See what Lenscap's log says of PipeWire, and start Lenscap again.").into()
        }
        Diagnosis::PipewireSeveral { .. } => tr("Quit the other Lenscap that runs in this session.").into(),
        Diagnosis::ChosenCameraAbsent { .. } => tr("Plug it in, or choose another one in the preferences.").into(),
        Diagnosis::OnlyRawSensors => tr(
            "Install icamerasrc or libcamera's GStreamer plugin where it is missing; the preferences say which is there.",
        )
        .into(),
        Diagnosis::CameraAbsent => {
            tr("Plug one in, open its cover, press its privacy key, or install its driver.").into()
        }
        Diagnosis::OthersSettings { .. } => {
            Remedy::new(tr("See whether you want them: this shows them, and how to take them over."), ["lenscap import"])
        }
        Diagnosis::StartMissesProgram { .. } => tr("Start Lenscap once: from then on the session finds it.").into(),
        Diagnosis::ProgramReplaced => tr("Quit it, and start it again.").into(),
        Diagnosis::StartedTwice => Remedy::new(
            tr("Switch the user unit off with this; the switch in the preferences then decides alone."),
            ["systemctl --user disable lenscap"],
        ),
        Diagnosis::SandboxOff => {
            tr("Set \"sandbox = true\" in the settings, unless the camera works no other way.").into()
        }
        Diagnosis::Programs(diagnosis) => programs::remedy(diagnosis),
        Diagnosis::Session(diagnosis) => session::remedy(diagnosis),
        Diagnosis::System(diagnosis) => system::remedy(diagnosis),
        Diagnosis::SandboxOwnPipeline => tr("Choose a camera in the preferences, where one of them will do.").into(),
    }
}

const RESTART_WIREPLUMBER: &str = "systemctl --user restart wireplumber";

/// What the relay's own trouble asks for.
fn commands_of(trouble: Option<&Code>) -> Vec<String> {
    let Some(code) = trouble else { return Vec::new() };
    match (code.trouble::<Trouble>(), code.trouble::<OutputTrouble>()) {
        (Some(trouble), _) => crate::trouble::commands(&trouble),
        (None, Some(trouble)) => crate::output::commands(&trouble),
        (None, None) => Vec::new(),
    }
}

/// There is no camera of ours in PipeWire; these have WirePlumber list the device.
fn into_pipewire(commands: impl IntoIterator<Item = String>) -> Remedy {
    Remedy::new(
        tr(
            "Set output.pipewire to \"on\" in the settings: PipeWire then has a camera of Lenscap's own. Or have the device \
            listed while Lenscap runs, though reading it through PipeWire may fail or end PipeWire.",
        ),
        commands,
    )
}

/// A file that comes with Lenscap; where a build tree runs, as if it were installed.
fn shared(file: &str) -> String {
    let share = lenscap_sys::install::share().unwrap_or_else(|| "/usr/share".into());
    share.join("wireplumber").join(file).display().to_string()
}

/// With the directories that it goes to.
fn copy(from: &str, to: &str, as_root: &str) -> String {
    format!("{as_root}install -D -m 644 {from} {to}")
}
