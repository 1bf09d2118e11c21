//! The kinds of source that the worker reads, one backend and one file each. All that differs between kinds is here: which
//! elements they need, how they are built, what they are called, what the sandbox leaves them, how their cameras are listed.
//!
//! A new kind is a variant of [`Source`] (and of `CameraApi`, where its cameras are listed and `auto` takes them), a file below
//! `camera/`, its line in [`backend`], and its words in `lenscap_words::source`.

mod auto;
mod elements;
mod icamera;
mod libcamera;
mod own_pipeline;
mod pipewire;
mod test_picture;
mod v4l2;

use std::path::{Path, PathBuf};

use lenscap_cameras::signal::Moment;
use lenscap_cameras::vendors::Report;
use lenscap_core::source::Source;
use lenscap_core::trouble::Trouble;
use lenscap_wire::protocol::Configure;

pub(crate) use auto::{candidates, opened_as};
pub(crate) use elements::{make, nodes};
pub(crate) use pipewire::busy;
pub(crate) use v4l2::{check_node, settled};

/// A source element, built and still in NULL: nothing was touched.
pub(crate) struct Built {
    /// The element or bin; its video comes out of the pad "src".
    pub(crate) element: gst::Element,
    /// What it is called when nothing better is known.
    pub(crate) name: String,
    /// Ask the sensor for no less than half its size, and decouple it: libcamera.
    pub(crate) native: bool,
    /// The user's own: its caps are left as they are.
    pub(crate) own: bool,
    /// Buffers that it is asked for, where it takes a number.
    pub(crate) buffers: Option<u32>,
}

impl Built {
    fn new(element: gst::Element, name: impl Into<String>) -> Self {
        Self { element, name: name.into(), native: false, own: false, buffers: None }
    }
}

/// Which device nodes the sandbox leaves a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DeviceAccess {
    /// There is no sandbox: a user's own pipeline does what its user may.
    Unconfined,
    /// None.
    Nothing,
    /// This V4L2 node, and the machine's decoders.
    Node(PathBuf),
    /// Every camera's, for a vendor's library alone knows which it needs; with `and_virtual` loopbacks as well.
    Every {
        /// Whether nodes without a device are among them.
        and_virtual: bool,
    },
}

/// Who carries out a camera's own controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ControlsOf<'a> {
    /// The kernel's driver of this node.
    Node(&'a Path),
    /// The properties of the source element.
    Element,
    /// It has none.
    Nobody,
}

/// One kind of source.
pub(crate) trait Backend {
    /// The elements that it may need, to be loaded ahead.
    fn elements(&self) -> Vec<&'static str>;

    /// Builds the source element.
    ///
    /// # Errors
    /// When an element or a property is missing, or the source cannot be read.
    fn build(&self, configure: &Configure) -> Result<Built, Trouble>;

    /// The key under which the values of its controls are saved; `element` is the built one, which may know the camera's name.
    fn id(&self, element: Option<&gst::Element>) -> String;

    /// Who carries out its controls.
    fn controls(&self) -> ControlsOf<'_> {
        ControlsOf::Nobody
    }

    /// How far its picture is to be turned against the clock to be upright, in degrees; `None`: nobody knows, or what reads the
    /// camera turns it already, as libcamera does where the sensor can (`CameraConfiguration::orientation`).
    fn sensor_rotation(&self) -> Option<u32> {
        None
    }

    /// What the sandbox leaves it.
    fn device_access(&self) -> DeviceAccess {
        DeviceAccess::Nothing
    }

    /// Whether it connects to a server.
    fn connects(&self) -> bool {
        false
    }

    /// Whether the camera has gone since it was opened.
    fn has_gone(&self) -> bool {
        false
    }

    /// Why the camera, of this name, gives no picture, if it is that nothing arrives at its input.
    fn no_signal(&self, _camera: &str, _moment: Moment) -> Option<Trouble> {
        None
    }

    /// Whether the built element has a camera behind it, as far as is known without opening one.
    fn has_camera(&self, _element: &gst::Element) -> bool {
        true
    }

    /// How `--list-cameras` lists its cameras; `None`: not by this program.
    fn list(&self) -> Option<fn() -> Report> {
        None
    }
}

/// The backend of a source.
pub(crate) fn backend(source: &Source) -> Box<dyn Backend> {
    match source.clone() {
        Source::Auto => Box::new(auto::Auto),
        Source::Icamera(name) => Box::new(icamera::Icamera(name)),
        Source::Libcamera(name) => Box::new(libcamera::Libcamera(name)),
        Source::V4l2(node) => Box::new(v4l2::V4l2(node)),
        Source::PipeWire(target) => Box::new(pipewire::PipeWire(target)),
        Source::Test => Box::new(test_picture::TestPicture),
        Source::Pipeline(description) => Box::new(own_pipeline::OwnPipeline(description)),
    }
}

/// A key for saved values: the word, and the camera's name where it has one.
fn key(word: &str, name: Option<String>) -> String {
    match name.filter(|name| !name.is_empty()) {
        Some(name) => format!("{word}:{name}"),
        None => word.to_owned(),
    }
}
