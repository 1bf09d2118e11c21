//! The applet: the relay in GLib's main loop, with icon, notifications and D-Bus around it.
//!
//! Everything around it may be missing, and may come and go: without a session bus, a tray or a notification service the
//! camera goes on. One thread decides; what the tray's thread hears comes here through a channel.

pub(crate) mod notify;
pub(crate) mod tray;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use ksni::TrayMethods;

use notify::{Notice, Notifier, Subject, Teller};
use tray::{Icon, View};

use crate::app::controls::to_reset;
use crate::app::keeper::does_not_answer;
use crate::app::program;
use crate::app::reading::Reader;
use crate::app::relay::{Manner, Relay, Wish};
use crate::camera::off::{self, Order};
use crate::camera::{self, Camera};
use crate::cli::RunArgs;
use crate::config::{self, SecondNode, Settings};
use crate::core::controls::CameraControls;
use crate::core::source::Source;
use crate::core::status::Status;
use crate::i18n::{tr, trf};
use crate::ipc::dbus::{Nodes, Properties, Reply, Service};
use crate::ipc::{self, Answer, AskError, Request, Ticket};
use crate::output::loopback;
use crate::ui::{Ask, Wanted};

/// How long a desktop may take to bring up its tray before the user is told that there is none.
const TRAY_LIMIT: Duration = Duration::from_secs(15);
/// How long a tray that has just come may take to hear of the icon.
const MISSED_AFTER: Duration = Duration::from_secs(2);
/// Between two tries to reach a session bus that went away, doubling.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);
/// How long a bus may take to let us in.
const BUS_LIMIT: Duration = Duration::from_secs(5);
/// Clicks that wait to be seen to; more than a hand can make.
const MAX_ASKS: usize = 64;
/// How long whoever asked over D-Bus waits for the settings file.
const SETTINGS_LIMIT: Duration = Duration::from_millis(2500);
/// Sizes offered in the menu, besides the one in use.
const SIZES: [(u32, u32); 3] = [(640, 480), (1280, 720), (1920, 1080)];
/// Remembers that the user was told how to get a tray.
const TOLD_NO_TRAY: &str = "told-no-tray";

/// Runs until the user quits. `is_service`: started by D-Bus, which says by itself what it wants.
///
/// # Errors
/// One sentence when it cannot start, or another one does not answer.
pub(crate) fn run(arguments: &RunArgs, is_service: bool) -> Result<(), String> {
    // A second start shows the preferences of the first.
    match ipc::tell(if is_service { Request::Status } else { Request::Preferences }) {
        Ok(()) => return Ok(()),
        Err(AskError::NotRunning) => {}
        Err(AskError::Failed(sentence)) => return Err(sentence),
    }
    crate::app::log::start();
    glib::log_set_writer_func(log_of_glib);
    let (asks, asked) = async_channel::bounded(MAX_ASKS);
    let front = Rc::new(RefCell::new(Front::new(asks)));
    let listener = {
        let front = front.clone();
        Box::new(move |status: &Status| front.borrow_mut().take(status))
    };
    let relay = Relay::new(arguments, Manner::Desktop, Some(listener))?;
    front.borrow_mut().take_settings(&relay);
    let desktop = Rc::new(Desktop {
        relay: RefCell::new(relay),
        front,
        main_loop: glib::MainLoop::new(None, false),
        retry: Cell::new(FIRST_RETRY),
        reader: Reader::new(),
        waiting: RefCell::default(),
        usual_settings: config::default_path().ok(),
    });
    desktop.clone().start(asked);
    desktop.main_loop.run();
    desktop.finish();
    Ok(())
}

