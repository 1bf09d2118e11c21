//! When a camera is on, and which of two.

use super::*;

fn foreign_client() -> Reaped {
    let mut command = Command::new("v4l2-ctl");
    Reaped(quiet(command.args(["-d", NODE, "--stream-mmap"])).spawn().expect("v4l2-ctl is installed"))
}

/// On with the client's STREAMON, off after cooldown, pause and turn-off.
fn on_only_while_somebody_may_see_it(mode: Mode) {
    let camera = Camera::plug("Wire", &[mode.option, "--formats", "yuyv"]);
    let mut rig = Rig::start(mode, &camera.source());

    // Looking at the node, and holding it open.
    let all = Command::new("v4l2-ctl").args(["-d", NODE, "--all"]).output().expect("v4l2-ctl");
    assert!(all.status.success());
    let mut client = Client::open(Path::new(NODE)).expect("open");
    eventually("the holder is seen", || rig.relay.poll().clients.iter().any(|client| client.contains("open")));
    assert!(camera.sessions().is_empty(), "on before anybody streams: {:#?}", camera.log());

    let asked = monotonic_now();
    client.stream(4).expect("STREAMON");
    rig.relay.wait_for("live");
    let tally = rig.pictures(&mut client, 2 * mode.rate);
    assert_eq!(tally.backwards, 0, "{tally}");
    println!("REPORT {}: {tally}", mode.option);
    assert!(camera.sessions()[0].0 > asked, "on before STREAMON: {:#?}", camera.log());

    let closed = monotonic_now();
    drop(client);
    rig.relay.wait_for("cooldown");
    let off = camera.wait_until_off();
    assert!(off >= closed + COOLDOWN, "off {:?} after the close: the cooldown is {COOLDOWN:?}", off - closed);
    println!("REPORT {}: off on the wire {:?} after the close and the cooldown", mode.option, off - closed - COOLDOWN);
    rig.relay.wait_for("idle");

    let mut client = rig.client();
    rig.relay.wait_for("live");
    assert_eq!(camera.sessions().len(), 2);
    rig.ask(r#"{"do":"pause"}"#);
    rig.relay.wait_for("paused");
    camera.wait_until_off();
    rig.cards(&mut client, 3);
    rig.ask(r#"{"do":"resume"}"#);
    rig.relay.wait_for("live");
    rig.pictures(&mut client, 3);

    rig.ask(r#"{"do":"turn-off"}"#);
    rig.relay.wait_for("blocked");
    camera.wait_until_off();
    rig.cards(&mut client, 3);
    assert_eq!(camera.sessions().len(), 3);
    drop(client);
    rig.relay.wait_for("idle");
    assert!(rig.relay.quit().success());
    rig.assert_never_dark(&camera, monotonic_now());
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn isochronous_is_on_only_while_somebody_may_see_it() {
    on_only_while_somebody_may_see_it(ISOC);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn bulk_is_on_only_while_somebody_may_see_it() {
    on_only_while_somebody_may_see_it(BULK);
}

/// Off on the wire whoever is killed.
fn off_whoever_is_killed(mode: Mode) {
    let camera = Camera::plug("Wire", &[mode.option, "--formats", "yuyv"]);
    let mut rig = Rig::start(mode, &camera.source());

    let mut victim = foreign_client();
    rig.relay.wait_for("live");
    victim.0.kill().expect("SIGKILL");
    camera.wait_until_off();
    rig.relay.wait_for("idle");

    let mut client = rig.client();
    rig.relay.wait_for("live");
    rig.pictures(&mut client, 3);
    let [worker] = rig.relay.workers()[..] else { panic!("one worker: {:?}", rig.relay.workers()) };
    kill(worker);
    rig.relay.wait_for_failure(&["driver crashed"]);
    rig.relay.wait_for("live");
    rig.pictures(&mut client, 3);
    let sessions = camera.sessions();
    assert_eq!(sessions.len(), 3, "{sessions:?}");
    assert!(sessions[1].1.is_some_and(|off| off < sessions[2].0), "off before it is on again: {sessions:?}");

    let killed = monotonic_now();
    rig.relay.kill();
    let off = camera.wait_until_off();
    println!("REPORT {}: off on the wire {:?} after the relay's SIGKILL", mode.option, off.saturating_sub(killed));
    rig.assert_never_dark(&camera, killed);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn isochronous_is_off_whoever_is_killed() {
    off_whoever_is_killed(ISOC);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn bulk_is_off_whoever_is_killed() {
    off_whoever_is_killed(BULK);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn of_two_identical_cameras_only_the_chosen_one_is_on() {
    // Told apart by the serial number; where that is the same, too, by the port.
    let by_path =
        |port: u32| PathBuf::from(format!("/dev/v4l/by-path/platform-vhci_hcd.0-usb-0:{}:1.0-video-index0", port + 1));
    let by_id = |serial: &str| PathBuf::from(format!("/dev/v4l/by-id/usb-Relay_Test_Bench_Twin_{serial}-video-index0"));
    for (serials, nodes) in [(["A", "B"], [by_id("A"), by_id("B")]), (["A", "A"], [by_path(0), by_path(1)])] {
        let [first, second] = [0, 1].map(|port: usize| {
            let number = port.to_string();
            let options =
                ["--isoc", "--product", "Twin", "--serial", serials[port], "--port", &number, "--formats", "yuyv"];
            Camera::plug_at(nodes[port].clone(), &options)
        });
        for (chosen, other) in [(&first, &second), (&second, &first)] {
            let others = other.sessions().len();
            let mut rig = Rig::start(ISOC, &chosen.source());
            let mut client = rig.client();
            rig.relay.wait_for("live");
            rig.pictures(&mut client, 3);
            assert!(chosen.is_on(), "{:#?}", chosen.log());
            assert_eq!(other.sessions().len(), others, "the other one was switched on: {:#?}", other.log());
            rig.relay.quit();
            assert!(!chosen.is_on());
            rig.assert_never_dark(chosen, monotonic_now());
        }
        drop((first, second));
        eventually("both are gone", || nodes.iter().all(|node| !node.exists()));
    }
}
