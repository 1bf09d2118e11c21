//! Can the settings file be understood?

use super::{Finding, Patient};
use crate::i18n::trf;

const CHECK: &str = "settings";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let path = patient.path.display();
    vec![match &patient.settings {
        // The sentence has its own next step.
        Err(error) => Finding::problem(CHECK, error.to_string(), None),
        Ok(_) if patient.path.exists() => {
            Finding::fine(CHECK, trf!("The settings in {path} are understood.", path = path))
        }
        Ok(_) => Finding::fine(CHECK, trf!("There is no {path}: the defaults hold.", path = path)),
    }]
}
