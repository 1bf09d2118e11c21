//! Hooks of a real relay over memory: each is run when it is due, knows of whom, and none is in the way.

use std::fs;
use std::path::Path;

use lenscap_api::{Request, client};
use lenscap_test_support::process::{DEADLINE, eventually, within};
use lenscap_test_support::relay::Relay;

const OPTIONS: [&str; 8] = ["--source", "test", "-w", "320", "-H", "240", "-c", "0"];
/// In the settings.
const RULES: &str = "[apps]\nask = [\"program:Asker\"]\n";
/// A line for each hook that runs, to the file that is its first argument.
const NOTES: &str = r#"echo "$1:$LENSCAP_STATE/$LENSCAP_APP/$LENSCAP_APP_ID/$LENSCAP_CAMERA" >>"$0""#;

/// A relay with this configuration.
fn relay(config: &Path, settings: &str) -> Relay {
    write(config, settings);
    let config = config.to_str().expect("text");
    let mut relay = Relay::start_with(&OPTIONS, &[("LENSCAP_OUTPUT", "memory"), ("XDG_CONFIG_HOME", config)]);
    relay.wait_for("idle");
    relay
}

fn write(config: &Path, settings: &str) {
    fs::create_dir_all(config.join("lenscap")).expect("a directory");
    fs::write(config.join("lenscap/config.toml"), format!("version = 1\n{RULES}{settings}")).expect("a file");
}

fn ask(relay: &Relay, request: &Request) {
    client::ask_at(&relay.runtime_dir().join("lenscap/control"), request, &mut |_| true).expect("an answer");
}

fn stream(relay: &Relay, names: &[&str]) {
    ask(relay, &Request::Pretend { streaming: names.iter().map(ToString::to_string).collect() });
}

fn lines(file: &Path) -> Vec<String> {
    fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn each_is_run_when_it_is_due_and_told_of_whom() {
    let directory = tempfile::tempdir().expect("a directory");
    let notes = directory.path().join("notes");
    let hook = |name: &str| format!("{name} = {:?}\n", ["/bin/sh", "-c", NOTES, notes.to_str().expect("text"), name]);
    let all: String = ["live", "idle", "paused", "asked"].map(hook).concat();
    let mut relay = relay(directory.path(), &format!("[hooks]\n{all}"));
    let mut expected = vec!["idle:idle///test".to_owned()];
    let mut until = |line: &str| {
        expected.extend((!line.is_empty()).then(|| line.to_owned()));
        let is_so = within(DEADLINE, || lines(&notes) == expected);
        assert!(is_so, "{expected:#?}, but {:#?}", lines(&notes));
    };
    until("");
    stream(&relay, &["Zoom"]);
    until("live:live/Zoom//Test picture");
    stream(&relay, &[]);
    until("idle:idle///Test picture");
    stream(&relay, &["Asker"]);
    until("asked:asking/Asker//Test picture");
    ask(&relay, &Request::Pause { seconds: None });
    until("paused:paused/Asker//Test picture");
    // In the settings, while it runs: this one alone is left.
    write(directory.path(), &format!("[hooks]\n{}", hook("live")));
    eventually("the settings are taken", || relay.stderr().contains("settings taken"));
    ask(&relay, &Request::Resume);
    stream(&relay, &["Meet"]);
    until("live:live/Meet//Test picture");
    stream(&relay, &[]);
    relay.wait_for_line("the camera off again", |line| line.state == "idle" && line.clients.is_empty());
    assert!(relay.quit().success());
    assert_eq!(lines(&notes), expected, "nothing that is not asked for");
}

#[test]
fn one_that_hangs_keeps_nobody_waiting_and_ends_with_the_relay() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("pid");
    let script = r#"echo $$ >"$0"; exec sleep 1000"#;
    let hook = format!("live = {:?}\n", ["/bin/sh", "-c", script, file.to_str().expect("text")]);
    let mut relay = relay(directory.path(), &format!("[hooks]\n{hook}"));
    stream(&relay, &["Zoom"]);
    relay.wait_for("live");
    eventually("it hangs", || !lines(&file).is_empty());
    let process = format!("/proc/{}", lines(&file)[0]);
    stream(&relay, &[]);
    relay.wait_for("idle");
    stream(&relay, &["Meet"]);
    relay.wait_for("live");
    assert!(Path::new(&process).exists());
    assert!(relay.quit().success());
    assert!(!Path::new(&process).exists(), "it is left behind");
}
