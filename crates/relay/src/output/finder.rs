//! Finds the loopback node: by driver and label, never by number; makes one where that is permitted; notices when one
//! comes or goes.

use std::ffi::OsString;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use inotify::{Inotify, WatchMask};

use super::OutputError;
use crate::detect;
use lenscap_api::{DEVICE_LABEL, FURTHER_DEVICES_UNIT};
use lenscap_cameras::group::entry_of;
use lenscap_cameras::{self as camera, watch::drain};
use lenscap_core::presence::Further;
use lenscap_core::trouble::output::{LoopbackNode, NodeHolder, OutputTrouble};
use lenscap_rootfs::{Root, units};
use lenscap_sys::v4l2::{self, LoopbackConfig};
use lenscap_text::{self as text, Detail, Text};

/// The module's control device; root only by default.
pub const CONTROL: &str = "/dev/v4l2loopback";
/// There from version 0.13 of the module on: it gives devices at any time.
pub const CONTROL_CLASS: &str = "/sys/class/misc/v4l2loopback";
/// The label of a node whose maker gave none ("Dummy video device (0x0000)").
const UNNAMED: &str = "Dummy video device";

/// What the kernel calls this node, as applications do; the path where there is none.
pub fn label_of(path: &Path) -> String {
    let nodes = camera::loopbacks(Path::new(camera::CLASS));
    let node = nodes.into_iter().find(|node| is_same(&node.path, path));
    node.map_or_else(|| path.display().to_string(), |node| node.name)
}

/// A node that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its path.
    pub path: PathBuf,
    /// Whether it was made just now.
    pub is_made: bool,
}

impl Found {
    fn there(path: &Path) -> Self {
        Self { path: path.to_owned(), is_made: false }
    }
}

/// What the same relay serves beside the node that is looked for, or is told to serve.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// Whether a further node is looked for, and not the main one.
    pub is_further: bool,
    /// How many nodes are asked for altogether.
    pub count: u32,
    /// The others, as far as they are known.
    pub nodes: Vec<PathBuf>,
}

impl Beside {
    fn has(&self, path: &Path) -> bool {
        self.nodes.iter().any(|node| is_same(node, path))
    }
}

/// Which node to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// This one.
    Path(PathBuf),
    /// The loopback with this label; else one without a label; else a new one.
    Label(String),
}

/// The wanted node. `may_create`: where no node fits, one is made if that is permitted. (While the module is
/// just being loaded its control device is there before its nodes are.)
///
/// # Errors
/// When there is none and none can be made.
pub fn find(wanted: &Wanted, may_create: bool, beside: &Beside) -> Result<Found, OutputError> {
    let label = match wanted {
        Wanted::Path(path) if beside.is_further && beside.has(path) => {
            return Err(OutputTrouble::FirstDevice { node: Detail::of_path(path) }.into());
        }
        Wanted::Path(path) => return Ok(Found::there(path)),
        Wanted::Label(label) => label,
    };
    let mut nodes = camera::loopbacks(Path::new(camera::CLASS));
    nodes.retain(|node| !beside.has(&node.path));
    let labelled = nodes.iter().find(|node| node.name == text::name(label));
    let unnamed = || nodes.iter().find(|node| is_unnamed(node));
    if let Some(node) = labelled.or_else(unnamed) {
        return Ok(Found::there(&node.path));
    }
    if may_create && let Some(path) = create(label) {
        return Ok(Found { path, is_made: true });
    }
    let label = Text::from(label);
    Err(OutputError::from(match () {
        () if beside.is_further => {
            let can_set_up = can_set_up(&Root::default(), &label);
            OutputTrouble::NoFurtherNode { label, count: beside.count, can_set_up }
        }
        () if nodes.is_empty() => OutputTrouble::NoNode { is_installed: is_module_installed() },
        () => {
            let list = nodes
                .iter()
                .map(|node| LoopbackNode { node: Detail::of_path(&node.path), label: node.name.as_str().into() });
            OutputTrouble::NoSuchLabel { label, nodes: list.collect(), is_installed: is_module_installed() }
        }
    }))
}

