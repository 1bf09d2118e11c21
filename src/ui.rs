//! What people see. Reads `Status`, sends what they ask for; knows nothing of engine, output or worker.

pub mod icon;

use std::time::Duration;

use crate::core::source::Source;

/// What somebody clicked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// What is wanted.
    pub wanted: Wanted,
    /// With it a window may come to the front; see XDG activation.
    pub token: Option<String>,
}

/// What can be wanted from the tray or a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// No camera for this long, or until resumed.
    Pause(Option<Duration>),
    /// Allow it again, or try again.
    Resume,
    /// Pause or resume.
    Toggle,
    /// Camera off for those who stream now.
    TurnOff,
    /// Another camera.
    Source(Source),
    /// Another size, width and height in pixels.
    Size(u32, u32),
    /// The preferences.
    Preferences,
    /// What may keep the camera from working.
    Diagnose,
    /// What this program is.
    About,
    /// End.
    Quit,
    /// A tray shows the icon.
    HostIsThere,
    /// No tray does.
    HostIsGone,
}
