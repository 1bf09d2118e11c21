//! Cameras: video nodes as sysfs shows them. Nothing is opened: a camera is not touched by looking at the list.

pub mod controls;
pub mod ids;

use std::fs;
use std::path::{Path, PathBuf};

/// Where the kernel lists video nodes.
pub const CLASS: &str = "/sys/class/video4linux";

/// A video node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Below `/dev`.
    pub path: PathBuf,
    /// The card's name.
    pub name: String,
}

impl Node {
    /// The name and the node, short enough for a list.
    pub fn label(&self) -> String {
        let node = self.path.file_name().unwrap_or(self.path.as_os_str());
        format!("{} ({})", self.name, node.display())
    }
}

/// Nodes that may be cameras, by number: neither loopbacks, which have no hardware behind them, nor a camera's second node
/// with metadata, nor raw sensors of the IPU, which give nothing that can be shown. Whether one really captures shows when
/// it is opened.
pub fn cameras(class: &Path) -> Vec<Node> {
    nodes(class, |directory, name| {
        let index = fs::read_to_string(directory.join("index")).unwrap_or_default();
        directory.join("device").exists() && matches!(index.trim(), "" | "0") && !name.starts_with("Intel IPU")
    })
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
            let name = fs::read_to_string(entry.path().join("name")).unwrap_or_default().trim().to_owned();
            is_wanted(&entry.path(), &name).then(|| (number, Node { path: Path::new("/dev").join(node), name }))
        })
        .collect();
    found.sort_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, node)| node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cameras_and_loopbacks_are_told_apart_without_opening_them() {
        let class = tempfile::tempdir().unwrap();
        for (node, name, marks) in [
            ("video10", "Lenscap", &["max_openers"][..]),
            ("video9", "OBS Virtual Camera", &["max_openers"]),
            ("video2", "Webcam", &["device"]),
            ("video0", "Intel IPU6 ISYS Capture 0", &["device"]),
            ("v4l-subdev0", "ov01a10", &["device"]),
        ] {
            fs::create_dir(class.path().join(node)).unwrap();
            fs::write(class.path().join(node).join("name"), format!("{name}\n")).unwrap();
            for mark in marks {
                fs::write(class.path().join(node).join(mark), "").unwrap();
            }
        }
        let metadata = class.path().join("video3");
        fs::create_dir(&metadata).unwrap();
        fs::write(metadata.join("name"), "Webcam\n").unwrap();
        fs::write(metadata.join("device"), "").unwrap();
        fs::write(metadata.join("index"), "1\n").unwrap();
        let labels = |nodes: Vec<Node>| nodes.iter().map(Node::label).collect::<Vec<_>>();
        assert_eq!(labels(cameras(class.path())), ["Webcam (video2)"]);
        assert_eq!(labels(loopbacks(class.path())), ["OBS Virtual Camera (video9)", "Lenscap (video10)"]);
        assert_eq!(loopbacks(class.path())[1].path, Path::new("/dev/video10"));
        assert!(loopbacks(&class.path().join("none")).is_empty());
        assert!(cameras(&class.path().join("none")).is_empty());
    }
}
