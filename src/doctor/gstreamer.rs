//! Has GStreamer what the camera needs? It is asked in a process of its own ([`elements`]), with a deadline: its plugins are
//! libraries of others, which crash and hang. No camera is opened.

use super::{Finding, Patient, ProgramsDiagnosis, Verdict, found};
use crate::camera::elements::{self, ElementReport, MissingElement, Need};
use crate::camera::{self, System};
use crate::core::source::{CameraApi, Source};
use crate::core::trouble::cameras::HelperTrouble;
use crate::sys::install::program;

const CHECK: &str = "gstreamer";

/// Asks it; `None`: there is no program to ask with. Waits [`elements::LIMIT`] at most.
pub(super) fn ask(is_confined: bool) -> Option<Result<ElementReport, HelperTrouble>> {
    let worker = program("lenscap-worker").ok().filter(|worker| worker.exists())?;
    Some(elements::ask(&worker, is_confined))
}

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let report = match &patient.answers.gstreamer {
        None => return Vec::new(),
        Some(Ok(report)) => report,
        Some(Err(failure)) => {
            let diagnosis = ProgramsDiagnosis::GstreamerSilent { failure: failure.clone() };
            return vec![found(CHECK, Verdict::Problem, &diagnosis.into())];
        }
    };
    let of = |element: &&str| report.missing.iter().find(|missing| *missing.element == **element);
    let missing: Vec<_> = sources(patient).iter().map(of).collect();
    // Of several sources one is enough; where there is none, the one that was installed is the one to mend.
    let is_lacking = !missing.is_empty() && missing.iter().all(Option::is_some);
    let mut missing = missing.into_iter().flatten();
    let source = missing.clone().find(|it| it.blacklisted.is_some()).or_else(|| missing.next()).filter(|_| is_lacking);
    let concerns = |missing: &&MissingElement| match missing.need {
        Need::Source => source == Some(*missing),
        Need::Always | Need::Sometimes => true,
    };
    let findings: Vec<_> = report.missing.iter().filter(concerns).map(finding).collect();
    if findings.is_empty() {
        let version = report.version.to_string();
        return vec![found(CHECK, Verdict::Fine, &ProgramsDiagnosis::GstreamerFine { version }.into())];
    }
    findings
}

fn finding(missing: &MissingElement) -> Finding {
    let verdict = if missing.need == Need::Sometimes { Verdict::Note } else { Verdict::Problem };
    let element = missing.element.to_string();
    let diagnosis = match &missing.blacklisted {
        Some(file) => ProgramsDiagnosis::PluginBlacklisted { element, file: file.to_string() },
        None => ProgramsDiagnosis::ElementMissing { element },
    };
    found(CHECK, verdict, &diagnosis.into())
}

/// The elements one of which reads the camera; none where that is not known.
fn sources(patient: &Patient) -> Vec<&'static str> {
    let source = patient.settings().camera.source;
    if source != Source::Auto {
        return source.element().into_iter().collect();
    }
    let cameras = System::of(&patient.at(camera::CLASS)).cameras();
    let apis = CameraApi::ALL.into_iter().filter(|api| api.is_automatic());
    match cameras.iter().all(|camera| camera.is_raw) {
        _ if cameras.is_empty() => Vec::new(),
        false => vec![CameraApi::V4l2.element()],
        // The one that distributions have comes first.
        true => {
            let mut libraries: Vec<_> = apis.filter(|api| api.is_library()).map(CameraApi::element).collect();
            libraries.sort_by_key(|element| *element != CameraApi::Libcamera.element());
            libraries
        }
    }
}
