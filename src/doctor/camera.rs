//! Is there a camera to read, and may it be used?

use rustix::fs::{Access, access};

use super::{Finding, Patient};
use crate::camera::{self, System, group};
use crate::core::source::Source;
use crate::i18n::{tr, trf};

const CHECK: &str = "camera";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let source = patient.settings().camera.source;
    let system = System::of(&patient.at(camera::CLASS));
    let wanted: Vec<_> = match &source {
        Source::V4l2(path) => {
            let path = patient.at(&path.to_string_lossy());
            if !path.exists() {
                return vec![Finding::problem(
                    CHECK,
                    trf!("The chosen camera {source} is not there.", source = source),
                    Some(tr("Plug it in, or choose another one in the preferences.")),
                )];
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
            return vec![Finding::fine(CHECK, trf!("The source is {source}.", source = source))];
        }
    };
    if wanted.is_empty() {
        return vec![none(&system)];
    }
    wanted
        .into_iter()
        .map(|(path, label)| {
            if access(&path, Access::READ_OK | Access::WRITE_OK).is_ok() {
                return Finding::fine(CHECK, trf!("There is the camera {camera}.", camera = label));
            }
            let remedy = trf!(
                "Add yourself to its group with \"sudo usermod -aG {group} $USER\" and log in again.",
                group = group::group_of(&path)
            );
            Finding::problem(CHECK, trf!("The camera {camera} may not be used.", camera = label), Some(remedy))
        })
        .collect()
}

fn none(system: &System) -> Finding {
    if system.cameras().iter().any(|camera| camera.is_raw) {
        return Finding::note(
            CHECK,
            tr("The only camera is a MIPI camera, which V4L2 alone cannot read."),
            tr(
                "Install icamerasrc or libcamera's GStreamer plugin where it is missing; the preferences say which is there.",
            ),
        );
    }
    Finding::problem(
        CHECK,
        tr("No camera was found."),
        Some(tr("Plug one in, open its cover, press its privacy key, or install its driver.")),
    )
}
