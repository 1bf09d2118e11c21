//! Readers at two devices and one camera.

use std::time::Duration;

use lenscap::core::app::{AppId, Rule};
use lenscap::core::event::{Command, Event};
use lenscap::core::policy::Policy;
use lenscap::core::presence::Use;
use lenscap::core::source::Source;
use lenscap::core::status::StateName;
use lenscap::engine::{Engine, EngineConfig, OutputChoice, Role};
use lenscap::frame::card::CardStyle;
use lenscap::frame::format::{PixelFormat, VideoFormat};
use lenscap::output::finder::Wanted;
use lenscap_test_support::programs::program;

use super::{Bench, SECOND, memory_of};

/// A camera whose pictures are 150 ms old when they come.
const LATE: &str =
    "pipeline:videotestsrc is-live=true ! video/x-raw,framerate=30/1 ! queue min-threshold-time=150000000";

#[test]
fn times_only_grow_from_card_to_camera_to_card_at_both_devices() {
    let second = vec![OutputChoice::Memory(8)];
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
fn a_client_at_the_second_device_alone_turns_the_camera_on_and_nothing_of_it_is_in_the_first() {
    let mut bench = Bench::of_two(Duration::from_millis(200));
    let card = bench.memory().newest().expect("a card").1.to_vec();
    bench.second_clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    for _ in 0..30 {
        bench.until_second_frames(1);
        Bench::assert_wiped(bench.engine.output(Role::Main), &card);
    }
    assert_eq!(bench.memory().counts().1, 0, "nobody reads there");
    assert!(bench.second().newest().expect("a picture").1 != card, "the camera's");
    // Who only opens the first gets cards with a fresh time, from all of its slots.
    let cards = bench.memory().counts().0;
    bench.clients(Some(Use::Open));
    bench.until("cards at the first", |engine| memory_of(engine.output(Role::Main)).counts().0 > cards + 10);
    Bench::assert_wiped(bench.engine.output(Role::Main), &card);
    bench.clients(Some(Use::Streaming));
    bench.until_frames(10);
    bench.until_second_frames(10);
    bench.clients(None);
    bench.second_clients(None);
    assert_eq!(bench.engine.status().state, StateName::Cooldown);
    bench.until_state(StateName::Idle);
    bench.until("the worker is gone", |engine| engine.worker_pid().is_none());
    Bench::assert_wiped(bench.engine.output(Role::Main), &card);
    Bench::assert_wiped(bench.engine.output(SECOND), &card);
}

#[test]
fn pictures_go_on_at_the_second_device_while_readers_come_to_the_first_and_leave_it() {
    let mut bench = Bench::of_two(Duration::from_secs(60));
    let card = bench.memory().newest().expect("a card").1.to_vec();
    bench.second_clients(Some(Use::Streaming));
    bench.until_state(StateName::Live);
    bench.until_second_frames(3);
    let pid = bench.engine.worker_pid();
    for round in 0..10 {
        bench.clients(Some(Use::Streaming));
        bench.until_frames(1 + round % 3);
        bench.until_second_frames(1);
        bench.clients(None);
        // By the second picture the worker has let go of the slot that it may have been filling.
        bench.until_second_frames(2);
        Bench::assert_wiped(bench.engine.output(Role::Main), &card);
        assert!(!bench.second().newest().expect("a picture").0.card, "the camera all the time");
    }
    assert_eq!([bench.memory().disorder(), bench.second().disorder()], [0, 0]);
    assert_eq!(bench.engine.worker_pid(), pid, "one camera all the time");
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
        let newest = [engine.output(Role::Main), engine.output(SECOND)].map(|output| memory_of(output).newest());
        matches!(newest, [Some((first, one)), Some((second, other))] if first.card && second.card && one == other)
    });
    let cards = [bench.memory().counts().0, bench.second().counts().0];
    bench.until("cards flow to both", |engine| {
        memory_of(engine.output(Role::Main)).counts().0 > cards[0] + 3
            && memory_of(engine.output(SECOND)).counts().0 > cards[1] + 3
    });
    bench.engine.command(Command::Resume);
    bench.until_state(StateName::Live);
    bench.until_second_frames(3);
}

