//! The host against a worker that fails on order.

use std::path::Path;
use std::time::{Duration, Instant};

use lenscap::core::event::Step;
use lenscap::core::trouble::{Trouble, TroubleKind};
use lenscap::frame::format::PixelFormat::Yuy2;
use lenscap_test_support::programs::program;
use lenscap_worker_rig::{LIMIT, Rig, format};

fn fake(mode: &str) -> Rig {
    Rig::spawn(
        &program("examples/fake-worker"),
        "test",
        format(Yuy2, 64, 32, 30),
        &[("LENSCAP_FAKE_WORKER", mode), ("RUST_BACKTRACE", "0")],
    )
}

/// The state letter in /proc; `None` when the process is gone for good, not even a zombie.
fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.trim().chars().next()
}

#[test]
fn a_worker_that_behaves_goes_through_all_steps() {
    let mut rig = fake("behave");
    rig.until("warm", |rig| rig.warm);
    rig.rotation = (3, 4);
    rig.run(3);
    assert_eq!(rig.started, Some(("Fake camera".into(), "video/fake".into())));
    assert_eq!(rig.frames.iter().map(|frame| frame.slot).collect::<Vec<_>>(), [3, 0, 1]);
    assert!(rig.frames.is_sorted_by(|a, b| a.timestamp < b.timestamp));
    let pid = rig.host.pid();
    rig.stop();
    assert_eq!(state(pid), None, "a zombie is left");
    assert_eq!(rig.host.deadline(), None);
    assert!(rig.host.fds().iter().all(Option::is_none));
}

#[test]
fn a_start_before_the_greeting_is_kept() {
    let mut rig = fake("behave");
    rig.run(3);
    assert!(rig.warm);
    rig.stop();
}

/// All that is told of it: the sentence, and what stands beside it for programs.
fn told(reason: &Trouble) -> String {
    let code = lenscap_api::Code::of(reason).to_string().replace("\\\"", "\"");
    format!("{} {code}", lenscap::i18n::trouble::sentence(reason))
}

#[test]
fn a_worker_that_ends_by_itself_is_reported_with_its_last_words() {
    for (mode, words) in [
        ("exit-early", "\"status\":3"),
        ("panic", "ordered to panic"),
        ("abort", "vendor library: assertion failed"),
        ("stderr-flood", "the last word"),
    ] {
        let mut rig = fake(mode);
        let reason = rig.end().unwrap_or_else(|| panic!("{mode}: no reason"));
        assert_eq!(reason.kind(), TroubleKind::Crash, "{mode}");
        assert!(told(&reason).contains(words), "{mode}: {reason:?}");
        assert!(lenscap::i18n::trouble::sentence(&reason).chars().count() < 600, "{mode}: {reason:?}");
        assert!(rig.failed.is_none(), "{mode}");
    }
}

#[test]
fn a_worker_whose_status_is_lost_has_ended() {
    let mut rig = fake("exit-early");
    // As a SIGCHLD that is ignored, or a library that waits for everything, takes it.
    let pid = rustix::process::Pid::from_raw(rig.host.pid().cast_signed());
    rustix::process::waitpid(pid, rustix::process::WaitOptions::empty()).unwrap();
    let reason = rig.end().expect("a reason");
    assert_eq!(reason.kind(), TroubleKind::Crash, "{reason:?}");
    assert!(lenscap::i18n::trouble::sentence(&reason).contains("ended by itself"), "{reason:?}");
}

#[test]
fn a_worker_that_breaks_the_rules_is_reported_and_killed() {
    for (mode, kind, words) in [
        ("garbage", TroubleKind::Crash, "nonsense"),
        ("garbage-later", TroubleKind::Crash, "nonsense"),
        ("oversized", TroubleKind::Crash, "too large"),
        ("warm-before-hello", TroubleKind::Crash, "\"Step\" while it was \"Greeting\""),
        ("started-unasked", TroubleKind::Crash, "\"Started\""),
        ("step-back", TroubleKind::Crash, "\"Step\" while it was \"Warm\""),
        ("wrong-version", TroubleKind::Setup, "restart Lenscap"),
        ("flood", TroubleKind::Crash, "nonsense"),
        ("frame-flood", TroubleKind::Crash, "more messages"),
        ("bad-slot", TroubleKind::Crash, "slot 4294967295 of 7"),
        ("ungranted-slot", TroubleKind::Crash, "slot 4 first, not slot 0"),
        ("wrong-first-slot", TroubleKind::Crash, "slot 1 first, not slot 0"),
        ("same-slot", TroubleKind::Crash, "slot 0 twice in a row"),
        ("skipped-slot", TroubleKind::Crash, "slot 2 after slot 0"),
        ("time-zero", TroubleKind::Crash, "before its grant"),
        ("time-end", TroubleKind::Crash, "the future"),
        ("time-future", TroubleKind::Crash, "the future"),
    ] {
        let mut rig = fake(mode);
        if mode != "started-unasked" {
            rig.host.start();
        }
        let pid = rig.host.pid();
        assert_eq!(rig.end(), None, "{mode}: told twice");
        let reason = rig.failed.clone().unwrap_or_else(|| panic!("{mode}: no reason"));
        assert_eq!(reason.kind(), kind, "{mode}: {reason:?}");
        assert!(told(&reason).contains(words), "{mode}: {reason:?}");
        assert!(!told(&reason).contains('\u{1b}'), "{mode}: control characters get through");
        assert_eq!(state(pid), None, "{mode}: a zombie is left");
        assert!(rig.frames.len() < 2000, "{mode}");
    }
}

