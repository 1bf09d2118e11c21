//! Is Lenscap started once with the session?

use super::{Diagnosis, Finding, Patient, Verdict, found};

const CHECK: &str = "start";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let is_twice = patient.entries.is_on() && patient.entries.unit_is_enabled();
    is_twice.then(|| found(CHECK, Verdict::Note, &Diagnosis::StartedTwice)).into_iter().collect()
}
