//! Whether a value may be set, and which control is meant.

use strsim::levenshtein;

use lenscap_text::{self as text, Text};

use super::{
    Allowed, AllowedEntry, CameraControls, Control, ControlTrouble, Entry, Flags, Kind, MAX_TEXT, Range, Value, Values,
};

/// Letters of a key that nobody knows, as it is repeated.
const SHOWN_KEY: usize = 40;

impl Control {
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
                let entry = |entry: &Entry| AllowedEntry { value: entry.value, label: (&entry.label).into() };
                Allowed::Entries {
                    entries: self.menu.iter().map(entry).collect(),
                    are_numbers: self.kind == Kind::IntegerMenu,
                }
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
pub(super) fn nearest(number: i64, min: i64, max: i64, step: u64) -> i64 {
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
        let wanted = super::key(&shown);
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
