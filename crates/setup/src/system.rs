//! What this computer is like, from files that everybody may read.

use std::fs;

use lenscap_cameras::{CLASS, loopbacks};
use lenscap_rootfs::{Root, units};

/// How v4l2loopback gets another device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Module {
    /// It is not there for the running kernel.
    Missing,
    /// By options, when it is loaded: 0.12.
    Options,
    /// At any time, by its control device: 0.13 and later.
    Control,
}

pub(crate) fn is_loaded(root: &Root) -> bool {
    root.exists("/sys/module/v4l2loopback")
}

pub(crate) fn module(root: &Root) -> Module {
    if is_loaded(root) {
        return if root.exists("/sys/class/misc/v4l2loopback") { Module::Control } else { Module::Options };
    }
    let release = root.read("/proc/sys/kernel/osrelease").unwrap_or_default();
    let list = |name: &str| {
        let path = root.at("/lib/modules").join(release.trim()).join(name);
        fs::read_to_string(path).unwrap_or_default()
    };
    // The control device's alias (MODULE_ALIAS_MISCDEV) came with it, in 0.13.
    let has_alias = |line: &str| line.split_whitespace().eq(["alias", "char-major-10-255", "v4l2loopback"]);
    if !list("modules.dep").contains("/v4l2loopback.ko") {
        Module::Missing
    } else if list("modules.alias").lines().any(has_alias) {
        Module::Control
    } else {
        Module::Options
    }
}

/// Those of these labels that no device has.
pub(crate) fn missing(root: &Root, mut labels: Vec<String>) -> Vec<String> {
    let nodes = loopbacks(&root.at(CLASS));
    labels.retain(|label| !nodes.iter().any(|node| node.name == *label));
    labels
}

/// The file of a system unit, as systemd finds it. What is masked is none.
pub(crate) fn unit(root: &Root, name: &str) -> Option<String> {
    let paths = units::SYSTEM.iter().map(|directory| format!("{directory}/{name}"));
    paths.into_iter().find(|path| root.at(path).is_file())
}

/// Whether systemd is what started this system.
pub(crate) fn has_systemd(root: &Root) -> bool {
    root.exists("/run/systemd/system")
}

pub(crate) fn is_container(root: &Root) -> bool {
    ["/run/systemd/container", "/run/.containerenv", "/.dockerenv", "/.flatpak-info"]
        .iter()
        .any(|path| root.exists(path))
}
