//! A parent for worker processes under test: slots in a memfd, and a loop that plays the engine.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lenscap_core::controls::CameraControls;
use lenscap_core::event::Step;
use lenscap_core::mode::Mode;
use lenscap_core::sandbox::Sandbox;
use lenscap_core::source::{Orientation, Source};
use lenscap_core::trouble::Trouble;
use lenscap_picture::format::{PixelFormat, VideoFormat};
use lenscap_picture::slots::SlotLayout;
use lenscap_relay::camera_process::host::{HostEvent, WorkerConfig, WorkerHost};
use lenscap_sys::memfd::{self, Mapping};
use lenscap_test_support::programs::program;
use rustix::event::{PollFd, PollFlags, poll};

/// Longest wait for anything: only reached when something hangs. Generous, for machines that are busy.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A format in short.
pub fn format(pixel_format: PixelFormat, width: u32, height: u32, framerate: u32) -> VideoFormat {
    VideoFormat::new(pixel_format, width, height, framerate).unwrap()
}

/// Slots as an output has them.
pub struct Slots {
    /// The memory, sealed, as the worker gets it.
    pub fd: OwnedFd,
    /// Where in it each slot lies.
    pub layout: SlotLayout,
    /// Each slot, mapped by the parent.
    pub maps: Vec<Mapping>,
    /// Of the pictures.
    pub format: VideoFormat,
}

impl Slots {
    /// Empty ones.
    pub fn new(format: VideoFormat, count: u32) -> Self {
        let layout = SlotLayout::one_after_another(count, format.size_image() as usize);
        let fd = memfd::sealed("slots", layout.file_size()).unwrap();
        let maps = layout.map(&fd).unwrap();
        Self { fd, layout, maps, format }
    }

    /// The picture in a slot.
    pub fn picture(&self, slot: u32) -> &[u8] {
        &self.maps[slot as usize].as_slice()[..self.format.size_image() as usize]
    }
}

/// A frame as the parent saw it, with its picture if asked for.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Its number.
    pub slot: u32,
    /// When it was taken, in `CLOCK_MONOTONIC`.
    pub timestamp: Duration,
    /// Empty unless [`Rig::keep`] is set.
    pub picture: Vec<u8>,
}

/// One worker and everything it said.
pub struct Rig {
    /// The code under test.
    pub host: WorkerHost,
    /// What the worker fills.
    pub slots: Slots,
    /// The newest step of the start.
    pub step: Option<Step>,
    /// GStreamer is loaded, the camera not touched.
    pub warm: bool,
    /// The nodes that the worker said it is about to open.
    pub opening: Option<Vec<PathBuf>>,
    /// The camera's name and the caps that it runs with.
    pub started: Option<(String, String)>,
    /// The camera that it found held by another program.
    pub held: Option<Source>,
    /// Every mode that was reported, oldest first.
    pub modes: Vec<Mode>,
    /// Every frame, oldest first.
    pub frames: Vec<Frame>,
    /// It said that the camera is off.
    pub stopped: bool,
    /// What it said that it gave up.
    pub sandbox: Option<Sandbox>,
    /// Why the start or the stream failed.
    pub failed: Option<Trouble>,
    /// The camera's controls as last reported.
    pub controls: Option<CameraControls>,
    /// How often some of them changed.
    pub changes: u32,
    /// The process has ended; with a reason where it ought not to have.
    pub exited: Option<Option<Trouble>>,
    /// Keep the pictures.
    pub keep: bool,
    /// Open the gate when the camera is on.
    pub grant: bool,
    /// First slot and length of the rotation.
    pub rotation: (u32, u32),
}

impl Rig {
    /// Starts this worker with four slots; fails the test where that fails.
    pub fn spawn(program: &Path, source: &str, format: VideoFormat, environment: &[(&str, &str)]) -> Self {
        Self::try_spawn(program, source, format, environment).unwrap()
    }

    /// As [`Self::spawn`], with the reason where that fails.
    pub fn try_spawn(
        program: &Path,
        source: &str,
        format: VideoFormat,
        environment: &[(&str, &str)],
    ) -> Result<Self, Trouble> {
        Self::try_spawn_laid(program, source, format, Orientation::default(), environment)
    }

    /// With the picture turned or mirrored.
    pub fn try_spawn_laid(
        program: &Path,
        source: &str,
        format: VideoFormat,
        orientation: Orientation,
        environment: &[(&str, &str)],
    ) -> Result<Self, Trouble> {
        Self::try_spawn_buffered(program, source, format, orientation, 4, environment)
    }

    /// With this many buffers asked for.
    pub fn try_spawn_buffered(
        program: &Path,
        source: &str,
        format: VideoFormat,
        orientation: Orientation,
        buffer_count: u32,
        environment: &[(&str, &str)],
    ) -> Result<Self, Trouble> {
        let config = WorkerConfig {
            program: program.to_owned(),
            source: source.parse::<Source>().unwrap(),
            format,
            orientation,
            buffer_count,
            excluded: Vec::new(),
            controls: Default::default(),
            refused: Vec::new(),
            sandbox: true,
            held: None,
        };
        Self::try_spawn_config(&config, environment)
    }

