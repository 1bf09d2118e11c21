//! What a frame and a start cost, in counts that no busy machine changes.

use std::fs;

use lenscap_picture::format::PixelFormat::Yuy2;
use lenscap_worker_rig::{Rig, format};

use super::rig;
use crate::has;

/// How often each thread of the worker has waited for something so far, the main one first.
fn waits(rig: &Rig) -> Vec<u64> {
    let main = rig.host.pid().to_string();
    let count = |task: &str| -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{main}/task/{task}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
        line.trim().parse().ok()
    };
    let tasks = fs::read_dir(format!("/proc/{main}/task")).unwrap().flatten();
    let mut tasks: Vec<String> = tasks.map(|task| task.file_name().to_string_lossy().into_owned()).collect();
    tasks.sort_by_key(|task| (*task != main, task.clone()));
    tasks.iter().filter_map(|task| count(task)).collect()
}

/// Whether this library is loaded.
fn has_loaded(rig: &Rig, library: &str) -> bool {
    fs::read_to_string(format!("/proc/{}/maps", rig.host.pid())).unwrap().contains(library)
}

#[test]
fn a_frame_is_one_wait_and_one_message_and_leaves_the_main_thread_asleep() {
    if !has("a_frame_is_one_wait", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    const FRAMES: u64 = 60;
    for source in ["YUY2", "I420"] {
        let description = format!(
            "pipeline:videotestsrc is-live=true ! video/x-raw,format={source},width=320,height=240,framerate=60/1"
        );
        let mut rig = rig(&description, format(Yuy2, 320, 240, 60));
        // Controls are reported with the first frames.
        rig.run(20);
        let before = waits(&rig);
        let frames = rig.frames.len();
        let mut messages = 0;
        rig.until("frames", |rig| {
            messages += 1;
            rig.frames.len() >= frames + FRAMES as usize
        });
        let after = waits(&rig);
        assert_eq!(before.len(), after.len(), "{source}: threads");
        let counts: Vec<u64> = after.iter().zip(&before).map(|(after, before)| after - before).collect();
        assert!(counts[0] <= 2, "{source}: the main thread has nothing to do with frames: {counts:?}");
        // Each turn of the parent is a wake-up of its; the worker's life sign is one as well.
        assert!(messages <= FRAMES + FRAMES / 4, "{source}: {messages} wake-ups of the parent for {FRAMES} frames");
        // A little for the frames while the counts are read; a lock is hardly ever met. A parent that is kept from its work gives
        // no slot back in time: frames that found none are waited for as well.
        let all: u64 = counts.iter().sum();
        let dropped = rig.stop().dropped;
        assert!(
            all <= FRAMES + FRAMES / 4 + dropped,
            "{source}: {counts:?} waits for {FRAMES} frames, and {dropped} without a slot"
        );
    }
}

#[test]
fn whoever_waits_for_the_camera_does_not_wait_for_what_is_only_done_ahead() {
    if !has("whoever_waits_for_the_camera", &["videotestsrc", "videoconvertscale", "jpegdec"]) {
        return;
    }
    let mut warm = rig("test", format(Yuy2, 320, 240, 30));
    warm.until("loaded", |rig| rig.warm);
    assert!(has_loaded(&warm, "libgstjpeg"), "there was time");
    warm.run(1);
    warm.stop();
    let mut cold = rig("test", format(Yuy2, 320, 240, 30));
    cold.host.start();
    cold.until("the first picture", |rig| rig.started.is_some());
    assert!(cold.controls.is_none(), "controls came before the picture");
    assert!(!has_loaded(&cold, "libgstjpeg"), "the order to start came with the settings");
    // What could wait comes nevertheless.
    cold.until("controls", |rig| rig.controls.is_some());
    cold.stop();
}
