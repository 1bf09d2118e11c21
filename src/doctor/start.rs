//! Is Lenscap started with the session, and once?

use super::{Diagnosis, Finding, Patient, Verdict, found};

const CHECK: &str = "start";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let entries = &patient.entries;
    let diagnosis = if entries.unit_is_enabled() {
        entries.is_on().then_some(Diagnosis::StartedTwice)
    } else {
        let path = entries.missing_program().map(|program| program.display().to_string());
        path.map(|path| Diagnosis::StartMissesProgram { path })
    };
    diagnosis.iter().map(|diagnosis| found(CHECK, Verdict::Note, diagnosis)).collect()
}
