//! The engine with a real worker and an output in memory: everything but the kernel module, anywhere.

use std::cell::RefCell;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use lenscap::core::event::{Command, Event};
use lenscap::core::policy::Policy;
use lenscap::core::presence::{Client, Presence, Use};
use lenscap::core::source::Source;
use lenscap::core::status::{StateName, Status};
use lenscap::core::trouble::{Trouble, TroubleKind};
use lenscap::engine::{Engine, EngineConfig, OutputChoice, Role};
use lenscap::frame::card::CardStyle;
use lenscap::frame::format::{PixelFormat, VideoFormat};
use lenscap::output::finder::Wanted;
use lenscap::output::memory::Memory;
use lenscap::output::{Output, OutputDevice};
use lenscap_test_support::programs::program;
use proptest::prelude::*;

const DEADLINE: Duration = Duration::from_secs(60);

struct Bench {
    engine: Engine,
    published: Rc<RefCell<Vec<Status>>>,
}

impl Bench {
    fn new(source: &str) -> Self {
        Self::with(source, program("lenscap-worker"), Duration::from_millis(200))
    }

    fn with(source: &str, worker_program: PathBuf, cooldown: Duration) -> Self {
        Self::start(source, worker_program, cooldown, None)
    }

    /// With a second device beside the first.
    fn of_two(cooldown: Duration) -> Self {
        Self::start("test", program("lenscap-worker"), cooldown, Some(OutputChoice::Memory(8)))
    }

    fn start(source: &str, worker_program: PathBuf, cooldown: Duration, second: Option<OutputChoice>) -> Self {
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
            second,
            watch_other_cameras: false,
            sandbox: true,
            roots: Default::default(),
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

    /// At the second device.
    fn second_clients(&mut self, usage: Option<Use>) {
        let clients = usage.map(|usage| Client { pid: Some(2), name: "obs".into(), usage }).into_iter().collect();
        self.engine.set_presence(Role::Second, Presence { clients });
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
        memory_of(self.engine.output(Role::Second))
    }

    fn until_second_frames(&mut self, more: u64) {
        let before = self.second().counts().1;
        self.until("frames at the second device", |engine| {
            memory_of(engine.output(Role::Second)).counts().1 >= before + more
        });
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
                OutputDevice::Loopback(_) => false,
            }
        });
    }

    fn until_frames(&mut self, more: u64) {
        let before = self.memory().counts().1;
        self.until("frames", |engine| match engine.output(Role::Main).expect("an output").device() {
            OutputDevice::Memory(memory) => memory.counts().1 >= before + more,
            OutputDevice::Loopback(_) => false,
        });
    }
}

