//! The real worker with a V4L2 camera: the kernel's test driver vivid, as `/dev/video20`. No loopback takes part.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::process::Command;

use lenscap_cameras::modes;
use lenscap_core::mode::ModeShortfall;
use lenscap_core::trouble::TroubleKind;
use lenscap_picture::format::PixelFormat::{Nv12, Yuy2};
use lenscap_picture::format::VideoFormat;
use lenscap_sys::v4l2::{self, BufType};
use lenscap_worker_rig::{Rig, format, worker};

const CAMERA: &str = "/dev/video20";

fn rig(source: &str, format: VideoFormat) -> Rig {
    Rig::spawn(&worker(), source, format, &[])
}

fn vivid() -> Rig {
    rig(&format!("v4l2:{CAMERA}"), format(Yuy2, 640, 480, 25))
}

/// A program that uses the camera.
fn occupy() -> File {
    let file = OpenOptions::new().read(true).write(true).open(CAMERA).unwrap();
    v4l2::request_buffers(&file, BufType::Capture, 2).unwrap();
    file
}

fn control(setting: &str) {
    let status = Command::new("v4l2-ctl").args(["-d", CAMERA, "--set-ctrl", setting]).status().unwrap();
    assert!(status.success());
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_camera_of_the_promised_format_is_copied_once() {
    control("horizontal_movement=5");
    let mut rig = vivid();
    rig.keep = true;
    rig.until("warm", |rig| rig.warm);
    drop(occupy());
    rig.run(20);
    let (camera, caps) = rig.started.clone().unwrap();
    assert!(camera.contains("vivid"), "{camera}");
    assert!(caps.contains("YUY2") && caps.contains("framerate=(fraction)25/1"), "{caps}");
    let slots: Vec<u32> = rig.frames.iter().map(|frame| frame.slot).collect();
    assert!(slots.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 4), "{slots:?}");
    assert!(rig.frames.windows(2).all(|pair| pair[0].timestamp < pair[1].timestamp));
    assert!(rig.frames.windows(2).any(|pair| pair[0].picture != pair[1].picture));
    // vivid's colour bars reach from the top to the bottom: nothing was squeezed.
    assert!([0, 320, 639].iter().any(|x| rig.frames[5].picture[x * 2] > 60));
    let stats = rig.stop();
    assert_eq!(stats.copies, stats.frames, "{stats:?}");
    drop(occupy());
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_camera_of_another_format_is_converted_into_the_slots() {
    for format in [format(Nv12, 320, 240, 15), format(Yuy2, 800, 600, 25)] {
        let mut rig = rig(&format!("v4l2:{CAMERA}"), format);
        rig.run(10);
        let stats = rig.stop();
        assert!(stats.copies <= 1, "{format}: {stats:?} from {:?}", rig.started);
    }
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn auto_finds_the_camera_and_not_the_loopback() {
    let mut rig = rig("auto", format(Yuy2, 640, 480, 25));
    rig.run(3);
    assert!(rig.started.clone().unwrap().0.contains("vivid"), "{:?}", rig.started);
    rig.stop();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_camera_in_use_is_busy() {
    let other = occupy();
    for source in [format!("v4l2:{CAMERA}"), "auto".into()] {
        let mut rig = rig(&source, format(Yuy2, 640, 480, 25));
        rig.host.start();
        assert_eq!(rig.end(), None);
        let reason = rig.failed.unwrap();
        assert_eq!(reason.kind(), TroubleKind::Busy, "{source}: {reason:?}");
    }
    drop(other);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_camera_that_goes_away_is_missing() {
    let mut rig = vivid();
    rig.run(5);
    control("disconnect=1");
    assert_eq!(rig.end(), None);
    let reason = rig.failed.unwrap();
    assert_eq!(reason.kind(), TroubleKind::Missing, "{reason:?}");
    assert!(Path::new(CAMERA).exists());
    let mut rig = vivid();
    rig.run(5);
    rig.stop();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn errors_of_the_camera_are_reasons_and_not_hangs() {
    let mut rig = vivid();
    rig.run(5);
    control("inject_fatal_streaming_error=1");
    assert_eq!(rig.end(), None);
    // Never a matter of the settings: that would not be tried again.
    assert_eq!(rig.failed.clone().unwrap().kind(), TroubleKind::Other, "{:?}", rig.failed);
    control("inject_vidioc_streamon_error=1");
    let mut rig = vivid();
    rig.host.start();
    assert_eq!(rig.end(), None);
    // Never a matter of the settings: that would not be tried again.
    assert_eq!(rig.failed.clone().unwrap().kind(), TroubleKind::Other, "{:?}", rig.failed);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_camera_gives_the_buffers_that_are_asked_for() {
    for buffers in [1, 2, 3, 7, 16] {
        let source = format!("v4l2:{CAMERA}");
        let orientation = Default::default();
        let format = format(Yuy2, 320, 180, 30);
        let mut rig = Rig::try_spawn_buffered(&worker(), &source, format, orientation, buffers, &[]).unwrap();
        rig.run(5);
        let mode = rig.modes[0].clone();
        // v4l2src needs two, and vivid too.
        assert_eq!((mode.asked_buffers, mode.buffers), (Some(buffers), Some(buffers.max(2))), "{mode:?}");
        let open = std::fs::read_dir(format!("/proc/{}/fd", rig.host.pid())).unwrap().flatten();
        let mut open = open.filter_map(|fd| std::fs::read_link(fd.path()).ok());
        assert!(
            !open.any(|to| to.starts_with("/dmabuf")),
            "its memory would be mapped anew for each look at a picture"
        );
        assert_eq!(rig.failed, None);
        rig.stop();
    }
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn what_the_camera_cannot_do_is_said() {
    // Which sizes are slow depends on the kernel's version.
    let formats = modes::ask(Path::new(CAMERA)).expect("formats").formats;
    let highest = |size| modes::rates(&formats, size).into_iter().fold(0.0, f64::max);
    let (fast, slow): (Vec<_>, Vec<_>) = modes::sizes(&formats).into_iter().partition(|size| highest(*size) >= 30.0);
    let area = |(width, height): &(u32, u32)| width * height;
    let (slow, fast) =
        (slow.into_iter().min_by_key(area).expect("slow"), fast.into_iter().max_by_key(area).expect("fast"));
    let mut rig = rig(&format!("v4l2:{CAMERA}"), format(Yuy2, slow.0, slow.1, 30));
    rig.run(3);
    let mode = rig.modes[0].clone();
    let rate = highest(slow);
    assert_eq!((mode.to_string(), mode.asked_rate), (format!("YUY2 {}x{}@{rate}", slow.0, slow.1), 30));
    let lacks =
        |millihertz| ModeShortfall::SlowAtSize { size: slow.into(), millihertz, asked_rate: 30, fast: fast.into() };
    assert_eq!(mode.shortfall, Some(lacks(mode.millihertz)));
    rig.stop();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn frames_that_the_driver_marks_as_broken_are_counted_and_not_shown() {
    let mut rig = vivid();
    rig.run(5);
    for _ in 0..3 {
        let seen = rig.frames.len();
        control("inject_v4l2_buf_flag_error=1");
        rig.until("frames after the broken one", |rig| rig.frames.len() >= seen + 5);
    }
    assert_eq!(rig.failed, None);
    let stats = rig.stop();
    assert_eq!(stats.bad, 3, "{stats:?}");
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn frames_that_the_camera_numbers_and_does_not_give_are_counted_as_lost() {
    let mut rig = vivid();
    control("percentage_of_dropped_buffers=60");
    rig.run(20);
    control("percentage_of_dropped_buffers=0");
    let stats = rig.stop();
    assert!(stats.lost > 10, "{stats:?}");
}
