//! What the wire says: the relay on USB cameras that write down when they are told to stream, isochronous and bulk.
//!
//! The cameras are made of software (tests/fixtures/uvcam); the USB core, the camera's driver, v4l2loopback and the relay are
//! the real ones. A line "REPORT ..." says what the frames' numbers show.

mod faults;
mod hdmi;
mod sessions;

use std::cell::Cell;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lenscap::output::monotonic_now;
use lenscap_test_support::client::Client;
use lenscap_test_support::process::{Reaped, eventually};
use lenscap_test_support::relay::Relay;
use lenscap_test_support::usb_camera::{Camera, Session};
use uvcam::picture::{Tally, read_yuyv_number};

use crate::machine::{NODE, kill, quiet};

/// How long a client may have to wait for the camera's picture; emulated machines are slow.
const DEADLINE: Duration = Duration::from_secs(60);
/// Event lines carry whole milliseconds.
const ROUNDING: Duration = Duration::from_millis(1);
const COOLDOWN: Duration = Duration::from_millis(1200);

/// A size and a rate, in real time on an emulated machine.
#[derive(Clone, Copy)]
struct Mode {
    option: &'static str,
    width: u32,
    height: u32,
    rate: u32,
}

const ISOC: Mode = Mode { option: "--isoc", width: 320, height: 240, rate: 30 };
const BULK: Mode = Mode { option: "--bulk", width: 320, height: 240, rate: 15 };
const JPEG: Mode = Mode { option: "--isoc", width: 640, height: 480, rate: 15 };

/// A relay with its runtime directory, so that it can be asked things.
struct Rig {
    relay: Relay,
    runtime: tempfile::TempDir,
    mode: Mode,
    /// The number of the last picture that a client saw.
    last: Cell<Option<u32>>,
}

impl Rig {
    fn start(mode: Mode, source: &str) -> Self {
        let runtime = tempfile::tempdir().expect("a directory");
        let [width, height, rate] = [mode.width, mode.height, mode.rate].map(|number| number.to_string());
        let cooldown = COOLDOWN.as_millis().to_string();
        let arguments = [
            "--device",
            NODE,
            "-w",
            &width,
            "-H",
            &height,
            "-f",
            &rate,
            "--source",
            source,
            "--cooldown-ms",
            &cooldown,
        ];
        let directory = runtime.path().to_str().expect("text").to_owned();
        let mut relay = Relay::start_with(&arguments, &[("XDG_RUNTIME_DIR", &directory)]);
        relay.wait_for("idle");
        Self { relay, runtime, mode, last: Cell::new(None) }
    }

    /// One request on the control socket.
    fn ask(&self, request: &str) {
        let path = self.runtime.path().join("lenscap/control");
        let mut socket = UnixStream::connect(path).expect("the control socket");
        socket.set_read_timeout(Some(DEADLINE)).expect("a deadline");
        writeln!(socket, "{request}").expect("a request");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        assert!(answer.contains("\"state\""), "{request}: {answer}");
    }

    fn client(&self) -> Client {
        let mut client = Client::open(Path::new(NODE)).expect("open");
        client.stream(4).expect("STREAMON");
        client
    }

    /// Reads until so many pictures of the camera have come, without a gap of ten seconds: the client's stream lives.
    fn pictures(&self, client: &mut Client, count: u32) -> Tally {
        self.read_until(client, |tally| tally.frames >= count)
    }

    /// Reads until the camera's picture has given way to a card, so many times in a row.
    fn cards(&self, client: &mut Client, count: u32) {
        let mut since = Tally::default();
        let mut frames = 0;
        self.read_until(client, |tally| {
            if tally.frames > frames {
                (frames, since) = (tally.frames, *tally);
            }
            tally.others >= since.others + count
        });
    }

    fn read_until(&self, client: &mut Client, mut is_enough: impl FnMut(&Tally) -> bool) -> Tally {
        let end = Instant::now() + DEADLINE;
        // What is lost between two readings counts as well.
        let mut tally = Tally { last: self.last.get(), ..Tally::default() };
        while !is_enough(&tally) {
            assert!(Instant::now() < end, "{tally}\n{:#?}\n{}", self.relay.seen, self.relay.stderr());
            let mut number = None;
            let frame = client.next_with(Duration::from_secs(10), |picture| {
                number = read_yuyv_number(picture, self.mode.width as usize);
            });
            let frame = frame.expect("the client keeps its stream").expect("a picture within ten seconds");
            assert_eq!(frame.bytes, self.mode.width * self.mode.height * 2, "the promised format");
            tally.add(number);
        }
        self.last.set(tally.last);
        tally
    }

    /// The indicator was lit, at every moment at which the camera was on until `end`.
    fn assert_never_dark(&mut self, camera: &Camera, end: Duration) {
        self.relay.poll();
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock") - monotonic_now();
        let events: Vec<_> = self.relay.seen.iter().map(|line| (line.wall.saturating_sub(wall), line.live)).collect();
        if let Some(dark) = first_dark(&events, &camera.sessions(), end) {
            panic!("the indicator was dark at {dark:?}, while the camera was on: {events:?}\n{:#?}", camera.log());
        }
    }
}

/// The first moment before `end` at which the camera was on and the indicator dark. `events`: when it was said to be lit or not.
fn first_dark(events: &[(Duration, bool)], sessions: &[Session], end: Duration) -> Option<Duration> {
    sessions.iter().find_map(|(on, off)| {
        let off = off.unwrap_or(end).min(end);
        let is_lit = events.iter().rev().find(|(at, _)| *at <= *on + ROUNDING).is_some_and(|(_, live)| *live);
        if !is_lit && *on < end {
            return Some(*on);
        }
        let dark = events.iter().find(|(at, live)| !live && *at > *on + ROUNDING && *at + ROUNDING < off);
        dark.map(|(at, _)| *at)
    })
}

#[test]
fn darkness_while_the_wire_says_on_is_found() {
    let ms = Duration::from_millis;
    let sessions = [(ms(100), Some(ms(200))), (ms(300), None)];
    let dark = |events: &[(u64, bool)]| {
        let events: Vec<_> = events.iter().map(|(at, live)| (ms(*at), *live)).collect();
        first_dark(&events, &sessions, ms(400))
    };
    assert_eq!(dark(&[(0, false), (90, true), (210, false), (290, true), (410, false)]), None);
    assert_eq!(dark(&[]), Some(ms(100)), "never lit");
    assert_eq!(dark(&[(0, false), (110, true)]), Some(ms(100)), "lit too late");
    assert_eq!(dark(&[(90, true), (190, false), (290, true)]), Some(ms(190)), "dark too early");
    assert_eq!(dark(&[(90, true), (210, false)]), Some(ms(300)), "not lit again");
    assert_eq!(dark(&[(90, true), (350, false)]), Some(ms(350)), "dark while it is on to the end");
}
