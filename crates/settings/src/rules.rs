//! Which values are taken: the same for the settings file and the command line.

use std::fmt;
use std::path::Path;

use lenscap_core::source::{Source, SourceTrouble};
use lenscap_picture::card::Colour;

use super::table::SettingValue;
use lenscap_core::trouble::settings::{Limits, SettingTrouble};

/// Longest path, in bytes: the kernel's `PATH_MAX` without its NUL.
const MAX_PATH: usize = 4095;

/// A value as somebody wrote it.
#[derive(Debug, Clone, PartialEq)]
pub enum Given<'a> {
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(&'a str),
    /// `true` or `false`.
    Bool(bool),
    /// A list.
    List(Vec<Given<'a>>),
    /// Anything else, as written.
    Other(&'a str),
}

impl<'a> Given<'a> {
    /// What a command line argument gives: a whole number where it is one, else text.
    pub fn argument(text: &'a str) -> Self {
        text.parse().map_or(Given::Text(text), Given::Integer)
    }
}

impl fmt::Display for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Given::Integer(value) => write!(f, "{value}"),
            Given::Text(text) => write!(f, "\"{}\"", short(text)),
            Given::Bool(value) => write!(f, "{value}"),
            Given::List(_) => f.write_str("[…]"),
            Given::Other(text) => f.write_str(&short(text)),
        }
    }
}

