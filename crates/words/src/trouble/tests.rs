//! Troubles of each kind, and what is said of them.

use lenscap_text::Cause;

use super::*;

#[test]
fn whatever_the_camera_process_says_a_sentence_is_short() {
    let text = || "x".repeat(5000).into();
    let formats = (0..60_000).map(|_| "YUYV".into()).collect();
    for trouble in [
        Trouble::OnlyFormats { camera: text(), formats },
        Trouble::CameraFailed { camera: text(), cause: Cause::other("x".repeat(5000)) },
        Trouble::PropertyRefused { element: text(), property: text(), value: text() },
    ] {
        let said = sentence(&trouble);
        assert!(said.chars().count() <= lenscap_text::SENTENCE, "{said}");
    }
}

/// Code and sentence of each of [`every`].
const SAID: &[(&str, &str)] = &[
    ("going-to-sleep", "The computer is going to sleep."),
    ("session-locked", "The session is locked."),
    ("turned-off", "You turned the camera off while Zoom uses it: \"Allow Again\" or \"lenscap allow\" gives it back."),
    ("program-blocked", "Zoom is on the list of blocked programs: \"Allow Again\" or \"lenscap allow\" takes it off."),
    (
        "permission-awaited",
        "Zoom waits for your permission: answer in the menu or the window, or by \"lenscap allow\" or \"lenscap block\".",
    ),
    (
        "permission-unanswered",
        "Zoom asked for the camera and got no answer: \"Allow Once\" or \"lenscap allow\" still gives it.",
    ),
    ("device-sought", "The camera device is being looked for."),
    ("no-more-pictures", "The camera stopped giving pictures; starting it again."),
    ("stream-ended", "The camera's stream ended by itself; trying again."),
    ("worker-ended", "The camera process ended by itself; trying again."),
    (
        "start-overdue",
        "The camera process did not come up within 9 seconds: close programs that keep the computer busy.",
    ),
    (
        "start-overdue",
        "GStreamer did not load its plugins within 9 seconds: close programs that keep the computer busy.",
    ),
    (
        "start-overdue",
        "The camera could not be opened within 9 seconds: unplug it and plug it in again, or restart the computer.",
    ),
    (
        "start-overdue",
        "The camera was opened and did not begin to stream within 9 seconds: unplug it and plug it in again, or restart the computer.",
    ),
    ("start-overdue", "The camera streams and gave no picture within 9 seconds: check its cable or driver."),
    (
        "worker-does-not-end",
        "The camera process does not end, so the camera may still be on: unplug the camera or restart the computer.",
    ),
    (
        "worker-does-not-end",
        "The camera is off, but its process does not end: restart the computer before you use the camera again.",
    ),
    (
        "still-streaming",
        "The camera Foo is still streaming although it was switched off: unplug it or restart the computer.",
    ),
    ("camera-busy", "The camera Foo is in use by another program: close that program."),
    ("camera-missing", "The camera Foo is not there: plug it in, or choose another camera."),
    ("camera-unplugged", "The camera Foo was unplugged: plug it in again, or choose another camera."),
    ("camera-forbidden", "No permission to use the camera Foo: add yourself to the group video and log in again."),
    ("camera-format", "The camera Foo gives no video that can be shown: choose another camera."),
    ("camera-refuses-start", "The camera Foo cannot be started: unplug it or restart the computer."),
    (
        "camera-failed",
        "The camera Test picture failed (the disk is full): if this happens again, unplug it or restart the computer.",
    ),
    ("camera-stream-ended", "The camera Foo ended its stream: start it again, or choose another camera."),
    ("camera-changed", "Where the camera Foo was, there is Bar now: choose one of them in the preferences."),
    ("depth-only", "The camera Foo sees only how far things are, not what they look like: choose another camera."),
    ("no-formats", "The camera Foo offers no pictures: choose another camera."),
    ("only-formats", "The camera Foo offers only H264, HEVC, which cannot be shown: choose another camera."),
    ("no-usable-format", "The camera Foo offers no format that can be shown: choose another camera, or libcamera."),
    (
        "only-broken-pictures",
        "The camera Foo gives only broken pictures: try another cable or USB port, or a smaller picture.",
    ),
    ("no-signal", "The camera Foo has no signal at its input HDMI 0: switch on what is connected to it."),
    ("no-signal", "The camera Foo has no signal at its input HDMI 0: connect something to it, or switch that on."),
    (
        "no-signal",
        "The camera Foo has no signal at its input HDMI 0 that it can make out: check the cable, or set another resolution on what is connected to it.",
    ),
    (
        "no-signal",
        "The camera Foo has no signal at its input HDMI 0 that it takes: set another resolution on what is connected to it.",
    ),
    ("no-camera", "No camera was found: plug one in, or choose one in the preferences."),
    (
        "no-camera-nor-element",
        "No camera was found: plug one in, install icamerasrc or libcamerasrc for a built-in MIPI camera, or choose one in the preferences.",
    ),
    ("source-unusable", "The camera Own pipeline cannot be used (the disk is full): choose another camera."),
    ("source-without-video", "The camera Own pipeline gives no video that can be shown: choose another camera."),
    (
        "source-not-video",
        "The camera Own pipeline gives sound, not video: choose another camera, or add a decoder to the pipeline.",
    ),
    (
        "source-not-video",
        "The camera Own pipeline gives text/x-raw, not video: choose another camera, or add a decoder to the pipeline.",
    ),
    ("source-unsettled", "No camera could be chosen automatically: choose one in the preferences."),
    (
        "element-missing",
        "GStreamer's element \"nosuchelement\" is missing: install the GStreamer plugin that has it, or choose another camera.",
    ),
    ("property-refused", "icamerasrc takes no device-name \"x\": correct the camera in the settings."),
    ("pipeline-unusable", "The pipeline cannot be used (why): correct it in the settings."),
    (
        "pipeline-closed",
        "The pipeline cannot be used (its end is not open: it must end in an element that gives video, not in a sink): correct it in the settings.",
    ),
    ("own-device", "The camera video0 is the device that Lenscap itself serves: choose another camera."),
    (
        "raw-sensor",
        "The camera video0 gives a sensor's raw data, which V4L2 alone cannot show: choose icamera or libcamera.",
    ),
    ("no-video-node", "The camera video0 gives no video: choose another camera."),
    ("not-v4l2", "video0 is not a V4L2 camera: choose another camera."),
    (
        "worker-not-started",
        "The camera process cannot be started (the disk is full): close some programs and try again.",
    ),
    ("worker-program-unusable", "The camera program cannot be started (the disk is full): reinstall Lenscap."),
    (
        "worker-without-group",
        "The camera is hidden from programs, and from Lenscap as well: reinstall Lenscap's package, or take back what was set up.",
    ),
    (
        "worker-settings-unusable",
        "The camera's settings are too long: shorten your own pipeline, or remove saved controls.",
    ),
    (
        "worker-other-version",
        "The camera process is version 1 and Lenscap is version 2, as after an update: restart Lenscap.",
    ),
    ("worker-nonsense", "The camera process sent nonsense: if this happens again, reinstall Lenscap."),
    ("worker-misunderstood", "The camera process and Lenscap do not understand each other: restart Lenscap."),
    ("worker-broken", "The camera process cannot work (the disk is full): restart Lenscap."),
    ("worker-without-pipeline", "The camera process cannot work (the disk is full): restart the computer."),
    ("worker-silent", "The camera process does not answer: if this happens again, restart the computer."),
    (
        "worker-crashed",
        "The camera's driver crashed: if this happens again, restart the computer or choose another camera.",
    ),
    (
        "worker-crashed",
        "The camera process ended by itself: if this happens again, restart the computer or choose another camera.",
    ),
    (
        "worker-crashed",
        "The camera process ended by itself: if this happens again, restart the computer or choose another camera.",
    ),
    (
        "relay-stood-still",
        "Lenscap itself stood still for 5 seconds, so the camera was switched off; starting it again.",
    ),
    ("gstreamer-unusable", "GStreamer cannot be used (the disk is full): reinstall GStreamer."),
    ("device-replaced", "The camera device is being set up anew."),
    ("device-lost-at-start", "The camera device went away while the camera was started: wait until it is there again."),
    ("events-unavailable", "Lenscap cannot wait for events (the disk is full): close some programs."),
];

