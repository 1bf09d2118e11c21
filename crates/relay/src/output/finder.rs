//! Finds the loopback node: by driver and label, never by number; makes one where that is permitted; notices when one
//! comes or goes.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use inotify::{Inotify, WatchMask};

use super::{OutputError, OutputErrorKind};
use crate::detect;
use lenscap_cameras::group::entry_of;
use lenscap_cameras::{self as camera, watch::drain};
use lenscap_sys::v4l2::{self, LoopbackConfig};
use lenscap_text as text;
use lenscap_words::distro::Family;
use lenscap_words::{tr, trf};

/// The module's control device; root only by default.
const CONTROL: &str = "/dev/v4l2loopback";
/// The label of a node whose maker gave none ("Dummy video device (0x0000)").
const UNNAMED: &str = "Dummy video device";
/// Longest label in bytes: the module's card name without its NUL.
const MAX_LABEL: usize = 31;

/// What stands behind the first node's label in the second's.
const SECOND: &str = " 2";

/// The label of the second node beside one with this label; cut to what the module takes.
pub fn second_label(label: &str) -> String {
    let mut end = label.len().min(MAX_LABEL - SECOND.len());
    while !label.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{SECOND}", &label[..end])
}

/// Which node to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// This one.
    Path(PathBuf),
    /// The loopback with this label; else one without a label; else a new one.
    Label(String),
}

/// The path of the wanted node. `may_create`: where no node fits, one is made if that is permitted. (While the module is
/// just being loaded its control device is there before its nodes are.) `first`: the node that is served already, where a
/// second one is wanted.
///
/// # Errors
/// When there is none and none can be made: how to get one.
pub fn find(wanted: &Wanted, may_create: bool, first: Option<&Path>) -> Result<PathBuf, OutputError> {
    let label = match wanted {
        Wanted::Path(path) if first.is_some_and(|first| is_same(first, path)) => {
            return Err(OutputError::new(
                OutputErrorKind::Wrong,
                trf!("{node} is the first device already: choose another one, or none.", node = path.display()),
            ));
        }
        Wanted::Path(path) => return Ok(path.clone()),
        Wanted::Label(label) => label,
    };
    let mut nodes = camera::loopbacks(Path::new(camera::CLASS));
    if let Some(first) = first {
        nodes.retain(|node| !is_same(first, &node.path));
    }
    let labelled = nodes.iter().find(|node| node.name == text::name(label));
    let unnamed = || nodes.iter().find(|node| node.name.starts_with(UNNAMED));
    if let Some(node) = labelled.or_else(unnamed) {
        return Ok(node.path.clone());
    }
    match if may_create { create(label) } else { Err(()) } {
        Ok(path) => Ok(path),
        Err(()) if first.is_some() => Err(OutputError::new(
            OutputErrorKind::Missing,
            trf!(
                "No v4l2loopback device has the label \"{label}\": {how}.",
                label = label,
                how = how_to_get_two(label)
            ),
        )),
        Err(()) if nodes.is_empty() => Err(OutputError::new(
            OutputErrorKind::Missing,
            trf!("There is no v4l2loopback device: {how}.", how = how_to_get_a_node()),
        )),
        Err(()) => {
            let list: Vec<_> = nodes.iter().map(|node| format!("{} \"{}\"", node.path.display(), node.name)).collect();
            Err(OutputError::new(
                OutputErrorKind::Missing,
                trf!(
                    "No v4l2loopback device has the label \"{label}\" (there is {devices}): give one of these with --device, or {how}.",
                    label = label,
                    devices = list.join(", "),
                    how = how_to_get_a_node()
                ),
            ))
        }
    }
}

/// What to do when there is no node: install the module, load it, or update it for this kernel.
pub fn how_to_get_a_node() -> String {
    // TRANSLATORS: stands behind a colon or "and", as in "There is no v4l2loopback device: load it with ..."
    let load = tr("load it with \"sudo modprobe v4l2loopback exclusive_caps=1 max_buffers=8 card_label=Lenscap\"");
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let modules = PathBuf::from("/lib/modules").join(release.trim());
    let has_module = Path::new("/sys/module/v4l2loopback").exists()
        || fs::read_to_string(modules.join("modules.dep")).is_ok_and(|list| list.contains("v4l2loopback.ko"));
    if has_module {
        return load;
    }
    let fedora = tr("akmod-v4l2loopback (from RPM Fusion)");
    let install = Family::here().install_hint("v4l2loopback-dkms", &fedora, "v4l2loopback-dkms");
    trf!("the kernel module is missing, {install} and {load}", install = install, load = load)
}

