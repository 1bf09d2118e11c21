//! Is the camera process kept from what it does not need?

use super::{Finding, Patient};
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
    let status = patient.relay.as_ref().ok().and_then(Option::as_ref).map(|status| &status["sandbox"]);
    let Some(sandbox) = status.filter(|sandbox| sandbox["state"] == "on") else {
        return vec![Finding::fine(CHECK, tr("The camera process is confined when it starts."))];
    };
    let is_full = |part: &str| sandbox[part] == "full";
    vec![match (is_full("files"), is_full("calls")) {
        (true, true) => Finding::fine(CHECK, tr("The camera process is confined.")),
        _ => Finding::fine(CHECK, tr("The camera process is confined as far as this kernel can.")),
    }]
}