/// What is shown of a long or unprintable text: a sentence stays one line.
pub(super) fn short(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// The value that was meant, if it is within the limits; `key` is the setting's.
///
/// # Errors
/// It is not.
pub fn check(key: &str, limits: &Limits, given: &Given<'_>) -> Result<SettingValue, SettingTrouble> {
    let beyond = || SettingTrouble::Limits { key: key.to_owned(), value: given.to_string(), limits: limits.clone() };
    let text = |text: &str| Ok(SettingValue::Text(text.to_owned()));
    match (limits, given) {
        (Limits::Switch, Given::Bool(value)) => Ok(SettingValue::Bool(*value)),
        (Limits::Whole { min, max } | Limits::WholeOrAuto { min, max }, Given::Integer(value))
            if (min..=max).contains(&value) =>
        {
            Ok(SettingValue::Integer(*value))
        }
        (Limits::WholeOrAuto { .. } | Limits::NumbersOrAuto(_), Given::Text("auto")) => text("auto"),
        (Limits::Even { min, max }, Given::Integer(value)) if *value >= 1 && value <= max => match value % 2 {
            0 if value >= min => Ok(SettingValue::Integer(*value)),
            0 => Err(beyond()),
            _ => Err(SettingTrouble::Odd { key: key.to_owned(), value: *value, even: value + 1 }),
        },
        (Limits::NumbersOrAuto(numbers), Given::Integer(value)) if numbers.contains(value) => {
            Ok(SettingValue::Integer(*value))
        }
        (Limits::Words { words, any_case }, Given::Text(word)) => {
            let is_meant = |known: &str| known == *word || (*any_case && known.eq_ignore_ascii_case(word));
            words
                .iter()
                .find(|known| is_meant(known))
                .map(|known| SettingValue::Text(known.to_string()))
                .ok_or_else(beyond)
        }
        (Limits::Name { max_bytes }, Given::Text(name)) if is_name(name, *max_bytes) => text(name),
        (Limits::Text { max_chars }, Given::Text(line))
            if line.chars().count() <= *max_chars && !line.chars().any(breaks_line) =>
        {
            text(line.trim())
        }
        (Limits::Colour { or_auto: true }, Given::Text("auto")) => text("auto"),
        (Limits::Colour { .. }, Given::Text(colour)) if colour.parse::<Colour>().is_ok() => text(colour),
        (Limits::Names { max_count, max_bytes }, Given::List(entries)) => names(key, entries, *max_count, *max_bytes),
        (Limits::Command { max_count, max_bytes }, Given::List(words)) if words.len() <= *max_count => {
            command(words, *max_bytes).map(SettingValue::List).ok_or_else(beyond)
        }
        (Limits::Device { words, .. }, Given::Text(word))
            if is_path(word) || words.iter().any(|known| known == word) =>
        {
            text(word)
        }
        (Limits::OwnFile, Given::Text(path)) if path.is_empty() || is_path(path) => text(path),
        (Limits::OwnFile, Given::Text(path)) if path.starts_with("~/") && is_path(&path[1..]) => text(path),
        (Limits::Source, Given::Text(description)) => source(key, description, given),
        _ => Err(beyond()),
    }
}

fn names(key: &str, entries: &[Given<'_>], max: usize, max_bytes: usize) -> Result<SettingValue, SettingTrouble> {
    if entries.len() > max {
        return Err(SettingTrouble::TooMany { key: key.to_owned(), count: entries.len(), max });
    }
    let name = |entry: &Given<'_>| match entry {
        Given::Text(name) if is_name(name, max_bytes) => Ok((*name).to_owned()),
        other => Err(SettingTrouble::Entry { key: key.to_owned(), value: other.to_string() }),
    };
    entries.iter().map(name).collect::<Result<_, _>>().map(SettingValue::List)
}

/// A program and its arguments, or nothing: arguments may be empty, and hold whatever the kernel hands over.
fn command(words: &[Given<'_>], max_bytes: usize) -> Option<Vec<String>> {
    let argument = |text: &str| text.len() <= max_bytes && !text.contains('\0');
    let word = |(at, word): (usize, &Given<'_>)| match word {
        Given::Text(text) if argument(text) && (at > 0 || is_name(text, max_bytes)) => Some((*text).to_owned()),
        _ => None,
    };
    words.iter().enumerate().map(word).collect()
}

fn source(key: &str, text: &str, given: &Given<'_>) -> Result<SettingValue, SettingTrouble> {
    if text.contains('\n') {
        return Err(SettingTrouble::Lines { key: key.to_owned(), value: given.to_string() });
    }
    let source: Source = text.parse().map_err(|trouble| {
        let trouble = match trouble {
            SourceTrouble::Unknown { text } => SourceTrouble::Unknown { text: short(&text).into() },
            SourceTrouble::EndsInColon { text, word } => {
                SourceTrouble::EndsInColon { text: short(&text).into(), word: short(&word).into() }
            }
            other => other,
        };
        SettingTrouble::Source { key: key.to_owned(), trouble }
    })?;
    Ok(SettingValue::Text(source.to_string()))
}

/// What makes a second line, or is no letter.
fn breaks_line(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

fn is_name(text: &str, max: usize) -> bool {
    !text.trim().is_empty() && text.len() <= max && !text.chars().any(char::is_control)
}

fn is_path(text: &str) -> bool {
    Path::new(text).is_absolute() && text.len() <= MAX_PATH && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::camera::{BUFFER_COUNT, FRAMERATE, HEIGHT, PAN_Y, WIDTH, ZOOM};
    use crate::table::device::{FORMAT, LABEL};
    use crate::table::privacy::ACTIVATION_DELAY;
    use crate::table::{self, Setting};
    use lenscap_words::settings as words;

    fn refused(setting: &Setting, given: Given<'_>) -> String {
        words::refusal(&setting.check(&given).unwrap_err())
    }

    #[test]
    fn every_refusal_is_one_line_with_the_key_and_what_to_write() {
        let long = "x".repeat(5000);
        let nonsense = [
            Given::Integer(-1000),
            Given::Integer(i64::MAX),
            Given::Text("a\nb"),
            Given::Text(&long),
            Given::Bool(true),
            Given::List(vec![Given::Integer(1)]),
            Given::Other("29.97"),
        ];
        for setting in table::all() {
            for given in &nonsense {
                if *given == Given::Bool(true) && setting.limits == Limits::Switch {
                    continue;
                }
                let sentence = refused(setting, given.clone());
                assert!(sentence.starts_with(setting.key), "{sentence}");
                let says_how = sentence.contains(": use ") || sentence.contains(" must be ");
                assert!(says_how || setting.key == "source", "{sentence}");
                assert!(sentence.len() < 300 && !sentence.contains('\n'), "{sentence}");
            }
        }
    }

    #[test]
    fn the_sentences_say_the_limits() {
        let number = Given::Integer;
        let cases = [
            (refused(&WIDTH, number(0)), "width must be an even number from 2 to 8192, not 0"),
            (refused(&HEIGHT, number(9000)), "height must be an even number from 2 to 8192, not 9000"),
            (refused(&WIDTH, number(1281)), "width 1281 is odd and cameras need even sizes: use 1282"),
            (refused(&WIDTH, number(1)), "width 1 is odd and cameras need even sizes: use 2"),
            (refused(&FRAMERATE, number(0)), "framerate must be a whole number from 1 to 240, not 0"),
            (refused(&FRAMERATE, number(1000)), "framerate must be a whole number from 1 to 240, not 1000"),
            (refused(&BUFFER_COUNT, number(99)), "buffer_count must be a whole number from 1 to 16, not 99"),
            (
                refused(&ACTIVATION_DELAY, Given::Text("soon")),
                "activation_delay_ms must be \"auto\" or a whole number from 0 to 60000, not \"soon\"",
            ),
            (refused(&PAN_Y, number(-101)), "pan_y must be a whole number from -100 to 100, not -101"),
            (refused(&FORMAT, Given::Text("RGB")), "format must be \"YUY2\", \"NV12\" or \"I420\", not \"RGB\""),
        ];
        for (sentence, expected) in cases {
            assert_eq!(sentence, expected);
        }
    }

    #[test]
    fn the_limits_themselves_are_allowed() {
        for (setting, values) in [
            (&WIDTH, [2, 8192]),
            (&FRAMERATE, [1, 240]),
            (&PAN_Y, [-100, 100]),
            (&ZOOM, [100, 400]),
            (&BUFFER_COUNT, [1, 16]),
        ] {
            for value in values {
                assert_eq!(setting.check(&Given::Integer(value)), Ok(SettingValue::Integer(value)));
            }
        }
        assert_eq!(ACTIVATION_DELAY.check(&Given::Integer(0)), Ok(SettingValue::Integer(0)));
        assert_eq!(FORMAT.check(&Given::Text("nv12")), Ok(SettingValue::Text("NV12".into())));
        assert_eq!(LABEL.check(&Given::Text(&"x".repeat(31))), Ok(SettingValue::Text("x".repeat(31))));
    }
}