/// Whether both lead to one device, under whatever name.
fn is_same(a: &Path, b: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).ok().filter(|meta| meta.rdev() != 0).map(|meta| meta.rdev());
    a == b || device(a).is_some_and(|a| device(b) == Some(a))
}

/// What to do when the module has one node and two are wanted, the second with this label.
fn how_to_get_two(label: &str) -> String {
    let first = label.strip_suffix(SECOND).unwrap_or("Lenscap");
    // TRANSLATORS: stands behind a colon, as in "No v4l2loopback device has the label ...: load it with ..."
    trf!(
        "close all programs that use the module, unload it with \"sudo modprobe -r v4l2loopback\", and load it with \
         \"sudo modprobe v4l2loopback devices=2 exclusive_caps=1,1 max_buffers=8 card_label='{first},{second}'\"",
        first = first,
        second = label
    )
}

/// Makes a node through the control device, where that exists and may be opened.
fn create(label: &str) -> Result<PathBuf, ()> {
    let control = fs::OpenOptions::new().read(true).write(true).open(CONTROL).map_err(|_| ())?;
    let config = LoopbackConfig { label: label.into(), max_buffers: super::loopback::BUFFERS, exclusive_caps: true };
    let number = v4l2::loopback_add(&control, &config).map_err(|error| {
        tracing::warn!("{CONTROL} made no device: {error}");
    })?;
    tracing::info!("made /dev/video{number} with the label \"{label}\"");
    Ok(PathBuf::from(format!("/dev/video{number}")))
}

/// Whether a node could be made: the control device is there and may be used.
pub fn can_create() -> bool {
    rustix::fs::access(CONTROL, rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK).is_ok()
}

/// On 0.12 with `exclusive_caps=0` nothing is reported of another writer but this: the node has a format and a user.
/// (Later versions answer EBUSY; they have the attribute `state`. With `exclusive_caps=1` a node that has a writer does not
/// say that it takes pictures.)
pub(super) fn legacy_writer(path: &Path) -> bool {
    let Some(name) = path.file_name() else { return false };
    let attributes = Path::new(camera::CLASS).join(name);
    if !attributes.join("max_openers").exists() || attributes.join("state").exists() {
        return false;
    }
    let caps = fs::read_to_string("/sys/module/v4l2loopback/parameters/exclusive_caps").unwrap_or_default();
    if are_exclusive(&caps, camera::loopbacks(Path::new(camera::CLASS)).len()) {
        return false;
    }
    let has_format = fs::read_to_string(attributes.join("format")).is_ok_and(|format| !format.trim().is_empty());
    has_format && !others_hold(path).is_empty()
}

/// Whether this many devices were all made with `exclusive_caps=1`, by the module's parameter: a letter a device, "Y,N,N".
fn are_exclusive(parameter: &str, devices: usize) -> bool {
    let mut letters = parameter.trim().split(',');
    devices > 0 && (0..devices).all(|_| letters.next() == Some("Y"))
}

/// Who else has the node open, as "name (process 123)"; empty when nobody can be seen.
pub fn others_hold(path: &Path) -> Vec<String> {
    detect::holders(path)
        .into_iter()
        .map(|(pid, name)| trf!("{name} (process {pid})", name = name, pid = pid))
        .collect()
}

/// Who holds the lock of the node, as "name (process 123, user anna)": the kernel says that of other users' processes,
/// too, whose descriptors it keeps to itself. `own`, a process id, is nobody: it is in the middle of taking the node.
pub(super) fn lock_holder(path: &Path, own: u32) -> Option<String> {
    let node = fs::metadata(path).ok()?;
    let pid = locker(&fs::read_to_string("/proc/locks").ok()?, node.ino()).filter(|pid| *pid != own)?;
    let process = Path::new("/proc").join(pid.to_string());
    let name = text::name(fs::read(process.join("comm")).ok()?);
    let uid = fs::metadata(&process).ok()?.uid();
    let user = entry_of("/etc/passwd", uid).unwrap_or_else(|| uid.to_string());
    Some(trf!("{name} (process {pid}, user {user})", name = name, pid = pid, user = user))
}

