//! Does another program do the same?

use super::{Diagnosis, Finding, Patient, Verdict, found};

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
        .map(|(pid, name)| found(CHECK, Verdict::Problem, &Diagnosis::Rival { name: (*name).to_owned(), pid }))
        .collect()
}
