//! The detector with an ordinary file in place of the node, and real processes that open, map and read it.
//!
//! A program of its own: who opens and reads within milliseconds is what is tested, so that nothing else of ours may run beside it.

mod client;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use client::{Client, DONE, FILE, ROLE};
use lenscap::core::presence::{Presence, Use};
use lenscap::core::trouble::output::WatchFailure;
use lenscap::detect::{DetectError, Detector};
use lenscap::sys::memfd::Mapping;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

const HANG: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// Not held open here: a child that another test starts would have it open too, until it executes its program.
fn file() -> tempfile::TempPath {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&[7; 4096]).unwrap();
    file.into_temp_path()
}

/// Waits for the detector's descriptors or its deadline, as the engine does; whether a descriptor was ready.
fn sleep_on(detector: &Detector, limit: Instant) -> bool {
    let until = detector.deadline().map_or(limit, |deadline| deadline.min(limit));
    let left = Timespec::try_from(until.saturating_duration_since(Instant::now())).unwrap();
    let fds = detector.fds();
    let mut polled: Vec<PollFd<'_>> = fds
        .iter()
        .enumerate()
        .map(|(i, fd)| PollFd::from_borrowed_fd(*fd, if i == 0 { PollFlags::IN } else { PollFlags::PRI }))
        .collect();
    poll(&mut polled, Some(&left)).unwrap() > 0
}

/// Dispatches until the presence is as wanted; panics when it is not before the limit.
fn wait_until(detector: &mut Detector, limit: Instant, wanted: impl Fn(&Presence) -> bool) -> Presence {
    let mut presence = Presence::default();
    loop {
        while let Some(next) = detector.dispatch(Instant::now()) {
            presence = next;
            if wanted(&presence) {
                return presence;
            }
        }
        assert!(Instant::now() < limit, "in vain; last: {presence:?}");
        sleep_on(detector, limit);
    }
}

struct Watcher(Detector);

impl Watcher {
    fn new(file: &Path) -> Self {
        let mut detector = Detector::new(file, POLL, Instant::now()).unwrap();
        assert_eq!(detector.dispatch(Instant::now()), None);
        assert!(!detector.knows_streaming(), "a file reports nothing");
        Self(detector)
    }

    fn sees(&mut self, wanted: impl Fn(&Presence) -> bool) -> Presence {
        wait_until(&mut self.0, Instant::now() + HANG, wanted)
    }

    fn sees_use(&mut self, client: &Client, usage: Use) -> Presence {
        let pid = Some(client.pid());
        self.sees(|presence| presence.clients.iter().any(|client| client.pid == pid && client.usage == usage))
    }

    fn sees_nobody(&mut self) {
        self.sees(Presence::is_empty);
    }

    /// Dispatches until nothing is left to do at once; the last change, if any.
    fn settle(&mut self) -> Option<Presence> {
        let mut last = None;
        let end = Instant::now() + Duration::from_millis(300);
        while Instant::now() < end {
            last = self.0.dispatch(Instant::now()).or(last);
            sleep_on(&self.0, end);
        }
        last
    }
}

#[test]
fn a_program_that_opens_is_seen_by_name_and_one_that_maps_streams() {
    let file = file();
    let mut watcher = Watcher::new(&file);
    let mut client = Client::start(&file);
    client.does("open");
    let presence = watcher.sees_use(&client, Use::Open);
    let exe = std::env::current_exe().unwrap();
    assert_eq!(presence.clients[0].name, exe.file_name().unwrap().to_string_lossy());
    client.does("map");
    watcher.sees_use(&client, Use::Streaming);
    client.does("unmap");
    watcher.sees_use(&client, Use::Open);
    client.does("close");
    watcher.sees_nobody();
}

#[test]
fn a_program_that_closes_and_keeps_its_mapping_still_streams() {
    let file = file();
    let mut watcher = Watcher::new(&file);
    let mut client = Client::start(&file);
    client.does("open");
    client.does("map");
    watcher.sees_use(&client, Use::Streaming);
    client.does("close");
    assert_eq!(watcher.settle(), None);
    client.does("unmap");
    watcher.sees_nobody();
}

