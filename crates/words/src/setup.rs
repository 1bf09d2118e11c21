//! What `lenscap setup` would do, what came of it, and what keeps it from doing so.

use lenscap_api::{SetupPlan, SetupReport, SetupStep, SetupVerb};
use lenscap_core::trouble::setup::SetupTrouble;

use crate::cause::why;
use crate::distro::Family;
use crate::remedy::Remedy;
use crate::{listed, tr, trf};

/// `EKEYREJECTED`: the module is signed with no key that this computer trusts.
const KEY_REJECTED: i32 = 129;

/// What a verb is for, as a heading.
pub fn heading(verb: SetupVerb) -> String {
    match verb {
        SetupVerb::Device => tr("Make Lenscap's camera device, now and at each start of the computer"),
        SetupVerb::MergedOptions => tr("Make Lenscap's camera device beside those that others ask for"),
        SetupVerb::FurtherDevices => {
            tr("Make further camera devices, for several applications at once, now and at each start of the computer")
        }
        SetupVerb::CameraRules => tr("Set up rules for cameras"),
        SetupVerb::HideRawNodes => tr("Hide the raw nodes of Intel's image processors from other programs"),
        SetupVerb::StopV4l2Relayd => trf!("Stop {program} and keep it from starting", program = "v4l2-relayd"),
        SetupVerb::StopIpu6CameraDaemon => {
            trf!("Stop {program} and keep it from starting", program = "ipu6-camera-daemon")
        }
        SetupVerb::Undo => tr("Take back what was set up"),
    }
}

/// A plan for people: its heading, each step on a line of its own, and the text of each file.
pub fn plan(plan: &SetupPlan) -> String {
    format!("{}\n{}", heading(plan.verb), steps(plan))
}

/// The steps alone.
pub fn steps(plan: &SetupPlan) -> String {
    plan.steps.iter().map(step).collect()
}

fn step(step: &SetupStep) -> String {
    let line = match step {
        SetupStep::Write { path, text } => {
            let text: String = text.lines().map(|line| format!("        {line}\n")).collect();
            // TRANSLATORS: these are what will be done, a line each
            return format!("    {}\n{text}", trf!("write the file {path}:", path = path));
        }
        SetupStep::Link { path, target } => trf!("link {path} to {target}", path = path, target = target),
        SetupStep::Remove { path } => trf!("remove {path}", path = path),
        SetupStep::Run { command } => trf!("run: {command}", command = command.join(" ")),
    };
    format!("    {line}\n")
}

/// Stands behind a plan, in front of the answer.
pub fn question() -> String {
    // TRANSLATORS: the answers are read as they stand here: y or yes
    tr("Do this? [y/N]")
}

/// What came of a verb.
pub fn report(report: &SetupReport) -> String {
    let mut text = match &report.trouble {
        Some(trouble) => sentence(trouble),
        None if report.verb == SetupVerb::Undo && report.done.is_empty() => tr("There is nothing to take back."),
        None if report.verb == SetupVerb::Undo => tr("What was set up is taken back."),
        None if report.needs_restart => tr("It is set up. Restart the computer: the kernel module is in use as it is."),
        None if report.done.is_empty() => nothing_to_do(),
        None => tr("It is set up."),
    };
    if !report.left.is_empty() {
        let files = listed(report.left.iter().map(ToString::to_string));
        text += " ";
        text += &trf!("Changed since and therefore left as it is: {files}.", files = files);
    }
    text
}

/// Where a plan has no steps.
pub fn nothing_to_do() -> String {
    tr("All of it is set up already.")
}

/// Where there is nobody who could be asked.
pub fn not_asked() -> String {
    tr("Nothing was done. With --yes it is done without a question.")
}

/// Where the answer was not yes.
pub fn declined() -> String {
    tr("Nothing was done.")
}

/// Stands in front of the steps, where they are to be taken by hand.
pub fn by_hand() -> String {
    tr("By hand, as root:")
}

/// What keeps it from being set up, with the next step.
pub fn sentence(trouble: &SetupTrouble) -> String {
    match trouble {
        SetupTrouble::ModuleMissing => {
            trf!(
                "The kernel module v4l2loopback is not there for the running kernel: {remedy}.",
                remedy = module().text
            )
        }
        SetupTrouble::NotInstalled => {
            tr("Lenscap is not installed for the whole system: install its package and set it up again.")
        }
        SetupTrouble::NoSystemd => tr("This system is not started by systemd, which would make the camera device."),
        SetupTrouble::Container => {
            tr("This is a container, whose devices are those of its host: run \"lenscap setup\" there.")
        }
        SetupTrouble::Declarative => tr("NixOS is set up by its configuration: import this file there."),
        SetupTrouble::OthersOptions { files } => trf!(
            "Others have set options of the kernel module v4l2loopback in {files}: \"lenscap setup merged-options\" adds Lenscap's camera device to them.",
            files = listed(files.iter().map(ToString::to_string))
        ),
        SetupTrouble::CannotMerge { files } => trf!(
            "The options of the kernel module v4l2loopback in {files} leave no room for one more device: change them there.",
            files = listed(files.iter().map(ToString::to_string))
        ),
        SetupTrouble::NoFurtherDevices => tr(
            "The kernel module v4l2loopback makes further devices from version 0.13 on. The one that is there needs none: several applications use one camera device at once with it.",
        ),
        SetupTrouble::ForeignFile { path } => {
            trf!("{path} is there and not by Lenscap: rename or remove it, and set it up again.", path = path)
        }
        SetupTrouble::Record { path, cause } => trf!(
            "What was set up before cannot be read from {path}{why}: remove that file, and what it names by hand.",
            path = path,
            why = why(cause)
        ),
        SetupTrouble::NotRoot => tr("Only root can do this: run \"lenscap setup\"."),
        SetupTrouble::Busy => tr("Another setup goes on: try again when it is done."),
        SetupTrouble::ReadOnly { path } => trf!("{path} cannot be written: the file system is read-only.", path = path),
        SetupTrouble::Write { path, cause } => trf!("{path} cannot be written{why}.", path = path, why = why(cause)),
        SetupTrouble::Kernel { errno } if *errno == KEY_REJECTED => {
            tr("Secure Boot refuses the kernel module v4l2loopback: \"lenscap doctor\" says how to have it accepted.")
        }
        SetupTrouble::Kernel { errno } => trf!(
            "The kernel module v4l2loopback does not give a camera device (error {number}): \"lenscap doctor\" says more.",
            number = errno
        ),
        SetupTrouble::Command { command, cause } => {
            trf!("This did not work{why}: {command}", why = why(cause), command = command)
        }
        SetupTrouble::Forbidden => tr("It was not permitted, so nothing was done."),
        SetupTrouble::NoWay => tr(
            "There is nobody who could ask for the password: no sudo on a terminal, and no polkit with Lenscap's helper.",
        ),
        SetupTrouble::Helper { cause } => {
            trf!(
                "Lenscap's helper for the system did not finish{why}: set it up again, and reinstall Lenscap if that does not help.",
                why = why(cause)
            )
        }
    }
}

/// The commands that a sentence speaks of.
pub fn commands(trouble: &SetupTrouble) -> Vec<String> {
    match trouble {
        SetupTrouble::ModuleMissing => module().commands,
        _ => Vec::new(),
    }
}

fn module() -> Remedy {
    Family::here().install("v4l2loopback-dkms", "akmod-v4l2loopback", "v4l2loopback-dkms")
}
