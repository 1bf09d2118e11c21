//! What the doctor can find of our programs and of what they need from the session: settings, GStreamer, places to save to.

use lenscap_core::trouble::Trouble;
use lenscap_core::trouble::cameras::HelperTrouble;
use lenscap_text::{Cause, CauseKind};
use serde::Serialize;

use crate::cause::why;
use crate::remedy::Remedy;
use crate::source::package_of;
use crate::{cameras, listed, tr, trf};

/// As [`super::Diagnosis`], whose part it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences below say it
pub enum ProgramsDiagnosis {
    /// Those that are not the defaults, or that an option of the running relay's decides.
    SettingsSet { settings: Vec<SetSetting> },
    /// `path` or what is above it takes no new file.
    SavingFails { saved: Saved, path: String, cause: Cause },
    /// An element that a camera needs, or a part of what can be set, is not installed.
    ElementMissing { element: String },
    /// GStreamer failed to load the plugin that has it, and does not try that again.
    PluginBlacklisted { element: String, file: String },
    /// It does not say what it has.
    GstreamerSilent { failure: HelperTrouble },
    /// It has what the camera needs.
    GstreamerFine { version: String },
    /// Programs of ours that are not of our version.
    ProgramsDiffer { programs: Vec<InstalledProgram> },
    /// Programs of ours that are not there.
    ProgramsMissing { parts: Vec<String> },
    /// Programs of ours that give no answer.
    ProgramsSilent { parts: Vec<String>, failure: HelperTrouble },
    /// All those that are there are of this version.
    ProgramsFine { version: String },
}

/// What is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Saved {
    /// Of the user's.
    Settings,
    /// What was said once, and which camera had which number.
    State,
}

/// A program of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstalledProgram {
    /// As in "lenscap-worker".
    pub program: String,
    /// `None`: it does not say.
    pub version: Option<String>,
}

/// A setting, and what sets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetSetting {
    /// By section and key, as in "camera.source".
    pub setting: String,
    /// Its value, for people.
    pub value: String,
    /// A file, or an option of the running relay's.
    pub by: String,
}

pub(super) fn sentence(diagnosis: &ProgramsDiagnosis) -> String {
    match diagnosis {
        ProgramsDiagnosis::SettingsSet { .. } => tr("These settings are not the defaults."),
        ProgramsDiagnosis::SavingFails { saved: Saved::Settings, cause, .. } => {
            trf!("The settings cannot be saved{why}.", why = why(cause))
        }
        ProgramsDiagnosis::SavingFails { saved: Saved::State, cause, .. } => {
            trf!("What Lenscap remembers cannot be saved{why}.", why = why(cause))
        }
        ProgramsDiagnosis::ElementMissing { element } => {
            crate::trouble::sentence(&Trouble::ElementMissing { element: element.as_str().into() })
        }
        ProgramsDiagnosis::PluginBlacklisted { element, .. } => trf!(
            "GStreamer's element \"{element}\" is missing: its plugin failed when it was loaded, and is not tried again.",
            element = element
        ),
        ProgramsDiagnosis::GstreamerSilent { failure } => {
            trf!("GStreamer does not start in the camera process{why}.", why = cameras::helper(failure))
        }
        ProgramsDiagnosis::GstreamerFine { version } => {
            trf!("GStreamer {version} has what the camera needs.", version = version)
        }
        ProgramsDiagnosis::ProgramsDiffer { .. } => {
            tr("Parts of Lenscap are of different versions: an update was not completed.")
        }
        ProgramsDiagnosis::ProgramsMissing { parts } => {
            trf!("Parts of Lenscap are missing: {programs}.", programs = listed(parts))
        }
        ProgramsDiagnosis::ProgramsSilent { parts, failure } => trf!(
            "Parts of Lenscap do not say their version{why}: {programs}.",
            why = cameras::helper(failure),
            programs = listed(parts)
        ),
        ProgramsDiagnosis::ProgramsFine { version } => {
            trf!("All parts of Lenscap are of version {version}.", version = version)
        }
    }
}

pub(super) fn evidence(diagnosis: &ProgramsDiagnosis) -> Option<String> {
    Some(match diagnosis {
        ProgramsDiagnosis::SavingFails { path, .. } => path.clone(),
        ProgramsDiagnosis::PluginBlacklisted { file, .. } => file.clone(),
        ProgramsDiagnosis::ProgramsDiffer { programs } => {
            let shown = |it: &InstalledProgram| format!("{} {}", it.program, it.version.as_deref().unwrap_or("?"));
            programs.iter().map(shown).collect::<Vec<_>>().join(", ")
        }
        ProgramsDiagnosis::ElementMissing { .. }
        | ProgramsDiagnosis::GstreamerSilent { .. }
        | ProgramsDiagnosis::GstreamerFine { .. }
        | ProgramsDiagnosis::ProgramsMissing { .. }
        | ProgramsDiagnosis::ProgramsSilent { .. }
        | ProgramsDiagnosis::ProgramsFine { .. } => return None,
        ProgramsDiagnosis::SettingsSet { settings } => {
            let shown = |set: &SetSetting| format!("{} = {} ({})", set.setting, set.value, set.by);
            settings.iter().map(shown).collect::<Vec<_>>().join(", ")
        }
    })
}

pub(super) fn remedy(diagnosis: &ProgramsDiagnosis) -> Remedy {
    match diagnosis {
        ProgramsDiagnosis::SavingFails { path, cause, .. } => match cause.kind {
            CauseKind::NoSpace => Remedy::new(
                tr("Make room there: delete files, or have your quota raised."),
                [format!("df -h '{path}'")],
            ),
            CauseKind::ReadOnly => Remedy::new(
                tr("Where that is not meant, restart the computer: a file system with faults is made read-only."),
                [format!("findmnt --target '{path}'")],
            ),
            _ => Remedy::new(tr("Make it a directory of yours that you can write to."), [format!("ls -ld '{path}'")]),
        },
        // What to do stands in the sentence.
        ProgramsDiagnosis::ElementMissing { element } => Remedy::new(String::new(), package_of(element).commands),
        ProgramsDiagnosis::PluginBlacklisted { element, .. } => Remedy::new(
            tr(
                "Have GStreamer try it again. Where that changes nothing, the last command says what fails: install its package again.",
            ),
            [FORGET_PLUGINS.to_owned(), format!("gst-inspect-1.0 {element}")],
        ),
        ProgramsDiagnosis::GstreamerSilent { .. } => Remedy::new(
            tr("Have GStreamer look at its plugins anew, and see where it stops."),
            [FORGET_PLUGINS, "gst-inspect-1.0 v4l2src"],
        ),
        ProgramsDiagnosis::ProgramsDiffer { .. } | ProgramsDiagnosis::ProgramsMissing { .. } => {
            tr("Install Lenscap again, and start it anew.").into()
        }
        ProgramsDiagnosis::ProgramsSilent { .. } => tr("Diagnose again when the computer has less to do.").into(),
        ProgramsDiagnosis::SettingsSet { .. }
        | ProgramsDiagnosis::GstreamerFine { .. }
        | ProgramsDiagnosis::ProgramsFine { .. } => String::new().into(),
    }
}

/// Ours, and those of all other programs, which ours begins with; there is no other way to have a plugin tried again.
const FORGET_PLUGINS: &str = "rm -rf ~/.cache/lenscap ~/.cache/gstreamer-1.0";
