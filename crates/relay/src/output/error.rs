//! Why there is no output.

use lenscap_core::trouble::{Trouble, TroubleKind};
use lenscap_picture::format::VideoFormat;

/// What kind of trouble; decides whether waiting can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputErrorKind {
    /// There is no such node (yet), or it went away.
    Missing,
    /// Another program writes to it, or keeps it from taking our format.
    Busy,
    /// Whoever has it open keeps it in this format, in which it can be served.
    Kept(VideoFormat),
    /// No permission.
    Permission,
    /// It is not a v4l2loopback output; waiting cannot help.
    Wrong,
    /// It cannot take the size or format; waiting cannot help.
    Format,
    /// Anything else.
    Io,
}

/// One sentence with the next step, and a kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct OutputError {
    /// For decisions.
    pub kind: OutputErrorKind,
    /// For people.
    pub text: String,
}

impl OutputError {
    /// An error of this kind.
    pub fn new(kind: OutputErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// Whether it can go away without anybody changing the settings.
    pub fn is_passing(&self) -> bool {
        match self.kind {
            OutputErrorKind::Missing | OutputErrorKind::Busy | OutputErrorKind::Kept(_) | OutputErrorKind::Io => true,
            OutputErrorKind::Permission | OutputErrorKind::Wrong | OutputErrorKind::Format => false,
        }
    }

    /// As the machine wants it.
    pub fn to_reason(&self) -> Trouble {
        Trouble::said(TroubleKind::Device, self.text.clone())
    }
}
