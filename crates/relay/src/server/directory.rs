//! The directory of the control socket: nobody else's.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use lenscap_core::trouble::refusal::ListenTrouble;
use lenscap_text::Detail;

/// Makes the directory of the socket, or checks the one that is there: nobody else may put a socket, or another directory,
/// in its place.
pub(super) fn own_directory(directory: &Path) -> Result<(), ListenTrouble> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| unusable(directory, &error))?;
    let look = |path: &Path| fs::symlink_metadata(path).map_err(|error| unusable(path, &error));
    let own = rustix::process::getuid().as_raw();
    let foreign = |path: &Path| ListenTrouble::WritableByOthers { path: Detail::of_path(path) };
    if let Some(above) = directory.parent() {
        let found = fs::metadata(above).map_err(|error| unusable(above, &error))?;
        let is_sticky = found.mode() & 0o1000 != 0;
        if (found.uid() != own && found.uid() != 0) || (found.mode() & 0o022 != 0 && !is_sticky) {
            return Err(foreign(above));
        }
    }
    let found = look(directory)?;
    if !found.is_dir() || found.uid() != own {
        return Err(foreign(directory));
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
            .map_err(|error| unusable(directory, &error))?;
    }
    Ok(())
}

pub(super) fn unusable(path: &Path, error: &io::Error) -> ListenTrouble {
    ListenTrouble::Unusable { path: Detail::of_path(path), cause: error.into() }
}
