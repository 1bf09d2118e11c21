//! Is Lenscap started once with the session?

use std::fs;

use super::{Finding, Patient};
use crate::i18n::tr;

const CHECK: &str = "start";
const UNIT: &str = "lenscap.service";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let home = &patient.config_home;
    let entry = home.join("autostart").join(format!("{}.desktop", crate::APP_ID));
    let has_entry = fs::read_to_string(entry).is_ok_and(|text| !text.contains("Hidden=true"));
    let targets = fs::read_dir(home.join("systemd/user")).into_iter().flatten().flatten();
    // A link, perhaps to where nothing is any more.
    let has_unit = targets.into_iter().any(|target| fs::symlink_metadata(target.path().join(UNIT)).is_ok());
    if has_entry && has_unit {
        return vec![Finding::note(
            CHECK,
            tr("The session starts Lenscap twice: by an autostart entry and by the systemd user unit."),
            tr("Switch one off: \"systemctl --user disable lenscap\", or the switch in the preferences."),
        )];
    }
    Vec::new()
}
