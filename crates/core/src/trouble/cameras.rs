//! Why a camera that is off, or a vendor's library, cannot be asked.

use lenscap_text::Text;
use serde::{Deserialize, Serialize};

use super::Trouble;
use crate::controls::ControlTrouble;
use crate::source::SourceTrouble;

/// Why a node does not say what it can do; `error` is the kernel's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the sentences in lenscap_words::cameras say it
pub enum NodeTrouble {
    /// `group`: whoever is in it may open the node.
    Forbidden {
        node: Text,
        group: Text,
    },
    Busy {
        node: Text,
    },
    NotOpened {
        node: Text,
        error: Text,
    },
    NoVideo {
        node: Text,
    },
    NoAnswer {
        node: Text,
        error: Text,
    },
}

/// Why a process that was asked for one line gave none that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelperTrouble {
    /// It cannot be started, or not be read: the kernel's error.
    Kernel(Text),
    /// It has no standard output.
    Mute,
    /// Nothing within so many seconds.
    Late {
        /// From its start.
        seconds: u64,
    },
    /// More than anybody has to say.
    TooMuch,
    /// It ended without a word.
    Crashed,
    /// What it said is no answer.
    Unreadable,
}

/// Why the controls of a camera that is off are not had, or not set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences in lenscap_words::cameras say it
pub enum ReadTrouble {
    WorkerNotStarted {
        path: Text,
        error: Text,
    },
    CameraSilent,
    Unreadable,
    UnknownOption {
        option: Text,
    },
    NotOpened {
        camera: Text,
    },
    IntelWithoutCamera,
    Source(SourceTrouble),
    Control(ControlTrouble),
    Camera(Trouble),
    /// Why no camera was chosen.
    NoneChosen {
        why: Text,
    },
}

impl From<ControlTrouble> for ReadTrouble {
    fn from(trouble: ControlTrouble) -> Self {
        Self::Control(trouble)
    }
}

impl From<SourceTrouble> for ReadTrouble {
    fn from(trouble: SourceTrouble) -> Self {
        Self::Source(trouble)
    }
}

impl From<Trouble> for ReadTrouble {
    fn from(trouble: Trouble) -> Self {
        Self::Camera(trouble)
    }
}
