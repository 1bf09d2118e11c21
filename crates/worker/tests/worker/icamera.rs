//! The real worker with a stand-in for Intel's icamerasrc (tests/fixtures/icamerasrc), which also fails on order.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;

use gst::prelude::*;
use lenscap_core::controls::{Allowed, CameraControls, ControlTrouble, Kind, Origin, Range, Saved, Value, Values};
use lenscap_core::source::SourceTrouble;
use lenscap_core::trouble::cameras::ReadTrouble;
use lenscap_core::trouble::{Trouble, TroubleKind};
use lenscap_picture::format::PixelFormat::{Nv12, Yuy2};
use lenscap_picture::format::VideoFormat;
use lenscap_test_support::programs::target_dir;
use lenscap_worker_rig::{Rig, format, worker};

/// A folder with nothing but the plugin, and a registry of its own; `None` when the plugin was not built.
fn plugin(test: &str) -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<tempfile::TempDir>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let library = target_dir().join("libgsticamerasrc.so");
        library.exists().then(|| {
            let folder = tempfile::tempdir().unwrap();
            // A copy: behind a link it would be outside of what the sandbox lets the worker read.
            std::fs::copy(&library, folder.path().join("libgsticamerasrc.so")).unwrap();
            folder
        })
    });
    if folder.is_none() {
        println!("SKIP {test}: the stand-in is not built; run \"cargo build --workspace\" first");
    }
    folder.as_ref().map(tempfile::TempDir::path)
}

fn rig(folder: &Path, source: &str, format: VideoFormat, fault: &str) -> Rig {
    let path = folder.to_str().unwrap();
    let registry = folder.join("registry.bin");
    let environment =
        [("GST_PLUGIN_PATH", path), ("GST_REGISTRY", registry.to_str().unwrap()), ("LENSCAP_ICAMERA_FAULT", fault)];
    Rig::spawn(&worker(), source, format, &environment)
}

#[test]
fn every_activation_has_a_process_of_its_own() {
    let Some(folder) = plugin("every_activation_has_a_process_of_its_own") else { return };
    // The library would crash when it is used twice in one process.
    for source in ["icamera", "icamera:ov13b10-wf", "auto"] {
        let mut rig = rig(folder, source, format(Nv12, 640, 480, 30), "second-start");
        rig.keep = true;
        rig.run(10);
        let (camera, caps) = rig.started.clone().unwrap();
        assert_eq!(camera, if source.contains(':') { "OV13B10" } else { "OV01A10" });
        assert!(caps.contains("NV12") && caps.contains("width=(int)640"), "{caps}");
        let picture = &rig.frames[9].picture;
        assert!(picture[0] >= 64 && picture.iter().all(|byte| *byte == picture[0]));
        let stats = rig.stop();
        assert_eq!(stats.copies, stats.frames, "its buffers are its own: {stats:?}");
    }
}

#[test]
fn its_cameras_are_listed_without_starting_one() {
    let Some(folder) = plugin("its_cameras_are_listed_without_starting_one") else { return };
    let listed = std::process::Command::new(worker())
        .args(["--list-cameras", "icamera"])
        .envs([("GST_PLUGIN_PATH", folder), ("GST_REGISTRY", &folder.join("list-registry.bin"))])
        // Whoever starts it crashes.
        .env("LENSCAP_ICAMERA_FAULT", "crash-start")
        .output()
        .unwrap();
    assert!(listed.status.success(), "{listed:?}");
    let report: lenscap_cameras::vendors::Report = serde_json::from_slice(&listed.stdout).unwrap();
    let cameras: Vec<_> = report.cameras.iter().map(|camera| (camera.id.as_str(), camera.name.as_str())).collect();
    assert_eq!(cameras, [("ov01a10-uf", "OV01A10"), ("ov13b10-wf", "OV13B10")]);
    assert_eq!(report.cameras[0].location, Some(lenscap_core::location::Location::Front));
    assert_eq!(lenscap_cameras::modes::native(&report.cameras[0].formats), Some((1280, 720)));
}

