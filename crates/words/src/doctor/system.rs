//! What the doctor can find of the computer itself: the kernel's module and its options, who else uses the device, the image
//! processor, rights.

use serde::Serialize;

use crate::distro::Family;
use crate::remedy::{self, Remedy};
use crate::{tr, trf};

/// As [`super::Diagnosis`], whose part it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences below say it
pub enum SystemDiagnosis {
    /// The running kernel's modules are gone: another kernel was installed in its place.
    KernelReplaced { release: String },
    /// DKMS has the module's source and cannot build it for this kernel.
    HeadersMissing { release: String },
    /// DKMS or akmods tried; `line` is the first error in `log`.
    BuildFailed { release: String, log: String, line: String },
    /// Built and not loaded, with Secure Boot on; `key` is the file of the key that the module was signed with, where one was made.
    SecureBoot { key: Option<String> },
    /// Lines of modprobe's files, or of the kernel's command line, that keep the module from being loaded.
    ModuleBlocked { lines: Vec<String> },
    /// One file sets them.
    Options { options: Vec<SetOption> },
    /// More than one file has a line "options v4l2loopback"; these are the values that hold.
    OptionsInManyFiles { options: Vec<SetOption> },
    /// The device is made when the computer starts, because of this file.
    AtBoot { by: String },
    /// The module is loaded then, without this device of ours, which was added.
    NodeNotAtBoot { label: String },
    /// Another relay, a process.
    Rival { name: String, pid: u32, unit: Option<Unit> },
    /// Another program that has our device, which no relay of ours serves.
    Writer { name: String, pid: u32, device: String, unit: Option<Unit> },
    /// OBS is installed, and ours is the only device; `can_add`: the module gives another at any time.
    ObsWithoutDevice { can_add: bool },
    /// Group or others may open the module's control device.
    ControlOpen { mode: String },
    /// Nodes are hidden, and our worker has its way to them.
    NodesHidden,
    /// They are hidden, and its program is not there or has not their group.
    NodesHiddenFromUs,
    /// With its driver; a sensor's name, where one is seen.
    Processor { processor: String, driver: String, sensor: Option<String> },
    /// `device` of sysfs has none.
    ProcessorWithoutDriver { processor: String, device: String },
    /// What the kernel's log says of its firmware.
    FirmwareMissing { processor: String, line: String },
    /// No driver of a sensor's; `sensors` are those that the computer's firmware names.
    SensorAbsent { processor: String, driver: String, sensors: Vec<String> },
}

/// A service of systemd's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unit {
    /// With its suffix.
    pub name: String,
    /// The system's, not the user's.
    pub is_system: bool,
}

/// Whether who asks sits at the computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seat {
    /// Their session is in front.
    Here,
    /// They have none there: over SSH, as a service, behind another user's.
    None,
    /// Nothing tells.
    Unknown,
}

/// An option of the module's, by a file of modprobe's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // they say it
pub struct SetOption {
    pub name: String,
    pub value: String,
    pub file: String,
}

