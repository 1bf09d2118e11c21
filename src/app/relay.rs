//! The relay with its settings, its signals and its control socket: what a headless process and the desktop's have in
//! common. Whoever owns it waits on [`Relay::fd`] and calls [`Relay::turn`].

mod controls;
mod publish;
mod requests;
mod settings;
mod signals;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::time::{TimerfdClockId, TimerfdFlags};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};

use crate::camera::System;
use crate::camera::numbers::Numbers;
use crate::cli::RunArgs;
use crate::config::{Layered, Layers, Settings};
use crate::core::controls::{CameraControls, Saved};
use crate::core::event::{Command, Event};
use crate::core::status::Status;
use crate::core::trouble::refusal::Refusal;
use crate::core::trouble::start::StartTrouble;
use crate::engine::{Engine, OwnerToken, Role};
use crate::failure::Failure;
use crate::frame::card::Picture;
use crate::i18n::refusal;
use lenscap_api::{Code, Request};
use lenscap_relay::server::{Answer, Server, Ticket};

use super::controls::UnsavedValues;
use super::history::History;
use super::hooks::Hooks;
use super::program;
use super::session::Session;
use super::settings_thread::SettingsThread;
use super::settle;
use super::watchdog::Watchdog;
use publish::{event_lines, status_sink};
use settings::engine_config;
pub use settings::is_demonstration;
use signals::{drain, signals};

/// How long the camera may take to go off when we are to end: the worker's own deadlines and some.
const SHUT_DOWN: Duration = Duration::from_secs(6);

/// What the engine watches for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Watched {
    /// SIGTERM, SIGINT.
    Terminate,
    /// SIGHUP.
    Reload,
    /// SIGUSR1.
    Toggle,
    /// What the thread for the settings file has done.
    Settings,
    /// The control socket.
    Control,
    /// Sleep and lock.
    Logind,
    /// systemd's watchdog.
    Watchdog,
    /// The end of the time in which values of controls are collected.
    Values,
}

impl Watched {
    const ALL: [Self; 8] = [
        Self::Terminate,
        Self::Reload,
        Self::Toggle,
        Self::Settings,
        Self::Control,
        Self::Logind,
        Self::Watchdog,
        Self::Values,
    ];

    fn to_token(self) -> OwnerToken {
        OwnerToken(self as u32)
    }

    fn from_token(OwnerToken(number): OwnerToken) -> Option<Self> {
        Self::ALL.into_iter().find(|watched| *watched as u32 == number)
    }
}

/// How long the last of them may take at the end, with the camera off.
const LAST_WRITE: Duration = Duration::from_secs(2);

/// What the owner is to see to.
#[derive(Debug, Clone, PartialEq)]
pub enum RelayEvent {
    /// The camera is off and the node released: the owner ends.
    Ended,
    /// The settings, or what is wrong with their file, changed.
    SettingsChanged,
    /// One of the windows is asked for; see [`Request::opens_window`].
    WindowRequested(Request),
    /// Cameras came or went.
    CamerasChanged,
    /// The camera's controls changed, came or went.
    ControlsChanged,
    /// Somebody paused the camera or resumed it who is to see what came of it.
    Toggled,
    /// What was answered with [`Answer::Later`] is done, or why not.
    Done(Ticket, Result<(), Refusal>),
}

/// Hears every status, at the moment the machine publishes it: before a sensor is touched.
pub type StatusListener = Box<dyn FnMut(&Status)>;

/// The relay and what steers it.
pub struct Relay {
    engine: Engine,
    path: PathBuf,
    settings: Settings,
    /// What the command line decides of them, by their names.
    options: BTreeMap<String, String>,
    /// What they name as the card; read after the settings that the relay starts with.
    picture: Option<Picture>,
    /// Why the settings file is not the one in use.
    problem: Option<String>,
    /// The values of controls that the user's file itself has.
    own_controls: Saved,
    /// Paused because of it, and by nobody since.
    paused_for_problem: bool,
    settings_thread: SettingsThread,
    next_ticket: Ticket,
    watchdog: Rc<RefCell<Option<Watchdog>>>,
    server: Rc<RefCell<Option<Server>>>,
    terminate: UnixStream,
    reload: UnixStream,
    toggle: UnixStream,
    session: Option<Session>,
    hooks: Rc<RefCell<Hooks>>,
    history: Rc<RefCell<History>>,
    /// What became of asking the desktop for a key, for every status.
    shortcut: Rc<RefCell<Option<Code>>>,
    /// The computer waits with its sleep until the camera is off.
    awaits_sleep: bool,
    has_desktop: bool,
    /// Not taken yet.
    pending: Vec<RelayEvent>,
    /// Values that are in use and not written yet.
    unsaved: UnsavedValues,
    /// What of it is being written, and who hears of that.
    writing: Option<(Ticket, UnsavedValues)>,
    /// Runs while values that come are only collected.
    write_timer: OwnedFd,
    is_collecting: bool,
}

