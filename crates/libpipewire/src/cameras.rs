//! Which cameras a server has, asked once.
//!
//! Not with GStreamer's `pipewiredeviceprovider`, which is not safe to be used: its `stop` frees what its thread is using
//! (until 0.3.73, b0a7e4a26), a probe without a start crashes (from 1.4 on), a node that goes is used after it is freed (until
//! 1.5.81, d37b0b4cd), and what it bound is let go of after the connection (up to 1.6, 0a413c866). Starting and stopping it
//! breaks the heap within some dozen rounds on 0.3.65 (measured).

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use crate::context::Context;
use crate::core::Core;
use crate::dict::Properties;
use crate::format::VideoFormat;
use crate::library::Library;
use crate::main_loop::MainLoop;
use crate::registry::{Kind, MAX_FOLLOWED, Registry, RegistryEvent};

/// For all of the server's answers; they take some milliseconds.
const DEADLINE: Duration = Duration::from_millis(1500);
/// Formats of one camera; more are left out.
const MAX_FORMATS: usize = 512;

const CLASS: &str = "media.class";
/// What cameras are; with a role of our own, as the portal wants it, or without.
const CAMERA: &[u8] = b"Video/Source";

/// Stays the same.
pub const NAME: &str = "node.name";
/// Never given to another node; not before 0.3.39.
pub const SERIAL: &str = "object.serial";
/// For people.
pub const DESCRIPTION: &str = "node.description";
/// The highest is the default.
pub const PRIORITY: &str = "priority.session";
/// Of the program whose node it is, where that says one.
pub const PROGRAM: &str = "application.id";
/// What it is in V4L2, where it is.
pub const V4L2_NODE: &str = "api.v4l2.path";
/// Who drives that.
pub const V4L2_DRIVER: &str = "api.v4l2.cap.driver";
/// What it is in libcamera, where it is: the camera's id.
pub const LIBCAMERA: &str = "api.libcamera.path";

/// What is read of a camera's properties.
const NAMES: &[&str] = &[CLASS, NAME, SERIAL, DESCRIPTION, PRIORITY, PROGRAM, V4L2_NODE, V4L2_DRIVER, LIBCAMERA];

/// A node that gives pictures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Camera {
    /// By the names above.
    pub properties: Properties,
    /// What it can give; none where that was not asked.
    pub formats: Vec<VideoFormat>,
}

/// All of them. The connection is closed again; `application` is what this process is called there. With their formats
/// only where these are wanted: the server may open devices to look.
///
/// # Errors
/// There is no server, it does not answer in time, or the library refuses something.
pub fn list(library: &'static Library, application: &str, with_formats: bool) -> io::Result<Vec<Camera>> {
    let until = Instant::now() + DEADLINE;
    let main_loop = MainLoop::new(library).map_err(io::Error::other)?;
    let context = Context::new(&main_loop, &[("application.name", application)]).map_err(io::Error::other)?;
    let core = Core::connect(&context).map_err(|error| error.error)?;
    let registry = Registry::new(&core, NAMES).map_err(io::Error::other)?;
    let mut cameras = BTreeMap::new();
    settle(&main_loop, &core, &registry, &mut cameras, until)?;
    // Most of the properties are not in the registry.
    for id in cameras.keys() {
        registry.follow(*id, Kind::Node).map_err(io::Error::other)?;
        if with_formats {
            registry.ask_formats(*id).map_err(io::Error::other)?;
        }
    }
    settle(&main_loop, &core, &registry, &mut cameras, until)?;
    Ok(cameras.into_values().collect())
}

/// Takes in the answers to everything that was asked so far.
fn settle(
    main_loop: &MainLoop,
    core: &Core,
    registry: &Registry,
    cameras: &mut BTreeMap<u32, Camera>,
    until: Instant,
) -> io::Result<()> {
    let question = core.ask().map_err(io::Error::other)?;
    loop {
        let has_answered = core.has_answered(&question);
        while let Some(event) = registry.next_event() {
            take(cameras, event);
        }
        if has_answered {
            return Ok(());
        }
        if core.next_error().is_some_and(|error| error.is_end()) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        main_loop.wait(left).map_err(io::Error::other)?;
    }
}

/// Takes in what happened.
fn take(cameras: &mut BTreeMap<u32, Camera>, event: RegistryEvent) {
    match event {
        RegistryEvent::Added { id, kind: Kind::Node, properties }
            if properties.get(CLASS) == Some(CAMERA) && cameras.len() < MAX_FOLLOWED =>
        {
            cameras.insert(id, Camera { properties, formats: Vec::new() });
        }
        RegistryEvent::Node { id, properties } => {
            if let Some(camera) = cameras.get_mut(&id) {
                camera.properties.update(properties);
            }
        }
        RegistryEvent::Format { id, format } => {
            if let Some(camera) = cameras.get_mut(&id).filter(|camera| camera.formats.len() < MAX_FORMATS) {
                camera.formats.push(format);
            }
        }
        RegistryEvent::Removed { id } => {
            cameras.remove(&id);
        }
        RegistryEvent::Added { .. } | RegistryEvent::Link { .. } | RegistryEvent::Client { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(properties: &[(&'static str, &str)]) -> Properties {
        properties.iter().map(|(name, value)| (*name, value.as_bytes().to_vec())).collect()
    }

    fn added(id: u32, kind: Kind, class: &str) -> RegistryEvent {
        RegistryEvent::Added { id, kind, properties: properties(&[(CLASS, class), (NAME, "of the registry")]) }
    }

    #[test]
    fn nodes_that_give_pictures_are_listed_with_what_they_say_and_no_others() {
        let mut cameras = BTreeMap::new();
        let format = VideoFormat {
            encodings: vec![crate::Encoding::Jpeg],
            sizes: crate::Choice::Values(vec![(640, 480)]),
            rates: None,
        };
        for event in [
            added(1, Kind::Node, "Video/Source"),
            added(2, Kind::Node, "Audio/Source"),
            added(3, Kind::Client, "Video/Source"),
            added(4, Kind::Node, "Video/Source"),
            RegistryEvent::Node { id: 1, properties: properties(&[(LIBCAMERA, "front")]) },
            RegistryEvent::Format { id: 1, format: format.clone() },
            RegistryEvent::Removed { id: 4 },
            RegistryEvent::Node { id: 4, properties: properties(&[(NAME, "gone")]) },
            RegistryEvent::Format { id: 4, format: format.clone() },
        ] {
            take(&mut cameras, event);
        }
        let both = properties(&[(CLASS, "Video/Source"), (NAME, "of the registry"), (LIBCAMERA, "front")]);
        let camera = Camera { properties: both, formats: vec![format] };
        assert_eq!(cameras.into_values().collect::<Vec<_>>(), [camera]);
    }

    #[test]
    fn neither_they_nor_their_formats_grow_without_end() {
        let mut cameras = BTreeMap::new();
        for id in 0..1000 {
            take(&mut cameras, added(id, Kind::Node, "Video/Source"));
        }
        assert_eq!(cameras.len(), MAX_FOLLOWED);
        let sizes = crate::Choice::Values(Vec::new());
        let format = VideoFormat { encodings: Vec::new(), sizes, rates: None };
        for _ in 0..2 * MAX_FORMATS {
            take(&mut cameras, RegistryEvent::Format { id: 0, format: format.clone() });
        }
        assert_eq!(cameras[&0].formats.len(), MAX_FORMATS);
    }
}