    /// In the place of this camera, which another program holds.
    pub fn spawn_held(program: &Path, held: &str, format: VideoFormat, environment: &[(&str, &str)]) -> Self {
        let config = WorkerConfig {
            program: program.to_owned(),
            source: Source::PipeWire(None),
            held: Some(held.parse().unwrap()),
            format,
            orientation: Orientation::default(),
            buffer_count: 4,
            excluded: Vec::new(),
            controls: Default::default(),
            refused: Vec::new(),
            sandbox: true,
        };
        Self::try_spawn_config(&config, environment).unwrap()
    }

    fn try_spawn_config(config: &WorkerConfig, environment: &[(&str, &str)]) -> Result<Self, Trouble> {
        let slots = Slots::new(config.format, 4);
        let host = WorkerHost::spawn_with(config, environment, slots.fd.as_fd(), &slots.layout, Instant::now())?;
        Ok(Self {
            host,
            slots,
            step: None,
            warm: false,
            opening: None,
            started: None,
            held: None,
            modes: Vec::new(),
            frames: Vec::new(),
            stopped: false,
            sandbox: None,
            failed: None,
            controls: None,
            changes: 0,
            exited: None,
            keep: false,
            grant: true,
            rotation: (0, 4),
        })
    }

    /// Waits for something to read or a deadline, and handles it, at most until `until`.
    pub fn turn(&mut self, until: Instant) {
        let now = Instant::now();
        let at = self.host.deadline().map_or(until, |deadline| deadline.min(until));
        let left = at.saturating_duration_since(now);
        let timeout = rustix::time::Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        let fds = self.host.fds();
        let mut fds: Vec<PollFd<'_>> =
            fds.iter().flatten().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
        poll(&mut fds, Some(&timeout)).unwrap();
        let mut events = Vec::new();
        self.host.dispatch(Instant::now(), &mut events);
        for event in events {
            assert!(self.exited.is_none(), "{event:?} after the end");
            match event {
                HostEvent::Greeted { pid } => assert_eq!(pid, self.host.pid()),
                HostEvent::Step(step) => {
                    assert!(self.started.is_none() && self.step < Some(step), "{step:?} after {:?}", self.step);
                    self.step = Some(step);
                    self.warm = step >= Step::Loaded;
                }
                HostEvent::Confined(sandbox) => self.sandbox = Some(sandbox),
                HostEvent::Mode(mode) => self.modes.push(*mode),
                HostEvent::Opening { nodes } => {
                    assert!(self.started.is_none(), "told too late");
                    self.opening = Some(nodes);
                }
                HostEvent::Started { camera, caps, why: _ } => {
                    self.started = Some((camera, caps));
                    if self.grant {
                        self.host.grant(self.rotation.0, self.rotation.1);
                    }
                }
                HostEvent::Frame { slot, timestamp } => {
                    let size = self.slots.format.size_image() as usize;
                    let picture = match self.host.private_picture(slot) {
                        _ if !self.keep => &[],
                        Some(private) => &private[..size],
                        None => self.slots.picture(slot),
                    };
                    let picture = picture.to_vec();
                    self.frames.push(Frame { slot, timestamp, picture });
                    self.host.taken();
                }
                HostEvent::Trying(mode) => assert!(self.started.is_none(), "it runs with {mode}"),
                HostEvent::Refused(mode) => assert!(self.started.is_none(), "it ran with {mode}"),
                HostEvent::Controls(controls) => self.controls = Some(*controls),
                HostEvent::ControlsChanged(changes) => {
                    self.changes += 1;
                    self.controls.as_mut().expect("the list came first").take(*changes);
                }
                HostEvent::Held(camera) => self.held = Some(*camera),
                HostEvent::Stopped => self.stopped = true,
                HostEvent::Failed(reason) => {
                    assert!(self.failed.is_none(), "failed twice: {reason:?}");
                    self.failed = Some(reason);
                }
                HostEvent::Exited { reason } => self.exited = Some(reason),
            }
        }
    }

    /// Turns until `done`; fails when that takes too long, or the process ends before.
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let until = Instant::now() + LIMIT;
        while !done(self) {
            assert!(Instant::now() < until, "{what}: not within {LIMIT:?}; failed: {:?}", self.failed);
            assert!(self.exited.is_none(), "{what}: ended before: {:?}, failed: {:?}", self.exited, self.failed);
            self.turn(until);
        }
    }

    /// Starts the camera and waits for this many frames.
    pub fn run(&mut self, frames: usize) {
        self.host.start();
        self.until("frames", |rig| rig.frames.len() >= frames);
    }

    /// Stops in order and returns the counters.
    pub fn stop(&mut self) -> lenscap_wire::protocol::Stats {
        self.host.stop(Instant::now());
        self.until("exit", |rig| rig.exited.is_some() || rig.failed.is_some());
        assert!(self.failed.is_none(), "{:?}", self.failed);
        assert_eq!(self.exited, Some(None));
        assert!(self.stopped);
        self.host.stats().expect("counters")
    }

    /// Waits for the end of the process, however it comes.
    pub fn end(&mut self) -> Option<Trouble> {
        self.until("exit", |rig| rig.exited.is_some());
        self.exited.clone().unwrap()
    }
}

/// The real worker.
pub fn worker() -> PathBuf {
    program("lenscap-worker")
}
