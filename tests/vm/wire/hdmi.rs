//! A capture card, as far as vivid is one: its signal decides its size and rate.

use lenscap_test_support::vivid;

use super::*;

/// Reads frames until the picture has moved a few times.
fn moves(client: &mut Client) {
    let end = Instant::now() + DEADLINE;
    let (mut last, mut moved) = (None, 0);
    while moved < 3 {
        assert!(Instant::now() < end, "no moving picture");
        let Some(frame) = client.next(Duration::from_secs(10)).expect("DQBUF") else { continue };
        moved += u32::from(last.is_some_and(|last| last != frame.checksum));
        last = Some(frame.checksum);
    }
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn vivid_as_hdmi_input_is_shown_and_its_faults_at_the_start_are_survived() {
    // An input whose size and rate its signal decides.
    vivid::reload(&["input_types=3"]);
    let timings = "--set-dv-bt-timings=cvt,width=640,height=480,fps=60";
    assert!(Command::new("v4l2-ctl").args(["-d", "/dev/video20", timings]).status().expect("v4l2-ctl").success());
    vivid::set("osd_text_mode=2,horizontal_movement=5");

    let mut rig = Rig::start(Mode { option: "vivid", ..JPEG }, "v4l2:/dev/video20");
    let mut client = rig.client();
    rig.relay.wait_for("live");
    moves(&mut client);
    drop(client);
    rig.relay.wait_for("idle");
    for control in ["inject_vidioc_reqbufs_error", "inject_vidioc_qbuf_error", "inject_vidioc_streamon_error"] {
        vivid::set(&format!("{control}=1"));
        let mut client = rig.client();
        rig.relay.wait_for("live");
        let reasons: Vec<_> =
            rig.relay.seen.iter().filter(|line| line.state == "failed").map(|line| &line.reason).collect();
        println!("REPORT {control}: {:?}", reasons.last());
        assert!(reasons.iter().all(|reason| !reason.is_empty()), "{control}: no reason");
        moves(&mut client);
        drop(client);
        rig.relay.wait_for("idle");
    }
    rig.relay.quit();
}
