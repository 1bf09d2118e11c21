//! Was another relay set up before, with settings that could be taken over?

use super::{Diagnosis, Finding, Patient, Verdict, found};
use crate::config::import;

const CHECK: &str = "import";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    import::find(patient.root.path(), &patient.entries.config_home)
        .into_iter()
        // A broken file of the user's is said by its own check.
        .filter(|import| import::unsaid(&patient.layers, import).is_ok_and(|unsaid| !unsaid.is_empty()))
        .map(|import| {
            let (name, path) = (import.relay.as_str().to_owned(), import.path.display().to_string());
            found(CHECK, Verdict::Note, &Diagnosis::OthersSettings { name, path })
        })
        .collect()
}
