//! Cameras: what there is, what they are called, what they can do. Looking at the list opens nothing; a node is opened,
//! and a vendor's library asked, only through [`modes::ask`] and [`vendors::ask`], when somebody wants to know.

pub mod choice;
pub mod controls;
pub mod elements;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
pub mod group;
pub mod hidden;
mod identity;
pub mod ids;
pub mod modes;
pub mod moved;
pub mod numbers;
pub mod off;
pub mod sight;
pub mod signal;
mod system;
pub mod vendors;
pub mod watch;

use std::path::{Path, PathBuf};

use lenscap_core::location::Location;
use lenscap_core::source::{CameraApi, Source};
use lenscap_core::trouble::cameras::CameraProblem;
use sight::{Evidence, Sight};
pub use system::{System, loopbacks, open_nodes};

/// The option of the worker's program that leaves it what it could give up, where it is asked about cameras that are off.
pub const UNCONFINED: &str = "--unconfined";

/// Where the kernel lists video nodes.
pub const CLASS: &str = "/sys/class/video4linux";

/// A video node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Below `/dev`.
    pub path: PathBuf,
    /// The card's name.
    pub name: String,
}

impl Node {
    /// The name and the node, short enough for a list.
    pub fn label(&self) -> String {
        let node = self.path.file_name().unwrap_or(self.path.as_os_str());
        format!("{} ({})", self.name, node.display())
    }
}

/// A camera.
#[derive(Debug, Clone, PartialEq)]
pub struct Camera {
    /// What the settings say to choose it: the same tomorrow, and after it was unplugged.
    pub source: Source,
    /// What its own settings are kept under.
    pub id: String,
    /// udev's link to it that another camera of its device claims as well: what the settings may still say.
    pub shared: Option<PathBuf>,
    /// For people.
    pub name: String,
    /// What the function of its device is called, where that has a name of its own.
    pub function: Option<String>,
    /// Through what it is read.
    pub api: CameraApi,
    /// Its node today.
    pub node: Option<PathBuf>,
    /// Where it is plugged in, as in "usb 1-5".
    pub bus: Option<String>,
    /// Where it looks.
    pub location: Option<Location>,
    /// How far its sensor is turned, in degrees.
    pub rotation: Option<u32>,
    /// Whether it is there.
    pub present: bool,
    /// What it can do; `None`: it was not asked.
    pub formats: Option<Vec<modes::Format>>,
    /// Why it cannot be used, as far as that is known.
    pub problem: Option<CameraProblem>,
    /// Whether it gives nothing but a sensor's raw data, which programs like libcamera make pictures of.
    pub is_raw: bool,
}

impl Camera {
    /// The name and what tells it from another of this name, short enough for a list.
    pub fn label(&self) -> String {
        match self.node.as_deref().and_then(Path::file_name) {
            Some(node) => format!("{} ({})", self.name, node.display()),
            None => format!("{} ({})", self.name, self.api.as_str()),
        }
    }

    /// What it sees, as far as that is known: infrared cameras and such come last.
    pub fn sight(&self) -> Sight {
        Evidence { name: &self.name, function: self.function.as_deref(), formats: self.formats.as_deref() }.sight()
    }

    /// Opens its node and asks what it can do.
    pub fn ask(&mut self) {
        let Some(node) = &self.node else { return };
        match modes::ask(node) {
            Ok(answer) => {
                self.is_raw = answer.is_raw;
                self.formats = Some(answer.formats);
                self.location = answer.location.or(self.location);
                self.rotation = answer.rotation.or(self.rotation);
                self.problem = signal::missing(node, &self.name, signal::Moment::Before).map(CameraProblem::from);
                if self.bus.is_none() && !answer.bus_info.is_empty() {
                    self.bus = Some(answer.bus_info);
                }
            }
            Err(trouble) => self.problem = Some(trouble.into()),
        }
    }
}
