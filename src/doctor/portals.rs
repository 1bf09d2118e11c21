//! Can applications in a sandbox, and browsers that use PipeWire, ask for the camera?
//!
//! The portal for cameras is there only with a backend that can ask the user (`org.freedesktop.impl.portal.Access`), and keeps the
//! answers in the permission store, table "devices", id "camera", a text an application (xdg-desktop-portal, camera.c and
//! xdg-permissions.c).

use super::desktop::PORTAL;
use super::{Finding, Patient, SessionDiagnosis, Verdict, found, sandboxes};

const CHECK: &str = "portals";
/// Applications named at most.
const MAX_NAMED: usize = 8;
/// Longest id, as of names on the bus.
const MAX_ID: usize = 255;

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let Some(answers) = patient.desktop().bus.answers() else { return Vec::new() };
    let lacking = if !answers.can_have(PORTAL) {
        Some(SessionDiagnosis::PortalAbsent)
    } else {
        (answers.has_cameras == Some(false)).then_some(SessionDiagnosis::PortalWithoutCamera)
    };
    let refused = answers.refused.iter().filter(|id| is_id(id)).take(MAX_NAMED).cloned().map(|id| {
        let name = sandboxes::name_of(&id).map_or_else(|| id.clone(), str::to_owned);
        SessionDiagnosis::PortalRefuses { name, id }
    });
    lacking.into_iter().chain(refused).map(|diagnosis| found(CHECK, Verdict::Note, &diagnosis.into())).collect()
}

/// Whether this may be an application's id: any program of the user's may have put something else there, and it stands in a command.
fn is_id(id: &str) -> bool {
    id.len() <= MAX_ID && id.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter))
}
