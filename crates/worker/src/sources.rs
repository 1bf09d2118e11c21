//! From a source as the user wrote it to a GStreamer element.

use std::path::{Path, PathBuf};

use gst::prelude::*;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::pipeline::gst_error;
use lenscap_cameras::signal::{self, Moment};
use lenscap_cameras::{self as camera, Camera, Kind, choice};
use lenscap_core::source::Source;
use lenscap_core::trouble::{Trouble, TroubleKind};
use lenscap_sys::v4l2;
use lenscap_wire::protocol::Configure;
use lenscap_words::{tr, trf};

/// A source element, built and still in NULL: nothing was touched.
pub(super) struct Built {
    /// The element or bin; its video comes out of the pad "src".
    pub(super) element: gst::Element,
    /// What it is called when nothing better is known.
    pub(super) name: String,
    /// Ask the sensor for no less than half its size, and decouple it: libcamera.
    pub(super) native: bool,
    /// The user's own: its caps are left as they are.
    pub(super) own: bool,
    /// Buffers that it is asked for, where it takes a number.
    pub(super) buffers: Option<u32>,
}

/// The elements a source may need, to be loaded ahead.
pub(super) fn factories(source: &Source) -> &'static [&'static str] {
    match source {
        Source::Auto => &["icamerasrc", "libcamerasrc", "v4l2src"],
        Source::Icamera(_) => &["icamerasrc"],
        Source::Libcamera(_) => &["libcamerasrc"],
        Source::V4l2(_) => &["v4l2src"],
        Source::PipeWire(_) => &["pipewiresrc"],
        Source::Test => &["videotestsrc"],
        Source::Pipeline(_) => &[],
    }
}

/// The cameras that `auto` chooses from: a library's as one, before it is asked, and V4L2's, asked what they can do
/// where there are several.
///
/// # Errors
/// When there is nothing to try.
pub(super) fn cameras(excluded: &[PathBuf]) -> Result<Vec<Camera>, Trouble> {
    let has = |name| gst::ElementFactory::find(name).is_some();
    let libraries = [("icamerasrc", Kind::Icamera), ("libcamerasrc", Kind::Libcamera)];
    let mut found: Vec<_> =
        libraries.into_iter().filter(|(name, _)| has(name)).filter_map(|(_, kind)| choice::first_of(kind)).collect();
    let mut nodes = camera::System::here().cameras();
    nodes.retain(|camera| camera.node.as_deref().is_some_and(|node| !excluded.iter().any(|it| is_same(node, it))));
    // Which of them give colours; whether one that looks like a sensor's raw node is one.
    if nodes.len() > 1 || nodes.iter().any(|camera| camera.is_raw) {
        nodes.iter_mut().for_each(Camera::ask);
    }
    nodes.retain(|camera| !camera.is_raw);
    if !nodes.is_empty() && !has("v4l2src") {
        if found.is_empty() {
            return Err(gst_error::missing_element("v4l2src"));
        }
    } else {
        found.extend(nodes);
    }
    if found.is_empty() {
        let text = tr(
            "No camera was found: plug one in, install icamerasrc or libcamerasrc for a built-in MIPI camera, or name a \
             source in the settings.",
        );
        return Err(Trouble::said(TroubleKind::Missing, text));
    }
    Ok(found)
}

/// What to open for this camera: of V4L2's the node that was looked at.
pub(super) fn opened_as(camera: &Camera) -> Source {
    camera.node.clone().map_or_else(|| camera.source.clone(), Source::V4l2)
}

/// A named source as it is to be opened: not through a link that may lead to another camera of the same device.
pub(super) fn settled(source: &Source) -> Source {
    let Source::V4l2(path) = source else { return source.clone() };
    let cameras = camera::System::here().cameras();
    let is_shared = cameras.iter().any(|camera| camera.shared.as_ref() == Some(path));
    match choice::find(&cameras, source).filter(|_| is_shared) {
        Some(camera) => camera.source.clone(),
        None => source.clone(),
    }
}

