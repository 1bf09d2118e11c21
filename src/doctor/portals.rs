//! Can applications in a sandbox, and browsers that use PipeWire, ask for the camera?
//!
//! The portal for cameras is there only with a backend that can ask the user (`org.freedesktop.impl.portal.Access`), and keeps the
//! answers in the permission store, table "devices", id "camera", a text an application (xdg-desktop-portal, camera.c and
//! xdg-permissions.c).

use super::desktop::PORTAL;
use super::{Finding, Patient, SessionDiagnosis, Verdict, found, sandboxes};
use crate::text;

const CHECK: &str = "portals";
/// Applications named at most.
const MAX_NAMED: usize = 8;

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let Some(answers) = patient.desktop().bus.answers() else { return Vec::new() };
    let lacking = if !answers.can_have(PORTAL) {
        Some(SessionDiagnosis::PortalAbsent)
    } else {
        (answers.has_cameras == Some(false)).then_some(SessionDiagnosis::PortalWithoutCamera)
    };
    let refused = answers.refused.iter().take(MAX_NAMED).map(|id| {
        let id = text::name(id);
        SessionDiagnosis::PortalRefuses { name: sandboxes::name_of(&id).map_or_else(|| id.clone(), str::to_owned), id }
    });
    lacking.into_iter().chain(refused).map(|diagnosis| found(CHECK, Verdict::Note, &diagnosis.into())).collect()
}
