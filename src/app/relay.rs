//! The relay with its settings, its signals and its control socket: what a headless process and the desktop's have in
//! common. Whoever owns it waits on [`Relay::fd`] and calls [`Relay::turn`].

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};

use crate::camera::System;
use crate::camera::numbers::Numbers;
use crate::cli::RunArgs;
use crate::config::{self, SecondNode, Settings};
use crate::core::controls::{CameraControls, Value};
use crate::core::event::{Command, Event};
use crate::core::presence::{Client, Presence, Use};
use crate::core::status::Status;
use crate::core::trouble::refusal::Refusal;
use crate::detect::uvc::Roots;
use crate::engine::{Engine, EngineConfig, OutputChoice, OwnerToken, Role, StatusSink};
use crate::frame::placeholder::Picture;
use crate::i18n::status::published;
use crate::i18n::trf;
use crate::i18n::{controls, refusal};
use crate::ipc::{Answer, Server, Ticket};
use crate::output::finder::{self, Wanted};
use lenscap_api::{ControlsReply, EventLine, LostLines, Reply, Request, line};

use super::controls::{Changes, merge, to_reset};
use super::keeper::{Change, Done, Keeper, Loaded};
use super::lines::Lines;
use super::session::Session;
use super::watchdog::Watchdog;
use super::{program, settle};

/// How long the camera may take to go off when we are told to end: the worker's own deadlines and some.
const SHUT_DOWN: Duration = Duration::from_secs(6);

/// Environment variable that chooses the output: `memory` for a demonstration.
const OUTPUT_VARIABLE: &str = "LENSCAP_OUTPUT";
/// Environment variable that names a directory with `sys` and `dev` of pretended USB cameras; only for a demonstration.
const ROOT_VARIABLE: &str = "LENSCAP_ROOT";
const DEMONSTRATION_SLOTS: u32 = 4;

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

/// Values of controls that come faster than this are written together.
const WRITE_INTERVAL: Duration = Duration::from_millis(300);
/// How long the last of them may take at the end, with the camera off.
const LAST_WRITE: Duration = Duration::from_secs(2);

/// What the owner is to see to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Wish {
    /// End; the camera is off and the node released.
    End,
    /// The settings, or what is wrong with their file, changed.
    Settings,
    /// Show this window.
    Open(Window),
    /// Cameras came or went.
    Cameras,
    /// The camera's controls changed, came or went.
    Controls,
    /// What was answered with [`Answer::Later`] is done, or why not.
    Done(Ticket, Result<(), Refusal>),
}

/// What can be shown beside the icon, each by the preferences' program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    /// The settings.
    Preferences,
    /// What may keep the camera from working.
    Diagnosis,
    /// What this program is.
    About,
}

impl Window {
    /// The one that is asked for, if one is.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        match request {
            Request::Preferences => Some(Self::Preferences),
            Request::Diagnose => Some(Self::Diagnosis),
            Request::About => Some(Self::About),
            _ => None,
        }
    }
}

/// Hears every status, at the moment the machine publishes it: before a sensor is touched.
pub(crate) type Listener = Box<dyn FnMut(&Status)>;

/// The relay and what steers it.
pub(crate) struct Relay {
    engine: Engine,
    path: PathBuf,
    settings: Settings,
    /// What they name as the card; read after the settings that the relay starts with.
    picture: Option<Picture>,
    /// Why the settings file is not the one in use.
    problem: Option<String>,
    /// Paused because of it, and by nobody since.
    paused_for_problem: bool,
    keeper: Keeper,
    next_ticket: Ticket,
    watchdog: Rc<RefCell<Option<Watchdog>>>,
    server: Rc<RefCell<Option<Server>>>,
    terminate: UnixStream,
    reload: UnixStream,
    toggle: UnixStream,
    session: Option<Session>,
    /// The computer waits with its sleep until the camera is off.
    awaits_sleep: bool,
    has_desktop: bool,
    wishes: Vec<Wish>,
    /// Values that are in use and not written yet.
    unsaved: Changes,
    /// What of it is being written, and who hears of that.
    writing: Option<(Ticket, Changes)>,
    /// Runs while values that come are only collected.
    write_timer: OwnedFd,
    is_collecting: bool,
}

