//! The USB camera made of software: from STREAMON to its first picture, and from the client's close to the end on the wire.

use std::time::{Duration, Instant};

use lenscap::output::monotonic_now;
use lenscap_test_support::client::Client;
use lenscap_test_support::process::eventually;
use lenscap_test_support::relay::Relay;
use lenscap_test_support::usb_camera::Camera;
use uvcam::picture::read_yuyv_number;

use crate::measure::{Spread, ms, wait_until_quiet};
use crate::table::{Row, Table, Target};
use crate::{Mode, node, runs, start};

const LIMIT: Duration = Duration::from_secs(30);
const COOLDOWN: Duration = Duration::from_millis(500);
/// What an emulated machine does in real time.
const MODES: [(&str, Mode); 2] = [
    ("isoc", Mode { width: 320, height: 240, framerate: 30 }),
    ("bulk", Mode { width: 320, height: 240, framerate: 15 }),
];

/// One session, in milliseconds.
struct Session {
    /// From STREAMON to stream-on on the wire.
    on: f64,
    /// From STREAMON to the first picture with the camera's number.
    first: f64,
    /// From the client's close, plus the cooldown, to stream-off on the wire.
    off: f64,
}

/// A client comes, sees the camera and goes. `lead`: it opens the node first, so that the worker is there and warm.
fn session(relay: &mut Relay, camera: &Camera, mode: &Mode, lead: bool) -> Session {
    relay.seen.clear();
    let mut client = Client::open(node()).expect("open");
    if lead {
        eventually("a worker is there", || !relay.workers().is_empty());
        assert!(wait_until_quiet(&relay.workers(), Duration::from_secs(4)), "the worker does not settle");
    }
    client.stream(4).expect("STREAMON");
    let (asked, began) = (monotonic_now(), Instant::now());
    let mut first = None;
    while first.is_none() {
        assert!(began.elapsed() < LIMIT, "no picture of the camera: {:#?}\n{}", relay.poll(), relay.stderr());
        let mut number = None;
        let frame =
            client.next_with(LIMIT, |picture| number = read_yuyv_number(picture, mode.width as usize)).expect("DQBUF");
        first = frame.filter(|_| number.is_some()).map(|frame| frame.at_monotonic);
    }
    let (on, _) = *camera.sessions().last().expect("it is on");
    relay.wait_for("live");
    let closed = monotonic_now();
    drop(client);
    let off = camera.wait_until_off();
    relay.wait_for("idle");
    eventually("the worker is gone", || relay.workers().is_empty());
    let since = |later: Duration, earlier: Duration| ms(later) - ms(earlier);
    Session { on: since(on, asked), first: since(first.unwrap_or_default(), asked), off: since(off, closed + COOLDOWN) }
}

pub fn run(table: &mut Table) {
    for (transport, mode) in MODES {
        let camera = Camera::plug("Bench", &[&format!("--{transport}"), "--formats", "yuyv"]);
        let device = camera.node.display().to_string();
        let cooldown = COOLDOWN.as_millis().to_string();
        let mut relay = mode.relay(&["--source", &camera.source(), "--cooldown-ms", &cooldown], &[]);
        let hot = || ms(start::bare(&device, &mode).time_to_first_frame("sink"));
        let cold_source = format!("v4l2src device={device} num-buffers=1 ! {}", mode.caps("YUY2"));
        // Loads the plugins, and brings the programs into memory.
        hot();
        session(&mut relay, &camera, &mode, false);
        let (mut at_once, mut warm, mut bare, mut cold) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs() {
            at_once.push(session(&mut relay, &camera, &mode, false));
            cold.push(start::cold_gst(&cold_source));
            warm.push(session(&mut relay, &camera, &mode, true));
            bare.push(hot());
        }
        relay.quit();
        let each = |sessions: &[Session], part: fn(&Session) -> f64| Spread::new(sessions.iter().map(part));
        let mut row = |what: String, ours: Spread, peer: Option<(String, Spread)>| {
            table.row(&Row { what, unit: "ms", ours, peer, ratio: None, target: Target::None, by_ratio: false });
        };
        let name = format!("USB camera, {transport}, {mode}");
        for (when, sessions, peer) in [
            ("at once after open", &at_once, ("gst-launch v4l2src, cold", cold)),
            ("opened before, worker warm", &warm, ("bare v4l2src, GStreamer loaded", bare)),
        ] {
            let (peer_name, times) = peer;
            row(format!("{name}: STREAMON {when}: stream-on on the wire"), each(sessions, |session| session.on), None);
            let first = each(sessions, |session| session.first);
            let peer = Some((peer_name.to_owned(), Spread::new(times)));
            row(format!("{name}: STREAMON {when}: first camera frame"), first, peer);
        }
        at_once.extend(warm);
        let off = each(&at_once, |session| session.off);
        row(format!("{name}: client's close + cooldown to stream-off on the wire"), off, None);
    }
}
