//! The key of the desktop's that pauses the camera and resumes it: what became of asking for one.

use lenscap_text::{Cause, Text};
use serde::{Deserialize, Serialize};

/// What the desktop says to it, while the settings ask for a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shortcut {
    /// It is asked, and may be asking the user.
    Asked,
    /// There is a key; `trigger`: which, in the desktop's words.
    Given {
        /// As in "Ctrl+Alt+C".
        trigger: Text,
    },
    /// It takes one, and none is chosen yet.
    Unassigned,
    /// It gives programs no keys.
    NoPortal,
    /// The user said no.
    Refused,
    /// Anything else.
    Failed {
        /// Why.
        cause: Cause,
    },
}
