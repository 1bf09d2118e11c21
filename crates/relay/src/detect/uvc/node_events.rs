//! Opens and closes of the cameras' nodes, and their coming and going, as inotify reports them.
//!
//! A node that may be read is watched by itself. One that may not is heard through its directory, which needs no
//! permission but wakes us for every open of anything in it (`/dev/null`!), so only while there is such a node.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use inotify::{EventMask, Inotify, WatchDescriptor, WatchMask};

use super::super::inotify::each;

/// What happened to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeEvent {
    /// Somebody opened it.
    Opened,
    /// Somebody closed it; inotify says so before the driver has let go.
    Closed,
}

/// What has happened since it was last asked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct NodeEvents {
    /// In order; repeated ones may have been merged into one.
    pub events: Vec<(String, NodeEvent)>,
    /// Nodes came, went or changed their permissions, or events were lost.
    pub changed: bool,
}

/// Listens until dropped.
#[derive(Debug)]
pub(super) struct NodeListener {
    inotify: Inotify,
    directory: PathBuf,
    nodes: HashMap<WatchDescriptor, String>,
    hears_all: bool,
    buffer: Box<[u8; 4096]>,
}

impl NodeListener {
    /// Listens to this directory's nodes coming and going.
    pub(super) fn new(directory: &Path) -> io::Result<Self> {
        let inotify = Inotify::init()?;
        inotify.watches().add(directory, mask(false))?;
        let directory = directory.to_owned();
        Ok(Self { inotify, directory, nodes: HashMap::new(), hears_all: false, buffer: Box::new([0; 4096]) })
    }

    /// What to wait on, for input.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }

    /// Listens to these nodes from now on.
    pub(super) fn follow<'a>(&mut self, nodes: impl Iterator<Item = &'a str>) -> io::Result<()> {
        let mut followed = HashMap::new();
        let mut hears_all = false;
        for node in nodes {
            // Adding again what is there changes nothing.
            match self.inotify.watches().add(self.directory.join(node), stirs()) {
                Ok(watch) => drop(followed.insert(watch, node.to_owned())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    tracing::debug!("{node} is heard through its directory: {error}");
                    hears_all = true;
                }
            }
        }
        for (watch, _) in self.nodes.drain().filter(|(watch, _)| !followed.contains_key(watch)) {
            // The kernel removes those of nodes that are gone.
            let _ = self.inotify.watches().remove(watch);
        }
        self.nodes = followed;
        if hears_all != self.hears_all {
            self.inotify.watches().add(&self.directory, mask(hears_all))?;
            self.hears_all = hears_all;
        }
        Ok(())
    }

    /// Whether there is something to take; where that is not known, there may be.
    pub(super) fn has_more(&self) -> bool {
        rustix::io::ioctl_fionread(self.fd()).map_or(true, |bytes| bytes > 0)
    }

    /// Takes what has been heard; never blocks.
    pub(super) fn take(&mut self) -> io::Result<NodeEvents> {
        let mut heard = NodeEvents::default();
        let nodes = &mut self.nodes;
        each(&mut self.inotify, &mut self.buffer[..], |event| {
            heard.changed |= event.mask.contains(EventMask::Q_OVERFLOW);
            let own = nodes.get(&event.wd);
            let through = event.name.and_then(|name| name.to_str()).filter(|name| name.starts_with("video"));
            if event.mask.intersects(EventMask::IGNORED | EventMask::DELETE_SELF) {
                nodes.remove(&event.wd);
                return;
            }
            let node = match (own, through) {
                (Some(node), _) => node,
                (None, Some(node)) => {
                    heard.changed |= event.mask.intersects(
                        EventMask::CREATE
                            | EventMask::DELETE
                            | EventMask::ATTRIB
                            | EventMask::MOVED_TO
                            | EventMask::MOVED_FROM,
                    );
                    if nodes.values().any(|known| known == node) {
                        return;
                    }
                    node
                }
                (None, None) => return,
            };
            if event.mask.contains(EventMask::OPEN) {
                heard.events.push((node.to_owned(), NodeEvent::Opened));
            } else if event.mask.intersects(EventMask::CLOSE_WRITE | EventMask::CLOSE_NOWRITE) {
                heard.events.push((node.to_owned(), NodeEvent::Closed));
            }
        })?;
        Ok(heard)
    }
}

fn stirs() -> WatchMask {
    WatchMask::OPEN | WatchMask::CLOSE_WRITE | WatchMask::CLOSE_NOWRITE
}

/// Of the directory.
fn mask(hears_all: bool) -> WatchMask {
    let changes = WatchMask::CREATE
        | WatchMask::DELETE
        | WatchMask::ATTRIB
        | WatchMask::MOVED_TO
        | WatchMask::MOVED_FROM
        | WatchMask::ONLYDIR;
    if hears_all { changes | stirs() } else { changes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn opens_and_closes_of_followed_nodes_are_heard_and_of_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["null", "video0", "video1"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let mut listener = NodeListener::new(directory.path()).unwrap();
        listener.follow(["video0"].into_iter()).unwrap();
        drop(File::open(directory.path().join("null")).unwrap());
        drop(File::open(directory.path().join("video1")).unwrap());
        assert_eq!(listener.take().unwrap(), NodeEvents::default());
        drop(File::open(directory.path().join("video0")).unwrap());
        let events = vec![("video0".to_owned(), NodeEvent::Opened), ("video0".to_owned(), NodeEvent::Closed)];
        assert_eq!(listener.take().unwrap(), NodeEvents { events, changed: false });
        listener.follow(["video1"].into_iter()).unwrap();
        drop(File::open(directory.path().join("video0")).unwrap());
        drop(File::open(directory.path().join("video1")).unwrap());
        let heard = listener.take().unwrap();
        assert!(heard.events.iter().all(|(node, _)| node == "video1") && heard.events.len() == 2, "{heard:?}");
    }

    #[test]
    fn nodes_that_come_and_go_are_heard() {
        let directory = tempfile::tempdir().unwrap();
        let mut listener = NodeListener::new(directory.path()).unwrap();
        fs::write(directory.path().join("video0"), "").unwrap();
        assert!(listener.take().unwrap().changed);
        listener.follow(["video0"].into_iter()).unwrap();
        fs::remove_file(directory.path().join("video0")).unwrap();
        let heard = listener.take().unwrap();
        assert!(heard.changed, "{heard:?}");
        fs::write(directory.path().join("sda"), "").unwrap();
        assert_eq!(listener.take().unwrap(), NodeEvents::default());
    }

    #[test]
    fn a_node_that_may_not_be_read_is_heard_through_its_directory() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["null", "video0", "video1"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let forbidden = directory.path().join("video1");
        fs::set_permissions(&forbidden, fs::Permissions::from_mode(0o200)).unwrap();
        if File::open(&forbidden).is_ok() {
            println!("SKIP a_node_that_may_not_be_read_is_heard_through_its_directory: root may read everything");
            return;
        }
        let mut listener = NodeListener::new(directory.path()).unwrap();
        listener.follow(["video0", "video1"].into_iter()).unwrap();
        drop(File::options().write(true).open(&forbidden).unwrap());
        drop(File::open(directory.path().join("null")).unwrap());
        drop(File::open(directory.path().join("video0")).unwrap());
        let heard: Vec<_> = listener.take().unwrap().events.into_iter().map(|(node, _)| node).collect();
        assert_eq!(heard, ["video1", "video1", "video0", "video0"], "each once");
    }
}
