//! As many nodes as there may be, each with its own reader and its own answer.

use std::collections::BTreeSet;

use super::*;

const NODES: [&str; 4] = ["/dev/video30", "/dev/video31", "/dev/video32", "/dev/video33"];

/// A relay at four nodes, found by their labels.
fn start_four(arguments: &[&str]) -> Relay {
    loopback::unload();
    loopback::load_with("Lenscap,Lenscap 2,Lenscap 3,Lenscap 4", &["devices=4", "video_nr=30,31,32,33"]);
    eventually("the nodes are there", || NODES.iter().all(|node| Path::new(node).exists()));
    let mut all = vec!["--devices", "4", "--source", CAMERA, "--cooldown-ms", "300"];
    all.extend(arguments);
    let relay = start(&all);
    assert!(relay.seen.iter().all(|line| line.second.is_empty()), "{:?}", relay.seen);
    relay
}

fn open(path: &str) -> Client {
    let mut client = Client::open(Path::new(path)).expect("open");
    client.stream(4).expect("stream");
    client
}

/// Other settings while it runs.
fn write(relay: &Relay, text: &str) {
    let file = relay.settings();
    fs::create_dir_all(file.parent().expect("a directory")).expect("made");
    fs::write(file, text).expect("written");
}

fn streamer(line: &str) -> Reaped {
    Reaped(command(line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the client is installed"))
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn four_readers_at_once_get_pictures_and_a_node_that_goes_harms_nobody() {
    let mut relay = start_four(&[]);
    let mut readers: Vec<Client> = NODES.iter().map(|node| open(node)).collect();
    relay.wait_for("live");
    for reader in &mut readers {
        frames_until_moving(reader, 5);
    }
    fs::remove_file(NODES[2]).expect("delete the node");
    eventually("it is told", || relay.poll().second.contains("Lenscap 3"));
    drop(readers.remove(2));
    for reader in &mut readers {
        frames_until_moving(reader, 5);
    }
    relay.stays("live", Duration::from_millis(300));
    drop(readers);
    relay.wait_for("idle");
    eventually("the camera is off", || !camera_is_on());
    relay.quit();
    loopback::unload();
    loopback::load("Lenscap");
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn each_program_has_the_answer_of_its_own_rule() {
    let mut relay = start_four(&[]);
    let rules = "version = 1\n[apps]\nblock = [\"program:v4l2-ctl\"]\nask = [\"program:ffmpeg\"]\n";
    write(&relay, rules);
    let streamers = [
        format!("v4l2-ctl -d {} --stream-mmap", NODES[0]),
        format!("gst-launch-1.0 -q v4l2src device={} ! fakesink", NODES[1]),
        format!("ffmpeg -nostdin -v error -f v4l2 -i {} -f null -", NODES[2]),
    ]
    .map(|line| streamer(&line));
    let mut own = open(NODES[3]);
    relay.wait_for("live");
    frames_until_moving(&mut own, 5);
    let access = |relay: &Relay, name: &str| {
        let (_, status, _) = relay.lenscap(&["status", "--json"]);
        let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
        let clients = status["clients"].as_array().cloned().unwrap_or_default();
        let client = clients.into_iter().find(|client| client["name"].as_str().is_some_and(|it| it.contains(name)));
        client.map(|client| client["access"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
    };
    for (name, answer) in [("v4l2-ctl", "blocked"), ("gst-launch", "allowed"), ("ffmpeg", "asking")] {
        eventually(answer, || access(&relay, name) == answer);
    }
    frames_until_moving(&mut own, 5);
    relay.quit();
    // Whoever has a node open keeps the module.
    drop((own, streamers));
    loopback::reload("Lenscap");
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn fewer_nodes_wait_for_their_readers() {
    loopback::unload();
    loopback::load_with("Lenscap,Lenscap 2,Lenscap 3,Lenscap 4", &["devices=4", "video_nr=30,31,32,33"]);
    let mut relay = start(&["--source", CAMERA, "--cooldown-ms", "300"]);
    let ask_for = |relay: &Relay, count: u32| write(relay, &format!("version = 1\n[device]\ncount = {count}\n"));
    ask_for(&relay, 4);
    eventually("all are served", || NODES.iter().all(|node| loopback::is_written(Path::new(node))));
    let mut reader = open(NODES[3]);
    frames_until_moving(&mut reader, 3);
    ask_for(&relay, 1);
    eventually("the others go", || !NODES[1..3].iter().any(|node| loopback::is_written(Path::new(node))));
    frames_until_moving(&mut reader, 10);
    drop(reader);
    eventually("it goes as well", || !loopback::is_written(Path::new(NODES[3])));
    relay.quit();
    loopback::reload("Lenscap");
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_node_that_was_made_goes_when_it_is_not_asked_for() {
    let names = || -> Vec<String> {
        let nodes = lenscap::camera::loopbacks(Path::new(lenscap::camera::CLASS));
        // One that is made gets the lowest free number.
        nodes.into_iter().map(|node| node.name).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let mut relay = start(&["--source", "test"]);
    write(&relay, "version = 1\n[device]\ncount = 3\n");
    eventually("two are made", || names() == ["Lenscap", "Lenscap 2", "Lenscap 3"]);
    write(&relay, "version = 1\n[device]\ncount = 2\n");
    eventually("one goes", || names() == ["Lenscap", "Lenscap 2"]);
    relay.quit();
    loopback::reload("Lenscap");
}
