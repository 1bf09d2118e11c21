//! Applications: which one a program belongs to, and what the user lets it do with the camera.

use std::fmt;

use lenscap_text as text;
use serde::{Deserialize, Serialize};

/// Longest id, in characters: the name of a file has 255 bytes at most, and [`PROGRAM`] comes before it. One more, so that the
/// settings refuse what is too long; cut to what they take it would be a rule about something else.
const MAX_ID_CHARS: usize = 255 + PROGRAM.len() + 1;
/// Before the name of a program that no application is known of.
const PROGRAM: &str = "program:";

/// An application's stable name: its desktop file's id without ".desktop" ("org.mozilla.firefox"), which is also what
/// Flatpak and the portals call it; or "program:" and the base name of the executable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct AppId(String);

impl AppId {
    /// Of a program that no application is known of, by the base name of its executable.
    pub fn of_program(name: &str) -> Self {
        format!("{PROGRAM}{name}").into()
    }

    /// What somebody means who writes this: an id has its prefix, or three parts at least, as Flatpak asks for; a program may
    /// have one dot in its name ("python3.11").
    pub fn written(word: &str) -> Self {
        let is_id = word.starts_with(PROGRAM) || word.matches('.').count() > 1;
        if is_id { word.into() } else { Self::of_program(word) }
    }

    /// The base name of the executable, where this is no more than that.
    pub fn program(&self) -> Option<&str> {
        self.0.strip_prefix(PROGRAM)
    }

    /// As it stands in the settings.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both mean the same application; people write them in any case.
    pub fn is(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl From<String> for AppId {
    /// Cleaned: it comes from outside.
    fn from(id: String) -> Self {
        Self(text::clean(id, MAX_ID_CHARS))
    }
}

impl From<&str> for AppId {
    fn from(id: &str) -> Self {
        id.to_owned().into()
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which application a process belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct App {
    /// Its stable name.
    pub id: AppId,
    /// The base name of the process's executable, as the kernel says; empty where a portal says who it is.
    pub program: String,
    /// The icon of its desktop file: a name in the icon theme, or an absolute path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Whether this was concluded from names alone, which anybody can give himself.
    #[serde(default, rename = "guess")]
    pub is_guess: bool,
}

/// What the user lets an application do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// It gets the camera.
    #[default]
    Allow,
    /// The user is asked when it wants the camera, once while its process lives.
    Ask,
    /// The user is asked each time it begins to use the camera.
    AlwaysAsk,
    /// It never gets the camera.
    Block,
}

impl Rule {
    /// All of them, the most lenient first.
    pub const ALL: [Rule; 4] = [Rule::Allow, Rule::Ask, Rule::AlwaysAsk, Rule::Block];

    /// The word in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::Allow => "allow",
            Rule::Ask => "ask",
            Rule::AlwaysAsk => "always-ask",
            Rule::Block => "block",
        }
    }
}

/// What has become of a client's wish for the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// It may have the camera, or has not asked for it.
    #[default]
    Allowed,
    /// The user is asked.
    Asking,
    /// The user was asked and gave no answer in time.
    Unanswered,
    /// A rule blocks it, or the user said no.
    Blocked,
    /// The user turned the camera off while it streamed.
    TurnedOff,
}

impl Access {
    /// The word used in the status and on D-Bus.
    pub fn as_str(self) -> &'static str {
        match self {
            Access::Allowed => "allowed",
            Access::Asking => "asking",
            Access::Unanswered => "unanswered",
            Access::Blocked => "blocked",
            Access::TurnedOff => "turned-off",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_a_dot_is_no_id() {
        for (word, id) in [
            ("zoom", "program:zoom"),
            ("python3.11", "program:python3.11"),
            ("program:zoom", "program:zoom"),
            ("us.zoom.Zoom", "us.zoom.Zoom"),
        ] {
            assert_eq!(AppId::written(word).as_str(), id);
        }
    }
}
