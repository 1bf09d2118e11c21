//! The sessions people have.

use super::*;

#[test]
fn a_session_from_open_to_cooldown() {
    let mut bench = Bench::ready();
    assert_eq!(bench.name(), StateName::Idle);
    let actions = bench.send(presence(&[client(1, Use::Open)]));
    assert_eq!(
        actions.iter().filter(|action| **action == Action::SpawnWorker).count(),
        1,
        "opening warms: {actions:?}"
    );
    assert!(!bench.machine.camera_live(), "and leaves the camera alone");
    bench.worker(WorkerEvent::Step(Step::Loaded));
    let actions = bench.send(streaming());
    assert!(actions.contains(&Action::StartCamera) && !actions.contains(&Action::SpawnWorker), "{actions:?}");
    assert_eq!(bench.name(), StateName::Starting);
    let actions = bench.started();
    assert!(actions.contains(&Action::ShowCamera));
    assert_eq!(bench.name(), StateName::Live);
    let actions = bench.send(nobody());
    assert!(actions.contains(&Action::Feed(false)));
    assert_eq!(bench.name(), StateName::Cooldown);
    bench.pass(Duration::from_millis(4999));
    assert_eq!(bench.name(), StateName::Cooldown);
    let actions = bench.pass(Duration::from_millis(1));
    assert!(actions.contains(&Action::StopWorker));
    bench.worker(WorkerEvent::Stopped);
    assert!(bench.machine.camera_live(), "its word alone is not believed");
    bench.worker(WorkerEvent::Exited { reason: None });
    assert!(!bench.machine.camera_live());
    assert_eq!(bench.name(), StateName::Idle);
}

#[test]
fn a_missing_further_device_is_published_and_changes_nothing() {
    let mut bench = Bench::live();
    let before = bench.machine.state().clone();
    let trouble =
        Trouble::Output(OutputTrouble::NoFurtherNode { label: "Lenscap 2".into(), count: 2, can_set_up: false });
    let missing = Device {
        role: Role::Further(Further::Second),
        label: "Lenscap 2".into(),
        node: None,
        is_for_one: true,
        trouble: Some(trouble),
    };
    let actions = bench.send(Event::Devices(vec![missing.clone()]));
    assert!(matches!(&actions[..], [Action::Publish(status)] if status.devices == [missing]));
    assert_eq!(*bench.machine.state(), before);
    let actions = bench.send(Event::Devices(Vec::new()));
    assert!(matches!(&actions[..], [Action::Publish(status)] if status.devices.is_empty()));
}

#[test]
fn a_client_back_within_the_cooldown_goes_straight_to_live() {
    let mut bench = Bench::live();
    bench.send(nobody());
    bench.pass(Duration::from_secs(4));
    let actions = bench.send(streaming());
    assert_eq!(bench.name(), StateName::Live);
    assert!(!actions.iter().any(|action| matches!(action, Action::SpawnWorker | Action::ShowCard(_))), "{actions:?}");
    bench.worker(WorkerEvent::Frames { last: bench.now + Duration::from_secs(8) });
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.name(), StateName::Live, "the old cooldown is forgotten");
}

#[test]
fn only_opening_waits_where_streaming_cannot_be_seen() {
    let mut bench = Bench::ready();
    bench.send(presence(&[client(1, Use::Unknown)]));
    assert_eq!(bench.name(), StateName::Pending);
    bench.pass(Duration::from_millis(999));
    assert_eq!(bench.name(), StateName::Pending);
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.name(), StateName::Starting);
}

#[test]
fn a_warm_worker_without_a_stream_goes_and_is_not_started_again() {
    let mut bench = Bench::ready();
    bench.send(presence(&[client(1, Use::Open)]));
    bench.worker(WorkerEvent::Step(Step::Up));
    bench.pass(Duration::from_secs(20));
    bench.worker(WorkerEvent::Step(Step::Loaded));
    assert!(!bench.world.ending, "it had not been ready before");
    let actions = bench.pass(WARM_TIMEOUT);
    assert!(actions.contains(&Action::StopWorker), "{actions:?}");
    bench.worker(WorkerEvent::Exited { reason: None });
    bench.pass(Duration::from_secs(600));
    assert!(!bench.world.worker, "a program that merely holds the node costs nothing");
    bench.send(presence(&[client(1, Use::Open), client(2, Use::Open)]));
    assert!(bench.world.worker, "a new one is a new hint");
}

