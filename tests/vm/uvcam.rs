//! The USB camera made of software, alone: the real uvcvideo lists what it offers and brings its pictures, in order and one by
//! one.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use lenscap::camera::modes::{Rates, Size};
use lenscap_api::Controls;
use lenscap_test_support::process::{eventually, within};
use lenscap_test_support::programs::program;
use lenscap_test_support::usb_camera::Camera;
use uvcam::picture::{Tally, read_yuyv_number};

use crate::cameras::Listing;
use crate::machine::{output_of, quiet};

/// The camera, and where its pictures go.
struct Bench {
    camera: Camera,
    directory: tempfile::TempDir,
}

/// What is asked of it.
#[derive(Clone, Copy)]
struct Mode {
    format: &'static str,
    width: usize,
    height: usize,
}

const YUYV: Mode = Mode { format: "YUYV", width: 320, height: 240 };
const MJPG: Mode = Mode { format: "MJPG", width: 640, height: 480 };

impl Bench {
    fn v4l2_ctl(&self, arguments: &[&str]) -> String {
        output_of(Command::new("v4l2-ctl").arg("-d").arg(&self.camera.node).args(arguments))
    }

    /// `lenscap` of a user with an empty home.
    fn lenscap(&self, arguments: &[&str]) -> (bool, String) {
        let home = self.directory.path();
        let mut command = Command::new(program("lenscap"));
        command.args(arguments).env("XDG_RUNTIME_DIR", home).env("XDG_CONFIG_HOME", home.join("config"));
        let output = command.output().expect("lenscap starts");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn controls(&self, arguments: &[&str]) -> (bool, String) {
        self.lenscap(&[&["controls", "--source", &self.camera.source()], arguments].concat())
    }

    /// So many raw pictures, as v4l2-ctl streams them; fewer where the stream ends early.
    fn pictures(&self, mode: Mode, count: u32) -> Vec<u8> {
        let Mode { format, width, height } = mode;
        let set = format!("--set-fmt-video=width={width},height={height},pixelformat={format}");
        self.v4l2_ctl(&[&set, "--set-parm=15"]);
        let path = self.directory.path().join("frames");
        let _ = fs::remove_file(&path);
        let mut command = Command::new("timeout");
        command.args(["-k", "1", "30", "v4l2-ctl", "-d"]).arg(&self.camera.node).arg("--stream-mmap=8");
        command.arg(format!("--stream-count={count}")).arg("--stream-to").arg(&path);
        // It succeeds even where STREAMON failed: what counts is what came.
        let _ = quiet(&mut command).status().expect("v4l2-ctl");
        let raw = match format {
            "MJPG" => {
                let raw = self.directory.path().join("raw");
                let mut command = Command::new("ffmpeg");
                command.args(["-nostdin", "-v", "error", "-y", "-f", "mjpeg", "-i"]).arg(&path);
                command.args(["-fps_mode", "passthrough", "-pix_fmt", "yuyv422", "-f", "rawvideo"]).arg(&raw);
                output_of(&mut command);
                raw
            }
            _ => path,
        };
        fs::read(raw).unwrap_or_default()
    }

    /// As many frames as are asked for come; none twice, none before another. An emulated machine may lose some.
    fn assert_in_order(&self, what: &str, mode: Mode, count: u32) {
        let mut tally = Tally::default();
        for picture in self.pictures(mode, count).chunks_exact(mode.width * mode.height * 2) {
            tally.add(read_yuyv_number(picture, mode.width));
        }
        println!("REPORT {what}: {tally}");
        let found = (tally.frames, tally.repeated, tally.backwards, tally.others);
        assert_eq!(found, (count, 0, 0, 0), "{what}: {tally}");
    }

    /// What the last stream was switched on and off by.
    fn on_and_off(&self) -> [Option<String>; 2] {
        let log = self.camera.log();
        ["STREAM on by=", "STREAM off by="].map(|start| {
            let by = log.iter().rev().find_map(|entry| entry.text.strip_prefix(start))?;
            by.split_whitespace().next().map(str::to_owned)
        })
    }

    fn has_logged(&self, part: &str) -> bool {
        self.camera.log().iter().any(|entry| entry.text.contains(part))
    }

    /// Some of a picture, without its number.
    fn part_of_a_picture(&self) -> Vec<u8> {
        self.pictures(YUYV, 2).get(15_536..65_536).expect("a picture").to_vec()
    }
}

/// What the program says of the camera, without switching it on: its modes and controls, and that a control is set.
fn is_listed(bench: &Bench) {
    let sizes = bench.v4l2_ctl(&["--list-formats-ext"]).matches("Size: Discrete").count();
    assert_eq!(sizes, 7, "modes, for v4l2-ctl");
    // "brightness 0x00980900 (int) : min=0 ..."
    let is_control = |line: &&str| line.split_whitespace().nth(1).is_some_and(|id| id.starts_with("0x00"));
    let controls = bench.v4l2_ctl(&["-L"]).lines().filter(is_control).count();
    assert_eq!(controls, 18, "controls, for v4l2-ctl");

    let (_, text) = bench.lenscap(&["cameras", "--json"]);
    let list = Listing::read(&text);
    let camera = list.cameras.iter().find(|camera| camera.source == bench.camera.source());
    let formats = camera.and_then(|camera| camera.formats.as_ref()).unwrap_or_else(|| panic!("its formats: {text}"));
    let modes: Vec<(&str, &Size)> =
        formats.iter().flat_map(|format| format.sizes.iter().map(|size| (format.fourcc.as_str(), size))).collect();
    assert_eq!(modes.len(), 7, "{modes:#?}");
    let rates = Rates::List(vec![30.0, 15.0, 5.0]);
    assert!(modes.contains(&("YUYV", &Size::Fixed { width: 640, height: 480, rates })), "{modes:#?}");
    let is_largest = |size: &Size| matches!(size, Size::Fixed { width: 1920, height: 1080, .. });
    assert!(modes.iter().any(|(format, size)| *format == "MJPG" && is_largest(size)), "{modes:#?}");

    let (_, text) = bench.controls(&["--json"]);
    let list: Controls = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(list.controls.len(), controls, "{list:#?}");
    assert!(bench.controls(&["set", "brightness", "33"]).0);
    assert_eq!(bench.v4l2_ctl(&["-C", "brightness"]).trim(), "brightness: 33");
    assert!(!bench.controls(&["set", "brightness", "5000"]).0, "beyond its range");
    assert!(bench.controls(&["reset", "brightness"]).0);
    assert!(!bench.has_logged("STREAM on"), "looking at it switched it on: {:#?}", bench.camera.log());
}

fn faults_are_the_real_drivers(bench: &mut Bench) {
    bench.camera.order("stall-commit 1");
    bench.pictures(YUYV, 1);
    assert!(bench.has_logged("COMMIT 320x240 stalled"), "{:#?}", bench.camera.log());
    bench.camera.order("stall-commit 0");
    bench.camera.order("err 3");
    // The driver drops bad frames: the camera has sent these three and five more.
    bench.assert_in_order("bad frames", YUYV, 5);
    let log = bench.camera.log();
    let last = log.iter().rev().find(|entry| entry.text.starts_with("STREAM off")).expect("a stream");
    let sent = last.text.split_whitespace().find_map(|word| word.strip_prefix("frames=")?.parse::<u32>().ok());
    assert!(sent.is_some_and(|sent| sent >= 8), "5 of {sent:?} frames came");
    bench.camera.order("unplug");
    assert!(within(Duration::from_secs(10), || !bench.camera.node.exists()), "the node stays");
    bench.camera.order("replug");
    bench.camera.wait_until_ready();
    bench.assert_in_order("replugged", YUYV, 5);
}

fn the_driver_works_with_it(transport: &str, by: [&str; 2]) {
    let camera = Camera::plug(transport, &[&format!("--{transport}")]);
    let mut bench = Bench { camera, directory: tempfile::tempdir().expect("a directory") };
    is_listed(&bench);
    bench.assert_in_order("YUYV", YUYV, 30);
    assert_eq!(bench.on_and_off(), by.map(|by| Some(by.to_owned())), "on and off on the wire");
    bench.assert_in_order("MJPG", MJPG, 30);

    // A control changes pixels, and what the camera itself changes is seen.
    let dark = bench.part_of_a_picture();
    bench.v4l2_ctl(&["--set-ctrl=brightness=40"]);
    assert!(dark != bench.part_of_a_picture(), "the picture stays as it was");
    bench.camera.order("privacy 1");
    eventually("the shutter is seen", || bench.v4l2_ctl(&["-C", "privacy"]).trim() == "privacy: 1");

    faults_are_the_real_drivers(&mut bench);
    assert!(Path::new(&bench.camera.node).exists());
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_driver_works_with_an_isochronous_camera() {
    the_driver_works_with_it("isoc", ["SET_INTERFACE", "SET_INTERFACE"]);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_driver_works_with_a_bulk_camera() {
    the_driver_works_with_it("bulk", ["COMMIT", "CLEAR_HALT"]);
}
