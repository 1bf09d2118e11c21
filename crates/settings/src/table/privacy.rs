//! `[privacy]`: when the camera is on, for whom, and what is shown else.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use lenscap_core::policy::Policy;

use lenscap_picture::card::Colours;

use crate::model::CardChoice;
use crate::table::{ActsOn, CommandOption, OptionPath, Unit};
use lenscap_core::trouble::settings::Limits;

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
    /// Names of programs that never get the camera; since there is `[apps]`, its list `block` has them.
    pub blocked: Vec<String>,
    /// Which card is shown while the camera is off.
    pub card: CardChoice,
    /// The picture for [`CardChoice::Picture`]; kept while another card is chosen. May start with `~/`.
    pub picture: Option<PathBuf>,
    /// A line of the user's own on the cards with words; may be empty.
    pub card_text: String,
    /// The colours of the cards with words.
    pub card_colours: Colours,
    /// Whether USB cameras that programs use past the relay light the indicator as well.
    pub watch_other_cameras: bool,
    /// Whether the camera process gives up what it does not need.
    pub sandbox: bool,
    /// Whether the desktop is asked for a key that pauses and resumes the camera.
    pub shortcut: bool,
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
            card_text: String::new(),
            card_colours: Colours::default(),
            watch_other_cameras: true,
            sandbox: true,
            shortcut: false,
        }
    }
}

super::settings! { "privacy":
    /// How long a client must be there before the camera starts.
    ACTIVATION_DELAY at privacy.activation_delay {
        key: "activation_delay_ms",
        limits: Limits::WholeOrAuto { min: 0, max: 60_000 },
        unit: Unit::Milliseconds,
        acts_on: ActsOn::Machine,
        option: Some(CommandOption {
            order: 8,
            long: "activation-delay-ms",
            short: None,
            value_name: "MS",
            help: "Milliseconds an application must be there before the camera starts, or \"auto\"",
            path: OptionPath::No,
        }),
    }

    /// How long the camera stays on after the last client stopped.
    COOLDOWN at privacy.cooldown {
        key: "cooldown_ms",
        limits: Limits::Whole { min: 0, max: 3_600_000 },
        unit: Unit::Milliseconds,
        acts_on: ActsOn::Machine,
        option: Some(CommandOption {
            order: 5,
            long: "cooldown-ms",
            short: Some('c'),
            value_name: "MS",
            help: "Milliseconds the camera stays on after the last application stopped",
            path: OptionPath::No,
        }),
    }

    /// No camera until somebody resumes.
    START_PAUSED at privacy.start_paused {
        key: "start_paused",
        limits: Limits::Switch,
        unit: Unit::None,
        acts_on: ActsOn::Start,
        option: None,
    }

    /// Off while the session is locked.
    PAUSE_WHILE_LOCKED at privacy.pause_while_locked {
        key: "pause_while_locked",
        limits: Limits::Switch,
        unit: Unit::None,
        acts_on: ActsOn::Machine,
        option: None,
    }

    /// Programs that never get the camera: at most so many, each with the longest file name there can be.
    BLOCKED at privacy.blocked {
        key: "blocked",
        limits: Limits::Names { max_count: 256, max_bytes: 255 },
        unit: Unit::None,
        acts_on: ActsOn::Machine,
        option: None,
    }

    /// What is shown while the camera is off.
    CARD at privacy.card {
        key: "card",
        limits: Limits::Words {
            words: Cow::Borrowed(&[Cow::Borrowed("text"), Cow::Borrowed("black"), Cow::Borrowed("picture")]),
            any_case: false,
        },
        unit: Unit::None,
        acts_on: ActsOn::Card,
        option: Some(CommandOption {
            order: 12,
            long: "card",
            short: None,
            value_name: "CARD",
            help: "What applications see while the camera is off: text, black or picture",
            path: OptionPath::No,
        }),
    }

    /// The user's own card; on the command line it implies that it is shown.
    PICTURE at privacy.picture {
        key: "picture",
        limits: Limits::OwnFile,
        unit: Unit::None,
        acts_on: ActsOn::Card,
        option: Some(CommandOption {
            order: 13,
            long: "picture",
            short: None,
            value_name: "PATH",
            help: "PNG or JPEG to show while the camera is off",
            path: OptionPath::Relative,
        }),
    }

    /// A line of the user's own.
    CARD_TEXT at privacy.card_text {
        key: "card_text",
        limits: Limits::Text { max_chars: 100 },
        unit: Unit::None,
        acts_on: ActsOn::Card,
        option: None,
    }

    /// Behind sign and words.
    CARD_BACKGROUND at privacy.card_colours.background {
        key: "card_background",
        limits: Limits::Colour { or_auto: false },
        unit: Unit::None,
        acts_on: ActsOn::Card,
        option: None,
    }

    /// Sign and words.
    CARD_FOREGROUND at privacy.card_colours.foreground {
        key: "card_foreground",
        limits: Limits::Colour { or_auto: true },
        unit: Unit::None,
        acts_on: ActsOn::Card,
        option: None,
    }

    /// Whether cameras used past the relay count.
    WATCH_OTHER_CAMERAS at privacy.watch_other_cameras {
        key: "watch_other_cameras",
        limits: Limits::Switch,
        unit: Unit::None,
        acts_on: ActsOn::Indicator,
        option: None,
    }

    /// Whether the camera process is confined.
    SANDBOX at privacy.sandbox {
        key: "sandbox",
        limits: Limits::Switch,
        unit: Unit::None,
        acts_on: ActsOn::Camera,
        option: None,
    }

    /// Whether the desktop is asked for a key.
    SHORTCUT at privacy.shortcut {
        key: "shortcut",
        limits: Limits::Switch,
        unit: Unit::None,
        acts_on: ActsOn::Shortcut,
        option: None,
    }
}
