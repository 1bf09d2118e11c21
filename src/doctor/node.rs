//! Is there a node to serve, and may it be used?

use std::path::Path;

use rustix::fs::{Access, access};

use super::{Diagnosis, Finding, Patient, Verdict, found};
use crate::camera::{self, group};
use crate::output::{finder, leftovers};

const CHECK: &str = "node";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let device = patient.settings().device;
    let nodes = camera::loopbacks(&patient.at(camera::CLASS));
    let chosen = match &device.node {
        Some(path) => nodes.iter().find(|node| node.path == *path),
        None => nodes.iter().find(|node| node.name == device.label),
    };
    let Some(node) = chosen else {
        return missing(patient, device.node.as_deref(), &device.label, nodes.is_empty()).into_iter().collect();
    };
    let path = patient.at(&node.path.to_string_lossy());
    let node = node.label();
    let (verdict, diagnosis) = if access(&path, Access::READ_OK | Access::WRITE_OK).is_err() {
        (Verdict::Problem, Diagnosis::NodeForbidden { node, group: group::group_of(&path) })
    } else {
        // A relay that has the node has put it right.
        match if matches!(patient.relay, Ok(None)) { leftovers::find_at(&path) } else { Vec::new() } {
            left if left.is_empty() => (Verdict::Fine, Diagnosis::NodeFine { node }),
            left => {
                let controls = left.into_iter().map(str::to_owned).collect();
                (Verdict::Note, Diagnosis::NodeLeftovers { node, controls })
            }
        }
    };
    vec![found(CHECK, verdict, &diagnosis)]
}

fn missing(patient: &Patient, wanted: Option<&Path>, label: &str, is_none: bool) -> Option<Finding> {
    // The module's own check says so.
    if !patient.at("/sys/module/v4l2loopback").exists() {
        return None;
    }
    let (verdict, diagnosis) = match wanted {
        _ if is_none => (Verdict::Problem, Diagnosis::NodeAbsent { is_installed: finder::is_module_installed() }),
        Some(path) => (Verdict::Problem, Diagnosis::NodeNotLoopback { path: path.display().to_string() }),
        None => (Verdict::Note, Diagnosis::NodeLabelAbsent { label: label.to_owned() }),
    };
    Some(found(CHECK, verdict, &diagnosis))
}
