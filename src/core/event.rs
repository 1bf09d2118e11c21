//! What can happen, and what the machine answers.

use std::time::{Duration, Instant};

use super::policy::Policy;
use super::presence::Presence;
use super::status::{Reason, Status};

/// Everything the machine can be told.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The output node is held and its format is set.
    DeviceReady,
    /// The output node went away, or was never there.
    DeviceGone(Reason),
    /// Why the second node, which was asked for, is not served; `None`: it is, or is not asked for.
    SecondDevice(Option<Reason>),
    /// A fresh reading of who uses the node, or either of two; the whole level, not an edge.
    Presence(Presence),
    /// The worker reported something, or ended.
    Worker(WorkerEvent),
    /// The user asked for something.
    Command(Command),
    /// The machine is about to sleep (`true`) or has woken up (`false`).
    Sleep(bool),
    /// The user's session was locked (`true`) or unlocked (`false`).
    Locked(bool),
    /// The settings changed.
    Policy(Policy),
    /// The chosen camera is there, or may be: its node has just come, or may be opened since just now.
    CameraCame,
    /// A deadline passed. Harmless at any other time.
    Tick,
}

/// What happened to the one worker process.
#[derive(Debug, Clone, PartialEq)]
pub enum WorkerEvent {
    /// It is up, has loaded GStreamer and has not touched the camera.
    Warm,
    /// The first frame arrived in the promised format. `camera` is the camera's name for people.
    Started {
        /// The camera's name.
        camera: String,
    },
    /// When the newest frame arrived; told before a [`Event::Tick`] while live, so that frames need not pass here.
    Frames {
        /// Arrival of the newest frame.
        last: Instant,
    },
    /// It has confirmed that the camera is off; the process may still be ending.
    Stopped,
    /// It failed and says why. Its process may still be there and is to be killed.
    Failed(Reason),
    /// The process is gone; nothing of it is left. `reason` is set when that was not asked for.
    Exited {
        /// Why, when it ended by itself.
        reason: Option<Reason>,
    },
}

/// What a user can ask for, from tray, command line or D-Bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Camera off now, for the clients that stream at this moment, until they stop.
    TurnOff,
}

/// What the engine has to do, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Start a worker process. It must not touch the camera before [`Action::StartCamera`].
    SpawnWorker,
    /// Tell the worker to switch the camera on.
    StartCamera,
    /// Tell the worker to switch the camera off and end: EOS, then SIGTERM, then SIGKILL, each with its deadline.
    StopWorker,
    /// End the worker at once: it failed or does not answer.
    KillWorker,
    /// Show clients this card from now on.
    ShowCard(Card),
    /// Show clients the worker's frames from now on.
    ShowCamera,
    /// Somebody streams (`true`): frames must flow. Nobody does (`false`): nothing is queued.
    Feed(bool),
    /// The status changed: tell tray, notifications, D-Bus and the event lines.
    Publish(Box<Status>),
}

/// Which card clients are shown while the camera is off; the output knows how to draw it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Card {
    /// The camera is off and comes on when asked for.
    Off,
    /// The camera is being switched on.
    Starting,
    /// The user paused the camera.
    Paused,
    /// The user does not allow it for this client, or switched it off.
    Blocked,
    /// It failed; the text says why.
    Failed(String),
}
