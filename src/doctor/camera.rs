//! Is there a camera to read, and may it be used?

use rustix::fs::{Access, access};

use super::{Diagnosis, Finding, Patient, Verdict, found, seat};
use crate::camera::{self, System, group, hidden};
use crate::core::source::Source;

const CHECK: &str = "camera";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let source = patient.settings().camera.source;
    let system = System::of(&patient.at(camera::CLASS));
    let wanted: Vec<_> = match &source {
        Source::V4l2(path) => {
            let path = patient.at(&path.to_string_lossy());
            if !path.exists() {
                let diagnosis = Diagnosis::ChosenCameraAbsent { source: source.to_string() };
                return vec![found(CHECK, Verdict::Problem, &diagnosis)];
            }
            vec![(path, source.to_string())]
        }
        Source::Auto => system
            .cameras()
            .iter()
            .filter(|camera| !camera.is_raw)
            .filter_map(|camera| Some((patient.at(&camera.node.as_ref()?.to_string_lossy()), camera.label())))
            .collect(),
        _ => {
            return vec![found(CHECK, Verdict::Fine, &Diagnosis::OtherSource { source: source.to_string() })];
        }
    };
    if wanted.is_empty() {
        return vec![none(&system)];
    }
    let hidden = hidden::group(&patient.at("/etc/group"));
    wanted
        .into_iter()
        .map(|(path, camera)| {
            // Whether we get at a hidden one is said by `hidden`.
            if hidden.is_some_and(|group| hidden::is_of(&path, group))
                || access(&path, Access::READ_OK | Access::WRITE_OK).is_ok()
            {
                return found(CHECK, Verdict::Fine, &Diagnosis::CameraFine { camera });
            }
            let (group, seat) = (group::group_of(&path), seat::of(patient));
            found(CHECK, Verdict::Problem, &Diagnosis::CameraForbidden { camera, group, seat })
        })
        .collect()
}

fn none(system: &System) -> Finding {
    if system.cameras().iter().any(|camera| camera.is_raw) {
        return found(CHECK, Verdict::Note, &Diagnosis::OnlyRawSensors);
    }
    found(CHECK, Verdict::Problem, &Diagnosis::CameraAbsent)
}
