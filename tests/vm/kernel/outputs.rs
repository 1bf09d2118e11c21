//! Which node is served, in which format, and who else may be at it.

use super::*;

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
    // The new format comes before its first buffers; until these are there the node is no capture device (exclusive_caps=1).
    let mut opened = None;
    eventually("it can be read", || {
        opened = Client::open(node()).ok();
        opened.is_some()
    });
    let mut client = opened.expect("open");
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
        assert!(stderr.contains(says) && stderr.contains("choose"), "{device}: {stderr}");
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
    assert!(reason.contains("Another Lenscap") && reason.contains("It is open in lenscap"), "{reason}");
    relay.quit();
    second.wait_for("idle");
    second.quit();
    let mut writer = stranger(node());
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
fn a_size_beyond_the_modules_limit_names_the_limit() {
    loopback::unload();
    loopback::load_with("Lenscap", &["max_width=640", "max_height=480"]);
    let mut relay = Relay::start(&["--device", NODE, "-w", "1280", "-H", "720", "--source", "test"]);
    let (status, stderr) = relay.wait_for_exit();
    loopback::reload("Lenscap");
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("640 × 480"), "{stderr}");
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
