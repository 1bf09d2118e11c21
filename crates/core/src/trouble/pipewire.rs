//! What keeps the PipeWire node away.

use lenscap_text::{Cause, Detail};
use serde::{Deserialize, Serialize};

/// What is wrong. A server that is not there is no trouble.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PipewireTrouble {
    /// There is no libpipewire, or none that can be used: trying again cannot help.
    NoLibrary {
        /// Why.
        cause: Cause,
    },
    /// Our own program is not where it belongs: trying again cannot help.
    NoProgram {
        /// Where it was looked for.
        program: Detail,
    },
    /// The library, or one of its modules, cannot be started.
    Library {
        /// Which of its calls, or which module.
        call: Detail,
        /// Why.
        cause: Cause,
    },
    /// The slots' memory is not what the offer says of it.
    Memory {
        /// Why.
        cause: Cause,
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
        what: Detail,
    },
    /// The kernel denies something.
    System {
        /// Why.
        cause: Cause,
    },
}

impl PipewireTrouble {
    /// Whether this is a computer without PipeWire, rather than one where something is broken.
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::NoLibrary { .. } | Self::NoServer)
    }
}
