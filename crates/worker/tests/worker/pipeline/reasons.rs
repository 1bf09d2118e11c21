//! Sources that cannot work, and what is reported before the start.

use lenscap_core::trouble::{Trouble, TroubleKind};
use lenscap_picture::format::PixelFormat::Yuy2;
use lenscap_worker_rig::format;

use super::rig;
use crate::has;

/// Starts a source that cannot work and returns why; checks that the worker ends and that the reason is for people.
fn failure(source: &str) -> Trouble {
    let mut rig = rig(source, format(Yuy2, 320, 240, 30));
    rig.host.start();
    rig.until("failure", |rig| rig.failed.is_some());
    assert_eq!(rig.end(), None);
    let reason = rig.failed.unwrap();
    assert!(
        lenscap_words::trouble::sentence(&reason).ends_with('.')
            && lenscap_words::trouble::sentence(&reason).contains(": "),
        "no next step: {reason:?}"
    );
    reason
}

#[test]
fn sources_that_cannot_work_say_why() {
    if !has("sources_that_cannot_work", &["videotestsrc", "audiotestsrc", "v4l2src", "videoconvertscale"]) {
        return;
    }
    for (source, kind, words) in [
        ("pipeline:videotestsrc ! nosuchelement", TroubleKind::Setup, "\"nosuchelement\" is missing"),
        ("pipeline:videotestsrc ! ! x", TroubleKind::Setup, "correct it in the settings"),
        ("pipeline:videotestsrc ! fakesink", TroubleKind::Setup, "not open"),
        ("pipeline:videotestsrc pattern=nonsense", TroubleKind::Setup, "pattern"),
        ("pipeline:audiotestsrc num-buffers=10 ! decodebin", TroubleKind::Setup, "sound, not video"),
        ("pipeline:audiotestsrc", TroubleKind::Setup, "sound, not video"),
        ("pipeline:videotestsrc num-buffers=3", TroubleKind::Other, "ended its stream"),
        ("v4l2:/dev/no-such-camera", TroubleKind::Missing, "/dev/no-such-camera"),
        ("v4l2:/dev/null", TroubleKind::Setup, "/dev/null"),
    ] {
        let reason = failure(source);
        assert_eq!(reason.kind(), kind, "{source}: {reason:?}");
        assert!(lenscap_words::trouble::sentence(&reason).contains(words), "{source}: {reason:?}");
    }
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
fn sources_of_other_projects_are_named_with_their_package() {
    gst::init().unwrap();
    for (source, element) in [("icamera", "icamerasrc"), ("libcamera", "libcamerasrc"), ("pipewire", "pipewiresrc")] {
        if gst::ElementFactory::find(element).is_some() {
            println!("SKIP sources_of_other_projects: {element} is installed");
            continue;
        }
        let reason = failure(source);
        assert_eq!(reason.kind(), TroubleKind::Setup);
        assert!(
            lenscap_words::trouble::sentence(&reason).contains(element)
                && lenscap_words::trouble::sentence(&reason).contains("install"),
            "{reason:?}"
        );
    }
}
