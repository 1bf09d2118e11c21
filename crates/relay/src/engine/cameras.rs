//! Which nodes the chosen camera has, and which cameras stream.

use std::path::PathBuf;
use std::time::Instant;

use super::Engine;
use super::token::EngineToken;
use crate::reactor::Interest;
use lenscap_cameras::watch::Watch;
use lenscap_cameras::{self as camera, choice};
use lenscap_core::event::{Event, SensorEvent};

impl Engine {
    /// Without it a camera that comes back is found by the retries alone.
    pub(super) fn watch_cameras(&mut self) {
        let watched = Watch::new().and_then(|watch| {
            self.reactor.watch(watch.fd(), EngineToken::CameraWatch, Interest::Readable)?;
            Ok(watch)
        });
        match watched {
            Ok(watch) => self.camera_watch = Some(watch),
            Err(error) => tracing::warn!("cannot watch for cameras ({error}); one that comes back is noticed late"),
        }
        // Those that are there do not come.
        self.take_nodes();
    }

    pub(super) fn cameras_moved(&mut self) {
        self.cameras_changed = true;
        self.refusals.forget();
        self.detour.forget();
        self.refusals.disturbed(Instant::now());
        if self.take_nodes() {
            self.events.push_back(Event::CameraCame);
        }
    }

    /// Looks which nodes the chosen camera has; whether one has come, or may be opened, since it was looked last.
    pub(super) fn take_nodes(&mut self) -> bool {
        let nodes = choice::nodes(&self.config.source, &camera::System::here().cameras());
        let has_come = !nodes.is_subset(&self.camera_nodes);
        self.camera_nodes = nodes;
        has_come
    }

    /// The worker is about to open these nodes and no others.
    pub(super) fn claim(&mut self, nodes: &[PathBuf], now: Instant) {
        if self.sensors.claim(nodes, now) {
            self.events.push_back(Event::Sensor(SensorEvent::Verifiable));
        }
    }

    pub(super) fn dispatch_sensors(&mut self, now: Instant) {
        let events = self.sensors.dispatch(now);
        self.events.extend(events.into_iter().map(Event::Sensor));
    }

    pub(super) fn watch_sensors(&mut self) {
        if let Some(fd) = self.sensors.fd()
            && let Err(error) = self.reactor.watch(fd, EngineToken::Sensors, Interest::Readable)
        {
            tracing::error!("cannot watch other cameras: {error}");
        }
        self.dispatch_sensors(Instant::now());
    }
}
