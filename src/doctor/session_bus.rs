//! Does the session have a bus? Icon, notifications and portals are spoken to over it.

use super::desktop::SessionBus;
use super::{Finding, Patient, SessionDiagnosis, Verdict, found};

const CHECK: &str = "session-bus";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let diagnosis = match patient.desktop().bus {
        SessionBus::Absent => SessionDiagnosis::SessionBusAbsent,
        SessionBus::Silent => SessionDiagnosis::SessionBusSilent,
        SessionBus::Unknown | SessionBus::Answers(_) => return Vec::new(),
    };
    vec![found(CHECK, Verdict::Problem, &diagnosis.into())]
}
