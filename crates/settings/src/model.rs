//! The settings in use: validated, typed, without a trace of the file they came from.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lenscap_core::controls::Saved;
use lenscap_core::policy::Policy;
use lenscap_core::source::{Orientation, Rotation, Source};
use lenscap_picture::format::{PixelFormat, VideoFormat};
use lenscap_picture::placeholder::{CardKind, CardStyle, Picture};
use lenscap_words::{tr, trf};

/// All settings. The defaults are ipu6-camera-daemon's where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// What is captured, and what is promised.
    pub camera: Camera,
    /// When the camera is on, for whom, and what is shown else.
    pub privacy: Privacy,
    /// What is told by notification.
    pub notifications: Notifications,
    /// The output node.
    pub device: Device,
    /// How clients are noticed.
    pub detection: Detection,
    /// `[controls."CAMERA"]`: the values of each camera's controls; whether they fit shows when it is opened.
    pub controls: Saved,
}

/// `[camera]`, and `device.format`, which is part of the promised format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Camera {
    /// Where the pictures come from.
    pub source: Source,
    /// What every client sees.
    pub format: VideoFormat,
    /// Buffers between camera and pipeline, 1 to 16; each source keeps to its own limits.
    pub buffer_count: u32,
    /// How the picture is laid.
    pub orientation: Orientation,
}

/// `[privacy]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Privacy {
    /// How long a client must be there before the camera starts; `None` is `"auto"`.
    pub activation_delay: Option<Duration>,
    /// How long the camera stays on after the last client stopped.
    pub cooldown: Duration,
    /// Whether the relay starts paused.
    pub start_paused: bool,
    /// Whether the camera is off while the session is locked.
    pub pause_while_locked: bool,
    /// Names of programs that never get the camera.
    pub blocked: Vec<String>,
    /// Which card is shown while the camera is off.
    pub card: CardChoice,
    /// The picture for [`CardChoice::Picture`]; kept while another card is chosen. May start with `~/`.
    pub picture: Option<PathBuf>,
    /// Whether USB cameras that programs use past the relay light the indicator as well.
    pub watch_other_cameras: bool,
    /// Whether the camera process gives up what it does not need.
    pub sandbox: bool,
}

/// `[notifications]`: which are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notifications {
    /// An application uses the camera.
    pub activation: bool,
    /// The camera does not work.
    pub failure: bool,
    /// The camera is in use elsewhere.
    pub busy: bool,
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

/// `[device]` without its format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The output node; `None` is `"auto"`: found by driver and label.
    pub node: Option<PathBuf>,
    /// The label by which the node is found and made, at most 31 bytes.
    pub label: String,
    /// A second one with the same picture.
    pub second: SecondNode,
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

/// `[detection]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// How often clients are looked for where the kernel reports nothing.
    pub poll_interval: Duration,
}

impl Default for Camera {
    fn default() -> Self {
        let format = VideoFormat { pixel_format: PixelFormat::default(), width: 1920, height: 1080, framerate: 30 };
        Self { source: Source::default(), format, buffer_count: 7, orientation: Orientation::default() }
    }
}

impl Default for Privacy {
    fn default() -> Self {
        Self {
            activation_delay: None,
            cooldown: Policy::DEFAULT_COOLDOWN,
            start_paused: false,
            pause_while_locked: true,
            blocked: Vec::new(),
            card: CardChoice::default(),
            picture: None,
            watch_other_cameras: true,
            sandbox: true,
        }
    }
}

impl Default for Notifications {
    fn default() -> Self {
        Self { activation: true, failure: true, busy: true }
    }
}

impl Default for Device {
    fn default() -> Self {
        Self { node: None, label: "Lenscap".into(), second: SecondNode::Off }
    }
}

impl Default for Detection {
    fn default() -> Self {
        Self { poll_interval: Duration::from_millis(50) }
    }
}

