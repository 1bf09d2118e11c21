//! Nodes that `lenscap setup hide-raw-nodes` hid from programs, and the worker's way to them: `lenscap-raw-cameras`, which has their
//! group.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use lenscap_core::source::Source;

use crate::group;

/// The group of hidden nodes.
pub const GROUP: &str = "lenscap-camera";
/// What starts the worker with that group.
pub const PROGRAM: &str = "lenscap-raw-cameras";
/// How that program ends where it was not given the group.
pub const NO_GROUP: i32 = 114;
/// Where NixOS has it: nothing in its store is set-group-id.
const WRAPPED: &str = "/run/wrappers/bin/lenscap-raw-cameras";

/// The number of the group, by this `/etc/group`; `None` where no package of ours made it.
pub fn group(groups: &Path) -> Option<u32> {
    group::number_of(groups, GROUP)
}

/// The video nodes of this group in this `/dev`.
pub fn nodes(group: u32, dev: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dev).into_iter().flatten().flatten();
    let nodes = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"video"));
    let mut nodes: Vec<_> = nodes.map(|entry| entry.path()).filter(|path| is_of(path, group)).collect();
    nodes.sort();
    nodes
}

/// Whether it is of this group.
pub fn is_of(path: &Path, group: u32) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.gid() == group)
}

/// Whether the program that belongs to this worker can give it the group.
pub fn has_way(worker: &Path, group: u32) -> bool {
    let meta = fs::metadata(program(worker));
    meta.is_ok_and(|meta| meta.gid() == group && meta.permissions().mode() & 0o2000 != 0)
}

fn program(worker: &Path) -> PathBuf {
    let wrapped = PathBuf::from(WRAPPED);
    if wrapped.exists() { wrapped } else { worker.with_file_name(PROGRAM) }
}

/// Whether this process has the group: others of the user may then not look at what it has open.
pub fn is_ours() -> bool {
    group(Path::new(group::FILE)) == Some(rustix::process::getegid().as_raw())
}

/// What is to be started for this source: the worker itself, but where it needs hidden nodes.
pub fn starts(worker: &Path, source: &Source) -> PathBuf {
    let Some(group) = group(Path::new(group::FILE)) else { return worker.to_owned() };
    let is_needed = match source {
        Source::V4l2(node) => is_of(node, group),
        // PipeWire's server asks what its clients are, and may not look at one of another group.
        Source::Test | Source::PipeWire(_) => false,
        Source::Auto | Source::Icamera(_) | Source::Libcamera(_) | Source::Pipeline(_) => {
            !nodes(group, Path::new("/dev")).is_empty()
        }
    };
    if is_needed { program(worker) } else { worker.to_owned() }
}

/// As [`starts`], by the words that say what the program is asked about the camera: the source is the second.
pub(crate) fn starts_for(worker: &Path, words: &[impl AsRef<OsStr>]) -> PathBuf {
    let source = words.get(1).and_then(|word| word.as_ref().to_str()?.parse().ok());
    source.map_or_else(|| worker.to_owned(), |source| starts(worker, &source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_nodes_and_the_way_to_them_are_known_by_their_group() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        for name in ["group", "video1", "video0", "media0", "lenscap-worker"] {
            fs::write(at(name), "").unwrap();
        }
        assert_eq!(group(&at("group")), None);
        let own = fs::metadata(at("video0")).unwrap().gid();
        fs::write(at("group"), format!("video:x:44:\nlenscap-camera:x:{own}:\n")).unwrap();
        assert_eq!(group(&at("group")), Some(own));
        assert_eq!(nodes(own, root.path()), [at("video0"), at("video1")]);
        assert!(nodes(own + 1, root.path()).is_empty());
        let worker = at("lenscap-worker");
        assert!(!has_way(&worker, own));
        fs::write(at(PROGRAM), "").unwrap();
        for (mode, is_way) in [(0o755, false), (0o2755, true)] {
            fs::set_permissions(at(PROGRAM), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(has_way(&worker, own), is_way);
        }
        assert!(!has_way(&worker, own + 1));
    }
}
