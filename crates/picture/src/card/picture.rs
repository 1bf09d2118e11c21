//! The user's own picture: where it is, whether it is another one now, and what can be wrong with it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use lenscap_text::Cause;
use serde::{Deserialize, Serialize};

/// Longest side taken, in pixels, as the largest output.
pub const MAX_SIDE: u32 = 8192;

/// Why the user's picture cannot be the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureTrouble {
    /// Its file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: PictureProblem,
}

/// What is wrong with a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PictureProblem {
    /// There is no such file.
    Missing,
    /// The user may not read it.
    Forbidden,
    /// It cannot be read.
    Unreadable(Cause),
    /// A directory, a pipe, a device.
    NoFile,
    /// More than 64 MiB, or a side of more than [`MAX_SIDE`].
    TooLarge,
    /// Neither PNG nor JPEG.
    OtherKind,
    /// It cannot be decoded.
    Damaged,
}

impl From<io::Error> for PictureProblem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::PermissionDenied => Self::Forbidden,
            _ => Self::Unreadable((&error).into()),
        }
    }
}

/// A picture of the user's. Another content of the file is another picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its file.
    pub path: PathBuf,
    /// Which file it was, and since when; `None` where it cannot be looked at.
    version: Option<(u64, u64, u64, i64, i64)>,
}

impl Picture {
    /// The one in this file as it is now. A home on a network may not answer: not for who cannot wait.
    pub fn look(path: &Path) -> Self {
        let of = |file: fs::Metadata| (file.dev(), file.ino(), file.size(), file.mtime(), file.mtime_nsec());
        Self { path: path.to_owned(), version: fs::metadata(path).ok().map(of) }
    }

    /// Opens its file, for who reads it; as [`Self::look`].
    ///
    /// # Errors
    /// There is none that can be read.
    pub fn open(&self) -> Result<fs::File, PictureProblem> {
        // Opening a pipe would wait for ever.
        if !fs::metadata(&self.path)?.is_file() {
            return Err(PictureProblem::NoFile);
        }
        Ok(fs::File::open(&self.path)?)
    }
}
