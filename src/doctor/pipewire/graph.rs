//! What PipeWire really has, beside what the rules' files promise: our camera once, the device not beside it, which is the
//! default one.

use std::process::Command;
use std::time::{Duration, Instant};

use super::{Facts, Verdict};
use crate::app::program;
use crate::i18n::doctor::Diagnosis;
use lenscap_wire::helper_process::HelperProcess;
use lenscap_wire::pipewire::{GraphCamera, GraphCameras, LIST_CAMERAS, NODE_NAME};

/// A little longer than `lenscap-pipewire` waits for the server itself.
const DEADLINE: Duration = Duration::from_secs(2);

/// The cameras that the server has; `None`: it does not answer, or there is no library to ask it with.
pub(super) fn cameras() -> Option<GraphCameras> {
    let program = program("lenscap-pipewire").ok()?;
    let asked = HelperProcess::new(Command::new(program).arg(LIST_CAMERAS)).ok()?;
    serde_json::from_slice(&asked.line(Instant::now() + DEADLINE).ok()?).ok()
}

/// What is to be said, after what was decided by the files alone.
pub(super) fn decide(facts: &Facts, by_files: (Verdict, Diagnosis)) -> Vec<(Verdict, Diagnosis)> {
    if !facts.is_offered {
        return vec![by_files];
    }
    let Some(GraphCameras(cameras)) = &facts.cameras else {
        let silent = facts.is_running.then_some((Verdict::Note, Diagnosis::PipewireSilent));
        return std::iter::once(by_files).chain(silent).collect();
    };
    let (ours, others): (Vec<_>, Vec<_>) = cameras.iter().partition(|camera| &*camera.name == NODE_NAME);
    let mut found =
        match others.iter().find(|camera| facts.devices.iter().any(|device| is_device(camera, &device.label))) {
            // Where no rule is there, that is what there is to be done.
            Some(device) if by_files.1 == Diagnosis::PipewireFine => {
                vec![(Verdict::Note, Diagnosis::PipewireTwice { camera: device.description.to_string() })]
            }
            _ => vec![by_files],
        };
    if facts.is_running {
        found.push(node(&ours, &others));
    }
    found
}

/// Whether this is the V4L2 device of this label: WirePlumber calls it so, and adds "(V4L2)".
fn is_device(camera: &GraphCamera, label: &str) -> bool {
    camera.description.strip_prefix(label).is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
}

fn node(ours: &[&GraphCamera], others: &[&GraphCamera]) -> (Verdict, Diagnosis) {
    let [own] = ours else {
        return match ours.len() {
            0 => (Verdict::Note, Diagnosis::PipewireCameraAbsent),
            count => (Verdict::Note, Diagnosis::PipewireSeveral { count }),
        };
    };
    match others.iter().max_by_key(|camera| camera.priority).filter(|other| other.priority >= own.priority) {
        None => (Verdict::Fine, Diagnosis::PipewireDefault),
        Some(first) => (Verdict::Fine, Diagnosis::PipewireNotDefault { camera: first.description.to_string() }),
    }
}
