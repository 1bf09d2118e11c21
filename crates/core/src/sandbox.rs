//! What the camera process has given up, as far as the kernel let it.

use serde::{Deserialize, Serialize};

/// How much of one part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hold {
    /// All of it.
    Full,
    /// What this kernel knows of it.
    Part,
    /// Nothing: the kernel has no such means.
    None,
}

/// The sandbox of one camera process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sandbox {
    /// The settings switch it off.
    Off,
    /// The user's own pipeline may do what the user may.
    OwnPipeline,
    /// It holds, as far as this says.
    On {
        /// Files, signals and network addresses (Landlock).
        files: Hold,
        /// System calls (seccomp).
        calls: Hold,
    },
}
