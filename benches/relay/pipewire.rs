//! The camera in PipeWire, on this machine, in a session of its own: what its process costs while nobody reads, how soon a reader
//! has a picture, and what each reader costs. The relay has memory for its device, and a test picture for its camera.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use lenscap_test_support::client::checksum;
use lenscap_test_support::pipewire::Session;
use lenscap_test_support::process::{Reaped, children_of, eventually};
use lenscap_test_support::relay::Relay;

use crate::idle::Series;
use crate::measure::{Spread, Usage, ms};
use crate::table::{Row, Table, Target};
use crate::{Mode, peer, runs, start};

const NODE: &str = "lenscap";
const FLOOR: &str = "floor";
const IDLE_WINDOW: Duration = Duration::from_secs(10);
const LIVE_WINDOW: Duration = Duration::from_secs(4);
const SETTLE: Duration = Duration::from_millis(1500);
const LIMIT: Duration = Duration::from_secs(30);
/// MB.
const PSS_LIMIT: f64 = 5.0;
/// Of a copy of the picture, for each reader but the first.
const READER_LIMIT: f64 = 0.5;
const START: Mode = Mode { width: 640, height: 480, framerate: 30 };
const LIVE: [Mode; 2] = [START, Mode { width: 1920, height: 1080, framerate: 30 }];

/// The relay with its node, and the process that has it.
fn relay(session: &Session, mode: &Mode) -> (Relay, u32) {
    let [width, height, framerate] = [mode.width, mode.height, mode.framerate].map(|number| number.to_string());
    let arguments = ["--source", "test", "-w", &width, "-H", &height, "-f", &framerate, "--cooldown-ms", "0"];
    let runtime = session.runtime_dir();
    let environment = [("LENSCAP_OUTPUT", "memory"), ("PIPEWIRE_RUNTIME_DIR", runtime.to_str().expect("a path"))];
    let mut relay = Relay::start_with(&arguments, &environment);
    relay.wait_for("idle");
    eventually("PipeWire has the camera", || session.nodes(NODE).len() == 1);
    let is_node = |pid: &u32| {
        std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("lenscap-pipewi"))
    };
    let node = children_of(relay.pid()).into_iter().find(is_node).expect("a process for PipeWire");
    (relay, node)
}

/// A program that reads this node, as fast as it gets pictures.
fn reader(session: &Session, node: &str) -> Reaped {
    let mut command = session.command("gst-launch-1.0");
    // Without caps 0.3 links nobody (facts: pipewire, section 5).
    let source = format!("pipewiresrc target-object={node} ! video/x-raw ! fakesink sync=false");
    command.arg("-q").args(source.split_whitespace());
    Reaped(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("gst-launch-1.0"))
}

/// A node that always has pictures.
fn always_on(session: &Session, mode: &Mode) -> Reaped {
    let description =
        format!("videotestsrc is-live=true pattern=black ! {} ! pipewiresink mode=provide", mode.caps("YUY2"));
    let mut command = session.command("gst-launch-1.0");
    command.arg("-q").args(description.split_whitespace());
    command.arg(format!("stream-properties=props,media.class=Video/Source,media.role=Camera,node.name={FLOOR}"));
    let child = Reaped(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("gst-launch-1.0"));
    eventually("it is listed", || session.nodes(FLOOR).len() == 1);
    child
}

/// In a process of its own, as a reader is: from PLAYING to the first picture, and to the first that is no card.
pub fn print_first_pictures(node: &str) {
    let cards = start::cards(&START);
    let caps = START.caps("YUY2");
    let caps = &caps[..caps.rfind(",framerate").unwrap_or(caps.len())];
    let description = format!("pipewiresrc target-object={node} ! {caps} ! fakesink name=sink sync=false");
    let pipeline = peer::Pipeline::new(&description);
    let (sender, receiver) = channel();
    pipeline.each("sink", move |buffer| {
        if let Ok(bytes) = buffer.map_readable() {
            let _ = sender.send((Instant::now(), checksum(&bytes)));
        }
    });
    let began = Instant::now();
    pipeline.play();
    let (mut first, mut camera) = (None, None);
    while camera.is_none() {
        let (at, checksum) = receiver.recv_timeout(LIMIT).expect("a picture");
        first.get_or_insert(at);
        camera = (!cards.contains(&checksum)).then_some(at);
    }
    let of = |at: Option<Instant>| at.map_or(f64::NAN, |at| ms(at.duration_since(began)));
    println!("{} {}", of(first), of(camera));
}

