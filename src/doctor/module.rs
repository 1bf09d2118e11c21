//! Is v4l2loopback loaded, in a usable version, and with whose options?

use std::collections::BTreeSet;

use super::{Diagnosis, Finding, Patient, SystemDiagnosis, Verdict, build, found, modprobe};
use crate::i18n::doctor::SetOption;
use crate::output::finder;
use crate::text;

const CHECK: &str = "module";
/// Oldest version that was tested.
const OLDEST: [u32; 3] = [0, 12, 7];
/// Shown at most; the module has ten.
const MAX_OPTIONS: usize = 32;

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let lines = modprobe::lines(patient);
    if !patient.at("/sys/module/v4l2loopback").exists() {
        return vec![found(CHECK, Verdict::Problem, &absent(patient, &lines))];
    }
    let (verdict, version) = version(patient);
    std::iter::once(found(CHECK, verdict, &version)).chain(options(&lines)).collect()
}

/// Why it is not loaded: the first cause that is known.
fn absent(patient: &Patient, lines: &[modprobe::Line]) -> Diagnosis {
    if !finder::is_module_installed_below(patient.root.path()) {
        let why = build::why_missing(patient);
        return why.map_or(Diagnosis::ModuleAbsent { is_installed: false }, Diagnosis::from);
    }
    match modprobe::blocking(patient, lines, true) {
        lines if !lines.is_empty() => SystemDiagnosis::ModuleBlocked { lines }.into(),
        _ => build::secure_boot(patient).map_or(Diagnosis::ModuleAbsent { is_installed: true }, Diagnosis::from),
    }
}

fn version(patient: &Patient) -> (Verdict, Diagnosis) {
    let Some(version) = patient.read("/sys/module/v4l2loopback/version") else {
        return (Verdict::Fine, Diagnosis::ModuleLoaded);
    };
    let version = text::name(version);
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    let known: [u32; 3] = std::array::from_fn(|_| numbers.next().unwrap_or(0));
    if known < OLDEST {
        (Verdict::Note, Diagnosis::ModuleOld { version })
    } else {
        (Verdict::Fine, Diagnosis::ModuleFine { version })
    }
}

/// The options with the value that holds, and whose it is. The vendor's file and the user's often contradict each other.
fn options(lines: &[modprobe::Line]) -> Option<Finding> {
    let lines: Vec<_> = lines.iter().filter(|line| line.words[0] == "options").collect();
    let files: BTreeSet<_> = lines.iter().map(|line| &line.path).collect();
    let shown = |option: modprobe::ModuleOption| SetOption {
        name: text::name(option.name),
        value: text::name(option.value),
        file: text::clean(option.path, text::PATH),
    };
    let options = modprobe::options(lines.iter().copied()).into_iter().take(MAX_OPTIONS).map(shown).collect();
    Some(match files.len() {
        0 => return None,
        1 => found(CHECK, Verdict::Fine, &SystemDiagnosis::Options { options }.into()),
        _ => found(CHECK, Verdict::Note, &SystemDiagnosis::OptionsInManyFiles { options }.into()),
    })
}
