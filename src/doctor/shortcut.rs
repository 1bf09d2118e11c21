//! Is there the key that the settings ask for?

use super::{Diagnosis, Finding, Patient, Verdict, found};
use crate::core::shortcut::Shortcut;

const CHECK: &str = "shortcut";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let status = patient.relay.as_ref().ok().and_then(Option::as_ref);
    let shortcut: Option<Shortcut> = status.and_then(|status| status.shortcut.as_ref()?.trouble());
    let verdict = match shortcut {
        None | Some(Shortcut::Asked) => return Vec::new(),
        Some(Shortcut::Given { .. }) => Verdict::Fine,
        Some(Shortcut::Unassigned | Shortcut::NoPortal | Shortcut::Refused | Shortcut::Failed { .. }) => Verdict::Note,
    };
    shortcut.map(|shortcut| found(CHECK, verdict, &Diagnosis::Shortcut { shortcut })).into_iter().collect()
}
