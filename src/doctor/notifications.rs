//! Does anybody show notifications, where they are wanted?

use super::desktop::NOTIFICATIONS;
use super::{Finding, Patient, SessionDiagnosis, Verdict, found};

const CHECK: &str = "notifications";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let wanted = patient.settings().notifications;
    let is_wanted = wanted.activation || wanted.failure || wanted.busy || wanted.toggle;
    let Some(answers) = patient.desktop().bus.answers() else { return Vec::new() };
    let is_lacking = is_wanted && !answers.can_have(NOTIFICATIONS);
    is_lacking.then(|| found(CHECK, Verdict::Note, &SessionDiagnosis::NotificationsAbsent.into())).into_iter().collect()
}
