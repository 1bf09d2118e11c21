//! Reports when a camera comes or goes. Nobody is woken while none does.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use inotify::{Inotify, WatchMask};

/// A watch on `/dev` and udev's links in it.
#[derive(Debug)]
pub struct Watch {
    inotify: Inotify,
    dev: PathBuf,
}

impl Watch {
    /// Watches `/dev`.
    ///
    /// # Errors
    /// The kernel's error, for example when the user's inotify instances are used up.
    pub fn new() -> io::Result<Self> {
        Self::at(Path::new("/dev"))
    }

    fn at(dev: &Path) -> io::Result<Self> {
        let inotify = Inotify::init()?;
        // Attributes: a node belongs to its group, and its user, a moment after it has come.
        let mask = WatchMask::CREATE | WatchMask::DELETE | WatchMask::MOVED_TO | WatchMask::ATTRIB;
        inotify.watches().add(dev, mask)?;
        let mut watch = Self { inotify, dev: dev.to_owned() };
        watch.follow_links();
        Ok(watch)
    }

    /// The directories of links come with the first camera and go with the last.
    fn follow_links(&mut self) {
        let links = self.dev.join("v4l");
        let mask = WatchMask::CREATE | WatchMask::DELETE | WatchMask::MOVED_TO | WatchMask::ONLYDIR;
        for directory in [links.clone(), links.join("by-id"), links.join("by-path")] {
            // The same directory twice is one watch.
            let _ = self.inotify.watches().add(directory, mask);
        }
    }

    /// Readable when something happened.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }

    /// Drains what happened; whether it concerns cameras.
    pub fn dispatch(&mut self) -> bool {
        let concerns = drain(&mut self.inotify, |name| {
            // Links are named after buses ("usb-", "pci-", "platform-") and end in the node's index.
            let is_link = name.windows(12).any(|part| part == b"-video-index");
            name.starts_with(b"video") || is_link || matches!(name, b"v4l" | b"by-id" | b"by-path")
        });
        if concerns {
            self.follow_links();
        }
        concerns
    }
}

/// Takes all events that wait; whether one of them is about a name that `concerns` anybody.
pub fn drain(inotify: &mut Inotify, concerns: impl Fn(&[u8]) -> bool) -> bool {
    let mut buffer = [0; 4096];
    let mut found = false;
    while let Ok(events) = inotify.read_events(&mut buffer) {
        let mut any = false;
        for event in events {
            any = true;
            found |= event.name.is_some_and(|name| concerns(name.as_encoded_bytes()));
        }
        if !any {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_camera_that_comes_is_heard_with_its_links_and_nothing_else_is() {
        let dev = tempfile::tempdir().unwrap();
        let mut watch = Watch::at(dev.path()).unwrap();
        assert!(!watch.dispatch());
        fs::write(dev.path().join("ttyUSB0"), "").unwrap();
        assert!(!watch.dispatch());
        fs::write(dev.path().join("video0"), "").unwrap();
        assert!(watch.dispatch() && !watch.dispatch());
        let by_id = dev.path().join("v4l/by-id");
        fs::create_dir_all(&by_id).unwrap();
        assert!(watch.dispatch());
        // As udev makes a link.
        std::os::unix::fs::symlink("../../video0", by_id.join(".#usb-Cam")).unwrap();
        watch.dispatch();
        fs::rename(by_id.join(".#usb-Cam"), by_id.join("usb-Cam-video-index0")).unwrap();
        assert!(watch.dispatch());
        fs::remove_dir_all(dev.path().join("v4l")).unwrap();
        fs::remove_file(dev.path().join("video0")).unwrap();
        assert!(watch.dispatch());
        fs::create_dir_all(&by_id).unwrap();
        assert!(watch.dispatch());
        fs::write(by_id.join("usb-Cam-video-index0"), "").unwrap();
        assert!(watch.dispatch(), "links are followed when their directory comes again");
    }
}