#[test]
fn a_killed_client_is_gone() {
    let file = file();
    let mut watcher = Watcher::new(&file);
    let mut client = Client::start(&file);
    client.does("open");
    client.does("map");
    watcher.sees_use(&client, Use::Streaming);
    client.kill();
    watcher.sees_nobody();
}

#[test]
fn clients_that_were_there_before_are_seen_at_once() {
    let file = file();
    let mut client = Client::start(&file);
    client.does("open");
    client.does("map");
    let now = Instant::now();
    let mut detector = Detector::new(&file, POLL, now).unwrap();
    assert!(detector.deadline().unwrap() <= now);
    // On a busy machine the first look goes on beside, and answers later.
    let presence = wait_until(&mut detector, now + HANG, |presence| !presence.is_empty());
    assert_eq!((presence.clients[0].pid, presence.clients[0].usage), (Some(client.pid()), Use::Streaming));
}

#[test]
fn our_own_process_never_counts() {
    let file = file();
    let mut watcher = Watcher::new(&file);
    let own = OpenOptions::new().read(true).write(true).open(&file).unwrap();
    let _mapping = Mapping::new(&own, 0, 4096).unwrap();
    watcher.settle();
    let mut client = Client::start(&file);
    client.does("open");
    watcher.sees(|presence| presence.clients.iter().map(|c| c.pid).eq([Some(client.pid())]));
}

#[test]
fn the_worker_never_counts() {
    let file = file();
    let mut watcher = Watcher::new(&file);
    let mut worker = Client::start(&file);
    watcher.0.set_own(Some(worker.pid()));
    worker.does("open");
    worker.does("map");
    watcher.settle();
    let mut client = Client::start(&file);
    client.does("open");
    assert_eq!(watcher.sees_use(&client, Use::Open).clients.len(), 1);
    // One that was taken for a client is dropped when it turns out to be the worker.
    watcher.0.set_own(Some(client.pid()));
    watcher.sees(|presence| presence.clients.iter().all(|c| c.pid == Some(worker.pid())));
}

#[test]
fn a_reader_streams_and_costs_no_wake_up_a_frame() {
    let file = file();
    let mut watcher = Watcher::new(&file);
    let mut client = Client::start(&file);
    client.does("open");
    watcher.sees_use(&client, Use::Open);
    client.does("read");
    watcher.sees_use(&client, Use::Streaming);
    let mut wakeups = 0;
    for _ in 0..200 {
        client.does("read");
        if sleep_on(&watcher.0, Instant::now()) {
            wakeups += 1;
        }
        assert_eq!(watcher.0.dispatch(Instant::now()), None);
    }
    assert!(wakeups < 50, "{wakeups} of 200 reads");
    // It keeps the node open and reads no more.
    watcher.sees_use(&client, Use::Open);
    client.does("close");
    watcher.sees_nobody();
}

#[test]
fn two_hundred_opens_and_closes_leave_the_right_end() {
    let file = file();
    let mut watcher = Watcher::new(&file);
    let mut churn = Client::start(&file);
    let mut other = Client::start(&file);
    let mut last = None;
    churn.tell("churn");
    other.does("open");
    // The watcher is awake while it goes on.
    let end = Instant::now() + Duration::from_secs(1);
    while Instant::now() < end {
        last = watcher.0.dispatch(Instant::now()).or(last);
        sleep_on(&watcher.0, end);
    }
    churn.wait_for(DONE);
    last = watcher.settle().or(last);
    let pids: Vec<_> = last.unwrap().clients.iter().map(|client| client.pid).collect();
    assert_eq!(pids, [Some(other.pid())]);
    churn.tell("churn");
    other.does("close");
    churn.wait_for(DONE);
    watcher.sees_nobody();
    assert_eq!(watcher.settle(), None);
}

