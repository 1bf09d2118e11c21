//! How far a camera's start has come.

use serde::{Deserialize, Serialize};

/// The steps from the spawn of a worker to its first picture (`WorkerEvent::Started`), in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Step {
    /// The process is up.
    Up,
    /// It has loaded GStreamer's plugins and has not touched the camera: it is warm.
    Loaded,
    /// The camera is open.
    Opened,
    /// The camera streams, as far as GStreamer knows: what it will give is settled.
    Streaming,
}
