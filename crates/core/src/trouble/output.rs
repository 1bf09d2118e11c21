//! Why there is no device that applications could open, or why it was lost.

use lenscap_text::Text;
use serde::{Deserialize, Serialize};

use super::pipewire::PipewireTrouble;

/// What decides whether, and when, the output is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputTroubleKind {
    /// There is no such node (yet), or it went away.
    Missing,
    /// Another program writes to it, or keeps it from taking our format.
    Busy,
    /// No permission.
    Permission,
    /// It is not a v4l2loopback output; waiting cannot help.
    Wrong,
    /// It cannot take the size or format; waiting cannot help.
    Format,
    /// Anything else.
    Io,
}

/// What is wrong with the device that applications open. `node` is a path, `error` what the kernel calls it, and
/// `is_installed` says whether v4l2loopback is there for the running kernel, loaded or not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences in lenscap_words::output say it
pub enum OutputTrouble {
    // Which node.
    NoNode {
        is_installed: bool,
    },
    NodeMissing {
        node: Text,
        is_installed: bool,
    },
    /// Others are there.
    NoSuchLabel {
        label: Text,
        nodes: Vec<LoopbackNode>,
        is_installed: bool,
    },
    /// None is left for the second device.
    NoSecondNode {
        label: Text,
    },
    FirstDevice {
        node: Text,
    },
    NodeForbidden {
        node: Text,
        /// Whoever is in it may open the node.
        group: Text,
    },
    NotVideo {
        node: Text,
    },
    OtherDriver {
        node: Text,
        driver: Text,
    },
    NodeIsCamera {
        node: Text,
        camera: Text,
    },

    // Who is there.
    NodeBusy {
        node: Text,
        cause: BusyCause,
        /// As far as they can be seen.
        holders: Vec<NodeHolder>,
    },

    // What it does not do.
    SizeRefused {
        node: Text,
        /// Asked for, in pixels.
        width: u32,
        height: u32,
        /// The most that it takes.
        max_width: u32,
        max_height: u32,
    },
    NodeFailed {
        node: Text,
        step: NodeStep,
        error: Text,
        /// The kernel says that there is no such device.
        is_gone: bool,
    },
    NodeUnwatched {
        node: Text,
        cause: WatchFailure,
    },
    NodeGone {
        is_installed: bool,
    },

    /// There is no node of PipeWire's.
    Pipewire {
        trouble: Box<PipewireTrouble>,
    },

    // What the computer lacks.
    NoMemory {
        error: Text,
    },
    NoEventLoop {
        error: Text,
    },
}

/// A loopback node that is there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct LoopbackNode {
    pub node: Text,
    pub label: Text,
}

/// Why a node cannot be served though it is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BusyCause {
    /// Another relay has locked it.
    OtherRelay,
    /// Another program writes to it.
    OtherWriter,
    /// It has as many users as the module's `max_openers` allows.
    MaxOpeners,
    /// Another program has it open and keeps it in another format.
    OtherFormat,
}

/// A process that has a node open or locked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NodeHolder {
    /// The process id.
    pub pid: u32,
    /// The program's name.
    pub name: Text,
    /// Its user, where that may be another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Text>,
}

/// What the kernel refused to do with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeStep {
    /// open(2).
    Open,
    /// VIDIOC_S_FMT.
    SetFormat,
    /// VIDIOC_REQBUFS.
    RequestBuffers,
    /// VIDIOC_QUERYBUF of a buffer that was just requested.
    QueryBuffers,
    /// mmap(2) of all buffers.
    MapBuffers,
    /// mmap(2) of one buffer.
    MapBuffer,
    /// VIDIOC_STREAMON.
    StreamOn,
    /// VIDIOC_QUERYBUF, to see how many buffers are in the rotation.
    Look,
    /// VIDIOC_QBUF.
    Queue,
}

/// Why it cannot be seen who uses a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WatchFailure {
    /// There is no such node.
    Missing,
    /// The user may not read it.
    Forbidden,
    /// It has as many users as the module's `max_openers` allows.
    MaxOpeners,
    /// The user's inotify watches or instances are used up.
    NoInotify,
    /// The kernel's error.
    #[allow(missing_docs)]
    Kernel { error: Text },
    /// Its events cannot be waited for: the kernel's error.
    #[allow(missing_docs)]
    Events { error: Text },
}

impl OutputTrouble {
    /// What decides about another try.
    pub fn kind(&self) -> OutputTroubleKind {
        match self {
            Self::NoNode { .. }
            | Self::NodeMissing { .. }
            | Self::NoSuchLabel { .. }
            | Self::NoSecondNode { .. }
            | Self::NodeGone { .. }
            | Self::NodeFailed { is_gone: true, .. } => OutputTroubleKind::Missing,
            Self::NodeBusy { .. } => OutputTroubleKind::Busy,
            Self::NodeForbidden { .. } => OutputTroubleKind::Permission,
            Self::FirstDevice { .. } | Self::NotVideo { .. } | Self::OtherDriver { .. } | Self::NodeIsCamera { .. } => {
                OutputTroubleKind::Wrong
            }
            Self::Pipewire { trouble } => match **trouble {
                PipewireTrouble::NoLibrary { .. } | PipewireTrouble::NoProgram { .. } | PipewireTrouble::Unsealed => {
                    OutputTroubleKind::Wrong
                }
                PipewireTrouble::NoServer => OutputTroubleKind::Missing,
                PipewireTrouble::Library { .. }
                | PipewireTrouble::Memory { .. }
                | PipewireTrouble::Ended
                | PipewireTrouble::Misunderstood { .. }
                | PipewireTrouble::System { .. } => OutputTroubleKind::Io,
            },
            Self::SizeRefused { .. } => OutputTroubleKind::Format,
            Self::NodeFailed { is_gone: false, .. }
            | Self::NodeUnwatched { .. }
            | Self::NoMemory { .. }
            | Self::NoEventLoop { .. } => OutputTroubleKind::Io,
        }
    }

    /// Whether it can go away without anybody changing the settings.
    pub fn is_passing(&self) -> bool {
        match self.kind() {
            OutputTroubleKind::Missing | OutputTroubleKind::Busy | OutputTroubleKind::Io => true,
            OutputTroubleKind::Permission | OutputTroubleKind::Wrong | OutputTroubleKind::Format => false,
        }
    }
}
