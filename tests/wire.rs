//! What the wire says: the relay on USB cameras that write down when they are told to stream, isochronous and bulk.
//!
//! Runs inside the test machine (tests/vm), with the loopback at `/dev/video30` and `uvcvideo` and `vhci-hcd` loaded; elsewhere
//! every test is reported as ignored, never as passed. The cameras are made of software (tests/fixtures/uvcam); the USB core,
//! the camera's driver, v4l2loopback and the relay are the real ones. A line "REPORT ..." tells what the frames' numbers say.

use std::cell::Cell;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lenscap::output::monotonic_now;
use lenscap_test_support::client::Client;
use lenscap_test_support::process::{Reaped, eventually};
use lenscap_test_support::relay::Relay;
use lenscap_test_support::usb_camera::{Camera, Session};
use uvcam::picture::{Tally, read_yuyv_number};

const NODE: &str = "/dev/video30";
/// How long a client may have to wait for the camera's picture; emulated machines are slow.
const DEADLINE: Duration = Duration::from_secs(60);
/// Event lines carry whole milliseconds.
const ROUNDING: Duration = Duration::from_millis(1);
const COOLDOWN: Duration = Duration::from_millis(1200);

/// A size and a rate, in real time on an emulated machine.
#[derive(Clone, Copy)]
struct Mode {
    option: &'static str,
    width: u32,
    height: u32,
    rate: u32,
}

const ISOC: Mode = Mode { option: "--isoc", width: 320, height: 240, rate: 30 };
const BULK: Mode = Mode { option: "--bulk", width: 320, height: 240, rate: 15 };
const JPEG: Mode = Mode { option: "--isoc", width: 640, height: 480, rate: 15 };

/// A relay with its runtime directory, so that it can be asked things.
struct Rig {
    relay: Relay,
    runtime: tempfile::TempDir,
    mode: Mode,
    /// The number of the last picture that a client saw.
    last: Cell<Option<u32>>,
}

impl Rig {
    fn start(mode: Mode, source: &str) -> Self {
        let runtime = tempfile::tempdir().expect("a directory");
        let [width, height, rate] = [mode.width, mode.height, mode.rate].map(|number| number.to_string());
        let cooldown = COOLDOWN.as_millis().to_string();
        let arguments = [
            "--device",
            NODE,
            "-w",
            &width,
            "-H",
            &height,
            "-f",
            &rate,
            "--source",
            source,
            "--cooldown-ms",
            &cooldown,
        ];
        let directory = runtime.path().to_str().expect("text").to_owned();
        let mut relay = Relay::start_with(&arguments, &[("XDG_RUNTIME_DIR", &directory)]);
        relay.wait_for("idle");
        Self { relay, runtime, mode, last: Cell::new(None) }
    }

    /// One request on the control socket.
    fn ask(&self, request: &str) {
        let path = self.runtime.path().join("lenscap/control");
        let mut socket = UnixStream::connect(path).expect("the control socket");
        socket.set_read_timeout(Some(DEADLINE)).expect("a deadline");
        writeln!(socket, "{request}").expect("a request");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        assert!(answer.contains("\"state\""), "{request}: {answer}");
    }

    fn client(&self) -> Client {
        let mut client = Client::open(Path::new(NODE)).expect("open");
        client.stream(4).expect("STREAMON");
        client
    }

    /// Reads until so many pictures of the camera have come, without a gap of ten seconds: the client's stream lives.
    fn pictures(&self, client: &mut Client, count: u32) -> Tally {
        self.read_until(client, |tally| tally.frames >= count)
    }

    /// Reads until the camera's picture has given way to a card, so many times in a row.
    fn cards(&self, client: &mut Client, count: u32) {
        let mut since = Tally::default();
        let mut frames = 0;
        self.read_until(client, |tally| {
            if tally.frames > frames {
                (frames, since) = (tally.frames, *tally);
            }
            tally.others >= since.others + count
        });
    }

