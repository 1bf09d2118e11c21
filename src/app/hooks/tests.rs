use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::PoisonError;

use super::process::{Outcome, run};
use super::*;
use crate::core::app::{Access, App, AppId};
use crate::core::machine::Machine;
use crate::core::policy::Policy;
use crate::core::presence::{Client, Use};
use crate::core::status::StateName;
use crate::core::trouble::hook::HookTrouble;

/// For what has to happen.
const PATIENCE: Duration = Duration::from_secs(30);

fn call(command: &[&str]) -> Call {
    Call {
        hook: Hook::Live,
        program: command[0].into(),
        arguments: command[1..].iter().map(ToString::to_string).collect(),
        variables: [
            ("LENSCAP_STATE", "live"),
            ("LENSCAP_APP", "A $(b)"),
            ("LENSCAP_APP_ID", "x"),
            ("LENSCAP_CAMERA", "c"),
        ]
        .map(|(name, value)| (name, value.to_owned())),
    }
}

fn run_for(command: &[&str], limit: Duration) -> Outcome {
    let deadline = Instant::now() + limit;
    run(&call(command), limit, || deadline)
}

fn sh(script: &str) -> Outcome {
    run_for(&["sh", "-c", script], PATIENCE)
}

#[test]
fn it_is_told_by_its_environment_and_has_nothing_else_of_ours() {
    let outcome =
        sh("echo \"$LENSCAP_STATE/$LENSCAP_APP\"; cat; for fd in /proc/$$/fd/*; do readlink $fd; done; exit 0");
    assert_eq!(outcome.result, Ok(()));
    let words: Vec<_> = outcome.output.split(' ').collect();
    assert_eq!(words[..2], ["live/A", "$(b)"], "text from outside is no command");
    let descriptors = &words[2..];
    assert_eq!(descriptors[0], "/dev/null");
    assert!(descriptors[1].starts_with("pipe:") && descriptors[1] == descriptors[2], "{descriptors:?}");
    assert_eq!(descriptors.len(), 3, "{descriptors:?}");
}

