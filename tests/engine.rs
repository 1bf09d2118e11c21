//! The engine with a real worker and an output in memory: everything but the kernel module, anywhere.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use lenscap::core::event::{Command, Event};
use lenscap::core::policy::Policy;
use lenscap::core::presence::{Client, Presence, Use};
use lenscap::core::source::Source;
use lenscap::core::status::{Reason, ReasonKind, StateName, Status};
use lenscap::engine::{Engine, EngineConfig, OutputChoice};
use lenscap::frame::format::{PixelFormat, VideoFormat};
use lenscap::frame::placeholder::CardStyle;
use lenscap::output::Device;
use lenscap::output::memory::Memory;

const DEADLINE: Duration = Duration::from_secs(60);

struct Bench {
    engine: Engine,
    published: Rc<RefCell<Vec<Status>>>,
}

impl Bench {
    fn new(source: &str) -> Self {
        Self::with(source, env!("CARGO_BIN_EXE_lenscap-worker").into(), Duration::from_millis(200))
    }

    fn with(source: &str, worker_program: PathBuf, cooldown: Duration) -> Self {
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
            poll_interval: Duration::from_millis(50),
            controls: Default::default(),
        };
        let engine = Engine::new(config, Box::new(move |status| sink.borrow_mut().push(status.clone())))
            .expect("memory is there");
        Self { engine, published }
    }

    fn clients(&mut self, usage: Option<Use>) {
        let clients = usage.map(|usage| Client { pid: Some(1), name: "zoom".into(), usage }).into_iter().collect();
        self.engine.event(Event::Presence(Presence { clients }));
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
        match self.engine.output().expect("an output").device() {
            Device::Memory(memory) => memory,
            Device::Loopback(_) => panic!("not asked for"),
        }
    }

    fn until_card(&mut self) {
        self.until("a card is the newest picture", |engine| match engine.output().expect("an output").device() {
            Device::Memory(memory) => memory.newest().is_some_and(|(queued, _)| queued.card),
            Device::Loopback(_) => false,
        });
    }

    fn until_frames(&mut self, more: u64) {
        let before = self.memory().counts().1;
        self.until("frames", |engine| match engine.output().expect("an output").device() {
            Device::Memory(memory) => memory.counts().1 >= before + more,
            Device::Loopback(_) => false,
        });
    }
}

#[test]
fn a_session_from_stream_to_off() {
    let mut bench = Bench::new("test");
    let (queued, card) = bench.memory().newest().expect("a card from the start");
    assert!(queued.card);
    let card = card.to_vec();
    bench.clients(Some(Use::Streaming));
    assert!(bench.memory().counts().0 >= 2, "a card at once");
    bench.until_state(StateName::Live);
    bench.until_frames(20);
    let pid = bench.engine.worker_pid().expect("a worker");
    bench.clients(None);
    assert_eq!(bench.engine.status().state, StateName::Cooldown);
    bench.until_state(StateName::Idle);
    let (queued, picture) = bench.memory().newest().expect("a picture");
    assert!(queued.card && picture == card, "the card is the newest picture again");
    bench.until("the worker is gone", |engine| engine.worker_pid().is_none());
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "and reaped");
    let published = bench.published.borrow();
    let states: Vec<_> = published.iter().map(|status| status.state).collect();
    let mut distinct = states.clone();
    distinct.dedup();
    assert_eq!(
        distinct,
        [StateName::Idle, StateName::Starting, StateName::Live, StateName::Cooldown, StateName::Idle],
        "{states:?}"
    );
}

#[test]
fn in_the_cooldown_the_newest_picture_is_a_card_and_a_client_back_sees_the_camera() {
    let mut bench = Bench::with("test", env!("CARGO_BIN_EXE_lenscap-worker").into(), Duration::from_secs(60));
    bench.clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    bench.until_frames(5);
    let pid = bench.engine.worker_pid();
    bench.clients(None);
    assert_eq!(bench.engine.status().state, StateName::Cooldown);
    assert!(bench.memory().newest().expect("a picture").0.card, "not somebody's last picture");
    bench.clients(Some(Use::Streaming));
    assert_eq!(bench.engine.status().state, StateName::Live);
    bench.until_frames(5);
    assert_eq!(bench.engine.worker_pid(), pid, "the same camera went on");
}

#[test]
fn every_slot_is_wiped_after_a_session() {
    let mut bench = Bench::new("test");
    let card = bench.memory().newest().expect("a card").1.to_vec();
    bench.clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    bench.until_frames(20);
    bench.clients(None);
    bench.until_state(StateName::Idle);
    let layout = bench.engine.output().expect("an output").layout().clone();
    let maps = layout.map(bench.engine.output().expect("an output").slots_fd()).expect("mapped");
    for (slot, map) in maps.iter().enumerate() {
        assert!(map.as_slice() == card.as_slice(), "slot {slot} still shows somebody");
    }
}

#[test]
fn an_open_node_warms_the_worker_and_leaves_the_camera_alone() {
    let mut bench = Bench::new("test");
    bench.clients(Some(Use::Open));
    let pid = bench.engine.worker_pid().expect("a warm worker");
    assert!(!bench.engine.status().camera_live);
    bench.clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    assert_eq!(bench.engine.worker_pid(), Some(pid), "the warm one is used");
}