#[test]
fn pause_while_live_shows_live_until_the_stop_is_confirmed() {
    let mut bench = Bench::live();
    let actions = bench.send(Event::Command(Command::Pause { duration: Some(Duration::from_secs(60)) }));
    assert!(actions.contains(&Action::StopWorker) && actions.contains(&Action::ShowCard(Card::Paused)), "{actions:?}");
    assert_eq!(bench.name(), StateName::Cooldown);
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Paused);
    let actions = bench.pass(Duration::from_secs(60));
    assert!(actions.contains(&Action::StartCamera), "the pause is over and the client still streams: {actions:?}");
}

#[test]
fn turn_off_holds_until_that_client_stops() {
    let mut bench = Bench::live();
    bench.send(Event::Command(Command::TurnOff));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Blocked);
    bench.pass(Duration::from_secs(600));
    assert_eq!(bench.name(), StateName::Blocked, "it does not come back by itself");
    bench.send(nobody());
    assert_eq!(bench.name(), StateName::Idle);
    bench.send(streaming());
    assert_eq!(bench.name(), StateName::Starting);
}

#[test]
fn what_was_turned_off_is_allowed_again_and_a_pause_stays() {
    let about = |verb| about(verb, 1);
    let mut bench = Bench::live();
    assert_eq!(bench.machine.status().offers, [about(Verb::TurnOff), Offer::new(Verb::Pause)]);
    bench.send(Event::Command(Command::TurnOff));
    let status = bench.machine.status();
    assert!(status.camera_live && status.is_going_off(), "{status:?}");
    assert_eq!(status.offers, [about(Verb::Allow), Offer::new(Verb::Pause)], "at once, not only when it is off");
    bench.worker(WorkerEvent::Exited { reason: None });
    assert!(bench.send(Event::Command(Command::Allow { apps: Vec::new() })).contains(&Action::StartCamera));
    bench.started();
    bench.send(Event::Command(Command::TurnOff));
    bench.send(Event::Command(Command::Pause { duration: None }));
    bench.worker(WorkerEvent::Exited { reason: None });
    bench.send(Event::Command(Command::Allow { apps: Vec::new() }));
    assert_eq!(bench.name(), StateName::Paused);
    assert_eq!(bench.machine.status().offers, [Offer::new(Verb::Resume), Offer::new(Verb::Pause)]);
}

#[test]
fn a_camera_that_nobody_uses_any_more_is_turned_off_at_once() {
    let mut bench = Bench::live();
    bench.send(nobody());
    assert_eq!(bench.machine.status().offers, [Offer::new(Verb::TurnOff), Offer::new(Verb::Pause)]);
    assert!(bench.send(Event::Command(Command::TurnOff)).contains(&Action::StopWorker));
    assert!(bench.machine.status().is_going_off());
}

#[test]
fn of_those_who_stream_only_the_listed_are_to_be_allowed() {
    let mut bench = Bench::ready();
    bench.send(presence(&[client(1, Use::Streaming), client(9, Use::Streaming)]));
    let offers = bench.machine.status().offers;
    assert_eq!(offers[0], about(Verb::Allow, 9));
}

#[test]
fn a_blocked_program_gets_a_card() {
    let mut bench = Bench::ready();
    let actions = bench.send(presence(&[client(9, Use::Streaming)]));
    assert_eq!(bench.name(), StateName::Blocked);
    assert!(actions.contains(&Action::ShowCard(Card::Blocked)) && actions.contains(&Action::Feed(true)));
    assert!(!bench.world.worker);
}

#[test]
fn a_pause_ends_by_the_clock_on_the_wall() {
    let mut bench = Bench::ready();
    let hour = Duration::from_secs(3600);
    bench.send(Event::Command(Command::Pause { duration: Some(hour) }));
    bench.pass(hour / 4);
    bench.send(Event::Suspended(hour / 2));
    assert_eq!(bench.machine.status().until, Some(bench.now + hour / 4));
    bench.send(Event::Suspended(hour / 2));
    assert_eq!(bench.name(), StateName::Idle, "over while the computer slept");
}

