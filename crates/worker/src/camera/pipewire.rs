//! Cameras of PipeWire's, through `pipewiresrc`.
//!
//! Which one is decided here. The session manager would take its default camera, and in place of one that is missing that one
//! as well: it may be our own device, which would then show a picture of itself (facts: pipewire, section 5). The library is
//! asked, never GStreamer's `pipewiredeviceprovider` (see [`cameras`]), and the connection closed before a pipeline is there.

mod formats;

use std::path::{Path, PathBuf};

use gst::prelude::*;

use lenscap_cameras::vendors::{Report, Reported};
use lenscap_core::source::{GenericName, Source};
use lenscap_core::trouble::Trouble;
use lenscap_libpipewire::cameras::{self, Camera};
use lenscap_libpipewire::{Library, Properties};
use lenscap_sys::install::APP_ID;
use lenscap_text::{Cause, Text};
use lenscap_wire::pipewire::is_served;
use lenscap_wire::protocol::Configure;

use super::elements::{has, make, set};
use super::{Backend, Built, key};
use formats::formats;

/// A node's name or `object.serial`, or PipeWire's default camera.
pub(super) struct PipeWire(pub(super) Option<String>);

/// Why a camera that is named is missing.
const NOT_THERE: &str = "PipeWire does not have it";

/// A camera that PipeWire has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Offer {
    /// `node.name`: stays the same.
    name: String,
    /// `object.serial`: never given to another node.
    serial: String,
    /// For people.
    description: String,
    /// The highest is the default.
    priority: i64,
    /// `application.id` of the program whose node it is, where that says one.
    program: String,
    /// What it is in V4L2, where it is.
    node: Option<PathBuf>,
    /// What it is in libcamera, where it is: the camera's id.
    libcamera: Option<String>,
    /// It is what another program writes, not a camera.
    is_loopback: bool,
}

impl Offer {
    fn of(properties: &Properties) -> Self {
        let text = |name| String::from_utf8_lossy(properties.get(name).unwrap_or_default()).into_owned();
        let stated = |name| Some(text(name)).filter(|text| !text.is_empty());
        Self {
            name: text(cameras::NAME),
            serial: text(cameras::SERIAL),
            description: text(cameras::DESCRIPTION),
            priority: text(cameras::PRIORITY).parse().unwrap_or_default(),
            program: text(cameras::PROGRAM),
            node: stated(cameras::V4L2_NODE).map(PathBuf::from),
            libcamera: stated(cameras::LIBCAMERA),
            is_loopback: text(cameras::V4L2_DRIVER) == "v4l2 loopback",
        }
    }

    fn is_called(&self, target: &str) -> bool {
        [&self.name, &self.serial].into_iter().any(|name| name == target)
    }

    /// Whether it shows our own picture: the node that `lenscap-pipewire` has, whatever it is called, or the device.
    fn is_ours(&self, own: &[PathBuf]) -> bool {
        self.program == APP_ID || self.node.as_deref().is_some_and(|node| own.iter().any(|own| is_same(own, node)))
    }

    /// Whether it is this camera, which is read without PipeWire otherwise; a library's first one may be any of its.
    fn is_camera(&self, camera: &Source) -> bool {
        match camera {
            Source::Libcamera(None) => self.libcamera.is_some(),
            Source::Libcamera(id) => self.libcamera == *id,
            Source::V4l2(path) => self.node.as_deref().is_some_and(|node| is_same(path, node)),
            _ => false,
        }
    }

    /// The camera's source without PipeWire.
    fn itself(&self) -> Option<Source> {
        let node = self.node.clone().map(Source::V4l2);
        node.or_else(|| Some(Source::Libcamera(Some(self.libcamera.clone()?))))
    }
}

/// Whether two paths lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    let resolved = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    resolved(one) == resolved(other)
}

/// The camera that is called so, or the default one; never one of `own`, nor, unasked, what another program writes.
fn choose<'a>(target: Option<&str>, offers: &'a [Offer], own: &[PathBuf]) -> Result<&'a Offer, Trouble> {
    let Some(target) = target else {
        let cameras = offers.iter().filter(|offer| !offer.is_loopback && !offer.is_ours(own));
        return cameras.max_by_key(|offer| offer.priority).ok_or(Trouble::NoCamera);
    };
    match offers.iter().find(|offer| offer.is_called(target)) {
        Some(offer) if offer.is_ours(own) => Err(Trouble::OwnDevice { node: target.into() }),
        Some(offer) => Ok(offer),
        None => Err(Trouble::CameraMissing { camera: target.into(), cause: Cause::other(NOT_THERE) }),
    }
}

