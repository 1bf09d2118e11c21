//! One program, several programs, programs of both worlds.

use super::*;
use crate::machine::command;

/// Streams from the loopback's node.
pub(super) fn v4l2_ctl() -> Reader {
    Reader::spawn(command(&format!("v4l2-ctl -d {NODE} --stream-mmap --stream-to=-")).stderr(Stdio::null()))
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_camera_is_on_while_a_program_reads_and_the_program_is_named() {
    let Some(mut desk) = Desk::new("the_camera_is_on_while_a_program_reads") else { return };
    assert!(desk.camera.sessions().is_empty(), "{:#?}", desk.camera.log());
    let formats = desk.session.path("formats");
    // Every change of the format is written down there.
    let script =
        "exec gst-launch-1.0 -v pipewiresrc target-object=lenscap ! video/x-raw ! fdsink fd=3 sync=false 3>&1 >\"$0\"";
    let reader = Reader::spawn(desk.session.command("sh").args(["-c", script]).arg(&formats));
    desk.relay.wait_for("live");
    reader.moves("it");
    assert!(desk.names("gst-launch-1.0", reader.pid()), "{:#?}", desk.relay.seen);
    let [(on, None)] = desk.camera.sessions()[..] else { panic!("{:#?}", desk.camera.log()) };
    assert!(on > reader.began, "on before anybody read");
    assert_eq!(reader.seen()[0].number, None, "a card comes first, at once");
    let formats = std::fs::read_to_string(&formats).expect("what it said");
    let of_source = formats.lines().filter(|line| line.contains("pipewiresrc0.GstPad:src: caps"));
    assert_eq!(of_source.count(), 1, "one format from card to camera: {formats}");
    let (card, camera) = reader.first();
    let since = monotonic_now();
    drop(reader);
    let off = desk.camera.wait_until_off();
    println!("REPORT exec to card {card:.2?}, to camera {camera:.2?}; off {:.2?} after its SIGKILL", off - since);
    desk.until_idle_and_off();
    desk.relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn pause_and_turn_off_hold_for_programs_in_pipewire() {
    let Some(mut desk) = Desk::new("pause_and_turn_off") else { return };
    let reader = desk.reader();
    desk.relay.wait_for("live");
    reader.moves("it");
    desk.ask("pause");
    desk.relay.wait_for("paused");
    desk.camera.wait_until_off();
    reader.has_card("a paused one");
    desk.ask("resume");
    desk.relay.wait_for("live");
    reader.moves("one that waited");
    desk.ask("turn-off");
    desk.relay.wait_for("blocked");
    desk.camera.wait_until_off();
    reader.has_card("one that was turned off");
    assert_eq!(desk.camera.sessions().len(), 2, "{:#?}", desk.camera.log());
    // It holds until nobody reads.
    drop(reader);
    desk.until_idle_and_off();
    let reader = desk.reader();
    desk.relay.wait_for("live");
    reader.moves("the next one");
    desk.relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn of_three_programs_one_that_is_killed_or_stands_still_harms_no_other() {
    let Some(mut desk) = Desk::new("of_three_programs") else { return };
    let v4l2 = v4l2_ctl();
    let [first, second] = [desk.reader(), desk.reader()];
    for (reader, what) in [(&v4l2, "v4l2-ctl"), (&first, "the first"), (&second, "the second")] {
        reader.moves(what);
    }
    eventually("all are named", || {
        desk.names("v4l2-ctl", v4l2.pid())
            && [&first, &second].iter().all(|reader| desk.names("gst-launch-1.0", reader.pid()))
    });
    first.signal("-STOP");
    v4l2.moves("v4l2-ctl beside one that stands still");
    second.moves("the second beside one that stands still");
    first.signal("-CONT");
    first.moves("one that goes on");
    drop(first);
    v4l2.moves("v4l2-ctl after a kill");
    second.moves("the second after a kill");
    drop(v4l2);
    second.moves("the last");
    let [(_, None)] = desk.camera.sessions()[..] else { panic!("it was off meanwhile: {:#?}", desk.camera.log()) };
    second.signal("-STOP");
    desk.relay.stays("live", Duration::from_secs(2));
    drop(second);
    desk.camera.wait_until_off();
    desk.until_idle_and_off();
    desk.relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_size_that_there_is_not_gives_no_pictures_and_harms_nothing() {
    let Some(mut desk) = Desk::new("a_size_that_there_is_not") else { return };
    let mut wrong = Reader::pipewire(&desk.session, "video/x-raw,width=1280,height=720");
    eventually("it has tried", || wrong.has_ended() || desk.session.has_reader());
    desk.relay.stays("idle", Duration::from_secs(2));
    assert!(desk.camera.sessions().is_empty(), "for nobody: {:#?}", desk.camera.log());
    let right = desk.reader();
    desk.relay.wait_for("live");
    right.moves("the right one");
    assert!(wrong.seen().is_empty());
    drop(right);
    desk.camera.wait_until_off();
    desk.until_idle_and_off();
    desk.relay.quit();
}
