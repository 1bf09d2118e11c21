//! Is v4l2loopback loaded, in a usable version, with options that applications can live with, and again after a restart?

use std::fs;

use super::{Diagnosis, Finding, Patient, Verdict, found};
use crate::output::finder;
use crate::text;

const CHECK: &str = "module";
/// Oldest version that was tested.
const OLDEST: [u32; 3] = [0, 12, 7];
/// Where modprobe takes options from; in case of the same name the first counts (modprobe.d(5)).
const OPTION_DIRECTORIES: [&str; 4] =
    ["/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d"];
const LOAD_DIRECTORIES: [&str; 4] =
    ["/etc/modules-load.d", "/run/modules-load.d", "/usr/local/lib/modules-load.d", "/usr/lib/modules-load.d"];

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    if !patient.at("/sys/module/v4l2loopback").exists() {
        return vec![found(
            CHECK,
            Verdict::Problem,
            &Diagnosis::ModuleAbsent { is_installed: finder::is_module_installed() },
        )];
    }
    let (verdict, version) = version(patient);
    let notes = [exclusive_caps(patient), options_in_many_files(patient), not_at_boot(patient)];
    let notes = notes.into_iter().flatten().map(|diagnosis| found(CHECK, Verdict::Note, &diagnosis));
    std::iter::once(found(CHECK, verdict, &version)).chain(notes).collect()
}

fn version(patient: &Patient) -> (Verdict, Diagnosis) {
    let Some(version) = patient.read("/sys/module/v4l2loopback/version") else {
        return (Verdict::Fine, Diagnosis::ModuleLoaded);
    };
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    let known: [u32; 3] = std::array::from_fn(|_| numbers.next().unwrap_or(0));
    if known < OLDEST {
        (Verdict::Note, Diagnosis::ModuleOld { version })
    } else {
        (Verdict::Fine, Diagnosis::ModuleFine { version })
    }
}

fn exclusive_caps(patient: &Patient) -> Option<Diagnosis> {
    let caps = patient.read("/sys/module/v4l2loopback/parameters/exclusive_caps")?;
    // One letter for each device the module was loaded with.
    let count = caps.split(',').take_while(|cap| *cap == "Y").count();
    (count == 0).then_some(Diagnosis::NoExclusiveCaps)
}

/// The vendor's file and the user's often contradict each other; the last one wins.
fn options_in_many_files(patient: &Patient) -> Option<Diagnosis> {
    let files = files_with(patient, &OPTION_DIRECTORIES, |line| {
        let mut words = line.split_whitespace();
        words.next() == Some("options") && words.next() == Some("v4l2loopback")
    });
    (files.len() > 1).then_some(Diagnosis::OptionsInManyFiles { files })
}

fn not_at_boot(patient: &Patient) -> Option<Diagnosis> {
    let files = files_with(patient, &LOAD_DIRECTORIES, |line| line.trim() == "v4l2loopback");
    let is_there = !files.is_empty() || patient.read("/etc/modules").is_some_and(|text| text.contains("v4l2loopback"));
    (!is_there).then_some(Diagnosis::ModuleNotAtBoot)
}

/// The `.conf` files of these directories with such a line; one that another of the same name hides does not count.
fn files_with(patient: &Patient, directories: &[&str], is_it: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names = Vec::new();
    let mut found = Vec::new();
    for directory in directories {
        let entries = fs::read_dir(patient.at(directory)).into_iter().flatten().flatten();
        let mut here: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        here.retain(|name| name.ends_with(".conf") && !names.contains(name));
        here.sort();
        for name in here {
            let path = format!("{directory}/{name}");
            if patient.read(&path).is_some_and(|text| text.lines().any(&is_it)) {
                found.push(text::clean(&path, text::PATH));
            }
            names.push(name);
        }
    }
    found
}
