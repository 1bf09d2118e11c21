//! What the files of a root file system say, in the ways that the doctor and the set-up both read it. The root is a value: `/`,
//! but for tests. Nothing is changed, no reading waits, and what is read is as it is in the files: who shows it cleans it.

pub mod modprobe;
pub mod units;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

/// Longest file that is read, in bytes; what is longer is none that we look for.
const MAX_FILE: u64 = 1 << 20;
/// Files looked at in a directory.
const MAX_NAMES: usize = 4096;

/// A root directory. Paths are absolute ones of the system below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root(PathBuf);

impl Default for Root {
    /// This system's.
    fn default() -> Self {
        Self::new("/")
    }
}

impl Root {
    /// A directory as the root.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self(root.into())
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where that path is.
    pub fn at(&self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }

    /// Whether something is there; a link to nothing is not.
    pub fn exists(&self, path: &str) -> bool {
        self.at(path).exists()
    }

    /// A file's text; bytes that are no UTF-8 become "\u{fffd}". `None`: it cannot be read, is no file, or is longer than a
    /// mebibyte.
    pub fn read(&self, path: &str) -> Option<String> {
        read(&self.at(path))
    }

    /// What is in a directory, in order.
    pub fn names(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.at(directory)).into_iter().flatten().flatten().take(MAX_NAMES);
        let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort_unstable();
        names
    }

    /// The files of these directories with this suffix, in the order in which systemd, kmod and WirePlumber read them: by name,
    /// whatever the directory. A file hides those of its name in later directories (modprobe.d(5), modules-load.d(5)).
    pub fn drop_ins(&self, directories: &[impl AsRef<str>], suffix: &str) -> Vec<String> {
        let mut files = BTreeMap::new();
        for directory in directories.iter().map(AsRef::as_ref) {
            for name in self.names(directory).into_iter().filter(|name| name.ends_with(suffix)) {
                files.entry(name).or_insert(directory);
            }
        }
        files.into_iter().map(|(name, directory)| format!("{directory}/{name}")).collect()
    }
}

/// As [`Root::read`], of any path.
pub fn read(path: &Path) -> Option<String> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = fs::File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    let is_file = file.metadata().is_ok_and(|meta| meta.is_file());
    let mut text = Vec::new();
    let length = is_file.then(|| file.take(MAX_FILE + 1).read_to_end(&mut text).ok()).flatten()?;
    (length as u64 <= MAX_FILE).then(|| String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_or_too_long_is_not_read_and_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::new(directory.path());
        fs::write(root.at("/long"), vec![b'x'; 1 << 20]).unwrap();
        assert_eq!(root.read("/long").map(|text| text.len()), Some(1 << 20));
        fs::write(root.at("/long"), vec![b'x'; (1 << 20) + 1]).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, root.at("/pipe"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        for path in ["/long", "/pipe", "/", "/absent"] {
            assert_eq!(root.read(path), None, "{path}");
        }
    }

    #[test]
    fn drop_in_files_are_in_the_order_of_their_names_and_hide_one_another() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::new(directory.path());
        for path in ["/etc/x.d/b.conf", "/usr/lib/x.d/a.conf", "/usr/lib/x.d/b.conf", "/usr/lib/x.d/c.txt"] {
            fs::create_dir_all(root.at(path).parent().unwrap()).unwrap();
            fs::write(root.at(path), "").unwrap();
        }
        let files = root.drop_ins(&["/etc/x.d", "/run/x.d", "/usr/lib/x.d"], ".conf");
        assert_eq!(files, ["/usr/lib/x.d/a.conf", "/etc/x.d/b.conf"]);
    }
}