#[test]
fn idle_waits_for_five_minutes_also_after_clients() {
    let file = file();
    let mut watcher = Watcher::new(&file);
    let idle = |watcher: &mut Watcher| {
        watcher.settle();
        watcher.0.deadline().unwrap().saturating_duration_since(Instant::now()) > Duration::from_secs(290)
    };
    assert!(idle(&mut watcher));
    let mut client = Client::start(&file);
    client.does("open");
    client.does("read");
    client.does("map");
    watcher.sees_use(&client, Use::Streaming);
    client.kill();
    watcher.sees_nobody();
    assert!(idle(&mut watcher));
}

#[test]
fn a_child_that_inherits_the_descriptor_is_seen_when_its_parent_ends() {
    let file = file();
    let mut watcher = Watcher::new(&file);
    // The shell leaves its descriptor to a child that waits for the end of its input.
    let mut shell = Command::new("sh")
        .args(["-c", "exec 3<\"$0\" 4<&0; echo $$; read -r line; cat <&4 >/dev/null & exit 0"])
        .arg(&*file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let parent = Some(shell.id());
    watcher.sees(|presence| presence.clients.iter().any(|client| client.pid == parent));
    let mut input = shell.stdin.take().unwrap();
    input.write_all(b"\n").unwrap();
    shell.wait().unwrap();
    watcher.sees(|presence| presence.clients.len() == 1 && presence.clients[0].pid != parent);
    drop(input);
    watcher.sees_nobody();
}

#[test]
fn a_removed_node_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("video0");
    fs::write(&path, [0; 4096]).unwrap();
    let mut watcher = Watcher::new(&path);
    let mut client = Client::start(&path);
    client.does("open");
    watcher.sees_use(&client, Use::Open);
    // The client still has it open: its end is not heard, its removal is.
    fs::remove_file(&path).unwrap();
    watcher.sees_nobody();
    assert!(watcher.0.gone());
    assert_eq!(watcher.0.deadline(), None);
}

#[test]
fn a_missing_node_is_said_to_be_missing() {
    let error = Detector::new(Path::new("/nonexistent/video0"), POLL, Instant::now()).unwrap_err();
    assert_eq!(error, DetectError { node: "/nonexistent/video0".into(), cause: WatchFailure::Missing });
}

#[test]
fn another_node_of_the_same_device_is_the_same_node() {
    let directory = tempfile::tempdir().unwrap();
    let elsewhere = directory.path().join("video0");
    let made =
        Command::new("mknod").arg(&elsewhere).args(["c", "1", "7"]).status().is_ok_and(|status| status.success());
    if !made || OpenOptions::new().read(true).write(true).open(&elsewhere).is_err() {
        println!(
            "SKIP detect_files/another_node_of_the_same_device_is_the_same_node: no permission to make device nodes"
        );
        return;
    }
    let mut client = Client::start(&elsewhere);
    client.does("open");
    let mut detector = Detector::new(Path::new("/dev/full"), POLL, Instant::now()).unwrap();
    let is_seen = |presence: &Presence| presence.clients.iter().any(|found| found.pid == Some(client.pid()));
    wait_until(&mut detector, Instant::now() + HANG, is_seen);
}

#[test]
fn a_holder_that_cannot_be_seen_is_an_application() {
    const NAME: &str = "SKIP detect_files/a_holder_that_cannot_be_seen_is_an_application";
    if !rustix::process::geteuid().is_root() {
        println!("{NAME}: needs root to run as another user");
        return;
    }
    let directory = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap();
    let path = directory.path().join("node");
    fs::write(&path, [0; 4096]).unwrap();
    fs::write(path.with_extension("secret"), "").unwrap();
    fs::set_permissions(path.with_extension("secret"), PermissionsExt::from_mode(0o600)).unwrap();
    // The other user may not be allowed into the build directory.
    let program = directory.path().join("watcher");
    lenscap_test_support::programs::copy(&std::env::current_exe().unwrap(), &program);
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
    if !Command::new("setpriv").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
        println!("{NAME}: setpriv is missing");
        return;
    }
    let mut watcher = Client::spawn(command.env(ROLE, "watcher").env(FILE, &path));
    watcher.wait_for("@ready");
    let mut client = Client::start(&path);
    client.does("open");
    watcher.wait_for("@saw 1");
    client.does("close");
    watcher.wait_for("@saw 0");
    watcher.wait_for("@refused");
}