#[test]
fn both_versions_are_named() {
    let mut rig = fake("wrong-version");
    rig.end();
    let reason = rig.failed.unwrap();
    assert!(
        lenscap::i18n::trouble::sentence(&reason).contains("0.0.0-")
            && lenscap::i18n::trouble::sentence(&reason).contains(lenscap::VERSION),
        "{reason:?}"
    );
}

#[test]
fn a_workers_own_reason_is_passed_on_and_its_end_is_no_second_one() {
    let mut rig = fake("fail");
    assert_eq!(rig.end(), None);
    let reason = rig.failed.unwrap();
    assert_eq!(reason, Trouble::CameraBusy { camera: "Foo in use by a test".into() });
    assert_eq!(
        lenscap::i18n::trouble::sentence(&reason),
        "The camera Foo in use by a test is in use by another program: close that program."
    );
}

#[test]
fn a_failed_worker_that_does_not_end_is_ended() {
    let mut rig = fake("fail-and-hang");
    assert_eq!(rig.end(), None);
    assert_eq!(rig.failed.unwrap().kind(), TroubleKind::Missing);
}

#[test]
fn steps_are_told_as_they_are_done() {
    let mut rig = fake("behave");
    rig.until("up", |rig| rig.step >= Some(Step::Up));
    rig.until("loaded", |rig| rig.step == Some(Step::Loaded));
    rig.run(1);
    rig.stop();
}

#[test]
fn a_worker_that_has_stopped_and_does_not_end_is_killed_soon() {
    let mut rig = fake("stop-and-hang");
    rig.run(1);
    let asked = Instant::now();
    rig.host.stop(asked);
    rig.until("stopped", |rig| rig.stopped);
    let mut out = Vec::new();
    let soon = Instant::now() + Duration::from_secs(1);
    assert!(rig.host.deadline().is_some_and(|deadline| deadline <= soon), "its end is waited for");
    rig.host.dispatch(soon, &mut out);
    assert!(rig.host.is_killed() && out.is_empty(), "{out:?}");
    assert_eq!(rig.end(), None);
}

#[test]
fn a_worker_that_hangs_is_stopped_by_kill() {
    let mut rig = fake("hang-after-start");
    rig.host.start();
    rig.until("warm", |rig| rig.warm);
    rig.host.kill();
    assert_eq!(rig.end(), None);
}

#[test]
fn stopping_escalates_from_message_to_sigterm_to_sigkill() {
    // Deaf to the message: SIGTERM ends it. Deaf to both: SIGKILL does.
    for (mode, killed) in [("ignore-stop", false), ("ignore-sigterm", true)] {
        let mut rig = fake(mode);
        rig.run(3);
        rig.host.stop(Instant::now());
        let mut was_killed = false;
        let end = Instant::now() + LIMIT;
        while rig.exited.is_none() {
            assert!(Instant::now() < end, "{mode}: never ends");
            was_killed |= rig.host.is_killed();
            rig.turn(end);
        }
        assert_eq!(was_killed, killed, "{mode}");
        assert_eq!(rig.exited, Some(None), "{mode}");
        assert!(!rig.stopped, "{mode}: nobody confirmed the stop");
    }
}

#[test]
fn a_crash_while_stopping_is_an_end_like_any_other() {
    let mut rig = fake("crash-in-stop");
    rig.run(3);
    rig.host.stop(Instant::now());
    assert_eq!(rig.end(), None);
    assert!(!rig.stopped);
}

#[test]
fn frames_of_an_old_grant_are_dropped() {
    let mut rig = fake("old-epoch");
    rig.host.start();
    rig.until("started", |rig| rig.started.is_some());
    rig.stop();
    assert!(rig.frames.is_empty());

    let mut rig = fake("behave");
    rig.run(1);
    rig.host.revoke();
    let seen = rig.frames.len();
    rig.stop();
    assert_eq!(rig.frames.len(), seen, "a frame came through a closed gate");
}

#[test]
fn dying_in_the_middle_of_a_slot_leaves_the_slots_to_the_parent() {
    let mut rig = fake("die-in-slot");
    rig.keep = true;
    rig.host.start();
    let reason = rig.end().expect("a reason");
    assert_eq!(reason.kind(), TroubleKind::Crash);
    assert_eq!(rig.frames.iter().map(|frame| frame.slot).collect::<Vec<_>>(), [0]);
    assert!(rig.frames[0].picture.iter().all(|byte| *byte == 7));
    let torn = rig.slots.picture(1);
    assert_eq!((torn[0], torn[torn.len() - 1]), (7, 0));
}

