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
        SystemDiagnosis::NodeNotAtBoot { .. } => return None,
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
        SystemDiagnosis::NodeNotAtBoot { .. } => {
            Remedy::new(tr("Have it made at each start of the computer."), ["lenscap setup"])
        }
        SystemDiagnosis::Options { .. } | SystemDiagnosis::AtBoot { .. } => String::new().into(),
    }
}
