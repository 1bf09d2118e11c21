//! Sources that cannot work, and what is reported before the start.

use lenscap_core::trouble::Trouble;
use lenscap_picture::format::PixelFormat::Yuy2;
use lenscap_worker_rig::format;

use super::rig;
use crate::has;

/// Starts a source that cannot work and returns why; checks that the worker ends.
fn failure(source: &str) -> Trouble {
    let mut rig = rig(source, format(Yuy2, 320, 240, 30));
    rig.host.start();
    rig.until("failure", |rig| rig.failed.is_some());
    assert_eq!(rig.end(), None);
    rig.failed.unwrap()
}

#[test]
fn sources_that_cannot_work_say_why() {
    if !has("sources_that_cannot_work", &["videotestsrc", "audiotestsrc", "v4l2src", "videoconvertscale"]) {
        return;
    }
    let audio = || Trouble::SourceNotVideo { source: "Own pipeline".into(), media: "audio".into() };
    for (source, trouble) in [
        ("pipeline:videotestsrc ! nosuchelement", Trouble::ElementMissing { element: "nosuchelement".into() }),
        ("pipeline:videotestsrc ! fakesink", Trouble::PipelineClosed),
        ("pipeline:audiotestsrc num-buffers=10 ! decodebin", audio()),
        ("pipeline:audiotestsrc", audio()),
        ("pipeline:videotestsrc num-buffers=3", Trouble::CameraStreamEnded { camera: "Own pipeline".into() }),
        ("v4l2:/dev/null", Trouble::NotV4l2 { node: "/dev/null".into() }),
    ] {
        assert_eq!(failure(source), trouble, "{source}");
    }
    for (source, words) in [("pipeline:videotestsrc ! ! x", ""), ("pipeline:videotestsrc pattern=nonsense", "pattern")]
    {
        let reason = failure(source);
        assert!(
            matches!(&reason, Trouble::PipelineUnusable { message } if !message.is_empty() && message.contains(words)),
            "{reason:?}"
        );
    }
    let reason = failure("v4l2:/dev/no-such-camera");
    assert!(
        matches!(&reason, Trouble::CameraMissing { camera, .. } if &**camera == "/dev/no-such-camera"),
        "{reason:?}"
    );
}

#[test]
fn the_node_is_told_before_it_is_opened() {
    if !has("the_node_is_told", &["v4l2src", "videoconvertscale"]) {
        return;
    }
    for (source, nodes) in [
        ("v4l2:/dev/null", &["/dev/null"][..]),
        ("pipeline:v4l2src device=/dev/null ! videoconvert", &["/dev/null"]),
        ("test", &[]),
    ] {
        let mut rig = rig(source, format(Yuy2, 320, 240, 30));
        rig.host.start();
        rig.until("told", |rig| rig.opening.is_some());
        assert_eq!(rig.opening.unwrap(), nodes.iter().map(std::path::PathBuf::from).collect::<Vec<_>>(), "{source}");
    }
}

#[test]
fn sources_of_other_projects_name_the_element_that_is_missing() {
    gst::init().unwrap();
    for (source, element) in [("icamera", "icamerasrc"), ("libcamera", "libcamerasrc"), ("pipewire", "pipewiresrc")] {
        if gst::ElementFactory::find(element).is_some() {
            println!("SKIP sources_of_other_projects: {element} is installed");
            continue;
        }
        assert_eq!(failure(source), Trouble::ElementMissing { element: element.into() });
    }
}
