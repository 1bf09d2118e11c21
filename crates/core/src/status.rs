//! What the outside may know: one snapshot, cheap to compare.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::mode::Mode;
use super::offer::{Offer, Verb, is_going_off};
use super::presence::{Client, Role};
use super::sandbox::Sandbox;
use super::source::Way;
use super::trouble::Trouble;

/// The state's name, as the event lines, D-Bus and the tray know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateName {
    /// The output node is not there.
    NoDevice,
    /// Nobody wants the camera; it is off.
    Idle,
    /// A client is there and the activation delay runs; the camera is off.
    Pending,
    /// The camera is being switched on: counts as on.
    Starting,
    /// The camera is on and clients see it.
    Live,
    /// No client, the camera is still on (cooldown, or the stop is not yet confirmed).
    Cooldown,
    /// The user paused the camera, or the computer sleeps; it is off.
    Paused,
    /// The user is asked whether a client that streams may have it; it is off.
    Asking,
    /// The user does not allow it for a client that streams; it is off.
    Blocked,
    /// It did not work; the reason says why; it is off.
    Failed,
}

impl StateName {
    /// All of them, in the order of a session.
    pub const ALL: [StateName; 10] = [
        StateName::NoDevice,
        StateName::Idle,
        StateName::Pending,
        StateName::Starting,
        StateName::Live,
        StateName::Cooldown,
        StateName::Paused,
        StateName::Asking,
        StateName::Blocked,
        StateName::Failed,
    ];

    /// The word used in event lines and on D-Bus.
    pub fn as_str(self) -> &'static str {
        match self {
            StateName::NoDevice => "no-device",
            StateName::Idle => "idle",
            StateName::Pending => "pending",
            StateName::Starting => "starting",
            StateName::Live => "live",
            StateName::Cooldown => "cooldown",
            StateName::Paused => "paused",
            StateName::Asking => "asking",
            StateName::Blocked => "blocked",
            StateName::Failed => "failed",
        }
    }
}

impl StateName {
    /// How it is shown where only its kind matters.
    pub fn look(self) -> Look {
        match self {
            StateName::Idle | StateName::Pending => Look::Off,
            StateName::Starting => Look::Starting,
            StateName::Live => Look::On,
            StateName::Cooldown => Look::StillOn,
            StateName::Paused => Look::Paused,
            StateName::Asking => Look::Asking,
            StateName::Blocked => Look::Blocked,
            StateName::NoDevice | StateName::Failed => Look::Attention,
        }
    }
}

/// What icons tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// The camera is off, and may come on.
    Off,
    /// It is being switched on.
    Starting,
    /// It is on.
    On,
    /// It is on though nobody uses it any more.
    StillOn,
    /// The user paused it.
    Paused,
    /// The user is asked whether a program that streams may have it.
    Asking,
    /// It is not allowed for a program that streams.
    Blocked,
    /// It does not work.
    Attention,
}

impl Look {
    /// What its icon is called, between the application's id and "-symbolic".
    pub fn shape(self) -> &'static str {
        match self {
            Look::Off => "capped",
            Look::Starting => "starting",
            Look::On => "live",
            Look::StillOn => "cooldown",
            Look::Paused => "paused",
            Look::Asking => "asking",
            Look::Blocked => "blocked",
            Look::Attention => "attention",
        }
    }
}

impl fmt::Display for StateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A camera that programs use past the relay.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct OtherCamera {
    /// The camera's name.
    pub camera: String,
    /// Its first node.
    #[serde(serialize_with = "lossy")]
    pub node: PathBuf,
    /// Who has it; nobody where they cannot be seen.
    pub clients: Vec<Client>,
}

/// Whatever the path is: nobody goes without a status for it.
fn lossy<S: serde::Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&path.to_string_lossy())
}

/// A device that programs open, which is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The main one or a further one.
    pub role: Role,
    /// Under which name applications list it.
    pub label: String,
    /// Its node, while it is served.
    pub node: Option<PathBuf>,
    /// Whether no second program can stream from it at the same time.
    pub is_for_one: bool,
    /// Why it is not served, where it is a further one: of the main one the reason says it.
    pub trouble: Option<Trouble>,
}

/// A program that seems to wait for a device that another one has: it has held it open for a while. That it was refused is
/// reported by nobody, and so a guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crowd {
    /// Who seems to wait.
    pub comer: Client,
    /// Who streams.
    pub user: Client,
    /// The label of the device that both have open.
    pub device: String,
    /// The label of a device that nobody streams from.
    pub free: Option<String>,
    /// Whether there could be more devices.
    pub may_have_more: bool,
}

/// One consistent view of everything a user may want to know.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// What the camera does, in one word.
    pub state: StateName,
    /// Whether the sensor is or may be on: the indicator. True from before it is touched until the stop is confirmed.
    pub camera_live: bool,
    /// Since when the sensor is on, while it is.
    pub live_since: Option<Instant>,
    /// Who has the node open.
    pub clients: Vec<Client>,
    /// The camera's name once known, else the source as configured.
    pub camera: String,
    /// Why, in the states that need a reason; else the last failure of this session, if any.
    pub reason: Option<Trouble>,
    /// The next automatic step: end of pause, of cooldown, next try.
    pub until: Option<Instant>,
    /// Whether the user allows the camera: not paused by hand. The tray's toggle.
    pub allowed: bool,
    /// Which start attempt this is, from 1, while starting or failed.
    pub attempt: u32,
    /// The devices that programs open, as far as they are asked for, the main one first.
    pub devices: Vec<Device>,
    /// Programs that seem to wait for a device that another one has.
    pub crowds: Vec<Crowd>,
    /// The camera could not be switched off; the reason says so. Then it counts as on.
    pub stuck: bool,
    /// Cameras that programs use past the relay, as far as they are watched.
    pub others: Vec<OtherCamera>,
    /// The mode the camera runs in, while it is on and that is known.
    pub mode: Option<Mode>,
    /// What the camera process has given up, or the last one had.
    pub sandbox: Option<Sandbox>,
    /// How the camera is read, while it is on and that is worth a word.
    pub way: Option<Way>,
    /// What the user can do now, the likeliest first.
    pub offers: Vec<Offer>,
}

impl Status {
    /// Whether any camera is or may be on, the relay's or another: what an indicator shows.
    pub fn is_any_camera_on(&self) -> bool {
        self.camera_live || !self.others.is_empty()
    }

    /// Whether it is being switched off, and will be off soon.
    pub fn is_going_off(&self) -> bool {
        is_going_off(self.state, self.stuck, &self.offers)
    }

    /// This, where the user can do it now.
    pub fn offer(&self, verb: Verb) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.verb == verb)
    }
}