fn is_same(a: &Path, b: &Path) -> bool {
    a == b || a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

/// Builds the element of one candidate.
///
/// # Errors
/// When an element or a property is missing, or the description is wrong.
pub(super) fn build(source: &Source, configure: &Configure) -> Result<Built, Trouble> {
    let plain =
        |element, name: &str| Built { element, name: name.to_owned(), native: false, own: false, buffers: None };
    match source {
        Source::Auto => {
            Err(Trouble::said(TroubleKind::Setup, tr("\"auto\" was not resolved: name a source in the settings.")))
        }
        Source::Test => {
            let element = make("videotestsrc")?;
            element.set_property("is-live", true);
            set(&element, "pattern", "ball")?;
            Ok(plain(element, &tr("Test picture")))
        }
        Source::V4l2(path) => {
            check_node(path, &configure.excluded)?;
            if let Some(reason) = no_signal(source, &path.to_string_lossy(), Moment::Before) {
                return Err(reason);
            }
            let element = make("v4l2src")?;
            let path = path.to_string_lossy();
            element.set_property("device", path.as_ref());
            Ok(Built { buffers: Some(configure.buffer_count), ..plain(element, &path) })
        }
        Source::Icamera(name) => {
            let element = make("icamerasrc")?;
            // Its own limits.
            let buffers = configure.buffer_count.clamp(2, 10);
            set(&element, "buffer-count", &buffers.to_string())?;
            if let Some(name) = name {
                set(&element, "device-name", name)?;
            }
            let name = name.as_deref().unwrap_or(&tr("Built-in camera")).to_owned();
            Ok(Built { buffers: Some(buffers), ..plain(element, &name) })
        }
        Source::Libcamera(name) => {
            let element = make("libcamerasrc")?;
            if let Some(name) = name {
                // An id with backslashes: never through a parser.
                element.set_property("camera-name", name);
            }
            Ok(Built { native: true, ..plain(element, name.as_deref().unwrap_or(&tr("Built-in camera"))) })
        }
        Source::PipeWire(target) => {
            let element = make("pipewiresrc")?;
            if let Some(target) = target {
                // The property's name until PipeWire 0.3.64 was "path".
                let property = if element.has_property("target-object") { "target-object" } else { "path" };
                set(&element, property, target)?;
            }
            Ok(plain(element, target.as_deref().unwrap_or(&tr("PipeWire camera"))))
        }
        Source::Pipeline(description) => Ok(Built { own: true, ..plain(parse(description)?, &tr("Own pipeline")) }),
    }
}

/// An element by name.
///
/// # Errors
/// Names the package when it is missing.
pub(super) fn make(name: &str) -> Result<gst::Element, Trouble> {
    gst::ElementFactory::make(name).build().map_err(|_| gst_error::missing_element(name))
}

/// Sets a property from text; unlike GStreamer's own function it survives what the user wrote.
fn set(element: &gst::Element, property: &str, value: &str) -> Result<(), Trouble> {
    let name = element.factory().map(|factory| factory.name()).unwrap_or_default();
    let refused = || {
        let text = trf!(
            "{element} takes no {property} \"{value}\": correct the source in the settings.",
            element = name,
            property = property,
            value = value
        );
        Trouble::said(TroubleKind::Setup, text)
    };
    let spec = element.find_property(property).ok_or_else(refused)?;
    if spec.value_type() == glib::Type::STRING {
        element.set_property(property, value);
        return Ok(());
    }
    let value = glib::Value::deserialize_with_pspec(value, &spec).map_err(|_| refused())?;
    element.set_property_from_value(property, &value);
    Ok(())
}

/// Opening tells more plainly than GStreamer what is wrong with a node; it does not switch a camera on.
pub(super) fn check_node(path: &Path, excluded: &[PathBuf]) -> Result<(), Trouble> {
    let shown = path.display().to_string();
    let wrong = |text: String| Trouble::said(TroubleKind::Setup, text);
    if excluded.iter().any(|excluded| is_same(path, excluded)) {
        return Err(wrong(trf!(
            "{node} is the device that Lenscap itself serves: choose another source.",
            node = shown
        )));
    }
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let node = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| match error {
        Errno::BUSY => gst_error::busy(&shown),
        Errno::ACCESS | Errno::PERM => gst_error::permission(&shown),
        _ => gst_error::missing(&shown, &std::io::Error::from(error).to_string()),
    })?;
    match v4l2::query_capability(&node) {
        Ok(capability) if capability.is_raw() => Err(wrong(trf!(
            "{node} gives a sensor's raw data, which V4L2 alone cannot show: choose icamera or libcamera as the source.",
            node = shown
        ))),
        Ok(capability) if capability.is_capture() => Ok(()),
        Ok(_) => Err(wrong(trf!("{node} gives no video: choose another source.", node = shown))),
        Err(error) if Errno::from_io_error(&error) == Some(Errno::NODEV) => {
            Err(gst_error::missing(&shown, &error.to_string()))
        }
        Err(_) => Err(wrong(trf!("{node} is not a V4L2 camera: choose another source.", node = shown))),
    }
}

