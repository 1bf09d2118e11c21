//! Which camera a source means, which one `auto` takes and why, and what to offer in a list.

use std::fmt;
use std::path::Path;

use super::sight::Sight;
use super::{Camera, Kind, ids};
use crate::core::source::Source;
use crate::i18n::{tr, trf};

/// Puts cameras in the order in which `auto` tries them: Intel's, libcamera's, then V4L2's by number; those without
/// colours last.
pub fn order(cameras: &mut [Camera]) {
    cameras.sort_by_key(|camera| (camera.kind, camera.sight()));
}

/// The camera that `auto` takes first, and why: words for behind a colon.
pub fn automatic(cameras: &[Camera]) -> Option<(&Camera, String)> {
    // Of equal ones the first, as in `order`.
    let chosen = cameras.iter().filter(|camera| camera.present).min_by_key(|camera| (camera.kind, camera.sight()))?;
    Some((chosen, why(chosen, cameras).to_string()))
}

/// Why `auto` takes a camera: words for behind a colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There is no other.
    Only,
    /// It is one of Intel's.
    Intel,
    /// It is one of libcamera's.
    Libcamera,
    /// Others have no colours.
    Colour,
    /// By number.
    First,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // TRANSLATORS: these stand behind a colon, as in "Now Webcam: it is the only camera."
        f.write_str(&match self {
            Why::Only => tr("it is the only camera"),
            Why::Intel => tr("cameras of Intel's icamerasrc come first"),
            Why::Libcamera => tr("cameras of libcamera come before those that V4L2 gives by itself"),
            Why::Colour => tr("it is the first by number that gives colours"),
            Why::First => tr("it is the first by number"),
        })
    }
}

fn why(chosen: &Camera, cameras: &[Camera]) -> Why {
    let mut others = cameras.iter().filter(|camera| camera.present && camera.source != chosen.source).peekable();
    match chosen.kind {
        _ if others.peek().is_none() => Why::Only,
        Kind::Icamera => Why::Intel,
        Kind::Libcamera => Why::Libcamera,
        Kind::V4l2 if chosen.sight() == Sight::Colour && others.any(|other| other.sight() != Sight::Colour) => {
            Why::Colour
        }
        Kind::V4l2 => Why::First,
    }
}

/// The camera that a source means; `None` when it is gone, or the source is none of a camera (`test`, `pipeline`, ...).
pub fn find<'a>(cameras: &'a [Camera], source: &Source) -> Option<&'a Camera> {
    let first = |kind| cameras.iter().find(|camera| camera.present && camera.kind == kind);
    match source {
        Source::Auto => automatic(cameras).map(|(camera, _)| camera),
        Source::Icamera(None) => first(Kind::Icamera),
        Source::Libcamera(None) => first(Kind::Libcamera),
        Source::V4l2(path) => {
            let node = path.canonicalize().unwrap_or_else(|_| path.clone());
            cameras.iter().find(|camera| camera.source == *source || camera.node.as_deref() == Some(&*node))
        }
        Source::Icamera(Some(_)) | Source::Libcamera(Some(_)) => cameras.iter().find(|camera| camera.source == *source),
        Source::PipeWire(_) | Source::Test | Source::Pipeline(_) => None,
    }
}

/// The camera of a source that is not there.
pub fn missing(source: &Source) -> Option<Camera> {
    let (kind, name, id) = match source {
        Source::V4l2(path) => (Kind::V4l2, ids::name_from(path), ids::id_of(path)),
        Source::Icamera(Some(name)) => (Kind::Icamera, name.clone(), name.clone()),
        Source::Libcamera(Some(name)) => (Kind::Libcamera, name.clone(), name.clone()),
        Source::Auto
        | Source::Icamera(None)
        | Source::Libcamera(None)
        | Source::PipeWire(_)
        | Source::Test
        | Source::Pipeline(_) => return None,
    };
    Some(Camera {
        source: source.clone(),
        id,
        name,
        function: None,
        kind,
        node: None,
        bus: None,
        location: None,
        rotation: None,
        present: false,
        formats: None,
        problem: None,
    })
}

/// What to offer in a list of sources: each camera that is there, and `present`, the source in use, whatever it is. A
/// camera is offered as the settings name it already, else as what leads to it tomorrow, too.
pub fn offers(cameras: &[Camera], present: &Source) -> Vec<(Source, String)> {
    let mut offers: Vec<(Source, String)> =
        cameras.iter().map(|camera| (camera.source.clone(), camera.label())).collect();
    if matches!(present, Source::V4l2(_))
        && let Some(camera) = find(cameras, present)
        && let Some(offer) = offers.iter_mut().find(|(source, _)| *source == camera.source)
    {
        offer.0 = present.clone();
    }
    if !offers.iter().any(|(source, _)| source == present) {
        match missing(present) {
            // Of vendors' cameras only those are known that were asked for.
            Some(camera) if camera.kind == Kind::V4l2 && find(cameras, present).is_none() => {
                offers.push((present.clone(), missing_label(&camera)));
            }
            Some(camera) => offers.push((present.clone(), camera.label())),
            None => {}
        }
    }
    offers
}

/// The label of a camera that is not there.
pub fn missing_label(camera: &Camera) -> String {
    // TRANSLATORS: a camera in a list that was unplugged
    trf("{camera} (missing)", &[("camera", &camera.name)])
}

