//! Carries operations out on a relay, a USB camera and programs, and writes down what happens.

mod allowed;
mod observed;
mod relays;
mod rules;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lenscap::output::monotonic_now;
use lenscap::sys::v4l2::{self, LoopbackConfig};
use lenscap_test_support::loopback;
use lenscap_test_support::pipewire::Session;
use lenscap_test_support::process::eventually;
use lenscap_test_support::relay::Relay;
use lenscap_test_support::usb_camera::{Camera, Entry};

use super::actor::Actor;
use super::logind::{self, Logind};
use super::ops::{CLIENTS, NODES, Op, READERS, Rule, Step};
use super::reading::Reading;
use super::record::{Note, Record, Reign, Stream, Told};
use super::spans::{At, Spans};
use crate::pulse::Pulse;
use allowed::Absence;
use relays::Throne;
use rules::Rules;

const LABELS: [&str; NODES] = ["Lenscap", "Lenscap 2"];
/// Longest cooldown in the settings that are written.
const LONGEST_COOLDOWN: Duration = Duration::from_millis(1500);
/// How long the relay may take to answer a request, emulated: it may be drawing its cards.
const ANSWER: Duration = Duration::from_secs(10);
/// A signal is through the bus.
const TOLD: Duration = Duration::from_secs(1);
/// A stream that old is known to the relay.
const NOTICED: Duration = Duration::from_secs(2);
/// How long everything may take to calm down at the end, and to work again.
const CALM: Duration = Duration::from_secs(120);

/// The program of the clients at the nodes.
const CLIENT: &str = "program:v4l2-actor";

/// How the camera sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// `SET_INTERFACE` starts and stops it.
    Isoc,
    /// `COMMIT` and `CLEAR_FEATURE(HALT)` do.
    Bulk,
}

impl Sending {
    fn option(self) -> &'static str {
        match self {
            Sending::Isoc => "--isoc",
            Sending::Bulk => "--bulk",
        }
    }

    /// What an emulated machine moves in real time.
    fn rate(self) -> u32 {
        match self {
            Sending::Isoc => 15,
            Sending::Bulk => 10,
        }
    }
}

/// Everything that takes part.
pub struct Rig {
    sending: Sending,
    camera: Camera,
    clients: Vec<Actor>,
    /// None where there is no session.
    readers: Vec<Reading>,
    /// With PipeWire; `None` where that is not installed.
    session: Option<Session>,
    taker: Actor,
    logind: Logind,
    throne: Throne,
    home: tempfile::TempDir,
    pulse: Pulse,
    /// Wall clock minus `CLOCK_MONOTONIC`.
    wall: Duration,
    /// Since when the camera is not allowed, and until when at the latest.
    forbidden: Option<(At, Option<At>)>,
    all_forbidden: Vec<(At, At)>,
    /// When the camera was turned off for those who streamed, and what lifted it, besides the clients' end.
    turn_offs: Vec<(At, Option<At>)>,
    /// When the computer was about to sleep, or the session locked, and what ended that.
    absences: Vec<(Absence, At, Option<At>)>,
    rules: Rules,
    /// What the settings file says besides: the cooldown in milliseconds, whether the picture is large, and mirrored.
    picture: (u64, bool, bool),
    has_bad_settings: bool,
    notes: Vec<Note>,
    wrong: Vec<Note>,
}

