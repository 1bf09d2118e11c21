//! Which camera a source means and why ([`Decision`]), and what to offer in a list.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use super::sight::Sight;
use super::{Camera, Kind, ids};
use lenscap_core::source::Source;
use lenscap_words::{tr, trf};

/// Which camera a source means, and what to say of that: one answer for list, preferences, worker and log.
#[derive(Debug, Clone)]
pub struct Decision<'a> {
    /// What can be tried, the best first.
    candidates: Vec<&'a Camera>,
    /// What cannot be used, each with its reason: a sentence.
    passed_over: Vec<(&'a Camera, String)>,
    is_automatic: bool,
}

impl<'a> Decision<'a> {
    /// What `source` means of these cameras. `auto` takes Intel's, libcamera's, then V4L2's by number, infrared ones and such
    /// last; never one that cannot be used.
    pub fn new(cameras: &'a [Camera], source: &Source) -> Self {
        let is_automatic = *source == Source::Auto;
        let mut decision = Self { candidates: Vec::new(), passed_over: Vec::new(), is_automatic };
        if !is_automatic {
            decision.candidates.extend(named(cameras, source));
            return decision;
        }
        for camera in cameras.iter().filter(|camera| camera.present && !camera.is_raw) {
            match &camera.problem {
                None => decision.candidates.push(camera),
                Some(problem) => decision.passed_over.push((camera, problem.clone())),
            }
        }
        decision.candidates.sort_by_key(|camera| rank(camera));
        decision.passed_over.sort_by_key(|(camera, _)| rank(camera));
        decision
    }

    /// The camera.
    pub fn camera(&self) -> Option<&'a Camera> {
        self.candidates.first().copied()
    }

    /// What cannot be used as it seems, the best first: to be tried where nothing else is left.
    pub fn hopeless(&self) -> Vec<&'a Camera> {
        self.passed_over.iter().map(|(camera, _)| *camera).collect()
    }

    /// The camera cannot be used after all: the next one is it.
    pub fn pass_over(&mut self, reason: String) {
        if !self.candidates.is_empty() {
            self.passed_over.push((self.candidates.remove(0), reason));
        }
    }

    /// There is no such camera after all: the next one is it.
    pub fn leave_out(&mut self) {
        if !self.candidates.is_empty() {
            self.candidates.remove(0);
        }
    }

    /// Why `auto` takes this camera, or has none: words for behind a colon. `None` where a camera was named, or none is there.
    pub fn why(&self) -> Option<String> {
        if !self.is_automatic {
            return None;
        }
        // What stands before it, or all there is.
        let chosen = self.camera();
        let is_told = |camera: &Camera| self.candidates.len() < 2 || chosen.is_none_or(|it| rank(camera) <= rank(it));
        let reasons = self.passed_over.iter().filter(|(camera, _)| is_told(camera));
        let reasons = reasons.map(|(_, sentence)| sentence.trim_end_matches('.').to_owned());
        let why = chosen.map(|chosen| self.why_this(chosen).to_string());
        let parts: Vec<_> = why.into_iter().chain(reasons).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    fn why_this(&self, chosen: &Camera) -> Why {
        let others = &self.candidates[1..];
        let is_plain = |camera: &&Camera| camera.sight() == Sight::Colour;
        match chosen.kind {
            _ if others.is_empty() && self.passed_over.is_empty() => Why::Only,
            _ if others.is_empty() => Why::OnlyUsable,
            Kind::Icamera => Why::Intel,
            Kind::Libcamera => Why::Libcamera,
            Kind::V4l2 if is_plain(&chosen) && !others.iter().all(is_plain) => Why::Colour,
            Kind::V4l2 => Why::First,
        }
    }
}

/// The order in which `auto` tries cameras; of equal ones by number.
fn rank(camera: &Camera) -> (Kind, Sight) {
    (camera.kind, camera.sight())
}

/// Why `auto` takes a camera: words for behind a colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// There is no other.
    Only,
    /// The others cannot be used.
    OnlyUsable,
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
            Why::OnlyUsable => tr("it is the only camera that can be used"),
            Why::Intel => tr("cameras of Intel's icamerasrc come first"),
            Why::Libcamera => tr("cameras of libcamera come before those that V4L2 gives by itself"),
            Why::Colour => tr("it is the first by number that gives colours"),
            Why::First => tr("it is the first by number"),
        })
    }
}

