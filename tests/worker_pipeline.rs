//! The real worker with real GStreamer pipelines and no camera. A test whose elements are not installed says so.

mod worker_rig;

use lenscap::frame::format::PixelFormat::{I420, Nv12, Yuy2};
use lenscap::frame::format::VideoFormat;
use worker_rig::{Rig, format, worker};

/// Whether every element is installed; says which one is not.
fn has(test: &str, elements: &[&str]) -> bool {
    gst::init().unwrap();
    match elements.iter().find(|name| gst::ElementFactory::find(name).is_none()) {
        Some(missing) => {
            eprintln!("SKIPPED {test}: the element {missing} is not installed");
            false
        }
        None => true,
    }
}

fn rig(source: &str, format: VideoFormat) -> Rig {
    Rig::spawn(&worker(), source, format, &[])
}

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