/// Whether its maker gave it no label: it is taken where one of a label is missing.
pub fn is_unnamed(node: &camera::Node) -> bool {
    node.name.starts_with(UNNAMED)
}

/// Whether v4l2loopback is there for the running kernel, loaded or not.
pub fn is_module_installed() -> bool {
    is_module_installed_below(Path::new("/"))
}

/// As [`is_module_installed`], of a system whose root this is.
pub fn is_module_installed_below(root: &Path) -> bool {
    let release = fs::read_to_string(root.join("proc/sys/kernel/osrelease")).unwrap_or_default();
    let modules = root.join("lib/modules").join(release.trim());
    root.join("sys/module/v4l2loopback").exists()
        || fs::read_to_string(modules.join("modules.dep")).is_ok_and(|list| list.contains("/v4l2loopback.ko"))
}

/// Whether `lenscap setup` makes a further node of this label below this root: it knows our own name alone, and needs the module's
/// control device and the unit of our package.
pub fn can_set_up(root: &Root, label: &str) -> bool {
    Further::ALL.iter().any(|further| further.label(DEVICE_LABEL) == label)
        && root.exists(CONTROL_CLASS)
        && units::SYSTEM.iter().any(|directory| root.at(directory).join(FURTHER_DEVICES_UNIT).is_file())
}

/// Whether both lead to one device, under whatever name.
fn is_same(a: &Path, b: &Path) -> bool {
    let device = |path: &Path| fs::metadata(path).ok().filter(|meta| meta.rdev() != 0).map(|meta| meta.rdev());
    a == b || device(a).is_some_and(|a| device(b) == Some(a))
}

/// Makes a node through the control device, where that exists and may be opened.
fn create(label: &str) -> Option<PathBuf> {
    let control = fs::OpenOptions::new().read(true).write(true).open(CONTROL).ok()?;
    let config = LoopbackConfig { label: label.into(), max_buffers: super::BUFFERS, exclusive_caps: true };
    let added = v4l2::loopback_add(&control, &config);
    let number = added.map_err(|error| tracing::warn!("{CONTROL} made no device: {error}")).ok()?;
    tracing::info!("made /dev/video{number} with the label \"{label}\"");
    Some(PathBuf::from(format!("/dev/video{number}")))
}

