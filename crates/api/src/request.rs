//! What can be asked.

use std::time::Duration;

use lenscap_core::event::Command;
use lenscap_core::offer::{Offer, Verb};
use lenscap_core::source::Source;
use serde::{Deserialize, Serialize};

/// What can be asked, by whatever way: tray, notification, D-Bus, control socket, command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// The present status.
    Status,
    /// The present status, and every later one.
    Watch,
    /// No camera, for so many seconds or until resumed.
    Pause {
        /// Seconds; `None`: until resumed.
        seconds: Option<u64>,
    },
    /// Allow it again.
    Resume,
    /// Pause or resume.
    Toggle {
        /// Whether a notification says for a moment what came of it: for who pressed a key, and sees no answer.
        #[serde(default)]
        notify: bool,
    },
    /// Camera off for those who stream now, until nobody streams.
    TurnOff,
    /// These programs may have the camera: whatever was turned off is so no more, who waits for an answer gets it, and, unless
    /// this is for once, the rules, a setting, say so.
    Allow {
        /// The ids of their applications, or how people call them; none: those that are kept from the camera now.
        #[serde(default)]
        programs: Vec<String>,
        /// Whether the rules stay as they are.
        #[serde(default)]
        once: bool,
    },
    /// These programs do not get the camera, now and by the rules.
    Block {
        /// As of [`Request::Allow`]; none: those that wait for an answer.
        #[serde(default)]
        programs: Vec<String>,
    },
    /// Read the settings file again.
    Reload,
    /// Show the preferences.
    Preferences,
    /// Show what may keep the camera from working.
    Diagnose,
    /// Show what is missing before the camera works, and how to set it up.
    SetUp,
    /// Show what this program is.
    About,
    /// Offer the extension with which GNOME shows the icon.
    Extension,
    /// Use another camera: writes the setting.
    SetSource {
        /// As the settings name it.
        source: Source,
    },
    /// Offer another size: writes the settings.
    SetSize {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// End.
    Quit,
    /// The controls of the camera, or where it is.
    Controls,
    /// Set one, of the camera that is on; the rest of the time the asking program does it.
    SetControl {
        /// The control's stable key, as [`crate::controls::Control::key`].
        key: String,
        /// As the user wrote it.
        value: String,
    },
    /// Set these to their defaults and forget what was saved.
    ResetControls {
        /// The controls' keys; none: all controls.
        keys: Vec<String>,
    },
    /// These programs stream from now on; only a relay without a node, made for demonstrations, believes it.
    Pretend {
        /// Their names.
        streaming: Vec<String>,
    },
}

impl Request {
    /// The part of it that concerns the machine, if any: the only place where requests become events. The machine has a type
    /// of its own since it decides about these alone, and matches them without a wildcard.
    pub fn command(&self) -> Option<Command> {
        match self {
            Request::Status
            | Request::Watch
            | Request::Reload
            | Request::Preferences
            | Request::Diagnose
            | Request::SetUp
            | Request::About
            | Request::Extension
            | Request::SetSource { .. }
            | Request::SetSize { .. }
            | Request::Quit
            | Request::Controls
            | Request::SetControl { .. }
            | Request::ResetControls { .. }
            // Whom they mean, whoever knows the clients says.
            | Request::Allow { .. }
            | Request::Block { .. }
            | Request::Pretend { .. } => None,
            Request::Pause { seconds } => Some(Command::Pause { duration: seconds.map(Duration::from_secs) }),
            Request::Resume => Some(Command::Resume),
            Request::Toggle { .. } => Some(Command::Toggle),
            Request::TurnOff => Some(Command::TurnOff),
        }
    }

    /// Whether the camera may have to go off for it: the control socket answers when it has.
    pub fn may_turn_off(&self) -> bool {
        matches!(self, Request::Pause { .. } | Request::Toggle { .. } | Request::TurnOff | Request::Block { .. })
    }

    /// Whether a desktop answers it with a window: ours, or one that offers an extension.
    pub fn opens_window(&self) -> bool {
        matches!(self, Request::Preferences | Request::Diagnose | Request::SetUp | Request::About | Request::Extension)
    }

    /// Whether it is answered with the camera's controls, not with the status.
    pub fn is_about_controls(&self) -> bool {
        matches!(self, Request::Controls | Request::SetControl { .. } | Request::ResetControls { .. })
    }
}

fn ids(offer: &Offer) -> Vec<String> {
    offer.apps().iter().map(ToString::to_string).collect()
}

impl From<&Offer> for Request {
    fn from(offer: &Offer) -> Self {
        match offer.verb {
            Verb::TurnOff => Request::TurnOff,
            Verb::Allow | Verb::AllowAlways => Request::Allow { programs: ids(offer), once: false },
            Verb::AllowOnce => Request::Allow { programs: ids(offer), once: true },
            Verb::Block => Request::Block { programs: ids(offer) },
            // Where there is room, `lenscap_core::offer::PAUSES` are offered.
            Verb::Pause => Request::Pause { seconds: None },
            Verb::Resume | Verb::TryAgain => Request::Resume,
        }
    }
}
