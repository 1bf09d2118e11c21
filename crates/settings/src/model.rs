//! The settings in use: validated, typed, without a trace of the file they came from.

use std::path::{Path, PathBuf};

use lenscap_core::controls::Saved;
use lenscap_core::policy::Policy;
use lenscap_picture::card::{CardKind, CardStyle, Picture};

use super::table::Overrides;
use lenscap_core::trouble::settings::SettingTrouble;

pub use super::table::apps::Apps;
pub use super::table::camera::CameraSettings;
pub use super::table::detection::Detection;
pub use super::table::device::Device;
pub use super::table::history::History;
pub use super::table::hooks::Hooks;
pub use super::table::icon::IconSettings;
pub use super::table::notifications::Notifications;
pub use super::table::output::{Output, PipewireOutput};
pub use super::table::privacy::Privacy;

/// All settings. The defaults are ipu6-camera-daemon's where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// What is captured, and what is promised.
    pub camera: CameraSettings,
    /// When the camera is on, for whom, and what is shown else.
    pub privacy: Privacy,
    /// What each application may do with the camera.
    pub apps: Apps,
    /// What there are notifications of.
    pub notifications: Notifications,
    /// When the tray shows the icon.
    pub icon: IconSettings,
    /// The output node.
    pub device: Device,
    /// How programs see the camera, beside the device.
    pub output: Output,
    /// How clients are noticed.
    pub detection: Detection,
    /// What is kept of who used a camera.
    pub history: History,
    /// What is run when something happens to the camera.
    pub hooks: Hooks,
    /// `[controls."CAMERA"]`: the values of each camera's controls; whether they fit shows when it is opened.
    pub controls: Saved,
}

/// The value of `privacy.card`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CardChoice {
    /// A text that says what is going on.
    #[default]
    Text,
    /// Black.
    Black,
    /// The user's picture.
    Picture,
}

impl CardChoice {
    /// All of them.
    pub const ALL: [CardChoice; 3] = [CardChoice::Text, CardChoice::Black, CardChoice::Picture];

    /// The word in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            CardChoice::Text => "text",
            CardChoice::Black => "black",
            CardChoice::Picture => "picture",
        }
    }
}

/// `device.second_node`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum SecondNode {
    /// `"off"`: there is none.
    #[default]
    Off,
    /// `"auto"`: found by driver and the first one's label with a 2 behind it.
    Auto,
    /// This one.
    Path(PathBuf),
}

impl Settings {
    /// What the machine needs of them.
    pub fn policy(&self) -> Policy {
        Policy {
            activation_delay: self.privacy.activation_delay,
            cooldown: self.privacy.cooldown,
            rules: self.rules(),
            unknown: self.apps.unknown,
            source: self.camera.source.to_string(),
            orientation: self.camera.orientation,
            pause_while_locked: self.privacy.pause_while_locked,
        }
    }

    /// The file of the picture that is the card, where one is; `home` stands for a leading `~`.
    pub fn card_picture(&self, home: Option<&Path>) -> Option<PathBuf> {
        let picture = self.privacy.picture.as_ref().filter(|_| self.privacy.card == CardChoice::Picture)?;
        Some(match (picture.strip_prefix("~"), home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => picture.clone(),
        })
    }

    /// How cards are drawn, with what [`Self::card_picture`] is now.
    pub fn card_style(&self, picture: Option<Picture>) -> CardStyle {
        let kind = match (self.privacy.card, picture) {
            (CardChoice::Black, _) => CardKind::Black,
            (CardChoice::Picture, Some(picture)) => CardKind::Picture(picture),
            (CardChoice::Text | CardChoice::Picture, _) => CardKind::Text,
        };
        CardStyle { kind, text: self.privacy.card_text.clone(), colours: self.privacy.card_colours }
    }

    /// These settings with some replaced, and the whole checked.
    ///
    /// # Errors
    /// The whole does not fit together.
    pub fn with(mut self, overrides: &Overrides) -> Result<Self, SettingTrouble> {
        overrides.put_into(&mut self);
        self.check()?;
        Ok(self)
    }

    /// Whether settings that are right each for itself are so together.
    ///
    /// # Errors
    /// They are not.
    pub(super) fn check(&self) -> Result<(), SettingTrouble> {
        if self.privacy.card == CardChoice::Picture && self.privacy.picture.is_none() {
            return Err(SettingTrouble::NoPicture);
        }
        match (&self.device.node, &self.device.second) {
            (Some(first), SecondNode::Path(second)) if first == second => {
                Err(SettingTrouble::SameNode { node: second.clone() })
            }
            _ => Ok(()),
        }
    }
}
