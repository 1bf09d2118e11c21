//! The event loop of the resident process: feeds the machine with what happens and carries out what it decides.
//!
//! One thread, one epoll descriptor. A desktop's main loop watches [`Engine::fd`] and calls [`Engine::turn`]; a
//! headless process lets [`Engine::turn`] wait. Frames take the short way, worker to output; they never enter the
//! machine. What belongs to a device that applications open is the [`outlet`]'s; there is one, or a second beside it with
//! the same picture: the worker fills the slots of the first, from where the second gets a copy while it has a reader.

mod outlet;
mod outputs;
mod suspend;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::epoll;
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};

use crate::camera::numbers::Numbers;
use crate::camera::watch::Watch;
use crate::camera::{self, choice, choice::NodeId};
use crate::camera_process::host::{HostEvent, WorkerConfig, WorkerHost};
use crate::core::controls::{CameraControls, Saved, Value};
use crate::core::event::{Action, Card, Command, Event, SensorEvent, WorkerEvent};
use crate::core::machine::Machine;
use crate::core::policy::Policy;
use crate::core::presence::Presence;
use crate::core::refusals::Refusals;
use crate::core::source::Source;
use crate::core::status::{StateName, Status};
use crate::core::trouble::{Trouble, TroubleKind};
use crate::detect::uvc::{Roots, Sensors};
use crate::frame::format::VideoFormat;
use crate::frame::placeholder::CardStyle;
use crate::i18n::{tr, trf};
use crate::output::finder::Wanted;
use crate::output::mirror::Mirror;
use crate::output::{Output, OutputError, OutputErrorKind};
use outlet::{Outlet, Tokens};
use outputs::{Lent, second_outlet};
use suspend::Suspends;

/// How often a node that is there but busy is tried again; its release is not always an event we see.
const BUSY_RETRY: Duration = Duration::from_secs(2);
/// Events handled in one turn before the caller gets its turn.
const MAX_EVENTS: usize = 32;

/// Tokens below this belong to the engine; [`Engine::watch`] takes others.
pub const FIRST_FREE_TOKEN: u64 = 16;
const TIMER: u64 = 0;
const NODE_WATCH: u64 = 1;
const DETECTOR: u64 = 2;
/// The worker's stderr and its end.
const WORKER: u64 = 3;
/// The worker's messages, frames above all.
const WORKER_SOCKET: u64 = 4;
const SECOND_NODE_WATCH: u64 = 5;
const SECOND_DETECTOR: u64 = 6;
const CAMERA_WATCH: u64 = 7;
/// What is heard of USB cameras.
const SENSORS: u64 = 8;

/// Where the pictures go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputChoice {
    /// A v4l2loopback node.
    Loopback(Wanted),
    /// Memory with this many slots; presence is told through [`Engine::event`].
    Memory(u32),
}

/// Everything the engine needs to know; the settings without their file.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineConfig {
    /// Where the pictures go.
    pub output: OutputChoice,
    /// In which format.
    pub format: VideoFormat,
    /// How cards look.
    pub style: CardStyle,
    /// Times and permissions.
    pub policy: Policy,
    /// The camera.
    pub source: Source,
    /// Buffers of the camera's driver.
    pub buffer_count: u32,
    /// The worker program.
    pub worker_program: PathBuf,
    /// How often clients are looked at where only looking tells.
    pub poll_interval: Duration,
    /// Where they go as well, for a second program.
    pub second: Option<OutputChoice>,
    /// Whether cameras that programs use past the relay are watched.
    pub watch_other_cameras: bool,
    /// Whether the worker gives up what it does not need.
    pub sandbox: bool,
    /// Where the kernel tells of USB cameras.
    pub roots: Roots,
    /// The saved values of controls, by camera.
    pub controls: Saved,
}

/// Receives every status that the machine publishes.
pub type StatusSink = Box<dyn FnMut(&Status)>;

