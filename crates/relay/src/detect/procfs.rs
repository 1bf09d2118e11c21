//! Which processes have the node open or mapped, from `/proc`.
//!
//! The node is recognised by what it is, not by its path: a process may have opened another node of the same device, in
//! a container's own `/dev`. Only descriptors whose link looks like a device are examined further, and without asking
//! a file server, so that a scan costs no more than one `readlink` for an ordinary descriptor. Even so it may never end
//! (the memory map of a stuck process): it is for a [`super::look::Looker`].

#[cfg(any(debug_assertions, fuzzing))]
pub(super) mod fuzz;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, StatxFlags};

use super::look::Guide;
use lenscap_apps::{Apps, Identity, Process};

/// Processes looked at in one scan; `/proc/sys/kernel/pid_max` may allow more, a desktop never has them.
const MAX_PROCESSES: usize = 65_536;
/// Descriptors looked at in one process.
const MAX_DESCRIPTORS: usize = 65_536;
/// Of one memory map; the kernel's default `vm.max_map_count` gives about 7 MB.
const MAX_MAP_BYTES: u64 = 16 << 20;
/// Different paths to the node remembered of one process.
const MAX_PLACES: usize = 8;

/// A device number, as major and minor.
type DeviceNumber = (u32, u32);

/// What makes two paths the same node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NodeIdentity {
    /// A character device: whatever node has this number.
    Device(DeviceNumber),
    /// Anything else: this file.
    File { device: DeviceNumber, inode: u64 },
}

/// Where a process has the node from, as its memory map would show it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MappedFile {
    device: DeviceNumber,
    inode: u64,
    path: Vec<u8>,
}

/// The node that is watched.
#[derive(Debug, Clone)]
pub(super) struct WatchedNode {
    path: PathBuf,
    identity: NodeIdentity,
    place: MappedFile,
}

impl WatchedNode {
    /// The node at `path`; symbolic links are followed.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        let stat = Stat::of(CWD, path.as_os_str().as_bytes())?;
        let place = MappedFile { device: stat.device, inode: stat.inode, path: path.as_os_str().as_bytes().to_vec() };
        Ok(Self { identity: stat.identity(), place, path })
    }

    /// Its path without symbolic links.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the path still leads to the same node, as far as that is known.
    pub(super) fn is_still_there(&self) -> bool {
        match Stat::of(CWD, self.place.path.as_slice()) {
            Ok(stat) => stat.identity() == self.identity,
            Err(error) => !is_gone(&error),
        }
    }

    /// Whether a descriptor with this link may be the node, or another device of its kind.
    fn is_candidate(&self, link: &[u8]) -> bool {
        if link == self.place.path {
            return true;
        }
        if link.starts_with(b"/dev/") {
            return link != b"/dev/null" && !link.starts_with(b"/dev/pts/");
        }
        // A device outside of our /dev shows the path it has within its own file system.
        link.starts_with(b"/")
            && link.rsplit(|byte| *byte == b'/').next().is_some_and(|name| name.starts_with(b"video"))
    }
}

/// A process that has the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HolderProcess {
    /// Its id.
    pub pid: u32,
    /// Who that is.
    pub identity: Identity,
    /// Whether the node is mapped; `None` when the memory map is unreadable.
    pub mapped: Option<bool>,
    places: Vec<MappedFile>,
}

/// What a scan of all processes found.
#[derive(Debug, Default)]
pub(super) struct ProcessScan {
    /// The processes that have the node, by ascending pid.
    pub found: Vec<HolderProcess>,
    /// Descriptors seen on nodes of the loopback module in all processes but the skipped ones.
    pub loopback_files: usize,
    /// Whether some process did not show its descriptors.
    pub some_unreadable: bool,
}

/// What another look at the processes found before shows.
#[derive(Debug, Default)]
pub(super) struct Again {
    /// Those that still have the node.
    pub found: Vec<HolderProcess>,
    /// Some of them do not show their descriptors any more.
    pub some_unreadable: bool,
}

/// What one process shows.
enum Holding {
    /// It has the node.
    Has(HolderProcess),
    /// It has not, or is no more.
    HasNot,
    /// It keeps that to itself.
    Hidden,
    /// It could not be looked at this time.
    Unknown,
}

