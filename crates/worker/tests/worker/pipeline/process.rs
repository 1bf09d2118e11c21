//! How the worker's process ends.

use std::os::fd::{AsFd, AsRawFd};

use lenscap_picture::format::PixelFormat::Yuy2;
use lenscap_wire::channel::Channel;
use lenscap_worker_rig::{LIMIT, format, worker};

use super::rig;
use crate::has;

#[test]
fn sigterm_switches_the_camera_off_in_order() {
    if !has("sigterm_switches_the_camera_off", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    let mut rig = rig("test", format(Yuy2, 320, 240, 30));
    rig.run(3);
    let pid = rustix::process::Pid::from_raw(rig.host.pid().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    rig.until("exit", |rig| rig.exited.is_some());
    assert!(rig.stopped, "SIGTERM switches the camera off in order");
    // Nobody of ours asked for it; that it stopped was said already.
    assert_eq!(rig.exited, Some(None));
}

#[test]
fn started_by_hand_it_says_so() {
    let output = std::process::Command::new(worker()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not by hand"));
}

#[test]
fn a_worker_ends_when_its_parents_socket_does() {
    let (ours, theirs) = Channel::pair().unwrap();
    let mut command = std::process::Command::new(worker());
    command.arg(theirs.as_raw_fd().to_string());
    let mut child = lenscap_sys::process::spawn_tied(&mut command, [theirs.as_fd()]).unwrap();
    drop((ours, theirs));
    let until = std::time::Instant::now() + LIMIT;
    let pidfd = lenscap_sys::process::pidfd(&child).unwrap();
    let left = until.saturating_duration_since(std::time::Instant::now());
    let timeout = rustix::time::Timespec { tv_sec: left.as_secs() as i64, tv_nsec: 0 };
    let mut fds = [rustix::event::PollFd::new(&pidfd, rustix::event::PollFlags::IN)];
    assert_eq!(rustix::event::poll(&mut fds, Some(&timeout)), Ok(1), "it lives on");
    child.wait().unwrap();
}
