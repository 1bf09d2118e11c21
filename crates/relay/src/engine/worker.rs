//! The camera process, as the engine starts it and takes what it reports.

use std::path::Path;
use std::time::Instant;

use super::Engine;
use super::outlet::Outlet;
use super::token::EngineToken;
use crate::camera_process::host::{HostEvent, WorkerConfig, WorkerHost};
use crate::reactor::Interest;
use lenscap_api::Code;
use lenscap_core::controls::{CameraControls, Value};
use lenscap_core::detour;
use lenscap_core::event::{Event, SensorEvent, WorkerEvent};
use lenscap_core::presence::Client;
use lenscap_core::source::Source;
use lenscap_core::status::OtherCamera;
use lenscap_core::trouble::Trouble;
use lenscap_wire::pipewire::is_served;
use lenscap_words::{self as words, trouble::sentence};

impl Engine {
    /// The machine takes a worker for granted: it is to know that there is none, unless that is on its way already.
    pub(super) fn has_no_worker(&mut self) {
        let is_on_its_way = |event: &Event| matches!(event, Event::Worker(WorkerEvent::Exited { .. }));
        if !self.events.iter().any(is_on_its_way) {
            self.events.push_back(Event::Worker(WorkerEvent::Exited { reason: None }));
        }
    }

    /// No worker came of it.
    pub(super) fn cannot_spawn(&mut self, trouble: Trouble) {
        tracing::warn!(code = %Code::of(&trouble), "{}", sentence(&trouble));
        self.events.push_back(Event::Worker(WorkerEvent::Failed(trouble.clone())));
        self.events.push_back(Event::Worker(WorkerEvent::Exited { reason: Some(trouble) }));
    }

    pub(super) fn spawn_worker(&mut self, now: Instant) {
        let Some(output) = self.outlets.main().output() else {
            // Lost in this moment; the machine hears of that as well.
            return self.cannot_spawn(Trouble::DeviceLostAtStart);
        };
        let held = self.detour.camera(now);
        self.way = detour::way(&self.config.source, held.is_some());
        let config = WorkerConfig {
            program: self.config.worker_program.clone(),
            source: if held.is_some() { Source::PipeWire(None) } else { self.config.source.clone() },
            held,
            format: self.config.format,
            orientation: self.config.policy.orientation,
            buffer_count: self.config.buffer_count,
            excluded: self.outlets.iter().filter_map(Outlet::node).map(Path::to_owned).collect(),
            controls: self.config.controls.clone(),
            refused: self.refusals.modes(now),
            sandbox: self.config.sandbox,
        };
        let spawned = WorkerHost::spawn(&config, output.slots_fd(), output.layout(), now);
        match spawned.and_then(|worker| self.watch_worker(&worker).map(|()| worker)) {
            Ok(worker) => {
                self.worker = Some(worker);
            }
            Err(reason) => self.cannot_spawn(reason),
        }
    }

    /// A worker that is not heard would answer nothing: it is none.
    pub(super) fn watch_worker(&self, worker: &WorkerHost) -> Result<(), Trouble> {
        // Its end is an edge: what it leaves behind is looked at by the clock.
        let how = [
            (EngineToken::WorkerSocket, Interest::Readable),
            (EngineToken::Worker, Interest::Readable),
            (EngineToken::Worker, Interest::ReadableOnce),
        ];
        let watched = worker
            .fds()
            .into_iter()
            .zip(how)
            .filter_map(|(fd, how)| Some((fd?, how)))
            .try_for_each(|(fd, (token, interest))| self.reactor.watch(fd, token, interest));
        watched.map_err(|error| Trouble::EventsUnavailable { cause: error.into() })
    }

