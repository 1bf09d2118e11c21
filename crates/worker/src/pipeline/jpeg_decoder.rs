//! What decodes JPEG pictures.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gst::prelude::*;

use crate::camera;
use lenscap_core::trouble::Trouble;

/// GStreamer's decoder, libjpeg-turbo in most distributions.
pub(crate) const SOFTWARE: &str = "jpegdec";

/// A decoder that survives what webcams send.
///
/// # Errors
/// When there is none.
pub(crate) fn make() -> Result<gst::Element, Trouble> {
    let decoder = camera::make(SOFTWARE)?;
    // Webcams give a broken picture now and then.
    if decoder.has_property("max-errors") {
        decoder.set_property("max-errors", -1_i32);
    }
    // A frame that does not come out is a broken one, never one left out for lateness.
    if decoder.has_property("qos") {
        decoder.set_property("qos", false);
    }
    Ok(decoder)
}

/// Whether a picture that went in is still to come out. The decoder says nothing about one that it cannot decode; but it
/// works on one at a time, so that it is known when the next goes in.
pub(crate) fn outcome(decoder: &gst::Element) -> Option<Arc<AtomicBool>> {
    let pending = Arc::new(AtomicBool::new(false));
    let seen = pending.clone();
    decoder.static_pad("src")?.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        seen.store(false, Ordering::Release);
        gst::PadProbeReturn::Ok
    })?;
    Some(pending)
}
