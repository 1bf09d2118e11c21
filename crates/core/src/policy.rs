//! What the user allows, as the machine needs it: the validated settings without their I/O part.

use std::time::Duration;

use super::source::{Orientation, Rotation};

/// Times and permissions. Defaults are those of the settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How long a client must be there before the camera starts; `None`: no delay where streaming is known, and
    /// [`Policy::BLIND_DELAY`] where only opening can be seen.
    pub activation_delay: Option<Duration>,
    /// How long the camera stays on after the last client stopped.
    pub cooldown: Duration,
    /// Names of programs that never get the camera (compared without regard to case).
    pub blocked: Vec<String>,
    /// The source as the user wrote it; a change restarts the camera.
    pub source: String,
    /// How the picture is laid; a quarter turn restarts the camera.
    pub orientation: Orientation,
    /// Whether there is no camera while the session is locked.
    pub pause_while_locked: bool,
}

impl Policy {
    /// The delay for a client of which only the opening can be seen; ipu6-camera-daemon's default.
    pub const BLIND_DELAY: Duration = Duration::from_millis(1000);

    /// The default cooldown; ipu6-camera-daemon's.
    pub const DEFAULT_COOLDOWN: Duration = Duration::from_millis(5000);

    /// Whether this program may never have the camera.
    pub fn is_blocked(&self, name: &str) -> bool {
        self.blocked.iter().any(|blocked| blocked.eq_ignore_ascii_case(name))
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            activation_delay: None,
            cooldown: Self::DEFAULT_COOLDOWN,
            blocked: Vec::new(),
            source: "auto".into(),
            orientation: Orientation { rotation: Rotation::Automatic, ..Orientation::default() },
            pause_while_locked: true,
        }
    }
}
