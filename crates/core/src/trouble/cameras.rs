//! Why a camera that is off, or a vendor's library, cannot be asked.

use lenscap_text::{Cause, Detail, Text};
use serde::{Deserialize, Serialize};

use super::Trouble;
use crate::controls::ControlTrouble;
use crate::source::{CameraApi, SourceTrouble};

/// Why a node does not say what it can do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
        cause: Cause,
    },
    NoVideo {
        node: Text,
    },
    NoAnswer {
        node: Text,
        cause: Cause,
    },
}

/// Why a process that was asked for one line gave none that can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HelperTrouble {
    /// It cannot be started, or not be read.
    Kernel(Cause),
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

/// Why a camera cannot be used, as far as that is known without starting it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameraProblem {
    /// Its node cannot be asked.
    Node(NodeTrouble),
    /// The camera itself has it, or its node has when it is opened.
    Camera(Trouble),
}

impl From<NodeTrouble> for CameraProblem {
    fn from(trouble: NodeTrouble) -> Self {
        Self::Node(trouble)
    }
}

impl From<Trouble> for CameraProblem {
    fn from(trouble: Trouble) -> Self {
        Self::Camera(trouble)
    }
}

/// The cameras of a vendor's library are not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryTrouble {
    /// Which library.
    pub library: CameraApi,
    /// Why the process that asks it gave no answer.
    pub trouble: HelperTrouble,
}

/// Why `auto` takes a camera, or has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceReason {
    /// Why it takes this one; `None`: it has none.
    pub preference: Option<Preference>,
    /// What is wrong with those that it would have taken before; where it has no other to choose from, with all.
    pub passed_over: Vec<CameraProblem>,
}

/// Why `auto` prefers a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preference {
    /// There is no other.
    Only,
    /// The others cannot be used.
    OnlyUsable,
    /// Others have no colours.
    Colour,
    /// The way in which it is read comes before others; of the kernel's own cameras it is the first by number.
    Api(CameraApi),
}

/// Why the controls of a camera that is off are not had, or not set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences in lenscap_words::cameras say it
pub enum ReadTrouble {
    WorkerNotStarted {
        path: Detail,
        cause: Cause,
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
    /// No camera could be chosen.
    NoneChosen(ChoiceReason),
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
