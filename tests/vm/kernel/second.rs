//! Two nodes with one picture: v4l2loopback from 0.13 on serves one reader a node.

use lenscap::engine::Further;
use lenscap::output::finder::{Beside, Wanted, find};

use super::*;

/// A relay at two nodes, found by their labels.
fn start_two(arguments: &[&str]) -> Relay {
    loopback::unload();
    loopback::load_with("Lenscap,Lenscap 2", &["devices=2", "video_nr=30,31"]);
    eventually("the second node is there", || Path::new(SECOND).exists());
    let mut all = vec!["--second-device", "auto"];
    all.extend(arguments);
    let relay = start(&all);
    assert!(relay.seen.iter().all(|line| line.second.is_empty()), "{:?}", relay.seen);
    relay
}

fn open(path: &str, buffers: u32) -> Client {
    let mut client = Client::open(Path::new(path)).expect("open");
    client.stream(buffers).expect("stream");
    client
}

/// The first frame a new reader gets; then it leaves.
fn first_picture(path: &str) -> u64 {
    open(path, 4).next(Duration::from_secs(10)).expect("DQBUF").expect("a first frame").checksum
}

fn streamer(line: &str) -> Reaped {
    Reaped(command(line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the client is installed"))
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn two_readers_at_once_get_the_same_moving_pictures() {
    let mut relay = start_two(&["--source", CAMERA, "--cooldown-ms", "500"]);
    let cards = [first_picture(NODE), first_picture(SECOND)];
    assert_eq!(cards[0], cards[1]);
    relay.wait_for("idle");
    // Two buffers: before 0.15 that shrinks the second's rotation.
    let mut readers = [open(NODE, 4), open(SECOND, 2)];
    relay.wait_for("live");
    for reader in &mut readers {
        frames_until_moving(reader, 3);
    }
    let mut pictures = [Vec::new(), Vec::new()];
    for _ in 0..40 {
        for (reader, pictures) in readers.iter_mut().zip(&mut pictures) {
            let frame = reader.next(Duration::from_secs(10)).expect("DQBUF").expect("a frame");
            pictures.push((frame.timestamp, frame.checksum));
        }
    }
    let [first, second] = pictures;
    let moves = second.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
    assert!(moves >= 10, "{moves} moves in {} frames", second.len());
    assert!(second.windows(2).all(|pair| pair[0].0 < pair[1].0), "no picture comes twice");
    let shared = second.iter().filter(|(timestamp, _)| first.iter().any(|(other, _)| other == timestamp)).count();
    assert!(shared >= second.len() / 2, "{shared} of {} pictures came to both", second.len());
    drop(readers);
    relay.wait_for("cooldown");
    relay.wait_for("idle");
    eventually("the camera is off", || !camera_is_on());
    assert_eq!([first_picture(NODE), first_picture(SECOND)], cards, "nobody's last picture is left");
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn programs_that_are_strict_about_buffers_live_side_by_side() {
    let mut relay = start_two(&["--source", CAMERA, "--cooldown-ms", "300"]);
    let files = ["/dev/shm/first.raw", "/dev/shm/second.raw"];
    for file in files {
        let _ = fs::remove_file(file);
    }
    let _gst = streamer(&format!(
        "gst-launch-1.0 -q v4l2src device={NODE} ! video/x-raw,format=YUY2,width=320,height=180 ! filesink enable-last-sample=false location={}",
        files[0]
    ));
    let _ffmpeg = streamer(&format!(
        "ffmpeg -nostdin -v error -y -f v4l2 -i {SECOND} -fps_mode passthrough -pix_fmt yuyv422 -f rawvideo {}",
        files[1]
    ));
    relay.wait_for("live");
    for file in files {
        eventually("forty frames of the camera", || {
            fs::metadata(file).is_ok_and(|meta| meta.len() >= 40 * 320 * 180 * 2)
        });
    }
    let seen = relay.poll().clients;
    for name in ["gst-launch", "ffmpeg"] {
        assert!(seen.iter().any(|client| client.contains(name) && client.ends_with("streaming")), "{name}: {seen:?}");
    }
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_reader_killed_at_one_node_leaves_the_other_its_picture() {
    let mut relay = start_two(&["--source", CAMERA, "--cooldown-ms", "300"]);
    for (killed, stays) in [(SECOND, NODE), (NODE, SECOND)] {
        let mut child = streamer(&format!("v4l2-ctl -d {killed} --stream-mmap"));
        relay.wait_for("live");
        let mut reader = open(stays, 4);
        frames_until_moving(&mut reader, 3);
        eventually("both are seen", || {
            relay.poll().clients.iter().filter(|line| line.ends_with("streaming")).count() == 2
        });
        child.0.kill().expect("SIGKILL");
        child.wait_for_exit(Duration::from_secs(10));
        eventually("one is left", || relay.poll().clients.len() == 1);
        frames_until_moving(&mut reader, 10);
        relay.stays("live", Duration::from_millis(500));
        drop(reader);
        relay.wait_for("idle");
        eventually("the camera is off", || !camera_is_on());
    }
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_reader_at_the_second_node_alone_has_the_camera_and_the_first_shows_a_card() {
    let mut relay = start_two(&["--source", CAMERA, "--cooldown-ms", "300"]);
    let card = first_picture(NODE);
    relay.wait_for("idle");
    let mut second = open(SECOND, 4);
    relay.wait_for("live");
    frames_until_moving(&mut second, 10);
    for _ in 0..3 {
        assert_eq!(first_picture(NODE), card, "a card, then the camera");
        frames_until_moving(&mut second, 3);
    }
    let mut first = open(NODE, 4);
    frames_until_moving(&mut first, 5);
    drop(second);
    frames_until_moving(&mut first, 5);
    drop(first);
    relay.wait_for("cooldown");
    relay.wait_for("idle");
    assert_eq!([first_picture(NODE), first_picture(SECOND)], [card; 2]);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_reader_at_the_second_node_in_a_format_of_before_is_served_in_it() {
    let mut relay = start_two(&["--source", "test"]);
    let mut second = open(SECOND, 4);
    frames_until_moving(&mut second, 2);
    relay.kill();
    let larger =
        ["--device", NODE, "--second-device", "auto", "--source", "test", "-w", "640", "-H", "360", "-f", "15"];
    let mut relay = Relay::start(&larger);
    relay.wait_for("live");
    frames_until_moving(&mut second, 5);
    drop(second);
    relay.wait_for("idle");
    let format = |node: &str| fs::read_to_string(format!("/sys/class/video4linux/{node}/format")).unwrap_or_default();
    eventually("both have the new size", || ["video30", "video31"].iter().all(|node| format(node).contains("640x360")));
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_second_node_deleted_while_live_harms_nobody_and_is_taken_again() {
    let mut relay = start_two(&["--source", CAMERA, "--cooldown-ms", "300"]);
    let mut readers = [open(NODE, 4), open(SECOND, 4)];
    relay.wait_for("live");
    for reader in &mut readers {
        frames_until_moving(reader, 3);
    }
    fs::remove_file(SECOND).expect("delete the node");
    eventually("it is told", || !relay.poll().second.is_empty());
    let [mut first, second] = readers;
    frames_until_moving(&mut first, 10);
    drop(second);
    relay.stays("live", Duration::from_millis(500));
    let device = fs::read_to_string("/sys/class/video4linux/video31/dev").expect("its number");
    let (major, minor) = device.trim().split_once(':').expect("major:minor");
    assert!(command(&format!("mknod {SECOND} c {major} {minor}")).status().expect("mknod").success());
    eventually("it is taken again", || relay.poll().second.is_empty());
    let mut second = open(SECOND, 4);
    frames_until_moving(&mut second, 5);
    frames_until_moving(&mut first, 5);
    drop((first, second));
    relay.wait_for("idle");
    relay.quit();
    // A node made by hand outlives its device.
    loopback::unload();
    let _ = fs::remove_file(SECOND);
    loopback::load("Lenscap");
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_first_node_deleted_while_live_leaves_the_second_a_card_until_it_is_back() {
    let mut relay = start_two(&["--source", CAMERA, "--cooldown-ms", "300"]);
    let mut second = open(SECOND, 4);
    relay.wait_for("live");
    frames_until_moving(&mut second, 3);
    fs::remove_file(NODE).expect("delete the node");
    let gone = relay.wait_for("no-device");
    assert!(!gone.reason.is_empty());
    eventually("the camera is off", || !camera_is_on());
    for _ in 0..5 {
        assert!(second.next(Duration::from_secs(10)).expect("DQBUF").is_some(), "a card");
    }
    let device = fs::read_to_string("/sys/class/video4linux/video30/dev").expect("its number");
    let (major, minor) = device.trim().split_once(':').expect("major:minor");
    assert!(command(&format!("mknod {NODE} c {major} {minor}")).status().expect("mknod").success());
    relay.wait_for("live");
    frames_until_moving(&mut second, 5);
    drop(second);
    relay.quit();
    loopback::unload();
    let _ = fs::remove_file(NODE);
    loopback::load("Lenscap");
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_second_node_that_cannot_be_used_is_told_of_and_retried() {
    // Found by its label, the first is not named by the settings.
    let mut all = vec!["--source", "test", "--second-device", NODE];
    all.extend(SIZE);
    let mut relay = Relay::start(&all);
    relay.wait_for("idle");
    eventually("it is refused", || relay.poll().second.contains("the first one already"));
    let mut first = open(NODE, 4);
    relay.wait_for("live");
    frames_until_moving(&mut first, 3);
    drop(first);
    relay.quit();
    // A stranger writes to it.
    loopback::unload();
    loopback::load_with("Lenscap,Lenscap 2", &["devices=2", "video_nr=30,31"]);
    let mut writer = stranger(Path::new(SECOND));
    let mut relay = start(&["--source", "test", "--second-device", SECOND]);
    eventually("the stranger is named", || relay.poll().second.contains("gst-launch"));
    let mut first = open(NODE, 4);
    frames_until_moving(&mut first, 3);
    writer.0.kill().expect("kill");
    writer.wait_for_exit(Duration::from_secs(10));
    eventually("it is taken", || relay.poll().second.is_empty());
    let mut second = open(SECOND, 4);
    frames_until_moving(&mut second, 3);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_second_node_is_made_through_the_control_device_where_permitted() {
    if !Path::new("/dev/v4l2loopback").exists() {
        println!("SKIP second::the_second_node_is_made: this module version has no control device");
        return;
    }
    let mut relay = start(&["--source", "test", "--second-device", "auto"]);
    assert!(relay.poll().second.is_empty(), "{:?}", relay.poll());
    let made = lenscap::camera::loopbacks(Path::new(lenscap::camera::CLASS))
        .into_iter()
        .find(|node| node.name == "Lenscap 2")
        .expect("it is there");
    let mut client = open(made.path.to_str().expect("text"), 4);
    relay.wait_for("live");
    frames_until_moving(&mut client, 3);
    drop(client);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn two_idle_nodes_cost_nothing() {
    let mut relay = start_two(&["--source", CAMERA]);
    relay.stays("idle", Duration::from_secs(3));
    let before = relay.resources();
    let window = Duration::from_secs(20);
    relay.sleep_while_idle(window);
    let switches = relay.resources().switches - before.switches;
    assert!(switches <= 2, "{switches} context switches in {window:?}");
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_command_that_is_told_where_the_second_node_is_missing_makes_it() {
    loopback::unload();
    let wanted = Wanted::Label(Further::Second.label("Lenscap"));
    let beside = Beside { is_further: true, count: 2, nodes: vec![node().into()] };
    let error = find(&wanted, false, &beside).expect_err("there is none");
    let told = lenscap::i18n::output::commands(&error.trouble);
    let [_, load] = &told[..] else { panic!("{error:?}: {told:?}") };
    let load = load.trim_start_matches("sudo ");
    assert!(Command::new("sh").args(["-c", load]).status().expect("sh").success(), "{load}");
    let names = || -> Vec<String> {
        let nodes = lenscap::camera::loopbacks(Path::new(lenscap::camera::CLASS));
        nodes.into_iter().map(|node| node.name).collect()
    };
    assert_eq!(names(), ["Lenscap", "Lenscap 2"], "{load}");
    loopback::reload("Lenscap");
}