/// How the relay is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunMode {
    /// Alone: what cannot work ends it at once, with a sentence. `events`: one line of JSON for every change.
    Headless {
        /// Print event lines.
        events: bool,
    },
    /// With a tray: it stays, and shows what does not work.
    Desktop,
}

impl Relay {
    /// Reads the settings and takes the output.
    ///
    /// # Errors
    /// When it cannot start.
    pub fn new(arguments: &RunArgs, mode: RunMode, listener: Option<StatusListener>) -> Result<Self, Failure> {
        let has_desktop = mode == RunMode::Desktop;
        let overrides = arguments.settings.clone();
        let options = overrides.iter().map(|(setting, value)| (setting.to_string(), value.to_string())).collect();
        let mut layers = Layers::find(arguments.config.as_deref())?;
        settle::file(&layers, &System::here().cameras());
        let (layered, refused) = match layers.load(&overrides) {
            Ok(layered) => (layered, None),
            Err(error) if has_desktop => {
                tracing::warn!("{error}");
                (layers.load_without_user(&overrides), Some(error.to_string()))
            }
            Err(error) => return Err(Failure::SettingsAtStart(error)),
        };
        let Layered { settings, own_controls, ignored, .. } = layered;
        // Without the user's own settings nobody may be allowed more than they say.
        let paused_for_problem = refused.is_some();
        let problem = refused.or_else(|| settings::report_ignored(&ignored));
        let terminate = signals(&[SIGTERM, SIGINT])?;
        let reload = signals(&[SIGHUP])?;
        let toggle = signals(&[SIGUSR1])?;

        // Asked for once, before the loop: who has no `HOME` has one looked up, by names that may be on a network.
        let home = directories::BaseDirs::new().map(|directories| directories.home_dir().to_owned());
        let path = layers.user().to_owned();
        let hooks = Rc::new(RefCell::new(Hooks::new(settings.hooks.clone(), home.clone())));
        let history = Rc::new(RefCell::new(History::new(settings.history.days, program("lenscap-history")?)));
        let settings_thread = SettingsThread::new(layers, overrides, home).map_err(no_events)?;
        let server = Server::new()
            .map_err(|trouble| tracing::warn!(code = %Code::of(&trouble), "{}", refusal::listen(&trouble)))
            .ok();
        let server = Rc::new(RefCell::new(server));
        let events = matches!(mode, RunMode::Headless { events: true });
        let lines = events.then(event_lines).transpose()?;
        let watchdog = Rc::new(RefCell::new(Watchdog::new()));
        let shortcut = Rc::default();
        let sink = status_sink(
            lines,
            Rc::clone(&watchdog),
            Rc::clone(&server),
            Rc::clone(&shortcut),
            Rc::clone(&hooks),
            Rc::clone(&history),
            listener,
        );
        let start_paused = settings.privacy.start_paused || paused_for_problem;
        let engine = match has_desktop {
            true => Engine::new_patient(engine_config(&settings, None)?, sink),
            false => Engine::new(engine_config(&settings, None)?, sink),
        };
        let mut engine = engine?;
        // After what can end it at once, which is said in one sentence and nothing beside it.
        let session = Session::new().map_err(|error| tracing::warn!("sleep and lock are not seen ({error})")).ok();
        if let Some(file) = Numbers::default_file().filter(|_| !is_demonstration()) {
            engine.remember_numbers(file);
        }
        if start_paused {
            engine.command(Command::Pause { duration: None });
        }
        let watch = |fd: &dyn AsFd, watched: Watched| engine.watch(fd.as_fd(), watched.to_token()).map_err(no_events);
        let timer = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let write_timer =
            rustix::time::timerfd_create(TimerfdClockId::Monotonic, timer).map_err(|error| no_events(error.into()))?;
        watch(&write_timer, Watched::Values)?;
        watch(&terminate, Watched::Terminate)?;
        watch(&reload, Watched::Reload)?;
        watch(&toggle, Watched::Toggle)?;
        watch(&settings_thread.fd(), Watched::Settings)?;
        if let Some(watchdog) = watchdog.borrow().as_ref() {
            watch(&watchdog.fd(), Watched::Watchdog)?;
        }
        if let Some(server) = server.borrow().as_ref() {
            watch(&server.fd(), Watched::Control)?;
        }
        if let Some(session) = &session {
            watch(&session.fd(), Watched::Logind)?;
        }
        Ok(Self {
            engine,
            path,
            picture: None,
            settings,
            options,
            own_controls,
            problem,
            paused_for_problem,
            settings_thread,
            next_ticket: 0,
            watchdog,
            server,
            terminate,
            reload,
            toggle,
            session,
            hooks,
            history,
            shortcut,
            awaits_sleep: false,
            has_desktop,
            pending: Vec::new(),
            unsaved: UnsavedValues::new(),
            writing: None,
            write_timer,
            is_collecting: false,
        })
    }

