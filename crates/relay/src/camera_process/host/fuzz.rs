//! A conversation with a worker that says what it likes; fed by `fuzz/`.

use std::cell::RefCell;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use super::super::granted::Granted;
use super::{Ending, HostEvent, Phase, WorkerConfig, WorkerHost};
use lenscap_core::controls::{CameraControls, ControlTrouble, Value, Values};
use lenscap_core::event::Step;
use lenscap_core::mode::{FrameSize, Mode, ModeShortfall};
use lenscap_core::source::{Orientation, Source};
use lenscap_core::trouble::Trouble;
use lenscap_core::trouble::cameras::{ChoiceReason, NodeTrouble};
use lenscap_picture::format::VideoFormat;
use lenscap_picture::slots::SlotLayout;
use lenscap_text::Cause;
use lenscap_wire::channel::{self, Channel};
use lenscap_wire::protocol::{self, Frame, FromChild, MAX_MESSAGE, Stats};

const SLOTS: u32 = 4;
/// Longest text for people that may come out of it, in characters.
const MAX_TEXT: usize = 2000;

/// Takes turns: each a byte that says what happens, then its arguments. Both sides take part.
pub(in crate::camera_process) fn converse(data: &[u8]) {
    thread_local! {
        // One process serves many conversations: it is only there to be there.
        static HOST: RefCell<Option<WorkerHost>> = const { RefCell::new(None) };
    }
    let now = Instant::now();
    let mut host = HOST.take().unwrap_or_else(|| spawn(now));
    let (theirs, pidfd) = begin(&mut host, now);
    let mut talk = Talk { host, theirs: Some(theirs), data, now, said: Said::default(), sent: 0 };
    while !talk.data.is_empty() && !talk.said.exited {
        talk.turn();
        talk.hear();
    }
    let Talk { mut host, said, .. } = talk;
    (host.channel, host.pidfd, host.ending) = (None, pidfd, Ending::No);
    if !said.exited {
        HOST.set(Some(host));
    }
}

fn spawn(now: Instant) -> WorkerHost {
    let format = VideoFormat::new(Default::default(), 64, 32, 30).expect("a usual format");
    let config = WorkerConfig {
        // It is told the numbers of two descriptors, and sleeps for so many seconds.
        program: "/bin/sleep".into(),
        source: Source::default(),
        format,
        orientation: Orientation::default(),
        buffer_count: 4,
        excluded: Vec::new(),
        controls: Default::default(),
        held: None,
        sandbox: true,
        refused: Vec::new(),
    };
    let layout = SlotLayout::one_after_another(SLOTS, format.size_image() as usize);
    let slots = File::open("/dev/null").expect("/dev/null");
    WorkerHost::spawn(&config, std::os::fd::AsFd::as_fd(&slots), &layout, now).expect("a process")
}

/// As after [`WorkerHost::spawn`], without a new process. The other end of its socket, and the descriptor of the process.
fn begin(host: &mut WorkerHost, now: Instant) -> (Channel, OwnedFd) {
    let (ours, theirs) = Channel::pair().expect("a pair of sockets");
    let nothing = || OwnedFd::from(File::open("/dev/null").expect("/dev/null"));
    host.channel = Some(ours);
    // No signal reaches the process that serves the next conversation, too.
    let pidfd = std::mem::replace(&mut host.pidfd, nothing());
    let fds = [(); 3].map(|()| nothing());
    host.configure = Some((protocol::encode(&FromChild::Stopped).expect("a message"), fds));
    (host.epoch, host.granted, host.taken) = (0, None, 0);
    (host.phase, host.ending) = (Phase::Greeting, Ending::No);
    (host.worker, host.next_beat, host.sweep_at) = (None, now, None);
    (host.wants_start, host.late_controls, host.lay) = (false, None, None);
    (host.stuck, host.stats, host.window, host.exited) = (false, None, (now, 0), false);
    (Channel::new(theirs), pidfd)
}

/// What the host has reported so far.
#[derive(Default)]
struct Said {
    warm: bool,
    started: bool,
    ended: bool,
    exited: bool,
    events: usize,
}

