//! The resident process's side of one worker: starts it, hears it, ends it. Never blocks, trusts nothing.
//!
//! The caller watches [`WorkerHost::fds`] and [`WorkerHost::deadline`] and calls [`WorkerHost::dispatch`]; all
//! outcomes are [`HostEvent`]s. Whether a step of the start takes too long or frames stay away is the caller's decision;
//! here are only the deadlines of ending.

#[cfg(any(debug_assertions, fuzzing))]
pub(super) mod fuzz;

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::granted::Granted;
use super::reasons::{abandoned, cannot_start, crashed, nonsense};
use super::saved;
use super::stderr::{Stderr, plain};
use lenscap_core::controls::{CameraControls, Changes, Saved, Value};
use lenscap_core::event::Step;
use lenscap_core::mode::{FrameRate, Mode};
use lenscap_core::sandbox::Sandbox;
use lenscap_core::source::{Orientation, Source};
use lenscap_core::trouble::{Trouble, TroubleKind};
use lenscap_picture::format::VideoFormat;
use lenscap_picture::slots::{Control, SlotLayout};
use lenscap_sys::clock::monotonic_now;
use lenscap_sys::descendants;
use lenscap_sys::process::{self, Peek};
use lenscap_wire::channel::{self, Channel, Received};
use lenscap_wire::heartbeat::{BEAT_INTERVAL, Heartbeat};
use lenscap_wire::keeper;
use lenscap_wire::protocol::{self, Configure, FromChild, Stats, ToChild};
use lenscap_words::{tr, trf};

/// From the stop message (EOS in the child) to SIGTERM.
const STOP_LIMIT: Duration = Duration::from_secs(2);
/// From the child's word that the camera is off to its end; then SIGKILL.
const EXIT_LIMIT: Duration = Duration::from_secs(1);
/// From the order to kill, which the keeper carries out, to SIGKILL for the keeper itself.
const KILL_LIMIT: Duration = Duration::from_secs(3);
/// How often what outlived a killed keeper is looked at.
const SWEEP_INTERVAL: Duration = Duration::from_millis(100);
/// From SIGTERM to SIGKILL.
const TERM_LIMIT: Duration = Duration::from_secs(1);
/// How long [`Drop`] waits for the killed process; a process stuck in a driver may take for ever.
const REAP_LIMIT: Duration = Duration::from_secs(5);
/// Messages handled in one dispatch: more than a socket's default buffer holds of frames.
const MAX_PER_DISPATCH: usize = 256;
/// Messages in one second of a child that behaves: twice the highest framerate and some.
const MAX_PER_SECOND: u32 = 2 * VideoFormat::MAX_FRAMERATE + 64;

/// What to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerConfig {
    /// The worker program.
    pub program: PathBuf,
    /// Where the pictures come from.
    pub source: Source,
    /// The promised format.
    pub format: VideoFormat,
    /// How the picture is laid into it.
    pub orientation: Orientation,
    /// Buffers of the camera, where the source lets us choose.
    pub buffer_count: u32,
    /// Nodes that are never cameras: the outputs.
    pub excluded: Vec<PathBuf>,
    /// The saved values of controls, by camera.
    pub controls: Saved,
    /// Modes that the camera refused: others are to be tried first.
    pub refused: Vec<Mode>,
    /// Whether it is to give up what it does not need.
    pub sandbox: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostEvent {
    /// It has done a step of its start; at [`Step::Loaded`] it has touched no camera.
    Step(Step),
    /// It has greeted; nothing was handed to it yet.
    Greeted {
        /// The number of the worker itself: the process that was started is its keeper.
        pid: u32,
    },
    /// What it has given up.
    Confined(Sandbox),
    /// It is about to open a camera; the last one counts.
    Opening {
        /// The V4L2 nodes of it, none where they are not known.
        nodes: Vec<PathBuf>,
    },
    /// The first frame is there and waits for the gate.
    Started {
        /// The camera's name for people.
        camera: String,
        /// What the camera gives, in GStreamer's words.
        caps: String,
        /// Why `auto` took this one; empty where a camera was named.
        why: String,
    },
    /// The mode the camera runs in: before [`HostEvent::Started`], and again when it proves to be another.
    Mode(Box<Mode>),
    /// A slot is filled, under the present grant.
    Frame {
        /// Which slot; within the layout.
        slot: u32,
        /// Time of capture, `CLOCK_MONOTONIC`.
        timestamp: Duration,
    },
    /// The camera is about to be told to start, in this mode.
    Trying(Box<Mode>),
    /// The camera was asked for this mode and gave no frame; [`HostEvent::Failed`] follows.
    Refused(Box<Mode>),
    /// The controls of the camera that it opened, as they are now.
    Controls(Box<CameraControls>),
    /// What changed of them.
    ControlsChanged(Box<Changes>),
    /// The camera is off; the process is still ending.
    Stopped,
    /// It does not work. The process ends by itself or is ended; nothing else but [`HostEvent::Exited`] follows.
    Failed(Trouble),
    /// The process is reaped, nothing that it started is left, and all it wrote is read. Comes once, last.
    Exited {
        /// Why, when it was neither asked to end nor had said so before.
        reason: Option<Trouble>,
    },
}

