//! Where a camera is.

use serde::{Deserialize, Serialize};

/// Where a camera looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// At the user.
    Front,
    /// Away from the user.
    Back,
    /// It is not part of the computer.
    External,
}

impl Location {
    /// From `V4L2_CID_CAMERA_ORIENTATION`.
    pub fn from_control(value: i32) -> Option<Self> {
        [Location::Front, Location::Back, Location::External].get(usize::try_from(value).ok()?).copied()
    }

    /// As JSON names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Location::Front => "front",
            Location::Back => "back",
            Location::External => "external",
        }
    }
}