/// What GLib warns of, which it would write itself, from the loop.
fn log_of_glib(level: glib::LogLevel, fields: &[glib::LogField<'_>]) -> glib::LogWriterOutput {
    let text = |key: &str| fields.iter().find(|field| field.key() == key).and_then(glib::LogField::value_str);
    let message = text("MESSAGE").unwrap_or_default();
    match level {
        glib::LogLevel::Error | glib::LogLevel::Critical | glib::LogLevel::Warning => tracing::warn!("GLib: {message}"),
        glib::LogLevel::Message | glib::LogLevel::Info | glib::LogLevel::Debug => tracing::trace!("GLib: {message}"),
    }
    glib::LogWriterOutput::Handled
}

/// A connection of our own to the session bus: its end is not ours. The relay runs in this thread and never waits for a
/// bus that does not answer.
async fn connect() -> Result<gio::DBusConnection, String> {
    let address = gio::functions::dbus_address_get_for_bus_sync(gio::BusType::Session, gio::Cancellable::NONE)
        .map_err(|error| error.to_string())?;
    let flags = gio::DBusConnectionFlags::AUTHENTICATION_CLIENT | gio::DBusConnectionFlags::MESSAGE_BUS_CONNECTION;
    let connection = gio::DBusConnection::for_address_future(&address, flags, None);
    match glib::future_with_timeout(BUS_LIMIT, connection).await {
        Ok(connection) => connection.map_err(|error| error.to_string()),
        Err(_) => Err("timeout".into()),
    }
}

/// Whether there is a session bus to connect to. GLib would start one of its own otherwise, where it can.
fn has_session_bus() -> bool {
    let named = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| !address.is_empty());
    named || std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|directory| Path::new(&directory).join("bus").exists())
}

struct Desktop {
    relay: RefCell<Relay>,
    front: Rc<RefCell<Front>>,
    main_loop: glib::MainLoop,
    retry: Cell<Duration>,
    reader: Rc<Reader>,
    /// Who waits for what the settings file takes its time for; bounded by the requests that it takes at once.
    waiting: RefCell<HashMap<Ticket, Then>>,
    /// The settings file that the preferences take by themselves.
    usual_settings: Option<std::path::PathBuf>,
}

/// Hears that something is done, or why not.
type Then = Box<dyn FnOnce(Result<(), String>)>;

impl Desktop {
    fn start(self: Rc<Self>, asked: Receiver<Ask>) {
        let fd = self.relay.borrow().fd().as_raw_fd();
        let desktop = self.clone();
        glib_unix::unix_fd_add_local(fd, glib::IOCondition::IN, move |_, _| {
            let turned = desktop.relay.borrow_mut().turn(Some(Duration::ZERO));
            match turned {
                Ok(wishes) => desktop.see_to(wishes),
                Err(sentence) => {
                    tracing::error!("{sentence}");
                    desktop.main_loop.quit();
                }
            }
            glib::ControlFlow::Continue
        });
        let desktop = self.clone();
        glib::spawn_future_local(async move {
            while let Ok(ask) = asked.recv().await {
                desktop.answer(ask);
            }
        });
        self.reach_bus();
    }

    /// Takes the bus, and all that is on it; tries again when it is gone.
    fn reach_bus(self: &Rc<Self>) {
        if !has_session_bus() {
            return tracing::warn!("there is no session bus: no icon and no notifications; \"lenscap status\" works");
        }
        let desktop = self.clone();
        glib::spawn_future_local(async move {
            match connect().await {
                Ok(connection) => desktop.take_bus(&connection),
                Err(error) => {
                    tracing::warn!("the session bus cannot be reached: {error}");
                    desktop.reach_bus_later();
                }
            }
        });
    }

    fn take_bus(self: &Rc<Self>, connection: &gio::DBusConnection) {
        self.retry.set(FIRST_RETRY);
        let (sender, closed) = async_channel::bounded::<()>(1);
        connection.connect_closed(move |_, _, _| {
            let _ = sender.try_send(());
        });
        let desktop = Rc::downgrade(self);
        glib::spawn_future_local(async move {
            let _ = closed.recv().await;
            if let Some(desktop) = desktop.upgrade() {
                tracing::warn!("the session bus went away");
                desktop.front.borrow_mut().leave_bus();
                desktop.reach_bus_later();
            }
        });
        let desktop = Rc::downgrade(self);
        let obey = move |request, reply: Reply| {
            if let Some(desktop) = desktop.upgrade() {
                desktop.answer_on_bus(request, reply);
            }
        };
        let mut front = self.front.borrow_mut();
        match Service::new(connection, &front.properties, obey) {
            Ok(service) => front.service = Some(service),
            Err(error) => tracing::error!("the D-Bus interface cannot be offered: {error}"),
        }
        front.notifier = Some(Notifier::new(connection, front.asks.clone()));
        drop(front);
        glib::spawn_future_local(raise_icon(self.front.clone()));
        // A watcher that appears just while the icon is raised is missed by it.
        let front = self.front.clone();
        let watcher = connection.subscribe_to_signal(
            Some("org.freedesktop.DBus"),
            Some("org.freedesktop.DBus"),
            Some("NameOwnerChanged"),
            None,
            Some("org.kde.StatusNotifierWatcher"),
            gio::DBusSignalFlags::NONE,
            move |_| {
                let front = front.clone();
                glib::timeout_add_local_once(MISSED_AFTER, move || {
                    let is_missed = front.borrow().icon.is_some() && !front.borrow().has_host;
                    if is_missed {
                        tracing::debug!("no tray took the icon: raising it again");
                        glib::spawn_future_local(raise_icon(front));
                    }
                });
            },
        );
        self.front.borrow_mut().watcher = Some(watcher);
    }

