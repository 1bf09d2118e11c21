//! `lenscap cameras` against the kernel's test cameras: what v4l2-ctl lists of them, single- and multi-planar, webcam and HDMI
//! input; two identical ones; one that is gone; one without permission; one that is on; one that comes back.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use lenscap::camera::modes::{Format, Rates, Size};
use lenscap_test_support::process::{Reaped, eventually, within};
use lenscap_test_support::programs::program;
use lenscap_test_support::relay::Relay;
use lenscap_test_support::vivid;
use serde::Deserialize;

use crate::machine::{NODE, output_of, quiet};

const CAMERA: &str = "/dev/video20";
/// `input_types` of vivid's.
const WEBCAM: u32 = 0;
const HDMI: u32 = 3;

/// What `lenscap cameras --json` prints, as far as these tests read it.
#[derive(Debug, Deserialize)]
pub struct Listing {
    source: String,
    chosen: Option<String>,
    pub cameras: Vec<Listed>,
    modes_read: bool,
}

/// A camera in it.
#[derive(Debug, Deserialize)]
pub struct Listed {
    id: String,
    name: String,
    pub source: String,
    chosen: bool,
    present: bool,
    node: Option<PathBuf>,
    native: Option<Native>,
    /// `None`: not read.
    pub formats: Option<Vec<Format>>,
    problem: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Native {
    width: u32,
    height: u32,
}

impl Listing {
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn at(&self, node: &str) -> &Listed {
        let found = self.cameras.iter().find(|camera| camera.node.as_deref() == Some(Path::new(node)));
        found.unwrap_or_else(|| panic!("no {node}: {self:#?}"))
    }

    fn only(&self) -> &Listed {
        let [camera] = &self.cameras[..] else { panic!("one camera: {self:#?}") };
        camera
    }
}

/// A user's home without a relay.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn choose(&self, source: &str) {
        fs::create_dir_all(self.0.path().join("config/lenscap")).expect("a directory");
        let text = format!("[camera]\nsource = \"{source}\"\n");
        fs::write(self.0.path().join("config/lenscap/config.toml"), text).expect("written");
    }

    /// `lenscap cameras`, perhaps by a program that becomes it.
    fn cameras(&self, wrapper: &[&str], arguments: &[&str]) -> String {
        let lenscap = program("lenscap");
        let words: Vec<&str> = wrapper.iter().copied().chain([lenscap.to_str().expect("text"), "cameras"]).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).args(arguments).env("HOME", self.0.path());
        command.env("XDG_RUNTIME_DIR", self.0.path()).env("XDG_STATE_HOME", self.0.path().join("state"));
        command.env("XDG_CONFIG_HOME", self.0.path().join("config")).env_remove("DBUS_SESSION_BUS_ADDRESS");
        output_of(&mut command)
    }

    fn list(&self) -> Listing {
        Listing::read(&self.cameras(&[], &["--json"]))
    }
}

/// A code, sizes and a rate; "range" where there is one.
type Row = (String, String, String);

fn without_blanks(code: &str) -> String {
    code.replace(' ', "")
}

/// What v4l2-ctl lists: codes in order, and all modes.
fn theirs(node: &str) -> (Vec<String>, BTreeSet<Row>) {
    let text = output_of(Command::new("v4l2-ctl").args(["-d", node, "--list-formats-ext"]));
    let (mut codes, mut rows, mut size) = (Vec::new(), BTreeSet::new(), String::new());
    for line in text.lines().map(str::trim) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let code = || codes.last().cloned().unwrap_or_default();
        match words[..] {
            [number, ..] if number.starts_with('[') && number.ends_with("]:") => {
                codes.push(without_blanks(line.split('\'').nth(1).expect("a code")));
            }
            ["Size:", "Discrete", discrete] => size = discrete.to_owned(),
            // Of a range of sizes it asks for no rates.
            ["Size:", _, least, "-", most, ..] => {
                rows.insert((code(), format!("{least}-{most}"), "range".to_owned()));
            }
            ["Interval:", "Discrete", _, rate, ..] => {
                rows.insert((code(), size.clone(), rate.trim_start_matches('(').to_owned()));
            }
            ["Interval:", ..] => {
                rows.insert((code(), size.clone(), "range".to_owned()));
            }
            _ => {}
        }
    }
    (codes, rows)
}

/// The same of our list.
fn ours(camera: &Listed) -> (Vec<String>, BTreeSet<Row>) {
    let formats = camera.formats.as_deref().expect("they were read");
    let mut rows = BTreeSet::new();
    for format in formats {
        let code = without_blanks(&format.fourcc);
        for size in &format.sizes {
            match size {
                Size::Fixed { width, height, rates: Rates::List(rates) } => {
                    let row = |rate: &f64| (code.clone(), format!("{width}x{height}"), format!("{rate:.3}"));
                    rows.extend(rates.iter().map(row));
                }
                Size::Fixed { width, height, rates: Rates::Range { .. } } => {
                    rows.insert((code.clone(), format!("{width}x{height}"), "range".into()));
                }
                Size::Range { min_width, max_width, min_height, max_height, .. } => {
                    let sizes = format!("{min_width}x{min_height}-{max_width}x{max_height}");
                    rows.insert((code.clone(), sizes, "range".into()));
                }
            }
        }
    }
    (formats.iter().map(|format| without_blanks(&format.fourcc)).collect(), rows)
}

fn sorted(mut codes: Vec<String>) -> Vec<String> {
    codes.sort();
    codes
}

