//! Programs that read from the node, or look at it.

use super::*;

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
fn the_doctor_tests_the_camera_and_it_is_off_afterwards() {
    let mut relay =
        Relay::start(&["--device", NODE, "--source", "test", "-w", "160", "-H", "90", "--cooldown-ms", "0"]);
    relay.wait_for("idle");
    // What the relay serves counts, not what the settings say.
    std::fs::create_dir_all(relay.settings().parent().expect("a directory")).expect("a directory");
    std::fs::write(relay.settings(), "[device]\nnode = \"/dev/video63\"\n").expect("a file");
    let (is_fine, said, complaint) = relay.lenscap(&["doctor", "--test"]);
    assert!(is_fine && said.starts_with("The camera works: "), "{said} {complaint}");
    assert!(complaint.contains("its light goes on"), "{complaint}");
    assert!(relay.wait_for("live").live);
    assert!(!relay.wait_for("idle").live);
    // What the user does not allow it does not do.
    relay.lenscap(&["pause"]);
    let (is_fine, said, _) = relay.lenscap(&["doctor", "--test"]);
    assert!(!is_fine && !said.is_empty(), "{said}");
    assert!(relay.quit().success());
}
