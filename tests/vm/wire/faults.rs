//! What a camera does wrong, before and while it is on.

use super::*;

/// Waits until a failure says one of these; the reason is reported.
fn stated(rig: &mut Rig, what: &str, says: &[&str]) {
    let failed = rig.relay.wait_for_failure(says);
    println!("REPORT {} {what}: {}", rig.mode.option, failed.reason);
}

/// As [`stated`], and that the client still gets pictures.
fn failure(rig: &mut Rig, client: &mut Client, what: &str, says: &[&str]) {
    stated(rig, what, says);
    rig.cards(client, 2);
}

/// What happens to a camera that is on: the client keeps its stream and gets its picture back.
fn survives_while_live(mode: Mode) {
    let mut camera = Camera::plug("Wire", &[mode.option, "--formats", "yuyv"]);
    let mut rig = Rig::start(mode, &camera.source());
    let mut client = rig.client();
    rig.relay.wait_for("live");
    rig.pictures(&mut client, 3);

    // A few bad frames are nobody's failure: the driver drops them.
    for fault in ["err 4", "short 4"] {
        camera.order(fault);
        let tally = rig.pictures(&mut client, mode.rate);
        assert!(tally.lost >= 4, "{fault}: {tally}");
        assert_eq!(tally.backwards, 0, "{fault}: {tally}");
        println!("REPORT {} {fault}: {tally}", mode.option);
    }
    assert_eq!(rig.relay.poll().state, "live");

    camera.order("freeze");
    failure(&mut rig, &mut client, "freeze", &["picture", "frame"]);
    camera.order("thaw");
    rig.relay.wait_for("live");
    rig.pictures(&mut client, 3);

    camera.order("unplug");
    failure(&mut rig, &mut client, "unplug", &["is not there"]);
    camera.order("replug");
    camera.wait_until_ready();
    rig.relay.wait_for("live");
    let tally = rig.pictures(&mut client, mode.rate);
    println!("REPORT {} replug: {tally}", mode.option);
    drop(client);
    rig.relay.wait_for("idle");
    rig.relay.quit();
    rig.assert_never_dark(&camera, monotonic_now());
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn an_isochronous_cameras_faults_while_live_are_survived() {
    survives_while_live(ISOC);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_bulk_cameras_faults_while_live_are_survived() {
    survives_while_live(BULK);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_camera_that_refuses_to_start_is_a_stated_failure_and_tried_again() {
    for (mode, faults) in [
        (ISOC, &[("stall-commit 1", "stall-commit 0"), ("stall-alt 1", "stall-alt 0")][..]),
        (BULK, &[("stall-commit 1", "stall-commit 0")]),
    ] {
        let camera = Camera::plug("Wire", &[mode.option, "--formats", "yuyv"]);
        let mut rig = Rig::start(mode, &camera.source());
        for (fault, mended) in faults {
            camera.order(fault);
            let mut client = rig.client();
            stated(&mut rig, fault, &["cannot be started"]);
            assert!(!camera.is_on());
            // Before it is tried again: a second failure would cost the camera its mode.
            camera.order(mended);
            assert!(camera.log().iter().any(|entry| entry.text.ends_with(" stalled")), "{fault} did nothing");
            rig.relay.wait_for("live");
            rig.pictures(&mut client, 3);
            drop(client);
            rig.relay.wait_for("idle");
        }
        rig.relay.quit();
        rig.assert_never_dark(&camera, monotonic_now());
    }
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_mode_that_the_camera_refuses_gives_way_to_another() {
    for (formats, got) in [("both", "MJPG 640x480"), ("yuyv", "YUY2 640x360")] {
        let mut camera = Camera::plug("Wire", &["--isoc", "--formats", formats]);
        let mut rig = Rig::start(JPEG, &camera.source());
        camera.order("refuse yuyv 640x480");
        let client = rig.client();
        rig.relay.wait_for("live");
        let line = rig.relay.poll();
        assert_eq!(line.mode, got, "{formats}");
        let stalled = camera.log().iter().filter(|entry| entry.text.ends_with(" stalled")).count();
        assert_eq!(stalled, 2, "a camera may stumble once");
        let is_told =
            line.shortfall.starts_with("The camera does not start with YUY2 640x480@15 and gives 640x360 at 15");
        assert_eq!(is_told, formats == "yuyv", "{}", line.shortfall);
        drop(client);
        rig.relay.wait_for("idle");
        // Remembered, and forgotten when the camera comes anew: elsewhere there may be bandwidth.
        let client = rig.client();
        rig.relay.wait_for("live");
        assert_eq!(rig.relay.poll().mode, got);
        drop(client);
        rig.relay.wait_for("idle");
        camera.order("refuse none");
        camera.order("unplug");
        camera.order("replug");
        camera.wait_until_ready();
        let mut client = rig.client();
        rig.relay.wait_for("live");
        assert_eq!(rig.relay.poll().mode, "YUY2 640x480");
        rig.pictures(&mut client, 3);
        drop(client);
        rig.relay.wait_for("idle");
        rig.relay.quit();
        rig.assert_never_dark(&camera, monotonic_now());
    }
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_camera_that_lies_about_its_rate_stays_live_and_in_order() {
    let camera = Camera::plug("Wire", &["--isoc", "--formats", "yuyv"]);
    let mut rig = Rig::start(ISOC, &camera.source());
    camera.order("rate 5");
    let mut client = rig.client();
    rig.relay.wait_for("live");
    let began = Instant::now();
    let tally = rig.read_until(&mut client, |tally| tally.frames - tally.repeated >= 15);
    println!("REPORT 30 frames a second promised, 5 given: {tally} in {:?}", began.elapsed());
    assert_eq!(tally.backwards, 0, "{tally}");
    assert_eq!(rig.relay.poll().state, "live", "slow is not dead");
    eventually("it is told", || {
        rig.pictures(&mut client, 1);
        rig.relay.poll().shortfall.contains("promises 30 frames a second at 320x240 and gives 5")
    });
    rig.relay.quit();
    assert!(rig.relay.seen.iter().all(|line| !line.stuck), "{:#?}", rig.relay.seen);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn cut_and_garbage_jpegs_crash_nothing_and_the_picture_comes_back() {
    let camera = Camera::plug("Wire", &[JPEG.option, "--formats", "mjpg"]);
    let mut rig = Rig::start(JPEG, &camera.source());
    let mut client = rig.client();
    rig.relay.wait_for("live");
    let tally = rig.pictures(&mut client, 20);
    println!("REPORT MJPG 640x480: {tally}");
    assert_eq!(tally.backwards, 0, "{tally}");
    for fault in ["cut 3", "garbage 3"] {
        camera.order(fault);
        let before = camera.log().len();
        let tally = rig.pictures(&mut client, 2 * JPEG.rate);
        println!("REPORT {fault}: {tally}; {}", rig.relay.poll().reason);
        assert_eq!(tally.backwards, 0, "{fault}: {tally}");
        // A session that was ended and begun again would show on the wire.
        assert_eq!(camera.log().len(), before, "{fault} ended the session: {:#?}", rig.relay.seen);
        assert_eq!(rig.relay.poll().state, "live", "{fault}");
    }
    rig.relay.quit();
    rig.assert_never_dark(&camera, monotonic_now());
}