pub(super) fn sentence(diagnosis: &SystemDiagnosis) -> String {
    match diagnosis {
        SystemDiagnosis::KernelReplaced { .. } => tr(
            "The running kernel was replaced by an update: v4l2loopback cannot be loaded until the computer restarts.",
        ),
        SystemDiagnosis::HeadersMissing { .. } => {
            tr("v4l2loopback was not built for the running kernel: the kernel's headers are missing.")
        }
        SystemDiagnosis::BuildFailed { .. } => tr("v4l2loopback could not be built for the running kernel."),
        SystemDiagnosis::SecureBoot { key: Some(_) } => tr(
            "v4l2loopback is not loaded. Secure Boot is on: the kernel refuses the module unless the key that it was signed with is enrolled.",
        ),
        SystemDiagnosis::SecureBoot { key: None } => tr(
            "v4l2loopback is not loaded. Secure Boot is on, and no key was found that the module could be signed with.",
        ),
        SystemDiagnosis::ModuleBlocked { .. } => tr("The computer's settings keep v4l2loopback from being loaded."),
        SystemDiagnosis::Options { .. } => tr("A file sets options of v4l2loopback."),
        SystemDiagnosis::OptionsInManyFiles { .. } => tr("Several files set options of v4l2loopback."),
        SystemDiagnosis::AtBoot { .. } => tr("The camera device is made when the computer starts."),
        SystemDiagnosis::NodeNotAtBoot { label } => {
            trf!("The device \"{label}\" is gone when the computer restarts.", label = label)
        }
        SystemDiagnosis::Rival { name, .. } => trf!("{name} wants the same camera.", name = name),
        SystemDiagnosis::Writer { name, device, .. } => {
            trf!("{name} uses {device}, the device that Lenscap needs.", name = name, device = device)
        }
        SystemDiagnosis::ObsWithoutDevice { .. } => {
            tr("OBS is installed and has no device for its virtual camera: it would take Lenscap's.")
        }
        SystemDiagnosis::ControlOpen { .. } => tr(
            "Users may open v4l2loopback's control device: they can remove anybody's devices and, with some versions of the module, crash the kernel.",
        ),
        SystemDiagnosis::NodesHidden => tr("Raw nodes of cameras are hidden from other programs."),
        SystemDiagnosis::NodesHiddenFromUs => tr(
            "Raw nodes of cameras are hidden, from Lenscap as well: its program for them is missing or has not their group.",
        ),
        SystemDiagnosis::Processor { processor, .. } => {
            trf!("The image processor {processor} has its driver.", processor = processor)
        }
        SystemDiagnosis::ProcessorWithoutDriver { processor, .. } => {
            trf!("The image processor {processor} has no driver: its camera cannot be used.", processor = processor)
        }
        SystemDiagnosis::FirmwareMissing { processor, .. } => {
            trf!("The image processor {processor} did not get its firmware.", processor = processor)
        }
        SystemDiagnosis::SensorAbsent { processor, .. } => {
            trf!(
                "The image processor {processor} has no camera: the driver of its sensor is missing or has failed.",
                processor = processor
            )
        }
    }
}

pub(super) fn evidence(diagnosis: &SystemDiagnosis) -> Option<String> {
    Some(match diagnosis {
        SystemDiagnosis::KernelReplaced { release } => format!("/lib/modules/{release}"),
        SystemDiagnosis::HeadersMissing { release } => format!("/lib/modules/{release}/build"),
        SystemDiagnosis::BuildFailed { log, line, .. } => format!("{log}: {line}"),
        SystemDiagnosis::SecureBoot { key } => key.clone()?,
        SystemDiagnosis::ModuleBlocked { lines } => lines.join(", "),
        SystemDiagnosis::Options { options } | SystemDiagnosis::OptionsInManyFiles { options } => {
            let shown = |option: &SetOption| format!("{}={} ({})", option.name, option.value, option.file);
            options.iter().map(shown).collect::<Vec<_>>().join(", ")
        }
        SystemDiagnosis::AtBoot { by } => by.clone(),
        SystemDiagnosis::Rival { pid, unit, .. } | SystemDiagnosis::Writer { pid, unit, .. } => match unit {
            Some(unit) => format!("/proc/{pid} ({})", unit.name),
            None => format!("/proc/{pid}"),
        },
        SystemDiagnosis::ControlOpen { mode } => format!("/dev/v4l2loopback: {mode}"),
        SystemDiagnosis::Processor { driver, sensor, .. } => {
            [Some(driver), sensor.as_ref()].into_iter().flatten().cloned().collect::<Vec<_>>().join(", ")
        }
        SystemDiagnosis::ProcessorWithoutDriver { device, .. } => device.clone(),
        SystemDiagnosis::FirmwareMissing { line, .. } => line.clone(),
        SystemDiagnosis::SensorAbsent { driver, sensors, .. } => {
            std::iter::once(driver).chain(sensors).cloned().collect::<Vec<_>>().join(", ")
        }
        SystemDiagnosis::NodeNotAtBoot { .. }
        | SystemDiagnosis::ObsWithoutDevice { .. }
        | SystemDiagnosis::NodesHidden
        | SystemDiagnosis::NodesHiddenFromUs => return None,
    })
}

