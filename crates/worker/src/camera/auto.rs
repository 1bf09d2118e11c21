//! `auto`: the first camera that can be opened, in the order of [`lenscap_cameras::choice`].

use std::path::PathBuf;

use lenscap_cameras::{Camera, System, choice};
use lenscap_core::source::{CameraApi, Source};
use lenscap_core::trouble::Trouble;
use lenscap_wire::protocol::Configure;

use super::elements::has;
use super::v4l2::is_same;
use super::{Backend, Built, DeviceAccess};

/// Stands for one of the others until the camera is chosen.
pub(super) struct Auto;

impl Backend for Auto {
    fn elements(&self) -> Vec<&'static str> {
        CameraApi::ALL.into_iter().filter(|api| api.is_automatic()).map(CameraApi::element).collect()
    }

    fn build(&self, _configure: &Configure) -> Result<Built, Trouble> {
        Err(Trouble::SourceUnsettled)
    }

    fn id(&self, _element: Option<&gst::Element>) -> String {
        "auto".into()
    }

    fn device_access(&self) -> DeviceAccess {
        DeviceAccess::Every { and_virtual: true }
    }
}

/// The cameras that `auto` chooses from: a library's as one, before it is asked, and V4L2's, asked what they can do
/// where there are several.
///
/// # Errors
/// When there is nothing to try.
pub(crate) fn candidates(excluded: &[PathBuf]) -> Result<Vec<Camera>, Trouble> {
    let libraries = CameraApi::ALL.into_iter().filter(|api| api.is_library() && api.is_automatic());
    let libraries = libraries.filter_map(choice::first_of);
    let mut found: Vec<_> = libraries.filter(|camera| camera.source.element().is_some_and(has)).collect();
    let mut nodes = System::here().cameras();
    nodes.retain(|camera| camera.node.as_deref().is_some_and(|node| !excluded.iter().any(|it| is_same(node, it))));
    // Which of them give colours; whether one that looks like a sensor's raw node is one.
    if nodes.len() > 1 || nodes.iter().any(|camera| camera.is_raw) {
        nodes.iter_mut().for_each(Camera::ask);
    }
    nodes.retain(|camera| !camera.is_raw);
    if !nodes.is_empty() && !has("v4l2src") {
        if found.is_empty() {
            return Err(Trouble::ElementMissing { element: "v4l2src".into() });
        }
    } else {
        found.extend(nodes);
    }
    if found.is_empty() { Err(Trouble::NoCameraNorElement) } else { Ok(found) }
}

/// What to open for this camera: of V4L2's the node that was looked at.
pub(crate) fn opened_as(camera: &Camera) -> Source {
    camera.node.clone().map_or_else(|| camera.source.clone(), Source::V4l2)
}
