//! The resident process's side of one worker: starts it, hears it, ends it. Never blocks, trusts nothing.
//!
//! The caller watches [`WorkerHost::fds`] and [`WorkerHost::deadline`] and calls [`WorkerHost::dispatch`]; all
//! outcomes are [`HostEvent`]s. Whether a step of the start takes too long or frames stay away is the caller's decision;
//! here are only the deadlines of ending.

mod ending;
#[cfg(any(debug_assertions, fuzzing))]
pub(super) mod fuzz;
mod grants;
mod messages;

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Pid;

use super::exit_reason::cannot_start;
use super::granted::Granted;
use super::private_slots::PrivateSlots;
use super::saved;
use super::stderr::Stderr;
use ending::Ending;
use lenscap_cameras::hidden;
use lenscap_core::controls::{CameraControls, Changes, Saved, Value};
use lenscap_core::event::Step;
use lenscap_core::mode::Mode;
use lenscap_core::sandbox::Sandbox;
use lenscap_core::source::{Orientation, Source};
use lenscap_core::trouble::Trouble;
use lenscap_core::trouble::cameras::ChoiceReason;
use lenscap_picture::format::VideoFormat;
use lenscap_picture::slots::{Control, SlotLayout};
use lenscap_sys::process;
use lenscap_text::{Cause, Detail};
use lenscap_wire::channel::{self, Channel};
use lenscap_wire::heartbeat::{BEAT_INTERVAL, Heartbeat};
use lenscap_wire::protocol::{self, Configure, Stats, ToChild};

/// Messages handled in one dispatch: more than a socket's default buffer holds of frames.
const MAX_PER_DISPATCH: usize = 256;

/// What to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerConfig {
    /// The worker program.
    pub program: PathBuf,
    /// Where the pictures come from.
    pub source: Source,
    /// With [`Source::PipeWire`]: the camera to take there, which another program holds itself.
    pub held: Option<Source>,
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
    /// The first frame is there and waits for slots to be granted.
    Started {
        /// The camera's name, or a [`GenericName`](lenscap_core::source::GenericName).
        camera: String,
        /// What the camera gives, in GStreamer's words.
        caps: String,
        /// Why `auto` took this one; `None` where a camera was named.
        why: Option<Box<ChoiceReason>>,
    },
    /// The mode the camera runs in: before [`HostEvent::Started`], and again when it proves to be another.
    Mode(Box<Mode>),
    /// A slot is filled, under the present grant.
    Frame {
        /// Which slot; one of those granted.
        slot: u32,
        /// Time of capture, `CLOCK_MONOTONIC`.
        timestamp: Duration,
    },
    /// The camera is about to be started in this mode.
    Trying(Box<Mode>),
    /// The camera was asked for this mode and gave no frame; [`HostEvent::Failed`] follows.
    Refused(Box<Mode>),
    /// Another program holds this camera, which PipeWire may have; [`HostEvent::Failed`] follows.
    Held(Box<Source>),
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
    configure: Option<(Vec<u8>, [OwnedFd; 3])>,
    control: Control,
    /// Of the main output.
    slot_count: u32,
    private: PrivateSlots,
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
    /// It does not read what is sent.
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
        let (private, private_fd) = PrivateSlots::create(&config.format).map_err(|error| cannot_start(&error))?;
        let message = protocol::encode(&ToChild::Configure(Box::new(Configure {
            source: config.source.clone(),
            format: config.format,
            orientation: config.orientation,
            layout: layout.clone(),
            private: private.layout().clone(),
            buffer_count: config.buffer_count,
            excluded: config.excluded.clone(),
            controls: saved::of_camera(&config.source, &config.controls),
            refused: config.refused.clone(),
            sandbox: config.sandbox,
            held: config.held.clone(),
        })))
        .map_err(|error| Trouble::WorkerSettingsUnusable { cause: Cause::other(error) })?;
        let resources = || -> io::Result<_> {
            let (control, control_fd) = Control::create()?;
            let slots_fd = slots_fd.try_clone_to_owned()?;
            let (channel, theirs) = Channel::pair()?;
            Ok((control, control_fd, slots_fd, channel, theirs, Heartbeat::create()?))
        };
        let (control, control_fd, slots_fd, channel, theirs, (heartbeat, heartbeat_fd)) =
            resources().map_err(|error| cannot_start(&error))?;
        let program = hidden::starts(&config.program, &config.source);
        let mut command = Command::new(&program);
        command
            .arg(theirs.as_raw_fd().to_string())
            .arg(heartbeat_fd.as_raw_fd().to_string())
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let inherited = [theirs.as_fd(), heartbeat_fd.as_fd()];
        let mut child = process::spawn_tied(&mut command, inherited).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::PermissionDenied => {
                Trouble::WorkerProgramUnusable { path: Detail::of_path(&program), cause: error.into() }
            }
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
                configure: Some((message, [slots_fd, private_fd, control_fd])),
                control,
                private,
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

    /// Socket, stderr pipe and pidfd, while they can become readable.
    pub fn fds(&self) -> [Option<BorrowedFd<'_>>; 3] {
        let pidfd = (!self.exited && self.sweep_at.is_none()).then(|| self.pidfd.as_fd());
        [self.channel.as_ref().map(AsFd::as_fd), self.stderr.fd(), pidfd]
    }

    /// What the child reported of its frames, once it stopped in order.
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
            self.violated(Trouble::WorkerSilent, out);
        }
        self.end_by_deadline(now);
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
}

fn attach(child: &mut Child) -> io::Result<(OwnedFd, Stderr)> {
    let pidfd = process::pidfd(child)?;
    let stderr = child.stderr.take().ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe))?;
    let stderr = OwnedFd::from(stderr);
    rustix::io::ioctl_fionbio(&stderr, true)?;
    Ok((pidfd, Stderr::new(stderr)))
}
