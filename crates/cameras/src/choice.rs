//! Which camera a source means and why ([`Decision`]), and what to offer in a list.

use std::collections::BTreeSet;
use std::path::Path;

use super::sight::Sight;
use super::{Camera, ids};
use lenscap_core::source::{CameraApi, Source};
use lenscap_core::trouble::cameras::{CameraProblem, ChoiceReason, Preference};

/// Which camera a source means, and what to say of that: one answer for list, preferences, worker and log.
#[derive(Debug, Clone)]
pub struct Decision<'a> {
    /// What can be tried, the best first.
    candidates: Vec<&'a Camera>,
    /// What cannot be used, each with its reason.
    passed_over: Vec<(&'a Camera, CameraProblem)>,
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
        let is_automatic = |camera: &&Camera| camera.present && !camera.is_raw && camera.api.is_automatic();
        for camera in cameras.iter().filter(is_automatic) {
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
    pub fn pass_over(&mut self, problem: impl Into<CameraProblem>) {
        if !self.candidates.is_empty() {
            self.passed_over.push((self.candidates.remove(0), problem.into()));
        }
    }

    /// There is no such camera after all, or nobody asks why: the next one is it.
    pub fn leave_out(&mut self) {
        if !self.candidates.is_empty() {
            self.candidates.remove(0);
        }
    }

    /// Why `auto` takes this camera, or has none. `None` where a camera was named, or none is there.
    pub fn reason(&self) -> Option<ChoiceReason> {
        if !self.is_automatic {
            return None;
        }
        // What stands before it, or all there is.
        let chosen = self.camera();
        let explains = |camera: &Camera| self.candidates.len() < 2 || chosen.is_none_or(|it| rank(camera) <= rank(it));
        let passed_over = self.passed_over.iter().filter(|(camera, _)| explains(camera));
        let passed_over: Vec<_> = passed_over.map(|(_, problem)| problem.clone()).collect();
        let preference = chosen.map(|chosen| self.preference(chosen));
        (preference.is_some() || !passed_over.is_empty()).then_some(ChoiceReason { preference, passed_over })
    }

    fn preference(&self, chosen: &Camera) -> Preference {
        let others = &self.candidates[1..];
        let is_plain = |camera: &&Camera| camera.sight() == Sight::Colour;
        match (others, &self.passed_over[..]) {
            ([], []) => Preference::Only,
            ([], _) => Preference::OnlyUsable,
            _ if !chosen.api.is_library() && is_plain(&chosen) && !others.iter().all(is_plain) => Preference::Colour,
            _ => Preference::Api(chosen.api),
        }
    }
}

/// The order in which `auto` tries cameras; of equal ones by number.
fn rank(camera: &Camera) -> (CameraApi, Sight) {
    (camera.api, camera.sight())
}

/// The camera that a source means; `None` when there is none, or the source is none of a camera (`test`, `pipeline`, ...).
pub fn find<'a>(cameras: &'a [Camera], source: &Source) -> Option<&'a Camera> {
    Decision::new(cameras, source).camera()
}

fn named<'a>(cameras: &'a [Camera], source: &Source) -> Option<&'a Camera> {
    let itself = || cameras.iter().find(|camera| camera.source == *source);
    if let Some(path) = source.node() {
        // A link that leads to either of two cameras means the better one, wherever it leads today.
        let sharing = cameras.iter().filter(|camera| camera.shared.as_deref() == Some(path));
        let at_node = || {
            let node = path.canonicalize().unwrap_or_else(|_| path.to_owned());
            cameras.iter().find(|camera| camera.node.as_deref() == Some(&*node))
        };
        return itself().or_else(|| sharing.min_by_key(|camera| rank(camera))).or_else(at_node);
    }
    if let Source::PipeWire(Some(_)) = source {
        return itself();
    }
    match source.api()? {
        (api, None) => cameras.iter().find(|camera| camera.present && camera.api == api),
        (_, Some(_)) => itself(),
    }
}

/// The first camera of a vendor's library, as far as it is known before the library is asked: as a source without a name.
pub fn first_of(library: CameraApi) -> Option<Camera> {
    let source = library.source(None)?;
    let name = source.element()?.to_owned();
    Some(Camera { present: true, ..unknown(source, library, name.clone(), name) })
}

/// The camera of a source that is not there.
pub fn missing(source: &Source) -> Option<Camera> {
    let (api, name) = match source {
        Source::V4l2(path) => {
            return Some(unknown(source.clone(), CameraApi::V4l2, ids::name_from(path), ids::id_of(path)));
        }
        source => source.api()?,
    };
    name.map(|name| unknown(source.clone(), api, name.to_owned(), name.to_owned()))
}

