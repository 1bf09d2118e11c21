//! Frame rates, order and times of the frames.

use lenscap_core::mode::{FrameSize, ModeShortfall};
use lenscap_picture::format::PixelFormat::Yuy2;
use lenscap_worker_rig::format;

use super::rig;
use crate::has;

#[test]
fn a_source_that_lies_about_its_rate_is_found_out_once() {
    if !has("a_source_that_lies", &["videotestsrc", "capssetter", "identity", "videoconvertscale"]) {
        return;
    }
    // It numbers its frames as it promises and gives a third of them.
    let source = "pipeline:videotestsrc is-live=true ! video/x-raw,format=YUY2,width=64,height=48,framerate=10/1 ! \
                  capssetter caps=video/x-raw,framerate=30/1";
    let mut rig = rig(source, format(Yuy2, 64, 48, 30));
    rig.run(1);
    assert_eq!(rig.modes.len(), 1);
    rig.until("the truth", |rig| rig.modes.len() > 1);
    let mode = rig.modes[1].clone();
    assert!((9_000..11_000).contains(&mode.millihertz), "{mode:?}");
    assert!(
        matches!(
            mode.shortfall,
            Some(ModeShortfall::BelowPromise {
                size: FrameSize { width: 64, height: 48 },
                promised: 30_000,
                millihertz: 9_000..11_000,
            })
        ),
        "{mode:?}"
    );
    let frames = rig.frames.len();
    rig.until("more frames", |rig| rig.frames.len() > frames + 10);
    assert_eq!(rig.modes.len(), 2);
    rig.stop();
}

#[test]
fn a_queue_in_the_description_keeps_the_order() {
    if !has("a_queue_in_the_description", &["videotestsrc", "queue", "videoconvertscale"]) {
        return;
    }
    // The source renders into our memory and works ahead of the sink.
    let format = format(Yuy2, 640, 480, 60);
    let mut rig = rig("pipeline:videotestsrc is-live=true pattern=ball ! queue", format);
    rig.run(60);
    let slots: Vec<u32> = rig.frames.iter().map(|frame| frame.slot).collect();
    assert!(slots.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 4), "{slots:?}");
    assert!(rig.frames.is_sorted_by_key(|frame| frame.timestamp));
    let stats = rig.stop();
    assert!(stats.dropped * 4 < stats.frames, "{stats:?}");
}

#[test]
fn faster_sources_are_brought_down_to_the_promise() {
    if !has("faster_sources_are_brought_down", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    let source = "pipeline:videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=60/1";
    let mut rig = rig(source, format(Yuy2, 320, 240, 30));
    rig.run(30);
    // By the frames' own times, whatever the machine's load did to their arrival.
    let span = rig.frames[29].timestamp - rig.frames[0].timestamp;
    assert!(span.as_millis() >= 900, "30 frames in {span:?}");
    let stats = rig.stop();
    assert!(stats.skipped >= 25, "{stats:?}");
}

#[test]
fn sources_that_are_not_live_are_paced_by_the_clock() {
    if !has("sources_that_are_not_live", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    let source = "pipeline:videotestsrc ! video/x-raw,width=320,height=240,framerate=30/1";
    let mut rig = rig(source, format(Yuy2, 320, 240, 30));
    rig.run(30);
    let span = rig.frames[29].timestamp - rig.frames[0].timestamp;
    assert!(span.as_millis() >= 900, "30 frames in {span:?}");
    let stats = rig.stop();
    // A busy machine makes it catch up in bursts; without a pace it would be thousands.
    assert!(stats.skipped <= stats.frames, "{stats:?}");
}

#[test]
fn timestamps_are_of_the_monotonic_clock() {
    if !has("timestamps_are_of_the_monotonic_clock", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    let before = lenscap_sys::clock::monotonic_now();
    let mut rig = rig("test", format(Yuy2, 320, 240, 30));
    rig.run(5);
    let after = lenscap_sys::clock::monotonic_now();
    assert!(rig.frames.iter().all(|frame| frame.timestamp > before && frame.timestamp < after));
    rig.stop();
}