    /// Readable when [`Self::turn`] has something to do.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.engine.fd()
    }

    /// Handles what is due, waiting for it at most `wait`; what is left for the owner to do.
    ///
    /// # Errors
    /// When the kernel does not let us wait.
    pub fn turn(&mut self, wait: Option<Duration>) -> Result<Vec<RelayEvent>, StartTrouble> {
        let ready = self.engine.turn(wait).map_err(no_events)?;
        for watched in ready.into_iter().filter_map(Watched::from_token) {
            match watched {
                Watched::Terminate if drain(&self.terminate) => self.end(),
                Watched::Toggle if drain(&self.toggle) => {
                    // Done at once.
                    let _ = self.obey(Request::Toggle { notify: true });
                }
                Watched::Control => self.serve(),
                Watched::Values => self.write_timer_fired(),
                Watched::Logind => self.follow_session(),
                Watched::Reload if drain(&self.reload) => {
                    // Asked for: it is said that they were taken, also where nothing changed.
                    if let Answer::Now(Err(refused)) = self.later(|thread, ticket| thread.load(Some(ticket))) {
                        tracing::warn!("{}", refusal::sentence(&refused));
                    }
                }
                Watched::Settings => self.take_done(),
                Watched::Watchdog => {
                    if let Some(watchdog) = self.watchdog.borrow().as_ref() {
                        watchdog.turn();
                    }
                }
                Watched::Terminate | Watched::Toggle | Watched::Reload => {} // drained already
            }
        }
        self.let_sleep();
        if self.engine.cameras_changed() {
            self.settle_controls();
            self.pending.push(RelayEvent::CamerasChanged);
        }
        if self.engine.take_controls_changed() {
            self.pending.push(RelayEvent::ControlsChanged);
        }
        Ok(self.take_events())
    }

    /// The present status.
    pub fn status(&self) -> Status {
        self.engine.status()
    }

    /// The settings in use.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The settings file.
    pub fn settings_path(&self) -> &Path {
        &self.path
    }

    /// Why the settings file is not the one in use, if it is not.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// The nodes that are held, the main one first, if it is.
    pub fn nodes(&self) -> Vec<PathBuf> {
        Role::ALL.into_iter().filter_map(|role| self.engine.node(role).map(Path::to_owned)).collect()
    }

    /// The main node, while it is held.
    pub fn main_node(&self) -> Option<&Path> {
        self.engine.node(Role::Main)
    }

    /// Sleep and lock.
    fn follow_session(&mut self) {
        let Some(session) = &mut self.session else { return };
        for event in session.dispatch() {
            match event {
                Event::Sleep(true) => self.awaits_sleep = true,
                Event::Sleep(false) => {
                    // Of a sleep that did not come, or is over.
                    self.awaits_sleep = false;
                    session.hold_sleep();
                }
                _ => {}
            }
            self.engine.event(event);
        }
    }

    /// Once the camera is off, sleep may come.
    fn let_sleep(&mut self) {
        if self.awaits_sleep && !self.engine.status().camera_live {
            self.awaits_sleep = false;
            if let Some(session) = &mut self.session {
                session.allow_sleep();
            }
        }
    }

    /// What became of asking the desktop for a key.
    pub fn shortcut_is(&mut self, shortcut: Option<Code>) {
        if self.shortcut.replace(shortcut.clone()) == shortcut {
            return;
        }
        let status = self.published_status();
        if let Some(server) = self.server.borrow_mut().as_mut() {
            server.publish(&status);
        }
    }

    /// What [`Self::obey`] left for the owner to do.
    pub fn take_events(&mut self) -> Vec<RelayEvent> {
        std::mem::take(&mut self.pending)
    }

    /// The controls of the camera, while it is open.
    pub fn controls(&self) -> Option<&CameraControls> {
        self.engine.controls()
    }

    fn end(&mut self) {
        tracing::info!("asked to end: camera off first");
        self.history.borrow_mut().end();
        self.engine.shut_down(Instant::now() + SHUT_DOWN);
        let answer = self.write_values();
        if matches!(answer, Answer::Now(Err(_))) || !self.settings_thread.finish(LAST_WRITE) {
            tracing::warn!("{}", refusal::sentence(&Refusal::SettingsSilent));
        }
        self.take_done();
        self.pending.push(RelayEvent::Ended);
    }
}

/// No epoll descriptor, timer or thread.
fn no_events(error: io::Error) -> StartTrouble {
    StartTrouble::Events { cause: error.into() }
}
