//! Processes of a test, and waiting for what they do.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long any single wait may take; emulated machines are slow.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A child that never outlives its test.
pub struct Reaped(pub Child);

impl Reaped {
    /// Its exit status, within the deadline.
    pub fn wait_for_exit(&mut self, deadline: Duration) -> ExitStatus {
        let end = Instant::now() + deadline;
        loop {
            if let Some(status) = self.0.try_wait().expect("wait") {
                return status;
            }
            assert!(Instant::now() < end, "process {} did not end within {deadline:?}", self.0.id());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a program that ends by itself printed, and how it ended; fails, with what it waits for, where it does not end within
/// the deadline.
pub fn output_of(command: &mut Command) -> (ExitStatus, Vec<u8>) {
    let mut child = Reaped(command.stdout(Stdio::piped()).spawn().expect("it starts"));
    let mut pipe = child.0.stdout.take().expect("a pipe");
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut printed = Vec::new();
        // Nobody listens any more where the test has failed.
        let _ = sender.send(pipe.read_to_end(&mut printed).map(|_| printed));
    });
    let Ok(printed) = receiver.recv_timeout(DEADLINE) else {
        let waits_in = fs::read_to_string(format!("/proc/{}/wchan", child.0.id())).unwrap_or_default();
        panic!("{command:?} has not ended within {DEADLINE:?}; it waits in {waits_in}");
    };
    (child.wait_for_exit(DEADLINE), printed.expect("a pipe"))
}

/// Waits until the condition holds.
pub fn eventually(what: &str, condition: impl FnMut() -> bool) {
    assert!(within(DEADLINE, condition), "not within {DEADLINE:?}: {what}");
}

/// Waits for the condition as long as this; whether it holds.
pub fn within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    while !condition() {
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

/// Waits until udev is through with all devices that have come: only then a node's name and its group are as they stay.
pub fn until_udev_is_through() {
    let settled = Command::new("udevadm").args(["settle", "-t", "20"]).status();
    assert!(settled.is_ok_and(|status| status.success()), "udevadm settle");
}

/// Context switches of the process's first thread since it began.
pub fn switches_of(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/task/{pid}/status")).expect("alive");
    let counts = status.lines().filter(|line| line.contains("ctxt_switches:"));
    counts.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum()
}

/// Context switches of all its threads since they began.
pub fn switches_of_all(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("alive");
    let of = |task: fs::DirEntry| {
        let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
        let counts = status.lines().filter(|line| line.contains("ctxt_switches:"));
        counts.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum::<u64>()
    };
    tasks.flatten().map(of).sum()
}

/// The children of this process.
pub fn children_of(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    fs::read_to_string(path).unwrap_or_default().split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// Set for the process that runs a test alone.
const ALONE: &str = "LENSCAP_TEST_ALONE";

/// Whether this process runs nothing but this test, named with its modules as in `worker_leaks::fifty_workers`. Where it does not,
/// one that does is started and waited for, and the caller has nothing left to do.
///
/// For tests of what belongs to the whole process: its memory, its descriptors and threads.
pub fn alone(test: &str) -> bool {
    let is_alone = is_alone(test);
    if !is_alone {
        run_alone(test, &[]);
    }
    is_alone
}

/// Whether this process was started by [`run_alone`] for this test.
pub fn is_alone(test: &str) -> bool {
    std::env::var_os(ALONE).is_some_and(|alone| alone == test)
}

/// Runs this test in a process of its own, with these environment variables on top; fails where it does.
pub fn run_alone(test: &str, environment: &[(&str, &str)]) {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program)
        .args(["--exact", test, "--test-threads=1", "--nocapture"])
        .envs(environment.iter().copied())
        .env(ALONE, test)
        .output()
        .expect("it starts again");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