/// One of each kind.
fn every() -> Vec<Trouble> {
    use lenscap_core::source::GenericName;
    let text = |text: &str| lenscap_text::Text::from(text);
    let camera = || text("Foo");
    let node = || text("/dev/video0");
    // ENOSPC.
    let cause = || Cause::from(std::io::Error::from_raw_os_error(28));
    let source = || text(GenericName::OwnPipeline.as_str());
    let no_signal = |shortfall| Trouble::NoSignal { camera: camera(), input: text("HDMI 0"), shortfall };
    let overdue = |reached| Trouble::StartOverdue { reached, seconds: 9 };
    let crashed = |signal, status, last_words: Option<&str>| Trouble::WorkerCrashed {
        signal,
        status,
        last_words: last_words.map(Into::into),
    };
    vec![
        Trouble::GoingToSleep,
        Trouble::SessionLocked,
        Trouble::TurnedOff { program: text("Zoom") },
        Trouble::ProgramBlocked { program: text("Zoom") },
        Trouble::PermissionAwaited { program: text("Zoom") },
        Trouble::PermissionUnanswered { program: text("Zoom") },
        Trouble::DeviceSought,
        Trouble::NoMorePictures,
        Trouble::StreamEnded,
        Trouble::WorkerEnded,
        overdue(None),
        overdue(Some(Step::Up)),
        overdue(Some(Step::Loaded)),
        overdue(Some(Step::Opened)),
        overdue(Some(Step::Streaming)),
        Trouble::WorkerDoesNotEnd { is_camera_off: false },
        Trouble::WorkerDoesNotEnd { is_camera_off: true },
        Trouble::StillStreaming { camera: camera() },
        Trouble::CameraBusy { camera: camera() },
        Trouble::CameraMissing { camera: camera(), cause: cause() },
        Trouble::CameraUnplugged { camera: camera() },
        Trouble::CameraForbidden { camera: camera() },
        Trouble::CameraFormat { camera: camera(), cause: cause() },
        Trouble::CameraRefusesStart { camera: camera() },
        Trouble::CameraFailed { camera: text(GenericName::TestPicture.as_str()), cause: cause() },
        Trouble::CameraStreamEnded { camera: camera() },
        Trouble::CameraChanged { node: node(), old: text("Foo"), new: text("Bar") },
        Trouble::DepthOnly { camera: camera() },
        Trouble::NoFormats { camera: camera() },
        Trouble::OnlyFormats { camera: camera(), formats: vec![text("H264"), text("HEVC")] },
        Trouble::NoUsableFormat { camera: camera() },
        Trouble::OnlyBrokenPictures { camera: camera() },
        no_signal(SignalShortfall::Power),
        no_signal(SignalShortfall::Signal),
        no_signal(SignalShortfall::Lock),
        no_signal(SignalShortfall::Range),
        Trouble::NoCamera,
        Trouble::NoCameraNorElement,
        Trouble::SourceUnusable { source: source(), cause: cause() },
        Trouble::SourceWithoutVideo { source: source() },
        Trouble::SourceNotVideo { source: source(), media: text("audio") },
        Trouble::SourceNotVideo { source: source(), media: text("text/x-raw") },
        Trouble::SourceUnsettled,
        Trouble::ElementMissing { element: text("nosuchelement") },
        Trouble::PropertyRefused { element: text("icamerasrc"), property: text("device-name"), value: text("x") },
        Trouble::PipelineUnusable { message: text("why") },
        Trouble::PipelineClosed,
        Trouble::OwnDevice { node: node() },
        Trouble::RawSensor { node: node() },
        Trouble::NoVideoNode { node: node() },
        Trouble::NotV4l2 { node: node() },
        Trouble::WorkerNotStarted { cause: cause() },
        Trouble::WorkerProgramUnusable { path: "/x".into(), cause: cause() },
        Trouble::WorkerWithoutGroup,
        Trouble::WorkerSettingsUnusable { cause: cause() },
        Trouble::WorkerOtherVersion { theirs: text("1"), ours: text("2") },
        Trouble::WorkerNonsense { what: "what".into() },
        Trouble::WorkerMisunderstood { what: "what".into() },
        Trouble::WorkerBroken { cause: cause() },
        Trouble::WorkerWithoutPipeline { cause: cause() },
        Trouble::WorkerSilent,
        crashed(Some(11), None, None),
        crashed(None, Some(1), Some("CamHAL: no")),
        crashed(None, None, None),
        Trouble::RelayStoodStill,
        Trouble::GstreamerUnusable { cause: cause() },
        Trouble::DeviceReplaced,
        Trouble::DeviceLostAtStart,
        Trouble::EventsUnavailable { cause: cause() },
    ]
}

