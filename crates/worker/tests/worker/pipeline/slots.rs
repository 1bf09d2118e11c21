//! What is written into the slots, when, and with how many copies.

use lenscap_core::controls::{Origin, Saved, Value};
use lenscap_core::event::Step;
use lenscap_picture::format::PixelFormat::{I420, Nv12, Yuy2};
use lenscap_worker_rig::{Rig, format};

use super::{luma, rig, white};
use crate::has;

#[test]
fn the_test_source_fills_the_slots_in_rotation_without_copies() {
    if !has("the_test_source_fills_the_slots", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    for format in [format(Yuy2, 640, 480, 30), format(Nv12, 322, 242, 60), format(I420, 1280, 720, 30)] {
        let mut rig = rig("test", format);
        rig.keep = true;
        rig.rotation = (2, 4);
        rig.until("warm", |rig| rig.warm);
        assert!(rig.started.is_none(), "the camera was touched before the start");
        rig.run(20);
        assert_eq!(rig.step, Some(Step::Streaming), "every step of the start is told");
        let slots: Vec<u32> = rig.frames.iter().map(|frame| frame.slot).collect();
        let expected: Vec<u32> = (2..).map(|i| i % 4).take(slots.len()).collect();
        assert_eq!(slots, expected, "{format}");
        assert!(rig.frames.is_sorted_by_key(|frame| frame.timestamp), "{format}");
        assert!(rig.frames.windows(2).any(|pair| pair[0].picture != pair[1].picture), "{format}: it does not move");
        assert!(rig.frames.iter().all(|frame| frame.picture.iter().any(|byte| *byte > 100)), "{format}: no picture");
        let (camera, caps) = rig.started.clone().unwrap();
        assert_eq!(camera, "Test picture");
        assert!(caps.contains(&format!("width=(int){}", format.width)), "{caps}");
        let stats = rig.stop();
        // The first frame is made before the gate is open.
        assert!(stats.copies <= 2, "{format}: {stats:?}");
        assert!(stats.frames >= 20, "{format}: {stats:?}");
    }
}

#[test]
fn a_conversion_writes_into_the_slots_and_copies_nothing() {
    if !has("a_conversion_writes_into_the_slots", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    let format = format(Yuy2, 640, 480, 30);
    let mut rig = rig(&white(320, 240), format);
    rig.keep = true;
    rig.run(20);
    let picture = &rig.frames[10].picture;
    for (x, y) in [(0, 0), (639, 0), (0, 479), (639, 479), (320, 240)] {
        assert!(luma(picture, &format, x, y) > 225, "({x}, {y}) is not white");
    }
    let slots: Vec<u32> = rig.frames.iter().map(|frame| frame.slot).collect();
    assert!(slots.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 4), "{slots:?}");
    let stats = rig.stop();
    // The first frame was converted before the gate was open.
    assert!(stats.copies <= 1, "{stats:?}");
}

#[test]
fn the_mode_is_told_before_the_first_frame() {
    if !has("the_mode_is_told", &["videotestsrc", "jpegenc", "jpegdec", "videoconvertscale"]) {
        return;
    }
    let mut rig = rig("test", format(Yuy2, 640, 480, 30));
    rig.run(1);
    let mode = rig.modes[0].clone();
    assert_eq!((mode.format.as_str(), mode.width, mode.height, mode.millihertz), ("YUY2", 640, 480, 30_000));
    assert_eq!((mode.asked_width, mode.asked_height, mode.asked_rate), (640, 480, 30));
    assert_eq!((mode.buffers, mode.decoder, mode.shortfall), (None, None, None));
    rig.stop();
    let source = "pipeline:videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=15/1 ! jpegenc";
    let mut rig = self::rig(source, format(Yuy2, 640, 480, 30));
    rig.run(1);
    assert_eq!(rig.modes[0].to_string(), "MJPG 320x240@15");
    assert_eq!(rig.modes[0].decoder.as_deref(), Some("jpegdec"));
    rig.stop();
}

#[test]
fn pictures_that_need_no_conversion_are_copied_once() {
    if !has("pictures_that_need_no_conversion", &["videotestsrc", "videoconvertscale", "identity"]) {
        return;
    }
    // Odd strides: GStreamer pads NV12 rows of 322 bytes to 324, the slots do not. The identity keeps our memory from
    // the source, as a camera's driver does.
    for format in [format(Nv12, 322, 240, 30), format(I420, 322, 242, 30), format(Yuy2, 322, 242, 30)] {
        let source = format!(
            "pipeline:videotestsrc is-live=true pattern=gradient ! video/x-raw,format={},width={},height={},\
             framerate=30/1 ! identity drop-allocation=true",
            format.pixel_format, format.width, format.height
        );
        let mut rig = rig(&source, format);
        rig.keep = true;
        rig.run(10);
        // The gradient is dark at the top, and each row is of one brightness: strides are right when rows are even.
        let picture = &rig.frames[5].picture;
        let step = if format.pixel_format == Yuy2 { 2 } else { 1 };
        let rows: Vec<(u8, u8)> = picture[..(format.bytes_per_line() * format.height) as usize]
            .chunks(format.bytes_per_line() as usize)
            .map(|row| {
                let lumas = row.iter().step_by(step);
                (*lumas.clone().min().unwrap(), *lumas.max().unwrap())
            })
            .collect();
        assert!(rows.iter().all(|(least, most)| least == most), "{format}: {rows:?}");
        assert!(rows[0].0.abs_diff(rows[rows.len() - 1].0) > 100, "{format}: {rows:?}");
        let stats = rig.stop();
        assert_eq!(stats.copies, stats.frames, "{format}: {stats:?}");
    }
}

#[test]
fn nothing_is_written_while_the_gate_is_closed() {
    if !has("nothing_is_written_while_the_gate_is_closed", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    let mut rig = rig("test", format(Yuy2, 320, 240, 30));
    rig.grant = false;
    rig.host.start();
    rig.until("started", |rig| rig.started.is_some());
    assert!((0..4).all(|slot| rig.slots.picture(slot).iter().all(|byte| *byte == 0)));
    rig.host.grant(1, 3);
    rig.until("frames", |rig| rig.frames.len() >= 5);
    assert_eq!(rig.frames[0].slot, 1, "the first frame waited for the gate");
    rig.host.revoke();
    rig.host.grant(0, 2);
    let before = rig.frames.len();
    rig.until("frames", |rig| rig.frames.len() >= before + 4);
    let slots: Vec<u32> = rig.frames[before..].iter().map(|frame| frame.slot).take(4).collect();
    assert_eq!(slots, [0, 1, 0, 1]);
    assert!(rig.slots.picture(3).iter().all(|byte| *byte == 0), "a slot outside the rotation was written to");
    rig.stop();
}

#[test]
fn private_slots_and_the_devices_take_turns_and_their_memory_goes_back() {
    if !has("private_slots_and_the_devices_take_turns", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    let format = format(Yuy2, 320, 240, 30);
    let mut rig = rig("test", format);
    (rig.grant, rig.keep) = (false, true);
    rig.host.start();
    rig.until("started", |rig| rig.started.is_some());
    let more = |rig: &mut Rig, count: usize| {
        let before = rig.frames.len();
        rig.until("frames", |rig| rig.frames.len() >= before + count);
        assert!(rig.frames[before..].iter().all(|frame| frame.picture.iter().any(|byte| *byte > 100)), "no picture");
        rig.frames[before..].iter().map(|frame| frame.slot).take(count).collect::<Vec<u32>>()
    };
    rig.host.grant_private();
    assert_eq!(more(&mut rig, 5), [4, 5, 6, 4, 5]);
    assert!((0..4).all(|slot| rig.slots.picture(slot).iter().all(|byte| *byte == 0)), "the device's were written to");
    rig.host.grant(2, 4);
    assert_eq!(more(&mut rig, 4), [2, 3, 0, 1]);
    let private = (4..7).map(|slot| rig.host.private_picture(slot).unwrap());
    // One may have been in the making.
    assert!(private.filter(|picture| picture.iter().any(|byte| *byte != 0)).count() <= 1, "the memory is kept");
    rig.host.grant_private();
    assert_eq!(more(&mut rig, 2), [4, 5]);
    assert!(rig.frames.is_sorted_by_key(|frame| frame.timestamp));
    assert!(rig.host.private_picture(3).is_none() && rig.host.private_picture(7).is_none());
    let stats = rig.stop();
    // The first frame of all, and one for each time that the slots are others while it is made.
    assert!(stats.copies <= 4, "{stats:?}");
}

#[test]
fn what_the_camera_lacks_is_done_on_the_picture_from_the_first_frame_on_or_live() {
    let name = "what_the_camera_lacks_is_done_on_the_picture";
    if !has(name, &["videotestsrc", "videoconvertscale", "videobalance"]) {
        return;
    }
    let source = "pipeline:videotestsrc is-live=true pattern=solid-color foreground-color=0xff405060 ! \
                  video/x-raw,format=YUY2,width=320,height=240,framerate=30/1";
    let saved = |values: &[(&str, i64)]| {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), Value::Integer(*value)));
        Saved::from([("pipeline".to_owned(), values.collect())])
    };
    let luma = |rig: &Rig| rig.frames.last().map_or(0, |frame| frame.picture[0]);
    for is_live in [false, true] {
        let mut rig = rig(source, format(Yuy2, 320, 240, 30));
        rig.keep = true;
        if is_live {
            rig.run(3);
            let before = luma(&rig);
            assert!((70..90).contains(&before), "neutral: {before}");
            rig.until("controls", |rig| rig.controls.is_some());
            let list = rig.controls.clone().unwrap();
            assert_eq!(list.controls.len(), 4);
            assert!(list.controls.iter().all(|control| control.origin == Origin::Software));
            rig.host.set_controls(&saved(&[("brightness", 40)]));
            rig.until("brighter", |rig| luma(rig) > before + 80);
        } else {
            rig.host.set_controls(&saved(&[("brightness", 40)]));
            rig.run(1);
            assert!(luma(&rig) > 150, "the first frame has {}", luma(&rig));
        }
        // The next value needs no other pipeline; and what is no longer saved is neutral.
        rig.host.set_controls(&saved(&[("saturation", -100)]));
        rig.until("grey", |rig| {
            let picture = &rig.frames.last().unwrap().picture;
            luma(rig) < 90 && picture[1].abs_diff(128) <= 1 && picture[3].abs_diff(128) <= 1
        });
        rig.host.set_controls(&saved(&[]));
        rig.until("as it was", |rig| rig.frames.last().unwrap().picture[1].abs_diff(128) > 5);
        rig.stop();
    }
}
