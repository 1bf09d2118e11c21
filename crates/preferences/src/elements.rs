//! What GStreamer has here. Only its registry is asked: no camera is touched, and no vendor library loaded.

use lenscap_core::trouble::Trouble;
use lenscap_text::Cause;

/// Whether this element is installed.
///
/// # Errors
/// It is not.
pub fn require(element: &str) -> Result<(), Trouble> {
    init()?;
    match gst::ElementFactory::find(element) {
        Some(_) => Ok(()),
        None => Err(Trouble::ElementMissing { element: element.into() }),
    }
}

/// Whether a pipeline's description can be read.
///
/// # Errors
/// What is wrong with it.
pub fn check_pipeline(description: &str) -> Result<(), Trouble> {
    init()?;
    // Making this one loads the vendor's library, which crashes at times; the worker reports what is wrong with it.
    if description.contains("icamerasrc") {
        return require("icamerasrc");
    }
    // Caps may stand at the end only with something behind them.
    match gst::parse::bin_from_description(&format!("{description} ! identity"), true) {
        Ok(_) => Ok(()),
        Err(error) => Err(Trouble::PipelineUnusable { message: error.message().trim_end_matches('.').into() }),
    }
}

/// GStreamer, once.
///
/// # Errors
/// It cannot be initialised.
pub fn init() -> Result<(), Trouble> {
    gst::init().map_err(|error| Trouble::GstreamerUnusable { cause: Cause::other(error) })
}
