//! What is wrong, as data: for decisions, for scripts, and for `lenscap_words`, which makes the sentence of it. A trouble's
//! code (`camera-busy`) is its variant's name in kebab-case and does not change.

pub mod cameras;
pub mod command_line;
pub mod history;
pub mod hook;
pub mod output;
pub mod pipewire;
pub mod preferences;
pub mod refusal;
pub mod settings;
pub mod setup;
pub mod start;

use lenscap_text::{Cause, Detail, Text};
use serde::{Deserialize, Serialize};

use super::step::Step;
use output::OutputTrouble;

/// What decides about retries and icons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TroubleKind {
    /// The camera is in use by another program.
    Busy,
    /// No such camera, or it went away.
    Missing,
    /// No permission to open it.
    Permission,
    /// Nothing arrives at a capture card's input: tried again until something does.
    NoSignal,
    /// The worker crashed.
    Crash,
    /// The worker or the camera does not answer.
    Hang,
    /// The source gave something that is not the promised video.
    Format,
    /// The source description, an element or the worker program is unusable: trying again cannot help.
    Setup,
    /// The output node is missing or unusable.
    Device,
    /// Anything else.
    Other,
}

/// What the input of a capture card lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignalShortfall {
    /// What is connected to it is off.
    Power,
    /// Nothing arrives.
    Signal,
    /// Something arrives that the input cannot make out.
    Lock,
    /// What arrives is none that the input takes.
    Range,
}

/// What is wrong with the camera, its process or the device that applications open. `camera` is the camera's name or, before
/// it is known, the source; `cause` is why, by the kernel or GStreamer. The camera process sends these and is not
/// trusted: nothing here may hold another trouble, which could be nested without end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences in lenscap_words::trouble say it
pub enum Trouble {
    // Why the camera is off though nothing is broken.
    GoingToSleep,
    SessionLocked,
    TurnedOff {
        program: Text,
    },
    ProgramBlocked {
        program: Text,
    },
    PermissionAwaited {
        program: Text,
    },
    PermissionUnanswered {
        program: Text,
    },

    // What the machine sees.
    DeviceSought,
    NoMorePictures,
    StreamEnded,
    WorkerEnded,
    /// The step after `reached` took longer than its limit.
    StartOverdue {
        reached: Option<Step>,
        seconds: u64,
    },
    WorkerDoesNotEnd {
        is_camera_off: bool,
    },
    StillStreaming {
        camera: Text,
    },

    // The camera.
    CameraBusy {
        camera: Text,
    },
    CameraMissing {
        camera: Text,
        cause: Cause,
    },
    CameraUnplugged {
        camera: Text,
    },
    CameraForbidden {
        camera: Text,
    },
    CameraFormat {
        camera: Text,
        cause: Cause,
    },
    CameraRefusesStart {
        camera: Text,
    },
    CameraFailed {
        camera: Text,
        cause: Cause,
    },
    CameraStreamEnded {
        camera: Text,
    },
    CameraChanged {
        node: Text,
        old: Text,
        new: Text,
    },
    DepthOnly {
        camera: Text,
    },
    NoFormats {
        camera: Text,
    },
    /// None of these can be shown: V4L2's codes.
    OnlyFormats {
        camera: Text,
        formats: Vec<Text>,
    },
    NoUsableFormat {
        camera: Text,
    },
    OnlyBrokenPictures {
        camera: Text,
    },
    NoSignal {
        camera: Text,
        input: Text,
        shortfall: SignalShortfall,
    },
    NoCamera,
    /// No camera at all, and no element for a built-in one.
    NoCameraNorElement,

    // The source as it is set.
    SourceUnusable {
        source: Text,
        cause: Cause,
    },
    SourceWithoutVideo {
        source: Text,
    },
    /// It gives something else: `audio`, or another media type.
    SourceNotVideo {
        source: Text,
        media: Text,
    },
    SourceUnsettled,
    ElementMissing {
        element: Text,
    },
    PropertyRefused {
        element: Text,
        property: Text,
        value: Text,
    },
    PipelineUnusable {
        /// The parser's words on what the user wrote.
        message: Text,
    },
    PipelineClosed,
    OwnDevice {
        node: Text,
    },
    RawSensor {
        node: Text,
    },
    NoVideoNode {
        node: Text,
    },
    NotV4l2 {
        node: Text,
    },