    fn read_until(&self, client: &mut Client, mut is_enough: impl FnMut(&Tally) -> bool) -> Tally {
        let end = Instant::now() + DEADLINE;
        // What is lost between two readings counts as well.
        let mut tally = Tally { last: self.last.get(), ..Tally::default() };
        while !is_enough(&tally) {
            assert!(Instant::now() < end, "{tally}\n{:#?}\n{}", self.relay.seen, self.relay.stderr());
            let mut number = None;
            let frame = client.next_with(Duration::from_secs(10), |picture| {
                number = read_yuyv_number(picture, self.mode.width as usize);
            });
            let frame = frame.expect("the client keeps its stream").expect("a picture within ten seconds");
            assert_eq!(frame.bytes, self.mode.width * self.mode.height * 2, "the promised format");
            tally.add(number);
        }
        self.last.set(tally.last);
        tally
    }

    /// The indicator was lit, at every moment at which the camera was on until `end`.
    fn assert_never_dark(&mut self, camera: &Camera, end: Duration) {
        self.relay.poll();
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock") - monotonic_now();
        let events: Vec<_> = self.relay.seen.iter().map(|line| (line.wall.saturating_sub(wall), line.live)).collect();
        if let Some(dark) = first_dark(&events, &camera.sessions(), end) {
            panic!("the indicator was dark at {dark:?}, while the camera was on: {events:?}\n{:#?}", camera.log());
        }
    }
}

/// The first moment before `end` at which the camera was on and the indicator dark. `events`: when it was said to be lit or not.
fn first_dark(events: &[(Duration, bool)], sessions: &[Session], end: Duration) -> Option<Duration> {
    sessions.iter().find_map(|(on, off)| {
        let off = off.unwrap_or(end).min(end);
        let is_lit = events.iter().rev().find(|(at, _)| *at <= *on + ROUNDING).is_some_and(|(_, live)| *live);
        if !is_lit && *on < end {
            return Some(*on);
        }
        let dark = events.iter().find(|(at, live)| !live && *at > *on + ROUNDING && *at + ROUNDING < off);
        dark.map(|(at, _)| *at)
    })
}

#[test]
fn darkness_while_the_wire_says_on_is_found() {
    let ms = Duration::from_millis;
    let sessions = [(ms(100), Some(ms(200))), (ms(300), None)];
    let dark = |events: &[(u64, bool)]| {
        let events: Vec<_> = events.iter().map(|(at, live)| (ms(*at), *live)).collect();
        first_dark(&events, &sessions, ms(400))
    };
    assert_eq!(dark(&[(0, false), (90, true), (210, false), (290, true), (410, false)]), None);
    assert_eq!(dark(&[]), Some(ms(100)), "never lit");
    assert_eq!(dark(&[(0, false), (110, true)]), Some(ms(100)), "lit too late");
    assert_eq!(dark(&[(90, true), (190, false), (290, true)]), Some(ms(190)), "dark too early");
    assert_eq!(dark(&[(90, true), (210, false)]), Some(ms(300)), "not lit again");
    assert_eq!(dark(&[(90, true), (350, false)]), Some(ms(350)), "dark while it is on to the end");
}

fn kill(pid: u32) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill").success());
}

fn foreign_client() -> Reaped {
    let quiet = || Stdio::null();
    let child: Child = Command::new("v4l2-ctl")
        .args(["-d", NODE, "--stream-mmap"])
        .stdin(quiet())
        .stdout(quiet())
        .stderr(quiet())
        .spawn()
        .expect("v4l2-ctl is installed");
    Reaped(child)
}

