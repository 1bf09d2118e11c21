//! Is the camera process kept from what it does not need?

use super::{Diagnosis, Finding, Patient, Verdict, found};
use crate::core::sandbox::{Hold, Sandbox};
use crate::core::source::Source;

const CHECK: &str = "sandbox";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let settings = patient.settings();
    let status = patient.relay.as_ref().ok().and_then(Option::as_ref);
    let (verdict, diagnosis) = if !settings.privacy.sandbox {
        (Verdict::Note, Diagnosis::SandboxOff)
    } else if matches!(settings.camera.source, Source::Pipeline(_)) {
        (Verdict::Note, Diagnosis::SandboxOwnPipeline)
    } else {
        let diagnosis = match status.and_then(|status| status.sandbox) {
            Some(Sandbox::On { files: Hold::Full, calls: Hold::Full }) => Diagnosis::SandboxFull,
            Some(Sandbox::On { .. }) => Diagnosis::SandboxPart,
            Some(Sandbox::Off | Sandbox::OwnPipeline) | None => Diagnosis::SandboxWaits,
        };
        (Verdict::Fine, diagnosis)
    };
    vec![found(CHECK, verdict, &diagnosis)]
}
