//! What a reader is told of time, and what programs may leave behind at the node.

use super::*;

/// At most this old is the first picture of a reader that had the node open for 3 s: two intervals, and what an emulated
/// machine needs to get round to it (0.48 s seen at a load of 20).
const FRESH: Duration = Duration::from_millis(1500);

/// Reads frames until the picture has moved `moves` times; their times.
fn times(client: &mut Client, moves: u32) -> Vec<Duration> {
    let end = Instant::now() + Duration::from_secs(40);
    let (mut last, mut moved, mut times) = (None, 0, Vec::new());
    while moved < moves {
        assert!(Instant::now() < end, "no moving picture: {} frames, {moved} changes", times.len());
        let Some(frame) = client.next(Duration::from_secs(10)).expect("DQBUF") else { continue };
        assert!(frame.timestamp <= frame.at_monotonic, "of the future: {frame:?}");
        moved += u32::from(last.is_some_and(|last| last != frame.checksum));
        last = Some(frame.checksum);
        times.push(frame.timestamp);
    }
    times
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn times_never_go_back_from_card_to_camera_to_card_and_begin_fresh() {
    let mut relay = start(&["--source", CAMERA, "--cooldown-ms", "300"]);
    let mut client = Client::open(node()).expect("open");
    // Applications open, negotiate, ask the user, and then stream.
    std::thread::sleep(Duration::from_secs(3));
    client.stream(4).expect("stream");
    let first = client.next(Duration::from_secs(5)).expect("DQBUF").expect("a first frame");
    let age = first.at_monotonic - first.timestamp;
    println!("REPORT first picture after 3 s: {age:?} old");
    assert!(age < FRESH, "the first picture is {age:?} old");
    let mut seen = vec![first.timestamp];
    seen.extend(times(&mut client, 8));
    let workers = relay.workers();
    assert!(command(&format!("kill -9 {}", workers[0])).status().expect("kill").success());
    relay.wait_for_failure(&["driver crashed"]);
    seen.extend(times(&mut client, 8));
    // The card of the failure, and the camera again.
    relay.wait_for("live");
    seen.extend(times(&mut client, 8));
    let back: Vec<_> = seen.windows(2).filter(|pair| pair[0] >= pair[1]).collect();
    assert!(back.is_empty(), "{} of {} times are not later than the one before: {back:?}", back.len(), seen.len());
    relay.quit();
}

/// Whether readers are told of 15 frames a second.
fn has_our_rate() -> bool {
    let output = command(&format!("v4l2-ctl -d {NODE} -P")).output().expect("v4l2-ctl");
    String::from_utf8_lossy(&output.stdout).contains("15.000")
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn what_programs_left_on_or_changed_is_put_right() {
    let set = |what: &str| assert!(command(&format!("v4l2-ctl -d {NODE} {what}")).status().expect("runs").success());
    set("-c sustain_framerate=1,timeout=500,keep_format=1");
    let (_, found, _) = lenscap(&["doctor"]);
    assert!(found.contains("sustain_framerate") && found.contains("keep_format"), "{found}");
    set("-c timeout_image_io=1");
    let mut relay = start(&["--source", CAMERA, "--cooldown-ms", "300"]);
    let told = relay.stderr();
    assert_eq!(told.matches("sustain_framerate").count(), 1, "said once: {told}");
    let controls = || {
        let output = command(&format!("v4l2-ctl -d {NODE} -C sustain_framerate,timeout,keep_format")).output();
        String::from_utf8_lossy(&output.expect("v4l2-ctl").stdout).into_owned()
    };
    assert_eq!(controls().matches(": 0").count(), 3, "{}", controls());
    // GStreamer dies of repeated buffers.
    let _ = fs::remove_file("/dev/shm/frames.raw");
    let line = format!(
        "gst-launch-1.0 -q v4l2src device={NODE} ! video/x-raw,format=YUY2,width=320,height=180 ! filesink enable-last-sample=false location=/dev/shm/frames.raw"
    );
    let child = command(&line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("gst-launch");
    let mut child = Reaped(child);
    relay.wait_for("live");
    let length = || fs::metadata("/dev/shm/frames.raw").map_or(0, |meta| meta.len());
    eventually("forty frames", || length() >= 40 * 320 * 180 * 2);
    assert!(command(&format!("kill -INT {}", child.0.id())).status().expect("kill").success());
    child.wait_for_exit(Duration::from_secs(30));
    relay.wait_for("idle");

    // A client's own frame rate is its own; so is what it switches on.
    eventually("the frame rate is ours", has_our_rate);
    let client = Client::open(node()).expect("open");
    set("-p 5");
    set("-c sustain_framerate=1");
    drop(client);
    eventually("the frame rate is ours again", has_our_rate);
    eventually("nothing is left on", || controls().matches(": 0").count() == 3);
    relay.quit();
}

/// `lenscap` as somebody types it where no relay runs.
fn lenscap(arguments: &[&str]) -> (bool, String, String) {
    let program = program("lenscap");
    let home = tempfile::tempdir().expect("a directory");
    let output = Command::new(program)
        .args(arguments)
        .env("XDG_CONFIG_HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .output()
        .expect("lenscap starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}
