//! The event loop of the resident process: feeds the machine with what happens and carries out what it decides.
//!
//! One thread, one epoll descriptor. A desktop's main loop watches [`Engine::fd`] and calls [`Engine::turn`]; a
//! headless process lets [`Engine::turn`] wait. Frames take the short way, worker to output; they never enter the
//! machine. What belongs to a device that applications open is the [`outlet`]'s; there is one, or further ones beside it
//! with the same picture: the worker fills the slots of the main one, from where each other gets a copy while it has a reader.

mod cameras;
mod cards;
mod config;
mod devices;
mod frames;
mod outlet;
mod outlets;
mod steps;
mod suspend;
#[cfg(test)]
mod tests;
mod token;
mod worker;

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::camera_process::host::{HostEvent, WorkerHost};
use crate::card_drawing::CardDrawing;
use crate::detect::uvc::Sensors;
use crate::output::cards::CardSet;
use crate::output::{Output, OutputError};
use crate::reactor::{Clock, Interest, Reactor};
use config::DeviceConfig;
pub use config::{EngineConfig, OutputChoice};
use frames::SlotLease;
use lenscap_api::Code;
use lenscap_cameras::choice::NodeId;
use lenscap_cameras::numbers::Numbers;
use lenscap_cameras::watch::Watch;
use lenscap_core::controls::{CameraControls, ControlTrouble};
use lenscap_core::detour::Detour;
use lenscap_core::event::{Card, Command, Event, WorkerEvent};
use lenscap_core::machine::Machine;
use lenscap_core::presence::Presence;
pub use lenscap_core::presence::{Further, Role};
use lenscap_core::refusals::Refusals;
use lenscap_core::source::Way;
use lenscap_core::status::{Device, StateName, Status};
use lenscap_core::trouble::output::OutputTrouble;
use outlet::Outlet;
use outlets::Outlets;
use suspend::Suspends;
use token::EngineToken;
pub use token::OwnerToken;

/// How often a node that is there but busy is tried again; its release is not always an event we see.
const BUSY_RETRY: Duration = Duration::from_secs(2);

/// Receives every status that the machine publishes.
pub type StatusSink = Box<dyn FnMut(&Status)>;

/// The resident part. See the module.
pub struct Engine {
    config: EngineConfig,
    /// Settings of the devices that wait until no client has them open.
    pending_devices: Option<DeviceConfig>,
    /// The output is served in another format than the settings say, as somebody keeps it; since when.
    kept_since: Option<Instant>,
    machine: Machine,
    events: VecDeque<Event>,
    reactor: Reactor<EngineToken>,
    suspends: Suspends,
    outlets: Outlets,
    /// Pictures copied from the main device for others so far.
    copies: u64,
    /// As the machine knows them.
    devices: Vec<Device>,
    lease: SlotLease,
    /// The worker may still write to a slot of the main device that was taken back.
    is_main_unsettled: bool,
    /// Until the process for PipeWire is started again, should it end.
    pipewire_wait: Duration,
    camera_watch: Option<Watch>,
    /// What can be opened of the chosen camera.
    camera_nodes: BTreeSet<NodeId>,
    cameras_changed: bool,
    refusals: Refusals,
    detour: Detour,
    /// How the present worker reads the camera.
    way: Option<Way>,
    numbers: Numbers,
    sensors: Sensors,
    worker: Option<WorkerHost>,
    host_events: Vec<HostEvent>,
    /// Of the present look and format.
    cards: CardSet,
    /// Other ones that are on their way.
    drawing: Option<CardDrawing>,
    card: Option<Card>,
    camera_shown: bool,
    last_frame: Option<Instant>,
    last_state: StateName,
    sink: StatusSink,
    /// Of the camera that is open.
    controls: Option<CameraControls>,
    controls_changed: bool,
    /// What was logged last about controls, so that it is logged once.
    logged_problems: Vec<ControlTrouble>,
}

impl Engine {
    /// An engine that has tried to take its output. Where that fails for a passing reason (no module yet, node busy)
    /// it waits in [`StateName::NoDevice`].
    ///
    /// # Errors
    /// When waiting cannot help: no permission, not a loopback node, a size it does not take.
    pub fn new(config: EngineConfig, sink: StatusSink) -> Result<Self, OutputError> {
        Self::start(config, sink, OutputError::is_passing)
    }

