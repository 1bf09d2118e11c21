//! Why there is no output.

use lenscap_core::trouble::Trouble;
use lenscap_core::trouble::output::{OutputTrouble, OutputTroubleKind};
use lenscap_picture::format::VideoFormat;

/// A trouble with the output, and a way to serve it all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputError {
    /// What is wrong.
    pub trouble: OutputTrouble,
    /// Whoever has the node open keeps it in this format, in which it can be served.
    pub kept: Option<VideoFormat>,
}

impl OutputError {
    /// What decides about another try.
    pub fn kind(&self) -> OutputTroubleKind {
        self.trouble.kind()
    }

    /// Whether it can go away without anybody changing the settings.
    pub fn is_passing(&self) -> bool {
        self.trouble.is_passing()
    }

    /// As the machine wants it.
    pub fn to_reason(&self) -> Trouble {
        self.trouble.clone().into()
    }
}

impl From<OutputTrouble> for OutputError {
    fn from(trouble: OutputTrouble) -> Self {
        Self { trouble, kept: None }
    }
}