#[test]
fn a_second_device_that_cannot_be_had_harms_nobody() {
    for (path, says) in [("/dev/null", "not a video device"), ("/dev/video98", "does not exist")] {
        let second = vec![OutputChoice::Loopback(Wanted::Path(path.into()))];
        let worker = program("lenscap-worker");
        let mut bench = Bench::start("test", worker, Duration::ZERO, second);
        let status = bench.engine.status();
        assert_eq!(status.state, StateName::Idle);
        let reason = status.devices[1].trouble.clone().expect("it is told");
        assert!(
            lenscap::i18n::trouble::sentence(&reason).contains(says)
                && lenscap_api::Code::of(&reason).data["node"] == path,
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
    assert!(bench.engine.output(SECOND).is_none());
    let config = |further| EngineConfig {
        output: OutputChoice::Memory(8),
        format: VideoFormat::new(PixelFormat::Yuy2, 320, 240, 30).expect("a format"),
        style: CardStyle::default(),
        policy: Policy { source: "test".into(), ..Policy::default() },
        source: Source::Test,
        buffer_count: 7,
        worker_program: program("lenscap-worker"),
        card_program: "/nowhere/lenscap-cards".into(),
        poll_interval: Duration::from_millis(50),
        further,
        pipewire: None,
        controls: Default::default(),
        watch_other_cameras: false,
        sandbox: true,
        roots: Default::default(),
    };
    bench.engine.configure(config(vec![OutputChoice::Memory(4)]));
    bench.second_clients(Some(Use::Streaming));
    bench.until_second_frames(5);
    bench.engine.configure(config(Vec::new()));
    bench.until_second_frames(5);
    bench.second_clients(None);
    assert!(bench.engine.output(SECOND).is_none(), "as asked, once nobody was there");
    bench.until_frames(5);
    assert_eq!(bench.engine.status().state, StateName::Live);
}

#[test]
fn whoever_may_not_have_the_camera_sees_a_card_while_another_sees_the_camera() {
    let mut bench = Bench::of_two(Duration::from_millis(200));
    let rules = vec![(AppId::of_program("zoom"), Rule::Block), (AppId::of_program("obs"), Rule::Ask)];
    bench.engine.event(Event::Policy(Policy { rules, cooldown: Duration::from_millis(200), ..Policy::default() }));
    let cards = |engine: &Engine, role| memory_of(engine.output(role)).counts().0;
    // The blocked one is there first, at the device in whose slots the worker makes the pictures.
    bench.clients(Some(Use::Streaming));
    bench.until_state(StateName::Blocked);
    bench.second_clients(Some(Use::Streaming));
    bench.until_state(StateName::Asking);
    assert!(bench.engine.worker_pid().is_none());
    bench.engine.command(Command::Allow { apps: vec![AppId::of_program("obs")] });
    bench.until_state(StateName::Live);
    bench.until_second_frames(30);
    assert_eq!(bench.memory().counts().1, 0, "no picture of the camera went to who is blocked");
    let before = cards(&bench.engine, Role::Main);
    bench.until("cards flow", |engine| cards(engine, Role::Main) > before + 10);
    // It may have it after all, and loses it again.
    bench.engine.command(Command::Block { apps: vec![AppId::of_program("obs")] });
    bench.until_state(StateName::Blocked);
    bench.engine.event(Event::Policy(Policy { cooldown: Duration::from_millis(200), ..Policy::default() }));
    bench.engine.command(Command::Allow { apps: vec![AppId::of_program("obs")] });
    bench.until_state(StateName::Live);
    bench.until_frames(5);
    let rules = vec![(AppId::of_program("zoom"), Rule::Block)];
    bench.engine.event(Event::Policy(Policy { rules, cooldown: Duration::from_millis(200), ..Policy::default() }));
    let pictures = bench.memory().counts().1;
    let pid = bench.engine.worker_pid();
    bench.until_second_frames(20);
    assert_eq!(bench.memory().counts().1, pictures, "from that moment on");
    assert_eq!((bench.engine.status().state, bench.engine.worker_pid()), (StateName::Live, pid), "the other goes on");
    let before = cards(&bench.engine, Role::Main);
    bench.until("cards flow", |engine| cards(engine, Role::Main) > before + 10);
    // Who has it and is blocked at the other device.
    bench.engine.event(Event::Policy(Policy { cooldown: Duration::from_millis(200), ..Policy::default() }));
    bench.until_frames(5);
    let rules = vec![(AppId::of_program("obs"), Rule::Block)];
    bench.engine.event(Event::Policy(Policy { rules, cooldown: Duration::from_millis(200), ..Policy::default() }));
    let copies = bench.engine.copies();
    bench.until_frames(20);
    assert_eq!(bench.engine.copies(), copies, "nothing is copied for who sees a card");
    assert_eq!([bench.memory().disorder(), bench.second().disorder()], [0, 0]);
}
