//! Who else takes the camera, or writes to our device?

use super::{Finding, Patient, SystemDiagnosis, Verdict, found, node};
use crate::camera;
use crate::core::status::StateName;
use crate::i18n::doctor::Unit;
use crate::output::finder;
use crate::text;

const CHECK: &str = "rivals";
/// Relays that take the camera or the node for themselves.
const RELAYS: [&str; 3] = ["v4l2-relayd", "camera-relay", "ipu6-camera-daemon"];
/// What else is known to write to whichever loopback it finds. They may read ours as well, as they would another camera.
const WRITERS: [&str; 9] = [
    "obs",
    "droidcam",
    "droidcam-cli",
    "scrcpy",
    "camera-effects",
    "fluxframe",
    "webcamoid",
    "ffmpeg",
    "gst-launch-1.0",
];
/// The kernel cuts the names of processes to so many bytes.
const SHOWN: usize = 15;
/// Processes named at most: one that has been stopped makes room for the next.
const MAX_NAMED: usize = 8;
/// Descriptors looked at in a process.
const MAX_DESCRIPTORS: usize = 4096;
/// Where it is when it is installed: by the distribution, Flatpak, Snap.
const OBS: [&str; 3] = ["/usr/bin/obs", "/var/lib/flatpak/app/com.obsproject.Studio", "/snap/obs-studio"];

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let named = |names: &[&'static str], shown: &str| {
        names.iter().copied().find(|name| name[..name.len().min(SHOWN)] == *shown)
    };
    let processes = patient.processes();
    let rivals = processes.iter().filter_map(|(pid, shown)| {
        let name = named(&RELAYS, shown)?.to_owned();
        Some(SystemDiagnosis::Rival { name, pid: *pid, unit: unit_of(patient, *pid) })
    });
    let ours = node::chosen(patient).filter(|_| !is_served(patient));
    let writers = processes.iter().filter_map(|(pid, shown)| {
        let node = ours.as_ref()?;
        let name = named(&WRITERS, shown)?.to_owned();
        holds(patient, *pid, &node.path).then(|| SystemDiagnosis::Writer {
            name,
            pid: *pid,
            device: node.label(),
            unit: unit_of(patient, *pid),
        })
    });
    let mut findings: Vec<_> = rivals
        .chain(writers)
        .take(MAX_NAMED)
        .map(|diagnosis| found(CHECK, Verdict::Problem, &diagnosis.into()))
        .collect();
    findings.extend(obs_without_device(patient));
    findings
}

/// Whether a relay of ours has the device: then who has it open reads it.
fn is_served(patient: &Patient) -> bool {
    let status = patient.relay.as_ref().ok().and_then(Option::as_ref);
    status.is_some_and(|status| !matches!(status.state, StateName::Failed | StateName::NoDevice))
}

/// Whether this process has the device open, as far as we may see it.
fn holds(patient: &Patient, pid: u32, node: &std::path::Path) -> bool {
    let links = std::fs::read_dir(patient.at(&format!("/proc/{pid}/fd"))).into_iter().flatten().flatten();
    links.take(MAX_DESCRIPTORS).any(|link| std::fs::read_link(link.path()).is_ok_and(|target| target == node))
}

/// The unit of systemd's that the process belongs to, by its control group: "0::/system.slice/system-v4l2\x2drelayd.slice/
/// v4l2-relayd@ipu6.service", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service".
fn unit_of(patient: &Patient, pid: u32) -> Option<Unit> {
    let groups = patient.read(&format!("/proc/{pid}/cgroup"))?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let is_system = group.starts_with("system.slice/");
    let name = group.split('/').rfind(|part| part.ends_with(".service"))?;
    // One that the desktop made for a program is not to be switched off; the session's manager is none of a program's.
    let is_own = !name.starts_with("app-") && !name.starts_with("user@");
    is_own.then(|| Unit { name: text::name(name), is_system })
}

/// OBS loads the module with a device of its own only where nobody else has loaded it (obs-studio issues 3929, 4796), and takes
/// the first free one else: ours.
fn obs_without_device(patient: &Patient) -> Option<Finding> {
    let is_there = OBS.iter().any(|path| patient.at(path).exists());
    let nodes = camera::loopbacks(&patient.at(camera::CLASS));
    let ours = node::chosen(patient)?;
    let is_alone = nodes.iter().all(|node| node.path == ours.path);
    let can_add = patient.at(finder::CONTROL_CLASS).exists();
    (is_there && is_alone).then(|| found(CHECK, Verdict::Note, &SystemDiagnosis::ObsWithoutDevice { can_add }.into()))
}
