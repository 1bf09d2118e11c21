//! The applet's properties on D-Bus: `data/io.github.lenscap.Lenscap.xml` describes them to others, this type makes and reads
//! them.

use lenscap_core::offer::Offer;
use lenscap_core::presence::Client;
use lenscap_core::status::{OtherCamera, StateName};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Code, PublishedCrowd, PublishedDevice, Status};

/// The applet's properties on D-Bus, in the types that they have there. From a [`Status`] all but what a status has not:
/// moments, nodes and the version.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AppletStatus {
    /// [`StateName`]'s word, or one of a later version.
    pub state: String,
    /// Whether the relay's camera is or may be on.
    pub camera_live: bool,
    /// Since when that is so, Unix seconds; 0: it is off.
    pub live_since: i64,
    /// Who has the camera open, or streams.
    pub clients: AppletClients,
    /// The camera's name once known, else the source as configured.
    pub camera: String,
    /// What is wrong, in words; empty: nothing.
    pub reason: String,
    /// The mode the camera runs in, as in "YUY2 1280x720@30"; empty: it is off.
    pub mode: String,
    /// What the camera gives less of than was asked for, in words; empty: nothing.
    pub shortfall: String,
    /// Until when it is paused, Unix seconds; 0: not paused, -1: until resumed.
    pub paused_until: i64,
    /// The loopback node; empty: none.
    pub node: String,
    /// All loopback nodes.
    pub nodes: Vec<String>,
    /// The devices that programs open, as far as they are asked for, the main one first.
    pub devices: AppletDevices,
    /// Programs that seem to wait for a device that another one has.
    pub crowds: AppletCrowds,
    /// What `reason` says: a [`Code`]'s fields; empty: nothing.
    pub trouble: Map<String, Value>,
    /// What became of asking the desktop for a key: a [`Code`]'s fields, of a [`lenscap_core::shortcut::Shortcut`]; empty: it was
    /// not asked.
    pub shortcut: Map<String, Value>,
    /// What the command line decides, by section and key as in "camera.source".
    pub options: Map<String, Value>,
    /// Ids of applications that had the node open, as [`lenscap_core::app::AppId`] has them, the newest first.
    pub programs: Vec<String>,
    /// The applet's.
    pub version: String,
    /// Whether the camera could not be switched off.
    pub stuck: bool,
    /// Cameras that programs use past the relay.
    pub other_cameras: OtherCameras,
    /// What the user can do now, the likeliest first.
    pub offers: Offers,
}

/// What another process knows of the applet.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum AppletState {
    /// Not asked yet.
    #[default]
    Unknown,
    /// There is no session bus to ask on.
    NoBus,
    /// Nobody owns its name.
    NotRunning,
    /// It runs.
    Running(Box<AppletStatus>),
}

/// A list of dictionaries; its name for serde is its type on D-Bus, which an empty list does not show.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename = "aa{sv}")]
pub struct AppletClients(pub Vec<AppletClient>);

/// As [`AppletClients`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename = "aa{sv}")]
pub struct OtherCameras(pub Vec<AppletCamera>);

/// As [`AppletClients`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename = "aa{sv}")]
pub struct Offers(pub Vec<Offer>);

/// As [`AppletClients`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename = "aa{sv}")]
pub struct AppletDevices(pub Vec<AppletDevice>);

/// As [`AppletClients`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename = "aa{sv}")]
pub struct AppletCrowds(pub Vec<AppletCrowd>);

/// A program that seems to wait for a device, which is always a guess.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AppletCrowd {
    /// Who seems to wait.
    pub name: String,
    /// Its process id; 0: it cannot be seen.
    pub pid: u32,
    /// The label of the device that it has open.
    pub device: String,
    /// Who streams from it.
    pub user: String,
    /// The label of a device that nobody streams from; empty: none.
    pub free: String,
    /// All of it and what to do, in words.
    pub reason: String,
}

/// A device that programs open.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AppletDevice {
    /// Its number, from 1.
    pub number: u32,
    /// Under which name applications list it.
    pub label: String,
    /// Its node; empty: it is not served.
    pub node: String,
    /// Why a further one is not served, in words; empty: all is well, or `reason` of the status says it.
    pub reason: String,
    /// What `reason` says: a [`Code`]'s fields; empty: nothing.
    pub trouble: Map<String, Value>,
}