#[test]
fn the_stand_in_refuses_a_second_start_in_one_process() {
    let Some(folder) = plugin("the_stand_in_refuses_a_second_start") else { return };
    gst::init().unwrap();
    gst::Plugin::load_file(folder.join("libgsticamerasrc.so")).unwrap();
    let start = || {
        let source = gst::ElementFactory::make("icamerasrc").build().unwrap();
        let started = source.set_state(gst::State::Paused).is_ok();
        source.set_state(gst::State::Null).unwrap();
        started
    };
    assert_eq!([start(), start()], [true, false]);
}

#[test]
fn another_size_is_converted_into_the_slots() {
    let Some(folder) = plugin("another_size_is_converted") else { return };
    let mut rig = rig(folder, "icamera", format(Yuy2, 960, 540, 30), "");
    rig.run(10);
    assert!(rig.started.clone().unwrap().1.contains("width=(int)1280"), "{:?}", rig.started);
    assert!(rig.stop().copies <= 1);
}

#[test]
fn a_device_it_does_not_have_is_a_matter_of_settings() {
    let Some(folder) = plugin("a_device_it_does_not_have") else { return };
    let mut rig = rig(folder, "icamera:nonsense", format(Nv12, 640, 480, 30), "");
    rig.host.start();
    assert_eq!(rig.end(), None);
    let reason = rig.failed.unwrap();
    assert_eq!(reason.kind(), TroubleKind::Setup);
    assert!(
        matches!(&reason, Trouble::PropertyRefused { property, value, .. }
            if &**property == "device-name" && &**value == "nonsense"),
        "{reason:?}"
    );
}

#[test]
fn a_crash_at_the_start_is_told_in_the_librarys_words() {
    let Some(folder) = plugin("a_crash_at_the_start") else { return };
    let mut rig = rig(folder, "icamera", format(Nv12, 640, 480, 30), "crash-start");
    rig.host.start();
    let reason = rig.end().expect("a reason");
    assert_eq!(reason.kind(), TroubleKind::Crash);
    // The properties arrived: buffer-count is the rig's.
    assert!(
        matches!(&reason, Trouble::WorkerCrashed { signal: Some(6), last_words: Some(words), .. }
            if words.as_str().starts_with("CamHAL[ERR] cannot start ov01a10-uf with 4 buffers")),
        "{reason:?}"
    );
}

#[test]
fn a_crash_while_streaming_leaves_the_frames_before_it() {
    let Some(folder) = plugin("a_crash_while_streaming") else { return };
    let mut rig = rig(folder, "icamera", format(Nv12, 640, 480, 30), "crash-after=5");
    rig.host.start();
    let reason = rig.end().expect("a reason");
    assert!(
        matches!(&reason, Trouble::WorkerCrashed { last_words: Some(words), .. } if words.as_str().contains("PSYS error")),
        "{reason:?}"
    );
    assert_eq!(rig.frames.len(), 5);
}

#[test]
fn a_camera_without_frames_is_not_called_started_and_stops_in_order() {
    let Some(folder) = plugin("a_camera_without_frames") else { return };
    let mut rig = rig(folder, "icamera", format(Nv12, 640, 480, 30), "no-frames");
    rig.until("warm", |rig| rig.warm);
    rig.host.start();
    let stats = rig.stop();
    assert!(rig.started.is_none());
    assert_eq!(stats.frames, 0);
}

#[test]
fn a_library_that_hangs_in_stop_is_killed() {
    let Some(folder) = plugin("a_library_that_hangs_in_stop") else { return };
    let mut rig = rig(folder, "icamera", format(Nv12, 640, 480, 30), "hang-stop");
    rig.run(5);
    rig.host.stop(Instant::now());
    assert_eq!(rig.end(), None);
    assert!(!rig.stopped, "nobody confirmed that the camera is off");
}

