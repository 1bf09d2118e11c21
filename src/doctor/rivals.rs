//! Does another program do the same?

use super::{Finding, Patient};
use crate::i18n::trf;

const CHECK: &str = "rivals";
/// Relays that take the camera or the node for themselves, as process names (cut to 15 bytes by the kernel).
const RELAYS: [&str; 3] = ["v4l2-relayd", "camera-relay", "ipu6-camera-dae"];

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    patient
        .processes()
        .into_iter()
        .filter(|(_, name)| RELAYS.contains(&name.as_str()))
        .map(|(pid, name)| {
            Finding::problem(
                CHECK,
                trf("{name} (process {pid}) wants the same camera.", &[("name", &name), ("pid", &pid)]),
                Some(trf(
                    "Stop it: \"systemctl --user disable --now {name}\" or \"sudo systemctl disable --now {name}\".",
                    &[("name", &name)],
                )),
            )
        })
        .collect()
}
