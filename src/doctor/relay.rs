//! Does Lenscap run, and what does it say?

use super::{Diagnosis, Finding, Patient, Verdict, found};
use crate::core::status::StateName;
use crate::i18n::ask;

const CHECK: &str = "relay";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let (verdict, diagnosis) = match &patient.relay {
        Err(error) => (
            Verdict::Problem,
            Diagnosis::RelaySilent { sentence: ask::sentence(error), commands: ask::commands(error) },
        ),
        Ok(None) => (Verdict::Problem, Diagnosis::RelayAbsent),
        Ok(Some(status)) => match &status.reason {
            Some(reason) if matches!(status.state, StateName::Failed | StateName::NoDevice) => {
                (Verdict::Problem, Diagnosis::RelayFailed { reason: reason.clone(), trouble: status.trouble.clone() })
            }
            Some(reason) if status.state == StateName::Idle => {
                (Verdict::Note, Diagnosis::LastStartFailed { reason: reason.clone(), trouble: status.trouble.clone() })
            }
            _ if status.live => (Verdict::Fine, Diagnosis::RelayLive),
            _ => (Verdict::Fine, Diagnosis::RelayIdle),
        },
    };
    let way = patient.relay.as_ref().ok().and_then(|status| status.as_ref()?.way);
    let way = way.map(|way| found(CHECK, Verdict::Fine, &Diagnosis::RelayWay { way }));
    std::iter::once(found(CHECK, verdict, &diagnosis)).chain(way).collect()
}
