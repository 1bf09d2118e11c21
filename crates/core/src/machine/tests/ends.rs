//! The end of a camera: the process, and the kernel's word.

use super::*;

#[test]
fn a_process_that_does_not_end_keeps_the_indicator_lit_and_says_so() {
    let mut bench = Bench::live();
    bench.send(Event::Command(Command::Pause { duration: None }));
    bench.worker(WorkerEvent::Stopped);
    let actions = bench.pass(STOP_TIMEOUT * 3);
    assert!(actions.contains(&Action::KillWorker));
    let status = bench.machine.status();
    assert!(status.camera_live && status.stuck);
    assert_eq!(status.reason.map(|reason| reason.kind()), Some(TroubleKind::Hang));
    bench.worker(WorkerEvent::Exited { reason: None });
    let status = bench.machine.status();
    assert!(!status.stuck && status.reason.is_none(), "{status:?}");
}

#[test]
fn a_warm_worker_that_does_not_end_lights_the_indicator_and_a_client_sees_a_card() {
    let mut bench = Bench::ready();
    bench.send(presence(&[client(1, Use::Open)]));
    bench.worker(WorkerEvent::Step(Step::Loaded));
    bench.pass(WARM_TIMEOUT);
    bench.send(streaming());
    assert_eq!((bench.name(), bench.machine.camera_live()), (StateName::Pending, false));
    let actions = bench.pass(STOP_TIMEOUT);
    assert!(actions.contains(&Action::KillWorker), "{actions:?}");
    let status = bench.machine.status();
    assert!(status.camera_live && status.stuck, "who knows what it does");
    assert!(status.reason.is_some());
    assert!(actions.contains(&Action::ShowCard(Card::Unavailable)), "{actions:?}");
    let actions = bench.worker(WorkerEvent::Exited { reason: None });
    assert!(actions.contains(&Action::StartCamera), "{actions:?}");
}

#[test]
fn a_process_that_does_not_end_though_the_kernel_says_off_is_shown_as_dark() {
    let mut bench = verifiable();
    bench.send(Event::Policy(Policy { source: "test".into(), ..Policy::default() }));
    bench.worker(WorkerEvent::Stopped);
    bench.send(reads(false));
    assert_eq!((bench.name(), bench.machine.camera_live()), (StateName::Pending, false));
    let mut actions = bench.pass(STOP_TIMEOUT);
    assert!(actions.contains(&Action::KillWorker), "{actions:?}");
    let status = bench.machine.status();
    assert!(status.state == StateName::Failed && !status.camera_live && !status.stuck, "{status:?}");
    let reason = status.reason.expect("a reason");
    assert_eq!(reason, Trouble::WorkerDoesNotEnd { is_camera_off: true });
    assert!(actions.contains(&Action::ShowCard(Card::Unavailable)), "{actions:?}");
    // Killed again and again, more and more rarely.
    actions = bench.pass(Duration::from_secs(3600));
    let kills = actions.iter().filter(|action| **action == Action::KillWorker).count();
    assert!((2..60).contains(&kills), "{kills}");
    let actions = bench.worker(WorkerEvent::Exited { reason: None });
    assert!(actions.contains(&Action::StartCamera), "{actions:?}");
}

#[test]
fn the_indicator_waits_for_the_kernels_word() {
    let mut bench = verifiable();
    bench.send(Event::Command(Command::Pause { duration: None }));
    let actions = bench.worker(WorkerEvent::Stopped);
    assert!(actions.contains(&Action::VerifyOff), "{actions:?}");
    assert_eq!(bench.name(), StateName::Cooldown);
    bench.send(reads(true));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert!(bench.machine.camera_live(), "still on by the kernel's word");
    bench.send(reads(false));
    assert_eq!(bench.name(), StateName::Paused);
    assert_eq!(bench.machine.status().reason, None);
}

#[test]
fn a_worker_whose_camera_stays_on_is_killed_and_then_the_user_is_warned() {
    let mut bench = verifiable();
    bench.send(nobody());
    bench.pass(Duration::from_secs(5));
    bench.worker(WorkerEvent::Stopped);
    bench.send(reads(true));
    let actions = bench.pass(Duration::from_millis(999));
    assert!(!actions.contains(&Action::KillWorker), "{actions:?}");
    let actions = bench.pass(Duration::from_millis(1));
    assert!(actions.contains(&Action::KillWorker), "{actions:?}");
    assert!(!bench.machine.status().stuck, "it may have been the worker");
    bench.worker(WorkerEvent::Exited { reason: None });
    bench.pass(Duration::from_millis(999));
    assert!(!bench.machine.status().stuck);
    bench.pass(Duration::from_millis(1));
    let status = bench.machine.status();
    assert!(status.stuck && status.camera_live);
    let reason = status.reason.expect("a reason");
    assert_eq!(reason, Trouble::StillStreaming { camera: "Test camera".into() });
    // Whoever comes now sees that as well; no second worker makes it worse.
    let actions = bench.send(streaming());
    assert!(actions.contains(&Action::ShowCard(Card::Unavailable)), "{actions:?}");
    bench.pass(Duration::from_secs(3600));
    assert!(bench.machine.status().stuck && bench.world.checking);
    let actions = bench.send(reads(false));
    assert!(actions.contains(&Action::StartCamera), "unplugged, or off at last: {actions:?}");
    assert!(!bench.machine.status().stuck);
}

#[test]
fn a_crash_is_checked_as_well() {
    let mut bench = verifiable();
    let actions = bench.worker(WorkerEvent::Exited { reason: Some(crash()) });
    assert!(actions.contains(&Action::VerifyOff), "{actions:?}");
    assert!(bench.machine.camera_live());
    bench.send(reads(false));
    assert_eq!(bench.name(), StateName::Failed);
}

#[test]
fn another_camera_is_shown_and_changes_nothing_else() {
    let mut bench = Bench::ready();
    bench.send(Event::Command(Command::Pause { duration: None }));
    let actions = bench.send(Event::Sensor(SensorEvent::Others(vec![cheese()])));
    assert!(matches!(&actions[..], [Action::Publish(_)]), "{actions:?}");
    let status = bench.machine.status();
    assert!(status.is_any_camera_on() && !status.camera_live && status.state == StateName::Paused);
    bench.send(Event::Sensor(SensorEvent::Others(Vec::new())));
    assert!(!bench.machine.status().is_any_camera_on());
}
