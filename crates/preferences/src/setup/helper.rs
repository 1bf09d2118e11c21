//! `lenscap setup` says what would be done, and does it, as the doctor says what it finds. Without a terminal it asks the system's
//! helper; polkit may ask the user for a password meanwhile.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::time::Duration;

use lenscap_api::{SetupPlan, SetupPlans, SetupReport, SetupReports, SetupVerb};
use lenscap_core::trouble::preferences::PreferencesTrouble;
use lenscap_core::trouble::setup::SetupTrouble;
use lenscap_text::Cause;

use crate::programs;

/// Longer than it takes by itself: it waits up to 20 minutes for the helper, and so for somebody who has to find a password, and less
/// than 5 for a unit of the user's.
const LIMIT: Duration = Duration::from_secs(25 * 60);

/// What these would do.
///
/// # Errors
/// The program cannot be asked.
pub async fn plans(verbs: &[SetupVerb]) -> Result<Vec<SetupPlan>, PreferencesTrouble> {
    let names = asked_for(verbs).into_iter().map(SetupVerb::as_str);
    let words: Vec<_> = ["setup", "--print", "--json"].into_iter().chain(names).map(OsStr::new).collect();
    let answer = programs::ask(&words).await;
    let plans = answer.and_then(|text| serde_json::from_str::<SetupPlans>(&text).map_err(Cause::other));
    let plans = plans.map_err(|cause| PreferencesTrouble::SetupPlanUnusable { cause })?.plans;
    Ok(of_these(plans, verbs))
}

/// These, by their names, for some are not shown without. Which plan is the device's is seen from both.
fn asked_for(verbs: &[SetupVerb]) -> Vec<SetupVerb> {
    let joined = verbs.contains(&SetupVerb::Device).then_some(SetupVerb::MergedOptions);
    verbs.iter().copied().chain(joined).collect::<BTreeSet<_>>().into_iter().collect()
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
    let asked = glib::spawn_future_local(async move {
        programs::ask_within(LIMIT, &["setup", "--yes", "--json", verb.as_str()].map(OsStr::new)).await
    });
    let answer = gio::CancellableFuture::new(asked, cancel.clone()).await.ok()?;
    let reports = answer.unwrap_or_else(|ended| Err(Cause::other(ended)));
    let reports = reports.and_then(|text| serde_json::from_str::<SetupReports>(&text).map_err(Cause::other));
    let report = reports.and_then(|said| said.reports.into_iter().next().ok_or_else(|| Cause::other("no answer")));
    Some(report.unwrap_or_else(|cause| SetupReport::refused(verb, SetupTrouble::Helper { cause })))
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
    fn what_is_done_by_its_name_alone_is_asked_for_by_it_each_once_and_in_order() {
        let further = [SetupVerb::FurtherDevices];
        assert_eq!(asked_for(&further), further);
        let both = [SetupVerb::CameraRules, SetupVerb::Device, SetupVerb::MergedOptions];
        assert_eq!(asked_for(&both), [SetupVerb::Device, SetupVerb::MergedOptions, SetupVerb::CameraRules]);
    }
}
