//! AppImages: a file system in a file, mounted below the directory for temporary files while the program runs.

use std::path::{Path, PathBuf};

use rustix::fs::{Dir, OFlags};

use crate::Roots;
use crate::command::Command;
use crate::entry::Entry;
use crate::files;
use crate::process::{Executable, Process};

/// What the runtime puts in front of the name of the directory, mounted or unpacked.
const MOUNTS: [&str; 2] = [".mount_", "appimage_extracted_"];
/// Names looked at in the root of one.
const MAX_NAMES: usize = 256;
const MAX_FILE: u64 = 512 << 10;

/// An AppImage that runs.
pub(crate) struct Image {
    /// Where it is mounted.
    mount: PathBuf,
    executable: PathBuf,
    /// The file.
    file: Option<PathBuf>,
}

/// A variable that merely was inherited from an AppImage makes none: the executable has to lie in one.
pub(crate) fn of(process: &Process, executable: &Executable) -> Option<Image> {
    let is_mount = |path: &&Path| {
        let name = path.file_name().map(|name| name.to_string_lossy());
        name.is_some_and(|name| MOUNTS.iter().any(|mount| name.starts_with(mount)))
    };
    let mount = executable.path.ancestors().find(is_mount)?.to_owned();
    let file = process.variable("APPIMAGE").filter(|file| file.is_absolute());
    Some(Image { mount, executable: executable.path.clone(), file })
}

impl Image {
    pub(crate) fn command(&self) -> Command {
        Command::claimed(self.file.as_ref().unwrap_or(&self.executable))
    }

    /// The desktop file in its root; it says of itself what it likes. No icon of the session's is in there.
    pub(crate) fn entry(&self, process: &Process, roots: &Roots) -> Option<Entry> {
        let mount = self.mount.strip_prefix("/").ok()?;
        let directory = process.open_directory(mount)?;
        let names = Dir::read_from(&directory).ok()?.flatten().take(MAX_NAMES);
        let mut names = names.filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned));
        let name = names.find(|name| name.ends_with(".desktop"))?;
        let content = files::read(&directory, &name, OFlags::empty(), MAX_FILE).ok()??;
        let text = String::from_utf8(content.bytes).ok()?;
        let mut entry = Entry::parse(&text, name.strip_suffix(".desktop")?, content.owner, &roots.languages)?;
        entry.icon = None;
        Some(entry)
    }
}