/// On with the client's STREAMON, off after cooldown, pause and "turn off now".
fn on_only_while_somebody_may_see_it(mode: Mode) {
    let camera = Camera::plug("Wire", &[mode.option, "--formats", "yuyv"]);
    let mut rig = Rig::start(mode, &camera.source());

    // Looking at the node, and holding it open.
    let all = Command::new("v4l2-ctl").args(["-d", NODE, "--all"]).output().expect("v4l2-ctl");
    assert!(all.status.success());
    let mut client = Client::open(Path::new(NODE)).expect("open");
    eventually("the holder is seen", || rig.relay.poll().clients.iter().any(|client| client.contains("open")));
    assert!(camera.sessions().is_empty(), "on before anybody streams: {:#?}", camera.log());

    let asked = monotonic_now();
    client.stream(4).expect("STREAMON");
    rig.relay.wait_for("live");
    let tally = rig.pictures(&mut client, 2 * mode.rate);
    assert_eq!(tally.backwards, 0, "{tally}");
    println!("REPORT {}: {tally}", mode.option);
    assert!(camera.sessions()[0].0 > asked, "on before STREAMON: {:#?}", camera.log());

    let closed = monotonic_now();
    drop(client);
    rig.relay.wait_for("cooldown");
    let off = camera.wait_until_off();
    assert!(off >= closed + COOLDOWN, "off {:?} after the close: the cooldown is {COOLDOWN:?}", off - closed);
    println!("REPORT {}: off on the wire {:?} after the close and the cooldown", mode.option, off - closed - COOLDOWN);
    rig.relay.wait_for("idle");

    let mut client = rig.client();
    rig.relay.wait_for("live");
    assert_eq!(camera.sessions().len(), 2);
    rig.ask(r#"{"do":"pause"}"#);
    rig.relay.wait_for("paused");
    camera.wait_until_off();
    rig.cards(&mut client, 3);
    rig.ask(r#"{"do":"resume"}"#);
    rig.relay.wait_for("live");
    rig.pictures(&mut client, 3);

    rig.ask(r#"{"do":"turn-off"}"#);
    rig.relay.wait_for("blocked");
    camera.wait_until_off();
    rig.cards(&mut client, 3);
    assert_eq!(camera.sessions().len(), 3);
    drop(client);
    rig.relay.wait_for("idle");
    assert!(rig.relay.quit().success());
    rig.assert_never_dark(&camera, monotonic_now());
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn isochronous_is_on_only_while_somebody_may_see_it() {
    on_only_while_somebody_may_see_it(ISOC);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn bulk_is_on_only_while_somebody_may_see_it() {
    on_only_while_somebody_may_see_it(BULK);
}

/// Off on the wire whoever is killed.
fn off_whoever_is_killed(mode: Mode) {
    let camera = Camera::plug("Wire", &[mode.option, "--formats", "yuyv"]);
    let mut rig = Rig::start(mode, &camera.source());

    let mut victim = foreign_client();
    rig.relay.wait_for("live");
    victim.0.kill().expect("SIGKILL");
    camera.wait_until_off();
    rig.relay.wait_for("idle");

    let mut client = rig.client();
    rig.relay.wait_for("live");
    rig.pictures(&mut client, 3);
    let [worker] = rig.relay.workers()[..] else { panic!("one worker: {:?}", rig.relay.workers()) };
    kill(worker);
    // On a slow machine the kernel says "off" after the next try is due: then there is no state "failed" in between.
    rig.relay.wait_for_line("reason that names signal 9", |line| line.reason.contains("signal 9"));
    rig.relay.wait_for("live");
    rig.pictures(&mut client, 3);
    let sessions = camera.sessions();
    assert_eq!(sessions.len(), 3, "{sessions:?}");
    assert!(sessions[1].1.is_some_and(|off| off < sessions[2].0), "off before it is on again: {sessions:?}");

    let killed = monotonic_now();
    rig.relay.kill();
    let off = camera.wait_until_off();
    println!("REPORT {}: off on the wire {:?} after the relay's SIGKILL", mode.option, off.saturating_sub(killed));
    rig.assert_never_dark(&camera, killed);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn isochronous_is_off_whoever_is_killed() {
    off_whoever_is_killed(ISOC);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn bulk_is_off_whoever_is_killed() {
    off_whoever_is_killed(BULK);
}

/// Waits until a failure says one of these; the reason is reported. Not for the state "failed": where the end of a worker
/// takes longer than the wait for the next one, there is none.
fn stated(rig: &mut Rig, what: &str, says: &[&str]) {
    let says_so = |reason: &str| says.iter().any(|words| reason.contains(words));
    let failed = rig.relay.wait_for_line(&format!("reason {says:?}"), |line| says_so(&line.reason));
    println!("REPORT {} {what}: {}", rig.mode.option, failed.reason);
}

/// As [`stated`], and that the client still gets pictures.
fn failure(rig: &mut Rig, client: &mut Client, what: &str, says: &[&str]) {
    stated(rig, what, says);
    rig.cards(client, 2);
}

/// What happens to a camera that is on: the client keeps its stream and gets its picture back.
fn survives_while_live(mode: Mode) {
    let mut camera = Camera::plug("Wire", &[mode.option, "--formats", "yuyv"]);
    let mut rig = Rig::start(mode, &camera.source());
    let mut client = rig.client();
    rig.relay.wait_for("live");
    rig.pictures(&mut client, 3);

    // A few bad frames are nobody's failure: the driver drops them.
    for fault in ["err 4", "short 4"] {
        camera.order(fault);
        let tally = rig.pictures(&mut client, mode.rate);
        assert!(tally.lost >= 4, "{fault}: {tally}");
        assert_eq!(tally.backwards, 0, "{fault}: {tally}");
        println!("REPORT {} {fault}: {tally}", mode.option);
    }
    assert_eq!(rig.relay.poll().state, "live");

    camera.order("freeze");
    failure(&mut rig, &mut client, "freeze", &["picture", "frame"]);
    camera.order("thaw");
    rig.relay.wait_for("live");
    rig.pictures(&mut client, 3);

    camera.order("unplug");
    failure(&mut rig, &mut client, "unplug", &["is not there"]);
    camera.order("replug");
    camera.wait_until_ready();
    rig.relay.wait_for("live");
    let tally = rig.pictures(&mut client, mode.rate);
    println!("REPORT {} replug: {tally}", mode.option);
    drop(client);
    rig.relay.wait_for("idle");
    rig.relay.quit();
    rig.assert_never_dark(&camera, monotonic_now());
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn an_isochronous_cameras_faults_while_live_are_survived() {
    survives_while_live(ISOC);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_bulk_cameras_faults_while_live_are_survived() {
    survives_while_live(BULK);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_camera_that_refuses_to_start_is_a_stated_failure_and_tried_again() {
    for (mode, faults) in [
        (ISOC, &[("stall-commit 1", "stall-commit 0"), ("stall-alt 1", "stall-alt 0")][..]),
        (BULK, &[("stall-commit 1", "stall-commit 0")]),
    ] {
        let camera = Camera::plug("Wire", &[mode.option, "--formats", "yuyv"]);
        let mut rig = Rig::start(mode, &camera.source());
        for (fault, mended) in faults {
            camera.order(fault);
            let mut client = rig.client();
            stated(&mut rig, fault, &["cannot be started"]);
            assert!(!camera.is_on());
            // Before it is tried again: a second failure would cost the camera its mode.
            camera.order(mended);
            assert!(camera.log().iter().any(|entry| entry.text.ends_with(" stalled")), "{fault} did nothing");
            rig.relay.wait_for("live");
            rig.pictures(&mut client, 3);
            drop(client);
            rig.relay.wait_for("idle");
        }
        rig.relay.quit();
        rig.assert_never_dark(&camera, monotonic_now());
    }
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_mode_that_the_camera_refuses_gives_way_to_another() {
    for (formats, got) in [("both", "MJPG 640x480"), ("yuyv", "YUY2 640x360")] {
        let mut camera = Camera::plug("Wire", &["--isoc", "--formats", formats]);
        let mut rig = Rig::start(JPEG, &camera.source());
        camera.order("refuse yuyv 640x480");
        let client = rig.client();
        rig.relay.wait_for("live");
        let line = rig.relay.poll();
        assert_eq!(line.mode, got, "{formats}");
        let stalled = camera.log().iter().filter(|entry| entry.text.ends_with(" stalled")).count();
        assert_eq!(stalled, 2, "a camera may stumble once");
        let is_told =
            line.shortfall.starts_with("The camera does not start with YUY2 640x480@15 and gives 640x360 at 15");
        assert_eq!(is_told, formats == "yuyv", "{}", line.shortfall);
        drop(client);
        rig.relay.wait_for("idle");
        // Remembered, and forgotten when the camera comes anew: elsewhere there may be bandwidth.
        let client = rig.client();
        rig.relay.wait_for("live");
        assert_eq!(rig.relay.poll().mode, got);
        drop(client);
        rig.relay.wait_for("idle");
        camera.order("refuse none");
        camera.order("unplug");
        camera.order("replug");
        camera.wait_until_ready();
        let mut client = rig.client();
        rig.relay.wait_for("live");
        assert_eq!(rig.relay.poll().mode, "YUY2 640x480");
        rig.pictures(&mut client, 3);
        drop(client);
        rig.relay.wait_for("idle");
        rig.relay.quit();
        rig.assert_never_dark(&camera, monotonic_now());
    }
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_camera_that_lies_about_its_rate_stays_live_and_in_order() {
    let camera = Camera::plug("Wire", &["--isoc", "--formats", "yuyv"]);
    let mut rig = Rig::start(ISOC, &camera.source());
    camera.order("rate 5");
    let mut client = rig.client();
    rig.relay.wait_for("live");
    let began = Instant::now();
    let tally = rig.read_until(&mut client, |tally| tally.frames - tally.repeated >= 15);
    println!("REPORT 30 frames a second promised, 5 given: {tally} in {:?}", began.elapsed());
    assert_eq!(tally.backwards, 0, "{tally}");
    assert_eq!(rig.relay.poll().state, "live", "slow is not dead");
    eventually("it is told", || {
        rig.pictures(&mut client, 1);
        rig.relay.poll().shortfall.contains("promises 30 frames a second at 320x240 and gives 5")
    });
    rig.relay.quit();
    assert!(rig.relay.seen.iter().all(|line| !line.stuck), "{:#?}", rig.relay.seen);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn cut_and_garbage_jpegs_crash_nothing_and_the_picture_comes_back() {
    let camera = Camera::plug("Wire", &[JPEG.option, "--formats", "mjpg"]);
    let mut rig = Rig::start(JPEG, &camera.source());
    let mut client = rig.client();
    rig.relay.wait_for("live");
    let tally = rig.pictures(&mut client, 20);
    println!("REPORT MJPG 640x480: {tally}");
    assert_eq!(tally.backwards, 0, "{tally}");
    for fault in ["cut 3", "garbage 3"] {
        camera.order(fault);
        let before = camera.log().len();
        let tally = rig.pictures(&mut client, 2 * JPEG.rate);
        println!("REPORT {fault}: {tally}; {}", rig.relay.poll().reason);
        assert_eq!(tally.backwards, 0, "{fault}: {tally}");
        // A session that was ended and begun again would show on the wire.
        assert_eq!(camera.log().len(), before, "{fault} ended the session: {:#?}", rig.relay.seen);
        assert_eq!(rig.relay.poll().state, "live", "{fault}");
    }
    rig.relay.quit();
    rig.assert_never_dark(&camera, monotonic_now());
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn of_two_identical_cameras_only_the_chosen_one_is_on() {
    // Told apart by the serial number; where that is the same, too, by the port.
    let by_path =
        |port: u32| PathBuf::from(format!("/dev/v4l/by-path/platform-vhci_hcd.0-usb-0:{}:1.0-video-index0", port + 1));
    let by_id = |serial: &str| PathBuf::from(format!("/dev/v4l/by-id/usb-Relay_Test_Bench_Twin_{serial}-video-index0"));
    for (serials, nodes) in [(["A", "B"], [by_id("A"), by_id("B")]), (["A", "A"], [by_path(0), by_path(1)])] {
        let [first, second] = [0, 1].map(|port: usize| {
            let number = port.to_string();
            let options =
                ["--isoc", "--product", "Twin", "--serial", serials[port], "--port", &number, "--formats", "yuyv"];
            Camera::plug_at(nodes[port].clone(), &options)
        });
        for (chosen, other) in [(&first, &second), (&second, &first)] {
            let others = other.sessions().len();
            let mut rig = Rig::start(ISOC, &chosen.source());
            let mut client = rig.client();
            rig.relay.wait_for("live");
            rig.pictures(&mut client, 3);
            assert!(chosen.is_on(), "{:#?}", chosen.log());
            assert_eq!(other.sessions().len(), others, "the other one was switched on: {:#?}", other.log());
            rig.relay.quit();
            assert!(!chosen.is_on());
            rig.assert_never_dark(chosen, monotonic_now());
        }
        drop((first, second));
        eventually("both are gone", || nodes.iter().all(|node| !node.exists()));
    }
}

fn vivid(control: &str) {
    let set = format!("--set-ctrl={control}");
    assert!(
        Command::new("v4l2-ctl").args(["-d", "/dev/video20", &set]).status().expect("v4l2-ctl").success(),
        "{control}"
    );
}

/// Reads frames until the picture has moved a few times.
fn moves(client: &mut Client) {
    let end = Instant::now() + DEADLINE;
    let (mut last, mut moved) = (None, 0);
    while moved < 3 {
        assert!(Instant::now() < end, "no moving picture");
        let Some(frame) = client.next(Duration::from_secs(10)).expect("DQBUF") else { continue };
        moved += u32::from(last.is_some_and(|last| last != frame.checksum));
        last = Some(frame.checksum);
    }
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn vivid_as_hdmi_input_is_shown_and_its_faults_at_the_start_are_survived() {
    // Loaded as a webcam by the test run: again, with an input whose size and rate its signal decides.
    eventually("vivid is unloaded", || {
        let _ = Command::new("rmmod").arg("vivid").stderr(Stdio::null()).status();
        !Path::new("/sys/module/vivid").exists()
    });
    let parameters = ["vivid", "n_devs=1", "node_types=0x1", "num_inputs=1", "input_types=3", "vid_cap_nr=20"];
    assert!(Command::new("modprobe").args(parameters).status().expect("modprobe").success());
    eventually("vivid is there", || Path::new("/dev/video20").exists());
    let timings = "--set-dv-bt-timings=cvt,width=640,height=480,fps=60";
    assert!(Command::new("v4l2-ctl").args(["-d", "/dev/video20", timings]).status().expect("v4l2-ctl").success());
    vivid("osd_text_mode=2,horizontal_movement=5");

    let mut rig = Rig::start(Mode { option: "vivid", ..JPEG }, "v4l2:/dev/video20");
    let mut client = rig.client();
    rig.relay.wait_for("live");
    moves(&mut client);
    drop(client);
    rig.relay.wait_for("idle");
    for control in ["inject_vidioc_reqbufs_error", "inject_vidioc_qbuf_error", "inject_vidioc_streamon_error"] {
        vivid(&format!("{control}=1"));
        let mut client = rig.client();
        rig.relay.wait_for("live");
        let reasons: Vec<_> =
            rig.relay.seen.iter().filter(|line| line.state == "failed").map(|line| &line.reason).collect();
        println!("REPORT {control}: {:?}", reasons.last());
        assert!(reasons.iter().all(|reason| !reason.is_empty()), "{control}: no reason");
        moves(&mut client);
        drop(client);
        rig.relay.wait_for("idle");
    }
    rig.relay.quit();
}