/// How the relay is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
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
    /// One sentence when it cannot start.
    pub(crate) fn new(arguments: &RunArgs, manner: Manner, listener: Option<Listener>) -> Result<Self, String> {
        let has_desktop = manner == Manner::Desktop;
        let overrides = arguments.settings.clone();
        let path = match &arguments.config {
            Some(path) => path.clone(),
            None => config::default_path().map_err(|error| error.to_string())?,
        };
        settle::file(&path, &System::here().cameras());
        let (settings, problem) = match config::load(&path, &overrides) {
            Ok(settings) => (settings, None),
            Err(error) if has_desktop => {
                tracing::warn!("{error}");
                let settings = Settings::default().with(&overrides).unwrap_or_default();
                (settings, Some(error.to_string()))
            }
            Err(error) => return Err(error.at_start()),
        };
        let terminate = signals(&[SIGTERM, SIGINT])?;
        let reload = signals(&[SIGHUP])?;
        let toggle = signals(&[SIGUSR1])?;
        let io = |error: io::Error| trf!("Cannot wait for events ({error}): free some memory.", error = error);
        // Asked for once, before the loop: who has no `HOME` has one looked up, by names that may be on a network.
        let home = directories::BaseDirs::new().map(|directories| directories.home_dir().to_owned());
        let keeper = Keeper::new(path.clone(), overrides, home).map_err(io)?;
        let server = Server::new().map_err(|trouble| tracing::warn!("{}", refusal::listen(&trouble))).ok();
        let server = Rc::new(RefCell::new(server));
        let events = matches!(manner, Manner::Headless { events: true });
        let lines = events.then(event_lines).transpose()?;
        let watchdog = Rc::new(RefCell::new(Watchdog::new()));
        let sink = status_sink(lines, Rc::clone(&watchdog), Rc::clone(&server), listener);
        // Without the user's own settings nobody may be allowed more than they say.
        let paused_for_problem = problem.is_some();
        let start_paused = settings.privacy.start_paused || paused_for_problem;
        let engine = match has_desktop {
            true => Engine::new_patient(engine_config(&settings, None)?, sink),
            false => Engine::new(engine_config(&settings, None)?, sink),
        };
        let mut engine = engine.map_err(|error| error.to_string())?;
        // After what can end it at once, which is said in one sentence and nothing beside it.
        let session = Session::new().map_err(|error| tracing::warn!("sleep and lock are not seen ({error})")).ok();
        if let Some(file) = Numbers::default_file().filter(|_| !is_demonstration()) {
            engine.remember_numbers(file);
        }
        if start_paused {
            engine.command(Command::Pause { duration: None });
        }
        let watch = |fd: &dyn AsFd, watched: Watched| {
            engine
                .watch(fd.as_fd(), watched.to_token())
                .map_err(|error| trf!("Cannot wait for events ({error}): free some memory.", error = error))
        };
        let timer = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let write_timer = rustix::time::timerfd_create(TimerfdClockId::Monotonic, timer)
            .map_err(|error| trf!("Cannot wait for events ({error}): free some memory.", error = error))?;
        watch(&write_timer, Watched::Values)?;
        watch(&terminate, Watched::Terminate)?;
        watch(&reload, Watched::Reload)?;
        watch(&toggle, Watched::Toggle)?;
        watch(&keeper.fd(), Watched::Settings)?;
        if let Some(watchdog) = watchdog.borrow().as_ref() {
            watch(&watchdog.fd(), Watched::Watchdog)?;
        }
        if let Some(server) = server.borrow().as_ref() {
            watch(&server.fd(), Watched::Control)?;
        }
        if let Some(session) = &session {
            watch(&session.fd(), Watched::Logind)?;
        }
        let wishes = Vec::new();
        Ok(Self {
            engine,
            path,
            picture: None,
            settings,
            problem,
            paused_for_problem,
            keeper,
            next_ticket: 0,
            watchdog,
            server,
            terminate,
            reload,
            toggle,
            session,
            awaits_sleep: false,
            has_desktop,
            wishes,
            unsaved: Changes::new(),
            writing: None,
            write_timer,
            is_collecting: false,
        })
    }

    /// Readable when [`Self::turn`] has something to do.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.engine.fd()
    }

    /// Handles what is due, waiting for it at most `wait`; what is left for the owner to do.
    ///
    /// # Errors
    /// When the kernel does not let us wait.
    pub(crate) fn turn(&mut self, wait: Option<Duration>) -> Result<Vec<Wish>, String> {
        let ready = self
            .engine
            .turn(wait)
            .map_err(|error| trf!("Cannot wait for events ({error}): free some memory.", error = error))?;
        for watched in ready.into_iter().filter_map(Watched::from_token) {
            match watched {
                Watched::Terminate if drain(&self.terminate) => self.end(),
                Watched::Toggle if drain(&self.toggle) => {
                    self.paused_for_problem = false;
                    self.engine.command(Command::Toggle);
                }
                Watched::Control => self.serve(),
                Watched::Values => self.write_timer_fired(),
                Watched::Logind => self.follow_session(),
                Watched::Reload if drain(&self.reload) => {
                    // Asked for: it is said that they were taken, also where nothing changed.
                    if let Answer::Now(Err(refused)) = self.later(|keeper, ticket| keeper.load(Some(ticket))) {
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
            self.wishes.push(Wish::Cameras);
        }
        if self.engine.take_controls_changed() {
            self.wishes.push(Wish::Controls);
        }
        Ok(std::mem::take(&mut self.wishes))
    }

    /// The present status.
    pub(crate) fn status(&self) -> Status {
        self.engine.status()
    }

    /// The settings in use.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The settings file.
    pub(crate) fn settings_path(&self) -> &Path {
        &self.path
    }

    /// Why the settings file is not the one in use, if it is not.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// The nodes that are held: the first and the second.
    pub(crate) fn nodes(&self) -> [Option<PathBuf>; 2] {
        Role::ALL.map(|role| self.engine.node(role).map(Path::to_owned))
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

    /// Carries a request out. What is the owner's to do comes out of the next [`Self::wishes`].
    pub(crate) fn obey(&mut self, request: Request) -> Answer {
        if let Some(command) = request.command() {
            self.paused_for_problem = false;
            self.engine.command(command);
            return Answer::Now(Ok(()));
        }
        match request {
            Request::Reload => return self.later(|keeper, ticket| keeper.load(Some(ticket))),
            Request::Preferences | Request::Diagnose | Request::About if self.has_desktop => {
                self.wishes.extend(Window::of(&request).map(Wish::Open));
            }
            Request::Preferences | Request::Diagnose | Request::About => {
                return Answer::Now(Err(Refusal::WithoutDesktop));
            }
            Request::SetSource { source } => {
                return self.change_settings(Box::new(move |settings| settings.camera.source = source));
            }
            Request::SetSize { width, height } => {
                return self.change_settings(Box::new(move |settings| {
                    (settings.camera.format.width, settings.camera.format.height) = (width, height);
                }));
            }
            Request::Quit => self.end(),
            Request::SetControl { key, value } => match self.engine.controls().cloned() {
                Some(list) => return self.set_control(&list, &key, &value),
                None => return Answer::Now(Err(Refusal::CameraWentOff)),
            },
            Request::ResetControls { keys } => match self.engine.controls().cloned() {
                Some(list) => return self.reset_controls(&list, &keys),
                None => return Answer::Now(Err(Refusal::CameraWentOff)),
            },
            Request::Controls
            | Request::Status
            | Request::Watch
            | Request::Pause { .. }
            | Request::Resume
            | Request::Toggle
            | Request::TurnOff => {}
            Request::Pretend { streaming } if is_demonstration() => {
                let client = |name| Client { pid: None, name, usage: Use::Streaming };
                let clients = streaming.into_iter().map(client).collect();
                self.engine.event(Event::Presence(Presence { clients }));
            }
            Request::Pretend { .. } => return Answer::Now(Err(Refusal::DemonstrationOnly)),
        }
        Answer::Now(Ok(()))
    }

    /// Changes the settings file, and takes what it says then.
    pub(crate) fn change_settings(&mut self, change: Change) -> Answer {
        self.later(|keeper, ticket| {
            keeper.change(Some(ticket), change)?;
            // The watcher waits until an edit is over; this one is.
            keeper.load(None)
        })
    }

    fn later(&mut self, order: impl FnOnce(&Keeper, Ticket) -> Result<(), Refusal>) -> Answer {
        self.next_ticket += 1;
        match order(&self.keeper, self.next_ticket) {
            Ok(()) => Answer::Later(self.next_ticket),
            Err(refusal) => Answer::Now(Err(refusal)),
        }
    }

    /// What [`Self::obey`] left for the owner to do.
    pub(crate) fn wishes(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.wishes)
    }

    /// The controls of the camera, while it is open.
    pub(crate) fn controls(&self) -> Option<&CameraControls> {
        self.engine.controls()
    }

    /// The values of its controls as they will be when it starts.
    pub(crate) fn overlay(&self, list: &mut CameraControls) {
        let mut saved = self.settings.controls.clone();
        merge(&mut saved, &self.unsaved);
        if let Some(values) = saved.get(&list.camera) {
            list.overlay(values);
        }
    }

    /// Sets a control of the camera that has this list, at once where it is on, and saves it; or says in one sentence why
    /// not: there is no such control, it may not be set, the value cannot work, it cannot be saved.
    pub(crate) fn set_control(&mut self, list: &CameraControls, key: &str, value: &str) -> Answer {
        let checked = list.find(key).and_then(|control| {
            control.check_writable()?;
            Ok((control, control.parse(value)?))
        });
        match checked {
            Err(trouble) => Answer::Now(Err(trouble.into())),
            Ok((control, value)) if control.is_saved() => {
                self.keep([((list.camera.clone(), key.to_owned()), Some(value))])
            }
            Ok((_, value)) => {
                self.engine.set_control(key, &value);
                Answer::Now(Ok(()))
            }
        }
    }

    /// Sets controls back to their defaults and forgets what was saved of them, no key: all; or says in one sentence why
    /// not: there is no such control, or it cannot be saved.
    pub(crate) fn reset_controls(&mut self, list: &CameraControls, keys: &[String]) -> Answer {
        let mut controls = match to_reset(list, keys) {
            Ok(controls) => controls,
            Err(trouble) => return Answer::Now(Err(trouble.into())),
        };
        controls.sort_by_key(|control| !control.decides_others());
        let of_camera = self.settings.controls.get(&list.camera).cloned().unwrap_or_default();
        for control in &controls {
            // What was set by others; the rest goes back by itself when it is no longer saved.
            if let Some(default) = &control.default
                && !of_camera.contains_key(&control.key)
                && control.value != control.default
                && control.check_writable().is_ok()
            {
                self.engine.set_control(&control.key, default);
            }
        }
        let mut gone: Vec<String> = controls.iter().map(|control| control.key.clone()).collect();
        if keys.is_empty() {
            gone.extend(of_camera.into_keys());
        }
        self.keep(gone.into_iter().map(|key| ((list.camera.clone(), key), None)))
    }

    /// Uses changed values at once, and writes them, or collects them while some are written or were just now.
    fn keep(&mut self, changes: impl IntoIterator<Item = ((String, String), Option<Value>)>) -> Answer {
        self.unsaved.extend(changes);
        let mut saved = self.settings.controls.clone();
        merge(&mut saved, &self.unsaved);
        self.engine.set_controls(saved);
        if self.is_collecting || self.writing.is_some() {
            return Answer::Now(Ok(()));
        }
        self.write_values()
    }

    /// Writes what is collected. What cannot be written is used until the end.
    fn write_values(&mut self) -> Answer {
        if self.unsaved.is_empty() {
            return Answer::Now(Ok(()));
        }
        let changes = self.unsaved.clone();
        let answer = self.later(|keeper, ticket| {
            keeper.change(Some(ticket), Box::new(move |settings| merge(&mut settings.controls, &changes)))
        });
        if let Answer::Later(ticket) = answer {
            self.writing = Some((ticket, self.unsaved.clone()));
        }
        answer
    }

    fn values_written(&mut self, changes: &Changes, result: &Result<(), Refusal>) {
        match result {
            Ok(()) => {
                // What was set anew meanwhile is still to be written.
                self.unsaved.retain(|key, value| changes.get(key) != Some(value));
                merge(&mut self.settings.controls, changes);
            }
            Err(refused) => {
                // Tried again with the next change, and at the end.
                tracing::warn!("{}", refusal::sentence(refused));
                return;
            }
        }
        self.is_collecting = true;
        let none = Timespec { tv_sec: 0, tv_nsec: 0 };
        let wait = Timespec { tv_sec: 0, tv_nsec: WRITE_INTERVAL.subsec_nanos().into() };
        let spec = Itimerspec { it_interval: none, it_value: wait };
        if let Err(error) = rustix::time::timerfd_settime(&self.write_timer, TimerfdTimerFlags::empty(), &spec) {
            tracing::error!("cannot set the timer: {error}");
            self.is_collecting = false;
        }
    }

    /// Cameras came or went: one may have to be told from another by now.
    fn settle_controls(&mut self) {
        let mut saved = self.settings.controls.clone();
        merge(&mut saved, &self.unsaved);
        let changes = settle::controls(&System::here().cameras(), &saved);
        if !changes.is_empty()
            && let Answer::Now(Err(refused)) = self.keep(changes)
        {
            tracing::warn!("{}", refusal::sentence(&refused));
        }
    }

    fn write_timer_fired(&mut self) {
        let _ = rustix::io::read(&self.write_timer, &mut [0; 8]);
        self.is_collecting = false;
        if self.writing.is_none()
            && let Answer::Now(Err(refused)) = self.write_values()
        {
            tracing::warn!("{}", refusal::sentence(&refused));
        }
    }

    /// What the control socket answers: the status; `is_about_controls`: those of a camera that is on, else where it is.
    fn reply(&self, is_about_controls: bool) -> Reply {
        if !is_about_controls {
            return Reply::status(published(&self.status()));
        }
        let own = self.nodes().into_iter().flatten().map(|node| node.to_string_lossy().into_owned());
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        Reply::Controls(Box::new(ControlsReply {
            list: self.engine.controls().map(controls::published),
            live: self.engine.controls().is_some(),
            source: self.settings.camera.source.to_string(),
            excluded: own.collect(),
            config: path.to_string_lossy().into_owned(),
        }))
    }

    fn end(&mut self) {
        tracing::info!("told to end: camera off first");
        self.engine.shut_down(Instant::now() + SHUT_DOWN);
        let answer = self.write_values();
        if matches!(answer, Answer::Now(Err(_))) || !self.keeper.finish(LAST_WRITE) {
            tracing::warn!("{}", refusal::sentence(&Refusal::SettingsSilent));
        }
        self.take_done();
        self.wishes.push(Wish::End);
    }

    /// Takes what became of reading and writing the settings.
    fn take_done(&mut self) {
        for (ticket, done) in self.keeper.done() {
            let result = match done {
                Done::Loaded(loaded) => self.take_settings(loaded, ticket.is_some()),
                Done::Saved(result) => result,
            };
            let result = result.map_err(Refusal::said);
            let Some(ticket) = ticket else { continue };
            if let Some((_, changes)) = self.writing.take_if(|(writing, _)| *writing == ticket) {
                self.values_written(&changes, &result);
            }
            let server = Rc::clone(&self.server);
            if let Some(server) = server.borrow_mut().as_mut() {
                server.finish(ticket, &result, |is_about_controls| self.reply(is_about_controls));
            }
            self.wishes.push(Wish::Done(ticket, result));
        }
    }

    /// Takes the settings that the file gives now; what cannot be used leaves the last good ones in place. `is_asked`: by
    /// somebody who waits for it.
    fn take_settings(&mut self, loaded: Result<Box<Loaded>, String>, is_asked: bool) -> Result<(), String> {
        let taken = loaded.and_then(|loaded| {
            let Loaded { mut settings, picture } = *loaded;
            merge(&mut settings.controls, &self.unsaved);
            if settings == self.settings && picture == self.picture && self.problem.is_none() && !is_asked {
                return Ok(None);
            }
            self.engine.configure(engine_config(&settings, picture.clone())?);
            self.picture = picture;
            Ok(Some(settings))
        });
        let result = match taken {
            Ok(None) => return Ok(()),
            Ok(Some(settings)) => {
                tracing::info!("settings taken from {}", self.path.display());
                if std::mem::take(&mut self.paused_for_problem) && !settings.privacy.start_paused {
                    // Over, and by nobody's hand: a lock holds.
                    self.engine.command(Command::Pause { duration: Some(Duration::ZERO) });
                }
                self.settings = settings;
                self.problem = None;
                Ok(())
            }
            Err(error) if self.problem.as_ref() == Some(&error) && !is_asked => return Ok(()),
            Err(error) => {
                tracing::warn!("{error} The settings stay as they were.");
                self.problem = Some(error.clone());
                self.engine.event(Event::Tick);
                Err(error)
            }
        };
        self.wishes.push(Wish::Settings);
        result
    }

    /// Takes requests from the control socket.
    fn serve(&mut self) {
        // Nothing is borrowed while a request is carried out: that publishes, to the same server.
        let requests = self.server.borrow_mut().as_mut().map(Server::take_requests).unwrap_or_default();
        for (asker, request) in requests {
            let is_about_controls = request.is_about_controls();
            let answer = self.obey(request);
            if let Some(server) = self.server.borrow_mut().as_mut() {
                server.answer(asker, is_about_controls, answer, || self.reply(is_about_controls));
            }
        }
    }
}

/// Whether pictures go to memory instead of a node and clients are [`Request::Pretend`]ed: for tests of what is around
/// the relay, and to show it on a machine without the module.
fn is_demonstration() -> bool {
    std::env::var_os(OUTPUT_VARIABLE).is_some_and(|output| output == "memory")
}

fn engine_config(settings: &Settings, picture: Option<Picture>) -> Result<EngineConfig, String> {
    Ok(EngineConfig {
        output: match &settings.device.node {
            _ if is_demonstration() => OutputChoice::Memory(DEMONSTRATION_SLOTS),
            Some(path) => OutputChoice::Loopback(Wanted::Path(path.clone())),
            None => OutputChoice::Loopback(Wanted::Label(settings.device.label.clone())),
        },
        format: settings.camera.format,
        style: settings.card_style(picture),
        policy: settings.policy(),
        source: settings.camera.source.clone(),
        buffer_count: settings.camera.buffer_count,
        worker_program: program("lenscap-worker")?,
        poll_interval: settings.detection.poll_interval,
        second: match &settings.device.second {
            SecondNode::Off => None,
            _ if is_demonstration() => Some(OutputChoice::Memory(DEMONSTRATION_SLOTS)),
            SecondNode::Auto => {
                Some(OutputChoice::Loopback(Wanted::Label(finder::second_label(&settings.device.label))))
            }
            SecondNode::Path(path) => Some(OutputChoice::Loopback(Wanted::Path(path.clone()))),
        },
        watch_other_cameras: settings.privacy.watch_other_cameras,
        sandbox: settings.privacy.sandbox,
        roots: roots(),
        controls: settings.controls.clone(),
    })
}

/// Where the kernel tells of USB cameras.
fn roots() -> Roots {
    match std::env::var_os(ROOT_VARIABLE).filter(|_| is_demonstration()) {
        Some(root) => Roots { sysfs: Path::new(&root).join("sys"), dev: Path::new(&root).join("dev") },
        None => Roots::default(),
    }
}

/// A descriptor that becomes readable when one of these signals arrives.
fn signals(list: &[i32]) -> Result<UnixStream, String> {
    let connect = || -> io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        for signal in list {
            signal_hook::low_level::pipe::register(*signal, theirs.try_clone()?)?;
        }
        Ok(ours)
    };
    connect().map_err(|error| trf!("Cannot listen for signals ({error}): free some descriptors.", error = error))
}

fn drain(mut stream: &UnixStream) -> bool {
    let mut buffer = [0; 64];
    let mut any = false;
    while matches!(io::Read::read(&mut stream, &mut buffer), Ok(count) if count > 0) {
        any = true;
    }
    any
}

/// The way of the event lines to stdout.
fn event_lines() -> Result<Lines, String> {
    let lost = |count| line(&LostLines { lost: count });
    let gone =
        |error| tracing::warn!("nobody reads the event lines any more ({error}); the camera goes on without them");
    Lines::new(io::stdout(), lost, gone)
        .map_err(|error| trf!("Cannot print event lines ({error}): free some memory.", error = error))
}

/// Tells every status to whom it concerns: the event lines or the log, and those who watch over the control socket.
fn status_sink(
    lines: Option<Lines>,
    watchdog: Rc<RefCell<Option<Watchdog>>>,
    server: Rc<RefCell<Option<Server>>>,
    mut listener: Option<Listener>,
) -> StatusSink {
    let mut last = None;
    Box::new(move |status| {
        if let Some(watchdog) = watchdog.borrow_mut().as_mut() {
            watchdog.watch(status.camera_live);
        }
        if let Some(listener) = &mut listener {
            listener(status);
        }
        // Some changes are of no interest outside: the time of the next step, for one.
        let public = crate::i18n::status::published(status);
        if last.as_ref() == Some(&public) {
            return;
        }
        last = Some(public.clone());
        if let Some(server) = server.borrow_mut().as_mut() {
            server.publish(&public);
        }
        match &lines {
            Some(lines) => lines.put(line(&EventLine::now(public)).into_bytes()),
            None => log_status(status),
        }
    })
}

/// Without event lines the log tells the story.
fn log_status(status: &Status) {
    let names: Vec<_> = status.clients.iter().map(|client| client.name.as_str()).collect();
    let camera = if status.camera_live { "on" } else { "off" };
    // Reasons are warned of where they arise.
    tracing::info!("{}, camera {camera} [{}]", status.state, names.join(", "));
    for other in &status.others {
        tracing::info!("{}", crate::i18n::status::other_camera(other));
    }
    if let Some(reason) = status.reason.as_ref().filter(|_| status.stuck) {
        tracing::warn!("{}", crate::i18n::trouble::sentence(reason));
    }
}
