//! Starts `lenscap-worker`, which lies beside it, with the group that hidden nodes have: see "Hidden raw nodes" in SECURITY.md.
//!
//! The package makes it set-group-id, so anybody starts it, with any arguments, descriptors and environment. What it starts has that
//! group alone, as real, effective and saved one: the kernel and the loader then take it for an ordinary program. So the
//! environment that it gets is named here, and has nothing that makes the loader or GStreamer load code.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use rustix::process::{Signal, getegid, getgid, set_parent_process_death_signal};

const WORKER: &str = "lenscap-worker";
/// It was given no group: `lenscap_cameras::hidden` knows this status.
const NO_GROUP: u8 = 114;
/// What the worker looks at, beside the languages.
const KEPT: [&str; 8] =
    ["GST_DEBUG", "HOME", "LANG", "LANGUAGE", "LENSCAP_LOG", "RUST_BACKTRACE", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"];

fn main() -> ExitCode {
    let group = getegid();
    // Not set-group-id, on a file system or by a process where that does not count (nosuid, no_new_privs), or run by the group.
    if group == getgid() {
        eprintln!("lenscap-raw-cameras: it is not set-group-id here");
        return ExitCode::from(NO_GROUP);
    }
    eprintln!("lenscap-raw-cameras: {}", start(group));
    ExitCode::FAILURE
}

/// Comes back only with an error.
fn start(group: rustix::process::Gid) -> io::Error {
    let prepared = || {
        // Of this thread; there is no other.
        rustix::thread::set_thread_res_gid(group, group, group)?;
        // The kernel forgot it when the group changed.
        set_parent_process_death_signal(Some(Signal::KILL))?;
        worker()
    };
    let kept = std::env::vars_os().filter(|(name, _)| is_kept(name));
    match prepared() {
        Ok(worker) => Command::new(worker).args(std::env::args_os().skip(1)).env_clear().envs(kept).exec(),
        Err(error) => error,
    }
}

/// Its path. Only root may put programs beside this one: a link to it elsewhere starts nothing of others'.
fn worker() -> io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let directory = own.parent().unwrap_or(Path::new("/"));
    let meta = fs::metadata(directory)?;
    if meta.uid() != 0 || meta.mode() & 0o022 != 0 {
        return Err(io::Error::other("others than root may write where it lies"));
    }
    Ok(directory.join(WORKER))
}

fn is_kept(name: &OsString) -> bool {
    KEPT.iter().any(|kept| OsStr::new(kept) == name) || name.as_encoded_bytes().starts_with(b"LC_")
}
