//! Why a relay cannot start, as one sentence with the next step.

use lenscap_core::trouble::start::StartTrouble;
use lenscap_text::{Cause, CauseKind};

use crate::cause::why;
use crate::{tr, trf};

/// The sentence, with its full stop.
pub fn sentence(trouble: &StartTrouble) -> String {
    match trouble {
        StartTrouble::OwnPlace { cause } => {
            trf!("Lenscap cannot find its own programs{why}: start it by its full path.", why = why(cause))
        }
        StartTrouble::Events { cause } => no_events(cause),
        StartTrouble::Signals { cause } => {
            trf!("Lenscap cannot listen for signals{why}: close some programs.", why = why(cause))
        }
        StartTrouble::EventLines { cause } => {
            trf!("Lenscap cannot print event lines{why}: close some programs.", why = why(cause))
        }
        // Distributions have it apart: it alone needs GTK.
        StartTrouble::Preferences { program: _, cause } if cause.kind == CauseKind::Missing => {
            tr("Lenscap's window is not installed: install the package lenscap-preferences.")
        }
        StartTrouble::Preferences { program: _, cause } => {
            trf!("The preferences cannot be started{why}: reinstall Lenscap.", why = why(cause))
        }
    }
}

/// The kernel gives no descriptor to wait on.
pub(crate) fn no_events(cause: &Cause) -> String {
    trf!("Lenscap cannot wait for events{why}: close some programs.", why = why(cause))
}
