//! Cameras of PipeWire's, through `pipewiresrc`.
//!
//! Which one is decided here. The session manager would take its default camera, and in place of one that is missing that one
//! as well: it may be our own device, which would then show a picture of itself (facts: pipewire, section 5).

use std::path::{Path, PathBuf};

use gst::prelude::*;

use lenscap_core::trouble::Trouble;
use lenscap_wire::protocol::Configure;

use super::elements::{make, set};
use super::{Backend, Built, key};

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
    /// What it is in V4L2, where it is.
    node: Option<PathBuf>,
    /// It is what another program writes, not a camera.
    is_loopback: bool,
}

impl Offer {
    /// From the properties that PipeWire's list of devices has, all of them text.
    fn of(properties: &gst::StructureRef) -> Self {
        let text = |name: &str| properties.get::<String>(name).unwrap_or_default();
        let node = text("api.v4l2.path");
        Self {
            name: text("node.name"),
            serial: text("object.serial"),
            description: text("node.description"),
            priority: text("priority.session").parse().unwrap_or_default(),
            node: (!node.is_empty()).then(|| node.into()),
            is_loopback: text("api.v4l2.cap.driver") == "v4l2 loopback",
        }
    }

    fn is_called(&self, target: &str) -> bool {
        [&self.name, &self.serial].into_iter().any(|name| name == target)
    }

    fn is_ours(&self, own: &[PathBuf]) -> bool {
        self.node.as_deref().is_some_and(|node| own.iter().any(|own| is_same(own, node)))
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
        None => Err(Trouble::CameraMissing { camera: target.into(), error: NOT_THERE.into() }),
    }
}

/// PipeWire's cameras; `None` where nobody lists them.
fn offers() -> Option<Vec<Offer>> {
    let provider = gst::DeviceProviderFactory::by_name("pipewiredeviceprovider")?;
    let devices = provider.devices();
    let cameras = devices.iter().filter(|device| device.device_class() == "Video/Source");
    Some(cameras.filter_map(|device| Some(Offer::of(&*device.properties()?))).collect())
}

impl Backend for PipeWire {
    fn elements(&self) -> Vec<&'static str> {
        vec!["pipewiresrc"]
    }

    fn build(&self, configure: &Configure) -> Result<Built, Trouble> {
        let element = make("pipewiresrc")?;
        let Some(offers) = offers() else {
            return Err(Trouble::ElementMissing { element: "pipewiresrc".into() });
        };
        let camera = choose(self.0.as_deref(), &offers, &configure.excluded)?;
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
        let missing = Trouble::CameraMissing { camera: "gone".into(), error: NOT_THERE.into() };
        assert_eq!(choose(Some("gone"), &offers, &own), Err(missing));
    }

    #[test]
    fn an_offer_is_read_from_pipewires_properties() {
        gst::init().unwrap();
        let properties = gst::Structure::builder("pipewire-proplist")
            .field("node.name", "v4l2_input.pci")
            .field("node.description", "Webcam (V4L2)")
            .field("object.serial", "39")
            .field("priority.session", "1000")
            .field("api.v4l2.path", "/dev/video0")
            .field("api.v4l2.cap.driver", "uvcvideo")
            .build();
        let expected = Offer {
            description: "Webcam (V4L2)".into(),
            node: Some("/dev/video0".into()),
            ..offer("v4l2_input.pci", "39", 1000)
        };
        assert_eq!(Offer::of(&properties), expected);
        assert_eq!(Offer::of(&gst::Structure::new_empty("x")), Offer::default());
    }
}
