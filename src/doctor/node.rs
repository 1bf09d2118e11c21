//! Is there a node to serve, and may it be used?

use std::path::Path;

use rustix::fs::{Access, access};

use super::{Diagnosis, Finding, Patient, Verdict, found, seat};
use crate::camera::{self, Node, group};
use crate::output::{finder, leftovers};

const CHECK: &str = "node";

/// The one that the settings ask for.
pub(super) fn chosen(patient: &Patient) -> Option<Node> {
    let device = patient.settings().device;
    camera::loopbacks(&patient.at(camera::CLASS)).into_iter().find(|node| match &device.node {
        Some(path) => node.path == *path,
        None => node.name == device.label,
    })
}

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let device = patient.settings().device;
    let nodes = camera::loopbacks(&patient.at(camera::CLASS));
    let Some(chosen) = chosen(patient) else {
        return missing(patient, device.node.as_deref(), &device.label, nodes.is_empty()).into_iter().collect();
    };
    let path = patient.at(&chosen.path.to_string_lossy());
    let node = chosen.label();
    let (verdict, diagnosis) = if access(&path, Access::READ_OK | Access::WRITE_OK).is_err() {
        (Verdict::Problem, Diagnosis::NodeForbidden { node, group: group::group_of(&path), seat: seat::of(patient) })
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
    let caps = (is_exclusive(patient, &nodes, &chosen) == Some(false)).then_some(Diagnosis::NoExclusiveCaps);
    let caps = caps.map(|diagnosis| found(CHECK, Verdict::Note, &diagnosis));
    let further = further(patient, &nodes, &chosen);
    let further = further.map(|diagnosis| found(CHECK, Verdict::Note, &diagnosis));
    std::iter::once(found(CHECK, verdict, &diagnosis)).chain(caps).chain(further).collect()
}

/// Which of those that the settings ask for beside the chosen one are not there; what the settings name is theirs to know.
fn further(patient: &Patient, nodes: &[Node], chosen: &Node) -> Option<Diagnosis> {
    // The relay makes them when it comes.
    let may_make = || access(patient.at(finder::CONTROL), Access::READ_OK | Access::WRITE_OK).is_ok();
    if matches!(patient.relay, Ok(None)) && may_make() {
        return None;
    }
    let device = patient.settings().device;
    let labels = device.further().into_iter().filter(|(_, path)| path.is_none()).map(|(it, _)| it.label(&device.label));
    let missing: Vec<String> = labels.filter(|label| !nodes.iter().any(|node| node.name == *label)).collect();
    // It takes these, in their order.
    let unnamed = nodes.iter().filter(|node| node.path != chosen.path && finder::is_unnamed(node)).count();
    let labels = missing.get(unnamed..)?.to_vec();
    let can_set_up = finder::can_set_up(&patient.root, labels.first()?);
    Some(Diagnosis::FurtherNodesAbsent { labels, count: device.nodes(), can_set_up })
}

/// Whether it says either that it takes pictures or that it gives some, as browsers want it; `None`: nothing is known of it.
fn is_exclusive(patient: &Patient, nodes: &[Node], chosen: &Node) -> Option<bool> {
    let directory = Path::new(camera::CLASS).join(chosen.path.file_name()?);
    let number = patient.read(&directory.join("dev").to_string_lossy()).unwrap_or_default();
    // What it said itself when it came, to udev.
    if let Some(entry) = patient.read(&format!("/run/udev/data/c{number}")) {
        let capabilities = entry.lines().find_map(|line| line.strip_prefix("E:ID_V4L_CAPABILITIES="))?;
        return Some(!(capabilities.contains(":capture:") && capabilities.contains(":video_output:")));
    }
    // With a control device (from 0.13 on) the parameter says nothing of devices that were added.
    if patient.at(finder::CONTROL_CLASS).exists() {
        return None;
    }
    let letters = patient.read("/sys/module/v4l2loopback/parameters/exclusive_caps")?;
    let index = nodes.iter().position(|node| node.path == chosen.path)?;
    Some(letters.split(',').nth(index) == Some("Y"))
}

fn missing(patient: &Patient, wanted: Option<&Path>, label: &str, is_none: bool) -> Option<Finding> {
    // The module's own check says so.
    if !patient.at("/sys/module/v4l2loopback").exists() {
        return None;
    }
    let (verdict, diagnosis) = match wanted {
        _ if is_none => (
            Verdict::Problem,
            Diagnosis::NodeAbsent { is_installed: finder::is_module_installed_below(patient.root.path()) },
        ),
        Some(path) => (Verdict::Problem, Diagnosis::NodeNotLoopback { path: path.display().to_string() }),
        None => (Verdict::Note, Diagnosis::NodeLabelAbsent { label: label.to_owned() }),
    };
    Some(found(CHECK, verdict, &diagnosis))
}
