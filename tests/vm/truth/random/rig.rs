//! Carries operations out on a relay, a USB camera and programs, and writes down what happens.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lenscap::output::monotonic_now;
use lenscap::sys::v4l2::{self, LoopbackConfig};
use lenscap_test_support::loopback;
use lenscap_test_support::process::eventually;
use lenscap_test_support::relay::Relay;
use lenscap_test_support::usb_camera::{Camera, Entry};

use super::actor::Actor;
use super::logind::{self, Logind};
use super::ops::{CLIENTS, NODES, Op, Step};
use super::record::{Note, Record, Reign, Stream, Told};
use super::spans::{At, Spans};

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

/// Why nobody is there, whom logind tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Absence {
    Asleep,
    Locked,
}

/// A thread with nothing to do writes down how late it wakes up: how much of the machine is somebody else's.
struct Pulse {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<Vec<(At, Duration)>>>,
}

impl Pulse {
    const BEAT: Duration = Duration::from_millis(10);
    /// Less is a timer's own inexactness.
    const LEAST: Duration = Duration::from_millis(5);

    fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut late = Vec::new();
            while !asked.load(Ordering::Relaxed) {
                let due = monotonic_now() + Self::BEAT;
                std::thread::sleep(Self::BEAT);
                let now = monotonic_now();
                if now > due + Self::LEAST {
                    late.push((now, now - due));
                }
            }
            late
        });
        Self { stop, thread: Some(thread) }
    }

    fn end(&mut self) -> Vec<(At, Duration)> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

/// A relay that runs, and what is known of those before it.
struct Throne {
    present: Option<Relay>,
    /// The present one was told of by its first line, and could be asked.
    past: Vec<Reign>,
    /// It did not come up that often in a row.
    refusals: u32,
}

