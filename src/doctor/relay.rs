//! Does Lenscap run, and what does it say?

use super::{Finding, Patient};
use crate::core::status::StateName;
use crate::i18n::{ask, tr, trf};

const CHECK: &str = "relay";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let status = match &patient.relay {
        Err(error) => return vec![Finding::problem(CHECK, ask::sentence(error), None)],
        Ok(None) => {
            let remedy = tr("Start it with \"lenscap\"; the preferences can start it with the session.");
            return vec![Finding::problem(CHECK, tr("Lenscap is not running."), Some(remedy))];
        }
        Ok(Some(status)) => status,
    };
    let is_broken = matches!(status.state, StateName::Failed | StateName::NoDevice);
    vec![match &status.reason {
        Some(reason) if is_broken => {
            Finding::problem(CHECK, trf!("Lenscap runs and cannot work: {reason}", reason = reason), None)
        }
        Some(reason) if status.state == StateName::Idle => Finding::note(
            CHECK,
            trf!("Lenscap runs; the last start of the camera failed: {reason}", reason = reason),
            tr("Let an application use the camera again, or try it with the preview in the preferences."),
        ),
        _ if status.live => Finding::fine(CHECK, tr("Lenscap runs; the camera is on.")),
        _ => Finding::fine(CHECK, tr("Lenscap runs; the camera is off.")),
    }]
}
