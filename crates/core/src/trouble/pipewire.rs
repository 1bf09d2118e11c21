//! What keeps the PipeWire node away.

use lenscap_text::Text;
use serde::{Deserialize, Serialize};

/// What is wrong; `error` is what the loader, the library or the kernel says. A server that is not there is no trouble.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PipewireTrouble {
    /// There is no libpipewire, or none that can be used: trying again cannot help.
    NoLibrary {
        /// Why.
        error: Text,
    },
    /// Our own program is not where it belongs: trying again cannot help.
    NoProgram {
        /// Where it was looked for.
        program: Text,
    },
    /// The library, or one of its modules, cannot be started.
    Library {
        /// Which of its calls, or which module.
        call: Text,
        /// Why.
        error: Text,
    },
    /// The slots' memory is not what the offer says of it.
    Memory {
        /// Why.
        error: Text,
    },
    /// Readers could write to the slots' memory: it lacks seals.
    Unsealed,
    /// There is no server.
    NoServer,
    /// Its process has ended.
    Ended,
    /// It was said something that makes no sense here.
    Misunderstood {
        /// What.
        what: Text,
    },
    /// The kernel denies something.
    System {
        /// What.
        error: Text,
    },
}

impl PipewireTrouble {
    /// Whether this is a computer without PipeWire, rather than one where something is broken.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::NoLibrary { .. } | Self::NoServer)
    }
}