#[test]
fn every_trouble_has_its_code_and_its_sentence() {
    let troubles = every();
    assert_eq!(troubles.len(), SAID.len());
    for (trouble, (code, said)) in troubles.iter().zip(SAID) {
        assert_eq!(sentence(trouble), *said);
        crate::tests::reads_back(trouble, code);
    }
}

#[test]
fn no_sentence_has_a_path_an_error_of_the_kernels_or_a_command() {
    for trouble in every() {
        let said = sentence(&trouble);
        assert!(!said.contains(" /") && !said.contains("os error") && !said.contains("sudo"), "{said}");
    }
}

#[test]
fn what_the_system_says_is_there_for_programs() {
    let failed = Trouble::CameraFailed { camera: "Foo".into(), cause: std::io::Error::from_raw_os_error(5).into() };
    let code = lenscap_api::Code::of(&failed).to_string();
    assert_eq!(
        code,
        r#"{"code":"camera-failed","camera":"Foo","cause":{"kind":"fault","detail":"Input/output error (os error 5)"}}"#
    );
}

#[test]
fn a_command_stands_by_itself() {
    let forbidden = Trouble::CameraForbidden { camera: "Foo".into() };
    assert_eq!(commands(&forbidden), ["sudo usermod -aG video $USER"]);
    assert_eq!(commands(&Trouble::NoCamera), [""; 0]);
}

#[test]
fn an_unseen_program_has_a_name_in_every_language() {
    let program = UNSEEN.into();
    assert!(sentence(&Trouble::TurnedOff { program }).contains(&crate::programs::unseen()));
}

#[test]
fn every_element_we_use_has_its_package_named() {
    for element in
        ["v4l2src", "jpegdec", "videoconvertscale", "videotestsrc", "libcamerasrc", "pipewiresrc", "icamerasrc"]
    {
        let said = sentence(&Trouble::ElementMissing { element: element.into() });
        let how = [vec![said], commands(&Trouble::ElementMissing { element: element.into() })].concat();
        assert!(how.iter().any(|line| line.contains("gst")), "{how:?}");
    }
}