/// Removes a node that was made here. One that somebody has open stays.
pub fn remove(path: &Path) {
    let number = path.to_str().and_then(|path| path.strip_prefix("/dev/video")?.parse().ok());
    let Some(number) = number else { return };
    let control = fs::OpenOptions::new().read(true).write(true).open(CONTROL);
    match control.and_then(|control| v4l2::loopback_remove(control, number)) {
        Ok(()) => tracing::info!("removed {}, which was made here", path.display()),
        Err(error) => tracing::info!("{} stays: {error}", path.display()),
    }
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

/// Who else has the node open; empty when nobody can be seen.
pub fn others_hold(path: &Path) -> Vec<NodeHolder> {
    let holders = detect::holders(path).into_iter();
    holders.map(|(pid, name)| NodeHolder { pid, name: name.into(), user: None }).collect()
}

/// Who holds the lock of the node, with its user: the kernel says that of other users' processes, too, whose descriptors
/// it keeps to itself. `own`, a process id, is nobody: it is in the middle of taking the node.
pub(super) fn lock_holder(path: &Path, own: u32) -> Option<NodeHolder> {
    let node = fs::metadata(path).ok()?;
    let pid = locker(&fs::read_to_string("/proc/locks").ok()?, node.ino()).filter(|pid| *pid != own)?;
    let process = Path::new("/proc").join(pid.to_string());
    let name = text::name(fs::read(process.join("comm")).ok()?).into();
    let uid = fs::metadata(&process).ok()?.uid();
    let user = entry_of("/etc/passwd", uid).unwrap_or_else(|| uid.to_string());
    Some(NodeHolder { pid, name, user: Some(user.into()) })
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

/// Reports when what is missing appears or changes its permissions: time to look again. Only alive while there is no output.
/// (Closes are not watched: every process that closes `/dev/null` would wake us. A busy node is tried again by time.)
#[derive(Debug)]
pub struct NodeWatch {
    inotify: Inotify,
    awaited: Awaited,
}

#[derive(Debug)]
enum Awaited {
    /// A video node, or what makes one.
    Node,
    /// A file of this name.
    File(OsString),
}

impl NodeWatch {
    /// Starts to watch `/dev`.
    ///
    /// # Errors
    /// The kernel's error, for example when the user's inotify instances are used up.
    pub fn new() -> std::io::Result<Self> {
        Self::of(Path::new("/dev"), Awaited::Node)
    }

    /// Starts to watch for this file.
    ///
    /// # Errors
    /// The kernel's error; `NotFound` where there is no directory for it.
    pub fn for_file(path: &Path) -> std::io::Result<Self> {
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(std::io::ErrorKind::NotFound.into());
        };
        Self::of(directory, Awaited::File(name.to_owned()))
    }

    fn of(directory: &Path, awaited: Awaited) -> std::io::Result<Self> {
        let inotify = Inotify::init()?;
        inotify.watches().add(directory, WatchMask::CREATE | WatchMask::ATTRIB | WatchMask::MOVED_TO)?;
        Ok(Self { inotify, awaited })
    }

    /// Readable when something happened.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }

    /// Drains what happened; whether it concerns what is awaited.
    pub fn dispatch(&mut self) -> bool {
        match &self.awaited {
            Awaited::Node => drain(&mut self.inotify, |name| name.starts_with(b"video") || name == b"v4l2loopback"),
            Awaited::File(awaited) => drain(&mut self.inotify, |name| name == awaited.as_bytes()),
        }
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
    fn setup_makes_further_devices_of_our_name_where_the_module_and_our_package_can() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::new(directory.path());
        let put = |path: &str| {
            let path = root.at(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        put(CONTROL_CLASS);
        assert!(!can_set_up(&root, "Lenscap 2"), "a build tree");
        put("/usr/lib/systemd/system/lenscap-further-devices.service");
        assert!(can_set_up(&root, "Lenscap 2") && can_set_up(&root, "Lenscap 4"));
        assert!(!can_set_up(&root, "Lenscap 5") && !can_set_up(&root, "Lenscap") && !can_set_up(&root, "Cam 2"));
        fs::remove_file(root.at(CONTROL_CLASS)).unwrap();
        assert!(!can_set_up(&root, "Lenscap 2"), "0.12");
    }

    #[test]
    fn no_device_is_served_twice_under_whatever_name() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink("/dev/full", &link).unwrap();
        let nodes = vec!["/dev/zero".into(), "/dev/full".into()];
        let beside = Beside { is_further: true, count: 3, nodes };
        for path in [Path::new("/dev/full"), &link, Path::new("/dev/zero")] {
            let error = find(&Wanted::Path(path.into()), true, &beside).unwrap_err();
            assert_eq!(error.trouble, OutputTrouble::FirstDevice { node: Detail::of_path(path) });
        }
        assert_eq!(find(&Wanted::Path("/dev/null".into()), true, &beside), Ok(Found::there(Path::new("/dev/null"))));
        let main = Beside { is_further: false, ..beside };
        let first = find(&Wanted::Path("/dev/full".into()), true, &main);
        assert_eq!(first, Ok(Found::there(Path::new("/dev/full"))), "it comes first");
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
        assert_eq!(holder.pid, std::process::id());
        assert!(holder.user.is_some_and(|user| !user.is_empty()) && !holder.name.is_empty());
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
        let sleep = NodeHolder { pid: child.id(), name: "sleep".into(), user: None };
        assert!(holders.contains(&sleep), "{holders:?}");
        assert!(!holders.iter().any(|holder| holder.pid == std::process::id()));
    }
}
