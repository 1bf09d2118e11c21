//! Four applications that people know by name, at three devices and in PipeWire: who they are, what they may, what was.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::process::Command;

use lenscap_test_support::browser::{Browser, HEADLESS_SHELL};
use lenscap_test_support::loopback;
use serde_json::Value;

use super::*;
use crate::machine::{SECOND, command};

const THIRD: &str = "/dev/video32";
/// How long Chromium may take for an answer: its start is most of it.
const LIMIT: Duration = Duration::from_secs(180);

/// What a desktop file says of an application.
struct Known {
    id: &'static str,
    name: &'static str,
    icon: &'static str,
}

const BROWSER: Known = Known { id: "chromium", name: "Chromium", icon: "chromium" };
const MIRROR: Known = Known { id: "org.example.Mirror", name: "Mirror", icon: "camera-web" };
const RECORDER: Known = Known { id: "org.example.Recorder", name: "Recorder", icon: "media-record" };
const STUDIO: Known = Known { id: "org.example.Studio", name: "Studio", icon: "camera-video" };

const RULES: &str = "version = 1\n[apps]\nblock = [\"org.example.Mirror\"]\nask = [\"org.example.Recorder\"]\n";

/// A program in Python that uses GStreamer: an interpreter runs it.
const SCRIPT: &str = r#"
import sys
import gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
pipeline = Gst.parse_launch(f"v4l2src device={sys.argv[1]} ! video/x-raw ! fdsink sync=false")
pipeline.set_state(Gst.State.PLAYING)
pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, Gst.MessageType.ERROR | Gst.MessageType.EOS)
"#;

fn install(session: &Session) {
    let applications = session.path("data/applications");
    fs::create_dir_all(&applications).expect("a directory");
    let script = session.path("mirror.py");
    fs::write(&script, SCRIPT).expect("a file");
    let lines = [
        (&BROWSER, "chromium-headless-shell %U".to_owned()),
        (&MIRROR, format!("python3 {}", script.display())),
        (&RECORDER, "ffmpeg".to_owned()),
        (&STUDIO, "gst-launch-1.0".to_owned()),
    ];
    for (Known { id, name, icon }, exec) in lines {
        let text = format!("[Desktop Entry]\nType=Application\nName={name}\nIcon={icon}\nExec={exec}\n");
        fs::write(applications.join(format!("{id}.desktop")), text).expect("a file");
    }
    let config = session.path("config/lenscap");
    fs::create_dir_all(&config).expect("a directory");
    fs::write(config.join("config.toml"), RULES).expect("a file");
}

/// What `lenscap` says in JSON.
fn told(desk: &Desk, arguments: &[&str]) -> Value {
    let (is_right, told, error) = desk.relay.lenscap(arguments);
    assert!(is_right, "{arguments:?}: {error}");
    serde_json::from_str(&told).expect("JSON")
}

