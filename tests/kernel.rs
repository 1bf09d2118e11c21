//! The kernel tier: the whole program against the real v4l2loopback and vivid, with real clients.
//!
//! Runs inside the test machine (tests/vm), where the node `/dev/video30` (label "Lenscap") and the camera
//! `/dev/video20` (vivid) exist; elsewhere every test is reported as ignored, never as passed. One at a time:
//! `kernel --ignored --test-threads=1`. The environment says what to expect: `LENSCAP_MODULE` (the module's version),
//! `LENSCAP_EXCLUSIVE_CAPS` (0 or 1).

#[path = "kernel/second.rs"]
mod second;
#[path = "kernel/stamps.rs"]
mod stamps;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lenscap_test_support::client::Client;
use lenscap_test_support::loopback;
use lenscap_test_support::process::{Reaped, eventually};
use lenscap_test_support::programs::program;
use lenscap_test_support::relay::Relay;

const NODE: &str = "/dev/video30";
const CAMERA: &str = "v4l2:/dev/video20";
/// The camera's and the output's size in these tests: what an emulated machine can do in real time.
const SIZE: [&str; 6] = ["-w", "320", "-H", "180", "-f", "15"];

fn node() -> &'static Path {
    Path::new(NODE)
}

fn module() -> (u32, u32) {
    let version = std::env::var("LENSCAP_MODULE").unwrap_or_default();
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// Whether the module was loaded with `exclusive_caps=1`.
fn is_exclusive() -> bool {
    std::env::var("LENSCAP_EXCLUSIVE_CAPS").is_ok_and(|caps| caps == "1")
}

fn start(arguments: &[&str]) -> Relay {
    let mut all = vec!["--device", NODE];
    all.extend(SIZE);
    all.extend(arguments);
    let mut relay = Relay::start(&all);
    relay.wait_for("idle");
    relay
}

/// vivid streams: its queue is busy. The truth about the camera that does not pass through our program.
fn camera_is_on() -> bool {
    // A streaming owner keeps everybody else from REQBUFS.
    let file = fs::OpenOptions::new().read(true).write(true).open("/dev/video20").expect("the camera is there");
    match lenscap::sys::v4l2::request_buffers(&file, lenscap::sys::v4l2::BufType::Capture, 1) {
        Ok(_) => {
            lenscap::sys::v4l2::request_buffers(&file, lenscap::sys::v4l2::BufType::Capture, 0).expect("free");
            false
        }
        Err(error) if error.raw_os_error() == Some(16) => true,
        Err(error) => panic!("REQBUFS on the camera: {error}"),
    }
}

fn command(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().expect("a program"));
    command.args(words).stdin(Stdio::null());
    command
}

