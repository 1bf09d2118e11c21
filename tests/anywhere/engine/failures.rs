//! Workers and sources that fail: the reason, and what comes next.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use lenscap::core::presence::Use;
use lenscap::core::status::StateName;
use lenscap::core::trouble::{Trouble, TroubleKind};
use lenscap_test_support::programs::program;

use super::Bench;

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
fn bad_sources_fail_with_a_reason_and_are_not_tried_for_ever() {
    for (source, kind, says) in [
        ("pipeline:nonsense_element_xyz", TroubleKind::Setup, "nonsense_element_xyz"),
        ("pipeline:videotestsrc ! !", TroubleKind::Setup, ""),
        ("pipeline:audiotestsrc", TroubleKind::Setup, "sound"),
        ("v4l2:/dev/does-not-exist", TroubleKind::Missing, "does-not-exist"),
        ("v4l2:/dev/null", TroubleKind::Missing, "null"),
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
    assert!(lenscap::i18n::trouble::sentence(&reason).contains("(it is not there): reinstall"), "{reason:?}");
    assert_eq!(lenscap_api::Code::of(&reason).data["path"], "/nonexistent/lenscap-worker");
    assert_eq!(reason.kind(), TroubleKind::Setup);
}
