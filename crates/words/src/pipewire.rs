//! What keeps the camera out of PipeWire.

use lenscap_core::trouble::pipewire::PipewireTrouble;

use crate::cause::{parenthesis, why};
use crate::{tr, trf};

/// One sentence.
pub fn sentence(trouble: &PipewireTrouble) -> String {
    let why = match trouble {
        PipewireTrouble::NoLibrary { cause: _ } => {
            return tr("There is no camera in PipeWire, whose library is not there: install libpipewire, or set \
                       output.pipewire to \"off\".");
        }
        PipewireTrouble::NoProgram { program: _ } => {
            return tr(
                "There is no camera in PipeWire, since a program of Lenscap's is missing: install Lenscap again, or \
                       set output.pipewire to \"off\".",
            );
        }
        PipewireTrouble::NoServer => {
            return tr("There is no camera in PipeWire, which does not run: it comes with PipeWire.");
        }
        PipewireTrouble::Ended => parenthesis(&tr("its process ended")),
        PipewireTrouble::Unsealed => parenthesis(&tr("its memory is not protected")),
        PipewireTrouble::Library { call: _, cause }
        | PipewireTrouble::Memory { cause }
        | PipewireTrouble::System { cause } => why(cause),
        PipewireTrouble::Misunderstood { what: _ } => String::new(),
    };
    trf!("There is no camera in PipeWire{why}: it is tried again.", why = why)
}

#[cfg(test)]
mod tests {
    use lenscap_text::Cause;

    use super::*;

    #[test]
    fn each_says_what_comes_next() {
        let library = sentence(&PipewireTrouble::NoLibrary { cause: Cause::other("libpipewire-0.3.so.0: not found") });
        assert!(library.contains("install libpipewire"), "{library}");
        let ended = sentence(&PipewireTrouble::Ended);
        assert_eq!(ended, "There is no camera in PipeWire (its process ended): it is tried again.");
    }
}
