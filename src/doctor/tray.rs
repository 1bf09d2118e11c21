//! Does anybody show the icon? All that its menu does is in the window and on the command line as well.

use super::desktop::WATCHER;
use super::{Finding, Patient, SessionDiagnosis, Verdict, found};

const CHECK: &str = "tray";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let desktop = patient.desktop();
    let Some(answers) = desktop.bus.answers() else { return Vec::new() };
    let has_watcher = answers.has(WATCHER);
    // Plasma starts its watcher by the bus's activation.
    if answers.can_have(WATCHER) && answers.has_tray != Some(false) {
        return Vec::new();
    }
    let diagnosis = SessionDiagnosis::TrayAbsent { desktop: desktop.kind, has_watcher };
    vec![found(CHECK, Verdict::Note, &diagnosis.into())]
}
