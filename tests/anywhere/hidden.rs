//! `lenscap-raw-cameras`: what it starts, and as what. As root, which alone can make it set-group-id; it is then run by nobody.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use lenscap::camera::hidden::{NO_GROUP, PROGRAM};
use lenscap::core::trouble::Trouble;
use lenscap::frame::format::PixelFormat::Yuy2;
use lenscap_test_support::process::output_of;
use lenscap_test_support::programs::{copy, program};
use lenscap_worker_rig::{Rig, format};

/// Of no group of any system's.
const GROUP: u32 = 41_414;
/// What a worker has to say here of itself.
const WORKER: &str =
    "#!/bin/sh\nexec 2>&1\necho \"arguments $*\"\ngrep -E '^(Gid|NoNewPrivs)' /proc/self/status\ncat <&7\nenv\n";

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
}

/// A directory as the package makes it, with this worker; `None` where that cannot be.
fn installed(test: &str, worker: &Path) -> Option<tempfile::TempDir> {
    if !rustix::process::geteuid().is_root() {
        println!("SKIP {test}: only root makes a program set-group-id");
        return None;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let flags = rustix::fs::statvfs(directory.path()).expect("a file system").f_flag;
    if flags.contains(rustix::fs::StatVfsMountFlags::NOSUID) {
        println!("SKIP {test}: {} is mounted nosuid", directory.path().display());
        return None;
    }
    mode(directory.path(), 0o755);
    let at = |name: &str| directory.path().join(name);
    copy(worker, &at("lenscap-worker"));
    copy(&program(PROGRAM), &at(PROGRAM));
    chown(at(PROGRAM), None, Some(GROUP)).expect("given");
    mode(&at(PROGRAM), 0o2755);
    Some(directory)
}

/// As [`installed`]: its worker says what it is.
fn talkative(test: &str) -> Option<tempfile::TempDir> {
    let text = tempfile::NamedTempFile::new().expect("a file");
    fs::write(&text, WORKER).expect("written");
    mode(text.path(), 0o755);
    installed(test, text.path())
}

/// Run by nobody, with a descriptor and variables; the exit status and what was said.
fn run(directory: &Path, more: &[&str]) -> (Option<i32>, String) {
    let text = directory.join("descriptor");
    fs::write(&text, "descriptor\n").expect("written");
    let script = "exec 7<\"$0\"; exec \"$@\" 2>&1";
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).args(more);
    command.args(["sh", "-c", script]).arg(text).arg(directory.join(PROGRAM)).args(["5", "a b"]);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").env("HOME", "/nowhere");
    for name in ["GST_PLUGIN_PATH", "GST_REGISTRY", "GIO_MODULE_DIR", "LIBCAMERA_IPA_MODULE_PATH", "LD_BIND_NOW"] {
        command.env(name, "/nowhere");
    }
    let (status, printed) = output_of(&mut command);
    (status.code(), String::from_utf8_lossy(&printed).into_owned())
}

#[test]
fn the_worker_has_the_group_alone_and_nothing_that_loads_code() {
    let Some(directory) = talkative("the_worker_has_the_group_alone_and_nothing_that_loads_code") else { return };
    let (status, said) = run(directory.path(), &[]);
    assert_eq!(status, Some(0), "{said}");
    let group = GROUP.to_string();
    for expected in [
        "arguments 5 a b",
        &format!("Gid:\t{}", [group.as_str(); 4].join("\t")),
        "NoNewPrivs:\t0",
        "descriptor",
        "LC_ALL=C.UTF-8",
        "HOME=/nowhere",
    ] {
        assert!(said.lines().any(|line| line == expected), "{expected}: {said}");
    }
    for name in ["GST_", "GIO_", "LIBCAMERA_", "LD_", "PATH=/usr"] {
        assert!(!said.lines().any(|line| line.starts_with(name)), "{name}: {said}");
    }
}

#[test]
fn without_its_group_or_where_others_may_write_it_starts_nothing() {
    let Some(directory) = talkative("without_its_group_or_where_others_may_write_it_starts_nothing") else { return };
    let refused = |status: i32, more: &[&str]| {
        let (ended, said) = run(directory.path(), more);
        assert_eq!((ended, said.lines().count()), (Some(status), 1), "{said}");
        assert!(said.starts_with("lenscap-raw-cameras: "), "{said}");
    };
    refused(NO_GROUP, &["--no-new-privs"]);
    mode(directory.path(), 0o1777);
    refused(1, &[]);
    mode(directory.path(), 0o755);
    chown(directory.path(), Some(65_534), None).expect("given");
    refused(1, &[]);
    chown(directory.path(), Some(0), None).expect("given");
    mode(&directory.path().join(PROGRAM), 0o755);
    refused(NO_GROUP, &[]);
}

#[test]
fn the_relay_has_its_worker_through_it_and_is_told_where_it_has_no_group() {
    let test = "the_relay_has_its_worker_through_it_and_is_told_where_it_has_no_group";
    let Some(directory) = installed(test, &program("examples/fake-worker")) else { return };
    let through = directory.path().join(PROGRAM);
    let spawn = || Rig::spawn(&through, "test", format(Yuy2, 64, 32, 30), &[]);
    let mut rig = spawn();
    rig.run(3);
    let status = fs::read_to_string(format!("/proc/{}/status", rig.host.pid())).expect("it runs");
    assert!(status.contains(&format!("\nGid:\t{GROUP}\t{GROUP}\t{GROUP}\t{GROUP}\n")), "{status}");
    rig.stop();
    mode(&through, 0o755);
    assert_eq!(spawn().end(), Some(Trouble::WorkerWithoutGroup));
}