/// How far the conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Greeting,
    Configured,
    Warm,
    Started,
    Stopped,
    Failed,
}

/// How far the ending is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    No,
    Asked { until: Instant },
    Terminated { until: Instant },
    Killed { until: Instant },
    KeeperKilled,
}

/// One worker process.
#[derive(Debug)]
pub struct WorkerHost {
    /// The keeper; see there.
    child: Child,
    /// The worker itself, once it greeted.
    worker: Option<Pid>,
    source: Source,
    heartbeat: Heartbeat,
    next_beat: Instant,
    /// The keeper was killed and left something behind: when to look again.
    sweep_at: Option<Instant>,
    pidfd: OwnedFd,
    channel: Option<Channel>,
    stderr: Stderr,
    /// Sent with the greeting's answer.
    configure: Option<(Vec<u8>, OwnedFd, OwnedFd)>,
    control: Control,
    slot_count: u32,
    /// Counts grants; frames of others than the last are dropped.
    epoch: u32,
    granted: Option<Granted>,
    taken: u64,
    phase: Phase,
    ending: Ending,
    wants_start: bool,
    /// Values that came before it could take them.
    late_controls: Option<Saved>,
    /// Sent after the greeting's answer.
    lay: Option<Orientation>,
    /// It does not read what it is told.
    stuck: bool,
    stats: Option<Stats>,
    window: (Instant, u32),
    buffer: Vec<u8>,
    exited: bool,
}

impl WorkerHost {
    /// Starts the program. It is killed when the calling thread ends, or when the host is dropped.
    ///
    /// # Errors
    /// When the program is missing or cannot be started, or descriptors or memory are short.
    pub fn spawn(
        config: &WorkerConfig,
        slots_fd: BorrowedFd<'_>,
        layout: &SlotLayout,
        now: Instant,
    ) -> Result<Self, Trouble> {
        Self::spawn_with(config, &[], slots_fd, layout, now)
    }

