//! Is there a node to serve, and may it be used?

use std::path::Path;

use rustix::fs::{Access, access};

use super::{Finding, Patient};
use crate::camera::{self, group};
use crate::i18n::output::how_to_get_a_node;
use crate::i18n::{tr, trf};
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
    let label = node.label();
    let path = patient.at(&node.path.to_string_lossy());
    if access(&path, Access::READ_OK | Access::WRITE_OK).is_err() {
        let group = group::group_of(&path);
        return vec![Finding::problem(
            CHECK,
            trf!("{node} may not be used.", node = label),
            Some(trf!(
                "Add yourself to its group with \"sudo usermod -aG {group} $USER\" and log in again.",
                group = group
            )),
        )];
    }
    // A relay that has the node has put it right.
    let left = if matches!(patient.relay, Ok(None)) { leftovers::find_at(&path) } else { Vec::new() };
    if !left.is_empty() {
        return vec![Finding::note(
            CHECK,
            trf!(
                "A program left {controls} on at {node}: applications may freeze or get the wrong picture.",
                controls = left.join(", "),
                node = label
            ),
            tr("Start Lenscap: it switches that off when it takes the device."),
        )];
    }
    vec![Finding::fine(CHECK, trf!("The device for applications is {node}.", node = label))]
}

fn missing(patient: &Patient, wanted: Option<&Path>, label: &str, is_none: bool) -> Option<Finding> {
    // The module's own check says so.
    if !patient.at("/sys/module/v4l2loopback").exists() {
        return None;
    }
    if is_none {
        let remedy = super::sentence(&how_to_get_a_node(finder::is_module_installed()));
        return Some(Finding::problem(CHECK, tr("There is no v4l2loopback device."), Some(remedy)));
    }
    Some(match wanted {
        Some(path) => Finding::problem(
            CHECK,
            trf!("{path}, which the settings name, is no v4l2loopback device.", path = path.display()),
            Some(tr("Choose another device in the preferences.")),
        ),
        None => Finding::note(
            CHECK,
            trf!(
                "No v4l2loopback device has the label \"{label}\": one without a label is taken, or a new one.",
                label = label
            ),
            tr("Load the module with card_label=Lenscap, or choose a device in the preferences."),
        ),
    })
}