fn memory_of(output: Option<&Output>) -> &Memory {
    match output.expect("an output").device() {
        OutputDevice::Memory(memory) => memory,
        OutputDevice::Loopback(_) => panic!("not asked for"),
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

/// A camera whose pictures are 150 ms old when they come.
const LATE: &str =
    "pipeline:videotestsrc is-live=true ! video/x-raw,framerate=30/1 ! queue min-threshold-time=150000000";

#[test]
fn times_only_grow_from_card_to_camera_to_card_at_both_devices() {
    let second = Some(OutputChoice::Memory(8));
    let mut bench = Bench::start(LATE, program("lenscap-worker"), Duration::from_millis(200), second);
    let settled = |bench: &Bench| [bench.memory().disorder(), bench.second().disorder()];
    bench.clients(Some(Use::Streaming));
    bench.second_clients(Some(Use::Streaming));
    for _ in 0..2 {
        bench.until_state(StateName::Live);
        bench.until_second_frames(15);
        assert_eq!(settled(&bench), [0, 0], "after cards, the camera");
        bench.engine.command(Command::Pause { duration: None });
        bench.until_state(StateName::Paused);
        bench.until_card();
        assert_eq!(settled(&bench), [0, 0], "after the camera, cards");
        bench.engine.command(Command::Resume);
    }
    bench.until_state(StateName::Live);
    bench.clients(None);
    bench.until_second_frames(3);
    bench.clients(Some(Use::Streaming));
    bench.until_frames(3);
    // Another worker goes on where the last one ended.
    let pid = bench.engine.worker_pid().expect("a worker").to_string();
    assert!(std::process::Command::new("kill").args(["-9", &pid]).status().expect("kill").success());
    bench.until_state(StateName::Failed);
    bench.until_state(StateName::Live);
    bench.until_frames(3);
    assert_eq!(settled(&bench), [0, 0]);
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
    assert_eq!(status.reason.map(|reason| reason.kind()), Some(TroubleKind::Crash));
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
        ("pipeline:nonsense_element_xyz", TroubleKind::Setup, "nonsense_element_xyz"),
        ("pipeline:videotestsrc ! !", TroubleKind::Setup, ""),
        ("pipeline:audiotestsrc", TroubleKind::Setup, "sound"),
        ("v4l2:/dev/does-not-exist", TroubleKind::Missing, "/dev/does-not-exist"),
        ("v4l2:/dev/null", TroubleKind::Missing, "/dev/null"),
    ] {
        let mut bench = Bench::new(source);
        bench.clients(Some(Use::Streaming));
        bench.until_state(StateName::Failed);
        let reason: Trouble = bench.engine.status().reason.expect("a reason");
        assert!(
            lenscap::i18n::trouble::sentence(&reason).contains(says)
                && lenscap::i18n::trouble::sentence(&reason).ends_with('.'),
            "{source}: {reason:?}"
        );
        if kind != TroubleKind::Missing {
            assert_eq!(reason.kind(), kind, "{source}: {reason:?}");
        }
        println!("{source}: {reason:?}");
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
    assert_eq!(reason.kind(), TroubleKind::Hang, "{reason:?}");
    assert!(!bench.engine.status().camera_live);
}

#[test]
fn a_mode_in_which_the_camera_starts_and_gives_nothing_gives_way_to_another() {
    let fake = program("examples/fake-worker");
    assert!(fake.exists(), "{} is missing: run \"cargo test\", or \"cargo build --examples\" first", fake.display());
    let directory = tempfile::tempdir().expect("a directory");
    let program = directory.path().join("worker");
    let script = format!("#!/bin/sh\nLENSCAP_FAKE_WORKER=silent-until-refused exec {} \"$@\"\n", fake.display());
    std::fs::write(&program, script).expect("written");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("executable");
    let mut bench = Bench::with("test", program, Duration::ZERO);
    bench.clients(Some(Use::Streaming));
    // Twice, for it may have stumbled.
    for _ in 0..2 {
        bench.until_state(StateName::Failed);
        assert_eq!(bench.engine.status().reason.expect("a reason").kind(), TroubleKind::Hang);
        bench.until_state(StateName::Starting);
    }
    bench.until_state(StateName::Live);
}

#[test]
fn a_missing_worker_program_is_named() {
    let mut bench = Bench::with("test", "/nonexistent/lenscap-worker".into(), Duration::ZERO);
    bench.clients(Some(Use::Streaming));
    bench.until_state(StateName::Failed);
    let reason = bench.engine.status().reason.expect("a reason");
    assert!(lenscap::i18n::trouble::sentence(&reason).contains("/nonexistent/lenscap-worker"), "{reason:?}");
    assert_eq!(reason.kind(), TroubleKind::Setup);
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
        poll_interval: Duration::from_millis(50),
        second: None,
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

#[test]
fn two_clients_at_two_devices_see_the_same_pictures_of_one_camera() {
    let mut bench = Bench::of_two(Duration::from_millis(200));
    bench.clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    bench.until_frames(5);
    assert_eq!((bench.second().counts().1, bench.engine.copies()), (0, 0), "nobody is there to copy for");
    let pid = bench.engine.worker_pid();
    bench.second_clients(Some(Use::Streaming));
    let names: Vec<_> = bench.engine.status().clients.into_iter().map(|client| client.name).collect();
    assert_eq!(names, ["zoom", "obs"]);
    bench.until_second_frames(10);
    assert_eq!(bench.engine.copies(), bench.second().counts().1);
    assert_eq!(bench.engine.worker_pid(), pid, "one camera for both");
    let ((first, picture), (second, copy)) =
        (bench.memory().newest().expect("a picture"), bench.second().newest().expect("a picture"));
    assert!(!first.card && !second.card);
    assert_eq!(first.timestamp, second.timestamp);
    assert!(picture == copy, "the same picture");
}

#[test]
fn a_client_at_the_second_device_alone_turns_the_camera_on_and_the_first_shows_nobody() {
    let mut bench = Bench::of_two(Duration::from_millis(200));
    let card = bench.memory().newest().expect("a card").1.to_vec();
    bench.second_clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    bench.until_second_frames(30);
    assert_eq!(bench.memory().counts().1, 0, "nobody reads there");
    let (queued, picture) = bench.memory().newest().expect("a picture");
    assert!(queued.card && picture == card, "off, as far as anybody knows there");
    let (before, slot) = (picture.to_vec(), queued.slot);
    bench.until_second_frames(20);
    let (queued, picture) = bench.memory().newest().expect("a picture");
    assert!(queued.slot == slot && picture == before, "the worker writes to other slots than the newest");
    // Somebody comes to the first, too.
    bench.clients(Some(Use::Streaming));
    bench.until_frames(10);
    bench.until_second_frames(10);
    bench.clients(None);
    bench.second_clients(None);
    assert_eq!(bench.engine.status().state, StateName::Cooldown);
    bench.until_state(StateName::Idle);
    bench.until("the worker is gone", |engine| engine.worker_pid().is_none());
    Bench::assert_wiped(bench.engine.output(Role::Main), &card);
    Bench::assert_wiped(bench.engine.output(Role::Second), &card);
}

#[test]
fn one_of_two_leaves_and_the_other_goes_on() {
    let mut bench = Bench::of_two(Duration::from_secs(60));
    bench.clients(Some(Use::Streaming));
    bench.second_clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    bench.until_second_frames(5);
    let pid = bench.engine.worker_pid();
    bench.clients(None);
    assert_eq!(bench.engine.status().state, StateName::Live);
    assert!(bench.memory().newest().expect("a picture").0.card, "not somebody's last picture");
    let frames = bench.memory().counts().1;
    bench.until_second_frames(10);
    assert_eq!(bench.memory().counts().1, frames);
    bench.clients(Some(Use::Streaming));
    bench.until_frames(5);
    bench.second_clients(None);
    let (queued, frames) = (bench.second().newest().expect("a picture").0, bench.second().counts().1);
    assert!(queued.card, "not somebody's last picture");
    bench.until_frames(5);
    assert_eq!(bench.second().counts().1, frames);
    assert_eq!(bench.engine.worker_pid(), pid, "the same camera all the time");
    bench.clients(None);
    assert_eq!(bench.engine.status().state, StateName::Cooldown);
}

#[test]
fn a_pause_shows_cards_at_both_devices() {
    let mut bench = Bench::of_two(Duration::from_millis(200));
    bench.clients(Some(Use::Streaming));
    bench.second_clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    bench.until_second_frames(3);
    bench.engine.command(Command::Pause { duration: None });
    bench.until_state(StateName::Paused);
    bench.until("cards at both", |engine| {
        let newest = [engine.output(Role::Main), engine.output(Role::Second)].map(|output| memory_of(output).newest());
        matches!(newest, [Some((first, one)), Some((second, other))] if first.card && second.card && one == other)
    });
    let cards = [bench.memory().counts().0, bench.second().counts().0];
    bench.until("cards flow to both", |engine| {
        memory_of(engine.output(Role::Main)).counts().0 > cards[0] + 3
            && memory_of(engine.output(Role::Second)).counts().0 > cards[1] + 3
    });
    bench.engine.command(Command::Resume);
    bench.until_state(StateName::Live);
    bench.until_second_frames(3);
}

#[test]
fn a_second_device_that_cannot_be_had_harms_nobody() {
    for (path, says) in [("/dev/null", "not a video device"), ("/dev/video98", "does not exist")] {
        let second = Some(OutputChoice::Loopback(Wanted::Path(path.into())));
        let worker = program("lenscap-worker");
        let mut bench = Bench::start("test", worker, Duration::ZERO, second);
        let status = bench.engine.status();
        assert_eq!(status.state, StateName::Idle);
        let reason = status.second_device.expect("it is told");
        assert!(
            lenscap::i18n::trouble::sentence(&reason).contains(says)
                && lenscap::i18n::trouble::sentence(&reason).contains(path),
            "{reason:?}"
        );
        bench.clients(Some(Use::Streaming));
        bench.until_state(StateName::Live);
        bench.until_frames(3);
    }
}

#[test]
fn the_second_device_is_turned_on_at_once_and_off_when_nobody_is_there() {
    let mut bench = Bench::new("test");
    bench.clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    bench.until_frames(3);
    assert!(bench.engine.output(Role::Second).is_none());
    let config = |second| EngineConfig {
        output: OutputChoice::Memory(8),
        format: VideoFormat::new(PixelFormat::Yuy2, 320, 240, 30).expect("a format"),
        style: CardStyle::default(),
        policy: Policy { source: "test".into(), ..Policy::default() },
        source: Source::Test,
        buffer_count: 7,
        worker_program: program("lenscap-worker"),
        poll_interval: Duration::from_millis(50),
        second,
        controls: Default::default(),
        watch_other_cameras: false,
        sandbox: true,
        roots: Default::default(),
    };
    bench.engine.configure(config(Some(OutputChoice::Memory(4))));
    bench.second_clients(Some(Use::Streaming));
    bench.until_second_frames(5);
    bench.engine.configure(config(None));
    bench.until_second_frames(5);
    bench.second_clients(None);
    assert!(bench.engine.output(Role::Second).is_none(), "as asked, once nobody was there");
    bench.until_frames(5);
    assert_eq!(bench.engine.status().state, StateName::Live);
}

#[derive(Debug, Clone)]
enum Op {
    First(Option<Use>),
    Second(Option<Use>),
    Command(Command),
    Turn,
}

fn any_op() -> impl Strategy<Value = Op> {
    let usage = || prop_oneof![2 => Just(None), 1 => Just(Some(Use::Open)), 3 => Just(Some(Use::Streaming))];
    prop_oneof![
        4 => usage().prop_map(Op::First),
        4 => usage().prop_map(Op::Second),
        1 => Just(Op::Command(Command::Toggle)),
        1 => Just(Op::Command(Command::TurnOff)),
        6 => Just(Op::Turn),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_comes_and_goes_a_device_without_readers_shows_a_card(ops in proptest::collection::vec(any_op(), 1..30)) {
        let mut bench = Bench::of_two(Duration::from_millis(100));
        let card = bench.memory().newest().expect("a card").1.to_vec();
        let mut streams = [false; 2];
        for op in ops {
            match op {
                Op::First(usage) => {
                    streams[0] = usage == Some(Use::Streaming);
                    bench.clients(usage);
                }
                Op::Second(usage) => {
                    streams[1] = usage == Some(Use::Streaming);
                    bench.second_clients(usage);
                }
                Op::Command(command) => bench.engine.command(command),
                Op::Turn => for _ in 0..10 {
                    bench.engine.turn(Some(Duration::from_millis(20))).expect("turn");
                },
            }
            for (memory, streams) in [bench.memory(), bench.second()].into_iter().zip(streams) {
                prop_assert_eq!(memory.disorder(), 0);
                prop_assert!(streams || memory.newest().is_some_and(|(queued, _)| queued.card));
            }
            let status = bench.engine.status();
            let uses: Vec<_> = status.clients.iter().map(|client| client.usage == Use::Streaming).collect();
            prop_assert_eq!(uses.iter().filter(|streams| **streams).count(), streams.iter().filter(|s| **s).count());
        }
        // Both at once get pictures, whatever happened; and nothing of them is left.
        bench.engine.command(Command::Resume);
        bench.clients(Some(Use::Streaming));
        bench.second_clients(Some(Use::Streaming));
        bench.until_frames(3);
        bench.until_second_frames(3);
        bench.clients(None);
        bench.second_clients(None);
        bench.until("idle and alone", |engine| {
            engine.status().state == StateName::Idle && engine.worker_pid().is_none()
        });
        Bench::assert_wiped(bench.engine.output(Role::Main), &card);
        Bench::assert_wiped(bench.engine.output(Role::Second), &card);
    }
}