/// What is asked of a scan.
#[derive(Debug)]
pub(super) struct HolderQuery<'a> {
    /// The node.
    pub node: &'a WatchedNode,
    /// All nodes of the loopback module; see [`ProcessScan::loopback_files`].
    pub loopbacks: &'a BTreeSet<DeviceNumber>,
    /// Whether memory maps matter; without, `mapped` is only right for a process that has no descriptor left.
    pub maps: bool,
    /// Shows processes, and names them.
    pub apps: &'a Apps,
    /// Follows the look.
    pub guide: &'a Guide,
}

impl HolderQuery<'_> {
    /// Looks at every process but `skipped`. `before` is what the last look found: a process that has closed its
    /// descriptor is recognised by what it still has mapped, and one that cannot be looked at has what it had.
    pub(super) fn all(&self, skipped: &[u32], before: &[HolderProcess]) -> ProcessScan {
        let mut scan = ProcessScan::default();
        let entries = match rustix::fs::open(
            self.apps.proc(),
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .and_then(Dir::new)
        {
            Ok(entries) => entries,
            Err(error) => {
                tracing::warn!("cannot read /proc to see who has the node open: {error}");
                scan.some_unreadable = true;
                return scan;
            }
        };
        let mut process_1_seen = false;
        let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str().ok()?.parse::<u32>().ok());
        for pid in pids.take(MAX_PROCESSES) {
            process_1_seen |= pid == 1;
            if skipped.contains(&pid) {
                continue;
            }
            let before = before.iter().find(|found| found.pid == pid);
            match self.look(pid, before, &mut scan.loopback_files) {
                Holding::Has(found) => scan.found.push(found),
                Holding::HasNot => {}
                Holding::Hidden => scan.some_unreadable = true,
                Holding::Unknown => {
                    scan.found.extend(before.cloned());
                    scan.some_unreadable = true;
                }
            }
        }
        // With hidepid, others' processes are not even listed.
        scan.some_unreadable |= !process_1_seen;
        scan.found.sort_by_key(|found| found.pid);
        scan
    }

    /// Looks again at the processes found before; those without the node are dropped.
    pub(super) fn again(&self, before: &[HolderProcess]) -> Again {
        let mut again = Again::default();
        for known in before {
            match self.look(known.pid, Some(known), &mut 0) {
                Holding::Has(found) => again.found.push(found),
                Holding::HasNot => {}
                Holding::Hidden => again.some_unreadable = true,
                Holding::Unknown => again.found.push(known.clone()),
            }
        }
        again
    }

    /// How many descriptors of the node this process has.
    pub(super) fn own_descriptors(&self) -> usize {
        let own = Process::open(self.apps.proc(), std::process::id());
        own.and_then(|own| self.descriptors(&own, &mut 0)).map_or(0, |(count, _)| count)
    }

    fn look(&self, pid: u32, before: Option<&HolderProcess>, files: &mut usize) -> Holding {
        if !self.guide.enter(pid) {
            return Holding::Unknown;
        }
        // Held all along: another process that gets its number meanwhile has not what was seen of this one.
        let seen = Process::open(self.apps.proc(), pid)
            .and_then(|process| self.descriptors(&process, files).map(|seen| (process, seen)));
        let (process, (count, mut places)) = match seen {
            Ok(seen) => seen,
            Err(error) if is_denied(&error) => return Holding::Hidden,
            Err(error) if is_gone(&error) => return Holding::HasNot,
            Err(_) => return Holding::Unknown,
        };
        if count == 0 && before.is_none() {
            return Holding::HasNot;
        }
        for place in before.map_or(&[][..], |found| &found.places) {
            remember(&mut places, place.clone());
        }
        let mapped = if self.maps || count == 0 {
            match is_mapped(&self.apps.proc().join(pid.to_string()), &self.node.place, &places) {
                Ok(mapped) => mapped,
                // As before.
                Err(_) => before.and_then(|found| found.mapped),
            }
        } else {
            Some(false)
        };
        if count == 0 && mapped != Some(true) {
            return Holding::HasNot;
        }
        Holding::Has(HolderProcess { pid, identity: self.apps.identify(&process), mapped, places })
    }

    /// How many descriptors of the node the process has, and where they were opened.
    fn descriptors(&self, process: &Process, files: &mut usize) -> io::Result<(usize, Vec<MappedFile>)> {
        let directory = rustix::fs::openat(
            process.directory(),
            "fd",
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let mut count = 0;
        let mut places = Vec::new();
        let mut buffer = [MaybeUninit::uninit(); 4096];
        for entry in Dir::read_from(&directory)?.flatten().take(MAX_DESCRIPTORS) {
            let name = entry.file_name();
            // A descriptor closed meanwhile, "." and "..".
            let Ok((link, _)) = rustix::fs::readlinkat_raw(&directory, name, &mut buffer) else { continue };
            if !self.node.is_candidate(link) {
                continue;
            }
            let Ok(stat) = Stat::through(&directory, name.to_bytes()) else { continue };
            if stat.number.is_some_and(|number| self.loopbacks.contains(&number)) {
                *files += 1;
            }
            if stat.identity() == self.node.identity {
                count += 1;
                remember(&mut places, MappedFile { device: stat.device, inode: stat.inode, path: link.to_vec() });
            }
        }
        Ok((count, places))
    }
}

