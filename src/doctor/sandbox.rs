//! Is the camera process kept from what it does not need?

use lenscap_api::Sandbox;

use super::{Finding, Patient};
use crate::core::sandbox::Hold;
use crate::core::source::Source;
use crate::i18n::tr;

const CHECK: &str = "sandbox";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let settings = patient.settings();
    if !settings.privacy.sandbox {
        let remedy = tr("Set \"sandbox = true\" in the settings, unless the camera works no other way.");
        return vec![Finding::note(CHECK, tr("The camera process may do whatever you may."), remedy)];
    }
    if matches!(settings.camera.source, Source::Pipeline(_)) {
        let text = tr("Your own pipeline is not confined: it may do whatever you may.");
        return vec![Finding::note(CHECK, text, tr("Choose a camera as the source, where one of them will do."))];
    }
    let status = patient.relay.as_ref().ok().and_then(Option::as_ref);
    let text = match status.and_then(|status| status.sandbox) {
        Some(Sandbox::On { files: Hold::Full, calls: Hold::Full }) => tr("The camera process is confined."),
        Some(Sandbox::On { .. }) => tr("The camera process is confined as far as this kernel can."),
        Some(Sandbox::Off | Sandbox::OwnPipeline) | None => tr("The camera process is confined when it starts."),
    };
    vec![Finding::fine(CHECK, text)]
}