impl Settings {
    /// What the machine needs of them.
    pub fn policy(&self) -> Policy {
        Policy {
            activation_delay: self.privacy.activation_delay,
            cooldown: self.privacy.cooldown,
            blocked: self.privacy.blocked.clone(),
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

    /// How cards are drawn, with the content of [`Self::card_picture`] as far as it was read.
    pub fn card_style(&self, picture: Option<Picture>) -> CardStyle {
        let kind = match (self.privacy.card, picture) {
            (CardChoice::Black, _) => CardKind::Black,
            (CardChoice::Picture, Some(picture)) => CardKind::Picture(picture),
            (CardChoice::Text | CardChoice::Picture, _) => CardKind::Text,
        };
        CardStyle { kind }
    }

    /// These settings with some replaced, and the whole checked.
    ///
    /// # Errors
    /// One sentence without its full stop, when the whole does not fit together.
    pub fn with(self, overrides: &Overrides) -> Result<Self, String> {
        let merged = self.merged(overrides);
        let VideoFormat { pixel_format, width, height, framerate } = merged.camera.format;
        VideoFormat::new(pixel_format, width, height, framerate)
            .map_err(|trouble| lenscap_words::picture::format(&trouble))?;
        if merged.privacy.card == CardChoice::Picture && merged.privacy.picture.is_none() {
            return Err(tr("card \"picture\" has no picture: set picture to the path of a PNG or JPEG"));
        }
        if let (Some(first), SecondNode::Path(second)) = (&merged.device.node, &merged.device.second)
            && first == second
        {
            return Err(trf!(
                "second_node \"{node}\" is the first one already: use another, \"auto\" or \"off\"",
                node = second.display()
            ));
        }
        Ok(merged)
    }

    /// These settings with some replaced; whether the whole fits together is not looked at.
    pub(super) fn merged(mut self, overrides: &Overrides) -> Self {
        fn set<T: Clone>(target: &mut T, value: &Option<T>) {
            if let Some(value) = value {
                target.clone_from(value);
            }
        }
        let Overrides {
            source,
            width,
            height,
            framerate,
            buffer_count,
            mirror,
            rotation,
            activation_delay,
            cooldown,
            start_paused,
            pause_while_locked,
            notify_activation,
            notify_failure,
            notify_busy,
            blocked,
            card,
            picture,
            node,
            label,
            pixel_format,
            poll_interval,
            second_node,
            watch_other_cameras,
            sandbox,
            controls,
            zoom,
            pan_x,
            pan_y,
        } = overrides;
        set(&mut self.camera.source, source);
        set(&mut self.camera.buffer_count, buffer_count);
        set(&mut self.camera.orientation.mirror, mirror);
        set(&mut self.camera.orientation.rotation, rotation);
        set(&mut self.camera.orientation.framing.zoom, zoom);
        set(&mut self.camera.orientation.framing.pan_x, pan_x);
        set(&mut self.camera.orientation.framing.pan_y, pan_y);
        let format = &mut self.camera.format;
        set(&mut format.pixel_format, pixel_format);
        set(&mut format.width, width);
        set(&mut format.height, height);
        set(&mut format.framerate, framerate);
        set(&mut self.privacy.activation_delay, activation_delay);
        set(&mut self.privacy.cooldown, cooldown);
        set(&mut self.privacy.start_paused, start_paused);
        set(&mut self.privacy.pause_while_locked, pause_while_locked);
        set(&mut self.notifications.activation, notify_activation);
        set(&mut self.notifications.failure, notify_failure);
        set(&mut self.notifications.busy, notify_busy);
        set(&mut self.privacy.blocked, blocked);
        set(&mut self.privacy.card, card);
        set(&mut self.privacy.picture, picture);
        set(&mut self.device.node, node);
        set(&mut self.device.label, label);
        set(&mut self.detection.poll_interval, poll_interval);
        set(&mut self.device.second, second_node);
        set(&mut self.privacy.watch_other_cameras, watch_other_cameras);
        set(&mut self.privacy.sandbox, sandbox);
        set(&mut self.controls, controls);
        self
    }
}

/// Some settings, each already checked: those a file gives, or those of the command line. `None`: not given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)] // the names are those of Settings
pub struct Overrides {
    pub source: Option<Source>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub framerate: Option<u32>,
    pub buffer_count: Option<u32>,
    pub mirror: Option<bool>,
    pub rotation: Option<Rotation>,
    pub activation_delay: Option<Option<Duration>>,
    pub cooldown: Option<Duration>,
    pub start_paused: Option<bool>,
    pub pause_while_locked: Option<bool>,
    pub notify_activation: Option<bool>,
    pub notify_failure: Option<bool>,
    pub notify_busy: Option<bool>,
    pub blocked: Option<Vec<String>>,
    pub card: Option<CardChoice>,
    pub picture: Option<Option<PathBuf>>,
    pub node: Option<Option<PathBuf>>,
    pub label: Option<String>,
    pub pixel_format: Option<PixelFormat>,
    pub poll_interval: Option<Duration>,
    pub second_node: Option<SecondNode>,
    pub watch_other_cameras: Option<bool>,
    pub sandbox: Option<bool>,
    pub controls: Option<Saved>,
    pub zoom: Option<u32>,
    pub pan_x: Option<i32>,
    pub pan_y: Option<i32>,
}
