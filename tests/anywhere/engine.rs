//! The engine with a real worker and an output in memory: everything but the kernel module, anywhere.

mod failures;
mod further;
mod random;
mod sensors;
mod sessions;
mod two_devices;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use lenscap::core::policy::Policy;
use lenscap::core::presence::{Client, Presence, Use};
use lenscap::core::source::Source;
use lenscap::core::status::{StateName, Status};
use lenscap::engine::{Engine, EngineConfig, Further, OutputChoice, Role};
use lenscap::frame::card::CardStyle;
use lenscap::frame::format::{PixelFormat, VideoFormat};
use lenscap::output::memory::Memory;
use lenscap::output::{Output, OutputDevice};
use lenscap_test_support::programs::program;

const DEADLINE: Duration = Duration::from_secs(60);
const SECOND: Role = Role::Further(Further::Second);

struct Bench {
    engine: Engine,
    config: EngineConfig,
    published: Rc<RefCell<Vec<Status>>>,
}

impl Bench {
    fn new(source: &str) -> Self {
        Self::with(source, program("lenscap-worker"), Duration::from_millis(200))
    }

    fn with(source: &str, worker_program: PathBuf, cooldown: Duration) -> Self {
        Self::start(source, worker_program, cooldown, Vec::new())
    }

    /// With a second device beside the first.
    fn of_two(cooldown: Duration) -> Self {
        Self::of_devices(2, cooldown)
    }

    /// With this many devices.
    fn of_devices(count: usize, cooldown: Duration) -> Self {
        Self::start("test", program("lenscap-worker"), cooldown, vec![OutputChoice::Memory(8); count - 1])
    }

    fn start(source: &str, worker_program: PathBuf, cooldown: Duration, further: Vec<OutputChoice>) -> Self {
        let published = Rc::new(RefCell::new(Vec::new()));
        let sink = Rc::clone(&published);
        let source: Source = source.parse().expect("a source");
        let config = EngineConfig {
            output: OutputChoice::Memory(8),
            format: VideoFormat::new(PixelFormat::Yuy2, 320, 240, 30).expect("a format"),
            style: CardStyle::default(),
            policy: Policy { source: source.to_string(), cooldown, ..Policy::default() },
            source,
            buffer_count: 7,
            worker_program,
            card_program: "/nowhere/lenscap-cards".into(),
            poll_interval: Duration::from_millis(50),
            further,
            pipewire: None,
            watch_other_cameras: false,
            sandbox: true,
            roots: Default::default(),
            controls: Default::default(),
        };
        let engine = Engine::new(config.clone(), Box::new(move |status| sink.borrow_mut().push(status.clone())))
            .expect("memory is there");
        Self { engine, config, published }
    }

    fn clients(&mut self, usage: Option<Use>) {
        let clients = usage.map(|usage| Client::new(Some(1), "zoom", usage)).into_iter().collect();
        self.engine.set_presence(Role::Main, Presence { clients });
    }

    /// At the second device.
    fn second_clients(&mut self, usage: Option<Use>) {
        let clients = usage.map(|usage| Client::new(Some(2), "obs", usage)).into_iter().collect();
        self.engine.set_presence(SECOND, Presence { clients });
    }

    /// One of its own at each device: "app1" at the main one.
    fn clients_at(&mut self, role: Role, usage: Option<Use>) {
        let number = role.index() + 1;
        let client = |usage| Client::new(Some(number), format!("app{number}"), usage);
        self.engine.set_presence(role, Presence { clients: usage.map(client).into_iter().collect() });
    }

    fn at(&self, role: Role) -> &Memory {
        memory_of(self.engine.output(role))
    }

    fn until_frames_at(&mut self, role: Role, more: u64) {
        let before = self.at(role).counts().1;
        self.until("frames at a device", |engine| memory_of(engine.output(role)).counts().1 >= before + more);
    }

    fn until(&mut self, what: &str, mut condition: impl FnMut(&Engine) -> bool) {
        let end = Instant::now() + DEADLINE;
        while !condition(&self.engine) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "not within {DEADLINE:?}: {what}; {:#?}", self.engine.status());
            self.engine.turn(Some(left)).expect("turn");
        }
    }

    fn until_state(&mut self, state: StateName) {
        self.until(state.as_str(), |engine| engine.status().state == state);
    }

    fn memory(&self) -> &Memory {
        memory_of(self.engine.output(Role::Main))
    }

    fn second(&self) -> &Memory {
        self.at(SECOND)
    }

    fn until_second_frames(&mut self, more: u64) {
        self.until_frames_at(SECOND, more);
    }

    /// Every slot of this output has this picture.
    fn assert_wiped(output: Option<&Output>, card: &[u8]) {
        let output = output.expect("an output");
        let maps = output.layout().map(output.slots_fd()).expect("mapped");
        for (slot, map) in maps.iter().enumerate() {
            assert!(map.as_slice() == card, "slot {slot} still shows somebody");
        }
    }

    fn until_card(&mut self) {
        self.until("a card is the newest picture", |engine| {
            match engine.output(Role::Main).expect("an output").device() {
                OutputDevice::Memory(memory) => memory.newest().is_some_and(|(queued, _)| queued.card),
                OutputDevice::Loopback(_) | OutputDevice::Pipewire(_) => false,
            }
        });
    }

    fn until_frames(&mut self, more: u64) {
        let before = self.memory().counts().1;
        self.until("frames", |engine| match engine.output(Role::Main).expect("an output").device() {
            OutputDevice::Memory(memory) => memory.counts().1 >= before + more,
            OutputDevice::Loopback(_) | OutputDevice::Pipewire(_) => false,
        });
    }
}

fn memory_of(output: Option<&Output>) -> &Memory {
    match output.expect("an output").device() {
        OutputDevice::Memory(memory) => memory,
        OutputDevice::Loopback(_) | OutputDevice::Pipewire(_) => panic!("not asked for"),
    }
}