/// The node of a camera that another program holds itself.
fn choose_held<'a>(camera: &Source, offers: &'a [Offer], own: &[PathBuf]) -> Result<&'a Offer, Trouble> {
    let nodes = offers.iter().filter(|offer| !offer.is_ours(own) && offer.is_camera(camera));
    nodes.max_by_key(|offer| offer.priority).ok_or_else(|| busy(camera))
}

/// What is wrong with a camera that another program holds, and that PipeWire does not give either.
pub(crate) fn busy(camera: &Source) -> Trouble {
    let camera: Text = match camera {
        Source::Libcamera(None) => GenericName::BuiltIn.as_str().into(),
        Source::Libcamera(Some(id)) => id.as_str().into(),
        Source::V4l2(path) => Text::of_path(path),
        other => other.to_string().into(),
    };
    Trouble::CameraBusy { camera }
}

/// PipeWire's cameras; none where there is no server, or it does not answer.
fn ask(with_formats: bool) -> Vec<Camera> {
    let library = Library::load().map_err(std::io::Error::other);
    let cameras = library.and_then(|library| cameras::list(library, "Lenscap", with_formats));
    cameras.unwrap_or_else(|error| {
        tracing::warn!("the cameras in PipeWire: {error}");
        Vec::new()
    })
}

/// PipeWire's cameras, the default first, but for our own and what another program writes. Those that are also cameras of
/// the kernel's or libcamera's say so.
fn list() -> Report {
    let mut report = Report { installed: has("pipewiresrc"), ..Report::default() };
    // Whoever connects where there is only systemd's socket starts a server.
    if !report.installed || !is_served() {
        return report;
    }
    let cameras = ask(true).into_iter().map(|camera| (Offer::of(&camera.properties), camera.formats));
    let mut cameras: Vec<_> =
        cameras.filter(|(offer, _)| !offer.is_loopback && !offer.is_ours(&[]) && !offer.name.is_empty()).collect();
    cameras.sort_by_key(|(offer, _)| std::cmp::Reverse(offer.priority));
    report.cameras = cameras
        .into_iter()
        .map(|(offer, offered)| Reported {
            name: if offer.description.is_empty() { offer.name.clone() } else { offer.description.clone() },
            location: None,
            rotation: None,
            formats: formats(&offered),
            itself: offer.itself(),
            id: offer.name,
        })
        .collect();
    report
}