impl Rig {
    /// Fresh nodes, a camera, programs with nothing open, and an idle relay.
    pub fn start(sending: Sending) -> Self {
        loopback::unload();
        loopback::load_with("Lenscap,Lenscap 2", &["devices=2", "video_nr=30,31"]);
        eventually("the second node is there", || node(1).is_some_and(|path| path.exists()));
        let camera = Camera::plug("Truth", &[sending.option(), "--formats", "yuyv"]);
        let home = tempfile::tempdir().expect("a directory");
        for directory in ["config/lenscap", "run", "state", "logs"] {
            std::fs::create_dir_all(home.path().join(directory)).expect("a directory");
        }
        let logs = home.path().join("logs");
        let clients = (0..CLIENTS).map(|client| Actor::start(&format!("client{client}"), &logs)).collect();
        let taker = Actor::start("taker", &logs);
        let session = Session::lack().is_none().then(session).flatten();
        let readers = (0..READERS).filter(|_| session.is_some());
        let readers = readers.map(|reader| Reading::new(&format!("reader{reader}"))).collect();
        let logind = Logind::start(home.path());
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock") - monotonic_now();
        let mut rig = Self {
            sending,
            camera,
            clients,
            readers,
            session,
            taker,
            logind,
            throne: Throne { present: None, past: Vec::new(), refusals: 0, leftovers: Default::default() },
            home,
            pulse: Pulse::start(),
            wall,
            forbidden: None,
            all_forbidden: Vec::new(),
            turn_offs: Vec::new(),
            absences: Vec::new(),
            rules: Rules::default(),
            picture: (300, false, false),
            has_bad_settings: false,
            notes: Vec::new(),
            wrong: Vec::new(),
        };
        rig.write_settings();
        rig.crown();
        rig.throne.present.as_mut().expect("a relay").wait_for("idle");
        rig
    }

    /// Carries the steps out, then lets everything come to rest, and sees that it still works.
    pub fn run(mut self, steps: &[Step]) -> Record {
        for (number, step) in steps.iter().enumerate() {
            let text = serde_json::to_string(&step.op).expect("words");
            self.note(format!("#{number} {text}"));
            self.perform(step.op);
            let end = Instant::now() + step.wait();
            self.tend();
            std::thread::sleep(end.saturating_duration_since(Instant::now()));
        }
        self.calm_down();
        self.record()
    }

    fn note(&mut self, text: String) {
        self.notes.push(Note { at: monotonic_now(), text });
    }

    fn is_wrong(&mut self, text: String) {
        self.wrong.push(Note { at: monotonic_now(), text });
    }

