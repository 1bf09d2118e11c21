//! The running applet, as seen through D-Bus: its state, and a way to start it.
//!
//! Looking never starts the applet (the proxy has `DO_NOT_AUTO_START`), and nothing here waits for it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use gio::prelude::*;

use lenscap_core::status::StateName;
use lenscap_sys::install::{self, APP_ID, OBJECT_PATH};
use lenscap_words::{tr, trf};

/// How long a start may take.
const START_LIMIT_MS: i32 = 10_000;
/// How long it may take over something that was asked of it: a camera may have to be read.
const CALL_LIMIT_MS: i32 = 20_000;

/// What the applet says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct View {
    /// [`StateName`]'s word.
    pub state: String,
    /// Who has the camera open, or streams.
    pub clients: Vec<String>,
    /// The camera's name.
    pub camera: String,
    /// Why, in words; empty: no reason.
    pub reason: String,
    /// What the camera gives less of than was asked for, in words; empty: nothing.
    pub shortfall: String,
    /// Since when the camera is on, Unix seconds; 0: it is off.
    pub live_since: i64,
    /// Until when it is paused, Unix seconds; 0: not paused, -1: until resumed.
    pub paused_until: i64,
    /// The loopback node; empty: none.
    pub node: String,
    /// Why there is no second one though one is wanted; empty: all is well.
    pub second_device: String,
}

/// What is known of the applet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Applet {
    /// Not asked yet.
    #[default]
    Unknown,
    /// There is no session bus to ask on.
    NoBus,
    /// Nobody owns its name.
    NotRunning,
    /// It runs.
    Running(View),
}

impl Applet {
    /// A title and a line below it.
    pub fn words(&self) -> (String, String) {
        match self {
            Applet::Unknown => (tr("Asking Lenscap…"), String::new()),
            Applet::NoBus => {
                (tr("Lenscap cannot be asked"), tr("There is no session bus: start this window in a desktop session."))
            }
            Applet::NotRunning => {
                (tr("Lenscap is not running"), tr("Applications get no camera from it until it is started."))
            }
            Applet::Running(view) => view.words(),
        }
    }

    /// A symbol whose shape tells the state.
    pub fn icon(&self) -> &'static str {
        let Applet::Running(view) = self else { return "system-shutdown-symbolic" };
        match view.name() {
            Some(StateName::Starting | StateName::Live | StateName::Cooldown) => "camera-video-symbolic",
            Some(StateName::Paused) => "media-playback-pause-symbolic",
            Some(StateName::Blocked) => "action-unavailable-symbolic",
            Some(StateName::Failed | StateName::NoDevice) => "dialog-warning-symbolic",
            Some(StateName::Idle | StateName::Pending) | None => "camera-disabled-symbolic",
        }
    }
}

impl View {
    fn name(&self) -> Option<StateName> {
        StateName::ALL.into_iter().find(|name| name.as_str() == self.state)
    }

    fn words(&self) -> (String, String) {
        let apps = self.clients.join(", ");
        let or_reason = |text: String| if self.reason.is_empty() { text } else { self.reason.clone() };
        match self.name() {
            Some(StateName::Idle) => (tr("Camera is off"), tr("No application uses it.")),
            Some(StateName::Pending) => (tr("Camera is off"), trf!("{app} has it open.", app = apps)),
            Some(StateName::Starting) => (tr("Camera is starting"), apps),
            Some(StateName::Live) => {
                let title = match apps.as_str() {
                    "" => tr("Camera is on"),
                    apps => trf!("Camera is on: {app}", app = apps),
                };
                let since = self.since();
                (title, if self.shortfall.is_empty() { since } else { format!("{since} {}", self.shortfall) })
            }
            Some(StateName::Cooldown) => (tr("Camera is still on"), tr("It goes off soon.")),
            Some(StateName::Paused) => (
                tr("Camera is paused"),
                match clock(self.paused_until) {
                    Some(time) => trf!("Until {time}.", time = time),
                    None => tr("Until you resume."),
                },
            ),
            Some(StateName::Blocked) => (tr("Camera is blocked"), or_reason(apps)),
            Some(StateName::Failed) => (tr("Camera does not work"), self.reason.clone()),
            Some(StateName::NoDevice) => (tr("Applications see no camera"), self.reason.clone()),
            None => (tr("Camera's state is unknown"), or_reason(self.state.clone())),
        }
    }

    fn since(&self) -> String {
        match clock(self.live_since) {
            Some(time) if self.camera.is_empty() => trf!("Since {time}.", time = time),
            Some(time) => trf!("{camera}, since {time}.", camera = self.camera, time = time),
            None => self.camera.clone(),
        }
    }
}

