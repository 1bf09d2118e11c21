//! A moving test picture, which needs no camera.

use gst::prelude::*;

use lenscap_core::source::GenericName;
use lenscap_core::trouble::Trouble;
use lenscap_wire::protocol::Configure;

use super::elements::{make, set};
use super::{Backend, Built};

pub(super) struct TestPicture;

impl Backend for TestPicture {
    fn elements(&self) -> Vec<&'static str> {
        vec!["videotestsrc"]
    }

    fn build(&self, _configure: &Configure) -> Result<Built, Trouble> {
        let element = make("videotestsrc")?;
        element.set_property("is-live", true);
        set(&element, "pattern", "ball")?;
        Ok(Built::new(element, GenericName::TestPicture.as_str()))
    }

    fn id(&self, _element: Option<&gst::Element>) -> String {
        "test".into()
    }
}
