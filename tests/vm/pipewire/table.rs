//! A row for each program: {listed once, moving pictures, the indicator names it, off after}, as a line "REPORT".

use super::*;
use crate::machine::{command, output_of};

/// One row. `listed`: how often the program's own list has Lenscap.
fn row(desk: &mut Desk, program: &str, name: &str, listed: usize, start: impl FnOnce(&Desk) -> Reader) {
    assert_eq!(listed, 1, "{program}: listed once");
    let before = desk.camera.sessions().len();
    assert!(!desk.camera.is_on(), "{program}: off before");
    let reader = start(desk);
    let live = desk.relay.wait_for("live");
    assert!(live.live, "{program}: the indicator is lit");
    reader.moves(program);
    eventually("it is named", || desk.names(name, reader.pid()));
    assert_eq!(desk.camera.sessions().len(), before + 1);
    let (card, camera) = reader.first();
    let since = monotonic_now();
    drop(reader);
    let off = desk.camera.wait_until_off() - since;
    desk.until_idle_and_off();
    println!(
        "REPORT {program}: listed once, moving, named, off after {off:.2?}; first picture {card:.2?}, camera {camera:.2?}"
    );
}

fn lines_with_label(text: &str) -> usize {
    text.lines().filter(|line| line.contains(LABEL)).count()
}

/// In one session, which takes an emulated machine longer to start than they take.
#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn v4l2_ctl_and_ffmpeg_and_v4l2src() {
    let Some(mut desk) = Desk::new("v4l2_ctl_and_ffmpeg_and_v4l2src") else { return };
    let devices = lines_with_label(&output_of(&mut command("v4l2-ctl --list-devices")));
    row(&mut desk, "v4l2-ctl", "v4l2-ctl", devices, |_| readers::v4l2_ctl());

    let sources = lines_with_label(&output_of(&mut command("ffmpeg -hide_banner -loglevel error -sources v4l2")));
    let line = format!("ffmpeg -hide_banner -loglevel error -f v4l2 -i {NODE} -c copy -f rawvideo -");
    row(&mut desk, "ffmpeg", "ffmpeg", sources, |_| Reader::spawn(&mut command(&line)));

    // GStreamer's own list is the kernel's devices, too.
    let line = format!("gst-launch-1.0 -q v4l2src device={NODE} ! video/x-raw ! fdsink sync=false");
    row(&mut desk, "v4l2src", "gst-launch-1.0", devices, |_| Reader::spawn(&mut command(&line)));
    desk.relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn pipewiresrc_in_both_login_orders() {
    let Some(mut desk) = Desk::new("pipewiresrc_in_both_login_orders") else { return };
    assert_eq!(desk.listed(), [NAME]);
    assert!(desk.camera.sessions().is_empty(), "looking is no use: {:#?}", desk.camera.log());
    row(&mut desk, "pipewiresrc, session manager before relay", "gst-launch-1.0", 1, Desk::reader);
    desk.restart_server();
    let listed = desk.listed();
    assert_eq!(listed, [NAME]);
    row(&mut desk, "pipewiresrc, relay before session manager", "gst-launch-1.0", listed.len(), Desk::reader);
    desk.relay.quit();
}
