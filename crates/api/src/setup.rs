//! What the system's helper, `lenscap-setup`, may be asked to do: a verb, and nothing else.

use serde::{Deserialize, Serialize};

/// Each is an action of its own in polkit. No caller's text reaches the helper: what a verb writes and runs is all in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetupVerb {
    /// Makes our device now, and at each start of the computer.
    Device,
    /// As before, for a module without control device (0.12) whose options others have set: ours beside theirs, in one line.
    MergedOptions,
    /// Gives who sits at the computer Intel's image processor, and keeps PipeWire from listing our camera twice.
    CameraRules,
    /// Stops v4l2-relayd, and keeps it from starting.
    StopV4l2Relayd,
    /// Stops ipu6-camera-daemon, and keeps it from starting.
    StopIpu6CameraDaemon,
    /// Takes back what the verbs before wrote and changed.
    Undo,
}

impl SetupVerb {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Device,
        Self::MergedOptions,
        Self::CameraRules,
        Self::StopV4l2Relayd,
        Self::StopIpu6CameraDaemon,
        Self::Undo,
    ];
}