    /// As [`Self::spawn`], with changes to the environment that the worker inherits.
    ///
    /// # Errors
    /// As [`Self::spawn`].
    pub fn spawn_with(
        config: &WorkerConfig,
        environment: &[(&str, &str)],
        slots_fd: BorrowedFd<'_>,
        layout: &SlotLayout,
        now: Instant,
    ) -> Result<Self, Trouble> {
        let message = protocol::encode(&ToChild::Configure(Box::new(Configure {
            source: config.source.clone(),
            format: config.format,
            orientation: config.orientation,
            layout: layout.clone(),
            buffer_count: config.buffer_count,
            excluded: config.excluded.clone(),
            controls: saved::of_camera(&config.source, &config.controls),
            refused: config.refused.clone(),
            sandbox: config.sandbox,
        })))
        .map_err(|error| {
            let text = trf!("The camera's settings cannot be used: {error}.", error = error);
            Trouble::said(TroubleKind::Setup, text)
        })?;
        let resources = || -> io::Result<_> {
            let (control, control_fd) = Control::create()?;
            let slots_fd = slots_fd.try_clone_to_owned()?;
            let (channel, theirs) = Channel::pair()?;
            Ok((control, control_fd, slots_fd, channel, theirs, Heartbeat::create()?))
        };
        let (control, control_fd, slots_fd, channel, theirs, (heartbeat, heartbeat_fd)) =
            resources().map_err(|error| cannot_start(&error))?;
        let mut command = Command::new(&config.program);
        command
            .arg(theirs.as_raw_fd().to_string())
            .arg(heartbeat_fd.as_raw_fd().to_string())
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let inherited = [theirs.as_fd(), heartbeat_fd.as_fd()];
        let mut child = process::spawn_tied(&mut command, inherited).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::PermissionDenied => Trouble::said(
                TroubleKind::Setup,
                trf!(
                    "The camera program {path} cannot be started ({error}): reinstall Lenscap.",
                    path = config.program.display(),
                    error = error
                ),
            ),
            _ => cannot_start(&error),
        })?;
        drop((theirs, heartbeat_fd));
        match attach(&mut child) {
            Ok((pidfd, stderr)) => Ok(Self {
                child,
                worker: None,
                source: config.source.clone(),
                heartbeat,
                next_beat: now,
                sweep_at: None,
                pidfd,
                channel: Some(channel),
                stderr,
                configure: Some((message, slots_fd, control_fd)),
                control,
                slot_count: u32::try_from(layout.offsets.len()).unwrap_or(0),
                epoch: 0,
                granted: None,
                taken: 0,
                phase: Phase::Greeting,
                ending: Ending::No,
                wants_start: false,
                late_controls: None,
                lay: None,
                stuck: false,
                stats: None,
                window: (now, 0),
                buffer: channel::buffer(),
                exited: false,
            }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(cannot_start(&error))
            }
        }
    }

    /// The worker's process id; before it has greeted, its keeper's.
    pub fn pid(&self) -> u32 {
        self.worker.map_or(self.child.id(), |pid| pid.as_raw_pid().cast_unsigned())
    }

    /// The process id of its keeper, which was started.
    pub fn keeper(&self) -> u32 {
        self.child.id()
    }

    /// Whether it was ordered to end at once.
    pub fn is_killed(&self) -> bool {
        matches!(self.ending, Ending::Killed { .. } | Ending::KeeperKilled)
    }

    /// Whether the heart beats: what does not end in order is not held up by it.
    fn is_beating(&self) -> bool {
        !matches!(self.phase, Phase::Greeting) && !self.is_killed()
    }

    /// Socket, stderr pipe and pidfd, while they can become readable.
    pub fn fds(&self) -> [Option<BorrowedFd<'_>>; 3] {
        let pidfd = (!self.exited && self.sweep_at.is_none()).then(|| self.pidfd.as_fd());
        [self.channel.as_ref().map(AsFd::as_fd), self.stderr.fd(), pidfd]
    }

    /// The next moment at which [`Self::dispatch`] has to be called even if nothing becomes readable.
    pub fn deadline(&self) -> Option<Instant> {
        if self.exited {
            return None;
        }
        let ending = match self.ending {
            Ending::No if self.stuck => Some(self.window.0),
            Ending::No | Ending::KeeperKilled => None,
            Ending::Asked { until } | Ending::Terminated { until } | Ending::Killed { until } => Some(until),
        };
        let beat = self.is_beating().then_some(self.next_beat);
        [ending, beat, self.sweep_at].into_iter().flatten().min()
    }

    /// What the child told about its frames, once it stopped in order.
    pub fn stats(&self) -> Option<Stats> {
        self.stats
    }

    /// Reads what is there and applies deadlines. Appends to `out` what happened; never blocks.
    pub fn dispatch(&mut self, now: Instant, out: &mut Vec<HostEvent>) {
        if self.exited {
            return;
        }
        // Looked at first: what a dead child has said is then complete below.
        let end = self.take_end(now);
        self.stderr.drain();
        self.receive(MAX_PER_DISPATCH, now, out);
        if let Some(end) = end {
            self.finish(end.status, out);
            return;
        }
        if self.is_beating() && self.next_beat <= now {
            self.heartbeat.beat();
            self.next_beat = now + BEAT_INTERVAL;
        }
        if self.ending == Ending::No && self.stuck {
            let text = tr("The camera process does not answer: if this happens again, restart the computer.");
            self.violated(Trouble::said(TroubleKind::Hang, text), out);
        }
        match self.ending {
            Ending::Asked { until } if until <= now && self.phase == Phase::Stopped => {
                tracing::warn!("the camera process did not end within {EXIT_LIMIT:?} of its stop: killing it");
                self.kill();
            }
            Ending::Asked { until } if until <= now => {
                tracing::warn!("the camera process did not stop within {STOP_LIMIT:?}: terminating it");
                self.signal(Signal::TERM);
                self.ending = Ending::Terminated { until: now + TERM_LIMIT };
            }
            Ending::Terminated { until } if until <= now => {
                tracing::warn!("the camera process ignored SIGTERM for {TERM_LIMIT:?}: killing it");
                self.kill();
            }
            Ending::Killed { until } if until <= now => {
                tracing::warn!("the camera process was not ended within {KILL_LIMIT:?}: killing its keeper");
                self.signal(Signal::KILL);
                self.ending = Ending::KeeperKilled;
            }
            Ending::No
            | Ending::Asked { .. }
            | Ending::Terminated { .. }
            | Ending::Killed { .. }
            | Ending::KeeperKilled => {}
        }
    }

    /// Reaps the keeper when it has ended and nothing is left of what it kept; never waits.
    fn take_end(&mut self, now: Instant) -> Option<process::End> {
        match process::peek(&self.pidfd) {
            Peek::Lives => return None,
            // It saw its worker out, or had none yet.
            Peek::Ended { killed: false } | Peek::Lost => {}
            // Perhaps as its worker was; perhaps itself.
            Peek::Ended { killed: true } => {
                if self.sweep_at.is_some_and(|at| at > now) {
                    return None;
                }
                let left = descendants::in_session(Pid::from_child(&self.child)).unwrap_or_default();
                if left.iter().filter(|process| process.kill()).count() > 0 {
                    self.sweep_at = Some(now + SWEEP_INTERVAL);
                    return None;
                }
            }
        }
        self.sweep_at = None;
        process::end(&mut self.child)
    }

    /// The short way where only the socket, the first of [`Self::fds`], is readable: one message, one system call. That is
    /// what a frame costs here; whatever else there is makes the descriptors readable again.
    pub fn dispatch_message(&mut self, now: Instant, out: &mut Vec<HostEvent>) {
        if !self.exited {
            self.receive(1, now, out);
        }
    }

    /// Switch the camera on, as soon as the child can.
    pub fn start(&mut self) {
        self.wants_start = true;
        if matches!(self.phase, Phase::Configured | Phase::Warm) {
            self.send(&ToChild::Start);
        }
    }

    /// Other saved values of controls: a camera that is on takes them at once.
    pub fn set_controls(&mut self, saved: &Saved) {
        let saved = &saved::of_camera(&self.source, saved);
        match self.phase {
            Phase::Greeting => self.late_controls = Some(saved.clone()),
            Phase::Configured | Phase::Warm | Phase::Started => self.send(&ToChild::Controls(saved.clone())),
            Phase::Stopped | Phase::Failed => {}
        }
    }

    /// Sets one control of the camera that is on.
    pub fn set_control(&mut self, key: &str, value: &Value) {
        if matches!(self.phase, Phase::Warm | Phase::Started) {
            self.send(&ToChild::SetControl { key: key.to_owned(), value: value.clone() });
        }
    }

    /// Lay the picture like this from now on.
    pub fn lay(&mut self, orientation: Orientation) {
        match self.phase {
            // The settings sent with the greeting's answer are older.
            Phase::Greeting => self.lay = Some(orientation),
            Phase::Configured | Phase::Warm | Phase::Started if self.ending == Ending::No => {
                self.send(&ToChild::Lay(orientation));
            }
            Phase::Configured | Phase::Warm | Phase::Started | Phase::Stopped | Phase::Failed => {}
        }
    }

    /// Switch the camera off and end: by message, then SIGTERM, then SIGKILL, each with its deadline.
    pub fn stop(&mut self, now: Instant) {
        if self.ending == Ending::No {
            self.ending = Ending::Asked { until: now + STOP_LIMIT };
            self.send(&ToChild::Stop);
        }
    }

    /// End the process at once. [`HostEvent::Exited`] still comes through [`Self::dispatch`].
    pub fn kill(&mut self) {
        if !self.is_killed() {
            self.signal(keeper::KILL_ALL);
            self.ending = Ending::Killed { until: Instant::now() + KILL_LIMIT };
        }
    }

    /// Opens the gate: `first` is the slot that follows the one queued last, `usable` the length of the rotation.
    pub fn grant(&mut self, first: u32, usable: u32) {
        self.epoch = self.epoch.checked_add(1).unwrap_or(1);
        self.granted = Some(Granted::new(first, usable, monotonic_now()));
        self.taken = 0;
        self.control.grant(self.epoch, first, usable);
        self.send(&ToChild::Granted);
    }

    /// Closes the gate: frames that are on their way are dropped.
    pub fn revoke(&mut self) {
        self.granted = None;
        self.control.revoke();
    }

    /// The rotation is now 0..`usable`.
    pub fn set_usable(&mut self, usable: u32) {
        if let Some(granted) = &mut self.granted {
            granted.set_usable(usable);
        }
        self.control.set_usable(usable);
    }

    /// One frame was queued, or thrown away: its place is free again.
    pub fn taken(&mut self) {
        self.taken += 1;
        self.control.set_taken(self.taken);
    }

    fn signal(&self, signal: Signal) {
        // Fails only for a process that has just ended.
        if let Err(error) = rustix::process::pidfd_send_signal(&self.pidfd, signal) {
            tracing::debug!("cannot signal the camera process: {error}");
        }
    }

    fn send(&mut self, message: &ToChild) {
        let Some(channel) = &self.channel else { return };
        let sent = protocol::encode(message).map_err(io::Error::other).and_then(|bytes| channel.try_send(&bytes, &[]));
        if let Err(error) = sent {
            // A child that ended is seen through the pidfd.
            tracing::debug!("the camera process did not take a message: {error}");
            self.stuck |= error.kind() == io::ErrorKind::WouldBlock;
        }
    }

    fn receive(&mut self, most: usize, now: Instant, out: &mut Vec<HostEvent>) {
        for _ in 0..most {
            let Some(channel) = &self.channel else { return };
            let mut buffer = std::mem::take(&mut self.buffer);
            let received = channel.receive(&mut buffer);
            let message = match received {
                Ok(Received::Packet(length, _)) => protocol::decode::<FromChild>(&buffer[..length]),
                Ok(Received::TooLarge) => Err("a message that is too large".to_owned()),
                Ok(Received::Nothing) => {
                    self.buffer = buffer;
                    return;
                }
                Ok(Received::End) => {
                    self.channel = None;
                    return;
                }
                Err(error) => Err(error.to_string()),
            };
            self.buffer = buffer;
            if now.saturating_duration_since(self.window.0) >= Duration::from_secs(1) {
                self.window = (now, 0);
            }
            self.window.1 += 1;
            let result = if self.window.1 > MAX_PER_SECOND {
                Err(nonsense("more messages than any camera gives"))
            } else {
                message.map_err(|error| nonsense(&error)).and_then(|message| self.handle(message, now, out))
            };
            if let Err(reason) = result {
                self.violated(reason, out);
            }
        }
    }

    fn handle(&mut self, message: FromChild, now: Instant, out: &mut Vec<HostEvent>) -> Result<(), Trouble> {
        match (message, self.phase) {
            (FromChild::Hello { version }, Phase::Greeting) => {
                if version != lenscap_sys::install::VERSION {
                    let text = trf!(
                        "The camera process is version {theirs} and Lenscap is version {ours}, as after an update: restart Lenscap.",
                        theirs = plain(&version),
                        ours = lenscap_sys::install::VERSION
                    );
                    return Err(Trouble::said(TroubleKind::Setup, text));
                }
                self.phase = Phase::Configured;
                self.worker = descendants::first_child(Pid::from_child(&self.child));
                out.push(HostEvent::Greeted { pid: self.pid() });
                self.heartbeat.beat();
                self.next_beat = now + BEAT_INTERVAL;
                out.push(HostEvent::Step(Step::Up));
                if let (Some((message, slots, control)), Some(channel)) = (self.configure.take(), &self.channel)
                    && let Err(error) = channel.try_send(&message, &[slots.as_fd(), control.as_fd()])
                {
                    tracing::debug!("the camera process did not take its settings: {error}");
                }
                if let Some(late) = self.late_controls.take() {
                    self.send(&ToChild::Controls(late));
                }
                if let Some(orientation) = self.lay.take() {
                    self.send(&ToChild::Lay(orientation));
                }
                if self.wants_start {
                    self.send(&ToChild::Start);
                }
            }
            (FromChild::Controls(controls), Phase::Warm | Phase::Started) if self.wants_start => {
                out.push(HostEvent::Controls(Box::new(controls.cleaned())));
            }
            (FromChild::ControlsChanged(changes), Phase::Warm | Phase::Started) if self.wants_start => {
                out.push(HostEvent::ControlsChanged(Box::new(changes.cleaned())));
            }
            (FromChild::Step(Step::Loaded), Phase::Configured) => {
                self.phase = Phase::Warm;
                out.push(HostEvent::Step(Step::Loaded));
            }
            (FromChild::Step(step), Phase::Warm) if self.wants_start && step > Step::Loaded => {
                out.push(HostEvent::Step(step));
            }
            (FromChild::Confined(sandbox), Phase::Configured) => out.push(HostEvent::Confined(sandbox)),
            (FromChild::Opening { nodes }, Phase::Warm) if self.wants_start => out.push(HostEvent::Opening { nodes }),
            (FromChild::Started { camera, caps, why }, Phase::Warm) if self.wants_start => {
                self.phase = Phase::Started;
                out.push(HostEvent::Started { camera: plain(&camera), caps: plain(&caps), why: plain(&why) });
            }
            (FromChild::Mode(mode), Phase::Warm | Phase::Started) if self.wants_start => {
                out.push(HostEvent::Mode(Box::new(harmless_mode(*mode))));
            }
            (FromChild::Trying(mode), Phase::Warm) if self.wants_start => {
                out.push(HostEvent::Trying(Box::new(harmless_mode(*mode))));
            }
            (FromChild::Refused(mode), Phase::Warm) if self.wants_start => {
                out.push(HostEvent::Refused(Box::new(harmless_mode(*mode))));
            }
            (FromChild::Frame(frame), Phase::Started) => {
                if frame.slot >= self.slot_count {
                    return Err(nonsense(&format!("slot {} of {}", frame.slot, self.slot_count)));
                }
                if let Some(granted) = self.granted.as_mut().filter(|_| frame.epoch == self.epoch) {
                    let timestamp = Duration::from_nanos(frame.timestamp_ns);
                    granted.take(frame.slot, timestamp, monotonic_now()).map_err(|error| nonsense(&error))?;
                    out.push(HostEvent::Frame { slot: frame.slot, timestamp });
                }
            }
            (FromChild::Stats(stats), Phase::Configured | Phase::Warm | Phase::Started) => self.stats = Some(stats),
            (FromChild::Stopped, Phase::Configured | Phase::Warm | Phase::Started) => {
                self.phase = Phase::Stopped;
                out.push(HostEvent::Stopped);
                // Nothing is left to be done in order, and its end is waited for.
                let until = now + EXIT_LIMIT;
                self.ending = match self.ending {
                    Ending::No => Ending::Asked { until },
                    Ending::Asked { until: before } => Ending::Asked { until: before.min(until) },
                    ending @ (Ending::Terminated { .. } | Ending::Killed { .. } | Ending::KeeperKilled) => ending,
                };
            }
            (FromChild::Failed(reason), Phase::Configured | Phase::Warm | Phase::Started) => {
                self.phase = Phase::Failed;
                out.push(HostEvent::Failed(reason));
                // It ends by itself; the deadlines see to it.
                if self.ending == Ending::No {
                    self.ending = Ending::Asked { until: now + STOP_LIMIT };
                }
            }
            (message, phase) => {
                let first_word = |text: String| text.split([' ', '(']).next().unwrap_or_default().to_owned();
                let (message, phase) = (first_word(format!("{message:?}")), first_word(format!("{phase:?}")));
                return Err(nonsense(&format!("\"{message}\" while it was \"{phase}\"")));
            }
        }
        Ok(())
    }

    /// The child broke the rules: nothing more is heard from it.
    fn violated(&mut self, reason: Trouble, out: &mut Vec<HostEvent>) {
        self.channel = None;
        self.kill();
        if !matches!(self.phase, Phase::Failed | Phase::Stopped) {
            out.push(HostEvent::Failed(reason));
        }
        self.phase = Phase::Failed;
    }

    fn finish(&mut self, status: Option<ExitStatus>, out: &mut Vec<HostEvent>) {
        // A descendant may keep the pipe open: what is in it now is all there is to wait for.
        self.stderr.drain();
        self.exited = true;
        self.channel = None;
        let was_asked = self.ending != Ending::No || self.phase == Phase::Failed;
        let was_abandoned = status.and_then(|status| status.code()) == Some(keeper::ABANDONED);
        let reason = (!was_asked).then(|| match was_abandoned {
            true => abandoned(),
            false => crashed(status, self.stderr.last_words()),
        });
        if let Some(status) = status
            && was_asked
            && !status.success()
            && !self.is_killed()
        {
            tracing::warn!("the camera process ended badly ({status})");
        }
        out.push(HostEvent::Exited { reason });
    }
}

