//! What the worker gives up before it loads anything of others: the libraries of camera vendors read the pictures, and shall
//! do nothing else.
//!
//! Entered when the settings are known, before GStreamer is loaded and before any device is opened; it cannot be left again,
//! and whatever the worker starts (GStreamer's plugin scanner) is in it as well. Each part holds as far as the kernel has it.
//!
//! 1. `no_new_privs`: no program gains privileges. No core dumps: they would hold pictures.
//! 2. Files (Landlock): programs, libraries and the system's settings are read; written are the camera's nodes, what drivers
//!    and vendors' libraries share (`/dev/dri`, `/dev/dma_heap`, `/run/camera`, ...), and a cache of GStreamer's of our own.
//!    Home is closed, and so is everything that is not named below. **The devices that Lenscap serves cannot be opened**,
//!    nor another USB camera than the chosen one. Nothing outside gets a signal (Linux 6.12), and nobody outside is traced,
//!    nor its `/proc/PID/{fd,mem,environ}` read.
//! 3. System calls (seccomp), a list of what is denied: sockets but `AF_UNIX` and the kernel's device events, tracing, mounts,
//!    namespaces, BPF, keys, io_uring, userfaultfd, modules, clocks. Nobody is connected to, but by the PipeWire source, which
//!    has to: through a session bus one could ask others for what is denied here. Shared memory of System V is left alone:
//!    Intel's library needs it.
//!
//! Why the frames' memory needs no rule: the worker gets a descriptor of the output, maps its buffers and closes it before it
//! loads anything, and a mapping takes no `S_FMT`, `REQBUFS` or `STREAMOFF`. A filter on ioctls by their number would not do:
//! the camera needs the same numbers. A copied ring would cost a copy of every picture, and protect the same pages.
//!
//! The processes that list cameras, controls and elements are in it as well. What it does not keep from: a user's own `pipeline:` is
//! exempt. Intel's and libcamera's cameras need every node of a device; nodes without one, as loopbacks are, they do not get.
//! Other processes' names and command lines can be read in `/proc`.

mod calls;
mod registry;

use std::path::{Path, PathBuf};

use crate::camera::{DeviceAccess, backend};
use lenscap_core::sandbox::{Hold, Sandbox};
use lenscap_core::source::Source;
use lenscap_sandbox::files::{self, Reach};
use lenscap_sys::process;

/// Nodes that are looked at.
const MAX_NODES: usize = 256;

/// Read, and programs in it run.
const READ: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc",
    "/sys",
    "/proc",
    "/run/udev",
    "/run/opengl-driver",
    "/opt",
    "/app",
    "/nix/store",
    "/gnu/store",
    "/dev/v4l",
];
/// Written as well.
const WRITE: &[&str] = &[
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/shm",
    "/dev/dri",
    "/dev/dma_heap",
    "/dev/udmabuf",
    "/run/camera",
    "/var/run/camera",
];
/// Beginnings of the names of nodes that drivers of cameras have, but for video nodes.
const NODES: &[&str] = &["media", "v4l-subdev", "ipu-psys", "ipu6-psys", "ipu7-psys", "nvidia", "nvhost", "nvmap"];
/// Environment variables that name directories with plugins and libraries, or a program.
const LISTS: &[&str] = &[
    "GST_PLUGIN_PATH",
    "GST_PLUGIN_PATH_1_0",
    "GST_PLUGIN_SYSTEM_PATH",
    "GST_PLUGIN_SYSTEM_PATH_1_0",
    "GST_PLUGIN_SCANNER",
    "GST_PLUGIN_SCANNER_1_0",
    "LD_LIBRARY_PATH",
    "LIBCAMERA_IPA_MODULE_PATH",
    "LIBCAMERA_IPA_PROXY_PATH",
    "LIBCAMERA_IPA_CONFIG_PATH",
];

/// Enters it. `excluded`: the nodes that Lenscap serves. Call it while there is a single thread.
pub fn enter(source: &Source, excluded: &[PathBuf]) -> Sandbox {
    let backend = backend(source);
    let access = backend.device_access();
    if access == DeviceAccess::Unconfined {
        return Sandbox::OwnPipeline;
    }
    let cache = registry::cache().map(|cache| (Reach::Write, cache));
    restrict(&access, excluded, cache, backend.connects())
}

/// As [`enter`], with no camera at all, to look at what GStreamer has. What it finds without cameras is not kept for those who
/// have some: the plugin for V4L2 has elements by nodes.
pub(super) fn enter_to_look() -> Sandbox {
    restrict(&DeviceAccess::Nothing, &[], registry::cache().map(|cache| (Reach::Read, cache)), false)
}

