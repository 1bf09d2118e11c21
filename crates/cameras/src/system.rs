//! The cameras and loopbacks that a system lists, from sysfs and udev. Opens no node.

#[cfg(test)]
pub(super) mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use super::{CLASS, Camera, Node, identity, ids, modes, numbers};
use lenscap_core::source::{CameraApi, Source};
use lenscap_core::trouble::cameras::{CameraProblem, NodeTrouble};
use lenscap_text as text;

/// Where a system lists its cameras.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// [`CLASS`](super::CLASS).
    pub class: PathBuf,
    /// udev's database, which is readable for all.
    pub udev: PathBuf,
    /// udev's links.
    pub links: PathBuf,
    /// Where the nodes are.
    pub dev: PathBuf,
}

/// A node of the class that captures, with what tells it from others.
struct CaptureNode {
    node: Node,
    /// Its directory of the class.
    directory: PathBuf,
    /// What it is called by, that others may be called by as well.
    claims: Vec<String>,
    /// The USB device that it is a part of.
    device: Option<PathBuf>,
}

impl System {
    /// The running one.
    pub fn here() -> Self {
        Self { class: CLASS.into(), udev: "/run/udev/data".into(), links: ids::LINKS.into(), dev: "/dev".into() }
    }

    /// One that lists its nodes in `class`; the running one's but for tests, which have udev's files beside it.
    pub fn of(class: &Path) -> Self {
        if class == Path::new(CLASS) {
            return Self::here();
        }
        let beside = |name| class.with_file_name(name);
        Self { class: class.into(), udev: beside("udev"), links: beside("v4l"), dev: beside("dev") }
    }

    /// V4L2 cameras by number: neither loopbacks, which have no hardware behind them, nor a camera's second node with
    /// metadata, nor decoders. No node is opened: what it captures is known from udev, who asked it when it came, and raw
    /// sensors, which are among them, by what is beside them until they are asked.
    pub fn cameras(&self) -> Vec<Camera> {
        let found = self.captures_of(|directory| directory.join("device").exists());
        let steered = identity::steered(&self.class);
        found
            .iter()
            .map(|it| {
                let path = ids::stable_path(&self.links, &it.node.path, it.is_shared(&found));
                Camera {
                    id: ids::id_of(&path),
                    source: Source::V4l2(path),
                    shared: it.shared_link(&found, &self.links),
                    name: identity::product(&it.directory, &it.node.name),
                    function: identity::function(&it.directory),
                    api: CameraApi::V4l2,
                    problem: self.no_permission(&it.node.path).map(CameraProblem::from),
                    node: Some(it.node.path.clone()),
                    bus: identity::bus(&it.directory),
                    location: identity::location(&it.directory),
                    rotation: None,
                    present: true,
                    formats: None,
                    is_raw: identity::is_steered(&it.directory, &steered),
                }
            })
            .collect()
    }

    /// Whether udev's name for this node may be another's, too.
    pub(crate) fn is_shared(&self, node: &Path) -> bool {
        let found = self.captures_of(|_| true);
        found.iter().find(|it| it.node.path == node).is_some_and(|it| it.is_shared(&found))
    }

    /// What the camera at this node is called by that stays the same; `None` when there is none.
    pub(crate) fn identity_of(&self, node: &Path) -> Option<numbers::Identity> {
        let found = self.captures_of(|directory| directory.join("device").exists());
        let it = found.iter().find(|it| it.node.path == node)?;
        let camera = identity::product(&it.directory, &it.node.name);
        let mut names = ids::names(&self.links, node, it.is_shared(&found));
        names.extend(identity::bus(&it.directory));
        Some(numbers::Identity { names, camera })
    }

    fn captures_of(&self, is_wanted: impl Fn(&Path) -> bool) -> Vec<CaptureNode> {
        nodes(&self.class, |directory, _| is_wanted(directory) && self.captures(directory))
            .into_iter()
            .map(|node| {
                let directory = self.class.join(node.path.file_name().unwrap_or_default());
                let mut claims = self.links_of(&directory);
                claims.extend(identity::usb_identity(&directory));
                CaptureNode { claims, device: identity::usb_device(&directory), directory, node }
            })
            .collect()
    }

    /// Why it may not be opened, seen from outside.
    fn no_permission(&self, node: &Path) -> Option<NodeTrouble> {
        let access = rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK;
        match rustix::fs::access(self.dev.join(node.file_name()?), access) {
            Err(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM) => Some(modes::no_permission(node)),
            Ok(()) | Err(_) => None,
        }
    }

    fn entry(&self, directory: &Path) -> String {
        let number = fs::read_to_string(directory.join("dev")).unwrap_or_default();
        fs::read_to_string(self.udev.join(format!("c{}", number.trim()))).unwrap_or_default()
    }

    /// The links by what it is that udev made for this node, or would have made had no other had them.
    fn links_of(&self, directory: &Path) -> Vec<String> {
        let entry = self.entry(directory);
        entry.lines().filter_map(|line| line.strip_prefix("S:v4l/by-id/")).map(str::to_owned).collect()
    }

    fn captures(&self, directory: &Path) -> bool {
        match self.entry(directory).lines().find_map(|line| line.strip_prefix("E:ID_V4L_CAPABILITIES=")) {
            Some(capabilities) => capabilities.contains(":capture:") && !capabilities.contains(":video_output:"),
            // Without udev the first node of a camera is the one with its pictures.
            None => {
                let index = fs::read_to_string(directory.join("index")).unwrap_or_default();
                matches!(index.trim(), "" | "0")
            }
        }
    }
}

impl CaptureNode {
    fn is_shared(&self, all: &[CaptureNode]) -> bool {
        all.iter().any(|other| other.node.path != self.node.path && self.shares_with(other))
    }

    fn shares_with(&self, other: &CaptureNode) -> bool {
        self.claims.iter().any(|claim| other.claims.contains(claim))
    }

    /// The link that is shared with another camera of the same device, whoever has it now.
    fn shared_link(&self, all: &[CaptureNode], links: &Path) -> Option<PathBuf> {
        let beside = |other: &&CaptureNode| other.device == self.device && self.shares_with(other);
        let group: Vec<_> = all.iter().filter(beside).collect();
        if self.device.is_none() || group.len() < 2 {
            return None;
        }
        let by_id = links.join("by-id");
        group.iter().find_map(|one| ids::link_to(&by_id, &one.node.path))
    }
}

/// The video nodes that a process has open, by its directory of descriptors in `/proc`; none where that may not be read.
pub fn open_nodes(descriptors: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(descriptors).into_iter().flatten().flatten();
    let paths = entries.filter_map(|entry| fs::read_link(entry.path()).ok());
    let is_video = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"video"));
    paths.filter(is_video).collect()
}

/// v4l2loopback's nodes, by number: they have neither a parent device nor a driver link; `max_openers` is an attribute of
/// their own.
pub fn loopbacks(class: &Path) -> Vec<Node> {
    nodes(class, |directory, _| directory.join("max_openers").exists())
}

fn nodes(class: &Path, is_wanted: impl Fn(&Path, &str) -> bool) -> Vec<Node> {
    let mut found: Vec<(u32, Node)> = fs::read_dir(class)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let node = entry.file_name().into_string().ok()?;
            let number = node.strip_prefix("video")?.parse().ok()?;
            let name = text::name(fs::read(entry.path().join("name")).unwrap_or_default());
            is_wanted(&entry.path(), &name).then(|| (number, Node { path: Path::new("/dev").join(node), name }))
        })
        .collect();
    found.sort_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, node)| node).collect()
}
