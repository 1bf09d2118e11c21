//! What only the engine's inside can bring about.

use super::*;
use crate::detect::uvc::Roots;
use crate::output::OutputDevice;
use lenscap_core::controls::Saved;
use lenscap_core::event::{Action, SensorEvent, Step};
use lenscap_core::policy::Policy;
use lenscap_core::presence::{Client, Use};
use lenscap_core::source::Source;
use lenscap_core::trouble::TroubleKind;
use lenscap_picture::card::CardStyle;
use lenscap_picture::format::PixelFormat;
use lenscap_picture::format::VideoFormat;

fn engine() -> Engine {
    Engine::new(config("/nowhere/lenscap-cards".into()), Box::new(|_| {})).expect("memory is there")
}

/// Of an engine with memory, whose cards this program draws.
pub(super) fn config(card_program: PathBuf) -> EngineConfig {
    EngineConfig {
        output: OutputChoice::Memory(4),
        format: VideoFormat::new(PixelFormat::Yuy2, 64, 32, 30).expect("a format"),
        style: CardStyle::default(),
        policy: Policy { source: "test".into(), ..Policy::default() },
        source: Source::Test,
        buffer_count: 4,
        worker_program: "/bin/true".into(),
        card_program,
        poll_interval: Duration::from_millis(50),
        further: Vec::new(),
        pipewire: None,
        watch_other_cameras: false,
        sandbox: true,
        roots: Roots::default(),
        controls: Saved::default(),
    }
}

pub(super) fn streaming() -> Presence {
    Presence { clients: vec![Client::new(Some(1), "zoom", Use::Streaming)] }
}

#[test]
fn however_often_programs_come_and_go_a_card_is_renewed_once_an_interval() {
    let mut engine = engine();
    let cards = |engine: &Engine| match engine.output(Role::Main).expect("memory").device() {
        OutputDevice::Memory(memory) => memory.counts().0,
        OutputDevice::Loopback(_) | OutputDevice::Pipewire(_) => unreachable!(),
    };
    let now = Instant::now();
    let interval = engine.config.format.frame_interval();
    let open = |pid| Client::new(Some(pid), "zoom", Use::Open);
    let before = cards(&engine);
    for pid in 1..10 {
        engine.outlets.main_mut().set_presence(Presence { clients: vec![open(pid)] }, now + interval / 20 * pid);
    }
    assert_eq!(cards(&engine) - before, 1, "the rest within one interval of it");
    let due = engine.outlets.main().deadline().expect("before it is too old");
    assert!(due <= now + interval * 2);
    engine.outlets.main_mut().tick(due);
    assert_eq!(cards(&engine) - before, 2);
}

#[test]
fn a_spawn_without_an_output_is_answered() {
    let mut engine = engine();
    engine.outlets.main_mut().close();
    engine.events.push_back(Event::Presence(streaming().into()));
    engine.run_events();
    let status = engine.status();
    assert_eq!((status.state, status.camera_live), (StateName::Failed, false), "{status:?}");
    assert_eq!(status.reason.map(|reason| reason.kind()), Some(TroubleKind::Device));
    // Nothing is left to wait for.
    let begun = Instant::now();
    engine.shut_down(begun + Duration::from_secs(30));
    assert!(begun.elapsed() < Duration::from_secs(5) && !engine.status().camera_live);
}

#[test]
fn an_output_that_is_lost_while_its_client_comes_leaves_no_camera_on() {
    let mut engine = engine();
    engine.events.push_back(Event::Presence(streaming().into()));
    engine.outlets.main_mut().lose(OutputTrouble::NodeGone { is_installed: false }.into());
    engine.run_events();
    let status = engine.status();
    assert_eq!((status.state, status.camera_live), (StateName::NoDevice, false), "{status:?}");
}

#[test]
fn orders_to_a_worker_that_is_not_there_are_answered() {
    for order in [Action::StartCamera, Action::StopWorker, Action::KillWorker] {
        let mut engine = engine();
        engine.execute(Instant::now(), order.clone());
        let told = |engine: &Engine| {
            engine.events.iter().filter(|event| matches!(event, Event::Worker(WorkerEvent::Exited { .. }))).count()
        };
        assert_eq!(told(&engine), 1, "{order:?}");
        engine.execute(Instant::now(), order.clone());
        assert_eq!(told(&engine), 1, "{order:?}: once");
    }
}

#[test]
fn what_is_known_counts_before_a_deadline_that_passed_meanwhile() {
    let off = || Event::Sensor(SensorEvent::Own { on: false });
    let mut events = VecDeque::from([Event::Tick, off(), Event::Tick, Event::CameraCame]);
    let order: Vec<_> = std::iter::from_fn(|| steps::next(&mut events)).collect();
    assert_eq!(order, [off(), Event::CameraCame, Event::Tick]);
}

#[test]
fn who_comes_when_it_is_time_to_look_for_frames_does_not_make_them_overdue() {
    let mut engine = engine();
    let now = Instant::now();
    let begin = now.checked_sub(Duration::from_secs(4)).expect("the computer runs longer");
    let loaded = Event::Worker(WorkerEvent::Step(Step::Loaded));
    let started = Event::Worker(WorkerEvent::Started { camera: "Camera".into(), way: None });
    for event in [Event::Presence(streaming().into()), loaded, started] {
        engine.machine.step(begin, event);
    }
    assert_eq!(engine.machine.state().name(), StateName::Live);
    assert!(engine.machine.deadline().is_some_and(|at| at < now), "it is time to look");
    engine.last_frame = Some(now);
    engine.events.push_back(Event::Presence(streaming().into()));
    engine.run_events();
    assert_eq!(engine.machine.state().name(), StateName::Live, "{:?}", engine.status());
}
