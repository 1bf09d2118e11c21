//! A camera's controls as data: what they are called, what they take, and whether a value may be set. Pure.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use strsim::levenshtein;

use lenscap_text::{self as text, Text};

mod trouble;

pub use trouble::{Allowed, ControlTrouble};

/// Values by control's key.
pub type Values = BTreeMap<String, Value>;
/// The saved values of every camera, by its stable id.
pub type Saved = BTreeMap<String, Values>;

/// Longest text a control takes from the settings, in bytes.
pub const MAX_TEXT: usize = 1024;
/// Letters of a key that nobody knows, as it is repeated.
const SHOWN_KEY: usize = 40;

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
    /// What it is set to; `None` where it cannot be told.
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
    /// Sentences about saved values that were not taken.
    pub problems: Vec<String>,
}

/// What is another than before in a [`CameraControls`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Changes {
    /// As they are now; they have the keys of those they replace.
    pub controls: Vec<Control>,
    /// All of them, where they are others.
    pub problems: Option<Vec<String>>,
}

impl CameraControls {
    /// As another process says it, with texts that people may see.
    pub fn cleaned(mut self) -> Self {
        self.camera = text::clean(&self.camera, text::PATH);
        self.controls = self.controls.into_iter().map(Control::cleaned).collect();
        self.problems = cleaned(&self.problems);
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
        Self {
            controls: self.controls.into_iter().map(Control::cleaned).collect(),
            problems: self.problems.map(|problems| cleaned(&problems)),
        }
    }
}

