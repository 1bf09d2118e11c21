//! Why a camera that is off, or a vendor's library, cannot be asked.

use lenscap_core::trouble::cameras::{HelperTrouble, NodeTrouble, ReadTrouble};

use crate::{controls, source, tr, trf, trouble};

/// Why a node does not say what it can do, as one sentence.
pub fn node(trouble: &NodeTrouble) -> String {
    match trouble {
        NodeTrouble::Forbidden { node, group } => trf!(
            "No permission to open {node}: add yourself to its group with \"sudo usermod -aG {group} $USER\" and log in again.",
            node = node,
            group = group
        ),
        NodeTrouble::Busy { node } => {
            trf!("{node} is in use by another program: close that program.", node = node)
        }
        NodeTrouble::NotOpened { node, error } => {
            trf!("{node} cannot be opened ({error}): plug the camera in again.", node = node, error = error)
        }
        NodeTrouble::NoVideo { node } => mute(node, &tr("it gives no video")),
        NodeTrouble::NoAnswer { node, error } => mute(node, error),
    }
}

fn mute(node: &str, error: &str) -> String {
    trf!("{node} does not say what it can do ({error}): plug the camera in again.", node = node, error = error)
}

/// Why a process that was asked gave no answer, as a part of a sentence.
pub fn helper(trouble: &HelperTrouble) -> String {
    match trouble {
        HelperTrouble::Kernel(error) => error.to_string(),
        HelperTrouble::Mute => tr("it gave no answer"),
        HelperTrouble::Late { seconds } => trf!("it gave no answer within {seconds} s", seconds = seconds),
        HelperTrouble::TooMuch => tr("it said too much"),
        HelperTrouble::Crashed => tr("its library crashed"),
        HelperTrouble::Unreadable => tr("it gave an answer that cannot be read"),
    }
}

/// That the cameras of a vendor's library are not known.
pub fn library(library: &str, trouble: &HelperTrouble) -> String {
    trf!(
        "The cameras of {library} are not known ({why}): if this happens again, restart the computer.",
        library = library,
        why = helper(trouble)
    )
}

/// Why controls are not had, as one sentence.
pub fn read(trouble: &ReadTrouble) -> String {
    match trouble {
        ReadTrouble::WorkerNotStarted { path, error } => trf!(
            "The camera program {path} cannot be started ({error}): reinstall Lenscap.",
            path = path,
            error = error
        ),
        ReadTrouble::CameraSilent => tr("The camera does not answer: unplug it or restart the computer."),
        ReadTrouble::Unreadable => {
            tr("The camera's controls cannot be read: if this happens again, restart the computer.")
        }
        ReadTrouble::UnknownOption { option } => {
            trf!("lenscap-worker has no option \"{option}\": run \"lenscap controls\" instead.", option = option)
        }
        ReadTrouble::NotOpened { camera } => trf!(
            "The camera {camera} cannot be opened: plug it in, or close the program that holds it.",
            camera = camera
        ),
        ReadTrouble::IntelWithoutCamera => tr("Intel's icamerasrc has no camera."),
        ReadTrouble::Source(trouble) => source::clause(trouble),
        ReadTrouble::Control(trouble) => controls::sentence(trouble),
        ReadTrouble::Camera(trouble) => trouble::sentence(trouble),
        ReadTrouble::NoneChosen { why } => why.to_string(),
    }
}
