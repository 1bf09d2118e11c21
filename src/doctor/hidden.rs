//! Were nodes hidden from programs, and can our worker use them all the same?

use super::{Finding, Patient, SystemDiagnosis, Verdict, found};
use crate::app::program;
use crate::camera::hidden;

const CHECK: &str = "hidden-nodes";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let Some(group) = hidden::group(&patient.at("/etc/group")) else { return Vec::new() };
    if hidden::nodes(group, &patient.at("/dev")).is_empty() {
        return Vec::new();
    }
    let worker = program("lenscap-worker").map(|worker| patient.at(&worker.to_string_lossy()));
    let (verdict, diagnosis) = match worker {
        Ok(worker) if hidden::has_way(&worker, group) => (Verdict::Fine, SystemDiagnosis::NodesHidden),
        _ => (Verdict::Problem, SystemDiagnosis::NodesHiddenFromUs),
    };
    vec![found(CHECK, verdict, &diagnosis.into())]
}