impl Backend for PipeWire {
    fn elements(&self) -> Vec<&'static str> {
        vec!["pipewiresrc"]
    }

    fn build(&self, configure: &Configure) -> Result<Built, Trouble> {
        if !has("pipewiresrc") {
            return Err(Trouble::ElementMissing { element: "pipewiresrc".into() });
        }
        let offers: Vec<_> = ask(false).iter().map(|camera| Offer::of(&camera.properties)).collect();
        let camera = match &configure.held {
            Some(held) => choose_held(held, &offers, &configure.excluded)?,
            None => choose(self.0.as_deref(), &offers, &configure.excluded)?,
        };
        let element = make("pipewiresrc")?;
        // The property's name until PipeWire 0.3.64 was "path", and its value the number of the object.
        let property = if element.has_property("target-object") { "target-object" } else { "path" };
        set(&element, property, if camera.serial.is_empty() { &camera.name } else { &camera.serial })?;
        if element.has_property("stream-properties") {
            // From 1.4 on the session manager would take another one when this one goes.
            let props = gst::Structure::builder("props").field("node.dont-fallback", "true").build();
            element.set_property("stream-properties", props);
        }
        let name = if camera.description.is_empty() { &camera.name } else { &camera.description };
        Ok(Built::new(element, name.as_str()))
    }

    fn id(&self, _element: Option<&gst::Element>) -> String {
        key("pipewire", self.0.clone())
    }

    fn connects(&self) -> bool {
        true
    }

    fn list(&self) -> Option<fn() -> Report> {
        Some(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(name: &str, serial: &str, priority: i64) -> Offer {
        Offer { name: name.into(), serial: serial.into(), priority, ..Offer::default() }
    }

    #[test]
    fn the_default_is_the_highest_that_is_a_camera_and_not_ours() {
        let own = [PathBuf::from("/dev/video90")];
        let ours = Offer { node: Some("/dev/video90".into()), ..offer("v4l2_input.90", "51", 1200) };
        let loopback = Offer { is_loopback: true, ..offer("obs", "52", 1100) };
        let offers = [ours, loopback, offer("old", "40", 700), offer("libcamera", "41", 850)];
        assert_eq!(choose(None, &offers, &own).map(|it| it.name.as_str()), Ok("libcamera"));
        assert_eq!(choose(None, &offers[..2], &own), Err(Trouble::NoCamera));
        assert_eq!(choose(None, &[], &own), Err(Trouble::NoCamera));
    }

    #[test]
    fn a_named_one_is_that_one_or_none() {
        let own = [PathBuf::from("/dev/video90")];
        let ours = Offer { node: Some("/dev/video90".into()), ..offer("v4l2_input.90", "51", 1200) };
        let loopback = Offer { is_loopback: true, ..offer("obs", "52", 1100) };
        let offers = [ours, loopback];
        for name in ["obs", "52"] {
            assert_eq!(choose(Some(name), &offers, &own).map(|it| it.serial.as_str()), Ok("52"), "{name}");
        }
        for name in ["v4l2_input.90", "51"] {
            assert_eq!(choose(Some(name), &offers, &own), Err(Trouble::OwnDevice { node: name.into() }));
        }
        let missing = Trouble::CameraMissing { camera: "gone".into(), cause: Cause::other(NOT_THERE) };
        assert_eq!(choose(Some("gone"), &offers, &own), Err(missing));
    }

    #[test]
    fn our_own_node_is_none_whatever_it_is_called() {
        let native = Offer { program: APP_ID.into(), ..offer("lenscap", "60", 1200) };
        let renamed = Offer { program: APP_ID.into(), ..offer("camera-of-mine", "61", 1300) };
        let offers = [native, renamed];
        assert_eq!(choose(None, &offers, &[]), Err(Trouble::NoCamera));
        for name in ["lenscap", "60", "camera-of-mine", "61"] {
            assert_eq!(choose(Some(name), &offers, &[]), Err(Trouble::OwnDevice { node: name.into() }), "{name}");
        }
        // A name alone says nothing.
        let other = [Offer { program: "org.example.Cam".into(), ..offer("lenscap", "70", 1) }];
        assert_eq!(choose(None, &other, &[]).map(|it| it.serial.as_str()), Ok("70"));
    }

    #[test]
    fn a_held_camera_is_found_by_what_it_is_without_pipewire() {
        let lib = |name: &str, serial, priority, id: &str| Offer {
            libcamera: Some(id.into()),
            ..offer(name, serial, priority)
        };
        let id = r"\_SB_.PC00.LNK1";
        let ours = Offer { program: APP_ID.into(), ..lib("lenscap", "60", 1200, id) };
        let webcam = Offer { node: Some("/dev/null".into()), ..offer("v4l2_input.0", "40", 1000) };
        let offers = [ours, webcam, lib("back", "41", 700, "back"), lib("front", "42", 850, id)];
        let found = |camera: Source| choose_held(&camera, &offers, &[]).map(|it| it.serial.as_str());
        assert_eq!(found(Source::Libcamera(Some(id.into()))), Ok("42"));
        assert_eq!(found(Source::Libcamera(Some("back".into()))), Ok("41"));
        assert_eq!(found(Source::Libcamera(None)), Ok("42"), "the default one");
        assert_eq!(found(Source::V4l2("/dev/../dev/null".into())), Ok("40"));
        let busy = |camera: &str| Err(Trouble::CameraBusy { camera: camera.into() });
        assert_eq!(found(Source::Libcamera(Some("gone".into()))), busy("gone"));
        assert_eq!(found(Source::V4l2("/dev/zero".into())), busy("/dev/zero"));
        let none = choose_held(&Source::Libcamera(None), &offers[..2], &[]);
        assert_eq!(none, Err(Trouble::CameraBusy { camera: "Built-in camera".into() }));
        let own = choose_held(&Source::V4l2("/dev/null".into()), &offers, &["/dev/null".into()]);
        assert_eq!(own, Err(Trouble::CameraBusy { camera: "/dev/null".into() }));
    }

    #[test]
    fn an_offer_is_read_from_pipewires_properties() {
        let properties = [
            (cameras::NAME, "v4l2_input.pci"),
            (cameras::DESCRIPTION, "Webcam (V4L2)"),
            (cameras::SERIAL, "39"),
            (cameras::PRIORITY, "1000"),
            (cameras::V4L2_NODE, "/dev/video0"),
            (cameras::V4L2_DRIVER, "uvcvideo"),
            (cameras::LIBCAMERA, "id"),
            (cameras::PROGRAM, "org.example"),
        ];
        let properties = properties.into_iter().map(|(name, value)| (name, value.as_bytes().to_vec())).collect();
        let expected = Offer {
            description: "Webcam (V4L2)".into(),
            node: Some("/dev/video0".into()),
            libcamera: Some("id".into()),
            program: "org.example".into(),
            ..offer("v4l2_input.pci", "39", 1000)
        };
        assert_eq!(Offer::of(&properties), expected);
        assert_eq!(Offer::of(&Properties::default()), Offer::default());
    }
}