fn first_pictures(session: &Session, node: &str) -> [f64; 2] {
    let mut command = session.command(std::env::current_exe().expect("this program"));
    command.args(["pipewire-reader", node]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = Reaped(command.spawn().expect("it starts"));
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let mut numbers = line.split_whitespace().map(|number| number.parse().unwrap_or(f64::NAN));
    [0; 2].map(|_| numbers.next().unwrap_or(f64::NAN))
}

/// CPU ms that a copy of a picture takes, of pictures that are no longer in the caches.
fn copy(mode: &Mode) -> f64 {
    const PICTURES: usize = 16;
    const COPIES: usize = 120;
    let size = (mode.width * mode.height * 2) as usize;
    let from = vec![1_u8; size * PICTURES];
    let mut to = vec![0_u8; size * PICTURES];
    let own = [std::process::id()];
    let before = Usage::of(&own);
    for index in 0..COPIES {
        let at = (index % PICTURES) * size;
        to[at..at + size].copy_from_slice(std::hint::black_box(&from[at..at + size]));
    }
    std::hint::black_box(&to);
    Usage::of(&own).cpu_ms_since(&before) / COPIES as f64
}

pub fn run(table: &mut Table) {
    let session = Session::with_server("the bench").expect("a session (scripts/deps.sh test)");
    idle(&session, table);
    starts(&session, table);
    for mode in LIVE {
        readers(&session, &mode, table);
    }
}

fn idle(session: &Session, table: &mut Table) {
    let (mut relay, node) = relay(session, &START);
    // What one reader leaves behind counts.
    let process = reader(session, NODE);
    relay.wait_for("live");
    drop(process);
    relay.wait_for("idle");
    let is_suspended = |name: &str| session.nodes(name).iter().all(|node| node["info"]["state"] == "suspended");
    eventually("the node is suspended", || is_suspended(NODE));
    // Until the memory of the pictures is given back.
    std::thread::sleep(Duration::from_secs(11));
    let (mut ours, mut resident, mut theirs) = (Series::default(), Series::default(), Series::default());
    for _ in 0..runs() {
        ours.take(&[node], IDLE_WINDOW);
        resident.take(&[relay.pid()], IDLE_WINDOW);
    }
    relay.quit();
    let placeholder = always_on(session, &START);
    for _ in 0..runs() {
        theirs.take(&[placeholder.0.id()], SETTLE);
    }
    let [_, switches, own, pss] = ours.0.map(Spread::new);
    let [_, others_switches, others_own, others_pss] = theirs.0.map(Spread::new);
    let mut row = |what: &str, unit, ours, peer: Option<Spread>, target| {
        table.row(&Row {
            what: format!("idle, {START}, this machine: {what}"),
            unit,
            ours,
            peer: peer.map(|spread| ("gst-launch black ! pipewiresink".into(), spread)),
            ratio: None,
            target,
            by_ratio: false,
        });
    };
    row("context switches of lenscap-pipewire", "1/s", switches, Some(others_switches), Target::AtMost(0.0));
    row("private memory of lenscap-pipewire (PSS without pages of files)", "MB", own, Some(others_own), Target::None);
    row("PSS of lenscap-pipewire", "MB", pss, Some(others_pss), Target::AtMost(PSS_LIMIT));
    let [_, switches, ..] = resident.0.map(Spread::new);
    row("context switches of the relay with a node in PipeWire", "1/s", switches, None, Target::AtMost(0.1));
}

fn starts(session: &Session, table: &mut Table) {
    let (mut relay, _) = relay(session, &START);
    let source = format!("videotestsrc num-buffers=1 ! {}", START.caps("YUY2"));
    let (mut ours, mut floors, mut colds) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..runs() + 3 {
        let ours_now = first_pictures(session, NODE);
        relay.wait_for("live");
        relay.wait_for("idle");
        eventually("the worker is gone", || relay.workers().is_empty());
        // A new one each time: on 0.3 it may give nothing to a second reader.
        let floor = always_on(session, &START);
        let floor_now = first_pictures(session, FLOOR);
        drop(floor);
        eventually("it is gone", || session.nodes(FLOOR).is_empty());
        let cold = start::cold_gst(&source);
        // The first one of each brings the programs into memory.
        if run > 0 {
            ours.push(ours_now);
            floors.push(floor_now[0]);
            colds.push(cold);
        }
    }
    relay.quit();
    let column = |index: usize| Spread::new(ours.iter().map(|row| row[index]));
    let floor = Spread::new(floors);
    let limit = floor.median() + START.interval_ms();
    for (what, ours, peer, target) in [
        (
            "first picture",
            column(0),
            ("gst-launch videotestsrc ! pipewiresink".to_owned(), floor),
            Target::AtMostBecause(limit, "an always-on node + one frame interval".into()),
        ),
        ("first camera picture", column(1), ("gst-launch videotestsrc, cold".into(), Spread::new(colds)), Target::None),
    ] {
        table.row(&Row {
            what: format!("pipewiresrc to PLAYING, {START}, this machine: {what}"),
            unit: "ms",
            ours,
            peer: Some(peer),
            ratio: None,
            target,
            by_ratio: false,
        });
    }
}

fn readers(session: &Session, mode: &Mode, table: &mut Table) {
    let (mut relay, node) = relay(session, mode);
    let resident = relay.pid();
    let (mut one, mut each, mut copies) = (Vec::new(), Vec::new(), Vec::new());
    let mut parts = [Vec::new(), Vec::new()];
    for _ in 0..runs() {
        copies.push(copy(mode));
        let mut processes = Vec::new();
        let mut at = |count: usize, relay: &mut Relay| {
            processes.resize_with(count, || reader(session, NODE));
            relay.wait_for_line("all read", |line| line.state == "live" && line.clients.len() == count);
            std::thread::sleep(SETTLE);
            let (began, before) = (Instant::now(), [resident, node].map(|pid| Usage::of(&[pid])));
            std::thread::sleep(LIVE_WINDOW);
            let after = [resident, node].map(|pid| Usage::of(&[pid]));
            let frames = began.elapsed().as_secs_f64() * f64::from(mode.framerate);
            [0, 1].map(|index| after[index].cpu_ms_since(&before[index]) / frames)
        };
        let [of_relay, of_node] = at(1, &mut relay);
        let three: f64 = at(3, &mut relay).iter().sum();
        one.push(of_relay + of_node);
        each.push((three - of_relay - of_node) / 2.0);
        parts[0].push(of_relay);
        parts[1].push(of_node);
        drop(processes);
        relay.wait_for("idle");
    }
    relay.quit();
    let [of_relay, of_node] = parts.map(|part| Spread::new(part).median());
    for (what, ours, target) in [
        (format!("1 reader, CPU (resident process {of_relay:.3}, lenscap-pipewire {of_node:.3})"), one, Target::None),
        ("each of 2 more readers, CPU of both".to_owned(), each, Target::AtMost(READER_LIMIT)),
    ] {
        table.row(&Row {
            what: format!("PipeWire, {mode} YUY2, this machine: {what}"),
            unit: "ms/frame",
            ratio: Some(Spread::ratio(&ours, &copies)),
            ours: Spread::new(ours),
            peer: Some(("a copy of the picture".into(), Spread::new(copies.clone()))),
            target,
            by_ratio: true,
        });
    }
}
