//! The whole program against the real v4l2loopback and vivid, with real clients.

mod clients;
mod costs;
mod faults;
mod further;
mod outputs;
mod second;
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

use crate::machine::{NODE, SECOND, command, is_exclusive, module};

const CAMERA: &str = "v4l2:/dev/video20";
/// The camera's and the output's size in these tests: what an emulated machine can do in real time.
const SIZE: [&str; 6] = ["-w", "320", "-H", "180", "-f", "15"];

fn node() -> &'static Path {
    Path::new(NODE)
}

fn start(arguments: &[&str]) -> Relay {
    let mut all = vec!["--device", NODE];
    all.extend(SIZE);
    all.extend(arguments);
    let mut relay = Relay::start(&all);
    relay.wait_for("idle");
    relay.wait_for_cards();
    relay
}

/// Another program that streams into the node, from the moment in which it does. What it complains of stands in the test's
/// output.
fn stranger(node: &Path) -> Reaped {
    assert!(!loopback::is_written(node), "{} has a writer already", node.display());
    let source = "videotestsrc is-live=true ! video/x-raw,format=YUY2,width=320,height=180,framerate=15/1";
    let mut line = command(&format!("gst-launch-1.0 -q {source} ! v4l2sink device={}", node.display()));
    let writer = Reaped(line.stdout(Stdio::null()).spawn().expect("gst-launch"));
    eventually("the stranger writes", || loopback::is_written(node));
    writer
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