fn cleaned(sentences: &[String]) -> Vec<String> {
    sentences.iter().map(|sentence| text::clean(sentence, text::SENTENCE)).collect()
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

impl Control {
    fn cleaned(mut self) -> Self {
        self.key = text::name(&self.key);
        self.name = text::name(&self.name);
        for entry in &mut self.menu {
            entry.label = text::name(&entry.label);
        }
        self
    }

    /// The value that this text means: a number, `true` or `false`, an entry by name or number, text.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn parse(&self, text: &str) -> Result<Value, ControlTrouble> {
        let trimmed = text.trim();
        let whole = || match trimmed.strip_prefix("0x").or_else(|| trimmed.strip_prefix("0X")) {
            Some(digits) => i64::from_str_radix(digits, 16).ok(),
            None => trimmed.parse().ok(),
        };
        let value = match self.kind {
            Kind::String => Some(Value::Text(text.to_owned())),
            Kind::Boolean => match trimmed.to_ascii_lowercase().as_str() {
                "true" | "on" | "yes" | "1" => Some(Value::Boolean(true)),
                "false" | "off" | "no" | "0" => Some(Value::Boolean(false)),
                _ => None,
            },
            Kind::Real => trimmed.parse().ok().map(Value::Real),
            Kind::Menu | Kind::IntegerMenu => {
                whole().map(Value::Integer).or_else(|| Some(Value::Text(trimmed.to_owned())))
            }
            Kind::Integer | Kind::Integer64 | Kind::Bitmask => whole().map(Value::Integer),
            Kind::Button | Kind::Compound => Some(Value::Boolean(true)),
        };
        value.ok_or_else(|| self.wrong(text)).and_then(|value| self.check(&value))
    }

    /// `value` as the control takes it: in range, on a step, in the menu.
    ///
    /// # Errors
    /// With what it takes instead.
    pub fn check(&self, value: &Value) -> Result<Value, ControlTrouble> {
        let wrong = || self.wrong(&value.to_string());
        match (self.kind, value) {
            (Kind::Compound, _) => Err(self.is_read_only()),
            (Kind::Button, _) => Ok(Value::Boolean(true)),
            (Kind::Boolean, Value::Boolean(_)) => Ok(value.clone()),
            (Kind::Boolean, Value::Integer(number @ (0 | 1))) => Ok(Value::Boolean(*number == 1)),
            (Kind::Menu | Kind::IntegerMenu, Value::Integer(number)) => {
                self.menu.iter().find(|entry| entry.value == *number).map(|_| value.clone()).ok_or_else(wrong)
            }
            (Kind::Menu | Kind::IntegerMenu, Value::Text(label)) => {
                let entry = self.menu.iter().find(|entry| entry.label.eq_ignore_ascii_case(label.trim()));
                entry.map(|entry| Value::Integer(entry.value)).ok_or_else(wrong)
            }
            (Kind::Integer | Kind::Integer64 | Kind::Bitmask, Value::Integer(number)) => match self.range {
                Range::Whole { max, .. } if self.kind == Kind::Bitmask => {
                    if number & !max == 0 {
                        Ok(value.clone())
                    } else {
                        Err(wrong())
                    }
                }
                Range::Whole { min, max, step } => {
                    if *number < min || *number > max {
                        return Err(wrong());
                    }
                    match nearest(*number, min, max, step) {
                        near if near == *number => Ok(value.clone()),
                        near => Err(ControlTrouble::BetweenSteps {
                            control: self.key.as_str().into(),
                            value: *number,
                            step,
                            nearest: near,
                        }),
                    }
                }
                Range::None | Range::Real { .. } => Ok(value.clone()),
            },
            (Kind::Real, Value::Real(_) | Value::Integer(_)) => {
                let number = match value {
                    Value::Real(number) => *number,
                    Value::Integer(number) => *number as f64,
                    Value::Boolean(_) | Value::Text(_) => return Err(wrong()),
                };
                let fits = match self.range {
                    Range::Real { min, max } => (min..=max).contains(&number),
                    Range::None | Range::Whole { .. } => number.is_finite(),
                };
                if fits { Ok(Value::Real(number)) } else { Err(wrong()) }
            }
            (Kind::String, Value::Text(text)) => {
                let fits = match self.range {
                    Range::Whole { min, max, step } => {
                        let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
                        (min..=max).contains(&length) && nearest(length, min, max, step) == length
                    }
                    Range::None | Range::Real { .. } => true,
                };
                if fits && text.len() <= MAX_TEXT && !text.contains('\0') { Ok(value.clone()) } else { Err(wrong()) }
            }
            (
                Kind::Boolean
                | Kind::Menu
                | Kind::IntegerMenu
                | Kind::Integer
                | Kind::Integer64
                | Kind::Bitmask
                | Kind::Real
                | Kind::String,
                _,
            ) => Err(wrong()),
        }
    }

    /// Whether it may be set at present.
    ///
    /// # Errors
    /// Why not.
    pub fn check_writable(&self) -> Result<(), ControlTrouble> {
        let Flags { inactive, read_only, grabbed, .. } = self.flags;
        if read_only || self.kind == Kind::Compound {
            return Err(self.is_read_only());
        }
        let control = || self.key.as_str().into();
        if inactive {
            return Err(ControlTrouble::Inactive { control: control() });
        }
        if grabbed {
            return Err(ControlTrouble::InUse { control: control() });
        }
        Ok(())
    }

    fn is_read_only(&self) -> ControlTrouble {
        ControlTrouble::ReadOnly { control: self.key.as_str().into() }
    }

    /// That this cannot be its value, and what can.
    fn wrong(&self, value: &str) -> ControlTrouble {
        let allowed = match (self.kind, self.range) {
            (Kind::Boolean, _) => Allowed::Switch,
            (Kind::Menu | Kind::IntegerMenu, _) => {
                Allowed::Entries { entries: self.menu.clone(), are_numbers: self.kind == Kind::IntegerMenu }
            }
            (Kind::String, Range::Whole { min, max, .. }) => Allowed::Bytes { min, max },
            (Kind::Bitmask, Range::Whole { max, .. }) => Allowed::Bits { max },
            (_, Range::Whole { min, max, .. }) => Allowed::Whole { min, max },
            (_, Range::Real { min, max }) => Allowed::Real { min, max },
            (_, Range::None) => Allowed::Number,
        };
        ControlTrouble::Wrong { control: self.key.as_str().into(), value: value.into(), allowed }
    }

    /// Whether its value is kept in the settings.
    pub fn is_saved(&self) -> bool {
        !matches!(self.kind, Kind::Button | Kind::Compound)
    }

    /// Whether another control may be inactive because of its value: it is applied first.
    pub fn decides_others(&self) -> bool {
        matches!(self.kind, Kind::Boolean | Kind::Menu | Kind::IntegerMenu)
    }

    /// Its value for people: an entry by its name.
    pub fn in_words(&self, value: &Value) -> String {
        match (self.kind, value) {
            (Kind::Menu, Value::Integer(number)) => match self.menu.iter().find(|entry| entry.value == *number) {
                Some(entry) => entry.label.clone(),
                None => number.to_string(),
            },
            (Kind::Bitmask, Value::Integer(bits)) => format!("{bits:#x}"),
            _ => value.to_string(),
        }
    }
}

