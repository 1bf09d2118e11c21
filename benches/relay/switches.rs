//! The longest gap a client sees at each switch between card and camera.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lenscap::core::event::Card;
use lenscap::frame::card::CardStyle;
use lenscap::frame::format::{PixelFormat, VideoFormat};
use lenscap::output::cards::{CardSet, Cards};
use lenscap_test_support::client::Client;
use lenscap_test_support::programs::program;
use lenscap_test_support::relay::Relay;

use crate::measure::{Spread, ms};
use crate::table::{Row, Table, Target};
use crate::{CAMERA, MODES, Mode, node, runs};

/// How long after a switch is looked at.
const AFTER: Duration = Duration::from_millis(1000);
/// A gap of one interval is no loss; two lost frames make it three.
const ALLOWED: f64 = 3.0;

/// Where the relay and `lenscap pause` meet.
const RUNTIME: &str = "/tmp";

/// A client that does nothing but read.
struct Reader {
    times: Arc<Mutex<Vec<Instant>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    streamon: Instant,
}

impl Reader {
    fn start() -> Self {
        let mut client = Client::open(node()).expect("open");
        client.stream(4).expect("STREAMON");
        let streamon = client.streamon.expect("streaming");
        let (times, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (to, until) = (times.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            while !until.load(Ordering::Relaxed) {
                if let Some(frame) = client.next(Duration::from_millis(200)).expect("DQBUF") {
                    to.lock().expect("times").push(frame.at);
                }
            }
        });
        Self { times, stop, thread: Some(thread), streamon }
    }

    /// The longest time without a frame between these moments, in milliseconds.
    fn longest_gap(&self, from: Instant, to: Instant) -> f64 {
        let times = self.times.lock().expect("times");
        let mut last = times.iter().copied().rfind(|at| *at < from).unwrap_or(from);
        let mut longest = Duration::ZERO;
        for at in times.iter().copied().filter(|at| (from..=to).contains(at)).chain([to]) {
            longest = longest.max(at.saturating_duration_since(last));
            last = at;
        }
        ms(longest)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn tell(word: &str) {
    let program = program("lenscap");
    let status = Command::new(program)
        .arg(word)
        .env("XDG_RUNTIME_DIR", RUNTIME)
        .stdout(Stdio::null())
        .status()
        .expect("lenscap starts");
    assert!(status.success(), "lenscap {word}: {status}");
}

/// The gaps of one session, in the order of [`NAMES`].
fn session(relay: &mut Relay) -> [f64; 6] {
    relay.seen.clear();
    let reader = Reader::start();
    let settle = |relay: &mut Relay, state: &str, from: Instant| {
        relay.wait_for(state);
        std::thread::sleep(AFTER);
        reader.longest_gap(from, Instant::now())
    };
    let start = settle(relay, "live", reader.streamon);
    let steady = settle(relay, "live", Instant::now());
    let from = Instant::now();
    tell("pause");
    let pause = settle(relay, "paused", from);
    let from = Instant::now();
    tell("resume");
    let resume = settle(relay, "live", from);
    let from = Instant::now();
    for pid in relay.workers() {
        let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
    }
    relay.wait_for_failure(&["driver crashed"]);
    let failed = Instant::now();
    relay.wait_for("starting");
    let killed = reader.longest_gap(from, failed + (Instant::now() - failed) / 2);
    let again = settle(relay, "live", Instant::now());
    drop(reader);
    relay.wait_for("cooldown");
    relay.wait_for("idle");
    [steady, start, pause, resume, killed, again]
}

const NAMES: [&str; 6] = [
    "no switch, camera",
    "card to camera, at the start",
    "camera to card, paused",
    "card to camera, resumed",
    "camera to card, worker killed",
    "card to camera, worker replaced",
];

/// How long drawing a card without words takes: no frame flows meanwhile.
pub fn card_rows(table: &mut Table, place: &str, modes: &[Mode]) {
    for mode in modes {
        let format = VideoFormat::new(PixelFormat::Yuy2, mode.width, mode.height, mode.framerate).expect("a format");
        let times = (0..10).map(|_| {
            let began = Instant::now();
            Cards::new(CardSet::plain(CardStyle::default(), format)).show(Card::Starting);
            ms(began.elapsed())
        });
        table.row(&Row {
            what: format!("drawing a card without words, {}x{}, {place}", mode.width, mode.height),
            unit: "ms",
            ours: Spread::new(times),
            peer: None,
            ratio: None,
            target: Target::None,
            by_ratio: false,
        });
    }
}

pub fn run(table: &mut Table) {
    let mode = MODES[0];
    let source = format!("v4l2:{CAMERA}");
    let mut relay = mode.relay(&["--source", &source, "--cooldown-ms", "100"], &[("XDG_RUNTIME_DIR", RUNTIME)]);
    let sessions: Vec<_> = (0..runs() + 2).map(|_| session(&mut relay)).collect();
    relay.quit();
    let module = std::env::var("LENSCAP_LOOPBACK").unwrap_or_default();
    for (index, name) in NAMES.iter().enumerate() {
        table.row(&Row {
            what: format!("longest gap, {mode}, module {module}: {name}"),
            unit: "intervals",
            ours: Spread::new(sessions.iter().map(|session| session[index] / mode.interval_ms())),
            peer: None,
            ratio: None,
            target: if index == 0 { Target::None } else { Target::AtMost(ALLOWED) },
            by_ratio: false,
        });
    }
    if module.starts_with("0.15") {
        card_rows(table, "in the VM", &MODES[..1]);
    }
}
