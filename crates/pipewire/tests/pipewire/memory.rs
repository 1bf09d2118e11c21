//! The memory that readers get: ours, which nobody else can write to; before 0.3.85 the server's.

use std::fs;
use std::io::ErrorKind;

use lenscap_core::trouble::pipewire::PipewireTrouble;
use lenscap_sys::memfd::{self, Mapping};
use lenscap_test_support::pipewire::Session;
use lenscap_test_support::process::DEADLINE;
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use crate::ANY;
use crate::parent::Parent;
use crate::reader::GstReader;

/// From this version on readers get our memory.
const LENT: [u32; 3] = [0, 3, 85];

#[test]
fn what_readers_could_write_to_is_refused() {
    let Some(session) = Session::new("what_readers_could_write_to_is_refused") else { return };
    let memory = memfd::sealed("slots", 16 * 8192).expect("memory");
    let mapping = Mapping::new(&memory, 0, 16 * 8192).expect("a mapping");
    let mut parent = Parent::with_memory(&session, memory, mapping);
    parent.until("it refuses", |parent| parent.failed.is_some());
    assert_eq!(parent.failed, Some(PipewireTrouble::Unsealed));
    assert!(!parent.child.wait_for_exit(DEADLINE).success());
}

#[test]
fn a_reader_cannot_write_into_our_memory() {
    let Some(session) = Session::with_server("a_reader_cannot_write_into_our_memory") else { return };
    let mut parent = Parent::new(&session);
    parent.until_there();
    let reader = GstReader::start(&session, "reader", ANY);
    parent.until("it reads", |_| reader.numbers().len() >= 10);
    let maps = fs::read_to_string(format!("/proc/{}/maps", reader.pid())).expect("it lives");
    let mut ours = maps.lines().filter(|line| line.contains("memfd:slots"));
    if session.pipewire_version() < LENT {
        assert_eq!(ours.next(), None);
        println!("SKIP a_reader_cannot_write_into_our_memory: this server cannot be given memory");
        return;
    }
    // It maps a picture while it looks at it.
    assert!(ours.all(|line| line.split_whitespace().nth(1) == Some("r--s")), "{maps}");
    // The descriptor that it was given, and the file opened anew.
    let descriptors = fs::read_dir(format!("/proc/{}/fd", reader.pid())).expect("it lives");
    let is_ours = |path: &std::path::Path| {
        fs::read_link(path).is_ok_and(|target| target.to_string_lossy().contains("memfd:slots"))
    };
    let path = descriptors.filter_map(|entry| Some(entry.ok()?.path())).find(|path| is_ours(path)).expect("it has it");
    let number = path.file_name().and_then(|name| name.to_str()?.parse().ok()).expect("a number");
    let pid = Pid::from_raw(reader.pid().cast_signed()).expect("a process");
    let process = pidfd_open(pid, PidfdFlags::empty()).expect("it lives");
    let given = fs::File::from(pidfd_getfd(process, number, PidfdGetfdFlags::empty()).expect("a child of ours"));
    let anew = fs::File::options().read(true).write(true).open(path).expect("it opens");
    for file in [given, anew] {
        let denied = Mapping::new(&file, 0, 4096).expect_err("no second mapping to write");
        assert_eq!(denied.kind(), ErrorKind::PermissionDenied);
        assert!(std::os::unix::fs::FileExt::write_at(&file, b"x", 0).is_err());
        assert!(file.set_len(0).is_err(), "a reader of it would be killed");
    }
}
