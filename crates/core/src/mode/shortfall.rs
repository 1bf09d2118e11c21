//! What a camera's mode lacks.

use std::fmt;

use lenscap_text::Text;
use serde::{Deserialize, Serialize};

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FrameSize {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl From<(u32, u32)> for FrameSize {
    fn from((width, height): (u32, u32)) -> Self {
        Self { width, height }
    }
}

/// As in "1280x720".
impl fmt::Display for FrameSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// What a camera gives less of than was asked for. Sizes are as the settings have them, whichever way the picture is turned;
/// rates are frames in a thousand seconds where the camera says them, 0 where it does not, and frames per second where they
/// were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModeShortfall {
    /// The camera does not start in the mode that would have served, and gives this one.
    ModeRefused {
        /// The mode that brought no frame, as in "YUY2 1280x720@30".
        refused: Text,
        /// What comes instead.
        size: FrameSize,
        /// Its rate.
        millihertz: u32,
    },
    /// The camera's largest picture is smaller.
    TooSmall {
        /// Its largest.
        size: FrameSize,
        /// The rate of that.
        millihertz: u32,
        /// What was asked for.
        asked_size: FrameSize,
        /// What was asked for.
        asked_rate: u32,
    },
    /// The camera is too slow at this size, and is not at a smaller one.
    SlowAtSize {
        /// The size that was asked for.
        size: FrameSize,
        /// The rate it has there.
        millihertz: u32,
        /// What was asked for.
        asked_rate: u32,
        /// The largest size that reaches it.
        fast: FrameSize,
    },
    /// The camera is too slow at every size.
    Slow {
        /// Its best.
        millihertz: u32,
        /// What was asked for.
        asked_rate: u32,
    },
    /// Fewer frames come than the camera says: most need a longer exposure in the dark.
    BelowPromise {
        /// The size that it runs in, as the camera has it.
        size: FrameSize,
        /// What it says.
        promised: u32,
        /// What was measured.
        millihertz: u32,
    },
    /// The driver has fewer buffers.
    FewBuffers {
        /// Those it has.
        buffers: u32,
        /// Those it was asked for.
        asked: u32,
    },
}
