//! What this computer is like, from files that everybody may read.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use lenscap_cameras::{CLASS, loopbacks};

/// Where systemd looks for system units, the first before the others (systemd.unit(5)).
const UNITS: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
/// Longest file that is read, in bytes; what is longer is none that we look for.
const MAX_FILE: u64 = 256 * 1024;

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

/// A root directory, looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct System<'a> {
    root: &'a Path,
}

impl<'a> System<'a> {
    pub(crate) fn new(root: &'a Path) -> Self {
        Self { root }
    }

    /// Below the root, from an absolute path.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.at(path).exists()
    }

    /// A file's text; `None`: there is none, or none that we would look for.
    pub(crate) fn read(&self, path: &str) -> Option<String> {
        read(&self.at(path))
    }

    /// The files of a directory, by name.
    pub(crate) fn names(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.at(directory)).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn is_loaded(&self) -> bool {
        self.exists("/sys/module/v4l2loopback")
    }

    pub(crate) fn module(&self) -> Module {
        if self.is_loaded() {
            return if self.exists("/sys/class/misc/v4l2loopback") { Module::Control } else { Module::Options };
        }
        let release = self.read("/proc/sys/kernel/osrelease").unwrap_or_default();
        let list = |name: &str| {
            let path = self.at("/lib/modules").join(release.trim()).join(name);
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

    /// Whether our device is there.
    pub(crate) fn has_node(&self) -> bool {
        loopbacks(&self.at(CLASS)).iter().any(|node| node.name == crate::LABEL)
    }

    /// The file of a system unit, as systemd finds it. What is masked is none.
    pub(crate) fn unit(&self, name: &str) -> Option<String> {
        let paths = UNITS.iter().map(|directory| format!("{directory}/{name}"));
        paths.into_iter().find(|path| self.at(path).is_file())
    }

    /// Whether systemd is what started this system.
    pub(crate) fn has_systemd(&self) -> bool {
        self.exists("/run/systemd/system")
    }

    pub(crate) fn is_container(&self) -> bool {
        ["/run/systemd/container", "/run/.containerenv", "/.dockerenv", "/.flatpak-info"]
            .iter()
            .any(|path| self.exists(path))
    }
}

/// A file of a sensible size.
pub(crate) fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    let file = fs::File::open(path).ok().filter(|file| file.metadata().is_ok_and(|meta| meta.is_file()))?;
    let length = file.take(MAX_FILE + 1).read_to_string(&mut text).ok()?;
    (length as u64 <= MAX_FILE).then_some(text)
}
