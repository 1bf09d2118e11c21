//! Translations: gettext's catalogues, domain "lenscap".
//!
//! What a user reads goes through [`tr`], [`trf!`] or [`trn!`] with a literal text; `scripts/translations.sh` collects
//! those into `po/lenscap.pot`, and a test fails when one is missing there. Texts with parts in them name the parts, as
//! in `"{camera} is in use"`, so that a translation may order them as its grammar asks.

pub mod ask;
pub mod camera_list;
pub mod camera_test;
pub mod cameras;
pub mod card;
mod cause;
pub mod command_line;
pub mod controls;
pub mod devices;
pub mod direction;
pub mod distro;
pub mod doctor;
pub mod history;
pub mod hook;
pub mod import;
mod limits;
mod listed;
pub mod menu;
pub mod mode;
pub mod notify;
pub mod numbers;
pub mod offer;
pub mod output;
pub mod picture;
pub mod pipewire;
pub mod preferences;
pub mod programs;
pub mod refusal;
pub mod remedy;
pub mod search;
pub mod session;
pub mod settings;
pub mod setup;
pub mod shortcut;
pub mod source;
pub mod start;
mod state;
pub mod status;
pub mod trouble;

pub use listed::listed;

use std::fmt::Display;
use std::path::PathBuf;

use direction::Direction;

/// The domain, and the catalogues' file name.
const DOMAIN: &str = "lenscap";
/// Environment variable that names the directory of catalogues, for a build tree and for tests.
pub const LOCALE_DIR_VARIABLE: &str = "LENSCAP_LOCALE_DIR";

/// Takes the user's language from the environment. To be called first in a process, while it has one thread.
///
/// Without catalogues or with an unknown language everything stays English; nothing can fail for it.
pub fn init() {
    lenscap_sys::locale::from_environment();
    let bound = gettextrs::bindtextdomain(DOMAIN, directory())
        .and_then(|_| gettextrs::bind_textdomain_codeset(DOMAIN, "UTF-8"))
        .and_then(|_| gettextrs::textdomain(DOMAIN));
    if let Err(error) = bound {
        tracing::debug!("no translations: {error}");
    }
}

/// Where the catalogues are.
fn directory() -> PathBuf {
    std::env::var_os(LOCALE_DIR_VARIABLE).map_or_else(lenscap_sys::install::translations, PathBuf::from)
}

/// The text in the user's language.
pub fn tr(text: &str) -> String {
    gettextrs::gettext(text)
}

/// As [`tr`], for a text that is no literal here: whoever collects the texts has to find it in another way.
pub fn tr_collected(text: &str) -> String {
    // gettext answers the empty text with the catalogue's header.
    if text.is_empty() { String::new() } else { gettextrs::gettext(text) }
}

/// As [`tr`], with each `{name}` replaced by its part: `trf!("{app} is using the camera", app = name)`. A part that the text
/// does not name, or one that is missing, does not compile.
#[macro_export]
macro_rules! trf {
    ($text:literal, $($name:ident = $part:expr),+ $(,)?) => {{
        // Of its own, so that it cannot reach for a variable of the caller's.
        fn _is_whole() -> ::std::string::String {
            ::std::format!($text, $($name = ""),+)
        }
        $crate::filled($text, &[$((::std::stringify!($name), &$part as &dyn ::std::fmt::Display)),+])
    }};
}

/// As [`trf!`], in the form that a count asks for; `{n}` is the count: `trn!("{n} minute", "{n} minutes", minutes)`.
#[macro_export]
macro_rules! trn {
    ($one:literal, $many:literal, $count:expr $(, $name:ident = $part:expr)* $(,)?) => {{
        fn _are_whole() -> [::std::string::String; 2] {
            // The count may be left out.
            [
                ::std::format!(::std::concat!($one, "{n}"), n = "" $(, $name = "")*),
                ::std::format!(::std::concat!($many, "{n}"), n = "" $(, $name = "")*),
            ]
        }
        $crate::filled_for(
            $one,
            $many,
            $count,
            &[$((::std::stringify!($name), &$part as &dyn ::std::fmt::Display)),*],
        )
    }};
}

/// For [`trf!`].
#[doc(hidden)]
pub fn filled(text: &str, parts: &[(&str, &dyn Display)]) -> String {
    fill(&tr_collected(text), parts)
}

/// For [`trn!`].
#[doc(hidden)]
pub fn filled_for(one: &str, many: &str, count: u64, parts: &[(&str, &dyn Display)]) -> String {
    let text = gettextrs::ngettext(one, many, u32::try_from(count).unwrap_or(u32::MAX));
    fill(&fill(&text, parts), &[("n", &count)])
}

fn fill(text: &str, parts: &[(&str, &dyn Display)]) -> String {
    fill_in(text, parts, direction::of_language())
}

/// One pass, so that braces in a part stay as they are.
pub(crate) fn fill_in(text: &str, parts: &[(&str, &dyn Display)], language: Option<Direction>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let part = after.split_once('}').and_then(|(name, after)| {
            let (_, part) = parts.iter().find(|(known, _)| *known == name)?;
            Some((direction::isolated(part.to_string(), language), after))
        });
        match part {
            Some((part, after)) => {
                filled.push_str(&part);
                rest = after;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    direction::led(filled, language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Serialize, de::DeserializeOwned};

    /// What is said in sentences is data for others: it has this code, and reads back as it was.
    pub(crate) fn reads_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(trouble: &T, code: &str) {
        assert_eq!(lenscap_api::Code::of(trouble).code, code);
        let json = serde_json::to_string(trouble).unwrap();
        assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), trouble);
    }

    #[test]
    fn parts_are_filled_in_once() {
        assert_eq!(trf!("{who} uses {what}", who = "{what}", what = 7), "{what} uses 7");
        assert_eq!(filled("{unknown} { } {n", &[("n", &1)]), "{unknown} { } {n");
        assert_eq!(trn!("{n} minute", "{n} minutes", 1), "1 minute");
        assert_eq!(trn!("{n} minute, {who}", "{n} minutes, {who}", 5, who = "Zoom"), "5 minutes, Zoom");
    }
}