/// Loads vivid with one camera.
fn one(input: u32) {
    vivid::reload(&[&format!("input_types={input}")]);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn what_v4l2_ctl_lists_of_one_and_two_planes_webcam_and_hdmi_is_listed() {
    let home = Home::new();
    home.choose("auto");
    for planes in ["multiplanar=1", "multiplanar=2"] {
        for input in [WEBCAM, HDMI] {
            vivid::reload(&[&format!("input_types={input}"), planes]);
            let list = home.list();
            let (their_codes, their_modes) = theirs(CAMERA);
            let (our_codes, our_modes) = ours(list.at(CAMERA));
            let name = format!("{planes}, input {input}");
            assert!(our_codes.len() > 30, "{name}: only {} formats", our_codes.len());
            assert_eq!(sorted(our_codes), sorted(their_codes), "{name}");
            let lacking: Vec<_> = their_modes.difference(&our_modes).take(3).collect();
            let invented: Vec<_> = our_modes.difference(&their_modes).take(3).collect();
            assert!(lacking.is_empty() && invented.is_empty(), "{name}: without {lacking:?}, but with {invented:?}");
            assert!(input == HDMI || our_modes.len() > 100, "{name}: only {} modes", our_modes.len());
        }
    }
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_chosen_camera_is_marked_whether_it_is_there_or_not() {
    one(WEBCAM);
    let home = Home::new();
    home.choose("auto");
    let list = home.list();
    let camera = list.only();
    assert_eq!(camera.native, Some(Native { width: 3840, height: 2160 }));
    assert_eq!((list.source.as_str(), list.chosen.as_deref()), ("auto", Some(camera.id.as_str())));
    assert!(camera.chosen && camera.present, "{camera:#?}");
    // The loopback is no camera.
    assert!(Path::new(NODE).exists());
    assert_eq!(camera.node.as_deref(), Some(Path::new(CAMERA)));

    // By its number, which is not its name.
    home.choose("v4l2:/dev/video20");
    let list = home.list();
    assert!(list.only().chosen && list.only().source != "v4l2:/dev/video20", "{list:#?}");

    home.choose("v4l2:/dev/v4l/by-id/usb-Maker_Cam_1-video-index0");
    let list = home.list();
    let chosen: Vec<_> = list.cameras.iter().filter(|camera| camera.chosen).collect();
    assert!(matches!(chosen[..], [camera] if camera.name == "Maker Cam 1" && !camera.present), "{list:#?}");
    let words = home.cameras(&[], &[]);
    assert!(words.contains("Maker Cam 1 (missing)"), "{words}");
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_user_without_permission_is_told_so_and_identical_cameras_are_two() {
    let home = Home::new();
    fs::set_permissions(home.0.path(), fs::Permissions::from_mode(0o777)).expect("a directory for everybody");
    one(WEBCAM);
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let list = Listing::read(&home.cameras(&nobody, &["--json"]));
    let problem = list.only().problem.clone().unwrap_or_default();
    assert!(problem.contains("No permission to use the camera video20"), "{problem:?}");
    assert!(problem.contains("the group video"), "{problem:?}");

    vivid::reload(&["n_devs=2", "input_types=0,0"]);
    eventually("the second camera is there", || Path::new("/dev/video21").exists());
    home.choose("auto");
    let list = home.list();
    let different = |of: fn(&Listed) -> &str| list.cameras.iter().map(of).collect::<BTreeSet<_>>().len();
    let counts = (list.cameras.len(), different(|camera| &camera.id), different(|camera| &camera.source));
    assert_eq!(counts, (2, 2, 2), "{list:#?}");
}

fn relay(source: &str, height: &str) -> Relay {
    let arguments = ["--source", source, "-d", NODE, "-w", "640", "-H", height, "-f", "15", "-c", "0"];
    let mut relay = Relay::start(&arguments);
    relay.wait_for("idle");
    relay
}

fn client() -> Reaped {
    let mut command = Command::new("v4l2-ctl");
    command.args(["-d", NODE, "--stream-mmap", "--stream-count=100000"]);
    Reaped(quiet(&mut command).spawn().expect("v4l2-ctl"))
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn one_that_is_on_is_not_opened_and_one_that_comes_back_is_on_again() {
    one(WEBCAM);
    let source = Home::new().list().only().source.clone();
    let mut relay = relay(&source, "360");
    let program = client();
    relay.wait_for("live");
    let (_, text, _) = relay.lenscap(&["cameras", "--json"]);
    let list = Listing::read(&text);
    assert!(!list.modes_read && list.only().formats.is_none(), "{text}");
    drop(program);
    relay.wait_for("idle");

    // Gone, given up, and back: without a new client, and nobody asks.
    vivid::unload();
    let before = relay.seen.len();
    let mut program = client();
    let gave_up = within(Duration::from_secs(90), || {
        let is_over = relay.poll().state == "failed";
        let tries = relay.seen[before..].iter().filter(|line| line.state == "starting").count();
        is_over && tries >= 6
    });
    assert!(gave_up, "{:#?}\n{}", relay.seen, relay.stderr());
    println!("REPORT gave up: {}", relay.poll().reason);
    one(WEBCAM);
    eventually("it is on again", || relay.poll().state == "live");
    assert_eq!(program.0.try_wait().expect("wait"), None, "the client is the same");
    drop(program);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_capture_card_at_which_nothing_arrives_says_so_and_goes_on_when_something_does() {
    one(HDMI);
    vivid::set("dv_timings_signal_mode=1");
    let mut relay = relay("v4l2:/dev/video20", "480");
    let program = client();
    relay.wait_for_failure(&["no signal at its input HDMI"]);
    vivid::set("dv_timings_signal_mode=0");
    eventually("it is on", || relay.poll().state == "live");
    drop(program);
    relay.quit();
}