    // The camera process.
    WorkerNotStarted {
        cause: Cause,
    },
    WorkerProgramUnusable {
        path: Detail,
        cause: Cause,
    },
    /// The nodes are hidden, and the program that has their group was not given it.
    WorkerWithoutGroup,
    WorkerSettingsUnusable {
        cause: Cause,
    },
    WorkerOtherVersion {
        theirs: Text,
        ours: Text,
    },
    WorkerNonsense {
        what: Detail,
    },
    WorkerMisunderstood {
        what: Detail,
    },
    WorkerBroken {
        cause: Cause,
    },
    WorkerWithoutPipeline {
        cause: Cause,
    },
    WorkerSilent,
    /// The signal, or else the exit status, as far as known, and the last line it wrote.
    WorkerCrashed {
        signal: Option<i32>,
        status: Option<i32>,
        last_words: Option<Detail>,
    },
    RelayStoodStill,
    GstreamerUnusable {
        cause: Cause,
    },

    // The device that applications open.
    DeviceReplaced,
    DeviceLostAtStart,
    EventsUnavailable {
        cause: Cause,
    },
    /// It cannot be served. Its code is the inner one's.
    Output(OutputTrouble),
}

impl Trouble {
    /// What decides about retries.
    pub fn kind(&self) -> TroubleKind {
        match self {
            Trouble::CameraBusy { .. } => TroubleKind::Busy,
            Trouble::CameraMissing { .. }
            | Trouble::CameraUnplugged { .. }
            | Trouble::CameraChanged { .. }
            | Trouble::NoCamera
            | Trouble::NoCameraNorElement => TroubleKind::Missing,
            Trouble::CameraForbidden { .. } => TroubleKind::Permission,
            Trouble::NoSignal { .. } => TroubleKind::NoSignal,
            Trouble::WorkerEnded | Trouble::WorkerNonsense { .. } | Trouble::WorkerCrashed { .. } => TroubleKind::Crash,
            Trouble::NoMorePictures
            | Trouble::StartOverdue { .. }
            | Trouble::WorkerDoesNotEnd { .. }
            | Trouble::StillStreaming { .. }
            | Trouble::OnlyBrokenPictures { .. }
            | Trouble::WorkerSilent
            | Trouble::RelayStoodStill => TroubleKind::Hang,
            Trouble::CameraFormat { .. }
            | Trouble::DepthOnly { .. }
            | Trouble::NoFormats { .. }
            | Trouble::OnlyFormats { .. }
            | Trouble::NoUsableFormat { .. } => TroubleKind::Format,
            Trouble::SourceUnusable { .. }
            | Trouble::SourceWithoutVideo { .. }
            | Trouble::SourceNotVideo { .. }
            | Trouble::SourceUnsettled
            | Trouble::ElementMissing { .. }
            | Trouble::PropertyRefused { .. }
            | Trouble::PipelineUnusable { .. }
            | Trouble::PipelineClosed
            | Trouble::OwnDevice { .. }
            | Trouble::RawSensor { .. }
            | Trouble::NoVideoNode { .. }
            | Trouble::NotV4l2 { .. }
            | Trouble::WorkerProgramUnusable { .. }
            | Trouble::WorkerWithoutGroup
            | Trouble::WorkerSettingsUnusable { .. }
            | Trouble::WorkerOtherVersion { .. }
            | Trouble::GstreamerUnusable { .. } => TroubleKind::Setup,
            Trouble::DeviceSought | Trouble::DeviceReplaced | Trouble::DeviceLostAtStart | Trouble::Output(_) => {
                TroubleKind::Device
            }
            Trouble::GoingToSleep
            | Trouble::SessionLocked
            | Trouble::TurnedOff { .. }
            | Trouble::ProgramBlocked { .. }
            | Trouble::PermissionAwaited { .. }
            | Trouble::PermissionUnanswered { .. }
            | Trouble::StreamEnded
            | Trouble::CameraRefusesStart { .. }
            | Trouble::CameraFailed { .. }
            | Trouble::CameraStreamEnded { .. }
            | Trouble::WorkerNotStarted { .. }
            | Trouble::WorkerMisunderstood { .. }
            | Trouble::WorkerBroken { .. }
            | Trouble::WorkerWithoutPipeline { .. }
            | Trouble::EventsUnavailable { .. } => TroubleKind::Other,
        }
    }
}

impl From<OutputTrouble> for Trouble {
    fn from(trouble: OutputTrouble) -> Self {
        Self::Output(trouble)
    }
}