/// The camera that a source means; `None` when there is none, or the source is none of a camera (`test`, `pipeline`, ...).
pub fn find<'a>(cameras: &'a [Camera], source: &Source) -> Option<&'a Camera> {
    Decision::new(cameras, source).camera()
}

fn named<'a>(cameras: &'a [Camera], source: &Source) -> Option<&'a Camera> {
    let first = |kind| cameras.iter().find(|camera| camera.present && camera.kind == kind);
    let itself = || cameras.iter().find(|camera| camera.source == *source);
    match source {
        Source::Icamera(None) => first(Kind::Icamera),
        Source::Libcamera(None) => first(Kind::Libcamera),
        Source::V4l2(path) => {
            // A link that leads to either of two cameras means the better one, wherever it leads today.
            let sharing = cameras.iter().filter(|camera| camera.shared.as_deref() == Some(path));
            let at_node = || {
                let node = path.canonicalize().unwrap_or_else(|_| path.clone());
                cameras.iter().find(|camera| camera.node.as_deref() == Some(&*node))
            };
            itself().or_else(|| sharing.min_by_key(|camera| rank(camera))).or_else(at_node)
        }
        Source::Icamera(Some(_)) | Source::Libcamera(Some(_)) => itself(),
        // No camera that is listed.
        _ => None,
    }
}

/// The first camera of a vendor's library, as far as it is known before the library is asked: as a source without a name.
pub fn first_of(kind: Kind) -> Option<Camera> {
    let (source, name) = match kind {
        Kind::Icamera => (Source::Icamera(None), "icamerasrc"),
        Kind::Libcamera => (Source::Libcamera(None), "libcamerasrc"),
        Kind::V4l2 => return None,
    };
    let unnamed = missing(&Source::Icamera(Some(name.into())))?;
    Some(Camera { source, kind, present: true, ..unnamed })
}

/// The camera of a source that is not there.
pub fn missing(source: &Source) -> Option<Camera> {
    let (kind, name, id) = match source {
        Source::V4l2(path) => (Kind::V4l2, ids::name_from(path), ids::id_of(path)),
        Source::Icamera(Some(name)) => (Kind::Icamera, name.clone(), name.clone()),
        Source::Libcamera(Some(name)) => (Kind::Libcamera, name.clone(), name.clone()),
        // No camera of a name.
        _ => return None,
    };
    Some(Camera {
        source: source.clone(),
        id,
        shared: None,
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
        is_raw: false,
    })
}

/// What to offer in a list of sources: each camera that is there, and `present`, the source in use, whatever it is. A
/// camera is offered as the settings name it already, else as what leads to it tomorrow, too.
pub fn offers(cameras: &[Camera], present: &Source) -> Vec<(Source, String)> {
    let mut offers: Vec<(Source, String)> =
        cameras.iter().filter(|it| !it.is_raw).map(|camera| (camera.source.clone(), camera.label())).collect();
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
    trf!("{camera} (missing)", camera = camera.name)
}

/// A node, as it came: one that goes and comes again is another, whatever it is called. File system, inode, device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u64, u64, u64);