struct Talk<'a> {
    host: WorkerHost,
    theirs: Option<Channel>,
    data: &'a [u8],
    now: Instant,
    said: Said,
    sent: usize,
}

impl Talk<'_> {
    fn byte(&mut self) -> u8 {
        self.data.split_off_first().copied().unwrap_or(0)
    }

    fn bytes(&mut self) -> Vec<u8> {
        let count = usize::from(self.byte()).min(self.data.len());
        self.data.split_off(..count).unwrap_or_default().to_vec()
    }

    fn text(&mut self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    fn shortfall(&mut self) -> ModeShortfall {
        let size = FrameSize { width: 1, height: u32::MAX };
        ModeShortfall::ModeRefused { refused: self.text().into(), size, millihertz: u32::from(self.byte()) << 24 }
    }

    fn packet(&mut self, bytes: &[u8]) {
        self.sent += 1;
        if let Some(theirs) = &self.theirs {
            // A host that hears nothing more, or a full socket.
            let _ = theirs.try_send(bytes, &[]);
        }
    }

    fn say(&mut self, message: &FromChild) {
        if let Ok(bytes) = protocol::encode(message) {
            self.packet(&bytes);
        }
    }

    fn turn(&mut self) {
        match self.byte() {
            0 => {
                let bytes = self.bytes();
                self.packet(&bytes);
            }
            1 => self.say(&FromChild::Hello { version: lenscap_sys::install::VERSION.to_owned() }),
            2 => self.say(&FromChild::Step(Step::Loaded)),
            24 => {
                let step = [Step::Up, Step::Opened, Step::Streaming][usize::from(self.byte() % 3)];
                self.say(&FromChild::Step(step));
            }
            3 => {
                let (camera, caps) = (self.text(), self.text());
                let passed_over = (0..self.byte() & 3).map(|_| NodeTrouble::Busy { node: self.text().into() }.into());
                let passed_over = passed_over.collect();
                let why = Some(Box::new(ChoiceReason { preference: None, passed_over }));
                self.say(&FromChild::Started { camera, caps, why });
            }
            4 => {
                let (slot, epoch) = (u32::from(self.byte() & 7), u32::from(self.byte() & 3));
                let timestamp_ns = u64::from(self.byte()) << (self.byte() & 63);
                self.say(&FromChild::Frame(Frame { slot, epoch, timestamp_ns, sequence: 0 }));
            }
            5 => self.say(&FromChild::Stopped),
            6 => {
                let text = self.text();
                self.say(&FromChild::Failed(Trouble::WorkerBroken { cause: Cause::other(text) }));
            }
            7 => {
                let nodes = vec![self.text().into(); usize::from(self.byte() & 3)];
                self.say(&FromChild::Opening { nodes });
            }
            8 => {
                let mode = Mode { format: self.text(), shortfall: Some(self.shortfall()), ..Mode::default() };
                self.say(&FromChild::Mode(Box::new(mode.clone())));
                self.say(&FromChild::Refused(Box::new(mode)));
            }
            9 => {
                let problems = vec![ControlTrouble::Absent { key: self.text().into() }];
                let controls = CameraControls { camera: self.text(), problems, ..CameraControls::default() };
                self.say(&FromChild::Controls(Box::new(controls)));
            }
            25 => {
                let camera = Source::Libcamera(Some(self.text()));
                self.say(&FromChild::Held(Box::new(camera)));
            }
            10 => self.say(&FromChild::Stats(Stats::default())),
            11 => self.packet(&vec![0; MAX_MESSAGE + 1]),
            12 => self.theirs = None,
            13 => {
                let frame = FromChild::Frame(Frame { slot: 0, epoch: 1, timestamp_ns: 1, sequence: 1 });
                for _ in 0..u32::from(self.byte()) * 4 {
                    self.say(&frame);
                }
            }
            14 => {
                self.sent += 1;
                if let Some(theirs) = &self.theirs {
                    let fd = std::os::fd::AsFd::as_fd(theirs);
                    let _ = theirs.try_send(b"x", &[fd, fd]);
                }
            }
            // The relay's side.
            15 => self.host.start(),
            16 => self.host.stop(self.now),
            17 => {
                let (first, usable) = (u32::from(self.byte()) % SLOTS, 1 + u32::from(self.byte()) % SLOTS);
                self.host.grant(first, usable);
            }
            18 => self.host.revoke(),
            26 => self.host.grant_private(),
            19 => self.host.taken(),
            20 => self.host.set_controls(&[("usb-1".to_owned(), Values::new())].into()),
            21 => self.host.lay(Orientation::default()),
            22 => self.host.kill(),
            23 => self.host.set_control("gain", &Value::Integer(1)),
            _ => {
                let steps = u64::from(self.byte());
                self.now += Duration::from_millis(steps * 20);
            }
        }
    }

    fn hear(&mut self) {
        let mut events = Vec::new();
        let mut rounds = 0;
        loop {
            self.host.dispatch(self.now, &mut events);
            rounds += 1;
            if self.host.deadline().is_none_or(|at| at > self.now) {
                break;
            }
            // `kill` reads the clock, which is behind the time that passes here.
            assert!(rounds < 10 || self.host.is_killed(), "a deadline of the past is left");
            if rounds == 10 {
                break;
            }
        }
        for event in events {
            self.judge(&event);
        }
        // What it says is heard, or the socket would be full.
        let mut buffer = channel::buffer();
        while let Some(channel::Received::Packet(..)) =
            self.theirs.as_ref().and_then(|theirs| theirs.receive(&mut buffer).ok())
        {}
    }

    fn judge(&mut self, event: &HostEvent) {
        let said = &mut self.said;
        assert!(!said.exited, "{event:?} after the exit");
        assert!(!said.ended || matches!(event, HostEvent::Exited { .. }), "{event:?} after the end");
        said.events += 1;
        let texts: Vec<String> = match event {
            HostEvent::Greeted { .. } | HostEvent::Confined(_) | HostEvent::ControlsChanged(_) => vec![],
            HostEvent::Step(step) => {
                assert!(*step <= Step::Loaded || (said.warm && self.host.wants_start), "{event:?} unasked");
                said.warm |= *step == Step::Loaded;
                vec![]
            }
            HostEvent::Started { camera, caps, why } => {
                assert!(said.warm && self.host.wants_start, "started unasked");
                said.started = true;
                let why = why.as_deref().map(lenscap_words::cameras::choice).unwrap_or_default();
                vec![camera.clone(), caps.clone(), why]
            }
            HostEvent::Frame { slot, .. } => {
                let base = self.host.granted.as_ref().map(Granted::base);
                let is_private = self.host.private_picture(*slot).is_some();
                assert!(said.started && base == Some(if is_private { SLOTS } else { 0 }), "{event:?} of {base:?}");
                vec![]
            }
            HostEvent::Failed(reason) => {
                said.ended = true;
                vec![lenscap_words::trouble::sentence(reason)]
            }
            HostEvent::Mode(mode) | HostEvent::Refused(mode) | HostEvent::Trying(mode) => {
                assert!(said.warm && self.host.wants_start, "{event:?} unasked");
                vec![
                    mode.format.clone(),
                    mode.shortfall.as_ref().map(lenscap_words::mode::shortfall).unwrap_or_default(),
                ]
            }
            HostEvent::Controls(controls) => {
                let problems = controls.problems.iter().map(lenscap_words::controls::problem);
                problems.chain([controls.camera.clone()]).collect()
            }
            HostEvent::Opening { .. } | HostEvent::Held(_) => {
                assert!(said.warm && self.host.wants_start, "{event:?} unasked");
                vec![]
            }
            HostEvent::Stopped => {
                said.ended = true;
                vec![]
            }
            HostEvent::Exited { reason } => {
                said.exited = true;
                reason.iter().map(lenscap_words::trouble::sentence).collect()
            }
        };
        for text in texts {
            assert!(!text.contains(char::is_control) && text.chars().count() <= MAX_TEXT, "{text:?}");
        }
        assert!(self.said.events <= self.sent + 4, "{} events of {} packets", self.said.events, self.sent);
    }
}