fn remember(places: &mut Vec<MappedFile>, place: MappedFile) {
    if places.len() < MAX_PLACES && !places.contains(&place) {
        places.push(place);
    }
}

struct Stat {
    device: DeviceNumber,
    inode: u64,
    /// The number of a character device.
    number: Option<DeviceNumber>,
}

impl Stat {
    fn of(directory: impl std::os::fd::AsFd, path: &[u8]) -> io::Result<Self> {
        // A path on a file server that does not answer must not stop the relay: what is cached is enough.
        let stat = rustix::fs::statx(directory, path, AtFlags::STATX_DONT_SYNC, StatxFlags::BASIC_STATS)?;
        let is_device = FileType::from_raw_mode(u32::from(stat.stx_mode)) == FileType::CharacterDevice;
        Ok(Self {
            device: (stat.stx_dev_major, stat.stx_dev_minor),
            inode: stat.stx_ino,
            number: is_device.then_some((stat.stx_rdev_major, stat.stx_rdev_minor)),
        })
    }

    /// Of what descriptor `name` in a process's `fd` directory leads to.
    fn through(directory: &OwnedFd, name: &[u8]) -> io::Result<Self> {
        Self::of(directory, name)
    }

    fn identity(&self) -> NodeIdentity {
        match self.number {
            Some(number) => NodeIdentity::Device(number),
            None => NodeIdentity::File { device: self.device, inode: self.inode },
        }
    }
}

/// Whether the process has one of the places mapped; `None` when its memory map is not for us. `process` is its directory
/// in `/proc`.
fn is_mapped(process: &Path, node: &MappedFile, places: &[MappedFile]) -> io::Result<Option<bool>> {
    let answer = |error: io::Error| match error {
        error if is_denied(&error) => Ok(None),
        error if is_gone(&error) => Ok(Some(false)),
        error => Err(error),
    };
    let maps = match File::open(process.join("maps")) {
        Ok(maps) => maps,
        Err(error) => return answer(error),
    };
    let mut lines = BufReader::with_capacity(16 << 10, maps.take(MAX_MAP_BYTES));
    let mut line = Vec::with_capacity(256);
    loop {
        line.clear();
        match lines.read_until(b'\n', &mut line) {
            // Ended before its end: what was not read may hold it.
            Ok(0) => return Ok((lines.get_ref().limit() > 0).then_some(false)),
            Ok(_) if std::iter::once(node).chain(places).any(|place| is_mapping_of(&line, place)) => {
                return Ok(Some(true));
            }
            Ok(_) => {}
            Err(error) => return answer(error),
        }
    }
}

/// Whether a line of `/proc/PID/maps` (`address perms offset device inode path`) is of this place. Some file systems show
/// another device number here than `stat` gives, hence the path.
fn is_mapping_of(line: &[u8], place: &MappedFile) -> bool {
    let Ok(line) = str::from_utf8(line.trim_ascii_end()) else { return false };
    let mut fields = line.splitn(6, ' ');
    let (Some(device), Some(inode)) = (fields.nth(3), fields.next()) else { return false };
    let Some((major, minor)) = device.split_once(':') else { return false };
    let number = |text| u32::from_str_radix(text, 16).ok();
    if inode.parse() == Ok(place.inode)
        && (number(major), number(minor)) == (Some(place.device.0), Some(place.device.1))
    {
        return true;
    }
    fields.next().is_some_and(|path| path.trim_ascii_start().as_bytes() == place.path)
}

fn is_denied(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

/// Whether this means that there is no such file, or process.
fn is_gone(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::NODEV | Errno::SRCH | Errno::NOTDIR))
}
