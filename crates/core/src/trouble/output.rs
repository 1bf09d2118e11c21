//! Why there is no device that applications could open, or why it was lost.

use lenscap_text::{Cause, Detail, Text};
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

/// What is wrong with the device that applications open. `node` is a path, `cause` why, by the kernel, and
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
        node: Detail,
        is_installed: bool,
    },
    /// Others are there.
    NoSuchLabel {
        label: Text,
        nodes: Vec<LoopbackNode>,
        is_installed: bool,
    },
    /// None is left for a further device.
    NoFurtherNode {
        label: Text,
        /// How many devices are asked for, the main one among them.
        count: u32,
        /// Whether `lenscap setup` makes it, now and at each start of the computer.
        #[serde(default)]
        can_set_up: bool,
    },
    FirstDevice {
        node: Detail,
    },
    NodeForbidden {
        node: Detail,
        /// Whoever is in it may open the node.
        group: Text,
    },
    NotVideo {
        node: Detail,
    },
    OtherDriver {
        node: Detail,
        driver: Text,
    },
    NodeIsCamera {
        node: Detail,
        camera: Text,
    },

    // Who is there.
    NodeBusy {
        node: Detail,
        cause: BusyCause,
        /// As far as they can be seen.
        holders: Vec<NodeHolder>,
    },

    // What it does not do.
    SizeRefused {
        node: Detail,
        /// Asked for, in pixels.
        width: u32,
        height: u32,
        /// The most that it takes.
        max_width: u32,
        max_height: u32,
    },
    NodeFailed {
        node: Detail,
        step: NodeStep,
        cause: Cause,
        /// The kernel says that there is no such device.
        is_gone: bool,
    },
    NodeUnwatched {
        node: Detail,
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
        cause: Cause,
    },
    NoEventLoop {
        cause: Cause,
    },
}

/// A loopback node that is there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct LoopbackNode {
    pub node: Detail,
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
    /// Anything else.
    #[allow(missing_docs)]
    Kernel { cause: Cause },
    /// Its events cannot be waited for.
    #[allow(missing_docs)]
    Events { cause: Cause },
}

impl OutputTrouble {
    /// What decides about another try.
    pub fn kind(&self) -> OutputTroubleKind {
        match self {
            Self::NoNode { .. }
            | Self::NodeMissing { .. }
            | Self::NoSuchLabel { .. }
            | Self::NoFurtherNode { .. }
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