impl Drop for WorkerHost {
    fn drop(&mut self) {
        if self.exited {
            return;
        }
        self.kill();
        let until = Instant::now() + REAP_LIMIT;
        let keeper_until = Instant::now() + KILL_LIMIT;
        loop {
            let now = Instant::now();
            if self.take_end(now).is_some() {
                return;
            }
            if now >= until {
                tracing::error!("the camera process {} does not die", self.pid());
                return;
            }
            if now >= keeper_until {
                self.signal(Signal::KILL);
            }
            let left = self.sweep_at.unwrap_or(until).min(if now < keeper_until { keeper_until } else { until }) - now;
            let timeout = rustix::time::Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(0),
                tv_nsec: left.subsec_nanos().into(),
            };
            let pidfd = rustix::event::PollFd::new(&self.pidfd, rustix::event::PollFlags::IN);
            // Readable all the time while it is swept.
            let mut fds = if self.sweep_at.is_some() { vec![] } else { vec![pidfd] };
            let _ = rustix::event::poll(&mut fds, Some(&timeout));
        }
    }
}

fn attach(child: &mut Child) -> io::Result<(OwnedFd, Stderr)> {
    let pidfd = process::pidfd(child)?;
    let stderr = child.stderr.take().ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe))?;
    let stderr = OwnedFd::from(stderr);
    rustix::io::ioctl_fionbio(&stderr, true)?;
    Ok((pidfd, Stderr::new(stderr)))
}

/// What a child says of a mode, with texts that fit into a line.
fn harmless_mode(mode: Mode) -> Mode {
    Mode {
        millihertz: if mode.millihertz <= FrameRate::MOST * 1000 { mode.millihertz } else { 0 },
        format: plain(&mode.format),
        decoder: mode.decoder.as_deref().map(plain),
        shortfall: mode.shortfall.as_deref().map(plain),
        ..mode
    }
}