/// A camera of which no more is known.
fn unknown(source: Source, api: CameraApi, name: String, id: String) -> Camera {
    Camera {
        source,
        id,
        shared: None,
        name,
        function: None,
        api,
        node: None,
        bus: None,
        location: None,
        rotation: None,
        present: false,
        formats: None,
        problem: None,
        is_raw: false,
    }
}

/// A line in a list of sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What the settings say to choose it.
    pub source: Source,
    /// What it is called in a list.
    pub label: String,
    /// Whether it is in the settings and not there.
    pub is_missing: bool,
}

/// What to offer in a list of sources: each camera that is there, and `present`, the source in use, whatever it is. A
/// camera is offered as the settings name it already, else as what leads to it tomorrow, too.
pub fn offers(cameras: &[Camera], present: &Source) -> Vec<Offer> {
    let offer = |camera: &Camera| Offer { source: camera.source.clone(), label: camera.label(), is_missing: false };
    let mut offers: Vec<Offer> = cameras.iter().filter(|it| !it.is_raw).map(offer).collect();
    if matches!(present, Source::V4l2(_))
        && let Some(camera) = find(cameras, present)
        && let Some(offer) = offers.iter_mut().find(|offer| offer.source == camera.source)
    {
        offer.source = present.clone();
    }
    if !offers.iter().any(|offer| offer.source == *present)
        && let Some(camera) = missing(present)
    {
        // Of vendors' cameras only those are known that were asked for.
        let is_missing = !camera.api.is_library() && find(cameras, present).is_none();
        let label = if is_missing { camera.name.clone() } else { camera.label() };
        offers.push(Offer { source: present.clone(), label, is_missing });
    }
    offers
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
    use lenscap_core::trouble::Trouble;
    use lenscap_core::trouble::cameras::NodeTrouble;

    fn camera(api: CameraApi, name: &str) -> Camera {
        let source = match api {
            CameraApi::V4l2 => Source::V4l2(Path::new("/dev").join(name)),
            library => library.source(Some(name.into())).unwrap(),
        };
        let node = (api == CameraApi::V4l2).then(|| Path::new("/dev").join(name));
        Camera { present: true, node, ..missing(&source).unwrap() }
    }

    fn preferred(preference: Preference) -> ChoiceReason {
        ChoiceReason { preference: Some(preference), passed_over: Vec::new() }
    }

    fn problem() -> CameraProblem {
        NodeTrouble::Busy { node: "/dev/no-such-video0".into() }.into()
    }

    #[test]
    fn auto_prefers_intel_then_libcamera_then_v4l2_in_colour_and_says_why() {
        let mut grey = camera(CameraApi::V4l2, "no-such-video0");
        grey.formats = Some(vec![super::super::modes::Format { fourcc: "GREY".into(), ..webcam()[0].clone() }]);
        let colour = camera(CameraApi::V4l2, "no-such-video2");
        let mut cameras = vec![grey, colour, camera(CameraApi::Libcamera, "lib"), camera(CameraApi::Icamera, "intel")];
        let chosen = |cameras: &[Camera]| {
            let decision = Decision::new(cameras, &Source::Auto);
            (decision.camera().unwrap().name.clone(), decision.reason().unwrap())
        };
        let of = |name: &str, preference| (name.to_owned(), preferred(preference));
        assert_eq!(chosen(&cameras), of("intel", Preference::Api(CameraApi::Icamera)));
        cameras.pop();
        assert_eq!(chosen(&cameras), of("lib", Preference::Api(CameraApi::Libcamera)));
        cameras.pop();
        assert_eq!(chosen(&cameras), of("no-such-video2", Preference::Colour));
        cameras.pop();
        assert_eq!(chosen(&cameras), of("no-such-video0", Preference::Only));
        let none = Decision::new(&[], &Source::Auto);
        assert!(none.camera().is_none() && none.reason().is_none());
    }

    #[test]
    fn a_camera_that_cannot_be_used_is_passed_over_and_the_reason_says_so() {
        let denied = Camera { problem: Some(problem()), ..camera(CameraApi::V4l2, "no-such-video0") };
        let raw = Camera { is_raw: true, ..camera(CameraApi::V4l2, "no-such-video1") };
        let good = camera(CameraApi::V4l2, "no-such-video2");
        let mut cameras = vec![denied, raw, good];
        let decided = |cameras: &[Camera]| {
            let decision = Decision::new(cameras, &Source::Auto);
            (decision.camera().map(|camera| camera.name.clone()), decision.reason().unwrap())
        };
        let of_good = Some("no-such-video2".to_owned());
        let passed_over = |preference| ChoiceReason { preference, passed_over: vec![problem()] };
        assert_eq!(decided(&cameras), (of_good.clone(), passed_over(Some(Preference::OnlyUsable))));
        // One that stands behind the chosen one explains nothing.
        cameras.push(camera(CameraApi::V4l2, "no-such-video3"));
        cameras[0].name = "Infrared".into();
        assert_eq!(decided(&cameras), (of_good, preferred(Preference::Api(CameraApi::V4l2))));
        cameras.truncate(2);
        assert_eq!(decided(&cameras), (None, passed_over(None)));
        let found = |source: &str| find(&cameras, &source.parse().unwrap()).is_some();
        assert!(found("v4l2:/dev/no-such-video0"), "one that was named is that one");
    }

    #[test]
    fn what_fails_when_it_is_opened_gives_way_to_the_next() {
        let library = first_of(CameraApi::Icamera).unwrap();
        assert_eq!(library.source, Source::Icamera(None));
        let cameras = [library, camera(CameraApi::V4l2, "no-such-video0"), camera(CameraApi::V4l2, "no-such-video1")];
        let mut decision = Decision::new(&cameras, &Source::Auto);
        assert_eq!(decision.reason(), Some(preferred(Preference::Api(CameraApi::Icamera))));
        // A library without a camera is no camera.
        decision.leave_out();
        assert_eq!(decision.reason(), Some(preferred(Preference::Api(CameraApi::V4l2))));
        decision.pass_over(problem());
        assert_eq!(decision.camera().unwrap().name, "no-such-video1");
        let usable = ChoiceReason { preference: Some(Preference::OnlyUsable), passed_over: vec![problem()] };
        assert_eq!(decision.reason(), Some(usable));
        decision.pass_over(Trouble::NoCamera);
        assert!(decision.camera().is_none() && decision.hopeless().len() == 2);
    }

    #[test]
    fn an_infrared_camera_is_not_taken_for_its_number_or_its_colours() {
        use super::super::modes::{Format, Rates, Size};
        let square = Size::Fixed { width: 340, height: 340, rates: Rates::List(vec![30.0]) };
        let formats = vec![Format { sizes: vec![square], ..webcam()[0].clone() }];
        let infrared = camera(CameraApi::V4l2, "no-such-video0");
        let infrared = Camera { name: "Integrated IR Camera".into(), formats: Some(formats), ..infrared };
        let colour = Camera { formats: Some(webcam()), ..camera(CameraApi::V4l2, "no-such-video2") };
        let cameras = [infrared, colour];
        let decision = Decision::new(&cameras, &Source::Auto);
        assert_eq!(decision.camera().unwrap().name, "no-such-video2");
        assert_eq!(decision.reason(), Some(preferred(Preference::Colour)));
    }

    #[test]
    fn a_source_means_a_camera_by_its_node_by_its_link_or_as_the_first_of_its_kind() {
        let cameras = [
            camera(CameraApi::V4l2, "no-such-video0"),
            camera(CameraApi::Icamera, "a"),
            camera(CameraApi::Icamera, "b"),
        ];
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
            let cameras =
                [&own, &other].map(|path| Camera { node: Some(path.clone()), ..camera(CameraApi::V4l2, "x") });
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
        let offered = |present: &str| {
            let offers = offers(&cameras, &present.parse().unwrap());
            offers.into_iter().map(|it| (it.source, it.label, it.is_missing)).collect::<Vec<_>>()
        };
        assert_eq!(offered("auto"), [(cameras[0].source.clone(), "Webcam (video0)".to_owned(), false)]);
        // The number that the settings name stays there.
        let by_number = "v4l2:/dev/video0".parse().unwrap();
        assert_eq!(offered("v4l2:/dev/video0"), [(by_number, "Webcam (video0)".to_owned(), false)]);
        let gone = offered("v4l2:/dev/v4l/by-id/usb-Other_Cam_7-video-index0");
        assert_eq!(gone.len(), 2);
        assert_eq!((gone[1].1.as_str(), gone[1].2), ("Other Cam 7", true));
        assert_eq!(offered("icamera:ov01a10-uf")[1].1, "ov01a10-uf (icamera)");
        assert_eq!(offered("test").len(), 1);
    }
}
