//! The table of settings: from its rows the file is read and written and the command line gets its options, and
//! `data/config.toml`, the manual and the window's rows are checked against it.
//!
//! A row stands beside the field that it is about, in the file of its section: [`camera`], [`privacy`], [`apps`],
//! [`notifications`], [`icon`], [`device`], [`output`], [`detection`],
//! [`history`], [`hooks`].

pub mod apps;
pub mod camera;
pub mod detection;
pub mod device;
mod field;
pub mod history;
pub mod hooks;
pub mod icon;
pub mod notifications;
pub mod output;
pub mod privacy;

use std::fmt;

use super::model::Settings;
use super::rules::{self, Given};
use lenscap_core::trouble::settings::{Limits, SettingTrouble};

pub(super) use field::Field;
pub use field::SettingValue;

/// Rows of a section: each becomes a static of its name and an entry of `SETTINGS`. `at` is its place in `Settings`.
macro_rules! settings {
    ($section:literal: $($(#[$doc:meta])* $name:ident at $($field:ident).+ { $($column:tt)+ })+) => {
        $(
            $(#[$doc])*
            pub static $name: crate::table::Setting = crate::table::Setting {
                section: $section,
                field: |settings| &settings.$($field).+,
                field_mut: |settings| &mut settings.$($field).+,
                $($column)+
            };
        )+
        /// The rows of this section, in the order of the file.
        pub(crate) static SETTINGS: &[&crate::table::Setting] = &[$(&$name),+];
    };
}
use settings;

/// Every section with its settings, in the order of the file.
pub static SECTIONS: [(&str, &[&Setting]); 10] = [
    ("camera", camera::SETTINGS),
    ("privacy", privacy::SETTINGS),
    ("apps", apps::SETTINGS),
    ("notifications", notifications::SETTINGS),
    ("icon", icon::SETTINGS),
    ("device", device::SETTINGS),
    ("output", output::SETTINGS),
    ("detection", detection::SETTINGS),
    ("history", history::SETTINGS),
    ("hooks", hooks::SETTINGS),
];

/// All settings, in the order of the file. Their keys are different even across sections.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    SECTIONS.iter().flat_map(|(_, settings)| settings.iter().copied())
}

/// Those with an option on the command line, in the order of the help.
pub fn with_option() -> Vec<(&'static Setting, &'static CommandOption)> {
    let mut found: Vec<_> = all().filter_map(|setting| Some((setting, setting.option.as_ref()?))).collect();
    found.sort_by_key(|(_, option)| option.order);
    found
}

/// One row: a setting.
pub struct Setting {
    /// Its section in the file.
    pub section: &'static str,
    /// Its key there.
    pub key: &'static str,
    /// Which values it takes.
    pub limits: Limits,
    /// What its number counts.
    pub unit: Unit,
    /// What has to do something when it changes.
    pub acts_on: ActsOn,
    /// How it is set for one run.
    pub option: Option<CommandOption>,
    pub(super) field: fn(&Settings) -> &dyn Field,
    pub(super) field_mut: fn(&mut Settings) -> &mut dyn Field,
}

/// What the number of a setting counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Unit {
    None,
    Pixels,
    FramesPerSecond,
    Milliseconds,
    Percent,
    /// Clockwise.
    Degrees,
}

/// What a setting acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActsOn {
    /// The machine, through `core::policy::Policy`: when the camera is on, which one, and how its picture is turned.
    Machine,
    /// The format that applications see: device and camera are set up anew.
    Format,
    /// The camera process at its next start.
    Camera,
    /// What is shown while the camera is off.
    Card,
    /// Which devices are held.
    Devices,
    /// How the detector looks for clients.
    Detection,
    /// What the indicator takes into account, and when it is shown.
    Indicator,
    /// Which notifications are sent.
    Notifications,
    /// What the desktop is asked for.
    Shortcut,
    /// What is kept of who used a camera.
    History,
    /// What is run when something happens to the camera.
    Hooks,
    /// How the relay starts.
    Start,
}

