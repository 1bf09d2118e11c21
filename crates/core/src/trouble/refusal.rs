//! Why what somebody asked for is not done, and why nobody can ask.

use lenscap_text::{Cause, Detail, Text};
use serde::{Deserialize, Serialize};

use super::cameras::ReadTrouble;
use super::settings::FileTrouble;
use super::start::StartTrouble;
use crate::controls::ControlTrouble;

/// Why a request is not carried out: over the control socket, D-Bus, or from the tray. Its code (`camera-went-off`) is the
/// variant's name in kebab-case and does not change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences in lenscap_words::refusal say it
pub enum Refusal {
    // The control socket.
    OtherUser,
    TooManyAsking,
    TooManyWatching,
    NoRequest,
    NotARequest {
        /// The parser's words.
        message: Text,
    },

    // D-Bus.
    UnknownAction {
        name: Text,
    },
    NotAValue,

    // The relay.
    WithoutDesktop,
    CameraWentOff,
    DemonstrationOnly,
    /// The settings file takes too long to be read or written.
    SettingsSilent,

    // Controls.
    Control(ControlTrouble),
    TooManyReading,
    CameraSilent,
    ReaderNotStarted {
        cause: Cause,
    },
    /// The controls of a camera that is off.
    Read(ReadTrouble),

    /// The settings cannot be had or kept. Its code is `settings`, and what is wrong has one of its own.
    Settings {
        path: Text,
        trouble: Box<FileTrouble>,
    },
    /// What the kernel denies.
    Start(StartTrouble),
}

impl From<ControlTrouble> for Refusal {
    fn from(trouble: ControlTrouble) -> Self {
        Self::Control(trouble)
    }
}

impl From<ReadTrouble> for Refusal {
    fn from(trouble: ReadTrouble) -> Self {
        Self::Read(trouble)
    }
}

impl From<StartTrouble> for Refusal {
    fn from(trouble: StartTrouble) -> Self {
        Self::Start(trouble)
    }
}

/// Why the relay cannot be asked: it cannot listen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences in lenscap_words::refusal say it
pub enum ListenTrouble {
    NoRuntimeDirectory,
    AnotherRelay { path: Detail },
    WritableByOthers { path: Detail },
    Unusable { path: Detail, cause: Cause },
}