    /// As [`Self::new`], but whatever is wrong with the output is shown and waited for: another setting or another
    /// permission may mend it.
    ///
    /// # Errors
    /// When the event loop cannot be set up.
    pub fn new_patient(config: EngineConfig, sink: StatusSink) -> Result<Self, OutputError> {
        Self::start(config, sink, |_| true)
    }

    fn start(
        config: EngineConfig,
        sink: StatusSink,
        is_borne: impl Fn(&OutputError) -> bool,
    ) -> Result<Self, OutputError> {
        let io = |error: io::Error| OutputTrouble::NoEventLoop { cause: error.into() };
        // It counts suspended time as well, for the end of a pause; what is no business of such time is looked at too early
        // once.
        let reactor = Reactor::new(Clock::Boottime).map_err(io)?;
        let sensors = Sensors::new(config.roots.clone(), config.watch_other_cameras, Instant::now());
        let mut engine = Self {
            sensors,
            machine: Machine::new(config.policy.clone()),
            outlets: Outlets::new(&config),
            copies: 0,
            devices: Vec::new(),
            lease: SlotLease::None,
            is_main_unsettled: false,
            cards: CardSet::plain(config.style.clone(), config.format),
            drawing: None,
            config,
            pending_devices: None,
            kept_since: None,
            events: VecDeque::new(),
            reactor,
            suspends: Suspends::default(),
            pipewire_wait: devices::PIPEWIRE_FIRST_WAIT,
            camera_watch: None,
            camera_nodes: BTreeSet::new(),
            cameras_changed: false,
            refusals: Refusals::default(),
            detour: Detour::default(),
            way: None,
            numbers: Numbers::default(),
            worker: None,
            host_events: Vec::new(),
            card: None,
            camera_shown: false,
            last_frame: None,
            last_state: StateName::NoDevice,
            sink,
            controls: None,
            controls_changed: false,
            logged_problems: Vec::new(),
        };
        if let Err(error) = engine.open_output(true) {
            if !is_borne(&error) {
                return Err(error);
            }
            engine.no_output(&error);
        }
        engine.watch_cameras();
        engine.watch_sensors();
        engine.run_events();
        engine.arm();
        Ok(engine)
    }

