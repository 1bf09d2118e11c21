//! What GStreamer has here. Only its registry is asked: no camera is touched, and no vendor library loaded.

use lenscap_words::distro::Family;
use lenscap_words::trf;

/// Whether this element is installed.
///
/// # Errors
/// How to get it: one sentence.
pub fn require(element: &str) -> Result<(), String> {
    init()?;
    if gst::ElementFactory::find(element).is_some() {
        return Ok(());
    }
    let how = match element {
        "libcamerasrc" => Some(("gstreamer1.0-libcamera", "libcamera-gstreamer", "gst-plugin-libcamera")),
        "v4l2src" => Some(("gstreamer1.0-plugins-good", "gstreamer1-plugins-good", "gst-plugins-good")),
        "videoconvert" | "videoscale" | "appsink" | "videotestsrc" => {
            Some(("gstreamer1.0-plugins-base", "gstreamer1-plugins-base", "gst-plugins-base"))
        }
        _ => None,
    };
    Err(match how {
        Some((debian, fedora, arch)) => trf!(
            "GStreamer's element {element} is not installed: {how}.",
            element = element,
            how = Family::here().install_hint(debian, fedora, arch)
        ),
        None => trf!(
            "GStreamer's element {element} is not installed: install the plugin that has it, then choose this again.",
            element = element
        ),
    })
}

/// Whether a pipeline's description can be read.
///
/// # Errors
/// What is wrong with it: one sentence.
pub fn check_pipeline(description: &str) -> Result<(), String> {
    init()?;
    // Making this one loads the vendor's library, which crashes at times; the worker tells what is wrong with it.
    if description.contains("icamerasrc") {
        return require("icamerasrc");
    }
    // Caps may stand at the end only with something behind them.
    match gst::parse::bin_from_description(&format!("{description} ! identity"), true) {
        Ok(_) => Ok(()),
        Err(error) => {
            Err(trf!("The pipeline cannot be used ({why}): correct it.", why = error.message().trim_end_matches('.')))
        }
    }
}

/// GStreamer, once.
///
/// # Errors
/// It cannot be initialised: one sentence.
pub fn init() -> Result<(), String> {
    gst::init().map_err(|error| {
        trf!("GStreamer does not work here ({why}): reinstall it.", why = error.message().trim_end_matches('.'))
    })
}