/// The one that streams: its name, icon and what it may, by its id.
fn streaming(desk: &Desk) -> BTreeMap<String, [String; 3]> {
    let status = told(desk, &["status", "--json"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let clients = status["clients"].as_array().expect("a list").iter().filter(|client| client["use"] == "streaming");
    clients
        .map(|client| {
            let app = &client["app"];
            (text(&app["id"]), [text(&client["name"]), text(&app["icon"]), text(&client["access"])])
        })
        .collect()
}

fn until_it_may(desk: &Desk, who: &Known, access: &str) {
    let expected = [who.name, who.icon, access].map(str::to_owned);
    let mut last = BTreeMap::new();
    let is_so = within(DEADLINE, || {
        last = streaming(desk);
        last.get(who.id) == Some(&expected)
    });
    assert!(is_so, "{}: {expected:?}, but {last:#?}\n{:#?}", who.id, desk.relay.seen);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn each_is_named_gets_what_its_rule_says_and_is_on_record() {
    if let Some(why) = Browser::lack(HEADLESS_SHELL) {
        return println!("SKIP applications: {why}");
    }
    let Some(mut session) = Session::new("applications") else { return };
    loopback::unload();
    loopback::load_with("Lenscap,Lenscap 2,Lenscap 3", &["devices=3", "video_nr=30,31,32"]);
    session.install_rule();
    install(&session);
    let camera = plug();
    session.start_server();
    until_devices_are_known(&session);
    let [data, config] = ["data", "config"].map(|name| session.path(name).to_str().expect("text").to_owned());
    let environment = [("XDG_DATA_HOME", data.as_str()), ("XDG_CONFIG_HOME", config.as_str())];
    let relay = relay_with(&session, &camera, &["--devices", "3"], &environment);
    let mut desk = Desk { relay, session, camera };
    desk.until_listed();

    // Blocked and asked: each sees a card, and the camera is off.
    let mut script = Command::new("python3");
    let mirror = Reader::spawn(script.arg(desk.session.path("mirror.py")).arg(SECOND));
    until_it_may(&desk, &MIRROR, "blocked");
    let line = format!("ffmpeg -nostdin -loglevel error -f v4l2 -i {THIRD} -c copy -f rawvideo -");
    let recorder = Reader::spawn(&mut command(&line));
    until_it_may(&desk, &RECORDER, "asking");
    mirror.has_card("who is blocked");
    recorder.has_card("who is asked for");
    assert!(desk.camera.sessions().is_empty(), "on for nobody: {:#?}", desk.camera.log());

    // Allowed, without a question, by V4L2 and by PipeWire.
    let directory = desk.session.path("browser");
    let browser = Browser::start(HEADLESS_SHELL, Command::new, &directory, &[], LIMIT);
    let began = monotonic_now();
    let track = browser.start_camera_named(LABEL);
    assert_eq!((track.label.as_str(), track.width, track.height), (LABEL, WIDTH as u32, HEIGHT as u32));
    until_it_may(&desk, &BROWSER, "allowed");
    eventually("the page's picture moves", || browser.pictures().into_iter().collect::<HashSet<_>>().len() >= 4);
    let studio = desk.reader();
    until_it_may(&desk, &STUDIO, "allowed");
    studio.moves("a reader in PipeWire");
    assert_eq!(desk.relay.poll().state, "live");
    recorder.has_card("who is asked for still");

    // The answer.
    let (is_taken, _, error) = desk.relay.lenscap(&["allow", RECORDER.name]);
    assert!(is_taken, "{error}");
    recorder.moves("who is allowed now");
    until_it_may(&desk, &RECORDER, "allowed");

    // It is on while one of these streams, and for the blocked one it is not.
    drop(browser);
    drop(studio);
    recorder.moves("the last that may");
    assert!(desk.camera.is_on());
    drop(recorder);
    let off = desk.camera.wait_until_off();
    mirror.has_card("who is blocked, after all");
    assert!(mirror.seen().iter().all(|seen| seen.number.is_none()), "the camera was shown to who is blocked");
    drop(mirror);
    desk.until_idle_and_off();
    let [(on, Some(_))] = desk.camera.sessions()[..] else { panic!("once: {:#?}", desk.camera.log()) };
    assert!(on > began, "on before an application had the right");

    // On record: who, as they are known, and when, as the wire has it.
    let mut log = Value::Null;
    let is_whole = within(DEADLINE, || {
        log = told(&desk, &["log", "--json"]);
        log.as_array().is_some_and(|log| log.len() == 4 && log.iter().all(|entry| !entry["until"].is_null()))
    });
    assert!(is_whole, "{log:#}");
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock") - monotonic_now();
    let [on, off] = [on, off].map(|at| (wall + at).as_secs_f64());
    let expected = [(&MIRROR, "blocked"), (&RECORDER, "allowed-by-user"), (&BROWSER, "allowed"), (&STUDIO, "allowed")];
    let source = desk.camera.source();
    for (who, answer) in expected {
        // Its name is not known before it is on.
        let camera = if answer == "blocked" { source.as_str() } else { "Wire Cam" };
        let mut entries = log.as_array().expect("a list").iter();
        let entry = entries.find(|entry| entry["app"] == who.id).unwrap_or_else(|| panic!("{}: {log:#}", who.id));
        let is_right = entry["name"] == who.name
            && entry["icon"] == who.icon
            && entry["answer"] == answer
            && entry["ended"] == "stopped"
            && entry["camera"] == camera;
        let [from, until] = ["from", "until"].map(|name| entry[name].as_f64().expect("seconds"));
        let is_on_the_wire = from <= off && until >= on;
        assert!(is_right && (is_on_the_wire || answer == "blocked"), "{answer}: {entry:#}, on from {on} to {off}");
    }
    desk.relay.quit();
}
