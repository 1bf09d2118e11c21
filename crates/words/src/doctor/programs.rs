//! What the doctor can find of our programs and of what they need from the session: settings, GStreamer, places to save to.

use serde::Serialize;

use crate::remedy::Remedy;
use crate::tr;

/// As [`super::Diagnosis`], whose part it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences below say it
pub enum ProgramsDiagnosis {
    /// Those that are not the defaults, or that an option of the running relay's decides.
    SettingsSet { settings: Vec<SetSetting> },
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
    }
}

pub(super) fn evidence(diagnosis: &ProgramsDiagnosis) -> Option<String> {
    Some(match diagnosis {
        ProgramsDiagnosis::SettingsSet { settings } => {
            let shown = |set: &SetSetting| format!("{} = {} ({})", set.setting, set.value, set.by);
            settings.iter().map(shown).collect::<Vec<_>>().join(", ")
        }
    })
}

pub(super) fn remedy(diagnosis: &ProgramsDiagnosis) -> Remedy {
    match diagnosis {
        ProgramsDiagnosis::SettingsSet { .. } => String::new().into(),
    }
}
