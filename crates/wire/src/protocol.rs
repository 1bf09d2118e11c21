//! What parent and worker say to each other: postcard messages, one a packet.
//!
//! The first message of the child is [`FromChild::Hello`]; its shape never changes, so that any two versions can at
//! least tell each other apart. Everything after it is for exactly the same version.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use lenscap_core::controls::{CameraControls, Changes, Saved, Value};
use lenscap_core::event::Step;
use lenscap_core::mode::Mode;
use lenscap_core::sandbox::Sandbox;
use lenscap_core::source::{Orientation, Source};
use lenscap_core::trouble::Trouble;
use lenscap_core::trouble::cameras::ChoiceReason;
use lenscap_picture::format::VideoFormat;
use lenscap_picture::slots::SlotLayout;

/// Largest message in bytes, either way.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// Child to parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromChild {
    /// First of all: the child's version.
    Hello {
        /// Its [`crate::VERSION`].
        version: String,
    },
    /// It has done a step of its start; [`Step::Up`] is said by [`FromChild::Hello`]. Before [`Step::Loaded`] the slots
    /// are mapped, and no camera is touched before [`ToChild::Start`].
    Step(Step),
    /// The first frame is there in the promised format; it waits for the gate to open.
    Started {
        /// The camera's name, or a [`GenericName`](lenscap_core::source::GenericName).
        camera: String,
        /// What the camera gives, in GStreamer's words.
        caps: String,
        /// Why `auto` took this one; `None` where a camera was named.
        why: Option<Box<ChoiceReason>>,
    },
    /// A slot is filled.
    Frame(Frame),
    /// What happened to the frames; said before [`FromChild::Stopped`].
    Stats(Stats),
    /// The camera is off.
    Stopped,
    /// It does not work; the child ends after this.
    Failed(Trouble),
    /// The mode that the camera is asked for, said before it is ordered to start where it has modes to choose from.
    Trying(Box<Mode>),
    /// The mode that the camera was asked for and that brought no frame; said before [`FromChild::Failed`].
    Refused(Box<Mode>),
    /// Said before a camera is opened, and once more where a library opened it and the parent may not look; the last one counts.
    Opening {
        /// The V4L2 nodes of it, none where they are not known.
        nodes: Vec<PathBuf>,
    },
    /// The controls of the camera that was opened, after that and whenever they are others.
    Controls(Box<CameraControls>),
    /// Those of them that changed since they were reported last.
    ControlsChanged(Box<Changes>),
    /// The mode the camera runs in: before [`FromChild::Started`], and again when it proves to be another.
    Mode(Box<Mode>),
    /// What it has given up; before it loads anything.
    Confined(Sandbox),
    /// Another program holds this camera, which PipeWire may have; said before [`FromChild::Failed`].
    Held(Box<Source>),
}

/// A filled slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Which slot.
    pub slot: u32,
    /// Under which grant it was filled.
    pub epoch: u32,
    /// Time of capture, `CLOCK_MONOTONIC`, in nanoseconds.
    pub timestamp_ns: u64,
    /// Counts the frames sent, from 0.
    pub sequence: u64,
}

/// Counters of one session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Frames sent.
    pub frames: u64,
    /// Frames that arrived in the promised format and found no free slot.
    pub dropped: u64,
    /// Frames held back early: above the promised rate, or while nobody wanted any.
    pub skipped: u64,
    /// Frames that were copied by us into their slot; the others were rendered there.
    pub copies: u64,
    /// Frames that came broken and were not shown.
    pub bad: u64,
    /// Frames that the camera numbered and that never came.
    pub lost: u64,
}

/// Parent to child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToChild {
    /// What to do; comes with three descriptors: the memory of the slots, that of the private ones, and the control page.
    Configure(Box<Configure>),
    /// Switch the camera on.
    Start,
    /// The gate was opened.
    Granted,
    /// Switch the camera off and end.
    Stop,
    /// Other saved values of controls: what differs is set, what is gone goes back to its default.
    Controls(Saved),
    /// Set one control, now.
    SetControl {
        /// Its key.
        key: String,
        /// Its value.
        value: Value,
    },
    /// Lay the picture like this from now on; at any time after [`ToChild::Configure`].
    Lay(Orientation),
}

/// Everything the child needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configure {
    /// Where the pictures come from.
    pub source: Source,
    /// The promised format.
    pub format: VideoFormat,
    /// How the picture is laid into it.
    pub orientation: Orientation,
    /// Where the main output's slots are.
    pub layout: SlotLayout,
    /// Where the private ones are, whose numbers follow.
    pub private: SlotLayout,
    /// Buffers of the camera, where the source lets us choose; 1 to 16.
    pub buffer_count: u32,
    /// Nodes that are never cameras: the outputs.
    pub excluded: Vec<PathBuf>,
    /// The saved values of controls, by camera: of the chosen one, where that is known.
    pub controls: Saved,
    /// Modes that the camera refused: others are to be tried first.
    pub refused: Vec<Mode>,
    /// Whether it is to give up what it does not need.
    pub sandbox: bool,
    /// With [`Source::PipeWire`]: the camera to take there, which another program holds itself.
    pub held: Option<Source>,
}

/// Why a message cannot be sent or understood.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MessageError {
    /// It has so many bytes, more than [`MAX_MESSAGE`].
    #[error("a message of {0} bytes is too large")]
    TooLarge(usize),
    /// So many bytes follow the message.
    #[error("{0} bytes too many")]
    Trailing(usize),
    /// It is none of ours.
    #[error("{0}")]
    Encoding(#[from] postcard::Error),
}

