//! What fails, when it is tried again, and what is said.

use super::*;

#[test]
fn crashes_back_off_and_then_wait_for_a_new_client() {
    let mut bench = Bench::ready();
    bench.send(streaming());
    for wait in [500, 1000, 2000, 4000, 8000] {
        bench.worker(WorkerEvent::Exited { reason: Some(crash()) });
        assert_eq!(bench.name(), StateName::Failed);
        assert!(!bench.machine.camera_live());
        bench.pass(Duration::from_millis(wait - 1));
        assert_eq!(bench.name(), StateName::Failed, "too early before {wait} ms");
        bench.pass(Duration::from_millis(1));
        assert_eq!(bench.name(), StateName::Starting, "after {wait} ms");
    }
    bench.worker(WorkerEvent::Exited { reason: Some(crash()) });
    bench.pass(Duration::from_secs(3600));
    assert_eq!(bench.name(), StateName::Failed);
    assert_eq!(bench.machine.status().reason, Some(crash()));
    bench.send(presence(&[client(1, Use::Streaming), client(2, Use::Streaming)]));
    assert_eq!(bench.name(), StateName::Starting, "a new client");
}

#[test]
fn a_card_without_a_signal_is_asked_again_for_as_long_as_somebody_waits() {
    let mut bench = Bench::ready();
    bench.send(streaming());
    let silent =
        Trouble::NoSignal { camera: "Grabber".into(), input: "HDMI".into(), shortfall: SignalShortfall::Signal };
    for _ in 0..20 {
        bench.worker(WorkerEvent::Failed(silent.clone()));
        bench.worker(WorkerEvent::Exited { reason: None });
        assert_eq!((bench.name(), bench.machine.status().reason), (StateName::Failed, Some(silent.clone())));
        bench.pass(restart::SIGNAL);
        assert_eq!(bench.name(), StateName::Starting);
    }
    bench.started();
    assert_eq!(bench.name(), StateName::Live);
    assert_eq!(bench.machine.status().reason, None);
}

#[test]
fn a_failed_worker_is_killed_and_replaced_only_when_gone() {
    let mut bench = Bench::live();
    let actions = bench.worker(WorkerEvent::Failed(crash()));
    assert!(actions.contains(&Action::KillWorker));
    assert!(bench.machine.camera_live(), "it may still run");
    bench.pass(Duration::from_secs(2));
    assert_eq!(bench.name(), StateName::Cooldown);
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Starting, "the wait has passed meanwhile");
}

fn unplugged() -> Trouble {
    Trouble::CameraUnplugged { camera: "Webcam".into() }
}

#[test]
fn a_camera_that_comes_back_is_started_at_once_even_after_giving_up() {
    let mut bench = Bench::live();
    bench.worker(WorkerEvent::Failed(unplugged()));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Failed);
    bench.send(Event::CameraCame);
    assert_eq!(bench.name(), StateName::Starting, "not only when its wait is over");
    for _ in 0..10 {
        bench.worker(WorkerEvent::Failed(unplugged()));
        bench.worker(WorkerEvent::Exited { reason: None });
        bench.pass(Duration::from_secs(10));
    }
    assert_eq!((bench.name(), bench.machine.deadline()), (StateName::Failed, None), "given up");
    bench.pass(Duration::from_secs(600));
    bench.send(Event::CameraCame);
    assert_eq!(bench.name(), StateName::Starting);
    bench.started();
    assert_eq!(bench.name(), StateName::Live);
}

#[test]
fn another_way_to_the_camera_is_tried_at_once_and_is_no_failure() {
    let mut bench = Bench::ready();
    bench.send(streaming());
    bench.worker(WorkerEvent::AnotherWay);
    assert_eq!(bench.machine.status().reason, None);
    assert_eq!(bench.world.shown.as_ref().map(|shown| shown.attempt), Some(0));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!((bench.name(), bench.machine.status().attempt), (StateName::Starting, 1));
    let way = Some(Way::PipewireForBusy);
    bench.worker(WorkerEvent::Started { camera: "Webcam".into(), way });
    assert_eq!((bench.name(), bench.machine.status().way), (StateName::Live, way));
    bench.worker(WorkerEvent::Failed(unplugged()));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!((bench.name(), bench.machine.status().way), (StateName::Failed, None));
}

#[test]
fn a_camera_that_comes_while_it_is_looked_for_is_not_missed() {
    let mut bench = Bench::ready();
    bench.send(streaming());
    bench.send(Event::CameraCame);
    bench.worker(WorkerEvent::Failed(unplugged()));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Starting, "it had looked too early");
    bench.worker(WorkerEvent::Failed(unplugged()));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Failed, "once");
}

#[test]
fn a_camera_that_comes_is_no_reason_to_start_one_that_crashes_or_that_nobody_wants() {
    let mut bench = Bench::ready();
    bench.send(Event::CameraCame);
    assert_eq!(bench.name(), StateName::Idle);
    bench.send(streaming());
    bench.worker(WorkerEvent::Exited { reason: Some(crash()) });
    bench.send(Event::CameraCame);
    assert_eq!(bench.name(), StateName::Failed, "its own wait goes on");
}

