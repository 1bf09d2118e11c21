//! Which values are allowed, and the sentence that says what to write instead: the same for the settings file and the
//! command line. Sentences come without their full stop.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lenscap_core::source::{Framing, Rotation, Source};
use lenscap_picture::format::{PixelFormat, VideoFormat};
use lenscap_words::trf;

use super::model::{CardChoice, SecondNode};

/// Longest `device.label` in bytes: the module's card name without its NUL.
pub const MAX_LABEL: usize = 31;
/// Most entries in `privacy.blocked`.
pub const MAX_BLOCKED: usize = 256;
/// Longest entry in `privacy.blocked`, in bytes: the longest file name.
pub const MAX_NAME: usize = 255;
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

/// A whole number with its limits.
struct Number {
    name: &'static str,
    min: u32,
    max: u32,
    kind: Kind,
}

/// Which numbers there may be between the limits.
#[derive(Clone, Copy)]
enum Kind {
    Whole,
    Even,
    WholeOrAuto,
}

impl Number {
    const fn whole(name: &'static str, min: u32, max: u32) -> Self {
        Self { name, min, max, kind: Kind::Whole }
    }

    fn check(&self, given: &Given<'_>) -> Result<u32, String> {
        let Self { name, min, max, kind } = self;
        match given {
            Given::Integer(value) => u32::try_from(*value).ok().filter(|value| (*min..=*max).contains(value)),
            _ => None,
        }
        .ok_or_else(|| match kind {
            Kind::Whole => trf!(
                "{name} {value} cannot work: use a whole number from {min} to {max}",
                name = name,
                value = given,
                min = min,
                max = max
            ),
            Kind::Even => trf!(
                "{name} {value} cannot work: use an even number from {min} to {max}",
                name = name,
                value = given,
                min = min,
                max = max
            ),
            Kind::WholeOrAuto => {
                trf!(
                    "{name} {value} cannot work: use \"auto\" or a whole number from {min} to {max}",
                    name = name,
                    value = given,
                    min = min,
                    max = max
                )
            }
        })
    }
}

fn side(name: &'static str, given: &Given<'_>) -> Result<u32, String> {
    let side = Number { name, min: 2, max: VideoFormat::MAX_SIDE, kind: Kind::Even };
    // An odd 1 is told its neighbour too.
    let value = Number { min: 1, ..side }.check(given).map_err(|_| match side.check(given) {
        Err(sentence) => sentence,
        Ok(value) => value.to_string(),
    })?;
    let (width, height) = if name == "width" { (value, 2) } else { (2, value) };
    VideoFormat::new(PixelFormat::default(), width, height, 1)
        .map(|_| value)
        .map_err(|trouble| lenscap_words::picture::format(&trouble))
}

/// `camera.width`.
///
/// # Errors
/// One sentence without its full stop, as for every rule here.
pub fn width(given: &Given<'_>) -> Result<u32, String> {
    side("width", given)
}

/// `camera.height`.
///
/// # Errors
/// As [`width`].
pub fn height(given: &Given<'_>) -> Result<u32, String> {
    side("height", given)
}

/// `camera.framerate`, frames per second.
///
/// # Errors
/// As [`width`].
pub fn framerate(given: &Given<'_>) -> Result<u32, String> {
    Number::whole("framerate", 1, VideoFormat::MAX_FRAMERATE).check(given)
}

/// `camera.buffer_count`; the source keeps to its own limits: V4L2 1 to 16, `icamerasrc` 2 to 10.
///
/// # Errors
/// As [`width`].
pub fn buffer_count(given: &Given<'_>) -> Result<u32, String> {
    Number::whole("buffer_count", 1, 16).check(given)
}

/// `camera.zoom`, percent.
///
/// # Errors
/// As [`width`].
pub fn zoom(given: &Given<'_>) -> Result<u32, String> {
    Number::whole("zoom", 100, Framing::MAX_ZOOM).check(given)
}

/// `camera.pan_x` or `camera.pan_y`, percent; `name` is its key.
///
/// # Errors
/// As [`width`].
pub fn pan(name: &str, given: &Given<'_>) -> Result<i32, String> {
    match given {
        Given::Integer(value) => i32::try_from(*value).ok().filter(|value| (-100..=100).contains(value)),
        _ => None,
    }
    .ok_or_else(|| trf!("{name} {value} cannot work: use a whole number from -100 to 100", name = name, value = given))
}

fn milliseconds(number: &Number, given: &Given<'_>) -> Result<Duration, String> {
    number.check(given).map(|ms| Duration::from_millis(u64::from(ms)))
}

/// `privacy.activation_delay_ms`; `None` is `"auto"`.
///
/// # Errors
/// As [`width`].
pub fn activation_delay(given: &Given<'_>) -> Result<Option<Duration>, String> {
    match given {
        Given::Text("auto") => Ok(None),
        _ => {
            let number = Number { name: "activation_delay_ms", min: 0, max: 60_000, kind: Kind::WholeOrAuto };
            milliseconds(&number, given).map(Some)
        }
    }
}

