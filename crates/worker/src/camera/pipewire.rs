//! Cameras of PipeWire's, through `pipewiresrc`.

use lenscap_core::source::GenericName;
use lenscap_core::trouble::Trouble;
use lenscap_wire::protocol::Configure;

use gst::prelude::*;

use super::elements::{make, set};
use super::{Backend, Built, key};

/// The value of `target-object`, or PipeWire's default camera.
pub(super) struct PipeWire(pub(super) Option<String>);

impl Backend for PipeWire {
    fn elements(&self) -> Vec<&'static str> {
        vec!["pipewiresrc"]
    }

    fn build(&self, _configure: &Configure) -> Result<Built, Trouble> {
        let element = make("pipewiresrc")?;
        if let Some(target) = &self.0 {
            // The property's name until PipeWire 0.3.64 was "path".
            let property = if element.has_property("target-object") { "target-object" } else { "path" };
            set(&element, property, target)?;
        }
        Ok(Built::new(element, self.0.as_deref().unwrap_or(GenericName::PipeWire.as_str())))
    }

    fn id(&self, _element: Option<&gst::Element>) -> String {
        key("pipewire", self.0.clone())
    }

    fn connects(&self) -> bool {
        true
    }
}
