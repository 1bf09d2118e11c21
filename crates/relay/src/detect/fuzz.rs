//! What the kernel says of processes, USB cameras and the use of a node; fed by `fuzz/`.

use std::path::Path;

use super::{events, procfs, uvc};

/// Lines of `/proc/PID/maps`, after the path of a node and the link of a descriptor.
pub fn maps(data: &[u8]) {
    procfs::fuzz::maps(data);
}

/// What a process says of which application it belongs to.
pub fn apps(data: &[u8]) {
    lenscap_apps::fuzz::claims(data);
}

/// The USB cameras below this root of sysfs.
pub fn cameras(root: &Path) {
    uvc::fuzz::look(root);
}

/// The usage events of a node.
pub fn usage(node: &Path) {
    if let Ok((mut usage, _)) = events::Usage::subscribe(node) {
        let _ = (usage.take(), usage.read_level());
    }
}