/// `privacy.cooldown_ms`.
///
/// # Errors
/// As [`width`].
pub fn cooldown(given: &Given<'_>) -> Result<Duration, String> {
    milliseconds(&Number::whole("cooldown_ms", 0, 3_600_000), given)
}

/// `detection.poll_interval_ms`.
///
/// # Errors
/// As [`width`].
pub fn poll_interval(given: &Given<'_>) -> Result<Duration, String> {
    milliseconds(&Number::whole("poll_interval_ms", 1, 10_000), given)
}

/// A setting that is on or off; `name` is its key.
///
/// # Errors
/// As [`width`].
pub fn switch(name: &str, given: &Given<'_>) -> Result<bool, String> {
    match given {
        Given::Bool(value) => Ok(*value),
        _ => Err(trf!("{name} {value} cannot work: use true or false", name = name, value = given)),
    }
}

/// `camera.rotation`, degrees clockwise.
///
/// # Errors
/// As [`width`].
pub fn rotation(given: &Given<'_>) -> Result<Rotation, String> {
    Rotation::ALL
        .into_iter()
        .find(|rotation| *given == Given::Integer(i64::from(rotation.degrees())))
        .ok_or_else(|| trf!("rotation {value} cannot work: use 0, 90, 180 or 270", value = given))
}

/// `privacy.blocked`.
///
/// # Errors
/// As [`width`].
pub fn blocked(given: &Given<'_>) -> Result<Vec<String>, String> {
    let Given::List(entries) = given else {
        return Err(trf!(
            "blocked {value} is not a list: use a list of program names as in [\"zoom\", \"chrome\"]",
            value = given
        ));
    };
    if entries.len() > MAX_BLOCKED {
        return Err(trf!(
            "blocked has {count} entries and {max} are the most: use a list of program names as in [\"zoom\", \"chrome\"]",
            count = entries.len(),
            max = MAX_BLOCKED
        ));
    }
    entries
        .iter()
        .map(|entry| match entry {
            Given::Text(name) if is_name(name, MAX_NAME) => Ok((*name).to_owned()),
            other => Err(trf!(
                "blocked has {value}, which is not a program's name: use a list of program names as in [\"zoom\", \"chrome\"]",
                value = other
            )),
        })
        .collect()
}

/// `privacy.card`.
///
/// # Errors
/// As [`width`].
pub fn card(given: &Given<'_>) -> Result<CardChoice, String> {
    CardChoice::ALL
        .into_iter()
        .find(|choice| *given == Given::Text(choice.as_str()))
        .ok_or_else(|| trf!("card {value} cannot work: use \"text\", \"black\" or \"picture\"", value = given))
}

/// `privacy.picture`; `None` is the empty text.
///
/// # Errors
/// As [`width`].
pub fn picture(given: &Given<'_>) -> Result<Option<PathBuf>, String> {
    match given {
        Given::Text("") => Ok(None),
        Given::Text(text) if is_path(text) || (text.starts_with("~/") && is_path(&text[1..])) => {
            Ok(Some(PathBuf::from(text)))
        }
        _ => Err(trf!(
            "picture {value} is not a full path: use one as in \"/home/me/off.png\" or \"~/off.png\"",
            value = given
        )),
    }
}

/// `device.node`; `None` is `"auto"`.
///
/// # Errors
/// As [`width`].
pub fn node(given: &Given<'_>) -> Result<Option<PathBuf>, String> {
    match given {
        Given::Text("auto") => Ok(None),
        Given::Text(text) if is_path(text) => Ok(Some(PathBuf::from(text))),
        _ => Err(trf!("node {value} is not a full path: use \"auto\" or a path as in \"/dev/video10\"", value = given)),
    }
}

/// `device.second_node`.
///
/// # Errors
/// As [`width`].
pub fn second_node(given: &Given<'_>) -> Result<SecondNode, String> {
    match given {
        Given::Text("off") => Ok(SecondNode::Off),
        Given::Text("auto") => Ok(SecondNode::Auto),
        Given::Text(text) if is_path(text) => Ok(SecondNode::Path(PathBuf::from(text))),
        _ => Err(trf!(
            "second_node {value} is not a full path: use \"off\", \"auto\" or a path as in \"/dev/video11\"",
            value = given
        )),
    }
}

/// `device.label`.
///
/// # Errors
/// As [`width`].
pub fn label(given: &Given<'_>) -> Result<String, String> {
    match given {
        Given::Text(text) if is_name(text, MAX_LABEL) => Ok((*text).to_owned()),
        _ => Err(trf!(
            "label {value} cannot work: use a name of 1 to {max} bytes as in \"Lenscap\"",
            value = given,
            max = MAX_LABEL
        )),
    }
}

/// `device.format`.
///
/// # Errors
/// As [`width`].
pub fn pixel_format(given: &Given<'_>) -> Result<PixelFormat, String> {
    match given {
        Given::Text(text) => text.parse().ok(),
        _ => None,
    }
    .ok_or_else(|| trf!("format {value} cannot work: use YUY2, NV12 or I420", value = given))
}