    fn perform(&mut self, op: Op) {
        match op {
            Op::Open { client, node: which } => {
                if let Some(path) = node(which) {
                    self.clients[client].order(&format!("open {}", path.display()));
                }
            }
            Op::Stream { client } => self.clients[client].order("stream"),
            Op::Stop { client } => self.clients[client].order("stop"),
            Op::Close { client } => self.clients[client].order("close"),
            Op::Die { client } => self.clients[client].die(),
            Op::ReaderStarts { reader } => self.read(reader),
            Op::ReaderEnds { reader } => self.reader(reader, Reading::end),
            Op::ReaderDies { reader } => self.reader(reader, Reading::die),
            Op::ReaderHangs { reader } => self.reader(reader, Reading::hang),
            Op::ReaderGoesOn { reader } => self.reader(reader, Reading::go_on),
            Op::NodeDies => self.kill_node(),
            Op::Take => {
                self.taker.order(&format!("open {}", self.camera.node.display()));
                self.taker.order("stream");
            }
            Op::GiveBack => self.taker.order("close"),
            Op::TakerDies => self.taker.die(),
            Op::Pause => drop(self.ask(r#"{"do":"pause"}"#, None)),
            Op::PauseFor { seconds } => {
                self.ask(&format!(r#"{{"do":"pause","seconds":{seconds}}}"#), Some(Duration::from_secs(seconds)));
            }
            Op::Resume => drop(self.ask(r#"{"do":"resume"}"#, None)),
            Op::Toggle => drop(self.ask(r#"{"do":"toggle"}"#, None)),
            Op::TurnOff => drop(self.ask(r#"{"do":"turn-off"}"#, None)),
            Op::Allow => {
                self.rules.allowed(monotonic_now());
                self.ask(r#"{"do":"allow","once":true}"#, None);
            }
            // A file with a mistake is not changed: both would be refused.
            Op::AllowAlways | Op::Block if self.has_bad_settings => {}
            Op::AllowAlways => {
                self.rules.allowed(monotonic_now());
                self.ask(&format!(r#"{{"do":"allow","programs":["{CLIENT}"]}}"#), None);
            }
            Op::Block => {
                if self.ask(&format!(r#"{{"do":"block","programs":["{CLIENT}"]}}"#), None) {
                    self.rules.blocked(monotonic_now());
                }
            }
            Op::Rule { clients, rule } => {
                self.rules.set(monotonic_now(), clients, rule);
                self.write_settings();
            }
            Op::Sleeps { on } => self.absent(Absence::Asleep, on),
            Op::Locks { on } => self.absent(Absence::Locked, on),
            Op::WorkerDies => self.signal_worker("-KILL"),
            Op::WorkerHangs => self.signal_worker("-STOP"),
            Op::WorkerGoesOn => self.signal_worker("-CONT"),
            Op::Freeze { on } => self.camera.order(if on { "freeze" } else { "thaw" }),
            Op::StallCommit { on } => self.camera.order(if on { "stall-commit 1" } else { "stall-commit 0" }),
            Op::StallAlternate { on } => self.camera.order(if on { "stall-alt 1" } else { "stall-alt 0" }),
            Op::Unplug => self.camera.order("unplug"),
            Op::Replug => {
                if !self.camera.is_plugged() {
                    self.camera.order("replug");
                }
            }
            Op::Bad { frames } => self.camera.order(&format!("err {frames}")),
            Op::Short { frames } => self.camera.order(&format!("short {frames}")),
            Op::RelayDies => self.dethrone(),
            Op::RelayStarts => {
                if self.throne.present.is_none() {
                    self.throne.refusals = 0;
                    self.crown();
                }
            }
            Op::Remake { node: which } => self.remake(which),
            Op::Settings { cooldown_ms, large, mirror } => {
                self.picture = (cooldown_ms, large, mirror);
                // Without what the relay has written into it.
                self.rules.rewritten(monotonic_now());
                self.write_settings();
            }
            Op::BadSettings => {
                self.has_bad_settings = true;
                self.put_settings("version = 1\n[camera]\nwidth = \"broad\"\n");
            }
        }
    }

    fn read(&mut self, reader: usize) {
        if let (Some(session), Some(reading)) = (&self.session, self.readers.get_mut(reader)) {
            reading.start(session);
        }
    }

    fn reader(&mut self, reader: usize, does: impl FnOnce(&mut Reading)) {
        if let Some(reading) = self.readers.get_mut(reader) {
            does(reading);
        }
    }

    /// Black cards: drawing words takes the emulated relay a second each, for two nodes and every format.
    fn write_settings(&mut self) {
        self.has_bad_settings = false;
        let (cooldown_ms, large, mirror) = self.picture;
        let rules = self.rules.text();
        let (width, height) = if large { (640, 360) } else { (320, 240) };
        let (source, rate) = (self.camera.source(), self.sending.rate());
        self.put_settings(&format!(
            "version = 1\n[camera]\nsource = \"{source}\"\nwidth = {width}\nheight = {height}\nframerate = {rate}\nmirror = {mirror}\n\
             [privacy]\ncooldown_ms = {cooldown_ms}\ncard = \"black\"\n[device]\nsecond_node = \"auto\"\n{rules}"
        ));
    }

    /// As an editor saves: another file in its place.
    fn put_settings(&self, text: &str) {
        let path = self.home.path().join("config/lenscap/config.toml");
        let new = path.with_extension("new");
        std::fs::write(&new, text).expect("written");
        std::fs::rename(new, path).expect("renamed");
    }

    /// A node goes and another of the same name comes, if nobody has it open.
    fn remake(&mut self, which: usize) {
        let number = node(which).and_then(|path| path.to_str()?.strip_prefix("/dev/video")?.parse().ok());
        let control = std::fs::File::options().read(true).write(true).open("/dev/v4l2loopback").expect("the module's");
        if let Some(number) = number {
            let removed = v4l2::loopback_remove(&control, number);
            self.note(format!("removing /dev/video{number}: {removed:?}"));
            if removed.is_err() {
                return;
            }
        }
        let config = LoopbackConfig { label: LABELS[which].into(), max_buffers: 8, exclusive_caps: true };
        let added = v4l2::loopback_add(&control, &config);
        self.note(format!("making \"{}\": {added:?}", LABELS[which]));
    }

    /// Waits for it, with the relay looked after.
    fn wait(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let end = Instant::now() + CALM;
        while !is_so(self) {
            if Instant::now() > end {
                return self.is_wrong(format!("not within {CALM:?} after all was mended: {what}"));
            }
            self.tend();
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Every fault is mended and everybody leaves: it becomes quiet and dark. Then a client comes and gets the camera.
    fn calm_down(&mut self) {
        self.note("calm down".into());
        for order in ["thaw", "stall-commit 0", "stall-alt 0"] {
            self.camera.order(order);
        }
        self.signal_worker("-CONT");
        if !self.camera.is_plugged() {
            self.camera.order("replug");
        }
        self.absent(Absence::Asleep, false);
        self.absent(Absence::Locked, false);
        self.picture = (300, false, false);
        self.rules.set(monotonic_now(), true, Rule::Allow);
        self.rules.set(monotonic_now(), false, Rule::Allow);
        self.write_settings();
        for actor in self.clients.iter_mut().chain([&mut self.taker]) {
            actor.order("close");
        }
        for reading in &mut self.readers {
            reading.die();
        }
        for which in 0..NODES {
            if node(which).is_none() {
                self.remake(which);
            }
        }
        if self.throne.present.is_none() {
            self.crown();
        }
        let status = |rig: &mut Self| rig.throne.present.as_mut().map(Relay::poll).unwrap_or_default();
        self.wait("the relay answers", |rig| !status(rig).state.is_empty());
        self.ask(r#"{"do":"resume"}"#, None);
        self.wait("it is idle and dark", |rig| {
            let line = status(rig);
            line.state == "idle" && !line.live && line.others.is_empty() && !rig.camera.is_on()
        });
        self.wait("nobody is told of who has gone", |rig| status(rig).clients.is_empty());
        self.wait("the worker is gone", |rig| {
            rig.throne.present.as_ref().is_some_and(|relay| relay.workers().is_empty())
        });
        let path = node(0).unwrap_or_default();
        self.clients[0].die();
        self.clients[0].order(&format!("open {}", path.display()));
        self.clients[0].order("stream");
        self.wait("a client gets the camera's pictures", |rig| {
            if rig.clients[0].last() == "closed" || rig.clients[0].last() == "refused" {
                rig.clients[0].order(&format!("open {}", path.display()));
                rig.clients[0].order("stream");
            }
            rig.clients[0].pictures() >= 5
        });
        self.clients[0].order("close");
        let is_dark = |rig: &mut Self| {
            let line = status(rig);
            line.state == "idle" && !line.live && !rig.camera.is_on()
        };
        self.wait("it is idle and dark again", is_dark);
        if !self.readers.is_empty() {
            self.read(0);
            self.wait("a program in PipeWire gets the camera's pictures", |rig| rig.readers[0].pictures() >= 5);
            self.reader(0, Reading::end);
            self.wait("it is idle and dark after it", is_dark);
        }
    }
}

/// A session with PipeWire, in which WirePlumber leaves the loopback's nodes out.
fn session() -> Option<Session> {
    let mut session = Session::new("random sequences")?;
    session.install_rule();
    session.start_server();
    Some(session)
}

/// The node with this label, whatever its number.
fn node(which: usize) -> Option<PathBuf> {
    std::fs::read_dir("/sys/class/video4linux").ok()?.flatten().find_map(|entry| {
        let name = std::fs::read_to_string(entry.path().join("name")).ok()?;
        (name.trim_end() == LABELS[which]).then(|| PathBuf::from("/dev").join(entry.file_name()))
    })
}