pub(super) fn remedy(diagnosis: &SystemDiagnosis) -> Remedy {
    match diagnosis {
        SystemDiagnosis::KernelReplaced { .. } => tr("Restart the computer.").into(),
        SystemDiagnosis::HeadersMissing { release } => Remedy::new(
            tr("Install them; where there is no such package any more, update the kernel and restart the computer."),
            remedy::install_module(release).commands,
        ),
        SystemDiagnosis::BuildFailed { release, .. } => Remedy::new(
            tr("Install the kernel's headers and the newest version of the module; its log says what failed."),
            remedy::install_module(release).commands,
        ),
        SystemDiagnosis::SecureBoot { key: Some(key) } => Remedy::new(
            tr(
                "Load it. Where \"Key was rejected by service\" is the answer, have the key enrolled: choose a password, restart the computer, choose \"Enroll MOK\" before it starts, and type the password.",
            ),
            [remedy::load_module(remedy::OPTIONS), format!("sudo mokutil --import {key}")],
        ),
        SystemDiagnosis::SecureBoot { key: None } => Remedy::new(
            tr("Install openssl, have the module built and signed anew, and have the doctor look again."),
            [
                Family::here().install("openssl", "openssl", "openssl").commands,
                vec!["sudo dkms autoinstall --force".into()],
            ]
            .concat(),
        ),
        SystemDiagnosis::ModuleBlocked { .. } => {
            tr("Take these lines out where nobody wants them: each is named with its file and its number.").into()
        }
        SystemDiagnosis::OptionsInManyFiles { .. } => {
            tr("Keep one of them: of contradicting options the last one wins.").into()
        }
        SystemDiagnosis::NodeNotAtBoot { .. } => make_at_boot(),
        SystemDiagnosis::Rival { unit: Some(unit), .. } | SystemDiagnosis::Writer { unit: Some(unit), .. } => {
            let manager = if unit.is_system { "sudo systemctl" } else { "systemctl --user" };
            Remedy::new(tr("Stop it, and keep it from starting."), [format!("{manager} disable --now {}", unit.name)])
        }
        SystemDiagnosis::Rival { unit: None, .. } => tr("Quit it, or have it use another camera.").into(),
        SystemDiagnosis::Writer { unit: None, .. } => tr("Quit it, or have it use another device.").into(),
        SystemDiagnosis::ObsWithoutDevice { can_add: true } => Remedy::new(
            tr("Add one before its virtual camera is started; after a restart of the computer it is gone."),
            ["sudo v4l2loopback-ctl add -n \"OBS Virtual Camera\" -x 1"],
        ),
        SystemDiagnosis::ObsWithoutDevice { can_add: false } => {
            remedy::get_nodes(&["Lenscap", "OBS Virtual Camera"]).into_sentence()
        }
        SystemDiagnosis::ControlOpen { .. } => Remedy::new(
            tr("Give it back to root: Lenscap's own service is all that needs it."),
            [
                format!("echo 'KERNEL==\"v4l2loopback\", GROUP=\"root\", MODE=\"0600\"' | sudo tee {CONTROL_RULE}"),
                "sudo udevadm control --reload".into(),
                "sudo udevadm trigger /dev/v4l2loopback".into(),
            ],
        ),
        SystemDiagnosis::NodesHiddenFromUs => Remedy::new(
            tr("Reinstall Lenscap's package, or take back what was set up."),
            ["lenscap setup --undo"],
        ),
        SystemDiagnosis::ProcessorWithoutDriver { .. } => {
            tr("Update the kernel, or install your distribution's package of the driver.").into()
        }
        SystemDiagnosis::FirmwareMissing { .. } => {
            tr("Install or update your distribution's firmware packages, and restart the computer.").into()
        }
        SystemDiagnosis::SensorAbsent { .. } => {
            tr("Update the kernel and the firmware of the computer; some sensors have a driver in newer kernels alone, or in a package of your distribution's.").into()
        }
        SystemDiagnosis::Options { .. }
        | SystemDiagnosis::AtBoot { .. }
        | SystemDiagnosis::NodesHidden
        | SystemDiagnosis::Processor { .. } => String::new().into(),
    }
}

/// Comes after Debian's 60-persistent-v4l2loopback.rules.
const CONTROL_RULE: &str = "/etc/udev/rules.d/61-v4l2loopback-control.rules";

/// The device from the next start of the computer on.
pub(super) fn make_at_boot() -> Remedy {
    Remedy::new(tr("Have it made at each start of the computer."), ["lenscap setup"])
}

/// How to get a device that is for members of this group, and for who sits at the computer.
pub(super) fn permit(group: &str, seat: Seat) -> Remedy {
    match seat {
        Seat::Here => Remedy::new(
            tr(
                "Have udev give it to you, as you sit at the computer. Where that changes nothing, a rule keeps it from you: add yourself to its group and log in again.",
            ),
            ["sudo udevadm trigger -c change -s video4linux".to_owned(), remedy::join_group(group)],
        ),
        Seat::None => Remedy::new(
            tr(
                "Log in at the computer itself: cameras are given to who sits there. For use from elsewhere, add yourself to its group and log in again.",
            ),
            [remedy::join_group(group)],
        ),
        Seat::Unknown => Remedy::new(
            trf!("Add yourself to the group {group} and log in again.", group = group),
            [remedy::join_group(group)],
        ),
    }
}
