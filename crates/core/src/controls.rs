//! A camera's controls as data: what they are called, what they take, and whether a value may be set. Pure.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use lenscap_text as text;

mod check;
pub mod laying;
mod trouble;

pub use trouble::{Allowed, AllowedEntry, ControlTrouble};

/// Values by control's key.
pub type Values = BTreeMap<String, Value>;
/// The saved values of every camera, by its stable id.
pub type Saved = BTreeMap<String, Values>;

/// Longest text a control takes from the settings, in bytes.
pub const MAX_TEXT: usize = 1024;

/// A control's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Whole number, a menu's entry, bits.
    Integer(i64),
    /// Fraction; finite.
    Real(f64),
    /// On or off.
    Boolean(bool),
    /// Text.
    Text(String),
}

// A fraction is never NaN: `check`, the settings and the sources of lists see to it.
impl Eq for Value {}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(value) => value.fmt(f),
            Value::Real(value) => value.fmt(f),
            Value::Boolean(value) => value.fmt(f),
            // What a driver says may be anything; it is kept as it is and shown as a line.
            Value::Text(value) => text::clean(value, MAX_TEXT).fmt(f),
        }
    }
}

/// What a control takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of 64 bits.
    Integer64,
    /// A fraction.
    Real,
    /// On or off.
    Boolean,
    /// One of several, by name.
    Menu,
    /// One of several, by number.
    IntegerMenu,
    /// Something to do; it has no value.
    Button,
    /// Bits.
    Bitmask,
    /// Text.
    String,
    /// An array or a structure: shown, never set.
    Compound,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 10] = [
        Kind::Integer,
        Kind::Integer64,
        Kind::Real,
        Kind::Boolean,
        Kind::Menu,
        Kind::IntegerMenu,
        Kind::Button,
        Kind::Bitmask,
        Kind::String,
        Kind::Compound,
    ];

    /// The word for it outside: command line, D-Bus.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Integer => "integer",
            Kind::Integer64 => "integer64",
            Kind::Real => "real",
            Kind::Boolean => "boolean",
            Kind::Menu => "menu",
            Kind::IntegerMenu => "integer-menu",
            Kind::Button => "button",
            Kind::Bitmask => "bitmask",
            Kind::String => "string",
            Kind::Compound => "compound",
        }
    }
}

/// Who carries a control out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Origin {
    /// The camera, or the vendor's library.
    #[default]
    Camera,
    /// Lenscap, on the picture.
    Software,
}

/// Between which limits.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub enum Range {
    /// Nothing to say.
    #[default]
    None,
    /// Whole numbers from `min` on in steps; of texts, their length in bytes.
    Whole {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
        /// From one to the next; 0 counts as 1.
        step: u64,
    },
    /// Fractions.
    Real {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
}

impl Eq for Range {}

/// What may be done with a control at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Flags {
    /// Another control decides, as an automatic does.
    pub inactive: bool,
    /// Never to be set.
    pub read_only: bool,
    /// It changes by itself.
    pub volatile: bool,
    /// Its value cannot be read.
    pub write_only: bool,
    /// Held while the camera streams, or by another program.
    pub grabbed: bool,
}

/// An entry of a menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The value to set.
    pub value: i64,
    /// The name; of an integer menu, the number.
    pub label: String,
}

/// One control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Stable, as `v4l2-ctl` prints it: `white_balance_automatic`.
    pub key: String,
    /// The kernel's number (`V4L2_CID_*`); 0 where there is none.
    pub id: u32,
    /// The name for people, in the camera's words.
    pub name: String,
    /// What it takes.
    pub kind: Kind,
    /// Between which limits.
    pub range: Range,
    /// Where the camera starts.
    pub default: Option<Value>,
    /// What it is set to; `None` where that is not known.
    pub value: Option<Value>,
    /// The entries of a menu.
    pub menu: Vec<Entry>,
    /// What may be done with it.
    pub flags: Flags,
    /// Who carries it out.
    pub origin: Origin,
}

/// The controls of a camera.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CameraControls {
    /// The camera's stable id: the key of its saved values.
    pub camera: String,
    /// In the camera's order.
    pub controls: Vec<Control>,
    /// Why saved values were not taken.
    pub problems: Vec<ControlTrouble>,
}

/// What is another than before in a [`CameraControls`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Changes {
    /// As they are now; they have the keys of those they replace.
    pub controls: Vec<Control>,
    /// All of them, where they are others.
    pub problems: Option<Vec<ControlTrouble>>,
}

impl Control {
    fn cleaned(mut self) -> Self {
        self.key = text::name(&self.key);
        self.name = text::name(&self.name);
        for entry in &mut self.menu {
            entry.label = text::name(&entry.label);
        }
        self
    }
}

impl CameraControls {
    /// As another process says it, with texts that people may see.
    pub fn cleaned(mut self) -> Self {
        self.camera = text::clean(&self.camera, text::PATH);
        self.controls = self.controls.into_iter().map(Control::cleaned).collect();
        self
    }

    /// What leads from `before` to this; `None` where it is another camera, or another list.
    pub fn changes_since(&self, before: &Self) -> Option<Changes> {
        let has_same_keys = self.controls.len() == before.controls.len()
            && self.controls.iter().zip(&before.controls).all(|(now, before)| now.key == before.key);
        (self.camera == before.camera && has_same_keys).then(|| Changes {
            controls: self
                .controls
                .iter()
                .zip(&before.controls)
                .filter(|(now, before)| now != before)
                .map(|(now, _)| now.clone())
                .collect(),
            problems: (self.problems != before.problems).then(|| self.problems.clone()),
        })
    }

    /// Takes in what changed; what is not in the list is left out.
    pub fn take(&mut self, changes: Changes) {
        for changed in changes.controls {
            if let Some(control) = self.controls.iter_mut().find(|control| control.key == changed.key) {
                *control = changed;
            }
        }
        if let Some(problems) = changes.problems {
            self.problems = problems;
        }
    }
}

impl Changes {
    /// As [`CameraControls::cleaned`].
    pub fn cleaned(self) -> Self {
        Self { controls: self.controls.into_iter().map(Control::cleaned).collect(), problems: self.problems }
    }
}

/// A name as `v4l2-ctl` writes it: letters and digits in lower case, whatever is between them one underscore.
pub fn key(name: &str) -> String {
    let mut key = String::new();
    for word in name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        if !key.is_empty() {
            key.push('_');
        }
        key.extend(word.chars().map(|c| c.to_ascii_lowercase()));
    }
    key
}

/// The four that Lenscap does on the picture where the camera does not: -100 to 100, 0 leaves the picture as it is. Its name
/// is in English: `lenscap_words::controls::name` is for people.
pub fn in_software(key: &str) -> Option<Control> {
    let name = match key {
        "brightness" => "Brightness",
        "contrast" => "Contrast",
        "saturation" => "Saturation",
        "hue" => "Hue",
        _ => return None,
    };
    Some(Control {
        key: key.to_owned(),
        id: 0,
        name: name.to_owned(),
        kind: Kind::Integer,
        range: Range::Whole { min: -100, max: 100, step: 1 },
        default: Some(Value::Integer(0)),
        value: Some(Value::Integer(0)),
        menu: Vec::new(),
        flags: Flags::default(),
        origin: Origin::Software,
    })
}

/// The keys of [`in_software`].
pub const IN_SOFTWARE: [&str; 4] = ["brightness", "contrast", "saturation", "hue"];

#[cfg(test)]
mod tests;
