//! Is v4l2loopback loaded, in a usable version, with options that applications can live with, and again after a restart?

use std::fs;

use super::{Finding, Patient};
use crate::i18n::output::how_to_get_a_node;
use crate::i18n::{tr, trf};
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
        return vec![Finding::problem(
            CHECK,
            tr("The kernel module v4l2loopback is not loaded."),
            Some(super::sentence(&how_to_get_a_node(finder::is_module_installed()))),
        )];
    }
    let mut findings = vec![version(patient)];
    findings.extend(exclusive_caps(patient));
    findings.extend(options_in_many_files(patient));
    findings.extend(not_at_boot(patient));
    findings
}

fn version(patient: &Patient) -> Finding {
    let Some(version) = patient.read("/sys/module/v4l2loopback/version") else {
        return Finding::fine(CHECK, tr("The kernel module v4l2loopback is loaded."));
    };
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    let known: [u32; 3] = std::array::from_fn(|_| numbers.next().unwrap_or(0));
    if known < OLDEST {
        return Finding::note(
            CHECK,
            trf!("v4l2loopback {version} is loaded; Lenscap is tested from 0.12.7 on.", version = version),
            tr("Update the module: a newer one also tells by itself who streams."),
        );
    }
    Finding::fine(CHECK, trf!("v4l2loopback {version} is loaded.", version = version))
}

/// Without it Chrome and what is built from it list no camera (v4l2loopback issues 78 and 274).
fn exclusive_caps(patient: &Patient) -> Option<Finding> {
    let caps = patient.read("/sys/module/v4l2loopback/parameters/exclusive_caps")?;
    // One letter for each device the module was loaded with.
    let count = caps.split(',').take_while(|cap| *cap == "Y").count();
    (count == 0).then(|| {
        Finding::note(
            CHECK,
            tr("The module is loaded without exclusive_caps=1: Chrome, Edge and Electron programs list no camera."),
            tr("Close Lenscap, then \"sudo modprobe -r v4l2loopback\" and \"sudo modprobe v4l2loopback exclusive_caps=1 max_buffers=8 card_label=Lenscap\"."),
        )
    })
}

/// The vendor's file and the user's often contradict each other; the last one wins.
fn options_in_many_files(patient: &Patient) -> Option<Finding> {
    let files = files_with(patient, &OPTION_DIRECTORIES, |line| {
        let mut words = line.split_whitespace();
        words.next() == Some("options") && words.next() == Some("v4l2loopback")
    });
    (files.len() > 1).then(|| {
        Finding::note(
            CHECK,
            trf!("Several files set options of v4l2loopback: {files}.", files = files.join(", ")),
            tr("Keep one of them: of contradicting options the last one wins."),
        )
    })
}

fn not_at_boot(patient: &Patient) -> Option<Finding> {
    let files = files_with(patient, &LOAD_DIRECTORIES, |line| line.trim() == "v4l2loopback");
    let is_there = !files.is_empty() || patient.read("/etc/modules").is_some_and(|text| text.contains("v4l2loopback"));
    (!is_there).then(|| {
        Finding::note(
            CHECK,
            tr("The module is not loaded when the computer starts."),
            tr("Let it: \"echo v4l2loopback | sudo tee /etc/modules-load.d/v4l2loopback.conf\", and its options: \"echo options v4l2loopback exclusive_caps=1 max_buffers=8 card_label=Lenscap | sudo tee /etc/modprobe.d/v4l2loopback.conf\"."),
        )
    })
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
