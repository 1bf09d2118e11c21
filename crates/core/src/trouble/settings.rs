//! What can be wrong with settings: a value, a file's text, the file itself. No sentences.

use std::borrow::Cow;
use std::path::PathBuf;

use lenscap_text::Cause;
use serde::{Deserialize, Serialize};

use crate::source::SourceTrouble;

/// A list of fixed words.
pub type Words = Cow<'static, [Cow<'static, str>]>;

/// Which values a setting takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limits {
    /// `true` or `false`.
    Switch,
    /// A whole number.
    #[allow(missing_docs)]
    Whole { min: i64, max: i64 },
    /// An even number.
    #[allow(missing_docs)]
    Even { min: i64, max: i64 },
    /// `"auto"` or a whole number.
    #[allow(missing_docs)]
    WholeOrAuto { min: i64, max: i64 },
    /// `"auto"` or one of these numbers.
    NumbersOrAuto(Cow<'static, [i64]>),
    /// One of these words; upper and lower case are one where `any_case`.
    #[allow(missing_docs)]
    Words { words: Words, any_case: bool },
    /// A name of 1 to this many bytes, without control characters.
    #[allow(missing_docs)]
    Name { max_bytes: usize },
    /// A text of one line and at most so many letters, or none.
    #[allow(missing_docs)]
    Text { max_chars: usize },
    /// A colour as in `#1e1e22`; `"auto"` as well where `or_auto`.
    #[allow(missing_docs)]
    Colour { or_auto: bool },
    /// A list of names.
    #[allow(missing_docs)]
    Names { max_count: usize, max_bytes: usize },
    /// A program and its arguments, or an empty list.
    #[allow(missing_docs)]
    Command { max_count: usize, max_bytes: usize },
    /// One of these words, or the full path of a device as in `example`.
    #[allow(missing_docs)]
    Device { words: Words, example: Cow<'static, str> },
    /// The full path of a file, also one that begins with `~/`, or the empty text.
    OwnFile,
    /// A camera, as [`crate::source::Source`] reads it.
    Source,
}

/// Why a value, or the text of a settings file, is refused. Values are as somebody wrote them, shortened for a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[allow(missing_docs)] // the fields are named in the sentences
pub enum SettingTrouble {
    /// Not within the limits of this setting.
    Limits { key: String, value: String, limits: Limits },
    /// A side of the picture that is odd; the next one that is not.
    Odd { key: String, value: i64, even: i64 },
    /// More entries than a list may have.
    TooMany { key: String, count: usize, max: usize },
    /// An entry of a list that is no name.
    Entry { key: String, value: String },
    /// More than one line where there may be one.
    Lines { key: String, value: String },
    /// No camera.
    Source { key: String, trouble: SourceTrouble },
    /// A path of the command line that cannot be made a full one.
    NoFullPath { key: String, path: String, cause: Cause },
    /// A path of the command line where there is no file.
    NoFile,
    /// No time to pause for.
    NotATime { value: String },
    /// A time of the command line from when on that is none.
    NotASince { value: String },
    /// The card is to be a picture, and none is named.
    NoPicture,
    /// The second device is the first.
    SameNode { node: PathBuf },
    /// A path that cannot be written in a file of text.
    PathNotText { path: PathBuf },
    /// Not TOML; the parser's words.
    NotToml { error: String },
    /// The layout of a later version.
    Newer { version: i64 },
    /// No version of the layout at all.
    Version { value: String, version: i64 },
    /// A section written as a key.
    NotSection { section: String },
    /// A setting of `section` that stands outside of all.
    Outside { key: String, section: String },
    /// A setting of `section` that stands in another.
    Elsewhere { key: String, section: String },
    /// No such section: those there are.
    NoSection { key: String, sections: Vec<String> },
    /// No such setting in this section: those there are.
    NoSetting { key: String, section: String, keys: Vec<String> },
    /// Not the controls of a camera.
    NotControls { value: String },
    /// More controls than are kept, or a name that is too long.
    TooManyControls { cameras: usize, values: usize, bytes: usize },
    /// No value of a control.
    Control { key: String, value: String, max_bytes: usize },
}

/// What is wrong in a text, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mistake {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What it is.
    pub refusal: SettingTrouble,
}

/// Why settings cannot be had, kept or watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum FileTrouble {
    /// The text is wrong.
    Invalid(Mistake),
    /// The command line asks for something that cannot be together with the file.
    Arguments { refusal: SettingTrouble },
    /// The file cannot be read.
    Read { why: Unreadable },
    /// The file cannot be written.
    Write { why: Unwritable },
    /// Another process saves for too long.
    Busy,
    /// The directory cannot be watched.
    Watch { cause: Cause },
    /// There is neither `XDG_CONFIG_HOME` nor a home directory.
    NoHome,
}

/// Why a settings file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Unreadable {
    /// A directory, a pipe, a device.
    NotAFile,
    /// Larger than a mebibyte.
    TooLarge,
    /// Not UTF-8 in this line, from 1.
    NotText { line: usize },
    /// The kernel denies it.
    System { cause: Cause },
}

/// Why a settings file cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Unwritable {
    /// What is to be written would read as something else.
    ReadsBack,
    /// The path ends in no name.
    NoFileName,
    /// The kernel denies it.
    System { cause: Cause },
}
