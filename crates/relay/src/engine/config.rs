//! What the engine is to do, and how it takes other settings while it runs.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Engine;
use crate::detect::uvc::Roots;
use crate::output::finder::Wanted;
use crate::output::pipewire::NodeChoice;
use lenscap_core::controls::Saved;
use lenscap_core::event::Event;
use lenscap_core::policy::Policy;
use lenscap_core::presence::Further;
use lenscap_core::source::Source;
use lenscap_picture::card::CardStyle;
use lenscap_picture::format::VideoFormat;

/// Where the pictures go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputChoice {
    /// A v4l2loopback node.
    Loopback(Wanted),
    /// Memory with this many slots; who is there is said with [`Engine::set_presence`].
    Memory(u32),
    /// A node of PipeWire's.
    Pipewire(NodeChoice),
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
    /// The program that draws cards.
    pub card_program: PathBuf,
    /// How often clients are looked at where nothing else shows them.
    pub poll_interval: Duration,
    /// Where they go as well, for further programs: the second device, the third, the fourth. More are left out.
    pub further: Vec<OutputChoice>,
    /// Where they go as well, for programs that see cameras through PipeWire.
    pub pipewire: Option<OutputChoice>,
    /// Whether cameras that programs use past the relay are watched.
    pub watch_other_cameras: bool,
    /// Whether the worker gives up what it does not need.
    pub sandbox: bool,
    /// Where the kernel shows USB cameras; fixed from the start on.
    pub roots: Roots,
    /// The saved values of controls, by camera.
    pub controls: Saved,
}

impl EngineConfig {
    /// The part of it that is about the devices.
    pub(super) fn devices(&self) -> DeviceConfig {
        DeviceConfig { output: self.output.clone(), format: self.format, further: self.further.clone() }
    }

    /// Where this device's pictures go, while it is asked for.
    pub(super) fn further(&self, further: Further) -> Option<&OutputChoice> {
        self.further.get(further.number() as usize - 2)
    }

    /// How many devices are asked for.
    pub(super) fn count(&self) -> u32 {
        1 + Further::ALL.into_iter().filter(|further| self.further(*further).is_some()).count() as u32
    }
}

/// The settings of the devices, which wait until nobody is there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DeviceConfig {
    /// As [`EngineConfig::output`].
    pub(super) output: OutputChoice,
    /// As [`EngineConfig::format`].
    pub(super) format: VideoFormat,
    /// As [`EngineConfig::further`].
    pub(super) further: Vec<OutputChoice>,
}

impl Engine {
    /// Takes new settings. What concerns the node takes effect when no client has it open.
    pub fn configure(&mut self, config: EngineConfig) {
        // Every field by its name: one that is forgotten here does not compile.
        let EngineConfig {
            output,
            format,
            style,
            policy,
            source,
            buffer_count,
            worker_program,
            card_program,
            poll_interval,
            further,
            pipewire,
            watch_other_cameras,
            sandbox,
            roots: _, // where the kernel's files are does not change
            controls,
        } = config;
        self.config.pipewire = pipewire;
        self.config.poll_interval = poll_interval;
        self.config.worker_program = worker_program;
        self.config.buffer_count = buffer_count;
        self.config.sandbox = sandbox;
        self.config.card_program = card_program;
        if style != self.config.style {
            self.config.style = style;
            self.draw_cards();
        }
        let is_other_source = source != self.config.source;
        // Not for every knob that is turned: each is a setting.
        if is_other_source || format != self.config.format {
            self.refusals.forget();
        }
        if is_other_source {
            self.numbers.chosen(&source);
            self.config.source = source;
            self.detour.forget();
            self.take_nodes();
        }
        if watch_other_cameras != self.config.watch_other_cameras {
            self.config.watch_other_cameras = watch_other_cameras;
            self.sensors.set_watch_others(watch_other_cameras, Instant::now());
            self.watch_sensors();
        }
        self.set_controls(controls);
        if policy.orientation != self.config.policy.orientation
            && let Some(worker) = &mut self.worker
        {
            worker.lay(policy.orientation);
        }
        self.config.policy = policy.clone();
        self.events.push_back(Event::Policy(policy));
        self.pending_devices = if output != self.config.output || format != self.config.format {
            Some(DeviceConfig { output, format, further })
        } else {
            self.config.further = further;
            None
        };
        self.run_events();
        self.apply_pending();
        self.run_events();
        self.arm();
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
}
