//! Files written whole or not at all, and never over somebody else's.
//!
//! The temporary name ends in none of the endings that modprobe, udev, systemd and WirePlumber look for; it is the same each time,
//! so that the next run finds what a killed one left.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

/// Called between two changes of files: see [`crate::Hands::reach`].
pub(crate) type Reach<'a> = &'a mut dyn FnMut() -> io::Result<()>;

/// A new file; `AlreadyExists` where there is one.
pub(crate) fn create(path: &Path, text: &[u8], reach: Reach<'_>) -> io::Result<()> {
    let temporary = temporary(path, text)?;
    reach()?;
    // Unlike a rename, which takes the place of what is there.
    let linked = fs::hard_link(&temporary, path);
    reach()?;
    fs::remove_file(&temporary)?;
    linked?;
    sync_directory(path)
}

/// In the place of the file that is there, if any.
pub(crate) fn replace(path: &Path, text: &[u8], reach: Reach<'_>) -> io::Result<()> {
    let temporary = temporary(path, text)?;
    reach()?;
    fs::rename(temporary, path)?;
    sync_directory(path)
}

/// A symbolic link; `AlreadyExists` where there is something.
pub(crate) fn link(path: &Path, target: &str) -> io::Result<()> {
    symlink(target, path)?;
    sync_directory(path)
}

/// Removes a file or a link; what is not there is gone as well.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    // Looked at first: of a read-only file system the kernel says that, whatever is there.
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => fs::remove_file(path).and_then(|()| sync_directory(path)),
    }
}

/// What a killed run may have left of this file.
pub(crate) fn remove_temporary(path: &Path) -> io::Result<()> {
    remove(&temporary_name(path))
}

fn temporary(path: &Path, text: &[u8]) -> io::Result<PathBuf> {
    let temporary = temporary_name(path);
    remove(&temporary)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&temporary)?;
    file.write_all(text)?;
    file.sync_all()?;
    Ok(temporary)
}

fn temporary_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    let name: OsString = [".".as_ref(), name, ".lenscap-new".as_ref()].into_iter().collect();
    path.with_file_name(name)
}

fn sync_directory(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}
