//! `lenscap-pipewire` at a real PipeWire and WirePlumber, in a session of their own.

mod confined;
mod list;
mod memory;
mod parent;
mod reader;
mod readers;
mod restarts;

use std::fs;
use std::time::{Duration, Instant};

use lenscap_test_support::pipewire::{Session, property};
use lenscap_test_support::process::DEADLINE;
use rustix::process::{Pid, Signal, kill_process};

use parent::{NAME, Parent, SLOTS};
use reader::GstReader;

/// Caps that fit.
const ANY: &str = "video/x-raw";

fn is_growing(values: &[u64]) -> bool {
    values.is_sorted_by(|a, b| a < b)
}

fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.try_into().expect("a number")).expect("not 0");
    kill_process(pid, signal).expect("it is there");
}

#[test]
fn the_node_is_listed_once_as_a_camera() {
    let Some(session) = Session::with_server("the_node_is_listed_once_as_a_camera") else { return };
    let mut parent = Parent::new(&session);
    parent.until_there();
    let nodes = session.nodes(NAME);
    assert_eq!(nodes.len(), 1, "{nodes:#?}");
    let property = |name| property(&nodes[0], name);
    assert_eq!(property("media.class").as_deref(), Some("Video/Source"));
    assert_eq!(property("media.role").as_deref(), Some("Camera"));
    assert_eq!(property("node.description").as_deref(), Some("Lenscap Test"));
    assert_eq!(property("priority.session").as_deref(), Some("1200"));
    assert_eq!((parent.rotation, parent.readers.len()), (0, 0), "looking at it is not reading");
}

#[test]
fn a_reader_gets_the_pictures_and_is_named() {
    let Some(session) = Session::with_server("a_reader_gets_the_pictures_and_is_named") else { return };
    let mut parent = Parent::new(&session);
    parent.until_there();
    let start = Instant::now();
    let mut reader = GstReader::start(&session, "reader", ANY);
    parent.until("pictures are wanted", |parent| parent.rotation > 0);
    let wanted = start.elapsed();
    parent.until("the first picture", |_| !reader.numbers().is_empty());
    println!("figures: {wanted:?} from the reader's exec to \"wanted\", {:?} to its first picture", start.elapsed());
    parent.until("the reader is named", |parent| parent.readers.iter().any(|reader| reader.is_streaming));
    let [named] = &parent.readers[..] else { panic!("{:?}", parent.readers) };
    assert_eq!(named.pid, Some(reader.pid()));
    assert_eq!(&*named.name, "gst-launch-1.0");
    assert_eq!(named.portal_app, None);
    // From here on one after the other, so that none may be lost, however slow this machine is; twice round the slots.
    parent.gives_pictures = false;
    let (first, before) = (parent.sequence, switches(parent.pid()));
    for number in first..first + 2 * u64::from(SLOTS) {
        parent.give();
        parent.until("this picture", |_| reader.numbers().last() == Some(&number));
    }
    let per_picture = (switches(parent.pid()) - before) as f64 / (parent.sequence - first) as f64;
    println!("figures: {per_picture:.1} context switches a picture, in all of its threads");
    let numbers = reader.numbers();
    assert!(is_growing(&numbers), "{numbers:?}");
    let from_first = numbers.iter().filter(|number| **number >= first);
    assert!(from_first.copied().eq(first..parent.sequence), "lost: {numbers:?}");
    parent.until("all times", |_| reader.times().len() >= numbers.len());
    let times = reader.times();
    assert!(is_growing(&times), "{times:?} {}", reader.log());
    reader.process.0.kill().expect("alive");
    parent.until("it is gone", |parent| parent.readers.is_empty() && parent.rotation == 0);
}

#[test]
fn nothing_wakes_it_while_nobody_reads() {
    let Some(mut session) = Session::with_server("nothing_wakes_it_while_nobody_reads") else { return };
    let mut parent = Parent::new(&session);
    parent.until_there();
    {
        let reader = GstReader::start(&session, "reader", ANY);
        parent.until("it reads", |_| reader.numbers().len() >= 10);
    }
    parent.until("it is gone", |parent| parent.readers.is_empty() && parent.rotation == 0);
    let is_idle = |session: &Session| {
        let nodes = session.nodes(NAME);
        nodes.len() == 1 && nodes[0]["info"]["state"] == "suspended"
    };
    parent.until("the node is suspended", |_| is_idle(&session));
    quiet_for_five_seconds(&parent, "a server and no reader");
    session.kill_server();
    parent.until("it is noticed", |parent| parent.is_there == Some(false));
    quiet_for_five_seconds(&parent, "no server");
}

/// Waits for 5 s without a switch in any of its threads; a round that something of before runs into may be repeated.
fn quiet_for_five_seconds(parent: &Parent, what: &str) {
    let mut counts = Vec::new();
    for _ in 0..3 {
        let before = switches(parent.pid());
        std::thread::sleep(Duration::from_secs(5));
        counts.push(switches(parent.pid()) - before);
        if counts.last() == Some(&0) {
            let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", parent.pid())).expect("it lives");
            let wanted = ["Pss:", "Private_Clean:", "Private_Dirty:"];
            let lines: Vec<_> =
                rollup.lines().filter(|line| wanted.iter().any(|name| line.starts_with(name))).collect();
            println!("figures: {what}: 0 switches in 5 s; {lines:?}");
            return;
        }
    }
    panic!("{what}: switches in 5 s: {counts:?}");
}

/// Context switches of all threads since they began.
fn switches(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("it lives");
    let of = |task: fs::DirEntry| {
        let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
        let counts = status.lines().filter(|line| line.contains("ctxt_switches:"));
        counts.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum::<u64>()
    };
    tasks.map(|task| of(task.expect("a task"))).sum()
}

#[test]
fn it_ends_with_its_parent() {
    let Some(session) = Session::with_server("it_ends_with_its_parent") else { return };
    let mut parent = Parent::new(&session);
    parent.until_there();
    let reader = GstReader::start(&session, "reader", ANY);
    parent.until("it reads", |_| reader.numbers().len() >= 10);
    parent.hang_up();
    assert!(parent.child.wait_for_exit(DEADLINE).success());
    let gone = lenscap_test_support::process::within(DEADLINE, || session.nodes(NAME).is_empty());
    assert!(gone, "the node is still listed");
}