#[test]
fn one_that_is_not_there_or_may_not_run_is_called_so() {
    let missing = run_for(&["/nowhere/hook"], PATIENCE).result.unwrap_err();
    assert!(matches!(missing, HookTrouble::HookMissing { .. }), "{missing:?}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hook");
    fs::write(&path, "#!/bin/sh\n").unwrap();
    let forbidden = run_for(&[path.to_str().unwrap()], PATIENCE).result.unwrap_err();
    assert!(matches!(forbidden, HookTrouble::HookForbidden { .. }), "{forbidden:?}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(run_for(&[path.to_str().unwrap()], PATIENCE).result, Ok(()));
    assert_eq!(sh("echo why >&2; exit 7").result, Err(HookTrouble::HookFailed { status: 7 }));
    assert_eq!(sh("kill -KILL $$").result, Err(HookTrouble::HookKilled));
}

#[test]
fn one_that_hangs_ends_with_all_that_it_started() {
    // It neither ends by SIGTERM nor do its children, one of which is in a group of its own.
    let script =
        "trap '' TERM; set -m; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1000; done' & echo $$; wait; wait";
    let outcome = run_for(&["bash", "-c", script], Duration::from_secs(2));
    assert_eq!(outcome.result, Err(HookTrouble::HookLate { seconds: 2 }));
    let pids: Vec<_> = outcome.output.split(' ').collect();
    assert_eq!(pids.len(), 2, "{pids:?}");
    let until = Instant::now() + PATIENCE;
    for pid in pids {
        let lives = || fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "));
        while lives() {
            assert!(Instant::now() < until, "{pid} lives");
            std::thread::yield_now();
        }
    }
}

#[test]
fn one_that_floods_is_cut_off() {
    let outcome = sh("exec yes");
    assert_eq!(outcome.result, Err(HookTrouble::HookFlood { bytes: 4096 }));
    assert!(outcome.output.starts_with("y y") && outcome.output.len() <= 4096);
    let outcome = sh("trap '' PIPE; yes 2>/dev/null | head -c 100000; exit 0");
    assert_eq!(outcome.result, Err(HookTrouble::HookFlood { bytes: 4096 }));
}

fn hooks(command: &[&str], limit: Duration) -> Hooks {
    let command: Vec<_> = command.iter().map(ToString::to_string).collect();
    let settings = HookSettings { live: command.clone(), idle: command, ..HookSettings::default() };
    let mut hooks = Hooks::new(settings, Some("/home/me".into()));
    hooks.limit = limit;
    hooks
}

fn live(name: &str) -> Status {
    let app = App { id: AppId::from("org.example.App"), program: "app".into(), icon: None, is_guess: false };
    let client = Client { app: Some(app), access: Access::Allowed, ..Client::new(Some(1), name, Use::Streaming) };
    let status = Machine::new(Policy::default()).status();
    Status { state: StateName::Live, camera_live: true, clients: vec![client], camera: "HD Webcam".into(), ..status }
}

fn idle() -> Status {
    Status { state: StateName::Idle, camera_live: false, clients: Vec::new(), ..live("") }
}

fn cooldown() -> Status {
    Status { state: StateName::Cooldown, ..live("") }
}

/// Waits until none runs.
fn wait(hooks: &Hooks) {
    let is_busy = |running: &mut Running| !running.waiting.is_empty();
    let wait = hooks.shared.changed.wait_timeout_while(hooks.shared.lock(), PATIENCE, is_busy);
    assert!(!wait.unwrap_or_else(PoisonError::into_inner).1.timed_out());
}

#[test]
fn what_is_due_is_run_with_who_and_which() {
    let mut hooks = hooks(&["~/bin/lamp", "a b"], PATIENCE);
    let status = live("Zoom\n");
    let due = hooks.watch.due(&status);
    let call = hooks.call(&due[0], &status).unwrap();
    assert_eq!((call.program.to_str(), &call.arguments[..]), (Some("/home/me/bin/lamp"), &["a b".to_owned()][..]));
    let values = call.variables.map(|(_, value)| value);
    assert_eq!(values, ["live", "Zoom", "org.example.App", "HD Webcam"]);
    hooks.set(&HookSettings::default());
    assert_eq!(hooks.call(&due[0], &status), None);
}

#[test]
fn while_one_runs_only_the_newest_waits_and_the_loop_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (log, gate) = (at("log"), at("gate"));
    rustix::fs::mknodat(rustix::fs::CWD, &gate, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let script = "echo $LENSCAP_APP >> \"$0\"; [ \"$LENSCAP_APP\" != first ] || read line < \"$1\"";
    let mut hooks = hooks(&["sh", "-c", script, log.to_str().unwrap(), gate.to_str().unwrap()], PATIENCE);
    for name in ["first", "second", "third", "last"] {
        hooks.follow(&live(name));
        hooks.follow(&cooldown());
    }
    // Only now may the first one end.
    fs::write(&gate, "go\n").unwrap();
    wait(&hooks);
    assert_eq!(fs::read_to_string(&log).unwrap(), "first\nlast\n");
}

#[test]
fn the_last_one_has_its_time_and_one_that_hangs_does_not_keep_the_relay() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let script = "echo $LENSCAP_STATE >> \"$0\"; [ $LENSCAP_STATE = idle ] || exec sleep 1000";
    let mut hooks = hooks(&["sh", "-c", script, log.to_str().unwrap()], Duration::from_secs(1000));
    hooks.follow(&live("Zoom"));
    let until = Instant::now() + PATIENCE;
    while !fs::read_to_string(&log).is_ok_and(|log| log == "live\n") {
        assert!(Instant::now() < until);
        std::thread::yield_now();
    }
    hooks.follow(&idle());
    let shared = Arc::clone(&hooks.shared);
    drop(hooks);
    assert!(shared.lock().waiting.is_empty(), "all are over");
    assert_eq!(fs::read_to_string(&log).unwrap(), "live\nidle\n");
}
