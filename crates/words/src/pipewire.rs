//! What keeps the camera out of PipeWire.

use lenscap_core::trouble::pipewire::PipewireTrouble;

use crate::{tr, trf};

/// One sentence.
pub fn sentence(trouble: &PipewireTrouble) -> String {
    let why = match trouble {
        PipewireTrouble::NoLibrary { error } => {
            return trf!(
                "There is no camera in PipeWire, whose library is not there ({error}): install libpipewire, or set \
                 output.pipewire to \"off\".",
                error = error
            );
        }
        PipewireTrouble::NoProgram { program } => {
            return trf!(
                "There is no camera in PipeWire, since {program} is missing: install Lenscap again, or set \
                 output.pipewire to \"off\".",
                program = program
            );
        }
        PipewireTrouble::NoServer => {
            return tr("There is no camera in PipeWire, which does not run: it comes with PipeWire.");
        }
        PipewireTrouble::Ended => tr("its process ended"),
        PipewireTrouble::Unsealed => tr("its memory is not protected"),
        PipewireTrouble::Library { call, error } => format!("{call}: {error}"),
        PipewireTrouble::Memory { error } | PipewireTrouble::System { error } => error.to_string(),
        PipewireTrouble::Misunderstood { what } => what.to_string(),
    };
    trf!("There is no camera in PipeWire ({why}): it is tried again.", why = why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_says_what_comes_next() {
        let library = sentence(&PipewireTrouble::NoLibrary { error: "libpipewire-0.3.so.0: not found".into() });
        assert!(library.contains("install libpipewire"), "{library}");
        let ended = sentence(&PipewireTrouble::Ended);
        assert_eq!(ended, "There is no camera in PipeWire (its process ended): it is tried again.");
    }
}
