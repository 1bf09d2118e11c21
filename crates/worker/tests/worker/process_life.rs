//! How the relay and its worker live and die together: the whole relay with the test picture, its output in memory.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Instant;

use lenscap_test_support::process::eventually;
use lenscap_test_support::relay::Relay;

use crate::has;

/// A relay with the test picture whose only client is told through the control socket. `wrapper`: what it is started with.
struct Rig {
    relay: Relay,
}

impl Rig {
    fn start(wrapper: &[&str]) -> Self {
        let arguments = ["--source", "test", "--width", "320", "--height", "240"];
        Self { relay: Relay::start_through(wrapper, &arguments, &[("LENSCAP_OUTPUT", "memory")]) }
    }

    fn stream(&mut self) {
        self.relay.wait_for("idle");
        let socket = self.relay.runtime_dir().join("lenscap/control");
        eventually("the control socket is there", || UnixStream::connect(&socket).is_ok());
        let mut connection = UnixStream::connect(&socket).expect("a listener");
        connection.write_all(b"{\"do\":\"pretend\",\"streaming\":[\"Zoom\"]}\n").expect("written");
        self.relay.wait_for("live");
    }

    fn worker(&self) -> u32 {
        let [worker] = self.relay.workers()[..] else { panic!("one worker: {:?}", self.relay.workers()) };
        worker
    }
}

fn signal(pid: u32, signal: &str) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().expect("kill").success());
}

/// Whether the test picture can be made here.
fn has_picture(test: &str) -> bool {
    has(test, &["videotestsrc", "videoconvertscale"])
}

/// The state letter of a process in `/proc`; `None` when it is gone.
fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.trim().chars().next()
}

#[test]
fn a_relay_that_is_stopped_takes_the_camera_with_it_and_goes_on_afterwards() {
    if !has_picture("a_relay_that_is_stopped_takes_the_camera_with_it") {
        return;
    }
    let mut rig = Rig::start(&[]);
    rig.stream();
    let worker = rig.worker();
    signal(rig.relay.pid(), "-STOP");
    let stopped = Instant::now();
    eventually("the worker has ended", || matches!(state(worker), None | Some('Z')));
    println!("REPORT the worker ended {:?} after the relay was stopped", stopped.elapsed());
    signal(rig.relay.pid(), "-CONT");
    rig.relay.wait_for("failed");
    rig.relay.wait_for("live");
    assert!(rig.relay.quit().success());
}

#[test]
fn a_relay_that_is_killed_takes_the_worker_and_its_keeper_with_it() {
    if !has_picture("a_relay_that_is_killed_takes_the_worker_and_its_keeper_with_it") {
        return;
    }
    let mut rig = Rig::start(&[]);
    rig.stream();
    let pids: Vec<u32> = rig.relay.children().into_iter().chain([rig.worker()]).collect();
    rig.relay.kill();
    eventually("nothing is left", || pids.iter().all(|pid| matches!(state(*pid), None | Some('Z'))));
}

/// What the keeper finds the worker's own children by is not what it ends the worker by.
#[test]
fn a_worker_that_stands_still_ends_with_its_relay_where_proc_shows_nobody() {
    let test = "a_worker_that_stands_still_ends_with_its_relay_where_proc_shows_nobody";
    // A mount namespace of its own, in which root alone can put something over /proc.
    let own_mounts = ["unshare", "--mount"];
    if !Command::new(own_mounts[0]).args([own_mounts[1], "true"]).status().is_ok_and(|status| status.success()) {
        return println!("SKIP {test}: no mount namespace can be made here");
    }
    if !has_picture(test) {
        return;
    }
    let mut rig = Rig::start(&own_mounts);
    rig.stream();
    let worker = rig.worker();
    signal(worker, "-STOP");
    let relay = rig.relay.pid().to_string();
    let mut hide = Command::new("nsenter");
    let hidden = hide.args(["--target", &relay, "--mount", "mount", "-t", "tmpfs", "none", "/proc"]);
    assert!(hidden.status().expect("nsenter").success());
    rig.relay.kill();
    eventually("the worker has ended", || matches!(state(worker), None | Some('Z')));
}

#[test]
fn the_workers_end_is_noticed_whoever_ignored_sigchld() {
    if !has_picture("the_workers_end_is_noticed_whoever_ignored_sigchld") {
        return;
    }
    let wrapper = ["env", "--ignore-signal=CHLD"];
    let mut rig = Rig::start(&wrapper);
    rig.stream();
    signal(rig.worker(), "-KILL");
    let failed = rig.relay.wait_for("failed");
    assert!(failed.reason.contains("driver crashed"), "{}", failed.reason);
    rig.relay.wait_for("live");
    assert!(rig.relay.quit().success());
}