/// The step nearest to `number`, which is within the limits.
fn nearest(number: i64, min: i64, max: i64, step: u64) -> i64 {
    let (number, min, max, step) = (i128::from(number), i128::from(min), i128::from(max), i128::from(step.max(1)));
    let below = min + (number - min) / step * step;
    let above = below + step;
    let near = if above <= max && above - number <= number - below && number != below { above } else { below };
    i64::try_from(near).unwrap_or(i64::MAX)
}

impl CameraControls {
    /// The control with this key.
    ///
    /// # Errors
    /// There is none; with those that are called much like it.
    pub fn find(&self, key: &str) -> Result<&Control, ControlTrouble> {
        if let Some(control) = self.controls.iter().find(|control| control.key == key) {
            return Ok(control);
        }
        let shown = Text::from(text::clean(key, SHOWN_KEY));
        if self.controls.is_empty() {
            return Err(ControlTrouble::NoControls { key: shown });
        }
        let wanted = self::key(&shown);
        let mut near: Vec<_> = self
            .controls
            .iter()
            .map(|control| {
                let is_part = !wanted.is_empty() && (control.key.contains(&wanted) || wanted.contains(&control.key));
                (if is_part { 0 } else { levenshtein(&wanted, &control.key) }, control.key.as_str())
            })
            .filter(|(distance, _)| *distance <= 1 + wanted.len() / 4)
            .collect();
        near.sort();
        let near = near.into_iter().take(3).map(|(_, key)| key.into()).collect();
        Err(ControlTrouble::Unknown { key: shown, near })
    }

    /// Shows saved values in the place of what the camera has now: it takes them when it starts.
    pub fn overlay(&mut self, saved: &Values) {
        for control in &mut self.controls {
            if let Some(value) = saved.get(&control.key).and_then(|value| control.check(value).ok())
                && control.is_saved()
                && !control.flags.read_only
            {
                control.value = Some(value);
            }
        }
    }
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn control(kind: Kind, range: Range) -> Control {
        Control { kind, range, ..in_software("brightness").expect("one of the four") }
    }

    #[test]
    fn keys_are_those_of_v4l2_ctl() {
        for (name, wanted) in [
            ("Brightness", "brightness"),
            ("White Balance Temperature, Auto", "white_balance_temperature_auto"),
            ("Exposure (Absolute)", "exposure_absolute"),
            ("  Bitmask  ", "bitmask"),
            ("S32 2 Element Array", "s32_2_element_array"),
        ] {
            assert_eq!(key(name), wanted);
        }
    }

