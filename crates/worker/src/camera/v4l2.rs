//! Cameras with a V4L2 node that the kernel alone reads, through `v4l2src`.

use std::path::{Path, PathBuf};

use gst::prelude::*;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use lenscap_cameras::ids::stable_id;
use lenscap_cameras::signal::{self, Moment};
use lenscap_cameras::{System, choice};
use lenscap_core::source::Source;
use lenscap_core::trouble::{Trouble, TroubleKind};
use lenscap_sys::v4l2::{self, Capability};
use lenscap_text::{Cause, Text};
use lenscap_wire::protocol::Configure;

use super::elements::make;
use super::{Backend, Built, ControlsOf, DeviceAccess};

/// The node, or udev's link to it.
pub(super) struct V4l2(pub(super) PathBuf);

impl Backend for V4l2 {
    fn elements(&self) -> Vec<&'static str> {
        vec!["v4l2src"]
    }

    fn build(&self, configure: &Configure) -> Result<Built, Trouble> {
        let capability = open_node(&self.0, &configure.excluded)?;
        let path = self.0.to_string_lossy();
        if let Some(trouble) = self.no_signal(&path, Moment::Before) {
            return Err(trouble);
        }
        let element = make("v4l2src")?;
        element.set_property("device", path.as_ref());
        if capability.is_streaming() {
            // Left to itself it takes DMABUF descriptors, whose memory is mapped and unmapped for each look at each picture,
            // page by page: that cost more than its copy. We always look.
            element.set_property_from_str("io-mode", "mmap");
        }
        Ok(Built { buffers: Some(configure.buffer_count), ..Built::new(element, path) })
    }

    fn id(&self, _element: Option<&gst::Element>) -> String {
        stable_id(&self.0)
    }

    fn controls(&self) -> ControlsOf<'_> {
        ControlsOf::Node(&self.0)
    }

    fn sensor_rotation(&self) -> Option<u32> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let node = rustix::fs::open(&self.0, flags, Mode::empty()).ok()?;
        v4l2::modes::sensor_rotation(&node).and_then(|degrees| u32::try_from(degrees).ok())
    }

    fn device_access(&self) -> DeviceAccess {
        DeviceAccess::Node(self.0.clone())
    }

    fn has_gone(&self) -> bool {
        check_node(&self.0, &[]).is_err_and(|trouble| trouble.kind() == TroubleKind::Missing)
    }

    fn no_signal(&self, camera: &str, moment: Moment) -> Option<Trouble> {
        signal::missing(&self.0, camera, moment)
    }
}

/// A named source as it is to be opened: not through a link that may lead to another camera of the same device.
pub(crate) fn settled(source: &Source) -> Source {
    let Source::V4l2(path) = source else { return source.clone() };
    let cameras = System::here().cameras();
    let is_shared = cameras.iter().any(|camera| camera.shared.as_ref() == Some(path));
    match choice::find(&cameras, source).filter(|_| is_shared) {
        Some(camera) => camera.source.clone(),
        None => source.clone(),
    }
}

pub(super) fn is_same(a: &Path, b: &Path) -> bool {
    a == b || a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

/// What is wrong with a node, found by opening it, which switches no camera on: GStreamer would say it less plainly.
pub(crate) fn check_node(path: &Path, excluded: &[PathBuf]) -> Result<(), Trouble> {
    open_node(path, excluded).map(drop)
}

/// What a node is, or what is wrong with it.
fn open_node(path: &Path, excluded: &[PathBuf]) -> Result<Capability, Trouble> {
    let shown = || Text::of_path(path);
    if excluded.iter().any(|excluded| is_same(path, excluded)) {
        return Err(Trouble::OwnDevice { node: shown() });
    }
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let missing = |cause: Cause| Trouble::CameraMissing { camera: shown(), cause };
    let node = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| match error {
        Errno::BUSY => Trouble::CameraBusy { camera: shown() },
        Errno::ACCESS | Errno::PERM => Trouble::CameraForbidden { camera: shown() },
        _ => missing(error.into()),
    })?;
    match v4l2::query_capability(&node) {
        Ok(capability) if capability.is_raw() => Err(Trouble::RawSensor { node: shown() }),
        Ok(capability) if capability.is_capture() => Ok(capability),
        Ok(_) => Err(Trouble::NoVideoNode { node: shown() }),
        Err(error) if Errno::from_io_error(&error) == Some(Errno::NODEV) => Err(missing(error.into())),
        Err(_) => Err(Trouble::NotV4l2 { node: shown() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_cannot_be_a_camera_says_why() {
        let reason = check_node(Path::new("/dev/no-such-camera"), &[]).unwrap_err();
        assert_eq!(reason.kind(), TroubleKind::Missing);
        let reason = check_node(Path::new("/dev/null"), &[]).unwrap_err();
        assert_eq!(reason.kind(), TroubleKind::Setup);
        assert_eq!(reason, Trouble::NotV4l2 { node: "/dev/null".into() });
        let reason = check_node(Path::new("/dev/../dev/null"), &["/dev/null".into()]).unwrap_err();
        assert_eq!(reason, Trouble::OwnDevice { node: "/dev/../dev/null".into() });
    }
}
