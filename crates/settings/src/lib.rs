//! The settings: loaded, saved and watched.
//!
//! 1. Settings lie in layers, see [`layers`]: what the user's file does not say is as the system's files have it, or the
//!    default.
//! 2. A file of the user's that cannot be read or understood is an error that says line, column and what to write
//!    instead; it is never replaced, and whoever has settings in use keeps them.
//! 3. Command line arguments lie on top of the files; the whole is checked after that.
//! 4. Only the user's file is written, and nothing gets into it but what the user changed. Saving keeps comments and is
//!    atomic: a temporary file beside the target, `fsync`, `rename`. A symbolic link is written through. An unchanged
//!    file is not touched. Processes that change settings take turns.
//! 5. The watcher creates nothing, and reports once an edit is over.

mod edit;
mod error;
mod file;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
pub mod import;
mod layer;
pub mod layers;
mod list;
pub mod model;
pub mod rules;
mod save;
pub mod table;
mod toml_text;
mod values;
mod watch;

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use lenscap_core::trouble::settings::{FileTrouble, Unreadable};

pub use error::{Error, sentences};
pub use file::VERSION;
pub use layer::Layer;
pub use layers::{Layered, Layers};
pub use model::{CardChoice, History, Hooks, PipewireOutput, SecondNode, Settings};
pub use save::{reset, save, update, update_own};
pub use table::Overrides;
pub use watch::Watcher;

/// Largest file read; a real one has a few kilobytes.
const MAX_FILE: u64 = 1 << 20;

/// `$XDG_CONFIG_HOME/lenscap/config.toml`: the user's settings.
///
/// # Errors
/// There is neither that variable nor a home directory.
pub fn default_path() -> Result<PathBuf, Error> {
    directories::ProjectDirs::from("", "", "lenscap")
        .map(|directories| directories.config_dir().join("config.toml"))
        .ok_or_else(|| Error::new(Path::new(""), FileTrouble::NoHome))
}

/// The settings of these files with `overrides` on top; what is wrong below the user's file is left out in silence.
///
/// # Errors
/// As [`Layers::load`].
pub fn load(layers: &Layers, overrides: &Overrides) -> Result<Settings, Error> {
    layers.clone().load(overrides).map(|layered| layered.settings)
}

/// The file's text; `None` where there is no file.
fn read(path: &Path) -> Result<Option<String>, Error> {
    let failed = |why| Error::new(path, FileTrouble::Read { why });
    // A pipe must not make us wait.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = match fs::OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(system(&error))),
    };
    read_open(&file, path).map(Some).map_err(failed)
}

fn system(error: &io::Error) -> Unreadable {
    Unreadable::System { cause: error.into() }
}

fn read_open(file: &fs::File, path: &Path) -> Result<String, Unreadable> {
    let metadata = file.metadata().map_err(|error| system(&error))?;
    if !metadata.is_file() && path != Path::new("/dev/null") {
        return Err(Unreadable::NotAFile);
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| system(&error))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Unreadable::TooLarge);
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        Unreadable::NotText { line: valid.iter().filter(|byte| **byte == b'\n').count() + 1 }
    })
}
