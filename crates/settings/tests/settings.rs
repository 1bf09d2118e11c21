//! Loading and saving: defaults, merging, every refusal with its place, comments, links, modes, identity.

#[path = "settings/layers.rs"]
mod layers;
#[path = "settings/loading.rs"]
mod loading;
#[path = "settings/processes.rs"]
mod processes;
#[path = "settings/random.rs"]
mod random;
#[path = "settings/saving.rs"]
mod saving;
#[path = "settings/table.rs"]
mod table;
#[path = "settings/watch.rs"]
mod watch;

use std::fs;
use std::path::PathBuf;

use lenscap_settings::{Layers, Overrides, Settings, load};
use tempfile::TempDir;

const COMMENTED: &str = "\
# mine
version = 1

[camera] # the camera
width = 640 # narrow
# about the height
height = 0x1E0

  [device]
label   = 'Cam' # quoted so
";

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    (directory, path)
}

fn load_text(text: &str) -> Result<Settings, String> {
    let (_directory, path) = directory();
    fs::write(&path, text).unwrap();
    load(&Layers::alone(&path), &Overrides::default()).map_err(|error| error.to_string())
}
