//! Why a control is not set.

use lenscap_text::{Cause, Text};
use serde::{Deserialize, Serialize};

/// What was asked of a control, or of a camera's list of them, that cannot be. `control` and `key` are keys of controls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences in lenscap_words::controls say it
pub enum ControlTrouble {
    ReadOnly {
        control: Text,
    },
    /// Another control decides its value at present.
    Inactive {
        control: Text,
    },
    /// It cannot be changed while the camera streams.
    InUse {
        control: Text,
    },
    BetweenSteps {
        control: Text,
        value: i64,
        step: u64,
        nearest: i64,
    },
    Wrong {
        control: Text,
        value: Text,
        allowed: Allowed,
    },
    /// The camera, or its driver, does not take it; `cause` where it says why.
    Refused {
        control: Text,
        value: Text,
        cause: Option<Cause>,
    },
    /// No V4L2 control is a fraction.
    NoFractions {
        control: Text,
        value: Text,
    },
    /// The camera has no control at all.
    NoControls {
        key: Text,
    },
    /// It has others; `near` are those that are called much like it.
    Unknown {
        key: Text,
        near: Vec<Text>,
    },
    /// There is none with this key.
    Absent {
        key: Text,
    },
    /// A value is saved for a control that the camera has not.
    NotUsed {
        key: Text,
    },
    /// What changes the picture in the camera's place is not installed: GStreamer's element.
    ElementMissing {
        element: Text,
    },
    /// The camera is gone.
    Gone,
}

// No limit of a control is NaN, as no value is.
impl Eq for ControlTrouble {}

/// What a control takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allowed {
    /// True or false.
    Switch,
    /// One of these, by value or label.
    Entries {
        /// The menu.
        entries: Vec<AllowedEntry>,
        /// The labels are numbers, too.
        are_numbers: bool,
    },
    /// Text of so many bytes.
    Bytes {
        /// At least.
        min: i64,
        /// At most.
        max: i64,
    },
    /// Any of these bits.
    Bits {
        /// All of them.
        max: i64,
    },
    /// A whole number.
    Whole {
        /// At least.
        min: i64,
        /// At most.
        max: i64,
    },
    /// A number.
    Real {
        /// At least.
        min: f64,
        /// At most.
        max: f64,
    },
    /// Any number.
    Number,
}

/// An entry of a menu, as it is named in a trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedEntry {
    /// The value to set.
    pub value: i64,
    /// The name; of an integer menu, the number.
    pub label: Text,
}