#[test]
fn a_locked_session_has_no_camera_where_the_user_wants_that() {
    let mut bench = Bench::live();
    assert!(bench.send(Event::Locked(true)).contains(&Action::StopWorker));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Paused);
    assert!(bench.machine.status().allowed, "the toggle is the user's");
    assert!(bench.machine.status().reason == Some(Trouble::SessionLocked));
    assert!(bench.send(Event::Locked(false)).contains(&Action::StartCamera));
    bench.send(Event::Policy(Policy { pause_while_locked: false, ..bench.policy.clone() }));
    assert!(!bench.send(Event::Locked(true)).contains(&Action::StopWorker));
}

#[test]
fn resuming_by_hand_wins_over_a_lock_or_a_sleep_whose_end_was_never_reported() {
    for event in [Event::Locked(true), Event::Sleep(true)] {
        let mut bench = Bench::live();
        assert!(bench.send(event.clone()).contains(&Action::StopWorker));
        bench.worker(WorkerEvent::Exited { reason: None });
        assert!(bench.send(Event::Command(Command::Resume)).contains(&Action::StartCamera), "{event:?}");
        assert!(bench.send(event).contains(&Action::StopWorker), "until the next order");
    }
    // A pause that is over is nobody's hand.
    let mut bench = Bench::live();
    bench.send(Event::Locked(true));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert!(bench.send(Event::Command(Command::Pause { duration: Some(Duration::ZERO) })).is_empty());
    assert_eq!(bench.name(), StateName::Paused);
    assert!(bench.send(Event::Locked(false)).contains(&Action::StartCamera));
}

#[test]
fn sleep_turns_it_off_and_waking_on_again() {
    let mut bench = Bench::live();
    let actions = bench.send(Event::Sleep(true));
    assert!(actions.contains(&Action::StopWorker));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Paused);
    let actions = bench.send(Event::Sleep(false));
    assert!(actions.contains(&Action::StartCamera));
}

#[test]
fn a_device_that_goes_takes_the_camera_with_it() {
    let mut bench = Bench::live();
    let actions = bench.send(Event::DeviceGone(Trouble::Output(OutputTrouble::NodeGone { is_installed: false })));
    assert!(actions.contains(&Action::StopWorker));
    assert_eq!(bench.name(), StateName::Cooldown, "the sensor is still on");
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::NoDevice);
    let actions = bench.send(Event::DeviceReady);
    assert_eq!(bench.name(), StateName::Idle);
    assert!(actions.contains(&Action::ShowCard(Card::Off)));
}

#[test]
fn another_source_restarts_the_camera() {
    let mut bench = Bench::live();
    let actions = bench.send(Event::Policy(Policy { source: "test".into(), ..Policy::default() }));
    assert!(actions.contains(&Action::StopWorker));
    let actions = bench.worker(WorkerEvent::Exited { reason: None });
    assert!(actions.contains(&Action::SpawnWorker) && actions.contains(&Action::StartCamera), "{actions:?}");
}

#[test]
fn the_camera_that_is_on_is_named_though_the_settings_name_another() {
    let mut bench = verifiable();
    bench.send(Event::Policy(Policy { source: "test".into(), ..Policy::default() }));
    assert_eq!(bench.machine.status().camera, "Test camera", "that one is on");
    bench.worker(WorkerEvent::Stopped);
    assert_eq!(bench.machine.status().camera, "Test camera");
    bench.worker(WorkerEvent::Exited { reason: None });
    bench.pass(Duration::from_secs(10));
    let status = bench.machine.status();
    assert!(status.stuck && status.reason == Some(Trouble::StillStreaming { camera: "Test camera".into() }));
    bench.send(reads(false));
    assert_eq!(bench.machine.status().camera, "test");
}

#[test]
fn a_shorter_cooldown_holds_at_once() {
    let mut bench = Bench::live();
    bench.send(nobody());
    bench.send(Event::Policy(Policy { cooldown: Duration::from_millis(100), ..Policy::default() }));
    let actions = bench.pass(Duration::from_millis(100));
    assert!(actions.contains(&Action::StopWorker), "{actions:?}");
}

#[test]
fn toggle_pauses_and_resumes() {
    let mut bench = Bench::ready();
    bench.send(Event::Command(Command::Toggle));
    assert_eq!(bench.name(), StateName::Paused);
    bench.send(Event::Command(Command::Toggle));
    assert_eq!(bench.name(), StateName::Idle);
}