/// `camera.source`.
///
/// # Errors
/// As [`width`].
pub fn source(given: &Given<'_>) -> Result<Source, String> {
    match given {
        Given::Text(text) if text.contains('\n') => {
            Err(trf!("source {value} is more than one line: use one line", value = given))
        }
        Given::Text(text) => {
            text.parse().map_err(|trouble| format!("source: {}", lenscap_words::source::clause(&trouble)))
        }
        _ => {
            Err(trf!("source {value} is not text: use \"auto\", or a camera as in \"v4l2:/dev/video0\"", value = given))
        }
    }
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

    #[test]
    fn every_refusal_is_one_line_with_the_key_and_what_to_write() {
        let long = "x".repeat(5000);
        let nonsense = [
            Given::Integer(-1),
            Given::Integer(i64::MAX),
            Given::Text("a\nb"),
            Given::Text(&long),
            Given::Bool(true),
            Given::List(vec![Given::Integer(1)]),
            Given::Other("29.97"),
        ];
        type Rule = fn(&Given<'_>) -> Option<String>;
        let rules: [(&str, Rule); 17] = [
            ("width", |given| width(given).err()),
            ("height", |given| height(given).err()),
            ("framerate", |given| framerate(given).err()),
            ("buffer_count", |given| buffer_count(given).err()),
            ("activation_delay_ms", |given| activation_delay(given).err()),
            ("cooldown_ms", |given| cooldown(given).err()),
            ("poll_interval_ms", |given| poll_interval(given).err()),
            ("rotation", |given| rotation(given).err()),
            ("zoom", |given| zoom(given).err()),
            ("blocked", |given| blocked(given).err()),
            ("card", |given| card(given).err()),
            ("picture", |given| picture(given).err()),
            ("node", |given| node(given).err()),
            ("second_node", |given| second_node(given).err()),
            ("label", |given| label(given).err()),
            ("format", |given| pixel_format(given).err()),
            ("source", |given| source(given).err()),
        ];
        for (key, rule) in rules {
            for given in &nonsense {
                let sentence = rule(given).unwrap_or_else(|| panic!("{key} takes {given:?}"));
                assert!(sentence.starts_with(key), "{sentence}");
                assert!(sentence.contains(": use ") || key == "source", "{sentence}");
                assert!(sentence.len() < 300 && !sentence.contains('\n'), "{sentence}");
            }
        }
        assert_eq!(
            switch("start_paused", &Given::Integer(1)).unwrap_err(),
            "start_paused 1 cannot work: use true or false"
        );
    }

    #[test]
    fn the_sentences_say_the_limits() {
        let cases = [
            (width(&Given::Integer(0)).unwrap_err(), "width 0 cannot work: use an even number from 2 to 8192"),
            (height(&Given::Integer(9000)).unwrap_err(), "height 9000 cannot work: use an even number from 2 to 8192"),
            (width(&Given::Integer(1281)).unwrap_err(), "width 1281 is odd and cameras need even sizes: use 1282"),
            (framerate(&Given::Integer(0)).unwrap_err(), "framerate 0 cannot work: use a whole number from 1 to 240"),
            (
                framerate(&Given::Integer(1000)).unwrap_err(),
                "framerate 1000 cannot work: use a whole number from 1 to 240",
            ),
            (
                buffer_count(&Given::Integer(99)).unwrap_err(),
                "buffer_count 99 cannot work: use a whole number from 1 to 16",
            ),
            (
                activation_delay(&Given::Text("soon")).unwrap_err(),
                "activation_delay_ms \"soon\" cannot work: use \"auto\" or a whole number from 0 to 60000",
            ),
            (
                pan("pan_y", &Given::Integer(-101)).unwrap_err(),
                "pan_y -101 cannot work: use a whole number from -100 to 100",
            ),
            (pixel_format(&Given::Text("RGB")).unwrap_err(), "format \"RGB\" cannot work: use YUY2, NV12 or I420"),
        ];
        for (sentence, expected) in cases {
            assert_eq!(sentence, expected);
        }
    }

    #[test]
    fn the_limits_themselves_are_allowed() {
        for value in [2, 8192] {
            assert_eq!(width(&Given::Integer(value)).map(i64::from), Ok(value));
        }
        for value in [1, 240] {
            assert_eq!(framerate(&Given::Integer(value)).map(i64::from), Ok(value));
        }
        for value in [-100, 100] {
            assert_eq!(pan("pan_y", &Given::Integer(value)).map(i64::from), Ok(value));
        }
        assert_eq!(zoom(&Given::Integer(400)), Ok(400));
        for value in [1, 16] {
            assert_eq!(buffer_count(&Given::Integer(value)).map(i64::from), Ok(value));
        }
        assert_eq!(activation_delay(&Given::Integer(0)), Ok(Some(Duration::ZERO)));
        assert_eq!(pixel_format(&Given::Text("nv12")), Ok(PixelFormat::Nv12));
        assert_eq!(label(&Given::Text(&"x".repeat(31))), Ok("x".repeat(31)));
    }
}
