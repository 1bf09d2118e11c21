//! What the kernel shows of one process.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use lenscap_text as text;
use rustix::fs::{AtFlags, Mode, OFlags, StatxFlags};

use crate::files;
use crate::unit;

/// Of a command line: Java's list of archives is long.
const MAX_ARGUMENTS: u64 = 128 << 10;
/// Of an environment.
const MAX_ENVIRONMENT: u64 = 256 << 10;
/// Of a file with a few lines.
const MAX_SMALL: u64 = 64 << 10;
/// Longest name that is shown.
const MAX_NAME_CHARS: usize = 64;

/// A process, held by its directory: once it has ended nothing can be read there any more, whoever gets its number.
#[derive(Debug)]
pub struct Process {
    pid: u32,
    directory: OwnedFd,
}

/// The program that a process runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Executable {
    /// As the process sees it.
    pub path: PathBuf,
    /// Whose file it is; `None`: not known.
    owner: Option<u32>,
}

/// What makes a process the same as before: its number is given again, and a program can become another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Life {
    pid: u32,
    /// In clock ticks since the computer's start.
    started: u64,
    executable: PathBuf,
}

impl Process {
    /// The process of this number; `proc` is usually `/proc`.
    ///
    /// # Errors
    /// There is none, or it is hidden.
    pub fn open(proc: &Path, pid: u32) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(proc.join(pid.to_string()), flags, Mode::empty())?;
        Ok(Self { pid, directory })
    }

    /// Its directory; not to be read itself.
    pub fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// `None`: it keeps that to itself, has none, or has ended.
    pub(crate) fn executable(&self) -> Option<Executable> {
        let link = rustix::fs::readlinkat(&self.directory, "exe", Vec::new()).ok()?.into_bytes();
        // One that was replaced by an update while it runs.
        let path = link.strip_suffix(b" (deleted)").unwrap_or(&link).to_vec();
        let stat = rustix::fs::statx(&self.directory, "exe", AtFlags::STATX_DONT_SYNC, StatxFlags::UID);
        let owner = stat.ok().map(|stat| stat.stx_uid);
        Some(Executable { path: OsString::from_vec(path).into(), owner })
    }

    /// The name that it gives itself, or its number; for one of which no more can be seen.
    pub(crate) fn short_name(&self) -> String {
        let name = text::clean(self.read("comm", MAX_SMALL).unwrap_or_default(), MAX_NAME_CHARS);
        if name.is_empty() { format!("process {}", self.pid) } else { name }
    }

    /// Its life as that program.
    pub(crate) fn life(&self, executable: &Executable) -> Option<Life> {
        let started = self.stat_field(22)?;
        Some(Life { pid: self.pid, started, executable: executable.path.clone() })
    }

    pub(crate) fn parent(&self) -> Option<u32> {
        self.stat_field(4)?.try_into().ok().filter(|parent| *parent > 0)
    }

    /// A field of `stat` behind the name, counted from 1 as in proc(5).
    fn stat_field(&self, number: usize) -> Option<u64> {
        let stat = self.read("stat", MAX_SMALL)?;
        // The name is in parentheses and may have any of its own.
        let end = stat.iter().rposition(|byte| *byte == b')')?;
        let rest = str::from_utf8(&stat[end + 1..]).ok()?;
        rest.split_ascii_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
    }

    /// Its command line: it can say there what it likes.
    pub(crate) fn arguments(&self) -> Vec<String> {
        split_arguments(&self.read("cmdline", MAX_ARGUMENTS).unwrap_or_default())
    }

    /// A variable that it was started with: it can say there what it likes.
    pub(crate) fn variable(&self, name: &str) -> Option<PathBuf> {
        let environment = self.read("environ", MAX_ENVIRONMENT)?;
        let mut variables = environment.split(|byte| *byte == 0);
        let value = variables.find_map(|it| it.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
        Some(OsString::from_vec(value.to_vec()).into())
    }

    /// The systemd unit that it is in.
    pub(crate) fn unit(&self) -> Option<String> {
        unit::of_cgroup(&String::from_utf8_lossy(&self.read("cgroup", MAX_SMALL)?))
    }

    /// A file as the process sees it, by a path without the first slash, no link itself.
    pub(crate) fn file(&self, path: impl AsRef<Path>, limit: u64) -> rustix::io::Result<Option<files::Content>> {
        files::read(&self.directory, Path::new("root").join(path), OFlags::NOFOLLOW, limit)
    }

    /// A directory as the process sees it.
    pub(crate) fn open_directory(&self, path: impl AsRef<Path>) -> Option<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        rustix::fs::openat(&self.directory, Path::new("root").join(path), flags, Mode::empty()).ok()
    }

    fn read(&self, name: &str, limit: u64) -> Option<Vec<u8>> {
        files::read(&self.directory, name, OFlags::empty(), limit).ok()?.map(|content| content.bytes)
    }
}

impl Executable {
    /// Its base name as people may see it, never empty.
    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        let name = text::clean(name.as_bytes(), MAX_NAME_CHARS);
        if name.is_empty() { "?".into() } else { name }
    }

    /// Whether it is a file of this user's.
    pub(crate) fn is_owned_by(&self, owner: u32) -> bool {
        self.owner == Some(owner)
    }

    #[cfg(test)]
    pub(crate) fn at(path: &str) -> Self {
        Self { path: path.into(), owner: None }
    }
}

/// As the kernel has them, each with a zero behind it.
pub(crate) fn split_arguments(bytes: &[u8]) -> Vec<String> {
    let ended = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    ended.split(|byte| *byte == 0).map(|argument| String::from_utf8_lossy(argument).into_owned()).collect()
}