    fn reach_bus_later(self: &Rc<Self>) {
        let wait = self.retry.get();
        self.retry.set((wait * 2).min(LAST_RETRY));
        let desktop = Rc::downgrade(self);
        glib::timeout_add_local_once(wait, move || {
            if let Some(desktop) = desktop.upgrade() {
                desktop.reach_bus();
            }
        });
    }

    fn obey(&self, request: Request) -> Answer {
        let mut relay = self.relay.borrow_mut();
        let answer = relay.obey(request);
        let wishes = relay.wishes();
        drop(relay);
        self.see_to(wishes);
        answer
    }

    fn when_done(&self, answer: Answer, then: Then) {
        match answer {
            Answer::Now(result) => then(result),
            Answer::Later(ticket) => drop(self.waiting.borrow_mut().insert(ticket, then)),
        }
    }

    async fn done(&self, answer: Answer) -> Result<(), String> {
        let (sender, done) = async_channel::bounded(1);
        let then = move |result| drop(sender.try_send(result));
        self.when_done(answer, Box::new(then));
        match glib::future_with_timeout(SETTINGS_LIMIT, done.recv()).await {
            Ok(result) => result.unwrap_or(Ok(())),
            Err(_) => Err(does_not_answer()),
        }
    }

    /// What concerns controls may take its time: a camera that is off is asked in a process of its own.
    fn answer_on_bus(self: &Rc<Self>, request: Request, reply: Reply) {
        let is_of_controls =
            matches!(request, Request::Controls | Request::SetControl { .. } | Request::ResetControls { .. });
        let live = self.relay.borrow().controls().cloned();
        match (request, live) {
            (Request::Controls, Some(list)) => reply(Ok(Some(list))),
            (request, None) if is_of_controls => {
                let desktop = self.clone();
                glib::spawn_future_local(async move { reply(desktop.controls_while_off(request).await) });
            }
            (request, _) => match self.obey(request) {
                Answer::Now(result) => reply(result.map(|()| None)),
                later => {
                    let desktop = self.clone();
                    glib::spawn_future_local(async move { reply(desktop.done(later).await.map(|()| None)) });
                }
            },
        }
    }

    async fn controls_while_off(&self, request: Request) -> Result<Option<CameraControls>, String> {
        match request {
            Request::SetControl { key, value } => {
                let list = self.read_controls(&[Order::Set(key.clone(), value.clone())]).await?;
                let answer = self.relay.borrow_mut().set_control(&list, &key, &value);
                self.done(answer).await?;
            }
            Request::ResetControls { keys } => {
                let list = self.read_controls(&[]).await?;
                let mut controls = to_reset(&list, &keys)?;
                controls.sort_by_key(|control| !control.decides_others());
                let orders: Vec<_> = controls.iter().map(|control| Order::Default(control.key.clone())).collect();
                let list = self.read_controls(&orders).await?;
                let answer = self.relay.borrow_mut().reset_controls(&list, &keys);
                self.done(answer).await?;
            }
            _ => {
                let mut list = self.read_controls(&[]).await?;
                self.relay.borrow().overlay(&mut list);
                return Ok(Some(list));
            }
        }
        if let Some(service) = &self.front.borrow().service {
            service.controls_changed();
        }
        Ok(None)
    }

