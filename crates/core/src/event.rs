//! What can happen, and what the machine answers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::app::AppId;
use super::mode::Mode;
use super::policy::Policy;
use super::presence::{Presences, Role};
use super::sandbox::Sandbox;
use super::source::Way;
use super::status::{Device, OtherCamera, Status};
pub use super::step::Step;
use super::trouble::Trouble;

/// Everything that the machine takes in.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The output node is held and its format is set.
    DeviceReady,
    /// The output node went away, or was never there.
    DeviceGone(Trouble),
    /// The devices that programs open: all of them, not an edge. Changes nothing but what is said.
    Devices(Vec<Device>),
    /// A fresh reading of who uses our devices; the whole level, not an edge.
    Presence(Presences),
    /// The worker reported something, or ended.
    Worker(WorkerEvent),
    /// The kernel's word on what a camera really does.
    Sensor(SensorEvent),
    /// The user asked for something.
    Command(Command),
    /// The machine is about to sleep (`true`) or has woken up (`false`).
    Sleep(bool),
    /// The user's session was locked (`true`) or unlocked (`false`).
    Locked(bool),
    /// The settings changed.
    Policy(Policy),
    /// The chosen camera itself has come: its node is a new one, or may be opened since just now.
    CameraCame,
    /// The computer was suspended for so long, which no deadline of ours has counted; the end of a pause has.
    Suspended(Duration),
    /// A deadline passed. Harmless at any other time.
    Tick,
}

/// What happened to the one worker process.
#[derive(Debug, Clone, PartialEq)]
pub enum WorkerEvent {
    /// It has done a step of its start.
    Step(Step),
    /// The first frame arrived in the promised format. `camera` is the camera's name for people.
    Started {
        /// The camera's name.
        camera: String,
        /// How it is read, where that is worth a word.
        way: Option<Way>,
    },
    /// The mode the camera runs in: before the first frame, and again when it proves to be another.
    Mode(Box<Mode>),
    /// What it has given up.
    Confined(Sandbox),
    /// When the newest frame arrived; sent before a [`Event::Tick`] while live, so that frames need not pass here.
    Frames {
        /// Arrival of the newest frame.
        last: Instant,
    },
    /// It says that the camera is off. Where the kernel cannot confirm that, only [`WorkerEvent::Exited`] does.
    Stopped,
    /// It failed and says why. Its process may still be there and is to be killed.
    Failed(Trouble),
    /// It cannot have the camera, but another one may, in another way: no failure, and to be tried at once.
    AnotherWay,
    /// The process is gone; nothing of it is left. `reason` is set when that was not asked for.
    Exited {
        /// Why, when it ended by itself.
        reason: Option<Trouble>,
    },
}

/// What the kernel knows of cameras, whoever uses them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SensorEvent {
    /// The present worker's camera is one of which the kernel knows whether it streams: its stop is to be verified.
    Verifiable,
    /// Whether that camera still streams, after [`Action::VerifyOff`]. A camera that another program took over is off.
    Own {
        /// It does, or that is not known yet.
        on: bool,
    },
    /// The cameras that programs use past the relay; all of them, not an edge.
    Others(Vec<OtherCamera>),
}

/// What a user can ask for, from tray, command line or D-Bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// No camera until then, or until [`Command::Resume`].
    Pause {
        /// For how long; `None`: until resumed.
        duration: Option<Duration>,
    },
    /// Allow the camera again; also tries again after a failure and lifts a [`Command::TurnOff`].
    Resume,
    /// Pause when allowed, resume when paused.
    Toggle,
    /// Camera off now, for the clients that stream at this moment, until nobody streams.
    TurnOff,
    /// Lifts a [`Command::TurnOff`]; these applications may have the camera now, where a rule has the user asked.
    Allow {
        /// None: whoever is asked about.
        apps: Vec<AppId>,
    },
    /// These applications may not have the camera now, whatever the rules say, until they have stopped for a while.
    Block {
        /// Which.
        apps: Vec<AppId>,
    },
}

/// What the engine has to do, in this order. Whatever concerns the worker is answered: at the latest with
/// [`WorkerEvent::Exited`], also where there is nothing to carry it out with.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Start a worker process. It must not touch the camera before [`Action::StartCamera`].
    SpawnWorker,
    /// Order the worker to switch the camera on.
    StartCamera,
    /// Order the worker to switch the camera off and end: EOS, then SIGTERM, then SIGKILL, each with its deadline.
    StopWorker,
    /// End the worker at once: it failed or does not answer.
    KillWorker,
    /// Report by [`SensorEvent::Own`] whether the worker's camera is off, until it is.
    VerifyOff,
    /// From now on these devices show their card, whatever the others show: who is there may not have the camera.
    KeepOut(BTreeMap<Role, Card>),
    /// Show clients this card from now on.
    ShowCard(Card),
    /// Show clients the worker's frames from now on.
    ShowCamera,
    /// Somebody streams (`true`): frames must flow. Nobody does (`false`): nothing is queued.
    Feed(bool),
    /// The status changed: for tray, notifications, D-Bus and the event lines.
    Publish(Box<Status>),
}

/// Which card clients are shown while there is no picture of the camera. The whole meeting sees it: it has no data, so that
/// nothing of its owner's system can be on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Card {
    /// The camera is off and comes on when asked for.
    Off,
    /// The camera is being switched on.
    Starting,
    /// The user paused the camera.
    Paused,
    /// The user is asked whether this client may have it.
    Waiting,
    /// The user does not allow it for this client, or switched it off.
    Blocked,
    /// It does not work; why is said to the user alone.
    Unavailable,
}

impl Card {
    /// All of them, in the order in which they are drawn.
    pub const ALL: [Card; 6] =
        [Card::Off, Card::Starting, Card::Paused, Card::Waiting, Card::Blocked, Card::Unavailable];
}