fn restrict(access: &DeviceAccess, excluded: &[PathBuf], cache: Option<(Reach, PathBuf)>, connects: bool) -> Sandbox {
    if let Err(error) = process::forbid_core_dumps() {
        tracing::debug!("core dumps cannot be forbidden: {error}");
    }
    let files = match restrict_files(access, excluded, cache) {
        Ok(hold) => hold,
        Err(error) => {
            tracing::warn!("the camera process is not kept from the user's files: {error}");
            Hold::None
        }
    };
    let calls = match calls::restrict(connects) {
        Ok(()) => Hold::Full,
        Err(error) => {
            tracing::warn!("the camera process may make every system call: {error}");
            Hold::None
        }
    };
    Sandbox::On { files, calls }
}

fn restrict_files(
    access: &DeviceAccess,
    excluded: &[PathBuf],
    cache: Option<(Reach, PathBuf)>,
) -> Result<Hold, files::Error> {
    let mut read: Vec<PathBuf> = READ.iter().map(PathBuf::from).collect();
    read.extend(given_directories());
    let mut write: Vec<PathBuf> = WRITE.iter().map(PathBuf::from).collect();
    write.extend(nodes(access, excluded, Path::new("/dev"), Path::new("/sys")));
    let cache = cache.map(|(reach, path)| (reach, vec![path]));
    let rules = [(Reach::List, vec!["/dev".into()]), (Reach::Run, read), (Reach::Write, write)];
    files::restrict(rules.into_iter().chain(cache))
}

/// What the environment names.
fn given_directories() -> impl Iterator<Item = PathBuf> {
    let base = directories::BaseDirs::new();
    let plugins = base.map(|base| base.data_dir().join("gstreamer-1.0/plugins"));
    files::named_by(LISTS).into_iter().chain(plugins)
}

/// The nodes that this source may need. A USB camera is one node, or named by one; what is behind other sources is known to
/// the vendor's library alone: every node but those that Lenscap serves.
fn nodes(access: &DeviceAccess, excluded: &[PathBuf], dev: &Path, sys: &Path) -> Vec<PathBuf> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let excluded: Vec<PathBuf> = excluded.iter().map(|path| real(path)).collect();
    let (named, and_virtual) = match access {
        DeviceAccess::Node(path) => (Some(real(path)), false),
        DeviceAccess::Every { and_virtual } => (None, *and_virtual),
        DeviceAccess::Nothing | DeviceAccess::Unconfined => return Vec::new(),
    };
    let is_needed = |name: &str| {
        if NODES.iter().any(|start| name.starts_with(start)) {
            return true;
        }
        let path = dev.join(name);
        if !name.starts_with("video") || excluded.contains(&path) {
            return false;
        }
        let device = sys.join("class/video4linux").join(name).canonicalize().unwrap_or_default();
        let device = device.to_string_lossy();
        let Some(named) = &named else { return and_virtual || !device.contains("/virtual/") };
        // Decoders of the machine are of use to any camera.
        *named == path || !(device.contains("/usb") || device.contains("/virtual/"))
    };
    let entries = std::fs::read_dir(dev).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_needed(name))
        .map(|name| dev.join(name))
        .take(MAX_NODES)
        .collect();
    found.extend(named.filter(|path| !excluded.contains(path)));
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_chosen_camera_and_what_is_no_camera_is_given_and_never_an_output() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let (dev, sys) = (root.join("dev"), root.join("sys"));
        fs::create_dir_all(dev.join("v4l")).unwrap();
        fs::create_dir_all(sys.join("class/video4linux")).unwrap();
        for (name, device) in [
            ("video0", "pci0/usb1/1-1"),
            ("video1", "pci0/usb1/1-2"),
            ("video10", "platform/codec"),
            ("video30", "virtual"),
            ("video31", "virtual"),
        ] {
            fs::write(dev.join(name), "").unwrap();
            let device = sys.join("devices").join(device).join("video4linux").join(name);
            fs::create_dir_all(&device).unwrap();
            symlink(device, sys.join("class/video4linux").join(name)).unwrap();
        }
        for name in ["media0", "mem", "sda", "hidraw0"] {
            fs::write(dev.join(name), "").unwrap();
        }
        symlink("../video0", dev.join("v4l/webcam")).unwrap();
        let excluded = [dev.join("video30")];
        let names = |source: Source| -> Vec<String> {
            let found = nodes(&backend(&source).device_access(), &excluded, &dev, &sys);
            found.iter().map(|path| path.strip_prefix(&dev).unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names(Source::V4l2(dev.join("v4l/webcam"))), ["media0", "video0", "video10"]);
        assert_eq!(names(Source::V4l2(dev.join("video30"))), ["media0", "video10"], "itself");
        assert_eq!(names(Source::Auto), ["media0", "video0", "video1", "video10", "video31"]);
        assert_eq!(names(Source::Libcamera(None)), ["media0", "video0", "video1", "video10"]);
        assert!(names(Source::Test).is_empty() && names(Source::PipeWire(None)).is_empty());
    }
}
