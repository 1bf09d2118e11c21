//! What can be wrong with a hook. No sentences.

use lenscap_text::Cause;
use serde::{Deserialize, Serialize};

/// Why a hook did not do, or may not have done, what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookTrouble {
    /// There is no such program.
    HookMissing {
        /// The kernel's word.
        cause: Cause,
    },
    /// It may not be executed.
    HookForbidden {
        /// The kernel's word.
        cause: Cause,
    },
    /// It cannot be started or waited for.
    HookStart {
        /// The kernel's word.
        cause: Cause,
    },
    /// It had not ended in time, and was ended.
    HookLate {
        /// How long it may take.
        seconds: u64,
    },
    /// It printed more than is read, and was cut off.
    HookFlood {
        /// How much is read.
        bytes: usize,
    },
    /// It ended by itself, and says that it failed.
    HookFailed {
        /// Its exit status.
        status: i32,
    },
    /// A signal ended it.
    HookKilled,
}