#[test]
fn a_missing_element_is_not_tried_again_until_asked() {
    let mut bench = Bench::ready();
    bench.send(streaming());
    bench.worker(WorkerEvent::Failed(Trouble::ElementMissing { element: "v4l2src".into() }));
    bench.worker(WorkerEvent::Exited { reason: None });
    bench.pass(Duration::from_secs(3600));
    assert_eq!(bench.name(), StateName::Failed);
    bench.send(Event::Command(Command::Resume));
    assert_eq!(bench.name(), StateName::Starting);
}

#[test]
fn no_frame_for_three_seconds_is_a_hang() {
    let mut bench = Bench::live();
    for _ in 0..10 {
        bench.worker(WorkerEvent::Frames { last: bench.now });
        bench.pass(Duration::from_millis(2900));
        assert_eq!(bench.name(), StateName::Live);
    }
    let actions = bench.pass(Duration::from_secs(3));
    assert!(actions.contains(&Action::KillWorker), "{actions:?}");
}

/// The time to the next deadline.
fn left(bench: &Bench) -> Duration {
    bench.machine.deadline().expect("a deadline").saturating_duration_since(bench.now)
}

#[test]
fn each_step_of_a_start_has_its_own_deadline_and_its_own_reason() {
    let steps = [Step::Up, Step::Loaded, Step::Opened, Step::Streaming];
    for (done, seconds) in [10, 30, 10, 5, 8].into_iter().enumerate() {
        let mut bench = Bench::ready();
        bench.send(streaming());
        for step in &steps[..done] {
            // Slow, each of them, and not too slow.
            bench.pass(left(&bench) - Duration::from_millis(1));
            bench.worker(WorkerEvent::Step(*step));
            assert_eq!(bench.name(), StateName::Starting, "{step:?}");
        }
        let actions = bench.pass(Duration::from_secs(seconds) - Duration::from_millis(1));
        assert!(!actions.contains(&Action::KillWorker), "{actions:?}");
        let actions = bench.pass(Duration::from_millis(1));
        assert!(actions.contains(&Action::KillWorker), "{actions:?}");
        bench.worker(WorkerEvent::Exited { reason: None });
        let reason = bench.machine.status().reason.expect("a reason");
        let Trouble::StartOverdue { reached, seconds: said } = reason else { panic!("{reason:?}") };
        assert_eq!((reached, said), (steps[..done].last().copied(), seconds));
    }
}

#[test]
fn a_start_that_was_too_slow_gets_more_time_and_comes_through() {
    let mut bench = Bench::ready();
    bench.send(streaming());
    let mut starts = 1;
    // A machine on which every step takes 15 s.
    'start: loop {
        for step in [Step::Up, Step::Loaded, Step::Opened, Step::Streaming] {
            if bench.pass(Duration::from_secs(15)).contains(&Action::KillWorker) {
                starts += 1;
                assert!(starts < 5, "started for ever");
                bench.worker(WorkerEvent::Exited { reason: None });
                bench.pass(Duration::from_secs(10));
                continue 'start;
            }
            bench.worker(WorkerEvent::Step(step));
        }
        break;
    }
    bench.pass(Duration::from_secs(15));
    bench.started();
    assert_eq!(bench.name(), StateName::Live);
}

#[test]
fn a_warm_worker_that_does_not_get_ready_is_killed() {
    let mut bench = Bench::ready();
    bench.send(presence(&[client(1, Use::Open)]));
    let actions = bench.pass(Duration::from_secs(10));
    assert!(actions.contains(&Action::KillWorker), "{actions:?}");
    assert_eq!(bench.name(), StateName::Idle);
}

#[test]
fn a_camera_that_leaves_at_every_start_is_started_seldom_and_not_for_another_reason() {
    let mut bench = Bench::ready();
    bench.send(streaming());
    let begin = bench.now;
    let mut starts = Vec::new();
    let mut note = |bench: &Bench, actions: &[Action]| {
        starts.extend(actions.iter().filter(|action| **action == Action::StartCamera).map(|_| bench.now));
    };
    // 750 s of it: it goes half a second after each start, and is back as soon.
    for _ in 0..1500 {
        let actions = bench.pass(Duration::from_millis(500));
        note(&bench, &actions);
        if bench.world.sensor {
            bench.worker(WorkerEvent::Failed(unplugged()));
            bench.worker(WorkerEvent::Exited { reason: None });
            let actions = bench.send(Event::CameraCame);
            note(&bench, &actions);
        } else {
            let actions = bench.send(Event::CameraCame);
            note(&bench, &actions);
        }
    }
    let quick = starts.iter().filter(|at| **at < begin + Duration::from_secs(10)).count();
    assert!(quick <= restart::TRIES as usize, "{quick}");
    assert!(starts.len() <= restart::TRIES as usize + 750 / 30, "{}", starts.len());
    let late = &starts[restart::TRIES as usize..];
    assert!(late.windows(2).all(|pair| pair[1] - pair[0] >= restart::REST), "{late:?}");
    assert!(late.len() > 20, "it has its chance, again and again: {}", late.len());
}
