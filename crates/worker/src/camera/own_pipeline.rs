//! The user's own description of the beginning of a pipeline.

use gst::prelude::*;

use lenscap_core::source::GenericName;
use lenscap_core::trouble::Trouble;
use lenscap_wire::protocol::Configure;

use super::{Backend, Built, DeviceAccess};

/// The description.
pub(super) struct OwnPipeline(pub(super) String);

impl Backend for OwnPipeline {
    fn elements(&self) -> Vec<&'static str> {
        vec![]
    }

    fn build(&self, _configure: &Configure) -> Result<Built, Trouble> {
        Ok(Built { own: true, ..Built::new(parse(&self.0)?, GenericName::OwnPipeline.as_str()) })
    }

    fn id(&self, _element: Option<&gst::Element>) -> String {
        "pipeline".into()
    }

    fn device_access(&self) -> DeviceAccess {
        DeviceAccess::Unconfined
    }
}

/// A bin from the user's description.
fn parse(description: &str) -> Result<gst::Element, Trouble> {
    let wrong = |what: &str| Trouble::PipelineUnusable { message: what.trim_end_matches('.').into() };
    let open_ended = |description: &str| gst::parse::bin_from_description(description, true);
    // Caps stand between elements: at the end they need one behind them.
    let last = description.rsplit('!').next().unwrap_or_default().trim_start();
    let is_caps = last.split([',', '(', ' ']).next().is_some_and(|word| word.contains('/') && !word.contains('='));
    let closed = format!("{description} ! identity");
    let bin = open_ended(if is_caps { &closed } else { description }).map_err(|error| {
        let message = error.message();
        match (error.kind::<gst::ParseError>(), message.split('"').nth(1)) {
            (Some(gst::ParseError::NoSuchElement), Some(element)) => {
                Trouble::ElementMissing { element: element.into() }
            }
            _ => wrong(message),
        }
    })?;
    if bin.static_pad("src").is_some() {
        return Ok(bin.upcast());
    }
    // Some elements (decodebin) open their end only when they run; one behind them waits for it.
    match open_ended(&closed) {
        Ok(bin) if bin.static_pad("src").is_some() => Ok(bin.upcast()),
        _ => Err(Trouble::PipelineClosed),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::elements::{make, nodes};
    use super::*;

    #[test]
    fn wrong_descriptions_are_refused_in_gstreamers_words() {
        gst::init().unwrap();
        let trouble = |description| parse(description).unwrap_err();
        let missing = Trouble::ElementMissing { element: "nosuchelement".into() };
        assert_eq!(trouble("videotestsrc ! nosuchelement"), missing);
        assert_eq!(trouble("videotestsrc ! fakesink"), Trouble::PipelineClosed);
        for description in ["videotestsrc ! ! x", "videotestsrc pattern=nonsense"] {
            let trouble = trouble(description);
            assert!(matches!(&trouble, Trouble::PipelineUnusable { message } if !message.is_empty()), "{trouble:?}");
        }
    }

    #[test]
    fn descriptions_may_end_in_caps_or_in_an_element_that_opens_late() {
        gst::init().unwrap();
        assert!(parse("videotestsrc ! video/x-raw,format=RGB,width=320,height=240").is_ok());
        assert!(parse("videotestsrc ! jpegenc ! image/jpeg, width=320").is_ok());
        assert!(parse("videotestsrc ! jpegenc ! decodebin").is_ok());
        assert!(parse("filesrc location=/tmp/x ! pngdec").is_ok());
    }

    #[test]
    fn the_nodes_of_an_own_pipeline_are_known() {
        gst::init().unwrap();
        let bin = parse("v4l2src device=/dev/video7 ! videoconvert").unwrap();
        assert_eq!(nodes(&bin), [Path::new("/dev/video7")]);
        assert!(nodes(&parse("videotestsrc ! videoconvert").unwrap()).is_empty());
        assert!(nodes(&make("videotestsrc").unwrap()).is_empty());
    }
}
