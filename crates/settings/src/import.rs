//! What other relays were set to do, to be taken over: found in their files, shown, and written into the user's file where that
//! says nothing of its own.
//!
//! Other programs' files are no settings of ours: what cannot be read, or is no value that our setting takes, is left out.

pub(super) mod daemon;
pub(super) mod relayd;
pub mod systemd;

use std::fs;
use std::path::{Path, PathBuf};

use lenscap_core::trouble::settings::FileTrouble;

use super::file::File;
use super::layers::Layers;
use super::rules::Given;
use super::table::{Overrides, SettingValue};
use super::{Error, read};

/// Most files that are looked at in one directory.
const MAX_FILES: usize = 64;

/// Another relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relay {
    /// ipu6-camera-daemon, whose unit has options.
    Ipu6CameraDaemon,
    /// v4l2-relayd, whose unit reads variables from files.
    V4l2Relayd,
}

impl Relay {
    /// As it is called everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Relay::Ipu6CameraDaemon => "ipu6-camera-daemon",
            Relay::V4l2Relayd => "v4l2-relayd",
        }
    }
}

/// What one of them was set to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Which.
    pub relay: Relay,
    /// Where it says so; of several files the one that decides.
    pub path: PathBuf,
    /// In our settings.
    pub settings: Overrides,
}

/// All that is found below this root, with the user's settings in `config_home`.
pub fn find(root: &Path, config_home: &Path) -> Vec<Import> {
    daemon::find(root, config_home).into_iter().chain(relayd::find(root)).collect()
}

/// As [`find`], on this computer.
pub fn find_here() -> Vec<Import> {
    let home = directories::BaseDirs::new();
    find(Path::new("/"), home.as_ref().map_or(Path::new(""), |home| home.config_dir()))
}

/// Those of the settings that would change something, and of which the user's file says nothing.
///
/// # Errors
/// The user's file cannot be read or understood.
pub fn unsaid(layers: &Layers, import: &Import) -> Result<Overrides, Error> {
    let layered = layers.clone().load(&Overrides::default())?;
    let text = read(layers.user())?.unwrap_or_default();
    let own = File::parse(&text).map_err(|mistake| Error::new(layers.user(), FileTrouble::Invalid(mistake)))?;
    let mut unsaid = import.settings.clone();
    for (setting, value) in import.settings.iter() {
        if own.layer().value(setting).is_some() || setting.value(&layered.settings).as_ref() == Ok(value) {
            unsaid.remove(setting);
        }
    }
    Ok(unsaid)
}

/// Writes what [`unsaid`] gives; comments and everything else stay. Says what was written.
///
/// # Errors
/// As [`super::update`]; nothing was written then.
pub fn take_over(layers: &Layers, import: &Import) -> Result<Overrides, Error> {
    let mut taken = unsaid(layers, import)?;
    super::update(layers, |settings| {
        // Again, as now nobody else writes.
        taken = unsaid(layers, import).unwrap_or_default();
        taken.put_into(settings);
    })?;
    Ok(taken)
}

/// A line each, as in "camera.width = 1280".
pub fn lines(settings: &Overrides) -> Vec<String> {
    let value = |value: &SettingValue| match value {
        SettingValue::Integer(number) => Given::Integer(*number).to_string(),
        SettingValue::Text(text) => Given::Text(text).to_string(),
        SettingValue::Bool(is_on) => Given::Bool(*is_on).to_string(),
        SettingValue::List(_) => Given::List(Vec::new()).to_string(),
    };
    let mut settings: Vec<_> = settings.iter().collect();
    settings.sort_by_key(|(setting, _)| super::table::all().position(|other| other == *setting));
    settings.iter().map(|(setting, it)| format!("{setting} = {}", value(it))).collect()
}

/// The files of a directory with this ending, by name.
fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().take(MAX_FILES);
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == ending));
    files.sort();
    files
}

/// A file's text, where there is one.
fn text(path: &Path) -> Option<String> {
    read(path).ok().flatten()
}

#[cfg(test)]
mod tests;
