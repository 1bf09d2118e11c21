//! Finds the loopback node: by driver and label, never by number; makes one where that is permitted; notices when one
//! comes or goes.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use inotify::{Inotify, WatchMask};

use super::{OutputError, OutputErrorKind};
use crate::distro::Family;
use crate::sys::v4l2::{self, LoopbackConfig};

/// Where the kernel lists video nodes.
const CLASS: &str = "/sys/class/video4linux";
/// The module's control device; root only by default.
const CONTROL: &str = "/dev/v4l2loopback";
/// The label of a node whose maker gave none ("Dummy video device (0x0000)").
const UNNAMED: &str = "Dummy video device";

/// Which node to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// This one.
    Path(PathBuf),
    /// The loopback with this label; else one without a label; else a new one.
    Label(String),
}

/// A loopback node, as sysfs shows it. Reading this opens no device.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    path: PathBuf,
    label: String,
}

/// The path of the wanted node. `may_create`: where no node fits, one is made if that is permitted. (While the module is
/// just being loaded its control device is there before its nodes are.)
///
/// # Errors
/// When there is none and none can be made: how to get one.
pub fn find(wanted: &Wanted, may_create: bool) -> Result<PathBuf, OutputError> {
    let label = match wanted {
        Wanted::Path(path) => return Ok(path.clone()),
        Wanted::Label(label) => label,
    };
    let nodes = loopbacks(Path::new(CLASS));
    let labelled = nodes.iter().find(|node| node.label == *label);
    let unnamed = || nodes.iter().find(|node| node.label.starts_with(UNNAMED));
    if let Some(node) = labelled.or_else(unnamed) {
        return Ok(node.path.clone());
    }
    match if may_create { create(label) } else { Err(()) } {
        Ok(path) => Ok(path),
        Err(()) if nodes.is_empty() => Err(OutputError::new(
            OutputErrorKind::Missing,
            format!("There is no v4l2loopback device: {}.", how_to_get_a_node()),
        )),
        Err(()) => {
            let list: Vec<_> = nodes.iter().map(|node| format!("{} \"{}\"", node.path.display(), node.label)).collect();
            Err(OutputError::new(
                OutputErrorKind::Missing,
                format!(
                    "No v4l2loopback device has the label \"{label}\" (there is {}): give one of these with --device, or {}.",
                    list.join(", "),
                    how_to_get_a_node()
                ),
            ))
        }
    }
}

/// What to do when there is no node: install the module, load it, or update it for this kernel.
pub fn how_to_get_a_node() -> String {
    let load =
        "load it with \"sudo modprobe v4l2loopback exclusive_caps=1 max_buffers=8 card_label=Lenscap\"".to_owned();
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let modules = PathBuf::from("/lib/modules").join(release.trim());
    let has_module = Path::new("/sys/module/v4l2loopback").exists()
        || fs::read_to_string(modules.join("modules.dep")).is_ok_and(|list| list.contains("v4l2loopback.ko"));
    if has_module {
        return load;
    }
    let install =
        Family::here().install_hint("v4l2loopback-dkms", "akmod-v4l2loopback (from RPM Fusion)", "v4l2loopback-dkms");
    format!("the kernel module is missing, {install} and {load}")
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

/// All loopback nodes in order of their numbers, told by their place in sysfs: opening other cameras would wake them.
fn loopbacks(class: &Path) -> Vec<Node> {
    let mut found: Vec<(u32, Node)> = fs::read_dir(class)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let number = name.strip_prefix("video")?.parse().ok()?;
            // v4l2loopback has neither a parent device nor a driver link; `max_openers` is its own attribute.
            if !entry.path().join("max_openers").exists() {
                return None;
            }
            let label = fs::read_to_string(entry.path().join("name")).ok()?.trim_end().to_owned();
            Some((number, Node { path: Path::new("/dev").join(name), label }))
        })
        .collect();
    found.sort_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, node)| node).collect()
}

/// On 0.12 with `exclusive_caps=0` nothing tells of another writer but this: the node has a format and a user.
/// (Later versions answer EBUSY; they have the attribute `state`.)
pub(super) fn legacy_writer(path: &Path) -> bool {
    let Some(name) = path.file_name() else { return false };
    let attributes = Path::new(CLASS).join(name);
    if !attributes.join("max_openers").exists() || attributes.join("state").exists() {
        return false;
    }
    let has_format = fs::read_to_string(attributes.join("format")).is_ok_and(|format| !format.trim().is_empty());
    has_format && !others_hold(path).is_empty()
}

/// Who else has the node open, as "name (process 123)"; empty when nobody can be seen.
pub fn others_hold(path: &Path) -> Vec<String> {
    let Ok(node) = fs::metadata(path) else { return Vec::new() };
    let own = std::process::id();
    let mut holders = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if pid == own {
            continue;
        }
        let holds = fs::read_dir(entry.path().join("fd")).into_iter().flatten().flatten().any(|fd| {
            // The link's text first: a stat of every descriptor of every process would be slow.
            fs::read_link(fd.path()).is_ok_and(|target| target.as_os_str().as_encoded_bytes().starts_with(b"/dev/"))
                && fs::metadata(fd.path()).is_ok_and(|meta| meta.rdev() == node.rdev() && meta.rdev() != 0)
        });
        if holds {
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            holders.push(format!("{} (process {pid})", name.trim_end()));
        }
    }
    holders
}

/// The name of the group that owns the node, "video" when it cannot be told.
pub(super) fn group_of(path: &Path) -> String {
    let Ok(gid) = fs::metadata(path).map(|meta| meta.gid()) else { return "video".into() };
    // Being in the group root is nobody's next step: such a node lacks its udev rule.
    if gid == 0 {
        return "video".into();
    }
    fs::read_to_string("/etc/group")
        .unwrap_or_default()
        .lines()
        .find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)?.parse() == Ok(gid)).then(|| name.to_owned())
        })
        .unwrap_or_else(|| "video".into())
}

/// Tells when a video node appears or changes its permissions: time to look again. Only alive while there is no output.
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
        let mut buffer = [0; 4096];
        let mut concerns = false;
        while let Ok(events) = self.inotify.read_events(&mut buffer) {
            let mut any = false;
            for event in events {
                any = true;
                concerns |= event.name.is_some_and(is_video_name);
            }
            if !any {
                break;
            }
        }
        concerns
    }
}

fn is_video_name(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"video") || name == "v4l2loopback"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopbacks_are_told_by_their_attributes_and_sorted_by_number() {
        let class = tempfile::tempdir().unwrap();
        let node = |name: &str, label: &str, is_loopback: bool| {
            let dir = class.path().join(name);
            fs::create_dir(&dir).unwrap();
            fs::write(dir.join("name"), format!("{label}\n")).unwrap();
            if is_loopback {
                fs::write(dir.join("max_openers"), "10\n").unwrap();
            }
        };
        node("video10", "Lenscap", true);
        node("video9", "OBS Virtual Camera", true);
        node("video0", "Integrated Camera", false);
        node("v4l-subdev0", "sensor", false);
        let found: Vec<_> = loopbacks(class.path()).into_iter().map(|node| (node.path, node.label)).collect();
        assert_eq!(
            found,
            [
                (PathBuf::from("/dev/video9"), "OBS Virtual Camera".to_owned()),
                (PathBuf::from("/dev/video10"), "Lenscap".to_owned())
            ]
        );
        assert!(loopbacks(Path::new("/nonexistent")).is_empty());
    }

    #[test]
    fn how_to_get_a_node_names_a_command() {
        assert!(how_to_get_a_node().contains("modprobe v4l2loopback"));
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
