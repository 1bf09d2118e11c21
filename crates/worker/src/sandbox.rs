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
//! The processes that list cameras and controls are in it as well. What it does not keep from: a user's own `pipeline:` is
//! exempt. Intel's and libcamera's cameras need every node of a device; nodes without one, as loopbacks are, they do not get.
//! Other processes' names and command lines can be read in `/proc`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
    path_beneath_rules,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use crate::camera::{DeviceAccess, backend};
use lenscap_core::sandbox::{Hold, Sandbox};
use lenscap_core::source::Source;
use lenscap_sys::process;

/// Landlock as of Linux 6.12; older kernels enforce what they know.
const LANDLOCK: ABI = ABI::V6;
/// Environment variable that names GStreamer's list of plugins.
const REGISTRY_VARIABLE: &str = "GST_REGISTRY";
/// Largest list of plugins taken over from the user's own.
const MAX_REGISTRY: u64 = 32 << 20;
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
    if let Err(error) = process::forbid_core_dumps() {
        tracing::debug!("core dumps cannot be forbidden: {error}");
    }
    let files = match restrict_files(&access, excluded, cache()) {
        Ok(RulesetStatus::FullyEnforced) => Hold::Full,
        Ok(RulesetStatus::PartiallyEnforced) => Hold::Part,
        Ok(RulesetStatus::NotEnforced) => Hold::None,
        Err(error) => {
            tracing::warn!("the camera process is not kept from the user's files: {error}");
            Hold::None
        }
    };
    let calls = match restrict_calls(backend.connects()) {
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
    cache: Option<PathBuf>,
) -> Result<RulesetStatus, RulesetError> {
    let mut read: Vec<PathBuf> = READ.iter().map(PathBuf::from).collect();
    read.extend(given_directories());
    let mut write: Vec<PathBuf> = WRITE.iter().map(PathBuf::from).collect();
    write.extend(nodes(access, excluded, Path::new("/dev"), Path::new("/sys")));
    write.extend(cache);
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(LANDLOCK))?
        .handle_access(AccessNet::from_all(LANDLOCK))?
        .scope(Scope::from_all(LANDLOCK))?
        .create()?
        .add_rules(path_beneath_rules(["/dev"], AccessFs::ReadDir))?
        .add_rules(path_beneath_rules(read, AccessFs::from_read(LANDLOCK)))?
        .add_rules(path_beneath_rules(write, AccessFs::from_all(LANDLOCK)))?
        .restrict_self()?;
    Ok(status.ruleset)
}

/// What the environment names: whoever sets it may.
fn given_directories() -> impl Iterator<Item = PathBuf> {
    let listed = LISTS.iter().filter_map(std::env::var_os);
    let listed: Vec<PathBuf> = listed.flat_map(|list| std::env::split_paths(&list).collect::<Vec<_>>()).collect();
    let base = directories::BaseDirs::new();
    let plugins = base.map(|base| base.data_dir().join("gstreamer-1.0/plugins"));
    listed.into_iter().filter(|path| path.is_absolute() && path != Path::new("/")).chain(plugins)
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

/// Where GStreamer may keep its list of plugins: what the environment names, or else what is named there from now on.
fn cache() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os(REGISTRY_VARIABLE) {
        return make_cache(Path::new(&given));
    }
    let registry = registry()?;
    let directory = make_cache(&registry)?;
    process::set_variable(REGISTRY_VARIABLE, &registry).ok()?;
    Some(directory)
}

/// The directory of our own list of plugins, with the user's as the first: a whole scan takes seconds.
fn make_cache(registry: &Path) -> Option<PathBuf> {
    let directory = registry.parent()?;
    // Somebody else's list stays where it is.
    if !directory.ends_with("lenscap") {
        return registry.exists().then(|| registry.to_owned());
    }
    std::fs::create_dir_all(directory).ok()?;
    let theirs = directory.parent()?.join("gstreamer-1.0").join(registry.file_name()?);
    if !registry.exists() && theirs.metadata().is_ok_and(|theirs| theirs.is_file() && theirs.len() <= MAX_REGISTRY) {
        // Complete, or not there.
        let partial = directory.join(format!("registry.{}", std::process::id()));
        let _ = std::fs::copy(&theirs, &partial).and_then(|_| std::fs::rename(&partial, registry));
    }
    Some(directory.to_owned())
}

/// Where our own list of plugins is: GStreamer's own name for it, in our directory.
fn registry() -> Option<PathBuf> {
    let base = directories::BaseDirs::new().filter(|_| std::env::var_os("GST_REGISTRY_1_0").is_none())?;
    Some(base.cache_dir().join(format!("lenscap/registry.{}.bin", std::env::consts::ARCH)))
}