    async fn read_controls(&self, orders: &[Order]) -> Result<CameraControls, String> {
        let words = {
            let relay = self.relay.borrow();
            let own: Vec<_> = relay.nodes().into_iter().flatten().collect();
            let settings = relay.settings();
            off::arguments(&settings.camera.source, &own, settings.privacy.sandbox, orders)
        };
        self.reader.read(words, orders.is_empty()).await
    }

    fn see_to(&self, wishes: Vec<Wish>) {
        for wish in wishes {
            match wish {
                Wish::End => self.main_loop.quit(),
                Wish::Settings => self.front.borrow_mut().take_settings(&self.relay.borrow()),
                Wish::Cameras => self.front.borrow_mut().look_for_cameras(),
                Wish::Preferences => self.open_window(&[], None),
                Wish::Controls => {
                    if let Some(service) = &self.front.borrow().service {
                        service.controls_changed();
                    }
                }
                Wish::Done(ticket, result) => {
                    let then = self.waiting.borrow_mut().remove(&ticket);
                    if let Some(then) = then {
                        then(result);
                    }
                }
            }
        }
        let nodes = self.relay.borrow().nodes();
        self.front.borrow_mut().take_nodes(nodes);
    }

    fn answer(self: &Rc<Self>, ask: Ask) {
        let answer = match ask.wanted {
            Wanted::Pause(time) => self.obey(Request::Pause { seconds: time.map(|time| time.as_secs()) }),
            Wanted::Resume => self.obey(Request::Resume),
            Wanted::Toggle => self.obey(Request::Toggle),
            Wanted::TurnOff => self.obey(Request::TurnOff),
            Wanted::Quit => self.obey(Request::Quit),
            Wanted::Source(source) => self.set(move |settings| settings.camera.source = source),
            Wanted::Size(width, height) => self.set(move |settings| {
                (settings.camera.format.width, settings.camera.format.height) = (width, height);
            }),
            Wanted::Preferences => {
                self.open_window(&[], ask.token);
                Answer::Now(Ok(()))
            }
            Wanted::Diagnose => {
                self.open_window(&["--diagnose"], ask.token);
                Answer::Now(Ok(()))
            }
            Wanted::About => {
                self.open_window(&["--about"], ask.token);
                Answer::Now(Ok(()))
            }
            Wanted::HostIsThere => {
                self.front.borrow_mut().has_host = true;
                Answer::Now(Ok(()))
            }
            Wanted::HostIsGone => {
                self.tray_is_gone();
                Answer::Now(Ok(()))
            }
        };
        let desktop = Rc::downgrade(self);
        let then = move |done: Result<(), String>| {
            if let (Err(sentence), Some(desktop)) = (done, desktop.upgrade()) {
                desktop.complain(&sentence);
            }
        };
        self.when_done(answer, Box::new(then));
    }

    /// Writes a setting, and takes it.
    fn set(&self, change: impl FnOnce(&mut Settings) + Send + 'static) -> Answer {
        self.relay.borrow_mut().change_settings(Box::new(change))
    }

    fn open_window(&self, arguments: &[&str], token: Option<String>) {
        let spawn = || -> Result<(), String> {
            let path = program("lenscap-preferences")?;
            let launcher = gio::SubprocessLauncher::new(gio::SubprocessFlags::NONE);
            if let Some(token) = token {
                launcher.setenv("XDG_ACTIVATION_TOKEN", &token, true);
            }
            let settings = self.relay.borrow().settings_path().to_owned();
            let mut words = vec![path.as_os_str()];
            words.extend(arguments.iter().map(std::ffi::OsStr::new));
            // The usual file's window is the one there is; one of another file stands for itself.
            if self.usual_settings.as_ref().is_some_and(|usual| *usual != settings) {
                words.extend([std::ffi::OsStr::new("--config"), settings.as_os_str()]);
            }
            let window = launcher.spawn(&words).map_err(|error| {
                trf!(
                    "The preferences {program} cannot be started ({error}): reinstall Lenscap.",
                    program = path.display(),
                    error = error.message()
                )
            })?;
            // Reaps it.
            glib::spawn_future_local(async move { window.wait_future().await });
            Ok(())
        };
        if let Err(sentence) = spawn() {
            self.complain(&sentence);
        }
    }