#[test]
fn a_killed_worker_is_replaced_while_cards_flow() {
    let mut bench = Bench::new("test");
    bench.clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    let pid = bench.engine.worker_pid().expect("a worker");
    let status = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill");
    assert!(status.success());
    bench.until_state(StateName::Failed);
    let status = bench.engine.status();
    assert!(!status.camera_live);
    assert_eq!(status.reason.map(|reason| reason.kind), Some(ReasonKind::Crash));
    bench.until_card();
    bench.until_state(StateName::Live);
    bench.until_frames(5);
}

#[test]
fn pause_shows_a_card_at_once_and_keeps_the_indicator_until_the_camera_is_off() {
    let mut bench = Bench::new("test");
    bench.clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    bench.until_frames(3);
    bench.engine.command(Command::Pause { duration: None });
    assert!(bench.engine.status().camera_live, "not yet confirmed");
    bench.until_state(StateName::Paused);
    assert!(!bench.engine.status().camera_live);
    bench.until_card();
    bench.engine.command(Command::Resume);
    bench.until_state(StateName::Live);
}

#[test]
fn shutting_down_turns_the_camera_off_and_leaves_no_process() {
    let mut bench = Bench::new("test");
    bench.clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    let pid = bench.engine.worker_pid().expect("a worker");
    bench.engine.shut_down(Instant::now() + DEADLINE);
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    assert!(!bench.published.borrow().last().expect("a status").camera_live);
}

#[test]
fn bad_sources_fail_with_a_reason_and_are_not_tried_for_ever() {
    for (source, kind, says) in [
        ("pipeline:nonsense_element_xyz", ReasonKind::Setup, "nonsense_element_xyz"),
        ("pipeline:videotestsrc ! !", ReasonKind::Setup, ""),
        ("pipeline:audiotestsrc", ReasonKind::Setup, "sound"),
        ("v4l2:/dev/does-not-exist", ReasonKind::Missing, "/dev/does-not-exist"),
        ("v4l2:/dev/null", ReasonKind::Missing, "/dev/null"),
    ] {
        let mut bench = Bench::new(source);
        bench.clients(Some(Use::Streaming));
        bench.until_state(StateName::Failed);
        let reason: Reason = bench.engine.status().reason.expect("a reason");
        assert!(reason.text.contains(says) && reason.text.ends_with('.'), "{source}: {reason}");
        if kind != ReasonKind::Missing {
            assert_eq!(reason.kind, kind, "{source}: {reason}");
        }
        println!("{source}: {reason}");
        bench.clients(None);
        bench.until_state(StateName::Idle);
    }
}

#[test]
fn a_source_that_never_gives_a_picture_is_given_up_after_the_start_timeout() {
    let mut bench = Bench::new(
        "pipeline:appsrc is-live=true format=time caps=video/x-raw,format=YUY2,width=64,height=48,framerate=30/1",
    );
    bench.clients(Some(Use::Streaming));
    assert!(bench.engine.status().camera_live);
    bench.until_state(StateName::Failed);
    let reason = bench.engine.status().reason.expect("a reason");
    assert_eq!(reason.kind, ReasonKind::Hang, "{reason}");
    assert!(!bench.engine.status().camera_live);
}

#[test]
fn a_missing_worker_program_is_named() {
    let mut bench = Bench::with("test", "/nonexistent/lenscap-worker".into(), Duration::ZERO);
    bench.clients(Some(Use::Streaming));
    bench.until_state(StateName::Failed);
    let reason = bench.engine.status().reason.expect("a reason");
    assert!(reason.text.contains("/nonexistent/lenscap-worker"), "{reason}");
    assert_eq!(reason.kind, ReasonKind::Setup);
}

#[test]
fn another_source_takes_effect_while_live() {
    let mut bench = Bench::new("test");
    bench.clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    let first = bench.engine.worker_pid();
    let source: Source = "pipeline:videotestsrc is-live=true pattern=blue".parse().expect("a source");
    let config = EngineConfig {
        output: OutputChoice::Memory(8),
        format: VideoFormat::new(PixelFormat::Yuy2, 320, 240, 30).expect("a format"),
        style: CardStyle::default(),
        policy: Policy { source: source.to_string(), ..Policy::default() },
        source,
        buffer_count: 7,
        worker_program: env!("CARGO_BIN_EXE_lenscap-worker").into(),
        poll_interval: Duration::from_millis(50),
        controls: Default::default(),
    };
    bench.engine.configure(config);
    bench.until("another worker is live", |engine| {
        engine.worker_pid() != first && engine.status().state == StateName::Live
    });
    bench.until_frames(3);
    let picture = bench.memory().newest().expect("a picture").1;
    // Blue in BT.601: little luma, much U.
    assert!(picture[0] < 60 && picture[1] > 200, "{:?}", &picture[..4]);
}

#[test]
fn twenty_sessions_leave_nothing_behind() {
    let mut bench = Bench::with("test", env!("CARGO_BIN_EXE_lenscap-worker").into(), Duration::ZERO);
    for _ in 0..20 {
        bench.clients(Some(Use::Streaming));
        bench.until_state(StateName::Live);
        bench.clients(None);
        bench.until("idle and alone", |engine| {
            engine.status().state == StateName::Idle && engine.worker_pid().is_none()
        });
    }
    let children = std::fs::read_to_string(format!("/proc/self/task/{}/children", rustix_tid())).unwrap_or_default();
    assert_eq!(children.trim(), "", "zombies");
}

fn rustix_tid() -> u32 {
    std::fs::read_link("/proc/thread-self")
        .ok()
        .and_then(|path| path.file_name().and_then(|name| name.to_str().and_then(|name| name.parse().ok())))
        .unwrap_or(0)
}