#[test]
fn its_controls_are_listed_set_before_the_first_frame_and_live() {
    let Some(folder) = plugin("its_controls_are_listed") else { return };
    // "icamera:NICK" is the camera's key whether it was asked for by name or not.
    let saved = Saved::from([
        ("icamera:ov01a10-uf".into(), Values::from([("brightness".into(), Value::Integer(100))])),
        ("icamera:ov13b10-wf".into(), Values::from([("brightness".into(), Value::Integer(-100))])),
    ]);
    let mut rig = rig(folder, "icamera", format(Nv12, 640, 480, 30), "");
    rig.host.set_controls(&saved);
    rig.keep = true;
    rig.run(3);
    // Between 64 and 192 without it.
    assert!(rig.frames[0].picture[0] >= 164, "the first frame has {}", rig.frames[0].picture[0]);
    rig.until("controls", |rig| rig.controls.is_some());
    let list = rig.controls.clone().unwrap();
    assert_eq!(list.camera, "icamera:ov01a10-uf");
    let brightness = list.find("brightness").unwrap();
    assert_eq!(brightness.value, Some(Value::Integer(100)));
    assert_eq!(brightness.range, Range::Whole { min: -128, max: 127, step: 1 });
    assert_eq!(brightness.origin, Origin::Camera, "the camera has it");
    assert_eq!(list.find("ae_mode").unwrap().parse("manual"), Ok(Value::Integer(1)));
    assert_eq!(list.find("gain").unwrap().kind, Kind::Real);
    assert!(list.find("device_name").is_err() && list.find("buffer_count").is_err());
    assert!(list.controls.iter().all(|control| control.origin == Origin::Camera), "nothing is left for software");

    // Live; what is no longer saved goes back, what cannot work is told and the rest goes on.
    let values = Values::from([("hue".into(), Value::Integer(900)), ("gain".into(), Value::Real(1.5))]);
    rig.host.set_controls(&Saved::from([("icamera:ov01a10-uf".into(), values)]));
    rig.until("as before", |rig| rig.frames.last().is_some_and(|frame| frame.picture[0] < 100));
    rig.until("news", |rig| rig.controls.as_ref().is_some_and(|list| !list.problems.is_empty()));
    let list = rig.controls.clone().unwrap();
    let allowed = Allowed::Whole { min: -128, max: 127 };
    let wrong = ControlTrouble::Wrong { control: "hue".into(), value: "900".into(), allowed };
    assert_eq!(list.problems, [wrong]);
    assert_eq!(list.find("gain").unwrap().value, Some(Value::Real(1.5)));
    assert_eq!(list.find("brightness").unwrap().value, Some(Value::Integer(0)));
    rig.stop();
}

#[test]
fn its_controls_are_read_without_starting_it() {
    let Some(folder) = plugin("its_controls_are_read") else { return };
    let list = |arguments: &[&str]| {
        let output = std::process::Command::new(worker())
            .arg("--controls")
            .args(arguments)
            .env("GST_PLUGIN_PATH", folder)
            .env("GST_REGISTRY", folder.join("registry.bin"))
            // The library would crash.
            .env("LENSCAP_ICAMERA_FAULT", "crash-start")
            .output()
            .unwrap();
        serde_json::from_slice::<Result<CameraControls, ReadTrouble>>(&output.stdout).unwrap()
    };
    let found = list(&["icamera:ov13b10-wf"]).unwrap();
    assert_eq!(found.camera, "icamera:ov13b10-wf");
    assert_eq!(found.find("contrast").unwrap().value, Some(Value::Integer(0)));
    let set = list(&["auto", "--set", "contrast", "-5"]).unwrap();
    assert_eq!(set.find("contrast").unwrap().value, Some(Value::Integer(-5)));
    let trouble = |arguments: &[&str]| list(arguments).unwrap_err();
    let control = |set| trouble(&["icamera", "--set", set, "500"]);
    let allowed = Allowed::Whole { min: -128, max: 127 };
    let wrong = ControlTrouble::Wrong { control: "contrast".into(), value: "500".into(), allowed };
    assert_eq!(control("contrast"), ReadTrouble::Control(wrong));
    let unknown = ControlTrouble::Unknown { key: "contrasd".into(), near: vec!["contrast".into()] };
    assert_eq!(control("contrasd"), ReadTrouble::Control(unknown));
    let missing = trouble(&["v4l2:/dev/no-such-camera"]);
    assert!(
        matches!(&missing, ReadTrouble::Camera(Trouble::CameraMissing { camera, .. })
            if &**camera == "/dev/no-such-camera"),
        "{missing:?}"
    );
    let unknown = SourceTrouble::Unknown { text: "nonsense".into() };
    assert_eq!(trouble(&["nonsense"]), ReadTrouble::Source(unknown));
}