    #[test]
    fn every_kind_takes_its_own_texts_and_refuses_others_in_one_sentence() {
        let whole = Range::Whole { min: -8, max: 8, step: 2 };
        let menu = |kind| Control {
            menu: vec![Entry { value: 1, label: "50 Hz".into() }, Entry { value: 3, label: "60 Hz".into() }],
            ..control(kind, Range::Whole { min: 0, max: 3, step: 1 })
        };
        let good = [
            (control(Kind::Integer, whole), "-8", Value::Integer(-8)),
            (control(Kind::Integer64, whole), " 6 ", Value::Integer(6)),
            (control(Kind::Bitmask, Range::Whole { min: 0, max: 0xf0, step: 0 }), "0x30", Value::Integer(0x30)),
            (control(Kind::Boolean, whole), "On", Value::Boolean(true)),
            (control(Kind::Boolean, whole), "0", Value::Boolean(false)),
            (menu(Kind::Menu), "3", Value::Integer(3)),
            (menu(Kind::Menu), "50 hz", Value::Integer(1)),
            (control(Kind::Real, Range::Real { min: -1.0, max: 1.0 }), "0.5", Value::Real(0.5)),
            (control(Kind::Real, Range::Real { min: -1.0, max: 1.0 }), "1", Value::Real(1.0)),
            (control(Kind::String, Range::Whole { min: 2, max: 4, step: 1 }), "abc", Value::Text("abc".into())),
        ];
        for (control, text, value) in good {
            assert_eq!(control.parse(text), Ok(value), "{text}");
        }
        let key = || Text::from("brightness");
        let wrong = |value: &str, allowed| ControlTrouble::Wrong { control: key(), value: value.into(), allowed };
        let entries = |kind| Allowed::Entries { entries: menu(kind).menu, are_numbers: false };
        let bad = [
            (control(Kind::Integer, whole), "9", wrong("9", Allowed::Whole { min: -8, max: 8 })),
            (control(Kind::Integer, whole), "much", wrong("much", Allowed::Whole { min: -8, max: 8 })),
            (
                control(Kind::Integer, whole),
                "3",
                ControlTrouble::BetweenSteps { control: key(), value: 3, step: 2, nearest: 4 },
            ),
            (
                control(Kind::Bitmask, Range::Whole { min: 0, max: 0xf0, step: 0 }),
                "1",
                wrong("1", Allowed::Bits { max: 0xf0 }),
            ),
            (control(Kind::Boolean, whole), "2", wrong("2", Allowed::Switch)),
            (menu(Kind::Menu), "2", wrong("2", entries(Kind::Menu))),
            (menu(Kind::Menu), "55 Hz", wrong("55 Hz", entries(Kind::Menu))),
            (
                control(Kind::Real, Range::Real { min: -1.0, max: 1.0 }),
                "NaN",
                wrong("NaN", Allowed::Real { min: -1.0, max: 1.0 }),
            ),
            (
                control(Kind::String, Range::Whole { min: 2, max: 4, step: 1 }),
                "abcde",
                wrong("abcde", Allowed::Bytes { min: 2, max: 4 }),
            ),
            (control(Kind::Compound, Range::None), "1", ControlTrouble::ReadOnly { control: key() }),
        ];
        for (control, text, trouble) in bad {
            assert_eq!(control.parse(text), Err(trouble), "{text}");
        }
    }

    #[test]
    fn what_may_not_be_set_says_why() {
        let mut control = control(Kind::Integer, Range::None);
        assert_eq!(control.check_writable(), Ok(()));
        control.flags = Flags { inactive: true, ..Flags::default() };
        assert!(control.check_writable().is_err_and(|trouble| matches!(trouble, ControlTrouble::Inactive { .. })));
        control.flags.read_only = true;
        assert!(control.check_writable().is_err_and(|trouble| matches!(trouble, ControlTrouble::ReadOnly { .. })));
    }

