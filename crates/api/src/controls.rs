//! Controls as others read them.

use lenscap_core::controls::{self, CameraControls, Entry, Kind, Origin, Range};
use serde::{Deserialize, Serialize};

use crate::Code;

/// The controls of one camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Controls {
    /// The camera's stable id: the key of its saved values.
    pub camera: String,
    /// In the camera's order.
    pub controls: Vec<Control>,
    /// Sentences about saved values that were not taken.
    pub problems: Vec<String>,
    /// What `problems` say, one for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Code>,
}

/// One control; see the manual page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Control {
    /// Stable, as `v4l2-ctl` prints it: `white_balance_automatic`.
    pub key: String,
    /// The name for people, in the camera's words.
    pub name: String,
    /// The kernel's number (`V4L2_CID_*`); 0 where there is none.
    pub id: u32,
    /// What it takes.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// What it is set to; `None` where that cannot be read.
    pub value: Option<Value>,
    /// Where the camera starts.
    pub default: Option<Value>,
    /// Smallest, where it takes numbers.
    pub min: Option<Value>,
    /// Largest.
    pub max: Option<Value>,
    /// From one whole number to the next.
    pub step: Option<u64>,
    /// The entries of a menu.
    pub menu: Vec<Entry>,
    /// What may be done with it at present.
    pub flags: Vec<Flag>,
    /// Whether Lenscap carries it out on the picture, not the camera.
    pub software: bool,
}

/// A control's value, as JSON has it: the type is seen from the form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Whole number, a menu's entry, bits.
    Integer(i64),
    /// Fraction.
    Real(f64),
    /// On or off.
    Boolean(bool),
    /// Text.
    Text(String),
}

/// A word for what may be done with a control; see [`controls::Flags`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flag {
    /// Another control decides.
    Inactive,
    /// Never to be set.
    ReadOnly,
    /// It changes by itself.
    Volatile,
    /// Its value cannot be read.
    WriteOnly,
    /// Held while the camera streams, or by another program.
    Grabbed,
}

impl Flag {
    /// The word for it outside.
    pub fn as_str(self) -> &'static str {
        match self {
            Flag::Inactive => "inactive",
            Flag::ReadOnly => "read-only",
            Flag::Volatile => "volatile",
            Flag::WriteOnly => "write-only",
            Flag::Grabbed => "grabbed",
        }
    }

    /// Those that are set.
    pub fn of(flags: controls::Flags) -> Vec<Self> {
        let controls::Flags { inactive, read_only, volatile, write_only, grabbed } = flags;
        let all = [
            (inactive, Self::Inactive),
            (read_only, Self::ReadOnly),
            (volatile, Self::Volatile),
            (write_only, Self::WriteOnly),
            (grabbed, Self::Grabbed),
        ];
        all.into_iter().filter_map(|(is_set, flag)| is_set.then_some(flag)).collect()
    }
}

impl From<&CameraControls> for Controls {
    fn from(list: &CameraControls) -> Self {
        Self {
            camera: list.camera.clone(),
            controls: list.controls.iter().map(Control::from).collect(),
            // Said by whoever has words.
            problems: Vec::new(),
            troubles: list.problems.iter().map(Code::of).collect(),
        }
    }
}

impl From<&controls::Control> for Control {
    fn from(control: &controls::Control) -> Self {
        let value = |value: &Option<controls::Value>| value.clone().map(Value::from);
        let (min, max, step) = match control.range {
            Range::None => (None, None, None),
            Range::Whole { min, max, step } => (Some(Value::Integer(min)), Some(Value::Integer(max)), Some(step)),
            Range::Real { min, max } => (Some(Value::Real(min)), Some(Value::Real(max)), None),
        };
        Self {
            key: control.key.clone(),
            name: control.name.clone(),
            id: control.id,
            kind: control.kind,
            value: value(&control.value),
            default: value(&control.default),
            min,
            max,
            step,
            menu: control.menu.clone(),
            flags: Flag::of(control.flags),
            software: control.origin == Origin::Software,
        }
    }
}

impl From<controls::Value> for Value {
    fn from(value: controls::Value) -> Self {
        match value {
            controls::Value::Integer(value) => Self::Integer(value),
            controls::Value::Real(value) => Self::Real(value),
            controls::Value::Boolean(value) => Self::Boolean(value),
            controls::Value::Text(value) => Self::Text(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_core::controls::in_software;

    #[test]
    fn a_control_has_all_its_fields_and_reads_back() {
        let list = CameraControls {
            camera: "usb-1".into(),
            controls: vec![in_software("hue").unwrap()],
            ..CameraControls::default()
        };
        let list = Controls::from(&list);
        let json = serde_json::to_value(&list).unwrap();
        assert_eq!(json["controls"][0]["key"], "hue");
        assert_eq!(json["controls"][0]["type"], "integer");
        assert_eq!(json["controls"][0]["min"], -100);
        assert_eq!(json["controls"][0]["software"], true);
        assert_eq!(serde_json::from_value::<Controls>(json).unwrap(), list);
    }

    #[test]
    fn types_and_flags_have_the_same_word_everywhere() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        let all = controls::Flags { inactive: true, read_only: true, volatile: true, write_only: true, grabbed: true };
        for flag in Flag::of(all) {
            assert_eq!(serde_json::to_value(flag).unwrap(), flag.as_str());
        }
    }
}