    fn complain(&self, sentence: &str) {
        tracing::warn!("{sentence}");
        let notice = Notice {
            summary: tr("Lenscap cannot do that"),
            body: sentence.to_owned(),
            icon: crate::APP_ID.into(),
            actions: Vec::new(),
            urgent: false,
        };
        self.front.borrow().notify(Subject::Complaint, Some(notice));
    }

    fn tray_is_gone(&self) {
        self.front.borrow_mut().has_host = false;
        let front = self.front.clone();
        let has_one = move || front.borrow().has_host || front.borrow().notifier.is_none();
        let front = self.front.clone();
        glib::spawn_future_local(async move {
            glib::timeout_future(TRAY_LIMIT).await;
            // The home may be on a network, and the answer may take its time.
            if has_one() || !gio::spawn_blocking(may_tell_of_no_tray).await.unwrap_or(false) || has_one() {
                return;
            }
            tracing::warn!("no tray shows the icon; \"lenscap\" shows the preferences");
            front.borrow().notify(Subject::NoTray, Some(notify::no_tray()));
        });
    }

    /// The camera is off already.
    fn finish(&self) {
        let icon = self.front.borrow_mut().icon.take();
        if let Some(icon) = icon {
            // A tray that does not answer is left behind.
            let shutdown = glib::future_with_timeout(Duration::from_secs(1), icon.shutdown());
            let _ = glib::MainContext::default().block_on(shutdown);
        }
        self.front.borrow_mut().leave_bus();
    }
}

/// What is shown, and where.
struct Front {
    asks: Sender<Ask>,
    status: Option<Status>,
    settings: Settings,
    problem: Option<String>,
    nodes: Nodes,
    /// Cameras to choose from; looked for while the camera is off, never on its way to being on.
    cameras: Vec<Camera>,
    properties: Properties,
    teller: Teller,
    service: Option<Service>,
    notifier: Option<Notifier>,
    icon: Option<ksni::Handle<Icon>>,
    /// The newest view, until the icon has it.
    unseen: Rc<Cell<Option<View>>>,
    /// Trays that come and go; unsubscribes when dropped.
    watcher: Option<gio::SignalSubscription>,
    has_host: bool,
}

impl Front {
    fn new(asks: Sender<Ask>) -> Self {
        Self {
            asks,
            status: None,
            settings: Settings::default(),
            problem: None,
            nodes: Nodes::default(),
            cameras: Vec::new(),
            properties: Properties::default(),
            teller: Teller::default(),
            service: None,
            notifier: None,
            icon: None,
            unseen: Rc::default(),
            watcher: None,
            has_host: false,
        }
    }

    /// The machine's new status, from within its step.
    fn take(&mut self, status: &Status) {
        self.status = Some(status.clone());
        if !status.camera_live {
            self.cameras = camera::System::here().cameras();
        }
        self.properties.publish(status, &self.nodes, self.service.as_ref());
        self.show_icon();
        let is_for_one = self.settings.device.second == SecondNode::Off && loopback::serves_one_reader();
        for (subject, notice) in self.teller.orders(status, &self.settings.notifications, is_for_one) {
            self.notify(subject, notice);
        }
    }

    /// Cameras came or went.
    fn look_for_cameras(&mut self) {
        if self.status.as_ref().is_some_and(|status| !status.camera_live) {
            let cameras = camera::System::here().cameras();
            if self.cameras != cameras {
                self.cameras = cameras;
                self.show_icon();
            }
        }
    }

    fn take_settings(&mut self, relay: &Relay) {
        self.settings = relay.settings().clone();
        self.problem = relay.problem().map(str::to_owned);
        self.nodes = relay.nodes();
        self.take(&relay.status());
    }

    fn take_nodes(&mut self, nodes: Nodes) {
        if nodes != self.nodes {
            self.nodes = nodes;
            if let Some(status) = &self.status {
                self.properties.publish(status, &self.nodes, self.service.as_ref());
            }
        }
    }

    fn notify(&self, subject: Subject, notice: Option<Notice>) {
        if let Some(notifier) = &self.notifier {
            notifier.send((subject, notice));
        }
    }

