//! What the relay knows of USB cameras from the kernel: those that programs use past it, and its own after a stop.
//!
//! The cameras are made of software (tests/fixtures/uvcam) and write down what they are asked on the wire; the USB core, the
//! camera's driver and the relay are the real ones.

mod random;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lenscap_test_support::client::Client;
use lenscap_test_support::process::{Reaped, eventually};
use lenscap_test_support::relay::Relay;
use lenscap_test_support::usb_camera::Camera;

use crate::machine::NODE;

/// How long a stream may go unnoticed by the kernel's signs, emulated; bulk takes three windows of 300 ms.
const DEADLINE: Duration = Duration::from_secs(60);
/// Long enough for every sign of a stream to be seen, several times.
const QUIET: Duration = Duration::from_secs(4);

fn start(source: &str) -> Relay {
    start_with(source, &[])
}

fn start_with(source: &str, environment: &[(&str, &str)]) -> Relay {
    let arguments =
        ["--device", NODE, "-w", "320", "-H", "240", "-f", "15", "--source", source, "--cooldown-ms", "500"];
    let mut relay = Relay::start_with(&arguments, environment);
    relay.wait_for("idle");
    relay.wait_for_cards();
    relay
}

/// v4l2-ctl, streaming straight from the camera until dropped.
fn v4l2_ctl(camera: &Camera) -> Reaped {
    let device = camera.node.canonicalize().expect("a node");
    let child = Command::new("v4l2-ctl")
        .arg("-d")
        .arg(device)
        .args(["--set-fmt-video=width=320,height=240,pixelformat=YUYV", "--set-parm=15"])
        .args(["--stream-mmap=4", "--stream-count=0"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("v4l2-ctl starts");
    Reaped(child)
}

/// Waits until the relay's newest line says exactly this of other cameras; the names in it are parts.
fn wait_for_others(relay: &mut Relay, expected: &[(&str, &str)]) {
    let end = Instant::now() + DEADLINE;
    loop {
        let line = relay.poll();
        let is_so = line.others.len() == expected.len()
            && line
                .others
                .iter()
                .zip(expected)
                .all(|(other, (camera, program))| other.0.contains(camera) && other.1.join(",") == *program);
        if is_so {
            return;
        }
        assert!(Instant::now() < end, "{expected:?} never came: {:#?}\n{}", relay.seen, relay.stderr());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Lets time pass in which no line may tell of another camera.
fn stays_dark(relay: &mut Relay, time: Duration) {
    let before = relay.seen.len();
    let end = Instant::now() + time;
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(100));
        relay.poll();
    }
    let told: Vec<_> = relay.seen[before..].iter().filter(|line| !line.others.is_empty()).collect();
    assert!(told.is_empty(), "{told:#?}");
}

fn a_direct_stream_is_shown(name: &str, mode: &str) {
    let camera = Camera::plug(name, &[mode]);
    let mut relay = start("test");
    let program = v4l2_ctl(&camera);
    eventually("the wire says on", || camera.is_on());
    wait_for_others(&mut relay, &[(name, "v4l2-ctl")]);
    assert!(!relay.poll().live, "the relay's own camera is off");
    drop(program);
    camera.wait_until_off();
    wait_for_others(&mut relay, &[]);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_direct_isochronous_stream_is_shown_with_camera_and_program() {
    a_direct_stream_is_shown("Iso", "--isoc");
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_direct_bulk_stream_is_shown_with_camera_and_program() {
    a_direct_stream_is_shown("Bulk", "--bulk");
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn an_open_camera_is_no_stream_and_streaming_and_stopping_are_told_apart() {
    for (name, mode) in [("Iso", "--isoc"), ("Bulk", "--bulk")] {
        let camera = Camera::plug(name, &[mode]);
        let mut relay = start("test");
        let mut client = Client::open(&camera.node).expect("open");
        stays_dark(&mut relay, QUIET);
        client.stream(4).expect("STREAMON");
        let end = Instant::now() + DEADLINE;
        while relay.poll().others.is_empty() {
            assert!(Instant::now() < end, "{}", relay.stderr());
            let _ = client.next(Duration::from_secs(1));
        }
        drop(client);
        wait_for_others(&mut relay, &[]);
        relay.quit();
    }
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn switched_off_it_stays_dark() {
    let camera = Camera::plug("Iso", &["--isoc"]);
    let config = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(config.path().join("lenscap")).expect("a directory");
    let settings = "[privacy]\nwatch_other_cameras = false\n";
    std::fs::write(config.path().join("lenscap/config.toml"), settings).expect("written");
    let mut relay = start_with("test", &[("XDG_CONFIG_HOME", config.path().to_str().expect("text"))]);
    let _program = v4l2_ctl(&camera);
    eventually("the wire says on", || camera.is_on());
    let before = relay.resources();
    stays_dark(&mut relay, QUIET);
    let switches = relay.resources().switches - before.switches;
    assert!(switches <= 2, "{switches} context switches for what is switched off");
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_relays_own_camera_is_not_another_and_is_off_when_it_says_so() {
    for (name, mode) in [("Iso", "--isoc"), ("Bulk", "--bulk")] {
        let camera = Camera::plug(name, &[mode]);
        let mut relay = start(&camera.source());
        let mut client = Client::open(Path::new(NODE)).expect("open");
        client.stream(4).expect("STREAMON");
        let line = relay.wait_for("live");
        assert!(line.live && camera.is_on());
        drop(client);
        relay.wait_for("idle");
        assert!(!camera.is_on(), "dark while the wire says on: {:#?}", camera.log());
        stays_dark(&mut relay, Duration::from_secs(2));
        let told: Vec<_> = relay.seen.iter().filter(|line| !line.others.is_empty() || line.stuck).collect();
        assert!(told.is_empty(), "{told:#?}");
        relay.quit();
    }
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_worker_that_does_not_let_go_is_killed_and_the_indicator_waits_for_it() {
    let camera = Camera::plug("Iso", &["--isoc"]);
    let mut relay = start(&camera.source());
    let mut client = Client::open(Path::new(NODE)).expect("open");
    client.stream(4).expect("STREAMON");
    relay.wait_for("live");
    for worker in relay.workers() {
        assert!(Command::new("kill").args(["-STOP", &worker.to_string()]).status().expect("kill").success());
    }
    drop(client);
    relay.wait_for("cooldown");
    let end = Instant::now() + DEADLINE;
    while camera.is_on() {
        let line = relay.poll();
        assert!(line.live || !camera.is_on(), "dark while the wire says on");
        assert!(Instant::now() < end, "{}", relay.stderr());
        std::thread::sleep(Duration::from_millis(10));
    }
    let line = relay.wait_for("idle");
    assert!(!line.live && !line.stuck);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_camera_taken_over_by_another_program_is_its_camera() {
    let camera = Camera::plug("Iso", &["--isoc"]);
    let mut relay = start(&camera.source());
    let mut client = Client::open(Path::new(NODE)).expect("open");
    client.stream(4).expect("STREAMON");
    relay.wait_for("live");
    drop(client);
    relay.wait_for("idle");
    let program = v4l2_ctl(&camera);
    wait_for_others(&mut relay, &[("Iso", "v4l2-ctl")]);
    assert!(!relay.poll().stuck);
    drop(program);
    wait_for_others(&mut relay, &[]);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn watching_costs_nothing_while_no_camera_is_open() {
    let camera = Camera::plug("Iso", &["--isoc"]);
    let _bulk = Camera::plug("Bulk", &["--bulk"]);
    let mut relay = start("test");
    let program = v4l2_ctl(&camera);
    wait_for_others(&mut relay, &[("Iso", "v4l2-ctl")]);
    drop(program);
    wait_for_others(&mut relay, &[]);
    // What the end caused (the power state, udev's probes) settles.
    relay.stays("idle", Duration::from_secs(3));
    let before = relay.resources();
    let window = Duration::from_secs(20);
    relay.sleep_while_idle(window);
    let switches = relay.resources().switches - before.switches;
    assert!(switches <= 2, "{switches} context switches in {window:?}");
    relay.quit();
}
