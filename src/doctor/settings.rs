//! Can the settings file be understood?

use super::{Diagnosis, Finding, Patient, Verdict, found};

const CHECK: &str = "settings";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let path = || patient.path.display().to_string();
    let (verdict, diagnosis) = match &patient.settings {
        Err(error) => (Verdict::Problem, Diagnosis::SettingsBroken { sentence: error.to_string() }),
        Ok(_) if patient.path.exists() => (Verdict::Fine, Diagnosis::SettingsUnderstood { path: path() }),
        Ok(_) => (Verdict::Fine, Diagnosis::SettingsAbsent { path: path() }),
    };
    vec![found(CHECK, verdict, &diagnosis)]
}