/// Of the lines of `/proc/locks`, as in "1: FLOCK  ADVISORY  WRITE 4711 00:05:653 0 EOF".
fn locker(locks: &str, inode: u64) -> Option<u32> {
    locks.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, file, ..] = fields[..] else { return None };
        let pid = pid.parse().ok().filter(|pid| *pid > 0)?;
        (file.rsplit(':').next()?.parse() == Ok(inode)).then_some(pid)
    })
}

/// Reports when a video node appears or changes its permissions: time to look again. Only alive while there is no output.
/// (Closes are not watched: every process that closes `/dev/null` would wake us. A busy node is tried again by time.)
#[derive(Debug)]
pub struct NodeWatch {
    inotify: Inotify,
}

impl NodeWatch {
    /// Starts to watch `/dev`.
    ///
    /// # Errors
    /// The kernel's error, for example when the user's inotify instances are used up.
    pub fn new() -> std::io::Result<Self> {
        let inotify = Inotify::init()?;
        inotify.watches().add("/dev", WatchMask::CREATE | WatchMask::ATTRIB | WatchMask::MOVED_TO)?;
        Ok(Self { inotify })
    }

    /// Readable when something happened.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }

    /// Drains what happened; whether it concerns a video node.
    pub fn dispatch(&mut self) -> bool {
        drain(&mut self.inotify, |name| name.starts_with(b"video") || name == b"v4l2loopback")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_exclusive_when_all_are() {
        assert!(are_exclusive("Y,N,N,N,N,N,N,N\n", 1) && are_exclusive("Y,Y,N\n", 2));
        assert!(!are_exclusive("N,Y\n", 2) && !are_exclusive("Y,N\n", 2) && !are_exclusive("", 1));
    }

    #[test]
    fn how_to_get_a_node_names_a_command() {
        assert!(how_to_get_a_node().contains("modprobe v4l2loopback"));
    }

    #[test]
    fn the_second_label_is_never_the_first_and_never_too_long() {
        assert_eq!(second_label("Lenscap"), "Lenscap 2");
        for label in ["x".repeat(31), "ü".repeat(15), "x 2".into(), "2".repeat(29) + " 2"] {
            let second = second_label(&label);
            assert!(second.len() <= MAX_LABEL && second.ends_with(" 2"), "{second}");
            assert!(second != label || label.len() == MAX_LABEL, "{second}");
        }
    }

    #[test]
    fn the_first_device_is_refused_as_the_second_under_any_name() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("/dev/full", &link).unwrap();
        for path in [Path::new("/dev/full"), &link] {
            let error = find(&Wanted::Path(path.into()), true, Some(Path::new("/dev/full"))).unwrap_err();
            assert_eq!(error.kind, OutputErrorKind::Wrong);
            assert!(error.text.contains("first device"), "{error}");
        }
        let other = find(&Wanted::Path("/dev/null".into()), true, Some(Path::new("/dev/full")));
        assert_eq!(other, Ok("/dev/null".into()));
    }

    #[test]
    fn the_holder_of_a_lock_is_named_with_its_user() {
        let locks = "1: POSIX  ADVISORY  WRITE 12 00:05:653 0 EOF\n2: FLOCK  ADVISORY  WRITE 4711 00:05:653 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 4712 00:05:653 0 EOF\n3: FLOCK  ADVISORY  WRITE 0 00:05:7 0 EOF\n";
        assert_eq!(locker(locks, 653), Some(4711));
        assert_eq!(locker(locks, 7), None, "a process outside of our namespace");
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(lock_holder(file.path(), 0), None);
        rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
        let holder = lock_holder(file.path(), 0).unwrap();
        assert_eq!(lock_holder(file.path(), std::process::id()), None);
        assert!(holder.contains(&format!("(process {}, user ", std::process::id())), "{holder}");
    }

    #[test]
    fn holders_of_a_device_are_found_and_we_are_not_among_them() {
        let mut child =
            std::process::Command::new("sleep").arg("60").stdin(fs::File::open("/dev/full").unwrap()).spawn().unwrap();
        let own = fs::File::open("/dev/full").unwrap();
        let holders = others_hold(Path::new("/dev/full"));
        child.kill().unwrap();
        child.wait().unwrap();
        drop(own);
        assert!(holders.contains(&format!("sleep (process {})", child.id())), "{holders:?}");
        assert!(!holders.iter().any(|holder| holder.contains(&format!("process {})", std::process::id()))));
    }
}
