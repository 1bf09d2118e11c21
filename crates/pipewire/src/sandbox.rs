//! What this process gives up once the library is loaded and before anybody is connected to: it reads what the server says, and
//! shall do nothing but hand pictures on.
//!
//! 1. `no_new_privs`, no core dumps: they would hold pictures.
//! 2. Files (Landlock): those of the directories that the library is in are read; its modules and plugins are loaded from there,
//!    some of them late. Nothing else is, and nothing is written.
//! 3. System calls (seccomp), a list of what is denied: what no process of ours needs, and here also other sockets than those
//!    of this computer, sockets that others connect to, programs and processes, signals to others, files opened to write.
//!
//! Each part holds as far as the kernel has it. What is left: to connect to sockets, since a server that has gone comes back;
//! what is at its directory; and what it was given.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use lenscap_core::sandbox::Hold;
use lenscap_sandbox::calls::{DeniedCalls, Error};
use lenscap_sandbox::files::{self, Reach};
use lenscap_sys::process;

/// Environment variables that name directories with modules, plugins and libraries.
const LISTS: [&str; 3] = ["PIPEWIRE_MODULE_DIR", "SPA_PLUGIN_DIR", "LD_LIBRARY_PATH"];
/// The loader's own list of libraries.
const LOADERS: &str = "/etc/ld.so.cache";
/// The directory of the plugin that is loaded first; the others' are beside it.
const FIRST_PLUGIN: &str = "support";

/// Enters it. Call it while there is a single thread.
pub(crate) fn enter() {
    if let Err(error) = process::forbid_core_dumps() {
        tracing::debug!("core dumps cannot be forbidden: {error}");
    }
    match files::restrict([(Reach::Read, directories())]) {
        Ok(Hold::Full | Hold::Part) => {}
        Ok(Hold::None) => tracing::debug!("this kernel keeps no process from files"),
        Err(error) => tracing::warn!("the process for PipeWire is not kept from the user's files: {error}"),
    }
    if let Err(error) = restrict_calls() {
        tracing::warn!("the process for PipeWire may make every system call: {error}");
    }
}

fn restrict_calls() -> Result<(), Error> {
    let mut denied = DeniedCalls::common()?;
    denied.sockets(false)?;
    denied.processes()?;
    denied.writing_files()?;
    denied.always(&[libc::SYS_bind, libc::SYS_listen, libc::SYS_kill, libc::SYS_pidfd_send_signal]);
    denied.apply()
}

/// Where what is loaded was found, and what the environment names.
fn directories() -> Vec<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mut directories = of_libraries(&maps);
    directories.extend(files::named_by(&LISTS));
    directories.insert(LOADERS.into());
    directories.into_iter().collect()
}

/// The directories of the libraries in a memory map.
fn of_libraries(maps: &str) -> BTreeSet<PathBuf> {
    let paths = maps.lines().filter_map(|line| Some(Path::new(line.get(line.find('/')?..)?)));
    let libraries = paths.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".so") || name.contains(".so.")
    });
    let directory = |library: &Path| {
        let directory = library.parent()?;
        let is_first = directory.file_name().is_some_and(|name| name == FIRST_PLUGIN);
        if is_first { directory.parent() } else { Some(directory) }.map(Path::to_owned)
    };
    libraries.filter_map(directory).filter(|path| path != Path::new("/")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::process::Command;
    use std::thread;

    use inotify::{Inotify, WatchMask};
    use rustix::net::{AddressFamily, SocketType};

    const NEEDED: [&str; 4] = ["connect", "watch", "load", "thread"];

    /// What a thread can do once it is in the sandbox; the others of this process are not.
    fn tried(home: PathBuf, library: PathBuf) -> Vec<(&'static str, bool)> {
        let secret = home.join("secret");
        let parent = rustix::process::getppid().expect("a parent");
        let watched = Inotify::init().expect("inotify");
        enter();
        vec![
            ("read", fs::read(&secret).is_ok()),
            ("list", fs::read_dir(&home).is_ok()),
            ("read settings", fs::read("/etc/passwd").is_ok()),
            ("write", fs::File::options().append(true).open(&secret).is_ok()),
            ("make", fs::File::create(home.join("new")).is_ok()),
            ("make beside a library", fs::File::create(library.with_extension("new")).is_ok()),
            ("remove", fs::remove_file(&secret).is_ok()),
            ("run", Command::new("true").status().is_ok()),
            ("network", rustix::net::socket(AddressFamily::INET, SocketType::DGRAM, None).is_ok()),
            ("be connected to", UnixListener::bind(home.join("other")).is_ok()),
            ("signal", rustix::process::test_kill_process(parent).is_ok()),
            ("connect", UnixStream::connect(home.join("socket")).is_ok()),
            ("watch", watched.watches().add(&home, WatchMask::CREATE).is_ok()),
            ("load", fs::read(&library).is_ok()),
            ("thread", thread::Builder::new().spawn(|| ()).is_ok_and(|thread| thread.join().is_ok())),
        ]
    }

    #[test]
    fn nothing_can_be_done_but_what_a_node_needs() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("secret"), "").unwrap();
        let _listener = UnixListener::bind(home.path().join("socket")).unwrap();
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let library = maps.lines().find_map(|line| line.get(line.find('/')?..).filter(|path| path.contains("libc.so")));
        let (path, library) = (home.path().to_owned(), PathBuf::from(library.unwrap()));
        let can = thread::spawn(|| tried(path, library)).join().unwrap();
        assert!(can.iter().all(|(what, can)| *can || !NEEDED.contains(what)), "{can:?}");
        let by_files = ["read", "list", "read settings"];
        let refused: Vec<_> = can.iter().filter(|(what, _)| !NEEDED.contains(what)).collect();
        if refused.iter().all(|(what, can)| *can == by_files.contains(what)) {
            println!("SKIP nothing_can_be_done_but_what_a_node_needs: this kernel has no Landlock");
            return;
        }
        assert!(refused.iter().all(|(_, can)| !can), "{can:?}");
    }

    #[test]
    fn libraries_are_found_where_they_are_loaded_from_and_nothing_else() {
        let maps = "\
55d0-55d1 r-xp 00000000 fe:00 1 /home/me/lenscap/target/debug/lenscap-pipewire
7f00-7f01 r-xp 00000000 fe:00 2 /usr/lib/x86_64-linux-gnu/libpipewire-0.3.so.0.1402.0
7f01-7f02 r--p 00000000 fe:00 3 /usr/lib/x86_64-linux-gnu/libc.so.6
7f02-7f03 r-xp 00000000 fe:00 4 /nix/store/abc-pipewire/lib/spa-0.2/support/libspa-support.so
7f03-7f04 rw-p 00000000 00:00 0 [heap]
7f04-7f05 r--s 00000000 00:01 5 /memfd:slots (deleted)
7f05-7f06 r--p 00000000 fe:00 6 /rootless.so
";
        let expected = ["/nix/store/abc-pipewire/lib/spa-0.2", "/usr/lib/x86_64-linux-gnu"];
        assert_eq!(of_libraries(maps), expected.map(PathBuf::from).into());
    }
}
