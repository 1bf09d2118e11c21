//! What this process gives up before it decodes or draws anything: the user's picture and fonts come from anywhere.
//!
//! 1. `no_new_privs`, no core dumps.
//! 2. Files (Landlock): libraries, fonts, and what fontconfig reads are read; of the home nothing but the user's fonts and
//!    fontconfig's settings and cache. Nothing is written: a cache that is out of date is made anew in memory.
//! 3. System calls (seccomp): what no process of ours needs, and here also sockets of any kind, programs and processes,
//!    signals, files opened to write.
//!
//! Each part holds as far as the kernel has it.

use std::path::PathBuf;

use directories::BaseDirs;
use lenscap_sandbox::calls::{DeniedCalls, Error};
use lenscap_sandbox::files::{self, Reach};
use lenscap_sys::process;

/// Libraries, fonts and fontconfig's files of distributions, NixOS, Guix and Flatpak.
const READ: &[&str] = &[
    "/usr",
    "/lib",
    "/lib64",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/var/cache/fontconfig",
    "/run/current-system/sw/share",
    "/nix/store",
    "/gnu/store",
    "/app",
    "/run/host/fonts",
    "/run/host/local-fonts",
    "/run/host/user-fonts",
    "/run/host/fonts-cache",
    "/run/host/local-fonts-cache",
    "/run/host/user-fonts-cache",
];
/// Environment variables that name files or directories of fontconfig's, or of the loader's.
const LISTS: &[&str] = &["FONTCONFIG_PATH", "FONTCONFIG_FILE", "LD_LIBRARY_PATH"];

/// Enters it. Call it while there is a single thread.
pub(crate) fn enter() {
    // Nobody reads what could be said here; each part that does not hold is one the kernel does not have.
    let _ = process::forbid_core_dumps();
    let _ = files::restrict([(Reach::Read, readable())]);
    let _ = restrict_calls();
}

fn restrict_calls() -> Result<(), Error> {
    let mut denied = DeniedCalls::common()?;
    denied.processes()?;
    denied.writing_files()?;
    denied.always(&[libc::SYS_socket, libc::SYS_socketpair, libc::SYS_kill, libc::SYS_pidfd_send_signal]);
    denied.apply()
}

fn readable() -> Vec<PathBuf> {
    let mut readable: Vec<PathBuf> = READ.iter().map(PathBuf::from).collect();
    if let Some(base) = BaseDirs::new() {
        readable.extend([
            base.data_dir().join("fonts"),
            base.cache_dir().join("fontconfig"),
            base.config_dir().join("fontconfig"),
        ]);
        readable.extend([".fonts", ".fontconfig", ".fonts.conf"].map(|name| base.home_dir().join(name)));
    }
    readable.extend(files::named_by(LISTS));
    readable
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::process::Command;
    use std::{fs, thread};

    use super::*;

    /// What a thread can do once it is in the sandbox; the others of this process are not.
    fn tried(home: PathBuf) -> Vec<(&'static str, bool)> {
        enter();
        vec![
            ("read", fs::read(home.join("secret")).is_ok()),
            ("list", fs::read_dir(&home).is_ok()),
            ("read settings", fs::read("/etc/passwd").is_ok()),
            ("write", fs::File::create(home.join("new")).is_ok()),
            ("remove", fs::remove_file(home.join("secret")).is_ok()),
            ("run", Command::new("true").status().is_ok()),
            ("socket", UnixStream::pair().is_ok()),
            ("list fonts", fs::read_dir("/usr/share").is_ok()),
            ("thread", thread::Builder::new().spawn(|| ()).is_ok_and(|thread| thread.join().is_ok())),
        ]
    }

    #[test]
    fn nothing_can_be_done_but_what_drawing_needs() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("secret"), "").unwrap();
        let path = home.path().to_owned();
        let can = thread::spawn(|| tried(path)).join().unwrap();
        let needed = ["list fonts", "thread"];
        assert!(can.iter().all(|(what, can)| *can || !needed.contains(what)), "{can:?}");
        let by_files = ["read", "list", "read settings"];
        let refused: Vec<_> = can.iter().filter(|(what, _)| !needed.contains(what)).collect();
        if refused.iter().all(|(what, can)| *can == by_files.contains(what)) {
            println!("SKIP nothing_can_be_done_but_what_drawing_needs: this kernel has no Landlock");
            return;
        }
        assert!(refused.iter().all(|(_, can)| !can), "{can:?}");
    }
}
