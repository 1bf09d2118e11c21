//! Who used the camera: kept by a real relay over memory, shown and deleted on the command line, with or without a relay.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use lenscap_api::{Request, client};
use lenscap_test_support::process::eventually;
use lenscap_test_support::programs::program;
use lenscap_test_support::relay::Relay;
use serde_json::Value;

/// A relay whose history lies below this directory, and whose camera this program uses.
fn used(state: &Path, name: &str) -> Relay {
    let options = ["--source", "test", "-w", "320", "-H", "240", "-c", "0"];
    let state = state.to_str().expect("text");
    let mut relay = Relay::start_with(&options, &[("LENSCAP_OUTPUT", "memory"), ("XDG_STATE_HOME", state)]);
    relay.wait_for("idle");
    stream(&relay, &[name]);
    relay.wait_for("live");
    relay
}

fn stream(relay: &Relay, names: &[&str]) {
    let streaming = Request::Pretend { streaming: names.iter().map(ToString::to_string).collect() };
    client::ask_at(&relay.runtime_dir().join("lenscap/control"), &streaming, &mut |_| true).expect("an answer");
}

/// `lenscap log`.
fn log(state: &Path, arguments: &[&str]) -> Output {
    let mut lenscap = Command::new(program("lenscap"));
    lenscap.arg("log").args(arguments).env("XDG_STATE_HOME", state).env("LANGUAGE", "en").output().expect("starts")
}

/// Of each entry who and why it ended, the newest first.
fn entries(state: &Path) -> Vec<(String, Option<String>)> {
    let output = log(state, &["--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    told.iter().map(|entry| (text(&entry["name"]).expect("a name"), text(&entry["ended"]))).collect()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn a_use_is_on_record_from_its_begin_to_its_end() {
    let state = tempfile::tempdir().expect("a directory");
    assert_eq!(said(&log(state.path(), &[])), "No use of a camera is on record.\n");
    assert_eq!(log(state.path(), &["--json"]).stdout, b"[]\n");
    let mut relay = used(state.path(), "Zoom");
    eventually("it is on record", || entries(state.path()) == [("Zoom".into(), None)]);
    stream(&relay, &["Zo\x1b[31mom\u{202e}\nEvil"]);
    eventually("the next is, and the end of the first", || {
        let entries = entries(state.path());
        entries.len() == 2 && entries[1] == ("Zoom".into(), Some("stopped".into()))
    });
    let shown = said(&log(state.path(), &["--since", "1h"]));
    assert!(shown.lines().count() == 2 && !shown.contains('\x1b') && !shown.contains('\u{202e}'), "{shown:?}");
    relay.quit();
    assert_eq!(entries(state.path())[0].1.as_deref(), Some("lenscap-ended"));
    assert_eq!(said(&log(state.path(), &["--delete"])), "2 entries were deleted.\n");
    assert_eq!(entries(state.path()), []);
}

#[test]
fn of_two_relays_the_one_that_is_killed_has_an_unknown_end() {
    let state = tempfile::tempdir().expect("a directory");
    let mut first = used(state.path(), "first");
    eventually("it is on record", || entries(state.path()) == [("first".into(), None)]);
    let _second = used(state.path(), "second");
    eventually("both are on record", || entries(state.path()).len() == 2);
    first.kill();
    let expected = [("second".into(), None), ("first".into(), Some("unknown".into()))];
    eventually("one is over", || entries(state.path()) == expected);
}

/// `lenscap-history record` with one entry, started by a shell with this before it; as somebody who may not do everything.
fn record(state: &Path, before: &str) -> Output {
    let script = format!("{before}; exec \"$0\" record");
    let mut command = match rustix::process::geteuid().is_root() {
        true => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--clear-groups", "sh"]);
            command
        }
        false => Command::new("sh"),
    };
    let mut child = command
        .args(["-c", &script])
        .arg(program("lenscap-history"))
        .env("XDG_STATE_HOME", state)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let order = r#"{"session":{"boot":"b","pid":1,"start":1},"days":30}"#;
    let change = r#"{"number":1,"entry":{"app":null,"name":"a","icon":null,"guess":false,"camera":"c","direct":false,
        "from":4000000000.5,"until":null,"ended":null,"trouble":null,"answer":"allowed"}}"#;
    let text = format!("{order}\n{}\n", change.replace('\n', ""));
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("it reads");
    child.wait_with_output().expect("it ends")
}

#[test]
fn where_nothing_can_be_written_that_is_said_and_nothing_is_lost() {
    let own = tempfile::tempdir().expect("a directory");
    // Whoever runs it then has to get there.
    fs::set_permissions(own.path(), fs::Permissions::from_mode(0o711)).expect("allowed");
    let state = own.path().join("state");
    fs::create_dir(&state).expect("made");
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).expect("allowed");
    let probe = record(&state, ":");
    if !probe.status.success() && probe.stdout.is_empty() {
        println!("SKIP the history where nothing can be written: no other user can run our programs here");
        return;
    }
    assert!(said(&probe).contains("written"), "{}", said(&probe));
    let file = state.join("lenscap/history.sqlite");
    let before = fs::read(&file).expect("written");
    let failed = |output: &Output| {
        assert!(!output.status.success() && said(output).contains("history-unusable"), "{}", said(output));
        assert_eq!(fs::read(&file).expect("there"), before);
    };
    // A disk that takes nothing more: the kernel refuses the first byte.
    failed(&record(&state, "trap '' XFSZ; ulimit -f 0"));
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("allowed");
    if rustix::process::geteuid().is_root() {
        // Another user's from now on, who may only read it; and a directory that only root may write to.
        set(&file, 0o400);
        failed(&record(&state, ":"));
        set(&file, 0o600);
        let closed = own.path().join("closed");
        fs::create_dir(&closed).expect("made");
        let refused = record(&closed, ":");
        assert!(!refused.status.success() && said(&refused).contains("history-unusable"), "{}", said(&refused));
    }
    assert!(record(&state, ":").status.success(), "and as it was");
}
