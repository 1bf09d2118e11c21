//! Is the device there again after the computer restarts?

use lenscap_api::DEVICE_UNIT;
use lenscap_rootfs::units;

use super::{Diagnosis, Finding, Patient, SystemDiagnosis, Verdict, found, modprobe};
use crate::camera;
use crate::text;

const CHECK: &str = "boot";
const LOADS: [&str; 5] = [
    "/etc/modules-load.d",
    "/run/modules-load.d",
    "/usr/local/lib/modules-load.d",
    "/usr/lib/modules-load.d",
    "/lib/modules-load.d",
];

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    // The module's own check says what is missing.
    if !patient.at("/sys/module/v4l2loopback").exists() {
        return Vec::new();
    }
    let lines = modprobe::lines(patient);
    let unit = unit(patient);
    let blocking = modprobe::blocking(patient, &lines, unit.is_some());
    let (verdict, diagnosis) = match (unit, loading(patient)) {
        _ if !blocking.is_empty() => (Verdict::Note, SystemDiagnosis::ModuleBlocked { lines: blocking }.into()),
        (Some(by), _) => (Verdict::Fine, SystemDiagnosis::AtBoot { by: text::clean(by, text::PATH) }.into()),
        (None, None) => (Verdict::Note, Diagnosis::ModuleNotAtBoot),
        (None, Some(by)) => match added_label(patient, &lines) {
            None => (Verdict::Fine, SystemDiagnosis::AtBoot { by: text::clean(by, text::PATH) }.into()),
            Some(label) => (Verdict::Note, SystemDiagnosis::NodeNotAtBoot { label }.into()),
        },
    };
    vec![found(CHECK, verdict, &diagnosis)]
}

/// The link that has the unit started. A mask of it, a link to nothing, goes before.
fn unit(patient: &Patient) -> Option<String> {
    let own = patient.at("/etc/systemd/system").join(DEVICE_UNIT);
    if std::fs::read_link(own).is_ok_and(|target| target == std::path::Path::new("/dev/null")) {
        return None;
    }
    units::SYSTEM.iter().find_map(|directory| {
        let wants = patient.names(directory).into_iter().filter(|name| name.ends_with(".wants"));
        let links = wants.map(|wants| format!("{directory}/{wants}/{DEVICE_UNIT}"));
        links.into_iter().find(|link| patient.at(link).symlink_metadata().is_ok())
    })
}

/// The file that has the module loaded, by whatever options.
fn loading(patient: &Patient) -> Option<String> {
    let mut files = patient.root.drop_ins(&LOADS, ".conf");
    // Debian's, before there were directories.
    files.push("/etc/modules".into());
    let loads = |path: &String| {
        let text = patient.read(path).unwrap_or_default();
        text.lines().any(|line| line.split_whitespace().next() == Some("v4l2loopback"))
    };
    files.into_iter().find(loads)
}

/// The label of the device, where it is there and no option makes it.
fn added_label(patient: &Patient, lines: &[modprobe::Line]) -> Option<String> {
    let label = patient.settings().device.label;
    let is_there = camera::loopbacks(&patient.at(camera::CLASS)).iter().any(|node| node.name == label);
    let is_made = |line: &modprobe::Line| {
        let words = line.words.join(" ");
        words.contains("card_label=") && words.contains(&label)
    };
    (is_there && !lines.iter().any(is_made)).then_some(label)
}