/// A program that has the node open.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AppletClient {
    /// Process id; 0: it cannot be seen.
    pub pid: u32,
    /// A name for people.
    pub name: String,
    /// The word of [`lenscap_core::presence::Use`], or one of a later version.
    pub usage: String,
    /// The application's id, as [`lenscap_core::app::AppId`] has it; empty: not known.
    pub id: String,
    /// Its icon: a name in the icon theme, or an absolute path; empty: none.
    pub icon: String,
    /// Whether `name` and `id` are a guess.
    pub guess: bool,
    /// The word of [`lenscap_core::app::Access`], or one of a later version.
    pub access: String,
}

/// A camera that programs use past the relay.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AppletCamera {
    /// The camera's name.
    pub camera: String,
    /// Its first node.
    pub node: String,
    /// Names of the programs that have it, each once; none where they cannot be seen.
    pub programs: Vec<String>,
}

impl AppletStatus {
    /// [`Self::paused_until`] while paused without an end.
    pub const WITHOUT_END: i64 = -1;

    /// The state; `None`: one that this version does not know.
    pub fn state_name(&self) -> Option<StateName> {
        StateName::ALL.into_iter().find(|name| name.as_str() == self.state)
    }
}

impl From<Status> for AppletStatus {
    fn from(status: Status) -> Self {
        Self {
            state: status.state.as_str().to_owned(),
            camera_live: status.live,
            clients: AppletClients(status.clients.into_iter().map(AppletClient::from).collect()),
            camera: status.camera,
            reason: status.reason.unwrap_or_default(),
            mode: status.mode.as_ref().map(ToString::to_string).unwrap_or_default(),
            shortfall: status.mode.and_then(|mode| mode.shortfall).unwrap_or_default(),
            devices: AppletDevices(status.devices.into_iter().map(AppletDevice::from).collect()),
            crowds: AppletCrowds(status.crowds.into_iter().map(AppletCrowd::from).collect()),
            trouble: fields(status.trouble),
            stuck: status.stuck,
            other_cameras: OtherCameras(status.others.into_iter().map(AppletCamera::from).collect()),
            offers: Offers(status.offers),
            shortcut: fields(status.shortcut),
            live_since: 0,
            paused_until: 0,
            node: String::new(),
            nodes: Vec::new(),
            options: Map::new(),
            programs: Vec::new(),
            version: String::new(),
        }
    }
}

impl From<Client> for AppletClient {
    fn from(client: Client) -> Self {
        let app = client.app.as_ref();
        Self {
            pid: client.pid.unwrap_or(0),
            usage: client.usage.as_str().to_owned(),
            id: app.map(|app| app.id.to_string()).unwrap_or_default(),
            icon: app.and_then(|app| app.icon.clone()).unwrap_or_default(),
            guess: app.is_some_and(|app| app.is_guess),
            access: client.access.as_str().to_owned(),
            name: client.name,
        }
    }
}

impl From<PublishedDevice> for AppletDevice {
    fn from(device: PublishedDevice) -> Self {
        Self {
            number: device.number,
            label: device.label,
            node: device.node.unwrap_or_default(),
            reason: device.reason.unwrap_or_default(),
            trouble: fields(device.trouble),
        }
    }
}

impl From<PublishedCrowd> for AppletCrowd {
    fn from(crowd: PublishedCrowd) -> Self {
        Self {
            name: crowd.name,
            pid: crowd.pid.unwrap_or(0),
            device: crowd.device,
            user: crowd.user,
            free: crowd.free.unwrap_or_default(),
            reason: crowd.reason,
        }
    }
}

impl From<OtherCamera> for AppletCamera {
    fn from(other: OtherCamera) -> Self {
        let mut programs: Vec<String> = Vec::new();
        for client in other.clients {
            if !programs.contains(&client.name) {
                programs.push(client.name);
            }
        }
        Self { camera: other.camera, node: other.node.to_string_lossy().into_owned(), programs }
    }
}

/// A code and what is known beside it, since D-Bus has no null; without a code nothing.
fn fields(code: Option<Code>) -> Map<String, Value> {
    match code.map(serde_json::to_value) {
        Some(Ok(Value::Object(fields))) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Map::new(),
    }
}