/// An option of `lenscap` and `lenscap run`.
#[derive(Debug)]
pub struct CommandOption {
    /// Where it stands in the help; by this, then as in the file. Those of ipu6-camera-daemon are first.
    pub order: u8,
    /// Without its hyphens.
    pub long: &'static str,
    /// Of one letter.
    pub short: Option<char>,
    /// What the help calls its value.
    pub value_name: &'static str,
    /// One line of the help, to be translated.
    pub help: &'static str,
    /// What shells complete, and what a path without a leading slash is.
    pub path: OptionPath,
}

/// Whether an option's value is a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionPath {
    /// It is none.
    No,
    /// A full path.
    Full,
    /// A path as shells give it: relative to where we are.
    Relative,
}

impl Setting {
    /// What the settings say for it, as the file writes it.
    ///
    /// # Errors
    /// A path that is no text.
    pub fn value(&self, settings: &Settings) -> Result<SettingValue, SettingTrouble> {
        (self.field)(settings).get(&self.limits)
    }

    /// Its default.
    pub fn default(&self) -> SettingValue {
        // The defaults' paths are text.
        self.value(&Settings::default()).unwrap_or(SettingValue::Bool(false))
    }

    /// The value that was meant, if the setting takes it.
    ///
    /// # Errors
    /// It does not.
    pub fn check(&self, given: &Given<'_>) -> Result<SettingValue, SettingTrouble> {
        rules::check(self.key, &self.limits, given)
    }

    /// Puts a value into the settings that [`Self::check`] gave; one of another type changes nothing.
    pub fn put(&self, settings: &mut Settings, value: &SettingValue) {
        let is_taken = (self.field_mut)(settings).set(value);
        debug_assert!(is_taken, "{self:?} is of another type than its limits: {value:?}");
    }

    /// A value of the command line, checked.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn argument(&self, text: &str) -> Result<SettingValue, SettingTrouble> {
        let given = match self.limits {
            Limits::Whole { .. } | Limits::Even { .. } | Limits::WholeOrAuto { .. } | Limits::NumbersOrAuto(_) => {
                Given::argument(text)
            }
            _ => Given::Text(text),
        };
        self.check(&given)
    }

    /// The smallest and the largest number that it takes, where it is one.
    pub fn range(&self) -> Option<(i64, i64)> {
        match self.limits {
            Limits::Whole { min, max } | Limits::Even { min, max } | Limits::WholeOrAuto { min, max } => {
                Some((min, max))
            }
            _ => None,
        }
    }
}

impl PartialEq for Setting {
    fn eq(&self, other: &Self) -> bool {
        (self.section, self.key) == (other.section, other.key)
    }
}

impl Eq for Setting {}

/// Its section and key, as in "camera.source": what it is called everywhere.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.section, self.key)
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Some settings with the values that they shall have: those of a file, or those of the command line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides(Vec<(&'static Setting, SettingValue)>);

impl Overrides {
    /// Adds one, or replaces it; the value is one that [`Setting::check`] or [`Setting::argument`] gave.
    pub fn set(&mut self, setting: &'static Setting, value: SettingValue) {
        self.remove(setting);
        self.0.push((setting, value));
    }

    /// These with one more.
    pub fn with(mut self, setting: &'static Setting, value: SettingValue) -> Self {
        self.set(setting, value);
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What this setting shall be.
    pub fn get(&self, setting: &Setting) -> Option<&SettingValue> {
        self.0.iter().find(|(other, _)| *other == setting).map(|(_, value)| value)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &(&'static Setting, SettingValue)> {
        self.0.iter()
    }

    /// Takes one away.
    pub(super) fn remove(&mut self, setting: &Setting) {
        self.0.retain(|(other, _)| *other != setting);
    }

    pub(super) fn put_into(&self, settings: &mut Settings) {
        for (setting, value) in &self.0 {
            setting.put(settings, value);
        }
    }
}
