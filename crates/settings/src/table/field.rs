//! How each type of a setting is written in the file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lenscap_core::app::Rule;
use lenscap_core::source::{Rotation, Source};
use lenscap_core::trouble::settings::{Limits, SettingTrouble};
use lenscap_picture::card::Colour;
use lenscap_picture::format::PixelFormat;

use crate::model::{CardChoice, PipewireOutput, SecondNode};

/// A value as the file holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SettingValue {
    Integer(i64),
    Text(String),
    Bool(bool),
    List(Vec<String>),
}

/// For people: without the file's quotation marks.
impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingValue::Integer(number) => number.fmt(f),
            SettingValue::Text(text) => f.write_str(text),
            SettingValue::Bool(value) => value.fmt(f),
            SettingValue::List(list) => f.write_str(&list.join(", ")),
        }
    }
}

/// The type of a setting in [`crate::Settings`]: how it is written in the file.
pub(crate) trait Field {
    /// As the file writes it.
    fn get(&self, limits: &Limits) -> Result<SettingValue, SettingTrouble>;
    /// Takes a value that is within the limits; `false`: it is of another type.
    fn set(&mut self, value: &SettingValue) -> bool;
}

fn assign<T>(field: &mut T, value: Option<T>) -> bool {
    match value {
        Some(value) => {
            *field = value;
            true
        }
        None => false,
    }
}

impl SettingValue {
    fn integer<T: TryFrom<i64>>(&self) -> Option<T> {
        match self {
            SettingValue::Integer(number) => T::try_from(*number).ok(),
            _ => None,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            SettingValue::Text(text) => Some(text),
            _ => None,
        }
    }

    fn milliseconds(&self) -> Option<Duration> {
        self.integer().map(Duration::from_millis)
    }

    fn of_milliseconds(duration: Duration) -> Self {
        SettingValue::Integer(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
    }

    fn of_path(path: &Path) -> Result<Self, SettingTrouble> {
        let text = path.to_str().ok_or_else(|| SettingTrouble::PathNotText { path: path.to_owned() })?;
        Ok(SettingValue::Text(text.to_owned()))
    }
}

impl Field for bool {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        Ok(SettingValue::Bool(*self))
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        assign(self, if let SettingValue::Bool(value) = value { Some(*value) } else { None })
    }
}

impl Field for u32 {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        Ok(SettingValue::Integer((*self).into()))
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        assign(self, value.integer())
    }
}

impl Field for i32 {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        Ok(SettingValue::Integer((*self).into()))
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        assign(self, value.integer())
    }
}

impl Field for Duration {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        Ok(SettingValue::of_milliseconds(*self))
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        assign(self, value.milliseconds())
    }
}

/// `None` is `"auto"`.
impl Field for Option<Duration> {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        Ok(self.map_or_else(|| SettingValue::Text("auto".into()), SettingValue::of_milliseconds))
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        assign(self, if value.text() == Some("auto") { Some(None) } else { value.milliseconds().map(Some) })
    }
}

impl Field for String {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        Ok(SettingValue::Text(self.clone()))
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        assign(self, value.text().map(str::to_owned))
    }
}

impl Field for Vec<String> {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        Ok(SettingValue::List(self.clone()))
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        assign(self, if let SettingValue::List(list) = value { Some(list.clone()) } else { None })
    }
}

/// `None` is the first word of the limits, or the empty text.
impl Field for Option<PathBuf> {
    fn get(&self, limits: &Limits) -> Result<SettingValue, SettingTrouble> {
        match (self, limits) {
            (Some(path), _) => SettingValue::of_path(path),
            (None, Limits::Device { words, .. }) => {
                Ok(SettingValue::Text(words.first().map(|word| word.to_string()).unwrap_or_default()))
            }
            (None, _) => Ok(SettingValue::Text(String::new())),
        }
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        // No word of the limits has a slash, and every path has one.
        assign(self, value.text().map(|text| text.contains('/').then(|| text.into())))
    }
}

impl Field for SecondNode {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        match self {
            SecondNode::Off => Ok(SettingValue::Text("off".into())),
            SecondNode::Auto => Ok(SettingValue::Text("auto".into())),
            SecondNode::Path(path) => SettingValue::of_path(path),
        }
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        let read = |text| match text {
            "off" => SecondNode::Off,
            "auto" => SecondNode::Auto,
            path => SecondNode::Path(path.into()),
        };
        assign(self, value.text().map(read))
    }
}

impl Field for Source {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        Ok(SettingValue::Text(self.to_string()))
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        assign(self, value.text().and_then(|text| text.parse().ok()))
    }
}

/// The automatic one is `"auto"`.
impl Field for Rotation {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        let degrees = self.degrees().map(|degrees| SettingValue::Integer(degrees.into()));
        Ok(degrees.unwrap_or_else(|| SettingValue::Text("auto".into())))
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        let degrees = value.integer();
        assign(self, Rotation::of(degrees).filter(|_| degrees.is_some() || value.text() == Some("auto")))
    }
}

impl Field for Rule {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        Ok(SettingValue::Text(self.as_str().into()))
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        assign(self, Rule::ALL.into_iter().find(|rule| Some(rule.as_str()) == value.text()))
    }
}

impl Field for CardChoice {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        Ok(SettingValue::Text(self.as_str().into()))
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        assign(self, CardChoice::ALL.into_iter().find(|choice| Some(choice.as_str()) == value.text()))
    }
}

impl Field for Colour {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        Ok(SettingValue::Text(self.to_string()))
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        assign(self, value.text().and_then(|text| text.parse().ok()))
    }
}

/// `None` is `"auto"`.
impl Field for Option<Colour> {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        Ok(SettingValue::Text(self.map_or_else(|| "auto".into(), |colour| colour.to_string())))
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        match value.text() {
            Some("auto") => assign(self, Some(None)),
            text => assign(self, text.and_then(|text| text.parse().ok()).map(Some)),
        }
    }
}

impl Field for PipewireOutput {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        Ok(SettingValue::Text(self.as_str().into()))
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        assign(self, PipewireOutput::ALL.into_iter().find(|choice| Some(choice.as_str()) == value.text()))
    }
}

impl Field for PixelFormat {
    fn get(&self, _: &Limits) -> Result<SettingValue, SettingTrouble> {
        Ok(SettingValue::Text(self.gst_name().into()))
    }

    fn set(&mut self, value: &SettingValue) -> bool {
        assign(self, value.text().and_then(|text| text.parse().ok()))
    }
}
