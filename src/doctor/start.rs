//! Is Lenscap started once with the session?

use super::{Finding, Patient};
use crate::i18n::tr;

const CHECK: &str = "start";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    if patient.entries.is_on() && patient.entries.unit_is_enabled() {
        return vec![Finding::note(
            CHECK,
            tr("The session starts Lenscap twice: by an autostart entry and by the systemd user unit."),
            tr("Switch one off: \"systemctl --user disable lenscap\", or the switch in the preferences."),
        )];
    }
    Vec::new()
}
