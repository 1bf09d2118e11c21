//! Why the kernel, or somebody else's library, denied something.
//!
//! 1. People read the kind, which has words in their language (`lenscap_words::cause`).
//! 2. The error's own words, and paths, are [`Detail`]s: for the log and for programs. A detail cannot be displayed, so that
//!    none gets into a sentence.

use std::fmt::Display;
use std::io;
use std::path::Path;

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::Text;

/// What people can be told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseKind {
    /// The user may not do it.
    Forbidden,
    /// There is no such thing, or no longer.
    Missing,
    /// Another program has it.
    Busy,
    /// Memory is short.
    NoMemory,
    /// The disk is full, or the user's part of it.
    NoSpace,
    /// It can only be read.
    ReadOnly,
    /// Too many files are open, here or everywhere.
    TooManyFiles,
    /// No answer in time.
    Silent,
    /// The hardware did not do what it was told.
    Fault,
    /// Anything else: nothing that would help.
    Other,
}

/// An error from outside.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cause {
    /// For people.
    pub kind: CauseKind,
    /// The error's own words.
    pub detail: Detail,
}

impl Cause {
    /// An error that says nothing to people: a library's.
    pub fn other(error: impl Display) -> Self {
        Self { kind: CauseKind::Other, detail: error.to_string().as_str().into() }
    }
}

impl From<&io::Error> for Cause {
    fn from(error: &io::Error) -> Self {
        let kind = match (Errno::from_io_error(error), error.kind()) {
            // The standard library has no kind for these.
            (Some(Errno::NODEV | Errno::NXIO), _) => CauseKind::Missing,
            (Some(Errno::MFILE | Errno::NFILE), _) => CauseKind::TooManyFiles,
            (Some(Errno::IO | Errno::PROTO), _) => CauseKind::Fault,
            (_, io::ErrorKind::PermissionDenied) => CauseKind::Forbidden,
            (_, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => CauseKind::Missing,
            (_, io::ErrorKind::ResourceBusy | io::ErrorKind::ExecutableFileBusy) => CauseKind::Busy,
            (_, io::ErrorKind::OutOfMemory) => CauseKind::NoMemory,
            (_, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => CauseKind::NoSpace,
            (_, io::ErrorKind::ReadOnlyFilesystem) => CauseKind::ReadOnly,
            (_, io::ErrorKind::TimedOut) => CauseKind::Silent,
            _ => CauseKind::Other,
        };
        Self { kind, ..Self::other(error) }
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

impl From<Errno> for Cause {
    fn from(error: Errno) -> Self {
        Self::from(io::Error::from(error))
    }
}

/// What is nothing for people: an error's own words, a path. Cleaned like all text from outside.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Detail(Text);

impl Detail {
    /// Where something is; not a path to open.
    pub fn of_path(path: &Path) -> Self {
        Self(Text::of_path(path))
    }

    /// For the log and for decisions.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Text>> From<T> for Detail {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_has_a_kind_and_its_words_apart() {
        for (errno, kind) in [
            (Errno::ACCESS, CauseKind::Forbidden),
            (Errno::PERM, CauseKind::Forbidden),
            (Errno::NOENT, CauseKind::Missing),
            (Errno::NOTDIR, CauseKind::Missing),
            (Errno::NODEV, CauseKind::Missing),
            (Errno::NXIO, CauseKind::Missing),
            (Errno::BUSY, CauseKind::Busy),
            (Errno::TXTBSY, CauseKind::Busy),
            (Errno::NOMEM, CauseKind::NoMemory),
            (Errno::NOSPC, CauseKind::NoSpace),
            (Errno::DQUOT, CauseKind::NoSpace),
            (Errno::ROFS, CauseKind::ReadOnly),
            (Errno::MFILE, CauseKind::TooManyFiles),
            (Errno::NFILE, CauseKind::TooManyFiles),
            (Errno::TIMEDOUT, CauseKind::Silent),
            (Errno::IO, CauseKind::Fault),
            (Errno::INVAL, CauseKind::Other),
        ] {
            let cause = Cause::from(errno);
            assert_eq!(cause.kind, kind, "{errno:?}");
            assert!(cause.detail.as_str().contains("os error"), "{cause:?}");
        }
        let ended = Cause::from(io::Error::from(io::ErrorKind::UnexpectedEof));
        assert_eq!((ended.kind, ended.detail.as_str()), (CauseKind::Other, "unexpected end of file"));
    }
}
