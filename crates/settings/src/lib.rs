//! The settings: loaded, saved and watched.
//!
//! 1. Defaults apply only where the file is absent. A file that cannot be read or understood is an error that says line,
//!    column and what to write instead; it is never replaced, and whoever has settings in use keeps them.
//! 2. Command line arguments lie on top of the file; the whole is checked after that.
//! 3. Saving keeps comments and is atomic: a temporary file beside the target, `fsync`, `rename`. A symbolic link is
//!    written through. An unchanged file is not touched. Processes that change settings take turns.
//! 4. The watcher creates nothing, and reports once an edit is over.

mod file;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
pub mod model;
pub mod rules;
mod save;
mod values;
mod watch;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use lenscap_words::{tr, trf};

pub use file::{SCHEMA, VERSION};
pub use model::{CardChoice, Overrides, SecondNode, Settings};
pub use save::{save, update};
pub use watch::Watcher;

/// Largest file read; a real one has a few kilobytes.
const MAX_FILE: u64 = 1 << 20;

/// Why settings cannot be had, kept or watched. Displays as one sentence with the next step.
#[derive(Debug)]
pub struct Error {
    path: PathBuf,
    kind: ErrorKind,
}

/// What kind of trouble an [`Error`] is.
#[derive(Debug)]
pub enum ErrorKind {
    /// The text is wrong at this place.
    Invalid {
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What is wrong and what to write instead, without a full stop.
        sentence: String,
    },
    /// The command line asks for something that cannot be together with the file.
    Arguments(String),
    /// The file cannot be read.
    Read(String),
    /// The file cannot be written.
    Write(String),
    /// Another process saves for too long.
    Busy,
    /// The directory cannot be watched.
    Watch(io::Error),
}

impl Error {
    fn new(path: &Path, kind: ErrorKind) -> Self {
        Self { path: path.to_owned(), kind }
    }

    fn invalid(path: &Path, problem: file::Problem) -> Self {
        let file::Problem { line, column, sentence } = problem;
        Self::new(path, ErrorKind::Invalid { line, column, sentence })
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The sentence for a start that cannot go on: names the whole path and the way out.
    pub fn at_start(&self) -> String {
        match self.kind {
            ErrorKind::Invalid { .. } => {
                let sentence = self.to_string();
                let sentence = sentence.trim_end_matches('.');
                trf!(
                    "{sentence} (correct {path} or move it away to start with the defaults).",
                    sentence = sentence,
                    path = self.path.display()
                )
            }
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        f.write_str(&match &self.kind {
            ErrorKind::Invalid { line, column, sentence } => {
                let name = self.path.file_name().unwrap_or(self.path.as_os_str()).display();
                trf!(
                    "{file} line {line}, column {column}: {sentence}.",
                    file = name,
                    line = line,
                    column = column,
                    sentence = sentence
                )
            }
            ErrorKind::Arguments(sentence) => format!("{sentence}."),
            ErrorKind::Read(why) => trf!(
                "The settings {path} cannot be read ({error}): correct that or move it away.",
                path = path,
                error = why
            ),
            ErrorKind::Write(why) => trf!(
                "The settings {path} cannot be saved ({error}): make the directory writable, or name another file with \
                 --config.",
                path = path,
                error = why
            ),
            ErrorKind::Busy => {
                trf!("The settings {path} cannot be saved while another program saves them: try again.", path = path)
            }
            ErrorKind::Watch(error) => trf!(
                "Edits of {path} will not be noticed ({error}): raise fs.inotify.max_user_watches and \
                 max_user_instances, or restart Lenscap after an edit.",
                path = path,
                error = error
            ),
        })
    }
}

impl std::error::Error for Error {}

/// `$XDG_CONFIG_HOME/lenscap/config.toml`.
///
/// # Errors
/// One sentence, where there is neither that variable nor a home directory.
pub fn default_path() -> Result<PathBuf, String> {
    directories::ProjectDirs::from("", "", "lenscap")
        .map(|directories| directories.config_dir().join("config.toml"))
        .ok_or_else(|| tr("There is no home directory to keep settings in: set HOME, or name a file with --config."))
}

/// The settings of the file at `path` with `overrides` on top; where there is no file, the defaults with `overrides`.
///
/// # Errors
/// The file is there and cannot be read or understood, or the whole does not fit together. Whoever has settings in use
/// keeps them.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Settings, Error> {
    let text = read(path)?.unwrap_or_default();
    let file = file::File::parse(&text).map_err(|problem| Error::invalid(path, problem))?;
    Settings::default().merged(&file.given).with(overrides).map_err(|sentence| {
        // Wrong already without the command line: then the file is to be corrected.
        Error::new(
            path,
            match Settings::default().with(&file.given) {
                Err(sentence) => return Error::invalid(path, file.problem(&text, sentence)),
                Ok(_) => ErrorKind::Arguments(sentence),
            },
        )
    })
}

/// The file's text; `None` where there is no file.
fn read(path: &Path) -> Result<Option<String>, Error> {
    let failed = |why: String| Error::new(path, ErrorKind::Read(why));
    // A pipe must not make us wait.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = match fs::OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error.to_string())),
    };
    read_open(&file, path).map(Some).map_err(failed)
}

fn read_open(file: &File, path: &Path) -> Result<String, String> {
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if !metadata.is_file() && path != Path::new("/dev/null") {
        return Err(tr("it is not a file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(tr("it is larger than a mebibyte"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line =
            error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        trf!("it is not UTF-8 text in line {line}", line = line)
    })
}
