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
    /// The devices that programs open, as far as they are asked for, the main one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<PublishedDevice>,
    /// Programs that seem to wait for a device that another one has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crowds: Vec<PublishedCrowd>,
    /// What `reason` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Code>,
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
    /// This status as of others; `sentence` says a trouble in the user's language, `of_device` one of the device with a label.
    pub fn new(
        status: &status::Status,
        sentence: &dyn Fn(&Trouble) -> String,
        of_device: &dyn Fn(&str, &Trouble) -> String,
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
            devices: status.devices.iter().map(|device| PublishedDevice::of(device, of_device)).collect(),
            crowds: status.crowds.iter().map(PublishedCrowd::from).collect(),
            trouble: status.reason.as_ref().map(Code::of),
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

/// A device that programs open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishedDevice {
    /// Its number, from 1.
    pub number: u32,
    /// Under which name applications list it.
    pub label: String,
    /// Its node, while it is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Why it is not served, in one sentence, where it is a further one: of the first the status has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What `reason` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Code>,
}

impl PublishedDevice {
    fn of(device: &status::Device, of_device: &dyn Fn(&str, &Trouble) -> String) -> Self {
        Self {
            number: device.role.number().unwrap_or_default(),
            label: device.label.clone(),
            node: device.node.as_ref().map(|node| node.to_string_lossy().into_owned()),
            reason: device.trouble.as_ref().map(|trouble| of_device(&device.label, trouble)),
            trouble: device.trouble.as_ref().map(Code::of),
        }
    }
}

/// A program that seems to wait for a device: always a guess, as [`status::Crowd`] is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedCrowd {
    /// Who seems to wait.
    pub name: String,
    /// Its process id.
    pub pid: Option<u32>,
    /// The label of the device that it has open.
    pub device: String,
    /// Who streams from it.
    pub user: String,
    /// The label of a device that nobody streams from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<String>,
    /// All of it and what to do, in one sentence.
    pub reason: String,
}

impl From<&status::Crowd> for PublishedCrowd {
    fn from(crowd: &status::Crowd) -> Self {
        Self {
            name: crowd.comer.name.clone(),
            pid: crowd.comer.pid,
            device: crowd.device.clone(),
            user: crowd.user.name.clone(),
            free: crowd.free.clone(),
            // Said by whoever has words.
            reason: String::new(),
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