    fn view(&self) -> Option<View> {
        let camera = &self.settings.camera;
        let mut sources = vec![(Source::Auto, tr("Automatic"))];
        sources.extend(camera::choice::offers(&self.cameras, &camera.source));
        if !sources.iter().any(|(source, _)| *source == camera.source) {
            let name = match &camera.source {
                Source::Test => tr("Test picture"),
                source => source.to_string(),
            };
            sources.push((camera.source.clone(), name));
        }
        let size = (camera.format.width, camera.format.height);
        let mut sizes = SIZES.to_vec();
        if !sizes.contains(&size) {
            sizes.push(size);
            sizes.sort_unstable();
        }
        Some(View {
            status: self.status.clone()?,
            problem: self.problem.clone(),
            sources,
            source: camera.source.clone(),
            sizes,
            size,
        })
    }

    fn show_icon(&self) {
        if let (Some(icon), Some(view)) = (self.icon.clone(), self.view()) {
            // Who is on the way to the icon brings this one: however slow the tray is, nothing piles up.
            if self.unseen.replace(Some(view)).is_some() {
                return;
            }
            let unseen = self.unseen.clone();
            glib::spawn_future_local(async move {
                // Updates overtake each other on their way to the icon: each brings the newest view, not its own.
                let show = move |icon: &mut Icon| {
                    if let Some(view) = unseen.take() {
                        icon.show(view);
                    }
                };
                icon.update(show).await
            });
        }
    }

    fn leave_bus(&mut self) {
        self.service = None;
        self.notifier = None;
        self.watcher = None;
        self.has_host = false;
        if let Some(icon) = self.icon.take() {
            drop(icon.shutdown());
        }
    }
}

/// Whether the user is to be told now that there is no tray: once and never again.
fn may_tell_of_no_tray() -> bool {
    let Some(directory) = directories::BaseDirs::new()
        .and_then(|directories| directories.state_dir().map(|directory| directory.join("lenscap")))
    else {
        return true;
    };
    let marker = directory.join(TOLD_NO_TRAY);
    if marker.exists() {
        return false;
    }
    let written = std::fs::create_dir_all(&directory).and_then(|()| std::fs::write(&marker, ""));
    if let Err(error) = written {
        tracing::debug!("cannot remember that there is no tray: {error}");
    }
    true
}

/// Puts the icon into the tray, now or as soon as there is one.
async fn raise_icon(front: Rc<RefCell<Front>>) {
    let old = front.borrow_mut().icon.take();
    if let Some(old) = old {
        old.shutdown().await;
    }
    let Some(view) = front.borrow().view() else { return };
    // We only hear of it when there is none.
    front.borrow_mut().has_host = true;
    // Nobody is on the way to this one.
    front.borrow_mut().unseen = Rc::default();
    let icon = Icon::new(view, front.borrow().asks.clone(), theme_path());
    // In a sandbox the name may not be owned; hosts find the item without it.
    let is_sandboxed = std::env::var_os("FLATPAK_ID").is_some();
    match icon.disable_dbus_name(is_sandboxed).assume_sni_available(true).spawn().await {
        Ok(handle) => {
            front.borrow_mut().icon = Some(handle);
            // Something may have happened meanwhile.
            front.borrow().show_icon();
        }
        Err(error) => tracing::warn!("no icon: {error}"),
    }
}

/// Where our icons are when the desktop does not look there by itself, else empty.
fn theme_path() -> String {
    let own = std::env::current_exe().unwrap_or_default();
    let mut above = own.ancestors().skip(1);
    // PREFIX/libexec/lenscap/lenscap-applet
    if let Some(share) = own.ancestors().nth(3).map(|prefix| prefix.join("share")) {
        let icon = share.join(format!("icons/hicolor/symbolic/apps/{}-capped-symbolic.svg", crate::APP_ID));
        if icon.exists() {
            let known = std::env::var("XDG_DATA_DIRS").ok().filter(|known| !known.is_empty());
            let known = known.unwrap_or_else(|| "/usr/local/share:/usr/share".into());
            let is_known = known.split(':').any(|directory| Path::new(directory) == share);
            return if is_known { String::new() } else { share.join("icons").to_string_lossy().into_owned() };
        }
    }
    // The build tree: target/debug/lenscap beside icons/.
    above
        .find_map(|directory| {
            let icons = directory.join("icons");
            icons.join("hicolor/index.theme").exists().then(|| icons.to_string_lossy().into_owned())
        })
        .unwrap_or_default()
}