/// Whether a source's camera can be opened now, as far as that shows without opening it.
pub fn is_there(source: &Source, cameras: &[Camera]) -> bool {
    let may_open =
        |path: &Path| rustix::fs::access(path, rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK).is_ok();
    match source {
        Source::V4l2(path) => may_open(path),
        Source::Auto | Source::Libcamera(_) => cameras.iter().filter_map(|camera| camera.node.as_deref()).any(may_open),
        Source::Icamera(_) | Source::PipeWire(_) | Source::Test | Source::Pipeline(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::modes::tests::webcam;
    use super::super::tests::Fake;
    use super::*;

    fn camera(kind: Kind, name: &str) -> Camera {
        let source = match kind {
            Kind::Icamera => Source::Icamera(Some(name.into())),
            Kind::Libcamera => Source::Libcamera(Some(name.into())),
            Kind::V4l2 => Source::V4l2(Path::new("/dev").join(name)),
        };
        let node = (kind == Kind::V4l2).then(|| Path::new("/dev").join(name));
        Camera { present: true, node, ..missing(&source).unwrap() }
    }

    #[test]
    fn auto_prefers_intel_then_libcamera_then_v4l2_in_colour_and_says_why() {
        let mut grey = camera(Kind::V4l2, "no-such-video0");
        grey.formats = Some(vec![super::super::modes::Format { fourcc: "GREY".into(), ..webcam()[0].clone() }]);
        let colour = camera(Kind::V4l2, "no-such-video2");
        let mut cameras = vec![grey, colour, camera(Kind::Libcamera, "lib"), camera(Kind::Icamera, "intel")];
        let chosen = |cameras: &[Camera]| automatic(cameras).map(|(camera, why)| (camera.name.clone(), why)).unwrap();
        assert_eq!(chosen(&cameras).0, "intel");
        cameras.pop();
        let (name, why) = chosen(&cameras);
        assert_eq!(name, "lib");
        assert!(why.contains("libcamera"), "{why}");
        cameras.pop();
        let (name, why) = chosen(&cameras);
        assert_eq!(name, "no-such-video2");
        assert!(why.contains("colours"), "{why}");
        let mut ordered = cameras.clone();
        order(&mut ordered);
        assert_eq!(ordered[0].name, "no-such-video2");
        cameras.pop();
        assert_eq!(chosen(&cameras), ("no-such-video0".into(), tr("it is the only camera")));
        assert!(automatic(&[]).is_none());
    }

    #[test]
    fn an_infrared_camera_is_not_taken_for_its_number_or_its_colours() {
        use super::super::modes::{Format, Rates, Size};
        let square = Size::Fixed { width: 340, height: 340, rates: Rates::List(vec![30.0]) };
        let formats = vec![Format { sizes: vec![square], ..webcam()[0].clone() }];
        let infrared = camera(Kind::V4l2, "no-such-video0");
        let infrared = Camera { name: "Integrated IR Camera".into(), formats: Some(formats), ..infrared };
        let colour = Camera { formats: Some(webcam()), ..camera(Kind::V4l2, "no-such-video2") };
        let cameras = [infrared, colour];
        let (chosen, why) = automatic(&cameras).unwrap();
        assert_eq!(chosen.name, "no-such-video2");
        assert!(why.contains("colours"), "{why}");
    }

    #[test]
    fn a_source_means_a_camera_by_its_node_by_its_link_or_as_the_first_of_its_kind() {
        let cameras = [camera(Kind::V4l2, "no-such-video0"), camera(Kind::Icamera, "a"), camera(Kind::Icamera, "b")];
        let found = |source: &str| find(&cameras, &source.parse().unwrap()).map(|camera| camera.name.as_str());
        assert_eq!(found("v4l2:/dev/no-such-video0"), Some("no-such-video0"));
        assert_eq!(found("icamera"), Some("a"));
        assert_eq!(found("icamera:b"), Some("b"));
        assert_eq!(found("auto"), Some("a"));
        assert_eq!(found("v4l2:/dev/no-such-video1"), None);
        assert_eq!(found("libcamera"), None);
        assert_eq!(found("test"), None);
    }

    #[test]
    fn a_camera_that_is_gone_is_offered_as_missing_and_one_by_number_as_itself() {
        let fake = Fake::new();
        fake.usb(0, "1-5", "Webcam", Some("0001"));
        let cameras = fake.system().cameras();
        let offered = |present: &str| offers(&cameras, &present.parse().unwrap());
        assert_eq!(offered("auto"), [(cameras[0].source.clone(), "Webcam (video0)".to_owned())]);
        // The number that the settings name stays there.
        let by_number = "v4l2:/dev/video0".parse().unwrap();
        assert_eq!(offered("v4l2:/dev/video0"), [(by_number, "Webcam (video0)".to_owned())]);
        let gone = offered("v4l2:/dev/v4l/by-id/usb-Other_Cam_7-video-index0");
        assert_eq!(gone.len(), 2);
        assert_eq!(gone[1].1, "Other Cam 7 (missing)");
        assert_eq!(offered("icamera:ov01a10-uf")[1].1, "ov01a10-uf (icamera)");
        assert_eq!(offered("test").len(), 1);
    }
}
