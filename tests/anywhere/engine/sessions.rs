//! A session with one device: from the first reader to off, and what each one sees meanwhile.

use std::time::{Duration, Instant};

use lenscap::core::event::Command;
use lenscap::core::policy::Policy;
use lenscap::core::presence::Use;
use lenscap::core::source::Source;
use lenscap::core::status::StateName;
use lenscap::engine::{Engine, EngineConfig, OutputChoice, Role};
use lenscap::frame::card::CardStyle;
use lenscap::frame::format::{PixelFormat, VideoFormat};
use lenscap_test_support::programs::program;

use super::{Bench, DEADLINE, memory_of};

#[test]
fn a_frame_is_one_turn_of_the_engine_and_no_news() {
    const FRAMES: u64 = 60;
    let mut bench = Bench::new("test");
    bench.clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    bench.until_frames(10);
    let (before, published) = (bench.memory().counts().1, bench.published.borrow().len());
    let mut turns = 0;
    bench.until("frames", |engine| {
        turns += 1;
        memory_of(engine.output(Role::Main)).counts().1 >= before + FRAMES
    });
    // The worker's life sign is one more each second.
    assert!(turns <= FRAMES + FRAMES / 4, "{turns} turns for {FRAMES} frames");
    assert_eq!(bench.published.borrow().len(), published, "nothing has changed");
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
    let mut bench = Bench::with("test", program("lenscap-worker"), Duration::from_secs(60));
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
    Bench::assert_wiped(bench.engine.output(Role::Main), &card);
}

#[test]
fn an_open_node_warms_the_worker_and_leaves_the_camera_alone() {
    let mut bench = Bench::new("test");
    bench.clients(Some(Use::Open));
    let pid = bench.engine.keeper_pid().expect("a warm worker");
    assert!(!bench.engine.status().camera_live);
    bench.clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    assert_eq!(bench.engine.keeper_pid(), Some(pid), "the warm one is used");
}

#[test]
fn whoever_has_opened_the_node_finds_a_fresh_card_until_it_goes() {
    let mut bench = Bench::new("test");
    let cards = |engine: &Engine| memory_of(engine.output(Role::Main)).counts().0;
    bench.clients(Some(Use::Open));
    let before = cards(&bench.engine);
    bench.until("fresh cards", |engine| cards(engine) >= before + 10);
    assert_eq!(bench.memory().counts().1, 0, "no picture of the camera");
    // Also for one that only stops reading.
    bench.clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    bench.clients(Some(Use::Open));
    let before = cards(&bench.engine);
    bench.until("fresh cards", |engine| cards(engine) >= before + 10);
    bench.clients(None);
    bench.until("idle and alone", |engine| engine.status().state == StateName::Idle && engine.worker_pid().is_none());
    let before = cards(&bench.engine);
    bench.engine.turn(Some(Duration::from_millis(500))).expect("turn");
    assert_eq!(cards(&bench.engine), before, "nobody is here, nothing is queued");
    assert_eq!(bench.memory().disorder(), 0);
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
        worker_program: program("lenscap-worker"),
        card_program: "/nowhere/lenscap-cards".into(),
        poll_interval: Duration::from_millis(50),
        further: Vec::new(),
        pipewire: None,
        watch_other_cameras: false,
        sandbox: true,
        roots: Default::default(),
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
    let mut bench = Bench::with("test", program("lenscap-worker"), Duration::ZERO);
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
