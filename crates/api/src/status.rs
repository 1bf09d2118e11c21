//! The status as others read it. The order of fields here is the order in which they are printed.

use std::collections::BTreeMap;
use std::fmt;

use lenscap_core::mode;
use lenscap_core::offer::Offer;
use lenscap_core::presence::Client;
use lenscap_core::sandbox::Sandbox;
use lenscap_core::source::Way;
use lenscap_core::status::{self, OtherCamera, StateName};
use lenscap_core::trouble::Trouble;
use serde::{Deserialize, Serialize};

use crate::{Code, tagged};

/// What the relay does, as event lines, `lenscap status --json` and the control socket carry it. It has what
/// [`status::Status`] has, but for moments: these mean nothing outside the process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The state.
    pub state: StateName,
    /// Whether the relay's camera is or may be on.
    pub live: bool,
    /// Who has the node open.
    pub clients: Vec<Client>,
    /// The camera's name once known, else the source as configured.
    pub camera: String,
    /// Whether the user allows the camera: not paused by hand.
    pub allowed: bool,
    /// What is wrong, one sentence in the language of the relay: in the states that need a reason, else the last failure.
    pub reason: Option<String>,
    /// Whether the camera could not be switched off.
    pub stuck: bool,
    /// Cameras that programs use past the relay.
    pub others: Vec<OtherCamera>,
    /// The mode the camera runs in, while it is on and that is known.
    pub mode: Option<PublishedMode>,
    /// What the camera process has given up, or the last one had.
    #[serde(default, with = "tagged")]
    pub sandbox: Option<Sandbox>,
    /// How the camera is read, while it is on and that is worth a word: through PipeWire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
    /// What `way` says, and why, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way_reason: Option<String>,
    /// Why the second device, which was asked for, is not served, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_device: Option<String>,
    /// What `reason` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Code>,
    /// What `second_device` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_device_trouble: Option<Code>,
    /// When the pause ends, in seconds since 1970, where it has an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<i64>,
    /// What the user can do now, the likeliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<Offer>,
    /// What became of asking the desktop for a key: a [`lenscap_core::shortcut::Shortcut`]; `None`: it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortcut: Option<Code>,
    /// The device that is served; in answers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// What the relay's command line decides, by section and key as in "camera.source"; in answers only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

impl Status {
    /// This status as of others; `sentence` says a trouble in the user's language, `second` one of the second device.
    pub fn new(
        status: &status::Status,
        sentence: &dyn Fn(&Trouble) -> String,
        second: &dyn Fn(&Trouble) -> String,
    ) -> Self {
        Self {
            state: status.state,
            live: status.camera_live,
            clients: status.clients.clone(),
            camera: status.camera.clone(),
            allowed: status.allowed,
            reason: status.reason.as_ref().map(sentence),
            stuck: status.stuck,
            others: status.others.clone(),
            mode: status.mode.as_ref().map(PublishedMode::from),
            sandbox: status.sandbox,
            way: status.way,
            // Said by whoever has words.
            way_reason: None,
            second_device: status.second_device.as_ref().map(second),
            trouble: status.reason.as_ref().map(Code::of),
            second_device_trouble: status.second_device.as_ref().map(Code::of),
            // Said by whoever has a clock.
            paused_until: None,
            offers: status.offers.clone(),
            // Said by whoever asks the desktop.
            shortcut: None,
            // Said by whoever is asked.
            node: None,
            options: BTreeMap::new(),
        }
    }
}

/// What a camera gives, beside what was asked for; [`mode::Mode`] says more of each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishedMode {
    /// Pixel format in GStreamer's words, or `MJPG`.
    pub format: String,
    /// Pixels across; 0: not known.
    pub width: u32,
    /// Pixels down; 0: not known.
    pub height: u32,
    /// Frames per second; 0: not known.
    pub framerate: f64,
    /// What was asked for.
    pub asked: AskedMode,
    /// Buffers between camera and pipeline, where the source says.
    pub buffers: Option<u32>,
    /// Buffers that were asked for, where the source takes a number.
    pub asked_buffers: Option<u32>,
    /// The decoder's element, where there is something to decode.
    pub decoder: Option<String>,
    /// What is less than was asked for, and what to do about it: one sentence.
    pub shortfall: Option<String>,
    /// What `shortfall` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortfall_trouble: Option<Code>,
}

/// The mode that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedMode {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Frames per second.
    pub framerate: u32,
}

impl From<&mode::Mode> for PublishedMode {
    fn from(mode: &mode::Mode) -> Self {
        Self {
            format: mode.format.clone(),
            width: mode.width,
            height: mode.height,
            framerate: f64::from(mode.millihertz) / 1000.0,
            asked: AskedMode { width: mode.asked_width, height: mode.asked_height, framerate: mode.asked_rate },
            buffers: mode.buffers,
            asked_buffers: mode.asked_buffers,
            decoder: mode.decoder.clone(),
            // Said by whoever has words.
            shortfall: None,
            shortfall_trouble: mode.shortfall.as_ref().map(Code::of),
        }
    }
}

/// As [`mode::Mode`]'s.
impl fmt::Display for PublishedMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millihertz = (self.framerate * 1000.0).round() as u32;
        let (width, height) = (self.width, self.height);
        mode::Mode { format: self.format.clone(), width, height, millihertz, ..Default::default() }.fmt(f)
    }
}
