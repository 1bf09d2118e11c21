//! `scripts/contain.sh`: what a tier of the tests starts ends with it, and within its deadline.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use lenscap_test_support::process::eventually;

/// Runs a script for up to `seconds`; exit status and output. `$PIDS` is where it writes down the processes that it leaves behind.
fn contain(seconds: &str, script: &str) -> (Option<i32>, String, Vec<String>) {
    let directory = tempfile::tempdir().expect("a directory");
    let (log, pids) = (directory.path().join("log"), directory.path().join("pids"));
    let status = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/contain.sh"))
        .arg(seconds)
        .arg(&log)
        .args(["bash", "-c", script])
        .env("PIDS", &pids)
        .status()
        .expect("bash is there");
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    (status.code(), read(&log), read(&pids).lines().map(str::to_owned).collect())
}

#[test]
fn a_program_that_dies_takes_the_daemons_that_it_started_with_it() {
    let (status, log, pids) = contain(
        "60",
        "setsid -f bash -c 'echo $$ >>$PIDS; exec sleep 1000'; until [ -s $PIDS ]; do :; done; echo dying; exit 3",
    );
    assert_eq!((status, log.trim()), (Some(3), "dying"));
    assert_eq!(pids.len(), 1);
    eventually("the daemon is gone", || !Path::new("/proc").join(&pids[0]).exists());
}

#[test]
fn a_program_that_hangs_and_will_not_be_asked_ends_at_its_deadline() {
    let began = Instant::now();
    let (status, log, pids) = contain(
        "1",
        "trap '' TERM; setsid -f bash -c 'trap \"\" TERM; echo $$ >>$PIDS; while :; do sleep 1000; done'; echo begun; while :; do sleep 1000; done",
    );
    assert_eq!((status, log.lines().next()), (Some(124), Some("begun")));
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    assert_eq!(pids.len(), 1);
    eventually("the daemon is gone", || !Path::new("/proc").join(&pids[0]).exists());
}
