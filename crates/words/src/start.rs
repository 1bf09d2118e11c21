//! Why a relay cannot start, as one sentence with the next step.

use lenscap_core::trouble::start::StartTrouble;

use crate::trf;

/// The sentence, with its full stop.
pub fn sentence(trouble: &StartTrouble) -> String {
    match trouble {
        StartTrouble::OwnPlace { error } => {
            trf!("Cannot tell where this program is ({error}): start it by its full path.", error = error)
        }
        StartTrouble::Events { error } => trf!("Cannot wait for events ({error}): free some memory.", error = error),
        StartTrouble::Signals { error } => {
            trf!("Cannot listen for signals ({error}): free some descriptors.", error = error)
        }
        StartTrouble::EventLines { error } => {
            trf!("Cannot print event lines ({error}): free some memory.", error = error)
        }
        StartTrouble::Preferences { program, error } => trf!(
            "The preferences {program} cannot be started ({error}): reinstall Lenscap.",
            program = program,
            error = error
        ),
    }
}
