//! Which cameras are in the graph, asked once: for whoever wants to know whether ours is there, and alone.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::time::Timespec;

use lenscap_libpipewire::{Context, Core, Kind, Library, MainLoop, Properties, Registry, RegistryEvent};
use lenscap_wire::pipewire::{GraphCamera, GraphCameras, MAX_CAMERAS};

use crate::node::time_left;
use crate::sandbox;

/// For the server's answer; it takes some milliseconds.
const DEADLINE: Duration = Duration::from_millis(1500);

const CLASS: &str = "media.class";
const NAME: &str = "node.name";
const DESCRIPTION: &str = "node.description";
const PRIORITY: &str = "priority.session";
/// What cameras are; with a role of our own, as the portal wants it, or without.
const CAMERA: &[u8] = b"Video/Source";

/// The properties that are read of the graph's objects.
const NAMES: &[&str] = &[CLASS, NAME, DESCRIPTION, PRIORITY];

/// Prints them in one line.
pub(crate) fn run() -> ExitCode {
    let printed = cameras(Instant::now() + DEADLINE).and_then(|cameras| {
        let line = serde_json::to_string(&cameras).map_err(io::Error::other)?;
        writeln!(io::stdout(), "{line}")
    });
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the cameras in PipeWire: {error}");
            ExitCode::FAILURE
        }
    }
}

fn cameras(until: Instant) -> io::Result<GraphCameras> {
    let library = Library::load().map_err(io::Error::other)?;
    sandbox::enter();
    let main_loop = MainLoop::new(library).map_err(io::Error::other)?;
    let context = Context::new(&main_loop, &[("application.name", "Lenscap")]).map_err(io::Error::other)?;
    let core = Core::connect(&context).map_err(|error| error.error)?;
    let registry = Registry::new(&core, NAMES).map_err(io::Error::other)?;
    let question = core.ask().map_err(io::Error::other)?;
    let mut found = BTreeMap::new();
    loop {
        let has_answered = core.has_answered(&question);
        while let Some(event) = registry.next_event() {
            take(&mut found, event);
        }
        if has_answered {
            return Ok(GraphCameras(found.into_values().collect()));
        }
        let left = time_left(until);
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if core.next_error().is_some_and(|error| error.is_end()) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let timeout = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        match rustix::event::poll(&mut [PollFd::from_borrowed_fd(main_loop.as_fd(), PollFlags::IN)], Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        main_loop.iterate().map_err(io::Error::other)?;
    }
}

/// Takes in what happened.
fn take(cameras: &mut BTreeMap<u32, GraphCamera>, event: RegistryEvent) {
    match event {
        RegistryEvent::Added { id, kind: Kind::Node, properties }
            if properties.get(CLASS) == Some(CAMERA) && cameras.len() < MAX_CAMERAS =>
        {
            cameras.insert(id, camera(&properties));
        }
        RegistryEvent::Removed { id } => {
            cameras.remove(&id);
        }
        _ => {}
    }
}

fn camera(properties: &Properties) -> GraphCamera {
    let text = |name| lenscap_text::name(properties.get(name).unwrap_or_default()).into();
    GraphCamera {
        name: text(NAME),
        description: text(DESCRIPTION),
        priority: properties.number(PRIORITY).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_that_give_pictures_are_listed_and_no_others() {
        let mut found = BTreeMap::new();
        let mut added = |id, kind, class: &str, name: &str| {
            let properties = [(CLASS, class), (NAME, name), (DESCRIPTION, "A\u{1b}B"), (PRIORITY, "1200")];
            let properties = properties.iter().map(|(name, value)| (*name, value.as_bytes().to_vec())).collect();
            take(&mut found, RegistryEvent::Added { id, kind, properties });
        };
        added(1, Kind::Node, "Video/Source", "lenscap");
        added(2, Kind::Node, "Audio/Source", "microphone");
        added(3, Kind::Client, "Video/Source", "client");
        added(4, Kind::Node, "Video/Source", "gone");
        take(&mut found, RegistryEvent::Removed { id: 4 });
        let camera = GraphCamera { name: "lenscap".into(), description: "A B".into(), priority: 1200 };
        assert_eq!(found.into_values().collect::<Vec<_>>(), [camera]);
    }

    #[test]
    fn they_do_not_grow_without_end() {
        let mut found = BTreeMap::new();
        for id in 0..1000 {
            let properties: Properties = [(CLASS, CAMERA.to_vec())].into_iter().collect();
            take(&mut found, RegistryEvent::Added { id, kind: Kind::Node, properties });
        }
        assert_eq!(found.len(), MAX_CAMERAS);
    }
}