/// Everything that takes part.
pub struct Rig {
    sending: Sending,
    camera: Camera,
    clients: Vec<Actor>,
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
    /// When "turn off now" was agreed to, and what lifted it, besides the clients' end.
    turn_offs: Vec<(At, Option<At>)>,
    /// When the computer was about to sleep, or the session locked, and what ended that.
    absences: Vec<(Absence, At, Option<At>)>,
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
        let logind = Logind::start(home.path());
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock") - monotonic_now();
        let mut rig = Self {
            sending,
            camera,
            clients,
            taker,
            logind,
            throne: Throne { present: None, past: Vec::new(), refusals: 0 },
            home,
            pulse: Pulse::start(),
            wall,
            forbidden: None,
            all_forbidden: Vec::new(),
            turn_offs: Vec::new(),
            absences: Vec::new(),
            notes: Vec::new(),
            wrong: Vec::new(),
        };
        rig.write_settings(300, false, false);
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
            Op::Take => {
                self.taker.order(&format!("open {}", self.camera.node.display()));
                self.taker.order("stream");
            }
            Op::GiveBack => self.taker.order("close"),
            Op::TakerDies => self.taker.die(),
            Op::Pause => self.ask(r#"{"do":"pause"}"#, None),
            Op::PauseFor { seconds } => {
                self.ask(&format!(r#"{{"do":"pause","seconds":{seconds}}}"#), Some(Duration::from_secs(seconds)));
            }
            Op::Resume => self.ask(r#"{"do":"resume"}"#, None),
            Op::Toggle => self.ask(r#"{"do":"toggle"}"#, None),
            Op::TurnOff => self.ask(r#"{"do":"turn-off"}"#, None),
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
            Op::Settings { cooldown_ms, large, mirror } => self.write_settings(cooldown_ms, large, mirror),
            Op::BadSettings => self.put_settings("version = 1\n[camera]\nwidth = \"broad\"\n"),
        }
    }

    /// Black cards: drawing words takes the emulated relay a second each, for two nodes and every format.
    fn write_settings(&self, cooldown_ms: u64, large: bool, mirror: bool) {
        let (width, height) = if large { (640, 360) } else { (320, 240) };
        let (source, rate) = (self.camera.source(), self.sending.rate());
        self.put_settings(&format!(
            "version = 1\n[camera]\nsource = \"{source}\"\nwidth = {width}\nheight = {height}\nframerate = {rate}\nmirror = {mirror}\n\
             [privacy]\ncooldown_ms = {cooldown_ms}\ncard = \"black\"\n[device]\nsecond_node = \"auto\"\n"
        ));
    }

    /// As an editor saves: another file in its place.
    fn put_settings(&self, text: &str) {
        let path = self.home.path().join("config/lenscap/config.toml");
        let new = path.with_extension("new");
        std::fs::write(&new, text).expect("written");
        std::fs::rename(new, path).expect("renamed");
    }

    fn signal_worker(&mut self, signal: &str) {
        let workers = self.throne.present.as_ref().map(Relay::workers).unwrap_or_default();
        for worker in workers {
            // It may have ended meanwhile.
            let _ = Command::new("kill").args([signal, &worker.to_string()]).stderr(Stdio::null()).status();
            self.note(format!("kill {signal} {worker}"));
        }
    }

    /// One request on the control socket, where a relay answers; what it says of being allowed is kept.
    fn ask(&mut self, request: &str, duration: Option<Duration>) {
        let Some(relay) = &mut self.throne.present else { return };
        if relay.poll().state.is_empty() {
            return;
        }
        let asked = monotonic_now();
        let path = self.home.path().join("run/lenscap/control");
        let answer = UnixStream::connect(path).and_then(|mut socket| {
            socket.set_read_timeout(Some(ANSWER))?;
            writeln!(socket, "{request}")?;
            let mut answer = String::new();
            socket.read_to_string(&mut answer)?;
            Ok(answer)
        });
        let answered = monotonic_now();
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return self.is_wrong(format!("{request} was not answered: {error}")),
        };
        let Ok(json) = serde_json::from_str::<serde_json::Value>(&answer) else {
            return self.is_wrong(format!("{request} was answered by {answer:?}"));
        };
        self.note(format!("{request}: {}, allowed {}", json["state"], json["allowed"]));
        match json["allowed"].as_bool() {
            Some(false) => {
                // A pause takes the place of the one before.
                let still = self.forbidden.filter(|(_, until)| until.is_none_or(|until| until > asked));
                if still.is_none() {
                    self.close_forbidden(asked);
                }
                self.forbidden = Some((still.map_or(answered, |(since, _)| since), duration.map(|time| asked + time)));
            }
            Some(true) => {
                let was_paused = self.forbidden.is_some();
                self.close_forbidden(asked);
                if was_paused || request.contains("resume") {
                    self.lift_turn_off(asked);
                }
            }
            None => self.is_wrong(format!("{request} was answered by {answer}")),
        }
        if request.contains("turn-off") {
            self.turn_offs.push((answered, None));
        }
    }

    /// logind says so.
    fn absent(&mut self, why: Absence, on: bool) {
        let at = monotonic_now();
        for (_, _, until) in self.absences.iter_mut().filter(|(kind, _, _)| *kind == why) {
            until.get_or_insert(at);
        }
        match why {
            Absence::Asleep => self.logind.sleeps(on),
            Absence::Locked => self.logind.locks(on),
        }
        if on && self.throne.present.as_mut().is_some_and(|relay| !relay.poll().state.is_empty()) {
            self.absences.push((why, at + TOLD, None));
        }
    }

    /// Lifts "turn off now", and what the user overrules.
    fn lift_turn_off(&mut self, at: At) {
        for (_, _, until) in &mut self.absences {
            until.get_or_insert(at);
        }
        for (_, until) in &mut self.turn_offs {
            until.get_or_insert(at);
        }
    }

    /// The camera is allowed again from now on, or was since the pause's own end.
    fn close_forbidden(&mut self, at: At) {
        if let Some((since, until)) = self.forbidden.take() {
            self.all_forbidden.push((since, until.map_or(at, |until| until.min(at))));
        }
    }

    /// Starts a relay.
    fn crown(&mut self) {
        let home = self.home.path();
        let directory = |name: &str| home.join(name).to_str().expect("text").to_owned();
        let (config, run, state) = (directory("config"), directory("run"), directory("state"));
        let environment = [
            ("XDG_CONFIG_HOME", config.as_str()),
            ("XDG_RUNTIME_DIR", run.as_str()),
            ("XDG_STATE_HOME", state.as_str()),
            ("LANGUAGE", "en"),
            ("DBUS_SYSTEM_BUS_ADDRESS", &self.logind.address),
            ("XDG_SESSION_ID", logind::SESSION_ID),
        ];
        self.throne.present = Some(Relay::start_with(&[], &environment));
    }

    /// SIGKILL to the relay.
    fn dethrone(&mut self) {
        let Some(mut relay) = self.throne.present.take() else { return };
        let at = monotonic_now();
        relay.kill();
        self.close_forbidden(at);
        self.lift_turn_off(at);
        relay.drain();
        self.bury(&relay, Some(at), None);
    }

    /// Keeps what a relay said.
    fn bury(&mut self, relay: &Relay, until: Option<At>, ended: Option<String>) {
        let wall = self.wall;
        let told = relay.seen.iter().map(|line| Told {
            at: line.wall.saturating_sub(wall),
            state: line.state.clone(),
            live: line.live,
            others: !line.others.is_empty(),
            reason: line.reason.clone(),
            second: line.second.clone(),
            clients: line.clients.join(", "),
        });
        let told = told.collect();
        let stderr = relay.stderr();
        // The level stands behind the time; what the worker said follows the relay's own level.
        let is_complaint = |line: &&str| line.split_whitespace().nth(1) == Some("ERROR") || line.contains("panicked");
        let complaints = stderr.lines().filter(is_complaint).map(str::to_owned).collect();
        self.throne.past.push(Reign { until, told, complaints, said: stderr, ended });
    }

    /// Looks after what may have ended by itself.
    fn tend(&mut self) {
        if let Some(relay) = &mut self.throne.present
            && let Some(status) = relay.ended()
        {
            let mut relay = self.throne.present.take().expect("just seen");
            relay.drain();
            let at = monotonic_now();
            self.close_forbidden(at);
            self.lift_turn_off(at);
            let stderr = relay.stderr();
            let last = stderr.lines().last().unwrap_or_default().to_owned();
            // At its start it may find a node that is in use: whoever starts it does so again, as systemd would.
            let was_up = relay.seen.iter().any(|line| line.state != "no-device");
            self.note(format!("the relay ended with {status}: {last}"));
            self.throne.refusals += 1;
            let is_excused = !was_up && self.throne.refusals < 20;
            let ended = (!is_excused).then(|| format!("the relay ended with {status}: {stderr}"));
            self.bury(&relay, Some(at), ended);
            std::thread::sleep(Duration::from_millis(300));
            self.crown();
        }
        let crashed: Vec<String> =
            self.clients.iter_mut().chain([&mut self.taker]).filter_map(Actor::crashed).collect();
        for text in crashed {
            self.is_wrong(text);
        }
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
        self.write_settings(300, false, false);
        for actor in self.clients.iter_mut().chain([&mut self.taker]) {
            actor.order("close");
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
        self.wait("it is idle and dark again", |rig| {
            let line = status(rig);
            line.state == "idle" && !line.live && !rig.camera.is_on()
        });
    }

    fn record(mut self) -> Record {
        let end = monotonic_now();
        self.close_forbidden(end);
        if let Some(mut relay) = self.throne.present.take() {
            let status = relay.quit();
            if !status.success() {
                self.is_wrong(format!("told to end, the relay ended with {status}"));
            }
            self.bury(&relay, Some(end), None);
        }
        let late = self.pulse.end();
        let log = self.camera.log();
        self.notes.extend(log.iter().map(|entry| Note { at: entry.at, text: format!("  wire {}", entry.text) }));
        let silent = silent(&log, end);
        let sessions = self.camera.sessions();
        let wire: Spans = sessions.into_iter().map(|(on, off)| (on, off.unwrap_or(end))).collect();
        let streams: Vec<Stream> = self.clients.iter().flat_map(Actor::streams).collect();
        // It holds until nobody streams; whether another came before the last one left, only a while of both tells.
        let seen = streams.iter().filter_map(|stream| stream.surely(end)).map(|(from, to)| (from + NOTICED, to));
        let streamed: Spans = seen.collect();
        let off = self.turn_offs.iter().filter_map(|(at, lifted)| {
            let (_, to) = streamed.iter().find(|(from, to)| from <= at && at < to)?;
            Some((*at, lifted.unwrap_or(end).min(to)))
        });
        let away = self.absences.iter().map(|(_, at, until)| (*at, until.unwrap_or(end)));
        let forbidden = self.all_forbidden.iter().copied().chain(off).chain(away).collect();
        Record {
            is_bulk: self.sending == Sending::Bulk,
            wire,
            silent,
            reigns: self.throne.past,
            streams,
            taken: self.taker.streams(),
            forbidden,
            cooldown: LONGEST_COOLDOWN,
            late,
            wrong: self.wrong,
            notes: self.notes,
            end,
        }
    }
}

/// From each order to freeze to the next to thaw.
fn silent(log: &[Entry], end: At) -> Spans {
    let orders = log.iter().filter_map(|entry| Some((entry.at, entry.text.strip_prefix("ORDER ")?)));
    let orders: Vec<_> = orders.filter(|(_, order)| matches!(*order, "freeze" | "thaw")).collect();
    let until = orders.iter().skip(1).map(|(at, _)| *at).chain([end]);
    orders.iter().zip(until).filter(|((_, order), _)| *order == "freeze").map(|((at, _), until)| (*at, until)).collect()
}

/// The node with this label, whatever its number.
fn node(which: usize) -> Option<PathBuf> {
    std::fs::read_dir("/sys/class/video4linux").ok()?.flatten().find_map(|entry| {
        let name = std::fs::read_to_string(entry.path().join("name")).ok()?;
        (name.trim_end() == LABELS[which]).then(|| PathBuf::from("/dev").join(entry.file_name()))
    })
}
