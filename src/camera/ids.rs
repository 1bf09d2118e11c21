//! What a camera is called by, whatever number its node has today.

use std::fs;
use std::path::{Path, PathBuf};

/// Where udev links cameras by what they are, and by where they are plugged in.
const LINKS: [&str; 2] = ["/dev/v4l/by-id", "/dev/v4l/by-path"];

/// The key under which a camera's own settings are kept: udev's name for it (`usb-Maker_Product_Serial`), else for its
/// place, else what the user wrote.
pub fn stable_id(node: &Path) -> String {
    let Ok(node) = node.canonicalize() else { return node.display().to_string() };
    LINKS
        .iter()
        .find_map(|directory| link_to(Path::new(directory), &node))
        .and_then(|link| Some(link.file_name()?.to_string_lossy().replace("-video-index0", "")))
        .unwrap_or_else(|| node.display().to_string())
}

/// The first link of a directory that leads to `node`.
fn link_to(directory: &Path, node: &Path) -> Option<PathBuf> {
    let mut links: Vec<_> = fs::read_dir(directory).ok()?.flatten().map(|entry| entry.path()).collect();
    links.sort();
    links.into_iter().find(|link| link.canonicalize().is_ok_and(|target| target == node))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_found_by_where_it_leads() {
        let directory = tempfile::tempdir().unwrap();
        let node = directory.path().join("video3");
        fs::write(&node, "").unwrap();
        let links = directory.path().join("by-id");
        fs::create_dir(&links).unwrap();
        std::os::unix::fs::symlink("../video3", links.join("usb-Maker-video-index0")).unwrap();
        let node = node.canonicalize().unwrap();
        assert_eq!(link_to(&links, &node), Some(links.join("usb-Maker-video-index0")));
        assert_eq!(link_to(&links, directory.path()), None);
        assert_eq!(stable_id(Path::new("/dev/no-such-node")), "/dev/no-such-node");
    }
}