/// The V4L2 nodes that elements in a user's own bin will open.
pub(super) fn nodes(element: &gst::Element) -> Vec<PathBuf> {
    let Some(bin) = element.downcast_ref::<gst::Bin>() else { return Vec::new() };
    let elements = bin.iterate_recurse().into_iter().flatten();
    elements
        .filter(|element| element.factory().is_some_and(|factory| factory.name() == "v4l2src"))
        .filter_map(|element| element.property::<Option<String>>("device"))
        .map(PathBuf::from)
        .collect()
}

/// Whether the camera of this source has gone since it was opened.
pub(super) fn has_gone(source: &Source) -> bool {
    match source {
        Source::V4l2(path) => check_node(path, &[]).is_err_and(|reason| reason.kind() == TroubleKind::Missing),
        Source::Auto
        | Source::Icamera(_)
        | Source::Libcamera(_)
        | Source::PipeWire(_)
        | Source::Test
        | Source::Pipeline(_) => false,
    }
}

/// Why the camera of this source, of this name, gives no picture, if it is that nothing arrives at its input.
pub(super) fn no_signal(source: &Source, camera: &str, moment: Moment) -> Option<Trouble> {
    match source {
        Source::V4l2(path) => signal::missing(path, camera, moment),
        Source::Auto
        | Source::Icamera(_)
        | Source::Libcamera(_)
        | Source::PipeWire(_)
        | Source::Test
        | Source::Pipeline(_) => None,
    }
}

/// A bin from the user's description.
fn parse(description: &str) -> Result<gst::Element, Trouble> {
    let wrong = |what: &str| {
        let what = what.trim_end_matches('.');
        let text = trf!("The pipeline cannot be used ({error}): correct it in the settings.", error = what);
        Trouble::said(TroubleKind::Setup, text)
    };
    let open_ended = |description: &str| gst::parse::bin_from_description(description, true);
    // Caps stand between elements: at the end they need one behind them.
    let last = description.rsplit('!').next().unwrap_or_default().trim_start();
    let is_caps = last.split([',', '(', ' ']).next().is_some_and(|word| word.contains('/') && !word.contains('='));
    let closed = format!("{description} ! identity");
    let bin = open_ended(if is_caps { &closed } else { description }).map_err(|error| {
        let message = error.message();
        match (error.kind::<gst::ParseError>(), message.split('"').nth(1)) {
            (Some(gst::ParseError::NoSuchElement), Some(element)) => gst_error::missing_element(element),
            _ => wrong(message),
        }
    })?;
    if bin.static_pad("src").is_some() {
        return Ok(bin.upcast());
    }
    // Some elements (decodebin) open their end only when they run; one behind them waits for it.
    match open_ended(&closed) {
        Ok(bin) if bin.static_pad("src").is_some() => Ok(bin.upcast()),
        _ => Err(wrong(&tr("its end is not open: it must end in an element that gives video, not in a sink"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_descriptions_are_refused_in_gstreamers_words() {
        gst::init().unwrap();
        let text = |description| lenscap_words::trouble::sentence(&parse(description).unwrap_err());
        assert!(text("videotestsrc ! nosuchelement").contains("\"nosuchelement\" is missing"));
        assert!(text("videotestsrc ! ! x").contains("correct it in the settings"));
        assert!(text("videotestsrc ! fakesink").contains("not open"));
        assert!(text("videotestsrc pattern=nonsense").contains("correct it in the settings"));
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

    #[test]
    fn properties_take_what_fits_and_refuse_the_rest() {
        gst::init().unwrap();
        let element = make("videotestsrc").unwrap();
        set(&element, "pattern", "snow").unwrap();
        assert!(set(&element, "pattern", "nonsense").is_err());
        assert!(set(&element, "no-such-property", "1").is_err());
        assert!(set(&element, "num-buffers", "many").is_err());
    }

    #[test]
    fn a_node_that_cannot_be_a_camera_says_why() {
        let reason = check_node(Path::new("/dev/no-such-camera"), &[]).unwrap_err();
        assert_eq!(reason.kind(), TroubleKind::Missing);
        let reason = check_node(Path::new("/dev/null"), &[]).unwrap_err();
        assert_eq!(reason.kind(), TroubleKind::Setup);
        assert!(lenscap_words::trouble::sentence(&reason).contains("/dev/null is not a V4L2 camera"), "{reason:?}");
        let reason = check_node(Path::new("/dev/../dev/null"), &["/dev/null".into()]).unwrap_err();
        assert!(lenscap_words::trouble::sentence(&reason).contains("itself"), "{reason:?}");
    }
}