/// The nodes of a source's camera that may be opened now; of `auto`, those of all that it may take. None where a source
/// has no nodes of its own.
pub fn nodes(source: &Source, cameras: &[Camera]) -> BTreeSet<NodeId> {
    let id = |path: &Path| {
        rustix::fs::access(path, rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK).ok()?;
        let stat = rustix::fs::stat(path).ok()?;
        Some(NodeId(stat.st_dev, stat.st_ino, stat.st_rdev))
    };
    match source {
        Source::V4l2(path) => id(path).into_iter().collect(),
        Source::Auto | Source::Libcamera(_) => {
            cameras.iter().filter_map(|camera| camera.node.as_deref()).filter_map(id).collect()
        }
        // No node of its own.
        _ => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::modes::webcam;
    use super::super::system::tests::Fake;
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
        let chosen = |cameras: &[Camera]| {
            let decision = Decision::new(cameras, &Source::Auto);
            (decision.camera().unwrap().name.clone(), decision.why().unwrap())
        };
        assert_eq!(chosen(&cameras).0, "intel");
        cameras.pop();
        let (name, why) = chosen(&cameras);
        assert_eq!(name, "lib");
        assert!(why.contains("libcamera"), "{why}");
        cameras.pop();
        let (name, why) = chosen(&cameras);
        assert_eq!(name, "no-such-video2");
        assert!(why.contains("colours"), "{why}");
        cameras.pop();
        assert_eq!(chosen(&cameras), ("no-such-video0".into(), tr("it is the only camera")));
        let none = Decision::new(&[], &Source::Auto);
        assert!(none.camera().is_none() && none.why().is_none());
    }

    #[test]
    fn a_camera_that_cannot_be_used_is_passed_over_and_the_reason_says_so() {
        let denied = Camera { problem: Some("No permission.".into()), ..camera(Kind::V4l2, "no-such-video0") };
        let raw = Camera { is_raw: true, ..camera(Kind::V4l2, "no-such-video1") };
        let good = camera(Kind::V4l2, "no-such-video2");
        let mut cameras = vec![denied, raw, good];
        let decided = |cameras: &[Camera]| {
            let decision = Decision::new(cameras, &Source::Auto);
            (decision.camera().map(|camera| camera.name.clone()), decision.why().unwrap_or_default())
        };
        let of_good = Some("no-such-video2".to_owned());
        assert_eq!(
            decided(&cameras),
            (of_good.clone(), "it is the only camera that can be used; No permission".into())
        );
        // One that stands behind the chosen one explains nothing.
        cameras.push(camera(Kind::V4l2, "no-such-video3"));
        cameras[0].name = "Infrared".into();
        assert_eq!(decided(&cameras), (of_good, "it is the first by number".into()));
        cameras.truncate(2);
        assert_eq!(decided(&cameras), (None, "No permission".into()));
        let found = |source: &str| find(&cameras, &source.parse().unwrap()).is_some();
        assert!(found("v4l2:/dev/no-such-video0"), "one that was named is that one");
    }

    #[test]
    fn what_fails_when_it_is_opened_gives_way_to_the_next() {
        let library = first_of(Kind::Icamera).unwrap();
        assert_eq!(library.source, Source::Icamera(None));
        let cameras = [library, camera(Kind::V4l2, "no-such-video0"), camera(Kind::V4l2, "no-such-video1")];
        let mut decision = Decision::new(&cameras, &Source::Auto);
        assert!(decision.why().unwrap().contains("icamerasrc"));
        // A library without a camera is no camera.
        decision.leave_out();
        assert_eq!(decision.why().unwrap(), "it is the first by number");
        decision.pass_over("It is busy.".into());
        assert_eq!(decision.camera().unwrap().name, "no-such-video1");
        assert_eq!(decision.why().unwrap(), "it is the only camera that can be used; It is busy");
        decision.pass_over("So is this.".into());
        assert!(decision.camera().is_none() && decision.hopeless().len() == 2);
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
        let decision = Decision::new(&cameras, &Source::Auto);
        assert_eq!(decision.camera().unwrap().name, "no-such-video2");
        assert!(decision.why().unwrap().contains("colours"), "{:?}", decision.why());
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
    fn a_node_that_comes_again_is_another_and_its_neighbours_are_none_of_it() {
        let dev = tempfile::tempdir().unwrap();
        let [own, other, link] = ["video0", "video2", "by-id"].map(|name| dev.path().join(name));
        fs::write(&own, "").unwrap();
        std::os::unix::fs::symlink(&own, &link).unwrap();
        let of = |source: &Source| {
            let cameras = [&own, &other].map(|path| Camera { node: Some(path.clone()), ..camera(Kind::V4l2, "x") });
            nodes(source, &cameras)
        };
        let (by_link, auto) = (Source::V4l2(link.clone()), Source::Auto);
        let (before, all_before) = (of(&by_link), of(&auto));
        assert_eq!(before.len(), 1);
        fs::write(&other, "").unwrap();
        assert_eq!(of(&by_link), before, "another camera");
        assert!(!of(&auto).is_subset(&all_before), "any will do");
        // The new one first: an inode is given away again.
        fs::write(dev.path().join("new"), "").unwrap();
        fs::remove_file(&own).unwrap();
        assert!(of(&by_link).is_empty());
        fs::rename(dev.path().join("new"), &own).unwrap();
        assert!(!of(&by_link).is_subset(&before));
        assert!(of(&Source::Test).is_empty());
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