    /// Readable when [`Self::turn`] has something to do.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.reactor.fd()
    }

    /// Lets [`Self::turn`] also report when this descriptor is readable.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn watch(&self, fd: impl AsFd, token: OwnerToken) -> io::Result<()> {
        self.reactor.watch(fd, EngineToken::Owner(token), Interest::Readable)
    }

    /// The present status.
    pub fn status(&self) -> Status {
        self.machine.status()
    }

    /// The output of this device, while there is one.
    pub fn output(&self, role: Role) -> Option<&Output> {
        self.outlets.get(role)?.output()
    }

    /// The path of this device's node, while it is held.
    pub fn node(&self, role: Role) -> Option<&Path> {
        self.outlets.get(role)?.node()
    }

    /// Pictures copied from the main output to others so far.
    pub fn copies(&self) -> u64 {
        self.copies
    }

    /// The process id of the worker's keeper, which was started and outlives it, while there is one.
    pub fn keeper_pid(&self) -> Option<u32> {
        self.worker.as_ref().map(WorkerHost::keeper)
    }

    /// The worker's process id, while there is one; its keeper's until it has greeted.
    pub fn worker_pid(&self) -> Option<u32> {
        self.worker.as_ref().map(WorkerHost::pid)
    }

    /// Something happened outside: a command, sleep, other rules.
    pub fn event(&mut self, event: Event) {
        if event == Event::Sleep(false) {
            self.refusals.disturbed(Instant::now());
        }
        self.events.push_back(event);
        self.run_events();
        self.arm();
    }

    /// Who is at this output, where that is memory: there is nothing to detect.
    pub fn set_presence(&mut self, role: Role, presence: Presence) {
        if let Some(outlet) = self.outlets.get_mut(role) {
            outlet.set_presence(presence, Instant::now());
        }
        self.report_presence();
        self.run_events();
        self.arm();
    }

    /// The user asked for something.
    pub fn command(&mut self, command: Command) {
        self.event(Event::Command(command));
    }

    /// The controls of the camera, while it is open.
    pub fn controls(&self) -> Option<&CameraControls> {
        self.controls.as_ref()
    }

    /// Whether [`Self::controls`] changed since this was asked last.
    pub fn take_controls_changed(&mut self) -> bool {
        std::mem::take(&mut self.controls_changed)
    }

    /// Switches the camera off, waits until that is confirmed or `deadline` has passed, and lets go of the node.
    pub fn shut_down(&mut self, deadline: Instant) {
        self.event(Event::Command(Command::Pause { duration: None }));
        while (self.worker.is_some() || self.machine.camera_live()) && Instant::now() < deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if let Err(error) = self.turn(Some(left)) {
                tracing::warn!("cannot wait for the camera to stop ({error}); ending its process");
                break;
            }
        }
        if let Some(reason) = self.machine.status().reason.filter(|_| self.machine.camera_live()) {
            tracing::error!(code = %Code::of(&reason), "{}", lenscap_words::trouble::sentence(&reason));
        }
        // Dropping a worker kills it: nothing of ours outlives us.
        self.worker = None;
        for outlet in self.outlets.iter_mut() {
            outlet.close();
        }
    }

    /// Which camera had which number is known from this file, and kept there.
    pub fn remember_numbers(&mut self, file: PathBuf) {
        self.numbers = Numbers::load(file);
    }

    /// Handles what is due; waits for it for at most `wait` (`None`: as long as it takes). Returns the tokens of
    /// watched descriptors that are readable.
    ///
    /// # Errors
    /// When the kernel does not let us wait.
    pub fn turn(&mut self, wait: Option<Duration>) -> io::Result<Vec<OwnerToken>> {
        let ready = self.reactor.wait(wait)?;
        let now = Instant::now();
        if ready.has(EngineToken::Worker) {
            self.dispatch_worker(now, WorkerHost::dispatch);
        } else if ready.has(EngineToken::WorkerSocket) {
            self.dispatch_worker(now, WorkerHost::dispatch_message);
        }
        if Role::ALL.into_iter().any(|role| ready.has(EngineToken::Detector(role))) {
            self.dispatch_detectors(now, |outlet, now| {
                ready.has(EngineToken::Detector(outlet.role())) && outlet.dispatch_detector(now)
            });
        }
        if ready.has(EngineToken::Sensors) {
            self.dispatch_sensors(now);
        }
        for role in Role::ALL {
            if ready.has(EngineToken::NodeWatch(role))
                && self.outlets.get_mut(role).is_some_and(Outlet::dispatch_node_watch)
            {
                self.retry(role, false);
            }
        }
        if ready.has(EngineToken::CameraWatch) && self.camera_watch.as_mut().is_some_and(Watch::dispatch) {
            self.cameras_moved();
        }
        if ready.has(EngineToken::Cards) {
            self.dispatch_cards();
        }
        if ready.is_due {
            self.timer_fired(now);
        }
        self.run_events();
        self.arm();
        let owners = ready.tokens().filter_map(|token| match token {
            EngineToken::Owner(owner) => Some(owner),
            _ => None,
        });
        Ok(owners.collect())
    }

    /// Whether cameras came or went since this was last asked.
    pub fn cameras_changed(&mut self) -> bool {
        std::mem::take(&mut self.cameras_changed)
    }

    fn timer_fired(&mut self, now: Instant) {
        for outlet in self.outlets.iter_mut() {
            outlet.tick(now);
        }
        if self.worker.as_ref().and_then(WorkerHost::deadline).is_some_and(|at| at <= now) {
            self.dispatch_worker(now, WorkerHost::dispatch);
        }
        self.dispatch_detectors(now, |outlet, now| outlet.is_look_due(now) && outlet.dispatch_detector(now));
        if self.sensors.deadline().is_some_and(|at| at <= now) {
            self.dispatch_sensors(now);
        }
        for role in Role::ALL {
            if self.outlets.get(role).is_some_and(|outlet| outlet.is_retry_due(now)) {
                self.retry(role, true);
            }
        }
        if self.machine.deadline().is_some_and(|at| at <= now) {
            // What the worker has said counts, however late it is heard.
            self.dispatch_worker(now, WorkerHost::dispatch);
            if let Some(last) = self.last_frame {
                self.events.push_back(Event::Worker(WorkerEvent::Frames { last }));
            }
            self.events.push_back(Event::Tick);
        }
    }

    /// Sets the timer to the next deadline.
    fn arm(&mut self) {
        let worker = self.worker.as_ref().and_then(WorkerHost::deadline);
        let others = [self.machine.deadline(), worker, self.sensors.deadline()].into_iter().flatten();
        let next = others.chain(self.outlets.iter().filter_map(Outlet::deadline)).min();
        self.reactor.set_deadline(next);
    }
}
