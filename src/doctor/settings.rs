//! Can the settings files be understood, and which of them sets what?

use std::path::Path;

use super::{Diagnosis, Finding, Patient, ProgramsDiagnosis, Verdict, found};
use crate::config::table::{self, Setting};
use crate::config::{Error, Layered};
use crate::i18n::doctor::SetSetting;
use crate::text;

const CHECK: &str = "settings";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let fine = |diagnosis| found(CHECK, Verdict::Fine, &diagnosis);
    let shown = |path: &Path| path.display().to_string();
    let layered = match &patient.settings {
        Ok(layered) => layered,
        Err(error) => {
            let (path, sentence) = (shown(error.path()), error.to_string());
            return vec![found(CHECK, Verdict::Problem, &Diagnosis::SettingsBroken { path, sentence })];
        }
    };
    let below: Vec<_> = patient.layers.system().filter(|path| path.exists()).collect();
    let own = patient.layers.user();
    let mut findings = vec![fine(match own.exists() {
        true => Diagnosis::SettingsUnderstood { path: shown(own) },
        false if below.is_empty() => Diagnosis::SettingsAbsent { path: shown(own) },
        false => Diagnosis::OwnSettingsAbsent { path: shown(own) },
    })];
    let ignored = |error: &Error| {
        let (path, sentence) = (shown(error.path()), error.to_string());
        found(CHECK, Verdict::Note, &Diagnosis::SettingsIgnored { path, sentence })
    };
    match layered.ignored.as_slice() {
        [] => findings.extend(below.into_iter().map(|path| fine(Diagnosis::SettingsUnderstood { path: shown(path) }))),
        errors => findings.extend(errors.iter().map(ignored)),
    }
    findings.extend(set(patient, layered));
    findings
}

/// Those that are not the defaults, each with the file that says so; and those that an option of the running relay's decides.
fn set(patient: &Patient, layered: &Layered) -> Option<Finding> {
    let options = patient.relay.as_ref().ok().and_then(Option::as_ref).map(|status| &status.options);
    let of = |setting: &'static Setting| {
        let option = options.and_then(|options| options.get(&setting.to_string()));
        let (value, by) = match (option, &setting.option) {
            (Some(value), Some(option)) => (value.clone(), format!("--{}", option.long)),
            _ => {
                let value = setting.value(&layered.settings).ok().filter(|value| *value != setting.default())?;
                let (_, path) = layered.origins.iter().find(|(other, _)| *other == setting)?;
                (value.to_string(), text::path(path))
            }
        };
        Some(SetSetting { setting: setting.to_string(), value: text::clean(value, text::PATH), by })
    };
    let settings: Vec<_> = table::all().filter_map(of).collect();
    (!settings.is_empty()).then(|| found(CHECK, Verdict::Fine, &ProgramsDiagnosis::SettingsSet { settings }.into()))
}
