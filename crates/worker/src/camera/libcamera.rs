//! Cameras of libcamera's, through `libcamerasrc`.

use gst::prelude::*;

use lenscap_cameras::vendors::{Report, Reported};
use lenscap_core::location::Location;
use lenscap_core::source::GenericName;
use lenscap_core::trouble::Trouble;
use lenscap_wire::protocol::Configure;

use super::elements::{chosen, make};
use super::{Backend, Built, ControlsOf, DeviceAccess, key};
use crate::list_cameras::formats;

/// libcamera's list of cameras in GStreamer.
const PROVIDER: &str = "libcameraprovider";

/// The value of `camera-name`, libcamera's id, or its first camera.
pub(super) struct Libcamera(pub(super) Option<String>);

impl Backend for Libcamera {
    fn elements(&self) -> Vec<&'static str> {
        vec!["libcamerasrc"]
    }

    fn build(&self, _configure: &Configure) -> Result<Built, Trouble> {
        let element = make("libcamerasrc")?;
        if let Some(name) = &self.0 {
            // An id with backslashes: never through a parser.
            element.set_property("camera-name", name);
        }
        let name = self.0.as_deref().unwrap_or(GenericName::BuiltIn.as_str());
        Ok(Built { native: true, ..Built::new(element, name) })
    }

    fn id(&self, element: Option<&gst::Element>) -> String {
        key("libcamera", self.0.clone().or_else(|| chosen(element?, "camera-name")))
    }

    fn controls(&self) -> ControlsOf<'_> {
        ControlsOf::Element
    }

    fn device_access(&self) -> DeviceAccess {
        DeviceAccess::Every { and_virtual: false }
    }

    fn list(&self) -> Option<fn() -> Report> {
        Some(list)
    }
}

/// What the library has. It knows no camera before it is asked.
fn list() -> Report {
    if gst::ElementFactory::find("libcamerasrc").is_none() {
        return Report::default();
    }
    let mut report = Report { installed: true, ..Report::default() };
    let Some(provider) = gst::DeviceProviderFactory::by_name(PROVIDER) else { return report };
    for device in provider.devices() {
        // Its display name is the id.
        let id = device.display_name().to_string();
        let properties = device.properties();
        // "api.libcamera.Location" and such, where its version says so.
        let property = |name: &str| {
            let properties = properties.as_ref()?;
            let field = properties
                .fields()
                .find(|field| field.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(name)))?;
            let value = properties.value(field.as_str()).ok()?;
            value.get::<String>().or_else(|_| value.serialize().map(|text| text.to_string())).ok()
        };
        let location = property("location").map(|text| text.to_lowercase()).and_then(|location| match location {
            front if front.contains("front") || front == "0" => Some(Location::Front),
            back if back.contains("back") || back == "1" => Some(Location::Back),
            external if external.contains("external") || external == "2" => Some(Location::External),
            _ => None,
        });
        report.cameras.push(Reported {
            name: property("model").unwrap_or_else(|| id.clone()),
            location,
            rotation: property("rotation").and_then(|degrees| degrees.parse().ok()),
            formats: device.caps().map(|caps| formats(&caps)).unwrap_or_default(),
            itself: None,
            id,
        });
    }
    report
}
