//! Text from outside, as people may see it: the names of devices, products, controls and programs, what another process
//! says. Whoever reads such a text cleans it there, once; what comes behind may show it anywhere: a terminal, a menu, a
//! log, a notification.
//!
//! 1. One line: what moves a cursor or breaks a line is a space, and several spaces are one.
//! 2. Nothing that is not seen: no control characters (C0, DEL, C1), nothing that turns the direction of writing, no
//!    other invisible letters.
//! 3. Bounded, in letters; what is longer ends in "…". Bytes that are no UTF-8 become "\u{fffd}".
//!
//! What others call an error is no text for people at all: see [`Cause`].

mod cause;
pub mod direction;
pub mod markup;

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};

pub use cause::{Cause, CauseKind, Detail};
pub use direction::without_isolates;

/// Longest name: of a camera, a control, a program.
pub const NAME: usize = 80;
/// Longest sentence.
pub const SENTENCE: usize = 400;
/// Longest path.
pub const PATH: usize = 1024;

/// This text in at most so many letters.
pub fn clean(text: impl AsRef<[u8]>, max_chars: usize) -> String {
    // Of a text without end no more is looked at than may be of use: four bytes a letter, and as much again for others.
    let bytes = text.as_ref();
    let bytes = &bytes[..bytes.len().min(max_chars.saturating_mul(8))];
    let mut clean = String::new();
    let mut count = 0;
    let mut is_space_due = false;
    for letter in String::from_utf8_lossy(bytes).chars() {
        if is_invisible(letter) {
            continue;
        }
        if letter.is_whitespace() || letter.is_control() {
            is_space_due = !clean.is_empty();
            continue;
        }
        let needed = 1 + usize::from(is_space_due);
        if count + needed > max_chars {
            return shorten(clean, max_chars);
        }
        if std::mem::take(&mut is_space_due) {
            clean.push(' ');
        }
        clean.push(letter);
        count += needed;
    }
    if bytes.len() < text.as_ref().len() { shorten(clean, max_chars) } else { clean }
}

/// A name: see [`clean`].
pub fn name(text: impl AsRef<[u8]>) -> String {
    clean(text, NAME)
}

/// A path for people; not one to open.
pub fn path(path: &Path) -> String {
    clean(path.as_os_str().as_encoded_bytes(), PATH)
}

/// A text that was cleaned, of [`SENTENCE`] letters at most: there is no other way to make one, and reading one from another
/// process cleans it, too.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// A path for people; not one to open.
    pub fn of_path(path: &Path) -> Self {
        path.as_os_str().as_encoded_bytes().into()
    }
}

impl From<&[u8]> for Text {
    fn from(bytes: &[u8]) -> Self {
        Self(clean(bytes, SENTENCE))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        text.as_bytes().into()
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        text.as_bytes().into()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// A text of ours, whose parts are clean, in at most so many letters.
pub fn bounded(text: String, max_chars: usize) -> String {
    if text.chars().nth(max_chars).is_some() { shorten(text, max_chars) } else { text }
}

/// With a sign that there was more.
fn shorten(mut text: String, max_chars: usize) -> String {
    if max_chars == 0 {
        return String::new();
    }
    if let Some((end, _)) = text.char_indices().nth(max_chars - 1) {
        text.truncate(end);
    }
    text.truncate(text.trim_end().len());
    text.push('…');
    text
}

/// Letters that show nothing, or that change how others are shown: Unicode's format characters (Cf), its line and
/// paragraph separators, and letters without a picture. What joins letters (U+200C, U+200D) is among them: it makes two
/// names that look alike.
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_obeys_is_gone() {
        assert_eq!(name("\u{1b}]0;owned\u{7}Cam\u{1b}[2J"), "]0;owned Cam [2J");
        assert_eq!(name("Cam\r\nInjected: line\t2\u{2028}3"), "Cam Injected: line 2 3");
        assert_eq!(name("  \u{9b}31m Cam \u{7f}\n"), "31m Cam");
        assert_eq!(name("\u{1b}\n\u{0}"), "");
    }

    #[test]
    fn what_is_not_seen_is_gone() {
        assert_eq!(name("exe\u{202e}gpj.\u{2066}Cam\u{2069}\u{200e}"), "exegpj.Cam");
        assert_eq!(name("Z\u{200b}o\u{feff}o\u{ad}m\u{e0041}"), "Zoom");
        assert_eq!(name("Kamera für 会議 ✓"), "Kamera für 会議 ✓");
    }

    #[test]
    fn it_is_bounded_in_letters() {
        assert_eq!(clean("ääää", 4), "ääää");
        assert_eq!(clean("äääää", 4), "äää…");
        assert_eq!(clean("a b c", 4), "a b…");
        assert_eq!(clean("x".repeat(1 << 20), 10), format!("{}…", "x".repeat(9)));
        assert_eq!(clean("\u{1b}".repeat(1 << 20) + "end", 10), "…");
        assert_eq!(clean("anything", 0), "");
        assert_eq!(["ääää", "äääää"].map(|text| bounded(text.into(), 4)), ["ääää", "äää…"]);
    }

    #[test]
    fn what_is_no_text_is_marked() {
        assert_eq!(name(b"Cam\xff\xfe 2"), "Cam\u{fffd}\u{fffd} 2");
        assert_eq!(path(Path::new("/dev/\u{1b}[1mvideo0")), "/dev/ [1mvideo0");
    }

    proptest! {
        #[test]
        fn whatever_comes_it_is_one_visible_line(
            bytes in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..200),
                any::<String>().prop_map(String::into_bytes),
                "[\u{0}-\u{20}\u{7f}-\u{a0}\u{200b}-\u{2069}a]{0,60}".prop_map(String::into_bytes),
            ],
            max in 0usize..60,
        ) {
            let cleaned = clean(&bytes, max);
            prop_assert!(cleaned.chars().count() <= max);
            prop_assert!(!cleaned.chars().any(|letter| letter.is_control() || is_invisible(letter)));
            prop_assert!(cleaned.chars().all(|letter| letter == ' ' || !letter.is_whitespace()));
            prop_assert!(!cleaned.contains("  ") && cleaned.trim() == cleaned);
            prop_assert_eq!(clean(&cleaned, max), cleaned.clone(), "once is enough");
        }
    }
}
