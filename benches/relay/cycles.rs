//! A thousand activations on this machine, without a loopback node: what is left behind, and how long one takes.

use std::fs;
use std::time::{Duration, Instant};

use lenscap::core::policy::Policy;
use lenscap::core::presence::{Client, Presence, Use};
use lenscap::core::source::{Orientation, Source};
use lenscap::core::status::StateName;
use lenscap::engine::{Engine, EngineConfig, OutputChoice, Role};
use lenscap::frame::card::CardStyle;
use lenscap::frame::format::{PixelFormat, VideoFormat};
use lenscap::output::OutputDevice;
use lenscap_test_support::programs::program;

use crate::measure::{Spread, Usage, ms, wait_until_quiet};
use crate::table::{Row, Table, Target};
use crate::{MODES, switches};

const CYCLES: usize = 1000;
/// Before the first count: allocators and caches have what they keep.
const WARM_UP: usize = 20;
const WITH_LEAD: usize = 20;
const LIMIT: Duration = Duration::from_secs(20);
const MAX_GROWTH_MB: f64 = 1.0;

/// An engine whose output is memory, driven by hand.
pub struct Rig {
    pub engine: Engine,
}

impl Rig {
    pub fn new(source: Source, format: VideoFormat) -> Self {
        Self::new_laid(source, format, Orientation::default())
    }

    pub fn new_laid(source: Source, format: VideoFormat, orientation: Orientation) -> Self {
        Self::start(source, format, orientation, Vec::new())
    }

    /// With further devices.
    pub fn with_further(source: Source, format: VideoFormat, further: Vec<OutputChoice>) -> Self {
        Self::start(source, format, Orientation::default(), further)
    }

    fn start(source: Source, format: VideoFormat, orientation: Orientation, further: Vec<OutputChoice>) -> Self {
        let config = EngineConfig {
            output: OutputChoice::Memory(8),
            format,
            style: CardStyle::default(),
            policy: Policy {
                activation_delay: Some(Duration::ZERO),
                cooldown: Duration::ZERO,
                source: source.to_string(),
                orientation,
                ..Policy::default()
            },
            source,
            buffer_count: 7,
            worker_program: program("lenscap-worker"),
            card_program: program("lenscap-cards"),
            poll_interval: Duration::from_millis(50),
            further,
            pipewire: None,
            watch_other_cameras: false,
            sandbox: true,
            roots: Default::default(),
            controls: Default::default(),
        };
        Self { engine: Engine::new(config, Box::new(|_| ())).expect("an engine") }
    }

    pub fn presence(&mut self, usage: Option<Use>) {
        let client = |usage| Client::new(Some(1), "bench", usage);
        self.engine.set_presence(Role::Main, Presence { clients: usage.map(client).into_iter().collect() });
    }

    pub fn until(&mut self, what: &str, condition: impl Fn(&Engine) -> bool) {
        let end = Instant::now() + LIMIT;
        while !condition(&self.engine) {
            assert!(Instant::now() < end, "not within {LIMIT:?}: {what}: {:?}", self.engine.status());
            self.engine.turn(Some(Duration::from_millis(100))).expect("turn");
        }
    }

    /// From presence to the first frame of the camera.
    pub fn cycle(&mut self, lead: bool) -> f64 {
        if lead {
            self.presence(Some(Use::Open));
            self.until("a worker", |engine| engine.worker_pid().is_some());
            let end = Instant::now() + Duration::from_millis(1500);
            while Instant::now() < end {
                self.engine.turn(Some(Duration::from_millis(50))).expect("turn");
            }
            let pid = self.engine.worker_pid().unwrap_or(0);
            wait_until_quiet(&[pid], Duration::from_secs(2));
        }
        let before = frames(&self.engine);
        let began = Instant::now();
        self.presence(Some(Use::Streaming));
        self.until("a frame", |engine| frames(engine) > before);
        let took = ms(began.elapsed());
        assert_eq!(self.engine.status().state, StateName::Live);
        self.presence(None);
        self.until("idle", |engine| engine.worker_pid().is_none() && engine.status().state == StateName::Idle);
        took
    }
}

/// Frames of the camera so far.
pub fn frames(engine: &Engine) -> u64 {
    match engine.output(Role::Main).map(|output| output.device()) {
        Some(OutputDevice::Memory(memory)) => memory.counts().1,
        _ => 0,
    }
}

/// Descriptors, threads, children (zombies among them), PSS in MB.
fn possessions() -> [f64; 4] {
    let count = |path: &str| fs::read_dir(path).map_or(0, Iterator::count) as f64;
    let children = fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten()
        .map(|task| fs::read_to_string(task.path().join("children")).unwrap_or_default().split_whitespace().count())
        .sum::<usize>();
    let pss = Usage::of(&[std::process::id()]).pss_kb as f64 / 1024.0;
    [count("/proc/self/fd"), count("/proc/self/task"), children as f64, pss]
}

pub fn run(table: &mut Table) {
    let format = VideoFormat::new(PixelFormat::Yuy2, 640, 480, 30).expect("a format");
    let mut rig = Rig::new(Source::Test, format);
    for _ in 0..WARM_UP {
        rig.cycle(false);
    }
    let before = possessions();
    let times: Vec<f64> = (0..CYCLES).map(|_| rig.cycle(false)).collect();
    let after = possessions();
    let leads: Vec<f64> = (0..WITH_LEAD).map(|_| rig.cycle(true)).collect();
    for (index, (what, unit, limit)) in [
        ("descriptors", "more", 0.0),
        ("threads", "more", 0.0),
        ("children left, zombies included", "more", 0.0),
        ("PSS", "MB more", MAX_GROWTH_MB),
    ]
    .into_iter()
    .enumerate()
    {
        table.row(&Row {
            what: format!("{CYCLES} activations, this machine: {what} (before: {:.1})", before[index]),
            unit,
            ours: Spread::new([after[index] - before[index]]),
            peer: None,
            ratio: None,
            target: Target::AtMost(limit),
            by_ratio: false,
        });
    }
    for (what, times) in [("no lead", times), ("worker warm", leads)] {
        table.row(&Row {
            what: format!("activation, this machine, test source, {what}: presence to first camera frame"),
            unit: "ms",
            ours: Spread::new(times),
            peer: None,
            ratio: None,
            target: Target::None,
            by_ratio: false,
        });
    }
    switches::card_rows(table, "this machine", &MODES);
}
