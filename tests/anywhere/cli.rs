//! The program as a newcomer meets it: wrong input, missing pieces, settings edited while it runs. No kernel module needed.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use lenscap_test_support::process::{Reaped, eventually};
use lenscap_test_support::programs::program;
use lenscap_test_support::relay::Relay;
use rustix::event::{PollFd, PollFlags, Timespec};

fn lenscap(arguments: &[&str]) -> Output {
    lenscap_with(arguments, &[])
}

fn lenscap_with(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let home = tempfile::tempdir().expect("a directory");
    Command::new(program("lenscap"))
        .args(arguments)
        .envs(environment.iter().copied())
        .env("XDG_CONFIG_HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .output()
        .expect("lenscap starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// One sentence: a line, a capital or our name in front, a full stop behind.
fn is_one_sentence(text: &str) -> bool {
    let text = text.trim_end();
    text.starts_with("lenscap: ") && text.ends_with('.') && text.lines().count() == 1
}

#[test]
fn wrong_values_are_refused_with_what_to_write_instead() {
    for (arguments, says) in [
        (vec!["run", "--headless", "-w", "0"], "width must be an even number from 2 to 8192, not 0"),
        (vec!["run", "--headless", "-w", "641"], "642"),
        (vec!["run", "--headless", "-H", "9000"], "8192"),
        (vec!["run", "--headless", "-f", "0"], "framerate must be a whole number from 1 to 240, not 0"),
        (vec!["run", "--headless", "-f", "1000"], "240"),
        (vec!["run", "--headless", "-b", "99"], "buffer"),
        (vec!["run", "--headless", "--source", "webcam"], "v4l2:PATH"),
        (vec!["run", "--headless", "--format", "MJPG"], "YUY2"),
        (vec!["run", "--headless", "-c", "soon"], "soon"),
        (vec!["pause", "--for", "abc"], "abc"),
        (vec!["pause", "--for", "0"], "0"),
        (vec!["fly"], "fly"),
    ] {
        let output = lenscap(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(says), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn nobody_to_ask_is_exit_status_3() {
    for arguments in [
        &["status"][..],
        &["status", "--json"],
        &["doctor", "--test"],
        &["pause"],
        &["resume"],
        &["toggle"],
        &["off"],
        &["allow"],
    ] {
        let output = lenscap(arguments);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}");
        assert_eq!(stderr(&output), "lenscap: Lenscap is not running: start it.\n    lenscap\n");
    }
}

#[test]
fn version_help_and_completions_need_nothing() {
    let version = lenscap(&["--version"]);
    assert!(String::from_utf8_lossy(&version.stdout).contains(lenscap::VERSION));
    let help = lenscap(&["run", "--help"]);
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    for option in ["--device", "--source", "--cooldown-ms", "--events", "--headless"] {
        assert!(text.contains(option), "{option}: {text}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let output = lenscap(&["completions", shell]);
        assert!(output.status.success() && output.stdout.len() > 500, "{shell}");
    }
}

#[test]
fn a_settings_file_that_cannot_be_understood_stops_the_start_and_stays_as_it_is() {
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("my.toml");
    let text = "# mine\n[camera]\nwidht = 640\n";
    fs::write(&file, text).expect("written");
    let output = lenscap(&["run", "--headless", "--config", file.to_str().expect("text")]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("line 3") && said.contains("widht") && said.contains("my.toml"), "{said}");
    assert!(is_one_sentence(&said), "{said}");
    assert_eq!(fs::read_to_string(&file).expect("still there"), text);
}

#[test]
fn wrong_devices_are_refused_without_a_module() {
    for device in ["/dev/null", "/etc/passwd"] {
        let arguments = ["run", "--headless", "--device", device];
        let output = lenscap(&arguments);
        assert_eq!(output.status.code(), Some(1), "{device}");
        let said = stderr(&output);
        assert!(is_one_sentence(&said) && said.contains("choose a v4l2loopback device"), "{said}");
        let log = stderr(&lenscap_with(&arguments, &[("LENSCAP_LOG", "debug")]));
        assert!(log.contains(&format!(r#""node":"{device}""#)), "{log}");
    }
}

/// These need a machine on which no node is found; elsewhere the kernel tier covers the same.
fn no_module() -> bool {
    let absent = !Path::new("/sys/module/v4l2loopback").exists();
    if !absent {
        println!("SKIP waiting without a module: v4l2loopback is loaded on this machine");
    }
    absent
}

#[test]
fn without_the_module_it_says_how_to_get_it_and_waits() {
    if !no_module() {
        return;
    }
    let mut relay = Relay::start(&["--source", "test"]);
    let line = relay.wait_for("no-device");
    assert!(!line.live);
    eventually("the reason is told", || relay.poll().reason.contains("the kernel module v4l2loopback"));
    eventually("it says how", || relay.stderr().contains("the kernel module v4l2loopback"));
    let status = relay.quit();
    assert!(status.success(), "{status}");
}

#[test]
fn settings_edited_while_running_are_taken_or_refused_with_the_place() {
    if !no_module() {
        return;
    }
    let home = tempfile::tempdir().expect("a directory");
    let file = home.path().join("config.toml");
    fs::write(&file, "[camera]\nsource = \"test\"\n").expect("written");
    let mut relay = Relay::start(&["--config", file.to_str().expect("text")]);
    relay.wait_for("no-device");
    fs::write(&file, "[camera]\nsource = \"test\"\nframerate = \"fast\"\n").expect("written");
    eventually("the mistake is told", || relay.stderr().contains("line 3"));
    fs::write(&file, "[camera]\nsource = \"test\"\nframerate = 15\n").expect("written");
    eventually("the correction is taken", || relay.stderr().contains("settings taken"));
    // SIGHUP reads them again, too.
    let taken = relay.stderr().matches("settings taken").count();
    assert!(Command::new("kill").args(["-HUP", &relay.pid().to_string()]).status().expect("kill").success());
    eventually("SIGHUP is heard", || relay.stderr().matches("settings taken").count() > taken);
    relay.quit();
}

#[test]
fn settings_of_the_system_are_followed_and_their_mistakes_cost_nothing_else() {
    if !no_module() {
        return;
    }
    let site = tempfile::tempdir().expect("a directory");
    let file = site.path().join("lenscap/config.toml");
    let mut relay = Relay::start_with(&[], &[("XDG_CONFIG_DIRS", site.path().to_str().expect("text"))]);
    relay.wait_for("no-device");
    fs::create_dir(site.path().join("lenscap")).expect("a directory");
    fs::write(&file, "[camera]\nframerate = \"fast\"\nsource = \"test\"\n").expect("written");
    eventually("the mistake is logged, with its file", || {
        let log = relay.stderr();
        log.contains("settings, line 2, column 13: framerate must be") && log.contains(&file.display().to_string())
    });
    eventually("what is right holds", || relay.lenscap(&["status", "--json"]).1.contains("\"camera\":\"test\""));
    relay.quit();
}

#[test]
fn unusable_directories_do_not_keep_it_from_running() {
    if !no_module() {
        return;
    }
    let mut relay = Relay::start_with(
        &["--source", "test"],
        &[("XDG_CONFIG_HOME", "/proc/none"), ("XDG_RUNTIME_DIR", "/proc/none")],
    );
    relay.wait_for("no-device");
    assert!(relay.quit().success());
}

#[test]
fn pause_resume_toggle_and_status_reach_the_running_relay() {
    if !no_module() {
        return;
    }
    let runtime = tempfile::tempdir().expect("a directory");
    let directory = runtime.path().to_str().expect("text");
    let mut relay = Relay::start_with(&["--source", "test"], &[("XDG_RUNTIME_DIR", directory)]);
    relay.wait_for("no-device");
    let ask = |arguments: &[&str]| {
        let output = Command::new(program("lenscap"))
            .args(arguments)
            .env("XDG_RUNTIME_DIR", directory)
            .output()
            .expect("lenscap starts");
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(ask(&["status"]).starts_with("No camera device. "), "{}", ask(&["status"]));
    let json: serde_json::Value = serde_json::from_str(&ask(&["status", "--json"])).expect("JSON");
    assert_eq!(json["live"], serde_json::json!(false));
    for command in [&["pause", "--for", "30m"][..], &["resume"], &["toggle"], &["toggle"]] {
        ask(command);
    }
    // A second relay of the same user goes on without the socket, and says so.
    let mut second = Relay::start_with(&["--source", "test"], &[("XDG_RUNTIME_DIR", directory)]);
    second.wait_for("no-device");
    // The log takes its own way: it may come after the event line.
    eventually("it says so", || second.stderr().contains("Another Lenscap"));
    second.quit();
    assert!(ask(&["status"]).starts_with("No camera device. "));
    relay.quit();
}

#[test]
fn an_events_reader_that_goes_away_does_not_end_the_relay() {
    if !no_module() {
        return;
    }
    let home = tempfile::tempdir().expect("a directory");
    let log = home.path().join("log");
    let mut child = Command::new(program("lenscap"))
        .args(["run", "--headless", "--events", "--source", "test"])
        .env("XDG_CONFIG_HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .stdout(std::process::Stdio::piped())
        .stderr(fs::File::create(&log).expect("a file"))
        .spawn()
        .expect("lenscap starts");
    drop(child.stdout.take());
    let mut child = Reaped(child);
    let socket = home.path().join("lenscap/control");
    eventually("it listens", || UnixStream::connect(&socket).is_ok());
    let toggle =
        || Command::new(program("lenscap")).arg("toggle").env("XDG_RUNTIME_DIR", home.path()).output().expect("runs");
    for _ in 0..3 {
        assert!(toggle().status.success());
    }
    assert!(child.0.try_wait().expect("wait").is_none(), "{}", fs::read_to_string(&log).unwrap_or_default());
}

#[test]
fn the_resident_programs_link_no_more_than_they_need() {
    let linked = |program: &Path| {
        let output = Command::new("ldd").arg(program).output().expect("ldd");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("libc.so"), "{text}");
        text
    };
    for name in ["lenscap", "lenscap-applet"] {
        let linked = linked(&program(name));
        for library in
            ["libglib", "libgio", "libgobject", "libgtk", "libadwaita", "libgstreamer", "libgst", "libsqlite"]
        {
            assert!(!linked.contains(library), "{name}: {linked}");
        }
    }
}

#[test]
fn the_doctor_says_what_is_missing_and_fails_then() {
    let output = lenscap(&["doctor", "--json"]);
    // Nothing runs here, which is a problem by itself.
    assert_eq!(output.status.code(), Some(1));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["ok"], false);
    let findings = told["findings"].as_array().expect("a list");
    assert!(findings.iter().any(|finding| finding["check"] == "relay" && finding["verdict"] == "problem"), "{told}");
    let words = lenscap(&["doctor"]);
    assert_eq!(words.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&words.stdout).contains("problem  Lenscap is not running."));
}

#[test]
fn a_resident_process_has_no_huge_pages() {
    let mut relay = Relay::start_with(&["--source", "test", "-w", "320", "-H", "240"], &[("LENSCAP_OUTPUT", "memory")]);
    relay.wait_for("idle");
    let status = fs::read_to_string(format!("/proc/{}/status", relay.pid())).expect("alive");
    match status.lines().find_map(|line| line.strip_prefix("THP_enabled:")) {
        None => eprintln!("SKIP a_resident_process_has_no_huge_pages: this kernel does not say whether it has"),
        Some(is_on) => assert_eq!(is_on.trim(), "0"),
    }
}

#[test]
fn the_doctor_knows_the_running_relays_options_and_our_programs() {
    let mut relay = Relay::start_with(&["--source", "test", "-w", "320", "-H", "240"], &[("LENSCAP_OUTPUT", "memory")]);
    relay.wait_for("idle");
    let (_, said, complaint) = relay.lenscap(&["doctor", "--json"]);
    let told: serde_json::Value =
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said} {complaint}"));
    let findings = told["findings"].as_array().expect("a list");
    let of = |code: &str| findings.iter().map(|finding| &finding["diagnosis"]).find(|it| it["code"] == *code);
    let set = &of("settings-set").unwrap_or_else(|| panic!("{told}"))["settings"];
    for (setting, value, by) in [("camera.source", "test", "--source"), ("camera.height", "240", "--height")] {
        let expected = serde_json::json!({ "setting": setting, "value": value, "by": by });
        assert!(set.as_array().is_some_and(|set| set.contains(&expected)), "{set}");
    }
    // On a busy computer they may not have answered in time; never do they seem to be of other versions.
    assert!(of("programs-differ").is_none() && of("programs-missing").is_none(), "{told}");
    eventually("the programs answer", || relay.lenscap(&["doctor", "--json"]).1.contains("\"programs-fine\""));
    assert!(findings.iter().any(|finding| finding["check"] == "gstreamer"), "{told}");
    let (is_done, report, _) = relay.lenscap(&["doctor", "--report"]);
    assert!(is_done && report.contains(&format!("lenscap-worker {}, ", lenscap::VERSION)), "{report}");
}

/// A relay over memory whose standard output and error nobody reads, in a home of its own.
fn unread(home: &Path) -> Reaped {
    let child = Command::new(program("lenscap"))
        .args(["run", "--headless", "--events", "--source", "test", "-w", "320", "-H", "240", "-c", "0"])
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_RUNTIME_DIR", home)
        .env("LENSCAP_OUTPUT", "memory")
        .env("LENSCAP_LOG", "trace")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lenscap starts");
    Reaped(child)
}

/// The answer to one request, or nothing within the time that any relay has for one.
fn ask(home: &Path, request: &str) -> Option<serde_json::Value> {
    let mut stream = UnixStream::connect(home.join("lenscap/control")).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    writeln!(stream, "{request}").ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

/// Event lines and log together are more than the pipes and our queues hold.
const MORE_THAN_IS_HELD: usize = 900;

#[test]
fn readers_that_do_not_read_hold_neither_camera_nor_signals_up() {
    let home = tempfile::tempdir().expect("a directory");
    let mut relay = unread(home.path());
    eventually("it answers", || ask(home.path(), r#"{"do":"status"}"#).is_some());
    for _ in 0..MORE_THAN_IS_HELD {
        assert!(ask(home.path(), r#"{"do":"toggle"}"#).is_some(), "it is held up");
    }
    ask(home.path(), r#"{"do":"pretend","streaming":["Zoom"]}"#).expect("an answer");
    eventually("the camera is on", || ask(home.path(), r#"{"do":"status"}"#).expect("an answer")["state"] == "live");
    ask(home.path(), r#"{"do":"pause","seconds":null}"#).expect("an answer");
    eventually("the camera is off", || ask(home.path(), r#"{"do":"status"}"#).expect("an answer")["live"] == false);
    // Only now is anything read.
    let read = |mut pipe: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            pipe.read_to_end(&mut text).expect("a pipe");
            String::from_utf8_lossy(&text).into_owned()
        })
    };
    let stdout = read(Box::new(relay.0.stdout.take().expect("a pipe")));
    let stderr = read(Box::new(relay.0.stderr.take().expect("a pipe")));
    let _ = Command::new("kill").arg(relay.0.id().to_string()).status();
    assert!(relay.wait_for_exit(Duration::from_secs(60)).success());
    let text = stdout.join().expect("event lines");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect();
    let lost: u64 = lines.iter().filter_map(|line| line["lost"].as_u64()).sum();
    assert!(lost > 0, "{} lines", lines.len());
    let last = lines.last().expect("a line");
    assert_eq!((&last["state"], &last["live"]), (&"paused".into(), &false.into()), "the newest is the present");
    let log = stderr.join().expect("read");
    assert!(log.contains("lines of the log that nobody read are missing here: "), "{} bytes", log.len());
}

#[test]
fn it_ends_in_time_with_readers_that_never_read() {
    let home = tempfile::tempdir().expect("a directory");
    let mut relay = unread(home.path());
    eventually("it answers", || ask(home.path(), r#"{"do":"status"}"#).is_some());
    for _ in 0..MORE_THAN_IS_HELD {
        assert!(ask(home.path(), r#"{"do":"toggle"}"#).is_some(), "it is held up");
    }
    let _ = Command::new("kill").arg(relay.0.id().to_string()).status();
    assert!(relay.wait_for_exit(Duration::from_secs(60)).success());
}

#[test]
fn a_settings_file_that_does_not_answer_holds_nothing_up() {
    let home = tempfile::tempdir().expect("a directory");
    fs::create_dir_all(home.path().join("config/lenscap")).expect("a directory");
    let relay = unread(home.path());
    eventually("it answers", || ask(home.path(), r#"{"do":"status"}"#).is_some());
    ask(home.path(), r#"{"do":"pretend","streaming":["Zoom"]}"#).expect("an answer");
    let controls = || ask(home.path(), r#"{"do":"controls"}"#).expect("an answer");
    eventually("the camera is on", || controls()["live"] == true);
    if !controls().to_string().contains("brightness") {
        println!("SKIP a_settings_file_that_does_not_answer: no videobalance here");
        return;
    }
    // Whoever saves now waits for this lock, as for a disk or a network that takes its time.
    let lock = fs::File::open(home.path().join("config/lenscap")).expect("the directory");
    lock.lock().expect("a lock");
    let connect = |request: &str| {
        let mut stream = UnixStream::connect(home.path().join("lenscap/control")).expect("a connection");
        writeln!(stream, "{request}").expect("a request");
        stream
    };
    let slow = connect(r#"{"do":"set-control","key":"brightness","value":"10"}"#);
    let quick = connect(r#"{"do":"resume"}"#);
    let mut fds = [PollFd::new(&slow, PollFlags::IN), PollFd::new(&quick, PollFlags::IN)];
    rustix::event::poll(&mut fds, Some(&Timespec { tv_sec: 60, tv_nsec: 0 })).expect("an answer");
    let is_first = fds.map(|fd| fd.revents().contains(PollFlags::IN));
    assert_eq!(is_first, [false, true], "a request waits for the settings");
    ask(home.path(), r#"{"do":"pause","seconds":null}"#).expect("an answer");
    eventually("the camera is off", || ask(home.path(), r#"{"do":"status"}"#).expect("an answer")["live"] == false);
    drop(lock);
    let mut line = String::new();
    BufReader::new(slow).read_line(&mut line).expect("an answer");
    assert!(line.starts_with('{'), "it is answered as well: {line}");
    drop(relay);
}
