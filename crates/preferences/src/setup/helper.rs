//! The system's helper, asked over the system bus; polkit may ask the user for a password meanwhile. What it would do says
//! `lenscap setup`, as the doctor says what it finds.

use std::ffi::OsStr;
use std::io;

use lenscap_api::{SETUP_NAME, SETUP_PATH, SetupPlan, SetupPlans, SetupReport, SetupVerb};
use lenscap_core::trouble::preferences::PreferencesTrouble;
use lenscap_core::trouble::setup::SetupTrouble;
use lenscap_text::Cause;

use crate::programs;

/// How long it may take in all: somebody has to find a password.
const LIMIT_MS: i32 = 5 * 60 * 1000;

/// What these would do.
///
/// # Errors
/// The program cannot be asked.
pub async fn plans(verbs: &[SetupVerb]) -> Result<Vec<SetupPlan>, PreferencesTrouble> {
    let answer = programs::ask(&["setup", "--print", "--json"].map(OsStr::new)).await;
    let plans = answer.and_then(|text| serde_json::from_str::<SetupPlans>(&text).map_err(Cause::other));
    let plans = plans.map_err(|cause| PreferencesTrouble::SetupPlanUnusable { cause })?.plans;
    Ok(of_these(plans, verbs))
}

/// The plans for these. Where others' options stand in the way of the device, the plan that joins them is the one to show.
fn of_these(mut plans: Vec<SetupPlan>, verbs: &[SetupVerb]) -> Vec<SetupPlan> {
    let is_in_the_way = |plan: &SetupPlan| matches!(plan.trouble, Some(SetupTrouble::OthersOptions { .. }));
    let are_joined = verbs.contains(&SetupVerb::Device) && plans.iter().any(is_in_the_way);
    plans.retain(|plan| match plan.verb {
        SetupVerb::MergedOptions => are_joined || verbs.contains(&plan.verb),
        verb => verbs.contains(&verb) && !(are_joined && is_in_the_way(plan)),
    });
    plans
}

/// Has it done, and says what came of it; `None`: `cancel` came first. What was asked for goes on then: no change is left in its
/// middle.
pub async fn carry_out(verb: SetupVerb, cancel: &gio::Cancellable) -> Option<SetupReport> {
    let done = gio::CancellableFuture::new(ask(verb), cancel.clone()).await.ok()?;
    Some(done.unwrap_or_else(|trouble| SetupReport::refused(verb, trouble)))
}

async fn ask(verb: SetupVerb) -> Result<SetupReport, SetupTrouble> {
    let bus = gio::bus_get_future(gio::BusType::System).await.map_err(|_| SetupTrouble::NoWay)?;
    let flags = gio::DBusCallFlags::ALLOW_INTERACTIVE_AUTHORIZATION;
    let name = Some(SETUP_NAME);
    let asked = bus.call_future(name, SETUP_PATH, SETUP_NAME, verb.method(), None, None, flags, LIMIT_MS);
    let answer = asked.await.map_err(|error| unanswered(&error))?;
    let text: String = answer.try_child_get(0).ok().flatten().unwrap_or_default();
    serde_json::from_str(&text).map_err(|error| SetupTrouble::Helper { cause: Cause::other(error) })
}

/// Why there is no answer.
fn unanswered(error: &glib::Error) -> SetupTrouble {
    use gio::DBusError;

    let is = |kinds: &[DBusError]| kinds.iter().any(|kind| error.matches(*kind));
    if error.matches(gio::IOErrorEnum::TimedOut) || is(&[DBusError::NoReply]) {
        return SetupTrouble::Helper { cause: io::Error::from(io::ErrorKind::TimedOut).into() };
    }
    if is(&[DBusError::AccessDenied, DBusError::AuthFailed]) {
        return SetupTrouble::Forbidden;
    }
    // Not installed for the whole system, or only what belongs to it.
    if is(&[DBusError::ServiceUnknown, DBusError::NameHasNoOwner, DBusError::SpawnServiceNotFound]) {
        return SetupTrouble::NoWay;
    }
    SetupTrouble::Helper { cause: Cause::other(error.message()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_options_are_joined_where_they_stand_in_the_way() {
        let plan = |verb, trouble| SetupPlan { verb, steps: Vec::new(), trouble };
        let others = || Some(SetupTrouble::OthersOptions { files: vec!["/etc/modprobe.d/obs.conf".into()] });
        let shown = |device, verbs: &[SetupVerb]| {
            let plans = vec![
                plan(SetupVerb::Device, device),
                plan(SetupVerb::MergedOptions, None),
                plan(SetupVerb::CameraRules, None),
            ];
            of_these(plans, verbs).iter().map(|plan| plan.verb).collect::<Vec<_>>()
        };
        let both = [SetupVerb::Device, SetupVerb::CameraRules];
        assert_eq!(shown(None, &both), both);
        assert_eq!(shown(others(), &both), [SetupVerb::MergedOptions, SetupVerb::CameraRules]);
        assert_eq!(shown(others(), &both[1..]), [SetupVerb::CameraRules]);
    }

    #[test]
    fn each_failure_of_the_bus_has_its_own_sentence() {
        let said = |error: glib::Error| lenscap_words::setup::sentence(&unanswered(&error));
        let bus = |kind| glib::Error::new::<gio::DBusError>(kind, "x");
        let errors = [
            bus(gio::DBusError::AccessDenied),
            bus(gio::DBusError::ServiceUnknown),
            bus(gio::DBusError::NoReply),
            bus(gio::DBusError::Failed),
        ];
        let sentences: std::collections::BTreeSet<_> = errors.map(said).into();
        assert_eq!(sentences.len(), 4, "{sentences:?}");
    }
}