fn restrict_calls(may_connect: bool) -> Result<(), seccompiler::Error> {
    let arch = std::env::consts::ARCH.try_into()?;
    let apply = |rules: BTreeMap<i64, Vec<SeccompRule>>, errno: i32| -> Result<(), seccompiler::Error> {
        let denied = SeccompAction::Errno(errno.cast_unsigned());
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, arch)?;
        seccompiler::apply_filter(&BpfProgram::try_from(filter)?)
    };
    // Its flags are in memory, which no filter sees: without it libc takes `clone`.
    apply([(libc::SYS_clone3, Vec::new())].into(), libc::ENOSYS)?;
    apply(denied_calls(may_connect)?, libc::EPERM)
}

/// The system calls that fail, each always or where one of its rules matches.
fn denied_calls(may_connect: bool) -> Result<BTreeMap<i64, Vec<SeccompRule>>, seccompiler::BackendError> {
    let mut calls: BTreeMap<i64, Vec<SeccompRule>> = ALWAYS_DENIED.iter().map(|call| (*call, Vec::new())).collect();
    #[cfg(target_arch = "x86_64")]
    calls.extend([libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_uselib].map(|call| (call, Vec::new())));
    if !may_connect {
        calls.insert(libc::SYS_connect, Vec::new());
    }
    let is = |argument, operator, value: i64| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value.cast_unsigned())
    };
    let (unix, netlink) = (i64::from(libc::AF_UNIX), i64::from(libc::AF_NETLINK));
    let events = i64::from(libc::NETLINK_KOBJECT_UEVENT);
    let sockets = vec![
        SeccompRule::new(vec![is(0, SeccompCmpOp::Ne, unix)?, is(0, SeccompCmpOp::Ne, netlink)?])?,
        SeccompRule::new(vec![is(0, SeccompCmpOp::Eq, netlink)?, is(2, SeccompCmpOp::Ne, events)?])?,
    ];
    calls.insert(libc::SYS_socket, sockets);
    let namespaces = [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWCGROUP,
    ];
    let clone = namespaces.map(|flag| {
        let flag = i64::from(flag);
        SeccompRule::new(vec![is(0, SeccompCmpOp::MaskedEq(flag.cast_unsigned()), flag)?])
    });
    calls.insert(libc::SYS_clone, clone.into_iter().collect::<Result<_, _>>()?);
    // Keys typed into the terminal that Lenscap was started in.
    let ioctl = SeccompRule::new(vec![is(1, SeccompCmpOp::Eq, i64::from(libc::TIOCSTI as u32))?])?;
    calls.insert(libc::SYS_ioctl, vec![ioctl]);
    // The same calls by the numbers of x32, where a kernel has that.
    #[cfg(target_arch = "x86_64")]
    {
        const X32: i64 = 0x4000_0000;
        let twins: Vec<_> = calls.iter().map(|(call, rules)| (call | X32, rules.clone())).collect();
        calls.extend(twins);
    }
    Ok(calls)
}

const ALWAYS_DENIED: &[i64] = &[
    // Into other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_process_madvise,
    // Mounts and namespaces.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fsconfig,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    // Parts of the kernel that nobody here needs.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_fanotify_init,
    libc::SYS_syslog,
    libc::SYS_quotactl,
    libc::SYS_acct,
    libc::SYS_vhangup,
    libc::SYS_personality,
    // The machine.
    libc::SYS_reboot,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

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

    #[test]
    fn the_list_of_denied_calls_can_be_made() {
        assert!(denied_calls(false).unwrap().contains_key(&libc::SYS_connect));
        assert!(!denied_calls(true).unwrap().contains_key(&libc::SYS_connect));
    }

    #[test]
    fn only_our_own_list_of_plugins_is_made() {
        let cache = tempfile::tempdir().unwrap();
        let theirs = cache.path().join("gstreamer-1.0/registry.x.bin");
        fs::create_dir(theirs.parent().unwrap()).unwrap();
        fs::write(&theirs, "plugins").unwrap();
        let ours = cache.path().join("lenscap/registry.x.bin");
        assert_eq!(make_cache(&ours), Some(cache.path().join("lenscap")));
        assert_eq!(fs::read_to_string(&ours).unwrap(), "plugins");
        assert_eq!(make_cache(&theirs), Some(theirs.clone()), "the file alone");
        assert_eq!(make_cache(&cache.path().join("x.bin")), None);
    }
}