    #[test]
    fn a_mistyped_key_is_answered_with_those_like_it() {
        let named = |key: &str| Control { key: key.into(), ..control(Kind::Integer, Range::None) };
        let list = CameraControls {
            controls: ["brightness", "gain", "gain_automatic", "white_balance_temperature"].map(named).into(),
            ..CameraControls::default()
        };
        assert!(list.find("gain").is_ok());
        let near = |key: &str| match list.find(key) {
            Err(ControlTrouble::Unknown { near, .. }) => near.iter().map(ToString::to_string).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(near("brigthness"), ["brightness"]);
        assert_eq!(near("Gain"), ["gain", "gain_automatic"]);
        assert_eq!(near("temperature"), ["white_balance_temperature"]);
        assert!(near("zoom").is_empty());
        assert!(CameraControls::default().find("zoom").is_err());
    }

    #[test]
    fn saved_values_are_shown_where_they_fit() {
        let control = control(Kind::Integer, Range::Whole { min: 0, max: 9, step: 1 });
        let mut list = CameraControls { controls: vec![control], ..CameraControls::default() };
        list.overlay(&Values::from([("brightness".into(), Value::Integer(7)), ("gone".into(), Value::Integer(1))]));
        assert_eq!(list.controls[0].value, Some(Value::Integer(7)));
        list.overlay(&Values::from([("brightness".into(), Value::Integer(70))]));
        assert_eq!(list.controls[0].value, Some(Value::Integer(7)));
    }

    #[test]
    fn changes_lead_from_one_list_to_the_next() {
        let named = |key: &str, value| Control {
            key: key.into(),
            value: Some(Value::Integer(value)),
            ..control(Kind::Integer, Range::None)
        };
        let list = |controls: Vec<Control>| CameraControls { camera: "usb-1".into(), controls, problems: Vec::new() };
        let before = list(vec![named("gain", 1), named("hue", 2), named("zoom", 3)]);
        let mut now = list(vec![named("gain", 1), named("hue", 5), named("zoom", 3)]);
        now.problems.push("One.".into());
        let changes = now.changes_since(&before).unwrap();
        assert_eq!(changes.controls, [named("hue", 5)], "only what changed");
        let mut kept = before.clone();
        kept.take(changes);
        assert_eq!(kept, now);
        assert_eq!(now.changes_since(&kept), Some(Changes::default()));
        assert_eq!(list(vec![named("gain", 1)]).changes_since(&before), None, "another list");
        kept.take(Changes { controls: vec![named("strange", 1)], problems: None });
        assert_eq!(kept, now, "what is not in the list is left out");
    }

    fn any_control() -> impl Strategy<Value = Control> {
        let range = prop_oneof![
            Just(Range::None),
            (any::<i64>(), any::<i64>(), any::<u64>()).prop_map(|(a, b, step)| Range::Whole {
                min: a.min(b),
                max: a.max(b),
                step
            }),
            (-1e6..1e6, 0.0..1e6).prop_map(|(min, more): (f64, f64)| Range::Real { min, max: min + more }),
        ];
        let menu = proptest::collection::vec((any::<i64>(), ".{0,8}"), 0..4);
        (0..Kind::ALL.len(), range, menu).prop_map(|(kind, range, menu)| Control {
            menu: menu.into_iter().map(|(value, label)| Entry { value, label }).collect(),
            ..control(Kind::ALL[kind], range)
        })
    }

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<i64>().prop_map(Value::Integer),
            any::<f64>().prop_map(Value::Real),
            any::<bool>().prop_map(Value::Boolean),
            ".{0,20}".prop_map(Value::Text),
        ]
    }

    proptest! {
        #[test]
        fn what_is_taken_is_taken_again_and_lies_in_the_range(control in any_control(), value in any_value()) {
            if let Ok(taken) = control.check(&value) {
                    prop_assert_eq!(control.check(&taken), Ok(taken.clone()));
                    match (&taken, control.kind, control.range) {
                        (Value::Integer(n), Kind::Integer | Kind::Integer64, Range::Whole { min, max, step }) => {
                            prop_assert!((min..=max).contains(n));
                            prop_assert_eq!((i128::from(*n) - i128::from(min)) % i128::from(step.max(1)), 0);
                        }
                        (Value::Integer(n), Kind::Menu | Kind::IntegerMenu, _) => {
                            prop_assert!(control.menu.iter().any(|entry| entry.value == *n));
                        }
                        (Value::Real(n), _, Range::Real { min, max }) => prop_assert!(*n >= min && *n <= max),
                        _ => {}
                    }
            }
        }

        #[test]
        fn the_suggested_step_is_taken(min in any::<i32>(), span in 0..i32::MAX, step in 1..5000_u64, at in any::<u32>()) {
            let (min, max) = (i64::from(min), i64::from(min) + i64::from(span));
            let control = control(Kind::Integer, Range::Whole { min, max, step });
            let number = min + i64::from(at) % (max - min + 1);
            prop_assert!(control.check(&Value::Integer(nearest(number, min, max, step))).is_ok());
        }

        #[test]
        fn any_text_is_survived(control in any_control(), text in any::<String>()) {
            let _ = control.parse(&text);
            let list = CameraControls { controls: vec![control], ..CameraControls::default() };
            let _ = list.find(&text);
        }
    }
}
