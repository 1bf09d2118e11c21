//! What the system's helper, `lenscap-setup`, may be asked to do: a verb, and nothing else; what that means on this computer; and
//! what came of it.

use lenscap_core::trouble::setup::SetupTrouble;
use lenscap_text::Text;
use serde::{Deserialize, Serialize};

/// The helper on the system bus; its interface has the same name.
pub const SETUP_NAME: &str = "io.github.lenscap.Setup1";
/// Its object.
pub const SETUP_PATH: &str = "/io/github/lenscap/Setup1";

/// What the device that it makes is called; further ones have this with a number: [`lenscap_core::presence::Further::label`].
pub const DEVICE_LABEL: &str = "Lenscap";
/// Loads the module and adds that device, at each start of the computer.
pub const DEVICE_UNIT: &str = "lenscap-device.service";
/// As [`DEVICE_UNIT`], for all further ones.
pub const FURTHER_DEVICES_UNIT: &str = "lenscap-further-devices.service";

/// Each is an action of its own in polkit. No caller's text reaches the helper: what a verb writes and runs is all in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetupVerb {
    /// Makes our device now, and at each start of the computer.
    Device,
    /// As before, for a module without control device (0.12) whose options others have set: ours beside theirs, in one line.
    MergedOptions,
    /// Makes further devices, as many as can be asked for, now and at each start of the computer.
    FurtherDevices,
    /// Gives who sits at the computer Intel's image processor, and keeps PipeWire from listing our camera twice.
    CameraRules,
    /// Hides the raw nodes of image processors from programs, but for our own.
    HideRawNodes,
    /// Stops v4l2-relayd, and keeps it from starting.
    StopV4l2Relayd,
    /// Stops ipu6-camera-daemon, and keeps it from starting.
    StopIpu6CameraDaemon,
    /// Takes back what the verbs before wrote and changed.
    Undo,
}

impl SetupVerb {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Device,
        Self::MergedOptions,
        Self::FurtherDevices,
        Self::CameraRules,
        Self::HideRawNodes,
        Self::StopV4l2Relayd,
        Self::StopIpu6CameraDaemon,
        Self::Undo,
    ];

    /// As it is written on a command line, in JSON and in polkit's action.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::MergedOptions => "merged-options",
            Self::FurtherDevices => "further-devices",
            Self::CameraRules => "camera-rules",
            Self::HideRawNodes => "hide-raw-nodes",
            Self::StopV4l2Relayd => "stop-v4l2-relayd",
            Self::StopIpu6CameraDaemon => "stop-ipu6-camera-daemon",
            Self::Undo => "undo",
        }
    }

    /// Its method on D-Bus.
    pub fn method(self) -> &'static str {
        match self {
            Self::Device => "Device",
            Self::MergedOptions => "MergedOptions",
            Self::FurtherDevices => "FurtherDevices",
            Self::CameraRules => "CameraRules",
            Self::HideRawNodes => "HideRawNodes",
            Self::StopV4l2Relayd => "StopV4l2Relayd",
            Self::StopIpu6CameraDaemon => "StopIpu6CameraDaemon",
            Self::Undo => "Undo",
        }
    }

    /// Its action in polkit.
    pub fn action(self) -> String {
        format!("io.github.lenscap.setup.{}", self.as_str())
    }

    /// The verb with this name, as [`Self::as_str`] has it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == name)
    }
}

/// One thing that a verb does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum SetupStep {
    /// Writes a file; its directory is made where it is missing.
    Write {
        /// Where.
        path: String,
        /// All of it.
        text: String,
    },
    /// Makes a symbolic link.
    Link {
        /// Where.
        path: String,
        /// To where.
        target: String,
    },
    /// Removes a file or link of ours.
    Remove {
        /// Which.
        path: String,
    },
    /// Runs a program.
    Run {
        /// Its name and its arguments.
        command: Vec<String>,
    },
}

/// What a verb would do on this computer, in this order. Nothing: all is done already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupPlan {
    /// Which.
    pub verb: SetupVerb,
    /// What it would do; with a trouble: what there is to be done by hand.
    pub steps: Vec<SetupStep>,
    /// Why none of it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<SetupTrouble>,
}

/// What `lenscap-setup plan` and `lenscap setup --print --json` print.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupPlans {
    /// In the order in which they are carried out.
    pub plans: Vec<SetupPlan>,
}

/// What came of a verb.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupReport {
    /// Which.
    pub verb: SetupVerb,
    /// What was done. Nothing: all was done already.
    pub done: Vec<SetupStep>,
    /// Files that were changed since we wrote them, and were therefore left as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Text>,
    /// Whether it works from the next start of the computer on: the loaded module cannot get a device.
    #[serde(default)]
    pub needs_restart: bool,
    /// Why it ended before its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<SetupTrouble>,
}

impl SetupReport {
    /// Nothing was done, for this reason.
    pub fn refused(verb: SetupVerb, trouble: SetupTrouble) -> Self {
        Self { verb, done: Vec::new(), left: Vec::new(), needs_restart: false, trouble: Some(trouble) }
    }
}

/// What `lenscap setup --json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupReports {
    /// In the order in which they were carried out.
    pub reports: Vec<SetupReport>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_has_one_name() {
        for verb in SetupVerb::ALL {
            assert_eq!(serde_json::to_value(verb).unwrap(), verb.as_str());
            assert_eq!(SetupVerb::from_name(verb.as_str()), Some(verb));
            let kebab: String = verb
                .method()
                .chars()
                .flat_map(|c| c.is_uppercase().then_some('-').into_iter().chain(c.to_lowercase()))
                .collect();
            assert_eq!(kebab.trim_start_matches('-').replace("v4l2relayd", "v4l2-relayd"), verb.as_str());
        }
        assert_eq!(SetupVerb::from_name("Device"), None);
    }
}