/// The resident part. See the module.
pub struct Engine {
    config: EngineConfig,
    /// Settings that wait until no client has the node.
    pending_config: Option<EngineConfig>,
    /// The output is served in another format than the settings say, as somebody keeps it; since when.
    kept_since: Option<Instant>,
    machine: Machine,
    events: VecDeque<Event>,
    epoll: OwnedFd,
    timer: OwnedFd,
    timer_set: Option<Instant>,
    suspends: Suspends,
    first: Outlet,
    second: Option<Outlet>,
    /// While somebody streams at the second.
    mirror: Option<Mirror>,
    /// Pictures copied for the second so far.
    copies: u64,
    lent: Lent,
    camera_watch: Option<Watch>,
    /// What can be opened of the chosen camera.
    camera_nodes: BTreeSet<NodeId>,
    cameras_changed: bool,
    refusals: Refusals,
    numbers: Numbers,
    sensors: Sensors,
    worker: Option<WorkerHost>,
    host_events: Vec<HostEvent>,
    card: Option<Card>,
    camera_shown: bool,
    last_frame: Option<Instant>,
    last_state: StateName,
    sink: StatusSink,
    /// Of the camera that is open.
    controls: Option<CameraControls>,
    controls_changed: bool,
    /// What was said last about controls, so that it is said once.
    told_problems: Vec<String>,
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
        let io = |error: io::Error| {
            let text = trf!("Cannot start the event loop ({error}): free some memory.", error = error);
            OutputError::new(OutputErrorKind::Io, text)
        };
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(|error| io(error.into()))?;
        // It counts suspended time as well, for the end of a pause; what is no business of such time is looked at too early
        // once.
        let timer =
            rustix::time::timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)
                .map_err(|error| io(error.into()))?;
        add(&epoll, &timer, TIMER, epoll::EventFlags::IN).map_err(io)?;
        let sensors = Sensors::new(config.roots.clone(), config.watch_other_cameras, Instant::now());
        let mut engine = Self {
            sensors,
            machine: Machine::new(config.policy.clone()),
            first: Outlet::new(Tokens { node_watch: NODE_WATCH, detector: DETECTOR }, config.output.clone()),
            second: config.second.clone().map(second_outlet),
            mirror: None,
            copies: 0,
            lent: Lent::No,
            config,
            pending_config: None,
            kept_since: None,
            events: VecDeque::new(),
            epoll,
            timer,
            timer_set: None,
            suspends: Suspends::default(),
            camera_watch: None,
            camera_nodes: BTreeSet::new(),
            cameras_changed: false,
            refusals: Refusals::default(),
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
            told_problems: Vec::new(),
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
        self.epoll.as_fd()
    }

    /// Lets [`Self::turn`] also tell when this descriptor is readable. `token` is [`FIRST_FREE_TOKEN`] or more.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn watch(&self, fd: impl AsFd, token: u64) -> io::Result<()> {
        add(&self.epoll, fd, token, epoll::EventFlags::IN)
    }

    /// The present status.
    pub fn status(&self) -> Status {
        self.machine.status()
    }

    /// The output, while there is one.
    pub fn output(&self) -> Option<&Output> {
        self.first.output()
    }

    /// The second output, while there is one.
    pub fn second_output(&self) -> Option<&Output> {
        self.second.as_ref()?.output()
    }

    /// The path of the node that is held, while it is.
    pub fn node(&self) -> Option<&Path> {
        self.first.node()
    }

    /// The path of the second node, while it is held.
    pub fn second_node(&self) -> Option<&Path> {
        self.second.as_ref()?.node()
    }

    /// Pictures copied from the first output to the second so far.
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

    /// Something happened outside: a command, sleep, presence of a memory output.
    pub fn event(&mut self, event: Event) {
        match event {
            Event::Presence(presence) => {
                self.first.set_presence(presence, Instant::now());
                self.tell_presence();
            }
            event => {
                if event == Event::Sleep(false) {
                    self.refusals.disturbed(Instant::now());
                }
                self.events.push_back(event);
            }
        }
        self.run_events();
        self.arm();
    }

    /// Who is at the second output, where that is memory.
    pub fn second_presence(&mut self, presence: Presence) {
        if let Some(second) = &mut self.second {
            second.set_presence(presence, Instant::now());
        }
        self.tell_presence();
        self.run_events();
        self.arm();
    }

    /// The user asked for something.
    pub fn command(&mut self, command: Command) {
        self.event(Event::Command(command));
    }

    /// Takes new settings. What concerns the node takes effect when no client has it open.
    pub fn configure(&mut self, config: EngineConfig) {
        if config.style != self.config.style {
            self.config.style = config.style.clone();
            for outlet in self.outlets() {
                outlet.set_style(&config);
            }
            if let Some(card) = self.card.clone()
                && !self.camera_shown
            {
                self.show_card(card);
            }
        }
        self.config.poll_interval = config.poll_interval;
        self.config.worker_program = config.worker_program.clone();
        // Not for every knob that is turned: each is a setting.
        if (&config.source, config.format) != (&self.config.source, self.config.format) {
            self.refusals.forget();
        }
        if config.source != self.config.source {
            self.numbers.chosen(&config.source);
        }
        self.config.buffer_count = config.buffer_count;
        self.config.sandbox = config.sandbox;
        if config.source != self.config.source {
            self.config.source = config.source.clone();
            self.take_nodes();
        }
        if config.watch_other_cameras != self.config.watch_other_cameras {
            self.config.watch_other_cameras = config.watch_other_cameras;
            self.sensors.set_watch_others(config.watch_other_cameras, Instant::now());
            self.watch_sensors();
        }
        self.set_controls(config.controls.clone());
        if config.policy.orientation != self.config.policy.orientation
            && let Some(worker) = &mut self.worker
        {
            worker.lay(config.policy.orientation);
        }
        self.config.policy = config.policy.clone();
        self.events.push_back(Event::Policy(config.policy.clone()));
        let moves = config.output != self.config.output || config.format != self.config.format;
        if !moves {
            self.config.second = config.second.clone();
        }
        self.pending_config = moves.then_some(config);
        self.run_events();
        self.apply_pending();
        self.run_events();
        self.arm();
    }

    /// The controls of the camera, while it is open.
    pub fn controls(&self) -> Option<&CameraControls> {
        self.controls.as_ref()
    }

    /// Whether [`Self::controls`] changed since this was asked last.
    pub fn take_controls_changed(&mut self) -> bool {
        std::mem::take(&mut self.controls_changed)
    }

    /// Other saved values of controls: a camera that is on takes them at once.
    pub fn set_controls(&mut self, saved: Saved) {
        if saved != self.config.controls {
            if let Some(worker) = &mut self.worker {
                worker.set_controls(&saved);
            }
            self.config.controls = saved;
        }
    }

    /// Sets one control of the camera that is on, without saving it: for buttons.
    pub fn set_control(&mut self, key: &str, value: &Value) {
        if let Some(worker) = &mut self.worker {
            worker.set_control(key, value);
        }
    }

    fn take_controls(&mut self, controls: Option<CameraControls>) {
        if let Some(controls) = &controls {
            for problem in controls.problems.iter().filter(|problem| !self.told_problems.contains(problem)) {
                tracing::warn!("{problem}");
            }
            self.told_problems.clone_from(&controls.problems);
        }
        self.controls_changed |= self.controls != controls;
        self.controls = controls;
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
            tracing::error!("{}", crate::i18n::trouble::sentence(&reason));
        }
        // Dropping a worker kills it: nothing of ours outlives us.
        self.worker = None;
        for outlet in self.outlets() {
            outlet.close();
        }
    }

    fn outlets(&mut self) -> impl Iterator<Item = &mut Outlet> {
        std::iter::once(&mut self.first).chain(&mut self.second)
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
    pub fn turn(&mut self, wait: Option<Duration>) -> io::Result<Vec<u64>> {
        let wait = wait.map(|wait| Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: wait.subsec_nanos().into(),
        });
        let mut buffer =
            [epoll::Event { flags: epoll::EventFlags::empty(), data: epoll::EventData::new_u64(0) }; MAX_EVENTS];
        let count = match epoll::wait(&self.epoll, &mut buffer, wait.as_ref()) {
            Ok(count) => count,
            Err(rustix::io::Errno::INTR) => 0,
            Err(error) => return Err(error.into()),
        };
        let mut others = Vec::new();
        let mut seen = [false; FIRST_FREE_TOKEN as usize];
        for event in &buffer[..count] {
            let token = event.data.u64();
            match seen.get_mut(usize::try_from(token).unwrap_or(usize::MAX)) {
                Some(seen) => *seen = true,
                None => others.push(token),
            }
        }
        let now = Instant::now();
        if seen[WORKER as usize] {
            self.dispatch_worker(now, WorkerHost::dispatch);
        } else if seen[WORKER_SOCKET as usize] {
            self.dispatch_worker(now, WorkerHost::dispatch_message);
        }
        if seen[DETECTOR as usize] || seen[SECOND_DETECTOR as usize] {
            self.dispatch_detectors(now, |outlet, now| {
                seen[outlet.tokens().detector as usize] && outlet.dispatch_detector(now)
            });
        }
        if seen[SENSORS as usize] {
            self.dispatch_sensors(now);
        }
        if seen[NODE_WATCH as usize] && self.first.dispatch_node_watch() {
            self.retry_output(false);
        }
        if seen[SECOND_NODE_WATCH as usize] && self.second.as_mut().is_some_and(Outlet::dispatch_node_watch) {
            self.retry_second(false);
        }
        if seen[CAMERA_WATCH as usize] && self.camera_watch.as_mut().is_some_and(Watch::dispatch) {
            self.cameras_moved();
        }
        if seen[TIMER as usize] {
            self.timer_fired(now);
        }
        self.run_events();
        self.arm();
        Ok(others)
    }

    /// Without it a camera that comes back is found by the retries alone.
    fn watch_cameras(&mut self) {
        let watched = Watch::new().and_then(|watch| {
            add(&self.epoll, watch.fd(), CAMERA_WATCH, epoll::EventFlags::IN)?;
            Ok(watch)
        });
        match watched {
            Ok(watch) => self.camera_watch = Some(watch),
            Err(error) => tracing::warn!("cannot watch for cameras ({error}); one that comes back is noticed late"),
        }
        // Those that are there do not come.
        self.take_nodes();
    }

    fn cameras_moved(&mut self) {
        self.cameras_changed = true;
        self.refusals.forget();
        self.refusals.disturbed(Instant::now());
        if self.take_nodes() {
            self.events.push_back(Event::CameraCame);
        }
    }

    /// Looks which nodes the chosen camera has; whether one has come, or may be opened, since it was looked last.
    fn take_nodes(&mut self) -> bool {
        let nodes = choice::nodes(&self.config.source, &camera::System::here().cameras());
        let has_come = !nodes.is_subset(&self.camera_nodes);
        self.camera_nodes = nodes;
        has_come
    }

    /// Whether cameras came or went since this was last asked.
    pub fn cameras_changed(&mut self) -> bool {
        std::mem::take(&mut self.cameras_changed)
    }

    fn timer_fired(&mut self, now: Instant) {
        let mut expirations = [0; 8];
        let _ = rustix::io::read(&self.timer, &mut expirations);
        self.timer_set = None;
        for outlet in self.outlets() {
            outlet.tick(now);
        }
        if self.worker.as_ref().and_then(WorkerHost::deadline).is_some_and(|at| at <= now) {
            self.dispatch_worker(now, WorkerHost::dispatch);
        }
        self.dispatch_detectors(now, |outlet, now| outlet.is_look_due(now) && outlet.dispatch_detector(now));
        if self.sensors.deadline().is_some_and(|at| at <= now) {
            self.dispatch_sensors(now);
        }
        if self.first.is_retry_due(now) {
            self.retry_output(true);
        }
        if self.second.as_ref().is_some_and(|second| second.is_retry_due(now)) {
            self.retry_second(true);
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

    /// Sets the timer to the next deadline, if that changed.
    fn arm(&mut self) {
        let next = [
            self.machine.deadline(),
            self.worker.as_ref().and_then(WorkerHost::deadline),
            self.first.deadline(),
            self.second.as_ref().and_then(Outlet::deadline),
            self.sensors.deadline(),
        ]
        .into_iter()
        .flatten()
        .min();
        if next == self.timer_set {
            return;
        }
        self.timer_set = next;
        // A zero would disarm the timer: what is due already fires after a nanosecond.
        let left =
            next.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()).max(Duration::from_nanos(1)));
        let spec = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            },
        };
        if let Err(error) = rustix::time::timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &spec) {
            tracing::error!("cannot set the timer: {error}");
        }
    }

    fn run_events(&mut self) {
        if let Some(time) = self.suspends.take() {
            tracing::info!("the computer was suspended for {time:?}");
            // By the clocks as well: logind may not be there, or tell late.
            self.refusals.disturbed(Instant::now());
            self.events.push_front(Event::Suspended(time));
        }
        loop {
            self.notice_losses();
            let Some(event) = next(&mut self.events) else { break };
            let now = Instant::now();
            tracing::trace!(?event, "event");
            let is_presence = matches!(event, Event::Presence(_));
            for action in self.machine.step(now, event) {
                tracing::trace!(?action, "action");
                self.execute(now, action);
            }
            if is_presence {
                // The machine knows one set of clients: that somebody came to one device and is still at the other is no
                // news to it.
                self.feed(now);
            }
            let state = self.machine.state().name();
            if state != self.last_state {
                self.last_state = state;
                // Edges get lost: the level is read again after every transition.
                for outlet in self.outlets() {
                    outlet.recheck(now);
                }
            }
            if self.events.is_empty() {
                self.apply_pending();
            }
        }
    }

    fn execute(&mut self, now: Instant, action: Action) {
        match action {
            Action::SpawnWorker => self.spawn_worker(now),
            Action::StartCamera => {
                self.last_frame = None;
                if self.worker.is_none() {
                    return self.has_no_worker();
                }
                // Known already, whatever becomes of the worker before it can say so.
                let nodes = match &self.config.source {
                    Source::V4l2(path) => vec![path.clone()],
                    _ => Vec::new(),
                };
                if let Err(reason) = self.numbers.check(&self.config.source, &camera::System::here()) {
                    tracing::warn!("{}", crate::i18n::trouble::sentence(&reason));
                    self.events.push_back(Event::Worker(WorkerEvent::Failed(reason)));
                    return;
                }
                self.claim(&nodes, now);
                if let Some(worker) = &mut self.worker {
                    worker.start();
                }
            }
            Action::StopWorker => {
                self.refusals.ended();
                let Some(worker) = &mut self.worker else { return self.has_no_worker() };
                worker.revoke();
                worker.stop(now);
            }
            Action::KillWorker => {
                // It would have said why, had it known.
                self.refusals.gave_nothing(now);
                let Some(worker) = &mut self.worker else { return self.has_no_worker() };
                worker.revoke();
                worker.kill();
            }
            Action::ShowCard(card) => self.show_card(card),
            Action::ShowCamera => {
                self.camera_shown = true;
                for outlet in self.outlets() {
                    if outlet.is_feeding() {
                        outlet.stop_cards();
                    } else {
                        // Nothing is starting there.
                        outlet.show_card(&Card::Off, false, now);
                    }
                }
                self.lend(now);
            }
            Action::Feed(_) => self.feed(now),
            Action::VerifyOff => {
                self.sensors.verify(now);
                self.dispatch_sensors(now);
            }
            Action::Publish(status) => (self.sink)(&status),
        }
    }

    /// The machine takes a worker for granted: tells it that there is none, unless that is on its way already.
    fn has_no_worker(&mut self) {
        let is_told = |event: &Event| matches!(event, Event::Worker(WorkerEvent::Exited { .. }));
        if !self.events.iter().any(is_told) {
            self.events.push_back(Event::Worker(WorkerEvent::Exited { reason: None }));
        }
    }

    /// No worker came of it.
    fn cannot_spawn(&mut self, reason: Trouble) {
        tracing::warn!("{}", crate::i18n::trouble::sentence(&reason));
        self.events.push_back(Event::Worker(WorkerEvent::Failed(reason.clone())));
        self.events.push_back(Event::Worker(WorkerEvent::Exited { reason: Some(reason) }));
    }

    fn spawn_worker(&mut self, now: Instant) {
        let Some(output) = self.first.output() else {
            // Lost in this moment; the machine hears of that as well.
            let text = tr("The camera device went away while the camera was started: wait until it is there again.");
            return self.cannot_spawn(Trouble::said(TroubleKind::Device, text));
        };
        let config = WorkerConfig {
            program: self.config.worker_program.clone(),
            source: self.config.source.clone(),
            format: self.config.format,
            orientation: self.config.policy.orientation,
            buffer_count: self.config.buffer_count,
            excluded: self.node().into_iter().chain(self.second_node()).map(Path::to_owned).collect(),
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
    fn watch_worker(&self, worker: &WorkerHost) -> Result<(), Trouble> {
        let level = epoll::EventFlags::IN;
        // Its end is an edge: what it leaves behind is looked at by the clock.
        let how = [(WORKER_SOCKET, level), (WORKER, level), (WORKER, level | epoll::EventFlags::ET)];
        let watched = worker
            .fds()
            .into_iter()
            .zip(how)
            .filter_map(|(fd, how)| Some((fd?, how)))
            .try_for_each(|(fd, (token, flags))| add(&self.epoll, fd, token, flags));
        watched.map_err(|error| {
            let text = trf!("Cannot wait for events ({error}): free some memory.", error = error);
            Trouble::said(TroubleKind::Other, text)
        })
    }

    fn dispatch_worker(&mut self, now: Instant, dispatch: fn(&mut WorkerHost, Instant, &mut Vec<HostEvent>)) {
        let Some(worker) = &mut self.worker else { return };
        let mut happened = std::mem::take(&mut self.host_events);
        dispatch(worker, now, &mut happened);
        for event in happened.drain(..) {
            match event {
                HostEvent::Greeted { pid } => {
                    for outlet in self.outlets() {
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
                        tracing::warn!("{shortfall}");
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
                    match why.as_str() {
                        "" => tracing::info!("camera on: {camera} ({caps})"),
                        why => tracing::info!("camera on: {camera} ({caps}), chosen automatically: {why}"),
                    }
                    self.last_frame = Some(now);
                    self.events.push_back(Event::Worker(WorkerEvent::Started { camera }));
                    // The worker holds its first frame back until the gate opens.
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
                HostEvent::Failed(reason) => {
                    tracing::warn!("{}", crate::i18n::trouble::sentence(&reason));
                    self.refusals.ended();
                    self.events.push_back(Event::Worker(WorkerEvent::Failed(reason)));
                }
                HostEvent::Exited { reason } => {
                    self.refusals.ended();
                    self.worker = None;
                    self.take_controls(None);
                    for outlet in self.outlets() {
                        outlet.set_own(None);
                    }
                    self.sensors.set_worker(None);
                    // It may have been in the middle of a picture when its slots were taken back: wipe them once more.
                    if self.last_frame.take().is_some()
                        && !self.camera_shown
                        && let Some(card) = &self.card
                    {
                        self.first.show_card(card, false, now);
                    }
                    self.events.push_back(Event::Worker(WorkerEvent::Exited { reason }));
                    self.notice_losses();
                    if self.first.output().is_none() {
                        self.retry_output(false);
                    }
                }
            }
        }
        self.host_events = happened;
    }

    /// The worker is about to open these nodes and no others.
    fn claim(&mut self, nodes: &[PathBuf], now: Instant) {
        if self.sensors.claim(nodes, now) {
            self.events.push_back(Event::Sensor(SensorEvent::Verifiable));
        }
    }

    fn dispatch_sensors(&mut self, now: Instant) {
        let events = self.sensors.dispatch(now);
        self.events.extend(events.into_iter().map(Event::Sensor));
    }

    fn watch_sensors(&mut self) {
        if let Some(fd) = self.sensors.fd()
            && let Err(error) = add(&self.epoll, fd, SENSORS, epoll::EventFlags::IN)
        {
            tracing::error!("cannot watch other cameras: {error}");
        }
        self.dispatch_sensors(Instant::now());
    }
}

/// What is to be handled next. Facts come before the passing of time, whatever came first: what an action took long for must
/// not be held against an answer that waits already.
fn next(events: &mut VecDeque<Event>) -> Option<Event> {
    let fact = events.iter().position(|event| *event != Event::Tick);
    match fact {
        Some(at) => events.remove(at),
        None => std::mem::take(events).pop_back(),
    }
}

fn add(epoll: &OwnedFd, fd: impl AsFd, token: u64, flags: epoll::EventFlags) -> io::Result<()> {
    Ok(epoll::add(epoll, fd, epoll::EventData::new_u64(token), flags)?)
}
