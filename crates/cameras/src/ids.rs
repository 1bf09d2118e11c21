//! What a camera is called by, whatever number its node has today.

use std::fs;
use std::path::{Path, PathBuf};

use lenscap_text as text;

/// Where udev links cameras: by what they are, and by where they are plugged in.
pub(super) const LINKS: &str = "/dev/v4l";

/// The key under which a camera's own settings are kept: udev's name for it (`usb-Maker_Product_Serial`), else for its
/// place, else what the user wrote.
pub fn stable_id(node: &Path) -> String {
    let Ok(node) = node.canonicalize() else { return node.display().to_string() };
    let is_shared = super::System::here().is_shared(&node);
    id_of(&stable_path(Path::new(LINKS), &node, is_shared))
}

/// The key that belongs to a stable path.
pub(super) fn id_of(path: &Path) -> String {
    let is_link = path.parent().is_some_and(|parent| parent.ends_with("by-id") || parent.ends_with("by-path"));
    match path.file_name() {
        Some(name) if is_link => text::clean(name.as_encoded_bytes(), text::PATH).replace("-video-index0", ""),
        _ => text::path(path),
    }
}

/// The path that leads to this camera tomorrow, too: udev's link by what it is, else by where it is plugged in, else its
/// node. Where another camera says the same of itself (`is_shared`), a twin or one of the same device, only the place tells
/// which is which.
/// `links` is `/dev/v4l`.
pub(super) fn stable_path(links: &Path, node: &Path, is_shared: bool) -> PathBuf {
    let mut directories = stable_directories(is_shared).iter();
    directories.find_map(|directory| link_to(&links.join(directory), node)).unwrap_or_else(|| node.to_owned())
}

/// The names of all links that lead to this camera tomorrow, too.
pub(super) fn names(links: &Path, node: &Path, is_shared: bool) -> Vec<String> {
    let links = stable_directories(is_shared).iter().filter_map(|directory| link_to(&links.join(directory), node));
    links.filter_map(|link| Some(link.file_name()?.to_string_lossy().into_owned())).collect()
}

fn stable_directories(is_shared: bool) -> &'static [&'static str] {
    if is_shared { &["by-path"] } else { &["by-id", "by-path"] }
}

/// The first link of a directory that leads to `node`. (udev's links lead straight to the node.)
pub(super) fn link_to(directory: &Path, node: &Path) -> Option<PathBuf> {
    let mut links: Vec<_> = fs::read_dir(directory).ok()?.flatten().map(|entry| entry.path()).collect();
    links.sort();
    links.into_iter().find(|link| fs::read_link(link).is_ok_and(|target| target.file_name() == node.file_name()))
}

/// A name for a camera of which only the path is left: "Maker Product 0001" for
/// `/dev/v4l/by-id/usb-Maker_Product_0001-video-index0`.
pub(super) fn name_from(path: &Path) -> String {
    let name = path.file_name().map(|name| text::clean(name.as_encoded_bytes(), text::PATH)).unwrap_or_default();
    let is_by_id = path.parent().is_some_and(|parent| parent.ends_with("by-id"));
    let Some(rest) = name.strip_prefix("usb-").filter(|_| is_by_id) else { return name };
    let rest = rest.split("-video-index").next().unwrap_or(rest);
    rest.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_is_named_by_what_it_is_and_a_twin_by_where_it_is() {
        let links = tempfile::tempdir().unwrap();
        let [by_id, by_path] = ["by-id", "by-path"].map(|name| links.path().join(name));
        for (link, node) in [
            (by_id.join("usb-Maker_Cam_0001-video-index0"), "video3"),
            (by_path.join("pci-0000:00:14.0-usb-0:5:1.0-video-index0"), "video3"),
            (by_path.join("platform-vivid.0-video-index0"), "video4"),
        ] {
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(Path::new("../..").join(node), link).unwrap();
        }
        let path = |node: &str, is_shared| stable_path(links.path(), Path::new(node), is_shared);
        assert_eq!(path("/dev/video3", false), by_id.join("usb-Maker_Cam_0001-video-index0"));
        assert_eq!(path("/dev/video3", true), by_path.join("pci-0000:00:14.0-usb-0:5:1.0-video-index0"));
        assert_eq!(path("/dev/video4", false), by_path.join("platform-vivid.0-video-index0"));
        assert_eq!(path("/dev/video5", false), Path::new("/dev/video5"));
        assert_eq!(id_of(Path::new("/dev/v4l/by-id/usb-Maker_Cam_0001-video-index0")), "usb-Maker_Cam_0001");
        assert_eq!(id_of(Path::new("/dev/video5")), "/dev/video5");
        assert_eq!(stable_id(Path::new("/dev/no-such-node")), "/dev/no-such-node");
    }

    #[test]
    fn a_camera_that_is_gone_keeps_a_name() {
        let name = |path: &str| name_from(Path::new(path));
        assert_eq!(name("/dev/v4l/by-id/usb-Maker_HD_Cam_0001-video-index0"), "Maker HD Cam 0001");
        assert_eq!(
            name("/dev/v4l/by-path/pci-0000:00:14.0-usb-0:5:1.0-video-index0"),
            "pci-0000:00:14.0-usb-0:5:1.0-video-index0"
        );
        assert_eq!(name("/dev/video7"), "video7");
    }
}
