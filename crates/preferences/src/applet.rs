//! The running applet, as seen through D-Bus: its state, and a way to start it.
//!
//! Looking never starts the applet (the proxy has `DO_NOT_AUTO_START`), and nothing here waits for it.

mod icon;
mod start;

use std::cell::RefCell;
use std::rc::Rc;

use gio::prelude::*;
use lenscap_api::AppletStatus;
use lenscap_core::trouble::preferences::PreferencesTrouble;
use lenscap_sys::install::{APP_ID, OBJECT_PATH};

use crate::error::WindowError;

pub use icon::icon;
pub use lenscap_api::AppletState;
pub use start::start;

/// How long it may take over something that was asked of it: a camera may have to be read.
const CALL_LIMIT_MS: i32 = 20_000;

type StateListener = Rc<dyn Fn(&AppletState)>;
/// The signal's name, and who hears it.
type SignalListener = (&'static str, Rc<dyn Fn()>);

/// Follows the applet.
#[derive(Default)]
pub struct AppletProxy {
    state: RefCell<AppletState>,
    proxy: RefCell<Option<gio::DBusProxy>>,
    listeners: RefCell<Vec<StateListener>>,
    signal_listeners: RefCell<Vec<SignalListener>>,
}

impl AppletProxy {
    /// Follows the applet on the session bus.
    pub fn connect() -> Rc<Self> {
        let applet = Rc::new(Self::default());
        let flags = gio::DBusProxyFlags::DO_NOT_AUTO_START
            | gio::DBusProxyFlags::DO_NOT_AUTO_START_AT_CONSTRUCTION
            | gio::DBusProxyFlags::GET_INVALIDATED_PROPERTIES;
        let made = Rc::downgrade(&applet);
        let take = move |proxy: Result<gio::DBusProxy, glib::Error>| {
            let Some(applet) = made.upgrade() else { return };
            match proxy {
                Ok(proxy) => applet.take(proxy),
                Err(_) => applet.set(AppletState::NoBus),
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
        applet
    }

    /// Asks nobody: for tests.
    pub fn offline() -> Rc<Self> {
        let applet = Rc::new(Self::default());
        applet.set(AppletState::NoBus);
        applet
    }

    fn take(self: &Rc<Self>, proxy: gio::DBusProxy) {
        let applet = Rc::downgrade(self);
        proxy.connect_local("g-properties-changed", false, move |_| {
            applet.upgrade()?.look();
            None
        });
        let applet = Rc::downgrade(self);
        proxy.connect_local("g-signal", false, move |values| {
            let name = values.get(2)?.get::<String>().ok()?;
            let listeners = applet.upgrade()?.signal_listeners.borrow().clone();
            listeners.iter().filter(|(wanted, _)| *wanted == name).for_each(|(_, listener)| listener());
            None
        });
        let applet = Rc::downgrade(self);
        proxy.connect_notify_local(Some("g-name-owner"), move |_, _| {
            if let Some(applet) = applet.upgrade() {
                applet.look();
            }
        });
        self.proxy.replace(Some(proxy));
        self.look();
    }

    fn look(&self) {
        let Some(proxy) = self.proxy.borrow().clone() else { return };
        self.set(match proxy.name_owner() {
            None => AppletState::NotRunning,
            Some(_) => AppletState::Running(Box::new(status(&proxy))),
        });
    }

    fn set(&self, state: AppletState) {
        if self.state.replace(state.clone()) != state {
            let listeners = self.listeners.borrow().clone();
            listeners.iter().for_each(|listener| listener(&state));
        }
    }

    /// What is known now.
    pub fn state(&self) -> AppletState {
        self.state.borrow().clone()
    }

    /// `listener` hears now and at every change.
    pub fn on_change(&self, listener: impl Fn(&AppletState) + 'static) {
        listener(&self.state());
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
    pub async fn call(&self, method: &str, arguments: Option<&glib::Variant>) -> Result<glib::Variant, WindowError> {
        let proxy = self.proxy.borrow().clone();
        let proxy = proxy.ok_or(PreferencesTrouble::NotRunning)?;
        let flags = gio::DBusCallFlags::NO_AUTO_START;
        proxy.call_future(method, arguments, flags, CALL_LIMIT_MS).await.map_err(|mut error| {
            gio::DBusError::strip_remote_error(&mut error);
            WindowError::Answer(error.message().to_owned())
        })
    }
}

/// What the applet has published; properties that another version has not, or has otherwise, are as in no status at all.
fn status(proxy: &gio::DBusProxy) -> AppletStatus {
    let names = proxy.cached_property_names();
    lenscap_gvariant::read_properties(
        names.into_iter().filter_map(|name| Some((name.to_string(), proxy.cached_property(&name)?))),
    )
}
