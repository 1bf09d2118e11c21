//! Why settings cannot be had, kept or watched, and of which file.

use std::fmt;
use std::path::{Path, PathBuf};

use lenscap_core::trouble::refusal::Refusal;
use lenscap_core::trouble::settings::FileTrouble;
use lenscap_words::settings as words;

/// Trouble with a settings file. Displays as one sentence with the next step.
#[derive(Debug, Clone)]
pub struct Error {
    path: PathBuf,
    trouble: Box<FileTrouble>,
    is_ignored: bool,
}

impl Error {
    pub(super) fn new(path: &Path, trouble: FileTrouble) -> Self {
        Self { path: path.to_owned(), trouble: Box::new(trouble), is_ignored: false }
    }

    /// Of a file below the user's, where what is wrong is left out.
    pub(super) fn ignored(path: &Path, trouble: FileTrouble) -> Self {
        Self { is_ignored: true, ..Self::new(path, trouble) }
    }

    /// As [`Self::ignored`], from another.
    pub(super) fn into_ignored(self) -> Self {
        Self { is_ignored: true, ..self }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What kind of trouble it is.
    pub fn trouble(&self) -> &FileTrouble {
        &self.trouble
    }

    /// The sentence for a start that cannot go on: names the whole path and the way out.
    pub fn at_start(&self) -> String {
        words::file_trouble_at_start(&self.path, &self.trouble)
    }
}

/// All of them for people, one sentence after the other; `None`: there is none.
pub fn sentences(errors: &[Error]) -> Option<String> {
    let sentences: Vec<_> = errors.iter().map(Error::to_string).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self.is_ignored {
            true => words::ignored(&self.path, &self.trouble),
            false => words::file_trouble(&self.path, &self.trouble),
        })
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Settings { path: error.path.as_os_str().as_encoded_bytes().into(), trouble: error.trouble }
    }
}

impl std::error::Error for Error {}