/// Hours and minutes of the local day; `None` for no time.
fn clock(seconds: i64) -> Option<String> {
    (seconds > 0).then_some(())?;
    Some(glib::DateTime::from_unix_local(seconds).ok()?.format("%H:%M").ok()?.into())
}

type Listener = Rc<dyn Fn(&Applet)>;
/// The signal's name, and who hears it.
type SignalListener = (&'static str, Rc<dyn Fn()>);

/// Follows the applet.
#[derive(Default)]
pub struct Relay {
    applet: RefCell<Applet>,
    proxy: RefCell<Option<gio::DBusProxy>>,
    listeners: RefCell<Vec<Listener>>,
    signal_listeners: RefCell<Vec<SignalListener>>,
}

impl Relay {
    /// Follows the applet on the session bus.
    pub fn connect() -> Rc<Self> {
        let relay = Rc::new(Self::default());
        let flags = gio::DBusProxyFlags::DO_NOT_AUTO_START
            | gio::DBusProxyFlags::DO_NOT_AUTO_START_AT_CONSTRUCTION
            | gio::DBusProxyFlags::GET_INVALIDATED_PROPERTIES;
        let made = Rc::downgrade(&relay);
        let take = move |proxy: Result<gio::DBusProxy, glib::Error>| {
            let Some(relay) = made.upgrade() else { return };
            match proxy {
                Ok(proxy) => relay.take(proxy),
                Err(_) => relay.set(Applet::NoBus),
            }
        };
        gio::DBusProxy::for_bus(
            gio::BusType::Session,
            flags,
            None,
            APP_ID,
            OBJECT_PATH,
            APP_ID,
            gio::Cancellable::NONE,
            take,
        );
        relay
    }

    /// Asks nobody: for tests.
    pub fn offline() -> Rc<Self> {
        let relay = Rc::new(Self::default());
        relay.set(Applet::NoBus);
        relay
    }

    fn take(self: &Rc<Self>, proxy: gio::DBusProxy) {
        let relay = Rc::downgrade(self);
        proxy.connect_local("g-properties-changed", false, move |_| {
            relay.upgrade()?.look();
            None
        });
        let relay = Rc::downgrade(self);
        proxy.connect_local("g-signal", false, move |values| {
            let name = values.get(2)?.get::<String>().ok()?;
            let listeners = relay.upgrade()?.signal_listeners.borrow().clone();
            listeners.iter().filter(|(wanted, _)| *wanted == name).for_each(|(_, listener)| listener());
            None
        });
        let relay = Rc::downgrade(self);
        proxy.connect_notify_local(Some("g-name-owner"), move |_, _| {
            if let Some(relay) = relay.upgrade() {
                relay.look();
            }
        });
        self.proxy.replace(Some(proxy));
        self.look();
    }

    fn look(&self) {
        let Some(proxy) = self.proxy.borrow().clone() else { return };
        self.set(match proxy.name_owner() {
            None => Applet::NotRunning,
            Some(_) => Applet::Running(view(&proxy)),
        });
    }

    fn set(&self, applet: Applet) {
        if self.applet.replace(applet.clone()) != applet {
            let listeners = self.listeners.borrow().clone();
            listeners.iter().for_each(|listener| listener(&applet));
        }
    }

    /// What is known now.
    pub fn applet(&self) -> Applet {
        self.applet.borrow().clone()
    }

    /// `listener` hears now and at every change.
    pub fn on_change(&self, listener: impl Fn(&Applet) + 'static) {
        listener(&self.applet());
        self.listeners.borrow_mut().push(Rc::new(listener));
    }

    /// `listener` hears when the applet sends this signal.
    pub fn on_signal(&self, name: &'static str, listener: impl Fn() + 'static) {
        self.signal_listeners.borrow_mut().push((name, Rc::new(listener)));
    }

    /// Asks the applet for something; never starts it.
    ///
    /// # Errors
    /// The sentence with which it refuses, or that it does not answer.
    pub async fn call(&self, method: &str, arguments: Option<&glib::Variant>) -> Result<glib::Variant, String> {
        let proxy = self.proxy.borrow().clone();
        let proxy = proxy.ok_or_else(|| tr("Lenscap is not running: start it, then try again."))?;
        let flags = gio::DBusCallFlags::NO_AUTO_START;
        proxy.call_future(method, arguments, flags, CALL_LIMIT_MS).await.map_err(|mut error| {
            gio::DBusError::strip_remote_error(&mut error);
            error.message().to_owned()
        })
    }

    /// Starts the applet: by D-Bus activation where that is installed, else the program beside this one.
    ///
    /// # Errors
    /// It cannot be started, or ended at once: one sentence.
    pub async fn start() -> Result<(), String> {
        let failed = |why: &dyn std::fmt::Display| {
            trf!("Lenscap could not be started ({why}): run \"lenscap\" in a terminal to see more.", why = why)
        };
        if let Ok(bus) = gio::bus_get_future(gio::BusType::Session).await {
            let (name, path) = ("org.freedesktop.DBus", "/org/freedesktop/DBus");
            let parameters = (APP_ID, 0u32).to_variant();
            let flags = gio::DBusCallFlags::NONE;
            let method = "StartServiceByName";
            let answer =
                bus.call_future(Some(name), path, name, method, Some(&parameters), None, flags, START_LIMIT_MS);
            match answer.await {
                Ok(_) => return Ok(()),
                Err(error) if !error.matches(gio::DBusError::ServiceUnknown) => return Err(failed(&error.message())),
                Err(_) => {}
            }
        }
        let launcher = gio::SubprocessLauncher::new(gio::SubprocessFlags::NONE);
        for variable in super::GL_VARIABLES {
            launcher.unsetenv(variable);
        }
        let program = program();
        let started = launcher.spawn(&[program.as_os_str()]).map_err(|error| failed(&error.message()))?;
        // Whoever stays is well; a second sees to it that its state is shown.
        let ended = glib::future_with_timeout(std::time::Duration::from_secs(2), started.wait_future());
        match ended.await {
            Ok(Ok(())) if !started.is_successful() => Err(failed(&tr("it ended at once"))),
            _ => Ok(()),
        }
    }
}

fn view(proxy: &gio::DBusProxy) -> View {
    let text = |name: &str| proxy.cached_property(name).and_then(|value| value.get::<String>()).unwrap_or_default();
    let seconds = |name: &str| proxy.cached_property(name).and_then(|value| value.get::<i64>()).unwrap_or_default();
    let clients: Vec<HashMap<String, glib::Variant>> =
        proxy.cached_property("Clients").and_then(|value| value.get()).unwrap_or_default();
    View {
        state: text("State"),
        clients: clients.iter().filter_map(|client| client.get("name")?.get()).collect(),
        camera: text("Camera"),
        reason: text("Reason"),
        shortfall: text("Shortfall"),
        live_since: seconds("LiveSince"),
        paused_until: seconds("PausedUntil"),
        node: text("Node"),
        second_device: text("SecondDevice"),
    }
}

/// The command line's program: ours, else as the path finds it.
pub(super) fn program() -> PathBuf {
    install::program("lenscap").ok().filter(|path| path.is_file()).unwrap_or_else(|| "lenscap".into())
}

/// The camera program.
pub(super) fn worker() -> PathBuf {
    install::program("lenscap-worker").unwrap_or_else(|_| "lenscap-worker".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(state: &str) -> View {
        View { state: state.into(), ..View::default() }
    }

    #[test]
    fn every_state_has_words_and_a_camera_that_is_on_never_reads_as_off() {
        for name in StateName::ALL {
            let (title, _) = running(name.as_str()).words();
            let is_on = matches!(name, StateName::Starting | StateName::Live | StateName::Cooldown);
            assert!(!title.contains("unknown"), "{name}");
            let reads_as_on = ["Camera is starting", "Camera is on", "Camera is still on"].contains(&title.as_str());
            assert_eq!(is_on, reads_as_on, "{title}");
            assert_eq!(is_on, Applet::Running(running(name.as_str())).icon() == "camera-video-symbolic", "{name}");
        }
        assert!(running("later").words().0.contains("unknown"));
    }

    #[test]
    fn who_and_until_when_is_said() {
        let live = View { clients: vec!["Zoom".into(), "Cheese".into()], camera: "Webcam".into(), ..running("live") };
        assert_eq!(live.words(), ("Camera is on: Zoom, Cheese".into(), "Webcam".into()));
        let paused = View { paused_until: -1, ..running("paused") };
        assert_eq!(paused.words().1, "Until you resume.");
        let paused = View { paused_until: 1_700_000_000, ..running("paused") };
        assert!(paused.words().1.contains(':'), "{:?}", paused.words());
        let failed = View { reason: "It is unplugged.".into(), ..running("failed") };
        assert_eq!(failed.words().1, "It is unplugged.");
    }
}
