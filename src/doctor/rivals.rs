//! Does another program do the same?

use super::{Finding, Patient};
use crate::i18n::trf;

const CHECK: &str = "rivals";
/// Relays that take the camera or the node for themselves.
const RELAYS: [&str; 3] = ["v4l2-relayd", "camera-relay", "ipu6-camera-daemon"];
/// The kernel cuts the names of processes to so many bytes.
const SHOWN: usize = 15;

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    patient
        .processes()
        .into_iter()
        .filter_map(|(pid, name)| {
            let relay = RELAYS.iter().find(|relay| relay[..relay.len().min(SHOWN)] == name)?;
            Some((pid, relay))
        })
        .map(|(pid, name)| {
            Finding::problem(
                CHECK,
                trf!("{name} (process {pid}) wants the same camera.", name = name, pid = pid),
                Some(trf!(
                    "Stop it: \"systemctl --user disable --now {name}\" or \"sudo systemctl disable --now {name}\".",
                    name = name
                )),
            )
        })
        .collect()
}