#[test]
fn a_program_that_is_not_there_is_a_matter_of_installation() {
    let plain_file = tempfile::NamedTempFile::new().unwrap();
    let plain_file = plain_file.path().to_str().unwrap();
    for path in ["/nonexistent/lenscap-worker", "/dev/null/lenscap-worker", plain_file, "/"] {
        let format = format(Yuy2, 64, 32, 30);
        let Err(reason) = Rig::try_spawn(Path::new(path), "test", format, &[]) else { panic!("{path} was started") };
        assert_eq!(reason.kind(), TroubleKind::Setup);
        assert!(
            lenscap_api::Code::of(&reason).data["path"] == path
                && lenscap::i18n::trouble::sentence(&reason).contains("reinstall Lenscap"),
            "{reason:?}"
        );
    }
    // Some other program: it starts and ends.
    let mut rig = Rig::spawn(Path::new("/bin/true"), "test", format(Yuy2, 64, 32, 30), &[]);
    assert_eq!(rig.end().expect("a reason").kind(), TroubleKind::Crash);
}

#[test]
fn a_dropped_host_leaves_no_process() {
    for mode in ["behave", "hang-before-hello", "ignore-sigterm"] {
        let rig = fake(mode);
        let pid = rig.host.pid();
        drop(rig);
        assert_eq!(state(pid), None, "{mode}");
    }
}

/// The processes with this in their environment.
fn marked(mark: &str) -> Vec<u32> {
    let variable = format!("LENSCAP_TEST_MARK={mark}");
    let has_it = |pid: &u32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|it| it == variable.as_bytes())
    };
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(has_it).collect()
}

fn leaving(mode: &str, mark: &str) -> Rig {
    let environment = [("LENSCAP_FAKE_WORKER", mode), ("LENSCAP_TEST_MARK", mark), ("RUST_BACKTRACE", "0")];
    let mut rig = Rig::spawn(&program("examples/fake-worker"), "test", format(Yuy2, 64, 32, 30), &environment);
    rig.until("warm", |rig| rig.warm);
    // Keeper, worker, and what it started, once that has its own name and no shell is left to come.
    rig.until("children", |_| marked(mark).len() >= 4);
    rig
}

fn signal(pid: u32, signal: rustix::process::Signal) {
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid.cast_signed()).unwrap(), signal).unwrap();
}

#[test]
fn nothing_that_a_worker_started_is_left_when_it_has_exited() {
    for mode in ["leave-a-child", "leave-a-daemon"] {
        // In order.
        let mark = format!("order-{mode}");
        let mut rig = leaving(mode, &mark);
        rig.stop();
        assert!(marked(&mark).is_empty(), "{mode}: after its stop");

        // Its own end.
        let mark = format!("crash-{mode}");
        let mut rig = leaving(mode, &mark);
        signal(rig.host.pid(), rustix::process::Signal::ABORT);
        let reason = rig.end().expect("a reason");
        assert!(told(&reason).contains("\"signal\":6"), "{reason:?}");
        assert!(marked(&mark).is_empty(), "{mode}: after its crash");

        // Ours.
        let mark = format!("killed-{mode}");
        let mut rig = leaving(mode, &mark);
        rig.host.kill();
        assert_eq!(rig.end(), None);
        assert!(marked(&mark).is_empty(), "{mode}: after it was killed");

        // And dropped.
        let mark = format!("dropped-{mode}");
        drop(leaving(mode, &mark));
        assert!(marked(&mark).is_empty(), "{mode}: after it was dropped");
    }
}

#[test]
fn what_a_killed_keeper_left_is_ended_before_the_exit_is_told() {
    let mark = "keeper";
    let mut rig = leaving("leave-a-child", mark);
    signal(rig.host.keeper(), rustix::process::Signal::KILL);
    let reason = rig.end().expect("a reason");
    assert!(told(&reason).contains("\"signal\":9"), "{reason:?}");
    assert!(marked(mark).is_empty());
}

#[test]
fn a_keeper_that_is_stopped_holds_no_kill_up() {
    let mark = "stopped-keeper";
    let mut rig = leaving("leave-a-child", mark);
    signal(rig.host.keeper(), rustix::process::Signal::STOP);
    rig.host.kill();
    assert_eq!(rig.end(), None);
    assert!(marked(mark).is_empty());
}

#[test]
fn a_parent_that_stands_still_takes_the_worker_with_it() {
    // Deaf to everything: the keeper does not ask.
    for mode in ["behave", "ignore-sigterm"] {
        let mut rig = fake(mode);
        rig.until("warm", |rig| rig.warm);
        let worker = rig.host.pid();
        // No turn of the loop, no heartbeat.
        let end = Instant::now() + LIMIT;
        while !matches!(state(worker), None | Some('Z')) {
            assert!(Instant::now() < end, "{mode}: it lives on");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let reason = rig.end().expect("a reason");
        assert_eq!(reason.kind(), TroubleKind::Hang, "{mode}: {reason:?}");
    }
}

#[test]
fn a_worker_dies_with_the_thread_that_started_it() {
    let mut rig = std::thread::spawn(|| fake("hang-before-hello")).join().unwrap();
    let reason = rig.end().expect("a reason");
    assert!(told(&reason).contains("\"signal\":9"), "{reason:?}");
}