    pub(super) fn dispatch_worker(
        &mut self,
        now: Instant,
        dispatch: fn(&mut WorkerHost, Instant, &mut Vec<HostEvent>),
    ) {
        let Some(worker) = &mut self.worker else { return };
        let mut happened = std::mem::take(&mut self.host_events);
        dispatch(worker, now, &mut happened);
        for event in happened.drain(..) {
            match event {
                HostEvent::Greeted { pid } => {
                    for outlet in self.outlets.iter_mut() {
                        outlet.set_own(Some(pid));
                    }
                    self.sensors.set_worker(Some(pid));
                }
                HostEvent::Confined(sandbox) => {
                    tracing::info!(?sandbox, "what the camera process has given up");
                    self.events.push_back(Event::Worker(WorkerEvent::Confined(sandbox)));
                }
                HostEvent::Frame { slot, timestamp } => self.frame(now, slot, timestamp),
                HostEvent::Mode(mode) => {
                    tracing::info!(
                        buffers = mode.buffers,
                        buffers_asked = mode.asked_buffers,
                        decoder = mode.decoder,
                        "the camera gives {mode}"
                    );
                    if let Some(shortfall) = &mode.shortfall {
                        tracing::warn!("{}", words::mode::shortfall(shortfall));
                    }
                    self.events.push_back(Event::Worker(WorkerEvent::Mode(mode)));
                }
                HostEvent::Step(step) => self.events.push_back(Event::Worker(WorkerEvent::Step(step))),
                HostEvent::Opening { nodes } => self.claim(&nodes, now),
                HostEvent::Trying(mode) => self.refusals.trying(now, *mode),
                HostEvent::Refused(mode) => {
                    tracing::info!("the camera does not start with {mode}");
                    self.refusals.failed(now, *mode);
                }
                HostEvent::Started { camera, caps, why } => {
                    self.refusals.started();
                    self.numbers.started();
                    if self.sensors.claim_held(now) {
                        self.events.push_back(Event::Sensor(SensorEvent::Verifiable));
                    }
                    let name = words::source::camera(&camera);
                    if let Some(way) = self.way {
                        tracing::info!("{}", words::source::way(way));
                    }
                    match why.as_deref().map(words::cameras::choice) {
                        None => tracing::info!("camera on: {name} ({caps})"),
                        Some(why) => {
                            let why = lenscap_text::clean(why, lenscap_text::SENTENCE);
                            tracing::info!("camera on: {name} ({caps}), chosen automatically: {why}");
                        }
                    }
                    self.last_frame = Some(now);
                    self.events.push_back(Event::Worker(WorkerEvent::Started { camera, way: self.way }));
                    // The worker holds its first frame back until it is granted slots.
                    self.run_events();
                }
                HostEvent::Controls(controls) => self.take_controls(Some(*controls)),
                HostEvent::ControlsChanged(changes) => {
                    if let Some(mut controls) = self.controls.take() {
                        controls.take(*changes);
                        self.take_controls(Some(controls));
                    }
                }
                HostEvent::Stopped => self.events.push_back(Event::Worker(WorkerEvent::Stopped)),
                HostEvent::Held(camera) => {
                    if may_be_pipewires(&camera, &self.machine.status().others) {
                        self.detour.found_held(*camera);
                    }
                }
                HostEvent::Failed(reason) => {
                    self.refusals.ended();
                    if self.detour.failed(now, &reason, is_served()) {
                        tracing::info!(code = %Code::of(&reason), "{} It is looked for in PipeWire.", sentence(&reason));
                        self.events.push_back(Event::Worker(WorkerEvent::AnotherWay));
                    } else {
                        tracing::warn!(code = %Code::of(&reason), "{}", sentence(&reason));
                        self.events.push_back(Event::Worker(WorkerEvent::Failed(reason)));
                    }
                }
                HostEvent::Exited { reason } => {
                    self.refusals.ended();
                    self.worker = None;
                    self.take_controls(None);
                    for outlet in self.outlets.iter_mut() {
                        outlet.set_own(None);
                    }
                    self.sensors.set_worker(None);
                    self.last_frame = None;
                    self.settle_main(now);
                    self.events.push_back(Event::Worker(WorkerEvent::Exited { reason }));
                    self.notice_losses();
                    if self.outlets.main().output().is_none() {
                        self.retry_main(false);
                    }
                }
            }
        }
        self.host_events = happened;
    }

    /// Sets one control of the camera that is on, without saving it: for buttons.
    pub fn set_control(&mut self, key: &str, value: &Value) {
        if let Some(worker) = &mut self.worker {
            worker.set_control(key, value);
        }
    }

    pub(super) fn take_controls(&mut self, controls: Option<CameraControls>) {
        if let Some(controls) = &controls {
            for problem in controls.problems.iter().filter(|problem| !self.logged_problems.contains(problem)) {
                tracing::warn!("{}", words::controls::problem(problem));
            }
            self.logged_problems.clone_from(&controls.problems);
        }
        self.controls_changed |= self.controls != controls;
        self.controls = controls;
    }
}

/// Whether PipeWire may be the program that holds this camera, by what is known of those that do: one that another program
/// holds itself PipeWire cannot give either, and to wait for it there would only take time.
fn may_be_pipewires(camera: &Source, others: &[OtherCamera]) -> bool {
    let Source::V4l2(path) = camera else { return true };
    let node = path.canonicalize().unwrap_or_else(|_| path.clone());
    let Some(holders) = others.iter().find(|other| other.node == node).map(|other| &other.clients) else {
        return true;
    };
    let is_pipewires =
        |client: &Client| ["pipewire", "wireplumber"].iter().any(|name| client.program().starts_with(name));
    holders.is_empty() || holders.iter().any(is_pipewires)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_core::presence::Use;

    #[test]
    fn a_camera_that_another_program_holds_is_not_looked_for_in_pipewire() {
        let held_by = |programs: &[&str]| {
            let clients = programs.iter().map(|name| Client::new(Some(7), *name, Use::Streaming)).collect();
            [OtherCamera { camera: "Webcam".into(), node: "/dev/null".into(), clients }]
        };
        let camera = Source::V4l2("/dev/../dev/null".into());
        assert!(may_be_pipewires(&camera, &[]));
        assert!(may_be_pipewires(&camera, &held_by(&[])), "it cannot be seen");
        assert!(may_be_pipewires(&camera, &held_by(&["cheese", "pipewire"])));
        assert!(!may_be_pipewires(&camera, &held_by(&["cheese"])));
        assert!(may_be_pipewires(&Source::V4l2("/dev/zero".into()), &held_by(&["cheese"])));
        assert!(may_be_pipewires(&Source::Libcamera(None), &held_by(&["cheese"])));
    }
}
