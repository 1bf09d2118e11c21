//! Can the settings files be understood?

use std::path::Path;

use super::{Diagnosis, Finding, Patient, Verdict, found};

const CHECK: &str = "settings";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let fine = |diagnosis| found(CHECK, Verdict::Fine, &diagnosis);
    let shown = |path: &Path| path.display().to_string();
    let layered = match &patient.settings {
        Ok(layered) => layered,
        Err(error) => {
            return vec![found(CHECK, Verdict::Problem, &Diagnosis::SettingsBroken { sentence: error.to_string() })];
        }
    };
    let below: Vec<_> = patient.layers.system().filter(|path| path.exists()).collect();
    let own = patient.layers.user();
    let mut findings = vec![fine(match own.exists() {
        true => Diagnosis::SettingsUnderstood { path: shown(own) },
        false if below.is_empty() => Diagnosis::SettingsAbsent { path: shown(own) },
        false => Diagnosis::OwnSettingsAbsent { path: shown(own) },
    })];
    let ignored =
        |sentence: &String| found(CHECK, Verdict::Note, &Diagnosis::SettingsIgnored { sentence: sentence.clone() });
    match layered.ignored.as_slice() {
        [] => findings.extend(below.into_iter().map(|path| fine(Diagnosis::SettingsUnderstood { path: shown(path) }))),
        sentences => findings.extend(sentences.iter().map(ignored)),
    }
    findings
}
