//! What the user can do about the camera, on the command line: over memory, with pretended clients.

use std::fs;
use std::process::Command;

use lenscap_api::{Request, client};
use lenscap_test_support::process::eventually;
use lenscap_test_support::relay::Relay;

/// A relay whose camera Zoom uses, as soon as it may; with these settings of the system.
fn used(site: &str) -> (Relay, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    fs::create_dir(directory.path().join("lenscap")).expect("a directory");
    fs::write(directory.path().join("lenscap/config.toml"), site).expect("written");
    let options = ["--source", "test", "-w", "320", "-H", "240", "-c", "60000"];
    let environment = [
        ("LENSCAP_OUTPUT", "memory"),
        ("XDG_CONFIG_DIRS", directory.path().to_str().expect("text")),
        ("LANGUAGE", "en"),
    ];
    let mut relay = Relay::start_with(&options, &environment);
    relay.wait_for("idle");
    let streaming = Request::Pretend { streaming: vec!["Zoom".into()] };
    client::ask_at(&relay.runtime_dir().join("lenscap/control"), &streaming, &mut |_| true).expect("an answer");
    (relay, directory)
}

/// What `lenscap` prints.
fn say(relay: &Relay, arguments: &[&str]) -> String {
    let (is_done, said, complaint) = relay.lenscap(arguments);
    assert!(is_done, "{arguments:?}: {complaint}");
    said.trim_end().to_owned()
}

#[test]
fn whatever_is_turned_off_has_a_way_back() {
    let (mut relay, _site) = used("");
    relay.wait_for("live");
    assert_eq!(say(&relay, &["status"]), "Camera is on: Zoom");
    for (off, says, back) in [
        (&["off"][..], "Camera is off for Zoom", "allow"),
        (&["toggle"], "Camera is paused: Zoom", "toggle"),
        (&["pause"], "Camera is paused: Zoom", "resume"),
        (&["pause", "--for", "30m"], "Camera is paused until ", "resume"),
    ] {
        let said = say(&relay, off);
        // A machine may take longer to switch it off than anybody waits for an answer.
        assert!(said.starts_with(says) || said.starts_with("Camera is being switched off"), "{off:?}: {said}");
        eventually("it is off", || say(&relay, &["status"]).starts_with(says));
        let said = say(&relay, &[back]);
        assert!(["Camera is starting: Zoom", "Camera is on: Zoom"].contains(&said.as_str()), "{back}: {said}");
        relay.wait_for("live");
    }
}

#[test]
fn a_camera_that_takes_its_time_to_go_off_is_not_called_on() {
    let (mut relay, _site) = used("");
    relay.wait_for("live");
    let worker = relay.workers()[0].to_string();
    assert!(Command::new("kill").args(["-STOP", &worker]).status().expect("kill").success());
    // Killed after 4 s (camera_process/host.rs), and answered before.
    assert_eq!(say(&relay, &["pause"]), "Camera is being switched off: Zoom");
    relay.wait_for("paused");
}

#[test]
fn who_is_allowed_is_taken_off_the_list_which_stays_as_it_was_below() {
    let (mut relay, site) = used("[privacy]\nblocked = [\"cheese\", \"zoom\"]\n");
    relay.wait_for("blocked");
    let said = say(&relay, &["status"]);
    assert!(said.starts_with("Camera is off for Zoom. Zoom is on the list of blocked programs: "), "{said}");
    // Nothing is lost where the file has a mistake.
    fs::create_dir_all(relay.settings().parent().expect("a directory")).expect("a directory");
    fs::write(relay.settings(), "[privacy]\nblocked = \"nobody\"\n").expect("written");
    let (is_done, _, complaint) = relay.lenscap(&["allow"]);
    assert!(!is_done && complaint.contains("line 2"), "{complaint}");
    assert!(say(&relay, &["status"]).starts_with("Camera is off for Zoom"));
    fs::write(relay.settings(), "# mine\n").expect("written");
    say(&relay, &["allow"]);
    relay.wait_for("live");
    let own = fs::read_to_string(relay.settings()).expect("settings");
    assert!(own.starts_with("# mine\n") && own.contains("block = [\"program:cheese\"]"), "{own}");
    let below = fs::read_to_string(site.path().join("lenscap/config.toml")).expect("settings");
    assert!(below.contains("zoom"), "{below}");
}

#[test]
fn who_asks_is_allowed_once_always_or_never() {
    let (mut relay, _site) = used("[apps]\nunknown = \"ask\"\n");
    relay.wait_for("asking");
    let said = say(&relay, &["status"]);
    assert!(said.starts_with("Camera is wanted by Zoom. Zoom waits for your permission: "), "{said}");
    let own = |relay: &Relay| fs::read_to_string(relay.settings()).unwrap_or_default();
    assert!(say(&relay, &["allow", "--once", "zoom"]).starts_with("Camera is "));
    relay.wait_for("live");
    assert_eq!(own(&relay), "", "the rules stay as they are");
    say(&relay, &["block", "Zoom"]);
    relay.wait_for("blocked");
    // The camera's going off is answered, not the file.
    eventually("the rule is written", || own(&relay).contains("block = [\"program:Zoom\"]"));
    say(&relay, &["allow", "zoom"]);
    relay.wait_for("live");
    let rules = own(&relay);
    assert!(rules.contains("allow = [\"program:Zoom\"]") && !rules.contains("block = [\"program"), "{rules}");
    // Of whoever is not there, too.
    say(&relay, &["block", "cheese", "org.example.Cam"]);
    let rules = own(&relay);
    assert!(rules.contains("block = [\"org.example.Cam\", \"program:cheese\"]"), "{rules}");
}