/// A message as bytes.
///
/// # Errors
/// When it is larger than [`MAX_MESSAGE`].
pub fn encode(message: &impl Serialize) -> Result<Vec<u8>, MessageError> {
    let bytes = postcard::to_stdvec(message)?;
    if bytes.len() > MAX_MESSAGE { Err(MessageError::TooLarge(bytes.len())) } else { Ok(bytes) }
}

/// Bytes as a message.
///
/// # Errors
/// When they are not exactly one message.
pub fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, MessageError> {
    match postcard::take_from_bytes(bytes)? {
        (message, []) => Ok(message),
        (_, rest) => Err(MessageError::Trailing(rest.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_core::mode::ModeShortfall;
    use lenscap_core::trouble::cameras::{CameraProblem, NodeTrouble};
    use proptest::prelude::*;

    #[test]
    fn messages_survive_the_way() {
        let configure = ToChild::Configure(Box::new(Configure {
            source: "pipeline:videotestsrc ! identity".parse().unwrap(),
            format: VideoFormat::new(Default::default(), 640, 480, 30).unwrap(),
            orientation: Orientation { mirror: true, ..Orientation::default() },
            layout: SlotLayout { offsets: vec![0, 4096], length: 4096 },
            private: SlotLayout { offsets: vec![8192], length: 4096 },
            buffer_count: 7,
            excluded: vec!["/dev/video9".into()],
            controls: Saved::from([("usb-1".into(), [("gain".into(), Value::Real(0.5))].into())]),
            refused: vec![Mode { format: "YUY2".into(), width: 1280, ..Mode::default() }],
            sandbox: true,
            held: Some(Source::Libcamera(Some(r"\_SB_.PC00.LNK1".into()))),
        }));
        assert_eq!(decode(&encode(&configure).unwrap()), Ok(configure));
        let frame = FromChild::Frame(Frame { slot: 3, epoch: u32::MAX, timestamp_ns: u64::MAX, sequence: 1 });
        assert_eq!(decode(&encode(&frame).unwrap()), Ok(frame));
    }

    #[test]
    fn trailing_bytes_and_large_messages_are_refused() {
        let mut bytes = encode(&FromChild::Step(Step::Loaded)).unwrap();
        bytes.push(0);
        assert!(decode::<FromChild>(&bytes).is_err());
        assert!(encode(&FromChild::Hello { version: "x".repeat(MAX_MESSAGE) }).is_err());
    }

    fn mode() -> FromChild {
        FromChild::Mode(Box::new(Mode {
            format: "MJPG".into(),
            width: 1280,
            millihertz: 29_970,
            buffers: Some(4),
            decoder: Some("jpegdec".into()),
            shortfall: Some(ModeShortfall::FewBuffers { buffers: 2, asked: 7 }),
            ..Mode::default()
        }))
    }

    #[test]
    fn modes_and_framings_survive_the_way() {
        assert_eq!(decode(&encode(&mode()).unwrap()), Ok(mode()));
        let framing = lenscap_core::source::Framing { zoom: 250, pan_x: -100, pan_y: 30 };
        let lay = ToChild::Lay(Orientation { framing, ..Orientation::default() });
        assert_eq!(decode(&encode(&lay).unwrap()), Ok(lay));
    }

    #[test]
    fn a_message_of_an_older_shape_is_refused() {
        // `Started` with a sentence where the reason is now, `Mode` with one where the shortfall is.
        let started = postcard::to_stdvec(&(2_u32, "Webcam", "video/x-raw", "it is the only camera")).unwrap();
        assert!(decode::<FromChild>(&started).is_err());
        let sizes = (1280_u32, 720_u32, 30_000_u32, 1280_u32, 720_u32, 30_u32);
        let none = (None::<u32>, None::<u32>, None::<&str>);
        let of_mode = |shortfall| postcard::to_stdvec(&(12_u32, "YUY2", sizes, none, Some(shortfall))).unwrap();
        assert!(decode::<FromChild>(&of_mode("The camera gives less.")).is_err());
        // What shape it has is known.
        let FromChild::Mode(mode) = mode() else { panic!("a mode") };
        let Some(ModeShortfall::FewBuffers { buffers, asked }) = mode.shortfall else { panic!("a shortfall") };
        let shortfall = (5_u32, buffers, asked);
        let bytes = postcard::to_stdvec(&(12_u32, "YUY2", sizes, none, Some(shortfall))).unwrap();
        assert!(matches!(decode(&bytes), Ok(FromChild::Mode(read)) if read.shortfall == mode.shortfall));
    }

    #[test]
    fn what_a_worker_says_is_cleaned_on_the_way() {
        // A trouble's text, as bytes that no `Text` could have: `NoAnswer` of a node, in the reason of a choice.
        let passed_over = [(0_u32, 4_u32, "/dev/\u{1b}[2Jvideo0", (9_u32, "x".repeat(4000)))];
        let reason = (None::<u32>, &passed_over[..]);
        let bytes = postcard::to_stdvec(&(2_u32, "Webcam", "caps", Some(reason))).unwrap();
        let Ok(FromChild::Started { why: Some(why), .. }) = decode(&bytes) else { panic!("it is one of ours") };
        let CameraProblem::Node(NodeTrouble::NoAnswer { node, cause }) = &why.passed_over[0] else { panic!("{why:?}") };
        assert_eq!(&**node, "/dev/ [2Jvideo0");
        assert!(cause.detail.as_str().chars().count() <= 400);
    }

    proptest! {
        #[test]
        fn garbled_messages_are_survived(changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8)) {
            let mut bytes = encode(&mode()).unwrap();
            for (at, byte) in changes {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            let _ = decode::<FromChild>(&bytes);
            let _ = decode::<ToChild>(&bytes);
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode::<FromChild>(&bytes);
            let _ = decode::<ToChild>(&bytes);
        }
    }
}
