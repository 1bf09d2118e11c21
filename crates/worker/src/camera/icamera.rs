//! Cameras of Intel's library, through `icamerasrc`.

use gst::prelude::*;

use lenscap_cameras::vendors::{Report, Reported};
use lenscap_core::location::Location;
use lenscap_core::source::GenericName;
use lenscap_core::trouble::Trouble;
use lenscap_wire::protocol::Configure;

use super::elements::{chosen, make, set};
use super::{Backend, Built, ControlsOf, DeviceAccess, key};
use crate::list_cameras::formats;

/// The value of `device-name`, or the library's default camera.
pub(super) struct Icamera(pub(super) Option<String>);

impl Backend for Icamera {
    fn elements(&self) -> Vec<&'static str> {
        vec!["icamerasrc"]
    }

    fn build(&self, configure: &Configure) -> Result<Built, Trouble> {
        let element = make("icamerasrc")?;
        // Its own limits.
        let buffers = configure.buffer_count.clamp(2, 10);
        set(&element, "buffer-count", &buffers.to_string())?;
        if let Some(name) = &self.0 {
            set(&element, "device-name", name)?;
        }
        let name = self.0.as_deref().unwrap_or(GenericName::BuiltIn.as_str());
        Ok(Built { buffers: Some(buffers), ..Built::new(element, name) })
    }

    fn id(&self, element: Option<&gst::Element>) -> String {
        key("icamera", self.0.clone().or_else(|| chosen(element?, "device-name")))
    }

    fn controls(&self) -> ControlsOf<'_> {
        ControlsOf::Element
    }

    fn device_access(&self) -> DeviceAccess {
        DeviceAccess::Every { and_virtual: false }
    }

    /// Without cameras the element has no list of them.
    fn has_camera(&self, element: &gst::Element) -> bool {
        self.0.is_some() || element.find_property("device-name").is_some()
    }

    fn list(&self) -> Option<fn() -> Report> {
        Some(list)
    }
}

/// Intel's element builds the values of its property from what its library finds; without a camera it has none.
fn list() -> Report {
    let Some(factory) = gst::ElementFactory::find("icamerasrc") else { return Report::default() };
    let mut report = Report { installed: true, ..Report::default() };
    let factory = factory.load().unwrap_or(factory);
    // The class alone: an element that is made and dropped shuts the library down.
    let class = glib::Class::<gst::Element>::from_type(factory.element_type());
    let values = class
        .as_ref()
        .and_then(|class| class.find_property("device-name"))
        .and_then(|property| glib::EnumClass::with_type(property.value_type()));
    let formats = factory
        .static_pad_templates()
        .iter()
        .find_map(|template| (template.direction() == gst::PadDirection::Src).then(|| formats(&template.caps())));
    let formats = formats.unwrap_or_default();
    for value in values.iter().flat_map(glib::EnumClass::values) {
        report.cameras.push(Reported {
            id: value.nick().to_owned(),
            name: value.name().to_owned(),
            location: facing(value.nick()),
            rotation: None,
            formats: formats.clone(),
            itself: None,
        });
    }
    report
}

/// "ov01a10-uf-0" faces the user, "ov13b10-wf-2" the world.
fn facing(name: &str) -> Option<Location> {
    name.split('-').find_map(|part| match part {
        "uf" => Some(Location::Front),
        "wf" => Some(Location::Back),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intels_names_tell_where_a_camera_looks() {
        assert_eq!(facing("ov01a10-uf"), Some(Location::Front));
        assert_eq!(facing("ov13b10-wf-2"), Some(Location::Back));
        assert_eq!(facing("imx390"), None);
    }
}
