//! The event loop of the resident process: feeds the machine with what happens and carries out what it decides.
//!
//! One thread, one epoll descriptor. A desktop's main loop watches [`Engine::fd`] and calls [`Engine::turn`]; a
//! headless process lets [`Engine::turn`] wait. Frames take the short way, worker to output; they never enter the
//! machine.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, epoll, poll};
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};

use crate::core::event::{Action, Card, Command, Event, WorkerEvent};
use crate::core::machine::Machine;
use crate::core::policy::Policy;
use crate::core::presence::Presence;
use crate::core::source::Source;
use crate::core::status::{Reason, ReasonKind, StateName, Status};
use crate::detect::Detector;
use crate::frame::format::VideoFormat;
use crate::frame::placeholder::CardStyle;
use crate::i18n::{tr, trf};
use crate::output::finder::{self, NodeWatch, Wanted};
use crate::output::loopback::Loopback;
use crate::output::memory::Memory;
use crate::output::{Device, Output, OutputError, OutputErrorKind, monotonic_now};
use crate::worker::host::{HostEvent, WorkerConfig, WorkerHost};

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
}

/// Receives every status that the machine publishes.
pub type StatusSink = Box<dyn FnMut(&Status)>;

/// The resident part. See the module.
pub struct Engine {
    config: EngineConfig,
    /// Settings that wait until no client has the node.
    pending_config: Option<EngineConfig>,
    machine: Machine,
    events: VecDeque<Event>,
    epoll: OwnedFd,
    timer: OwnedFd,
    timer_set: Option<Instant>,
    output: Option<Output>,
    node_watch: Option<NodeWatch>,
    retry_at: Option<Instant>,
    detector: Option<Detector>,
    /// What the detector saw while it was being set up.
    first_presence: Option<Presence>,
    worker: Option<WorkerHost>,
    host_events: Vec<HostEvent>,
    card: Option<Card>,
    camera_shown: bool,
    feeding: bool,
    next_card_at: Option<Instant>,
    last_queued: Option<Instant>,
    last_frame: Option<Instant>,
    last_state: StateName,
    sink: StatusSink,
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
            let text = trf("Cannot start the event loop ({error}): free some memory.", &[("error", &error)]);
            OutputError::new(OutputErrorKind::Io, text)
        };
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(|error| io(error.into()))?;
        let timer =
            rustix::time::timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)
                .map_err(|error| io(error.into()))?;
        add(&epoll, &timer, TIMER, epoll::EventFlags::IN).map_err(io)?;
        let mut engine = Self {
            machine: Machine::new(config.policy.clone()),
            config,
            pending_config: None,
            events: VecDeque::new(),
            epoll,
            timer,
            timer_set: None,
            output: None,
            node_watch: None,
            retry_at: None,
            detector: None,
            first_presence: None,
            worker: None,
            host_events: Vec::new(),
            card: None,
            camera_shown: false,
            feeding: false,
            next_card_at: None,
            last_queued: None,
            last_frame: None,
            last_state: StateName::NoDevice,
            sink,
        };
        if let Err(error) = engine.open_output(true) {
            if !is_borne(&error) {
                return Err(error);
            }
            engine.no_output(&error);
        }
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
        self.output.as_ref()
    }

    /// The path of the node that is held, while it is.
    pub fn node(&self) -> Option<&Path> {
        match self.output.as_ref()?.device() {
            Device::Loopback(loopback) => Some(loopback.path()),
            Device::Memory(_) => None,
        }
    }

    /// The worker's process id, while there is one.
    pub fn worker_pid(&self) -> Option<u32> {
        self.worker.as_ref().map(WorkerHost::pid)
    }

    /// Something happened outside: a command, sleep, presence of a memory output.
    pub fn event(&mut self, event: Event) {
        self.events.push_back(event);
        self.run_events();
        self.arm();
    }

    /// The user asked for something.
    pub fn command(&mut self, command: Command) {
        self.event(Event::Command(command));
    }

    /// Takes new settings. What concerns the node takes effect when no client has it open.
    pub fn configure(&mut self, config: EngineConfig) {
        if let Some(output) = &mut self.output
            && config.style != self.config.style
        {
            output.set_style(config.style.clone());
            self.config.style = config.style.clone();
            if let Some(card) = self.card.clone()
                && !self.camera_shown
            {
                self.show_card(card);
            }
        }
        self.config.poll_interval = config.poll_interval;
        self.config.worker_program = config.worker_program.clone();
        self.config.buffer_count = config.buffer_count;
        self.config.source = config.source.clone();
        if config.policy.orientation != self.config.policy.orientation
            && let Some(worker) = &mut self.worker
        {
            worker.lay(config.policy.orientation);
        }
        self.config.policy = config.policy.clone();
        self.events.push_back(Event::Policy(config.policy.clone()));
        let moves = config.output != self.config.output || config.format != self.config.format;
        self.pending_config = moves.then_some(config);
        self.run_events();
        self.apply_pending();
        self.run_events();
        self.arm();
    }

    /// Switches the camera off, waits until that is confirmed or `deadline` has passed, and lets go of the node.
    pub fn shut_down(&mut self, deadline: Instant) {
        self.event(Event::Command(Command::Pause { duration: None }));
        while self.worker.is_some() && Instant::now() < deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if let Err(error) = self.turn(Some(left)) {
                tracing::warn!("cannot wait for the camera to stop ({error}); ending its process");
                break;
            }
        }
        // Dropping a worker kills it: nothing of ours outlives us.
        self.worker = None;
        self.detector = None;
        self.output = None;
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
        if seen[DETECTOR as usize] {
            self.dispatch_detector(now);
        }
        if seen[NODE_WATCH as usize] && self.node_watch.as_mut().is_some_and(NodeWatch::dispatch) {
            self.retry_output(false);
        }
        if seen[TIMER as usize] {
            self.timer_fired(now);
        }
        self.run_events();
        self.arm();
        Ok(others)
    }

    fn timer_fired(&mut self, now: Instant) {
        let mut expirations = [0; 8];
        let _ = rustix::io::read(&self.timer, &mut expirations);
        self.timer_set = None;
        if self.next_card_at.is_some_and(|at| at <= now) {
            self.queue_card(now);
        }
        if self.worker.as_ref().and_then(WorkerHost::deadline).is_some_and(|at| at <= now) {
            self.dispatch_worker(now, WorkerHost::dispatch);
        }
        if self.detector.as_ref().and_then(Detector::deadline).is_some_and(|at| at <= now) {
            self.dispatch_detector(now);
        }
        if self.retry_at.is_some_and(|at| at <= now) {
            self.retry_output(true);
        }
        if self.machine.deadline().is_some_and(|at| at <= now) {
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
            self.next_card_at,
            self.worker.as_ref().and_then(WorkerHost::deadline),
            self.detector.as_ref().and_then(Detector::deadline),
            self.retry_at,
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
        while let Some(event) = self.events.pop_front() {
            let now = Instant::now();
            tracing::trace!(?event, "event");
            for action in self.machine.step(now, event) {
                tracing::trace!(?action, "action");
                self.execute(now, action);
            }
            let state = self.machine.state().name();
            if state != self.last_state {
                self.last_state = state;
                // Edges get lost: the level is read again after every transition.
                if let Some(detector) = &mut self.detector {
                    detector.recheck(now);
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
                if let Some(worker) = &mut self.worker {
                    worker.start(now);
                }
            }
            Action::StopWorker => {
                if let Some(worker) = &mut self.worker {
                    worker.revoke();
                    worker.stop(now);
                }
            }
            Action::KillWorker => {
                if let Some(worker) = &mut self.worker {
                    worker.revoke();
                    worker.kill();
                }
            }
            Action::ShowCard(card) => self.show_card(card),
            Action::ShowCamera => {
                self.camera_shown = true;
                self.next_card_at = None;
                self.grant();
            }
            Action::Feed(feed) => {
                self.feeding = feed;
                match (feed, self.camera_shown) {
                    (true, true) => self.grant(),
                    (true, false) => self.queue_card(now),
                    (false, true) => {
                        // The cooldown: whoever opens the node now must not see the last picture of somebody.
                        if let (Some(worker), Some(output)) = (&mut self.worker, &mut self.output) {
                            worker.revoke();
                            output.take_back();
                            output.show_card(&Card::Off);
                        }
                        self.settle_card();
                    }
                    (false, false) => {
                        self.next_card_at = None;
                        self.settle_card();
                    }
                }
            }
            Action::Publish(status) => (self.sink)(&status),
        }
    }

    /// Hands the slots to the worker.
    fn grant(&mut self) {
        if let (Some(worker), Some(output)) = (&mut self.worker, &self.output) {
            let (next, usable) = output.rotation();
            worker.grant(next, usable);
        }
    }

    fn spawn_worker(&mut self, now: Instant) {
        let Some(output) = &self.output else { return };
        let config = WorkerConfig {
            program: self.config.worker_program.clone(),
            source: self.config.source.clone(),
            format: self.config.format,
            orientation: self.config.policy.orientation,
            buffer_count: self.config.buffer_count,
            excluded: self.node().map(Path::to_owned),
        };
        match WorkerHost::spawn(&config, output.slots_fd(), output.layout(), now) {
            Ok(worker) => {
                for (fd, token) in worker.fds().into_iter().zip([WORKER_SOCKET, WORKER, WORKER]) {
                    if let Some(fd) = fd
                        && let Err(error) = add(&self.epoll, fd, token, epoll::EventFlags::IN)
                    {
                        tracing::error!("cannot watch the camera process: {error}");
                    }
                }
                if let Some(detector) = &mut self.detector {
                    detector.set_own(Some(worker.pid()));
                }
                self.worker = Some(worker);
            }
            Err(reason) => {
                tracing::warn!("{reason}");
                self.events.push_back(Event::Worker(WorkerEvent::Failed(reason.clone())));
                self.events.push_back(Event::Worker(WorkerEvent::Exited { reason: Some(reason) }));
            }
        }
    }

    fn dispatch_worker(&mut self, now: Instant, dispatch: fn(&mut WorkerHost, Instant, &mut Vec<HostEvent>)) {
        let Some(worker) = &mut self.worker else { return };
        let mut happened = std::mem::take(&mut self.host_events);
        dispatch(worker, now, &mut happened);
        for event in happened.drain(..) {
            match event {
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
                HostEvent::Warm => self.events.push_back(Event::Worker(WorkerEvent::Warm)),
                HostEvent::Started { camera, caps } => {
                    tracing::info!("camera on: {camera} ({caps})");
                    self.last_frame = Some(now);
                    self.events.push_back(Event::Worker(WorkerEvent::Started { camera }));
                    // The worker holds its first frame back until the gate opens.
                    self.run_events();
                }
                HostEvent::Stopped => self.events.push_back(Event::Worker(WorkerEvent::Stopped)),
                HostEvent::Failed(reason) => {
                    tracing::warn!("{reason}");
                    self.events.push_back(Event::Worker(WorkerEvent::Failed(reason)));
                }
                HostEvent::Exited { reason } => {
                    self.worker = None;
                    if let Some(detector) = &mut self.detector {
                        detector.set_own(None);
                    }
                    // It may have been in the middle of a picture when its slots were taken back: wipe them once more.
                    if self.last_frame.take().is_some()
                        && !self.camera_shown
                        && let Some(card) = self.card.clone()
                    {
                        self.show_card(card);
                    }
                    self.events.push_back(Event::Worker(WorkerEvent::Exited { reason }));
                    if self.output.is_none() {
                        self.retry_output(false);
                    }
                }
            }
        }
        self.host_events = happened;
    }

    /// The short way of a frame.
    fn frame(&mut self, now: Instant, slot: u32, timestamp: Duration) {
        self.last_frame = Some(now);
        if !self.camera_shown {
            return;
        }
        if self.feeding
            && let Some(output) = &mut self.output
        {
            let before = output.rotation().1;
            let result = output.queue_frame(slot, timestamp);
            let after = output.rotation().1;
            self.last_queued = Some(now);
            if let (Some(worker), true) = (&mut self.worker, before != after) {
                worker.set_usable(after);
            }
            if let Err(error) = result {
                self.lose_output(&error);
                return;
            }
        }
        if let Some(worker) = &mut self.worker {
            worker.taken();
        }
    }

    fn show_card(&mut self, card: Card) {
        let now = Instant::now();
        let Some(output) = &mut self.output else { return };
        if std::mem::take(&mut self.camera_shown) {
            output.take_back();
        }
        output.show_card(&card);
        self.card = Some(card);
        if self.feeding {
            let due = self.last_queued.map_or(now, |last| last + self.config.format.frame_interval());
            if due <= now {
                self.queue_card(now);
            } else {
                self.next_card_at = Some(due);
            }
        } else {
            self.settle_card();
        }
    }

    fn queue_card(&mut self, now: Instant) {
        let Some(output) = &mut self.output else { return };
        let interval = self.config.format.frame_interval();
        // Keep the rhythm, but do not catch up after a stall.
        let next = self.next_card_at.map_or(now, |at| at) + interval;
        self.next_card_at = Some(if next > now { next } else { now + interval });
        self.last_queued = Some(now);
        if let Err(error) = output.queue_card(monotonic_now()) {
            self.lose_output(&error);
        }
    }

    /// Queues the card once, out of rhythm, for the sake of its timestamp.
    fn freshen_card(&mut self) {
        let Some(output) = &mut self.output else { return };
        if let Err(error) = output.queue_card(monotonic_now()) {
            self.lose_output(&error);
        }
    }

    fn settle_card(&mut self) {
        let Some(output) = &mut self.output else { return };
        if let Err(error) = output.settle_card() {
            self.lose_output(&error);
        }
    }

    fn dispatch_detector(&mut self, now: Instant) {
        let Some(detector) = &mut self.detector else { return };
        let presence = detector.dispatch(now);
        if detector.gone() {
            let error = OutputError::new(
                OutputErrorKind::Missing,
                trf("The camera device went away: {how}.", &[("how", &finder::how_to_get_a_node())]),
            );
            self.lose_output(&error);
        } else if let Some(presence) = presence {
            if !presence.is_empty() && !self.feeding && !self.camera_shown {
                // Whoever has just opened the node may stream at once and would get the newest picture with a
                // timestamp from long ago; ffmpeg fills such a gap with repeated frames.
                self.freshen_card();
            }
            self.events.push_back(Event::Presence(presence));
        }
    }

    fn open_output(&mut self, may_create: bool) -> Result<(), OutputError> {
        let (device, detector) = match &self.config.output {
            OutputChoice::Memory(slots) => (Device::Memory(Memory::new(&self.config.format, *slots)?), None),
            OutputChoice::Loopback(wanted) => {
                let path = finder::find(wanted, may_create)?;
                let loopback = Loopback::open(&path, &self.config.format)?;
                let mut detector = Detector::new(&path, self.config.poll_interval, Instant::now())
                    .map_err(|error| OutputError::new(OutputErrorKind::Io, error.to_string()))?;
                self.watch_detector(&mut detector).map_err(|error| {
                    let parts: [(&str, &dyn std::fmt::Display); 2] = [("node", &path.display()), ("error", &error)];
                    OutputError::new(OutputErrorKind::Io, trf("Cannot watch {node} ({error}).", &parts))
                })?;
                tracing::info!("serving {} as {}", path.display(), self.config.format);
                (Device::Loopback(loopback), Some(detector))
            }
        };
        self.output = Some(Output::new(device, self.config.format, self.config.style.clone())?);
        self.detector = detector;
        self.node_watch = None;
        self.retry_at = None;
        self.card = None;
        self.camera_shown = false;
        self.feeding = false;
        self.next_card_at = None;
        self.events.push_back(Event::DeviceReady);
        self.events.extend(self.first_presence.take().map(Event::Presence));
        Ok(())
    }

    /// Waits on the detector's descriptors: inotify's and, where there is one, the module's events.
    ///
    /// v4l2loopback 0.13 does not take a waiter while an event is pending, and epoll offers itself only once, when it
    /// is added: added at such a moment it would never hear of an event again (seen on 0.13.2).
    fn watch_detector(&mut self, detector: &mut Detector) -> io::Result<()> {
        const TRIES: u32 = 100;
        let mut presence = None;
        for _ in 0..TRIES {
            presence = detector.dispatch(Instant::now()).or(presence);
            let fds = detector.fds();
            let interests = [epoll::EventFlags::IN, epoll::EventFlags::PRI];
            for (fd, flags) in fds.iter().zip(interests) {
                add(&self.epoll, fd, DETECTOR, flags)?;
            }
            let Some(events) = fds.get(1) else { break };
            let none = Timespec { tv_sec: 0, tv_nsec: 0 };
            if poll(&mut [PollFd::new(events, PollFlags::PRI)], Some(&none))? == 0 {
                break;
            }
            for fd in &fds {
                epoll::delete(&self.epoll, fd)?;
            }
        }
        self.first_presence = presence;
        Ok(())
    }

    fn lose_output(&mut self, error: &OutputError) {
        self.output = None;
        self.detector = None;
        self.next_card_at = None;
        self.no_output(error);
    }

    fn no_output(&mut self, error: &OutputError) {
        tracing::warn!("{error}");
        self.events.push_back(Event::DeviceGone(error.to_reason()));
        self.wait_for_node(error);
    }

    fn wait_for_node(&mut self, error: &OutputError) {
        if self.node_watch.is_none() {
            match NodeWatch::new() {
                Ok(watch) => {
                    if let Err(error) = add(&self.epoll, watch.fd(), NODE_WATCH, epoll::EventFlags::IN) {
                        tracing::error!("cannot watch /dev: {error}");
                    }
                    self.node_watch = Some(watch);
                }
                Err(error) => tracing::warn!("cannot watch /dev ({error}); looking every {BUSY_RETRY:?} instead"),
            }
        }
        // The attempt itself raised events; what they could tell is covered by the retry.
        if let Some(watch) = &mut self.node_watch {
            watch.dispatch();
        }
        // What only another file or another permission can mend is heard of; the rest is tried again.
        let is_heard = match error.kind {
            OutputErrorKind::Missing => !finder::can_create(),
            OutputErrorKind::Permission | OutputErrorKind::Wrong | OutputErrorKind::Format => true,
            OutputErrorKind::Busy | OutputErrorKind::Io => false,
        };
        self.retry_at = (!is_heard || self.node_watch.is_none()).then(|| Instant::now() + BUSY_RETRY);
    }

    /// Tries to take the output again. A worker that still holds the old one's pages would keep it busy.
    fn retry_output(&mut self, may_create: bool) {
        if self.output.is_some() || self.worker.is_some() {
            self.retry_at = None;
            return;
        }
        if let Err(error) = self.open_output(may_create) {
            let reason = error.to_reason();
            if self.machine.status().reason.as_ref() != Some(&reason) {
                self.no_output(&error);
            } else {
                self.wait_for_node(&error);
            }
        }
    }

    /// Moves to another node or format once nobody is there to notice.
    fn apply_pending(&mut self) {
        let is_quiet = self.worker.is_none() && self.machine.status().clients.is_empty();
        let Some(config) = self.pending_config.take_if(|_| is_quiet) else { return };
        tracing::info!("the device's settings changed: {}", config.format);
        let was_held = self.output.take().is_some();
        let before = self.events.len();
        self.detector = None;
        self.config.output = config.output;
        self.config.format = config.format;
        if let Err(error) = self.open_output(true) {
            self.no_output(&error);
        } else if was_held {
            // One node went and one came; the machine starts over with it.
            let reason = Reason::new(ReasonKind::Device, tr("The camera device is being set up anew."));
            self.events.insert(before, Event::DeviceGone(reason));
        }
    }
}

fn add(epoll: &OwnedFd, fd: impl AsFd, token: u64, flags: epoll::EventFlags) -> io::Result<()> {
    Ok(epoll::add(epoll, fd, epoll::EventData::new_u64(token), flags)?)
}