/// Reads frames until the picture has moved `moves` times; how many frames that took.
fn frames_until_moving(client: &mut Client, moves: u32) -> u32 {
    let end = Instant::now() + Duration::from_secs(40);
    let (mut last, mut moved, mut frames) = (None, 0, 0);
    while moved < moves {
        assert!(Instant::now() < end, "no moving picture: {frames} frames, {moved} changes");
        let Some(frame) = client.next(Duration::from_secs(10)).expect("DQBUF") else { continue };
        assert_eq!(frame.bytes, 320 * 180 * 2, "the promised format");
        frames += 1;
        moved += u32::from(last.is_some_and(|last| last != frame.checksum));
        last = Some(frame.checksum);
    }
    frames
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn main_job_each_client_gets_moving_pictures_and_the_camera_is_off_around_them() {
    let mut relay = start(&["--source", CAMERA, "--cooldown-ms", "800"]);
    assert!(!camera_is_on(), "before any client");
    let clients = [
        "v4l2-ctl -d /dev/video30 --stream-mmap --stream-to=/dev/shm/frames.raw",
        // Without -fps_mode ffmpeg fills pauses with repeated frames.
        "ffmpeg -nostdin -v error -y -f v4l2 -i /dev/video30 -fps_mode passthrough -pix_fmt yuyv422 -f rawvideo /dev/shm/frames.raw",
        // Before 0.15 a reader that falls behind by just its four buffers is handed the same index again; v4l2src stops where
        // that one is still in use downstream, here as the sink's last sample.
        "gst-launch-1.0 -q v4l2src device=/dev/video30 ! video/x-raw,format=YUY2,width=320,height=180 ! filesink enable-last-sample=false location=/dev/shm/frames.raw",
    ];
    let size = 320 * 180 * 2;
    let length = || fs::metadata("/dev/shm/frames.raw").map_or(0, |meta| meta.len());
    for line in clients {
        let name = line.split_whitespace().next().expect("a name");
        let _ = fs::remove_file("/dev/shm/frames.raw");
        let child = command(line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the client is installed");
        let mut child = Reaped(child);
        relay.wait_for("live");
        assert!(camera_is_on(), "{name} streams");
        let before = length();
        eventually("forty frames of the camera", || length() >= before + 40 * size as u64);
        assert!(command(&format!("kill -INT {}", child.0.id())).status().expect("kill").success());
        child.wait_for_exit(Duration::from_secs(30));
        relay.wait_for("cooldown");
        relay.wait_for("idle");
        assert!(!camera_is_on(), "after {name} and the cooldown");
        let bytes = fs::read("/dev/shm/frames.raw").expect("frames");
        assert!(bytes.len() >= 40 * size, "{name} got {} frames", bytes.len() / size);
        let frames: Vec<&[u8]> = bytes.chunks_exact(size).collect();
        let moves = frames.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(moves >= 5, "{name} saw {moves} moves in {} frames", frames.len());
        let named = relay.seen.iter().any(|event| event.clients.iter().any(|client| client.contains(name)));
        assert!(named, "{name} is named in the events");
    }
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_reader_gets_a_card_at_once_and_then_the_camera_without_a_gap() {
    let mut relay = start(&["--source", CAMERA, "--cooldown-ms", "500"]);
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("STREAMON at any moment");
    let first = client.next(Duration::from_secs(5)).expect("DQBUF").expect("a first frame");
    assert_eq!(first.bytes, 320 * 180 * 2);
    frames_until_moving(&mut client, 5);
    relay.wait_for("live");
    client.stop().expect("STREAMOFF");
    relay.wait_for("cooldown");
    relay.wait_for("idle");
    // The picture of the session must not be there for the next reader.
    drop(client);
    let mut late = Client::open(node()).expect("open");
    late.stream(4).expect("stream");
    let card = late.next(Duration::from_secs(5)).expect("DQBUF").expect("a first frame");
    assert_eq!(card.checksum, first.checksum, "a late reader gets the card, not somebody's last picture");
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn opening_and_reading_the_capabilities_never_touches_the_camera() {
    let mut relay = start(&["--source", CAMERA, "--activation-delay-ms", "0"]);
    for _ in 0..3 {
        let output = command("v4l2-ctl -d /dev/video30 --all").output().expect("v4l2-ctl");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains("Lenscap"), "{text}");
        assert!(text.contains("320/180"), "{text}");
    }
    let holder = Client::open(node()).expect("open");
    eventually("the holder is seen", || relay.poll().clients.iter().any(|client| client.contains("open")));
    assert!(!relay.poll().live);
    assert!(!camera_is_on());
    drop(holder);
    eventually("nobody is there", || relay.poll().clients.is_empty());
    assert!(relay.seen.iter().all(|event| !event.live), "{:?}", relay.seen);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn two_hundred_opens_a_second_leave_it_idle() {
    let mut relay = start(&["--source", CAMERA]);
    let end = Instant::now() + Duration::from_secs(2);
    let mut opens = 0;
    while Instant::now() < end && opens < 400 {
        drop(Client::open(node()).expect("open"));
        opens += 1;
    }
    eventually("nobody is there", || relay.poll().clients.is_empty());
    assert!(relay.seen.iter().all(|event| !event.live));
    assert!(!camera_is_on());
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("stream");
    relay.wait_for("live");
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_client_killed_while_streaming_ends_the_session() {
    let mut relay = start(&["--source", CAMERA, "--cooldown-ms", "300"]);
    let mut child = Reaped(
        command("v4l2-ctl -d /dev/video30 --stream-mmap").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap(),
    );
    relay.wait_for("live");
    child.0.kill().expect("SIGKILL");
    relay.wait_for("idle");
    assert!(!camera_is_on());
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_client_that_never_dequeues_harms_nobody() {
    let mut relay = start(&["--source", CAMERA, "--cooldown-ms", "300"]);
    let mut idler = Client::open(node()).expect("open");
    idler.stream(4).expect("stream");
    relay.wait_for("live");
    relay.stays("live", Duration::from_secs(2));
    idler.stop().expect("STREAMOFF");
    drop(idler);
    relay.wait_for("idle");
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_second_reader_is_refused_or_served_and_the_first_keeps_its_picture() {
    let mut relay = start(&["--source", CAMERA, "--cooldown-ms", "300"]);
    let mut first = Client::open(node()).expect("open");
    first.stream(4).expect("stream");
    relay.wait_for("live");
    let mut second = Client::open(node()).expect("a second open");
    let outcome = second.stream(4);
    if module() >= (0, 13) {
        assert_eq!(outcome.expect_err("the module allows one reader").raw_os_error(), Some(16), "EBUSY");
    } else {
        outcome.expect("0.12 serves two");
        frames_until_moving(&mut second, 2);
    }
    frames_until_moving(&mut first, 2);
    drop(second);
    frames_until_moving(&mut first, 2);
    relay.stays("live", Duration::from_millis(500));
    first.stop().expect("STREAMOFF");
    drop(first);
    relay.wait_for("idle");
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_client_that_holds_the_node_at_start_does_not_keep_us_out() {
    let holder = Client::open(node());
    // With exclusive_caps and no writer the node is no capture device yet: hold it by a bare open.
    let bare = holder.is_err().then(|| fs::OpenOptions::new().read(true).open(node()).expect("open"));
    let mut relay = start(&["--source", "test"]);
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("stream");
    relay.wait_for("live");
    drop((client, bare, holder));
    relay.quit();
}

/// A relay that was killed, or a size that was set in the moment in which a program began: the module keeps the format for
/// whoever has the node open.
#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_reader_in_a_format_of_before_is_served_in_it_and_the_new_one_comes_when_it_goes() {
    if module() < (0, 13) && !is_exclusive() {
        return println!("SKIP a_reader_in_a_format_of_before: this module does not tell a reader from a writer");
    }
    let mut relay = start(&["--source", "test"]);
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("stream");
    frames_until_moving(&mut client, 2);
    relay.kill();
    let mut relay = Relay::start(&["--device", NODE, "--source", "test", "-w", "640", "-H", "360", "-f", "15"]);
    relay.wait_for("live");
    frames_until_moving(&mut client, 5);
    drop(client);
    relay.wait_for("idle");
    eventually("the new size is there", || {
        let format = fs::read_to_string("/sys/class/video4linux/video30/format").expect("the node is there");
        format.contains("640x360")
    });
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("stream");
    let frame = client.next(Duration::from_secs(10)).expect("DQBUF").expect("a picture");
    assert_eq!(frame.bytes, 640 * 360 * 2);
    drop(client);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_node_deleted_and_made_again_is_found_again() {
    let mut relay = start(&["--source", "test"]);
    fs::remove_file(NODE).expect("delete the node");
    relay.wait_for("no-device");
    let device = fs::read_to_string("/sys/class/video4linux/video30/dev").expect("its number");
    let (major, minor) = device.trim().split_once(':').expect("major:minor");
    assert!(command(&format!("mknod {NODE} c {major} {minor}")).status().expect("mknod").success());
    relay.wait_for("idle");
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("stream");
    relay.wait_for("live");
    drop(client);
    relay.quit();
    // A node made by hand outlives its device.
    loopback::unload();
    let _ = fs::remove_file(NODE);
    loopback::load("Lenscap");
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_module_loaded_after_the_start_is_found() {
    loopback::unload();
    let mut all = vec!["--source", "test"];
    all.extend(SIZE);
    let mut relay = Relay::start(&all);
    relay.wait_for("no-device");
    assert!(relay.poll().reason.contains("v4l2loopback"), "{}", relay.poll().reason);
    loopback::load("Lenscap");
    relay.wait_for("idle");
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("stream");
    relay.wait_for("live");
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn faults_of_the_camera_are_survived_with_a_reason() {
    let mut relay = start(&["--source", CAMERA, "--cooldown-ms", "300"]);
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("stream");
    relay.wait_for("live");
    for (control, expected) in [
        ("inject_fatal_streaming_error", "failed"),
        ("disconnect", "failed"),
        ("percentage_of_dropped_buffers=100", "failed"),
    ] {
        let control = if control.contains('=') { control.to_owned() } else { format!("{control}=1") };
        let set = |control: &str| {
            let status = command(&format!("v4l2-ctl -d /dev/video20 --set-ctrl={control}")).status();
            assert!(status.expect("v4l2-ctl").success(), "{control}");
        };
        set(&control);
        let failed = relay.wait_for(expected);
        assert!(!failed.reason.is_empty(), "{control}: no reason");
        assert!(!failed.live, "failed means off");
        println!("{control}: {}", failed.reason);
        if control.starts_with("percentage") {
            set("percentage_of_dropped_buffers=0");
        }
        // The client keeps its stream: cards meanwhile, then the camera again.
        assert!(client.next(Duration::from_secs(5)).expect("DQBUF").is_some(), "a card");
        relay.wait_for("live");
        frames_until_moving(&mut client, 3);
    }
    // A single bad buffer or a few lost ones are nobody's failure.
    let _ = command("v4l2-ctl -d /dev/video20 --set-ctrl=inject_v4l2_buf_flag_error=1").status();
    frames_until_moving(&mut client, 3);
    relay.stays("live", Duration::from_secs(1));
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_worker_killed_while_live_is_replaced_and_the_client_keeps_its_stream() {
    let mut relay = start(&["--source", CAMERA]);
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("stream");
    relay.wait_for("live");
    let workers = relay.workers();
    assert_eq!(workers.len(), 1, "one worker: {workers:?}");
    assert!(command(&format!("kill -9 {}", workers[0])).status().expect("kill").success());
    let failed = relay.wait_for("failed");
    assert!(failed.reason.contains("signal 9"), "{}", failed.reason);
    relay.wait_for("live");
    frames_until_moving(&mut client, 3);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_relay_killed_while_live_takes_the_camera_with_it() {
    let mut relay = start(&["--source", CAMERA]);
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("stream");
    relay.wait_for("live");
    let workers = relay.workers();
    relay.kill();
    eventually("the worker is gone", || workers.iter().all(|pid| !Path::new(&format!("/proc/{pid}/maps")).exists()));
    eventually("the camera is off", || !camera_is_on());
    drop(client);
    // And the node can be served again.
    let mut again = start(&["--source", CAMERA]);
    again.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_termination_signal_turns_the_camera_off_first() {
    let mut relay = start(&["--source", CAMERA]);
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("stream");
    relay.wait_for("live");
    let status = relay.quit();
    assert!(status.success(), "{status}");
    assert!(!camera_is_on());
    assert!(!relay.poll().live, "the last word is off: {:?}", relay.seen.last());
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn all_output_formats_arrive_as_promised() {
    for (format, fourcc, size) in
        [("YUY2", b"YUYV", 320 * 180 * 2), ("NV12", b"NV12", 320 * 180 * 3 / 2), ("I420", b"YU12", 320 * 180 * 3 / 2)]
    {
        loopback::reload("Lenscap");
        let mut relay = start(&["--source", "test", "--format", format]);
        let mut client = Client::open(node()).expect("open");
        assert_eq!(client.format.fourcc, u32::from_le_bytes(*fourcc), "{format}");
        client.stream(4).expect("stream");
        relay.wait_for("live");
        for _ in 0..5 {
            let frame = client.next(Duration::from_secs(5)).expect("DQBUF").expect("a frame");
            assert_eq!(frame.bytes, size, "{format}");
        }
        drop(client);
        relay.quit();
    }
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn wrong_outputs_are_refused_with_the_next_step() {
    for (device, says) in [
        ("/dev/null", "not a video device"),
        ("/etc/passwd", "not a video device"),
        ("/dev/video20", "camera"),
        ("/dev/video99", "does not exist"),
    ] {
        let mut relay = Relay::start(&["--device", device, "--source", "test"]);
        if device == "/dev/video99" {
            relay.wait_for("no-device");
            assert!(relay.poll().reason.contains(says), "{}", relay.poll().reason);
            continue;
        }
        let (status, stderr) = relay.wait_for_exit();
        assert_eq!(status.code(), Some(1), "{device}: {stderr}");
        assert!(stderr.contains(says) && stderr.contains("--device"), "{device}: {stderr}");
    }
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn another_writer_and_a_second_relay_are_named() {
    let mut relay = start(&["--source", "test"]);
    let mut all = vec!["--device", NODE, "--source", "test"];
    all.extend(SIZE);
    let mut second = Relay::start(&all);
    second.wait_for("no-device");
    let reason = second.poll().reason;
    assert!(reason.contains("Lenscap") && reason.contains("process"), "{reason}");
    relay.quit();
    second.wait_for("idle");
    second.quit();
    // A stranger writes.
    let mut writer = Reaped(
        command(&format!(
            "gst-launch-1.0 -q videotestsrc is-live=true ! video/x-raw,format=YUY2,width=320,height=180,framerate=15/1 ! v4l2sink device={NODE}"
        ))
        .stdout(Stdio::null())
        .spawn()
        .expect("gst-launch"),
    );
    eventually("the stranger writes", || {
        fs::read_to_string("/sys/class/video4linux/video30/format").is_ok_and(|format| format.contains("320x180"))
            && Client::open(node()).and_then(|mut client| client.stream(2)).is_ok()
    });
    let mut relay = Relay::start(&all);
    relay.wait_for("no-device");
    assert!(relay.poll().reason.contains("gst-launch"), "{}", relay.poll().reason);
    writer.0.kill().expect("kill");
    let _ = writer.wait_for_exit(Duration::from_secs(10));
    relay.wait_for("idle");
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn another_users_relay_is_told_who_holds_the_node() {
    use std::os::unix::fs::MetadataExt;

    let mut relay = start(&["--source", "test"]);
    let group = fs::metadata(NODE).expect("the node").gid();
    let output = command(&format!("timeout 5 setpriv --reuid=65534 --regid=65534 --groups={group}"))
        .arg(program("lenscap"))
        .args(["run", "--headless", "--events", "--device", NODE, "--source", "test"])
        .env("HOME", "/nonexistent")
        .env_remove("XDG_RUNTIME_DIR")
        .output()
        .expect("setpriv");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = told.lines().last().unwrap_or_default();
    assert!(
        last.contains("no-device") && last.contains("user root"),
        "{told} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_user_without_permission_is_told_the_group() {
    let output = command("setpriv --reuid=65534 --regid=65534 --clear-groups")
        .arg(program("lenscap"))
        .args(["run", "--headless", "--device", NODE, "--source", "test"])
        .output()
        .expect("setpriv");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("usermod -aG video"), "{stderr}");
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn pause_blackens_the_clients_picture_and_resume_brings_it_back() {
    let runtime = tempfile::tempdir().expect("a directory");
    let directory = runtime.path().to_str().expect("text");
    let mut all = vec!["--device", NODE, "--source", CAMERA];
    all.extend(SIZE);
    let mut relay = Relay::start_with(&all, &[("XDG_RUNTIME_DIR", directory)]);
    relay.wait_for("idle");
    let ask = |what: &str| {
        assert!(
            Command::new(program("lenscap"))
                .arg(what)
                .env("XDG_RUNTIME_DIR", directory)
                .status()
                .expect("runs")
                .success()
        );
    };
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("stream");
    relay.wait_for("live");
    frames_until_moving(&mut client, 3);
    ask("pause");
    relay.wait_for("paused");
    assert!(!camera_is_on());
    // The card stands still: the same picture, several times in a row.
    let end = Instant::now() + Duration::from_secs(20);
    let (mut last, mut same) = (None, 0);
    while same < 5 {
        assert!(Instant::now() < end, "the picture still moves");
        let Some(frame) = client.next(Duration::from_secs(5)).expect("DQBUF") else { continue };
        same = if last == Some(frame.checksum) { same + 1 } else { 0 };
        last = Some(frame.checksum);
    }
    ask("resume");
    relay.wait_for("live");
    frames_until_moving(&mut client, 3);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_size_beyond_the_modules_limit_names_the_limit() {
    loopback::unload();
    loopback::load_with("Lenscap", &["max_width=640", "max_height=480"]);
    let mut relay = Relay::start(&["--device", NODE, "-w", "1280", "-H", "720", "--source", "test"]);
    let (status, stderr) = relay.wait_for_exit();
    loopback::reload("Lenscap");
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("640x480"), "{stderr}");
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_label_decides_not_the_number() {
    loopback::unload();
    loopback::load_with("Other,Lenscap", &["devices=2", "video_nr=30,31"]);
    let mut all = vec!["--source", "test"];
    all.extend(SIZE);
    let mut relay = Relay::start(&all);
    relay.wait_for("idle");
    let format = fs::read_to_string("/sys/class/video4linux/video31/format").expect("its format");
    let other = fs::read_to_string("/sys/class/video4linux/video30/format").expect("its format");
    relay.quit();
    loopback::reload("Lenscap");
    assert!(format.contains("320x180"), "{format}");
    assert!(!other.contains("320x180"), "{other}");
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_node_is_made_through_the_control_device_where_permitted() {
    if !Path::new("/dev/v4l2loopback").exists() {
        println!(
            "SKIP a_node_is_made_through_the_control_device_where_permitted: this module version has no control device"
        );
        return;
    }
    loopback::unload();
    loopback::load_with("Other", &[]);
    let mut all = vec!["--source", "test", "--label", "Lenscap"];
    all.extend(SIZE);
    let mut relay = Relay::start(&all);
    relay.wait_for("idle");
    let made = fs::read_dir("/sys/class/video4linux")
        .expect("sysfs")
        .flatten()
        .any(|entry| fs::read_to_string(entry.path().join("name")).is_ok_and(|name| name.trim() == "Lenscap"));
    relay.quit();
    loopback::reload("Lenscap");
    assert!(made);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn nothing_grows_over_fifteen_activations() {
    let mut relay = start(&["--source", "test", "--cooldown-ms", "0"]);
    let mut before = None;
    for round in 0..16 {
        let mut client = Client::open(node()).expect("open");
        client.stream(4).expect("stream");
        relay.wait_for("live");
        drop(client);
        relay.wait_for("idle");
        relay.seen.clear();
        // What is made at the first use is no growth.
        if round == 0 {
            eventually("the first worker is gone", || relay.workers().is_empty());
            before = Some(relay.resources());
        }
    }
    let before = before.expect("a first round");
    eventually("the last worker is gone", || relay.workers().is_empty());
    // The relay hears of the worker's end a moment after it.
    eventually("the descriptors are as before", || relay.resources().descriptors <= before.descriptors);
    let after = relay.resources();
    assert_eq!(before.threads, after.threads, "threads");
    assert!(relay.children().is_empty(), "zombies: {:?}", relay.children());
    assert!(after.pss_kb < before.pss_kb + 1024, "memory {} -> {} kB", before.pss_kb, after.pss_kb);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn idle_costs_nothing() {
    let mut relay = start(&["--source", CAMERA]);
    // Let what the start caused (udev's probe, the first level) settle.
    relay.stays("idle", Duration::from_secs(3));
    let before = relay.resources();
    let window = Duration::from_secs(20);
    relay.sleep_while_idle(window);
    let after = relay.resources();
    let switches = after.switches - before.switches;
    assert!(switches <= 2, "{switches} context switches in {window:?}");
    relay.quit();
}
