use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;
use crate::core::app::Access;
use crate::core::machine::Machine;
use crate::core::policy::Policy;
use crate::core::presence::{Client, Use};
use crate::core::status::StateName;

/// For what has to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program in the place of `lenscap-history`, which keeps what it is given in the file `got` beside it.
fn stand_in(directory: &Path, script: &str) -> PathBuf {
    let path = directory.join("history");
    fs::write(&path, format!("#!/bin/sh\ncd {}\n{script}\n", directory.display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

const KEEPS: &str = "cat >> got; echo '{\"written\":{\"moved\":null}}'";

fn live(names: &[&str]) -> Status {
    let client = |name: &&str| Client { access: Access::Allowed, ..Client::new(None, *name, Use::Streaming) };
    let clients = names.iter().map(client).collect();
    Status { state: StateName::Live, camera_live: true, clients, ..Machine::new(Policy::default()).status() }
}

/// Waits until nothing is written any more.
fn settle(history: &History) {
    let is_busy = |queue: &mut Queue| queue.is_busy;
    let wait = history.shared.changed.wait_timeout_while(history.shared.lock(), PATIENCE, is_busy);
    assert!(!wait.unwrap_or_else(PoisonError::into_inner).1.timed_out());
}

/// Number and end of what was given, in order.
fn got(directory: &Path) -> Vec<(u64, bool)> {
    let text = fs::read_to_string(directory.join("got")).unwrap_or_default();
    let changes = text.lines().filter_map(|line| serde_json::from_str::<HistoryChange>(line).ok());
    changes.map(|change| (change.number, change.entry.ended.is_some())).collect()
}

#[test]
fn what_begins_is_written_and_the_end_when_lenscap_ends() {
    let directory = tempfile::tempdir().unwrap();
    let mut history = History::new(30, stand_in(directory.path(), KEEPS));
    history.follow(&live(&["a"]));
    settle(&history);
    assert_eq!(got(directory.path()), [(1, false)]);
    let order: HistoryOrder =
        serde_json::from_str(fs::read_to_string(directory.path().join("got")).unwrap().lines().next().unwrap())
            .unwrap();
    assert_eq!((order.days, order.session.pid), (30, std::process::id()));
    history.follow(&live(&["a", "b"]));
    drop(history);
    let mut all = got(directory.path());
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.iter().filter(|(_, ended)| *ended).count(), 2, "{all:?}");
}

#[test]
fn nothing_is_kept_where_that_is_wanted() {
    let directory = tempfile::tempdir().unwrap();
    let mut history = History::new(0, stand_in(directory.path(), KEEPS));
    history.follow(&live(&["a"]));
    settle(&history);
    assert_eq!(got(directory.path()), []);
    history.set(30);
    history.follow(&live(&["a"]));
    history.set(0);
    history.follow(&live(&["a", "b"]));
    drop(history);
    assert_eq!(got(directory.path()).last(), Some(&(1, true)), "closed, and nothing after it");
}

#[test]
fn what_could_not_be_written_waits_for_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let busy = "{ echo '{\"failed\":{\"history-locked\":{\"path\":\"x\"}}}'; exit 1; }";
    let mut history = History::new(30, stand_in(directory.path(), &format!("[ -e ready ] || {busy}\n{KEEPS}")));
    history.follow(&live(&["a"]));
    settle(&history);
    assert!(matches!(history.shared.lock().said, Some(HistoryTrouble::HistoryLocked { .. })));
    fs::write(directory.path().join("ready"), "").unwrap();
    history.follow(&live(&["a", "b"]));
    settle(&history);
    assert_eq!(got(directory.path()), [(1, false), (2, false)]);
    assert_eq!(history.shared.lock().said, None);
}

#[test]
fn one_that_hangs_holds_up_nobody_and_what_waits_is_bounded() {
    let directory = tempfile::tempdir().unwrap();
    let mut history = History::new(30, stand_in(directory.path(), "echo $$ > pid; exec sleep 1000"));
    let began = Instant::now();
    history.follow(&live(&["first"]));
    for number in 0..2 * MOST {
        history.follow(&live(&[&format!("app{number}")]));
    }
    assert!(began.elapsed() < LIMIT, "the loop does not wait for it");
    {
        let queue = history.shared.lock();
        assert!(queue.waiting.len() == MOST && queue.lost > 0, "{} wait", queue.waiting.len());
    }
    let until = Instant::now() + PATIENCE;
    let pid = loop {
        let pid = fs::read_to_string(directory.path().join("pid")).unwrap_or_default();
        if pid.ends_with('\n') {
            break pid.trim().to_owned();
        }
        assert!(Instant::now() < until);
        std::thread::yield_now();
    };
    let shared = Arc::clone(&history.shared);
    let began = Instant::now();
    drop(history);
    assert!(began.elapsed() < LAST + PATIENCE);
    let is_busy = |queue: &mut Queue| queue.is_busy;
    drop(shared.changed.wait_timeout_while(shared.lock(), PATIENCE, is_busy));
    while Path::new("/proc").join(&pid).exists() {
        assert!(Instant::now() < until + PATIENCE, "it lives");
        std::thread::yield_now();
    }
}
