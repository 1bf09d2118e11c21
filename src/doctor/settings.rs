//! Can the settings files be understood?

use std::path::Path;

use super::{Diagnosis, Finding, Patient, Verdict, found};
use crate::config::Error;

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
    findings
}
