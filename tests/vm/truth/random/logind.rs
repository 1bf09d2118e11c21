//! A system bus of its own with a logind that says what it is told: the computer sleeps, the session is locked.

use std::cell::Cell;
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use gio::glib::prelude::*;
use gio::glib::{self, MainContext};
use lenscap_test_support::process::{Reaped, eventually};

const MANAGER_PATH: &str = "/org/freedesktop/login1";
const SESSION_PATH: &str = "/org/freedesktop/login1/session/_31";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";
/// The session's name, for `XDG_SESSION_ID`.
pub const SESSION_ID: &str = "1";

const DESCRIPTION: &str = r#"<node>
<interface name="org.freedesktop.login1.Manager">
  <method name="Inhibit"><arg type="s"/><arg type="s"/><arg type="s"/><arg type="s"/><arg type="h" direction="out"/></method>
  <method name="GetSession"><arg type="s"/><arg type="o" direction="out"/></method>
  <method name="GetSessionByPID"><arg type="u"/><arg type="o" direction="out"/></method>
  <signal name="PrepareForSleep"><arg type="b"/></signal>
  <property name="PreparingForSleep" type="b" access="read"/>
</interface>
<interface name="org.freedesktop.login1.Session">
  <signal name="Lock"/><signal name="Unlock"/>
  <property name="LockedHint" type="b" access="read"/>
</interface>
</node>"#;

/// What it is told to say.
#[derive(Debug, Clone, Copy)]
enum Say {
    Sleeps(bool),
    Locked(bool),
}

/// Gone when dropped.
pub struct Logind {
    _bus: Reaped,
    /// For `DBUS_SYSTEM_BUS_ADDRESS`.
    pub address: String,
    say: Sender<Say>,
}

impl Logind {
    /// Starts the bus in this directory, and logind on it.
    pub fn start(directory: &Path) -> Self {
        let socket = directory.join("system-bus");
        let address = format!("unix:path={}", socket.display());
        let bus = Command::new("dbus-daemon")
            .args(["--session", "--nofork", &format!("--address={address}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon is installed");
        let bus = Reaped(bus);
        eventually("the bus is there", || socket.exists());
        let (say, said) = channel();
        let (ready, is_ready) = channel();
        let to = address.clone();
        std::thread::spawn(move || {
            let context = MainContext::new();
            context
                .with_thread_default(|| {
                    let flags = gio::DBusConnectionFlags::AUTHENTICATION_CLIENT
                        | gio::DBusConnectionFlags::MESSAGE_BUS_CONNECTION;
                    let connection = gio::DBusConnection::for_address_sync(&to, flags, None, gio::Cancellable::NONE)
                        .expect("the bus answers");
                    let state = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
                    serve(&connection, &state.0, &state.1);
                    ready.send(()).expect("somebody waits");
                    loop {
                        while context.iteration(false) {}
                        match said.recv_timeout(Duration::from_millis(20)) {
                            Ok(Say::Sleeps(on)) => {
                                state.0.set(on);
                                let _ = connection.emit_signal(
                                    None,
                                    MANAGER_PATH,
                                    MANAGER,
                                    "PrepareForSleep",
                                    Some(&(on,).to_variant()),
                                );
                            }
                            Ok(Say::Locked(on)) => {
                                state.1.set(on);
                                let changed = glib::VariantDict::new(None);
                                changed.insert("LockedHint", on);
                                let what = (SESSION, changed, Vec::<String>::new()).to_variant();
                                let _ = connection.emit_signal(
                                    None,
                                    SESSION_PATH,
                                    "org.freedesktop.DBus.Properties",
                                    "PropertiesChanged",
                                    Some(&what),
                                );
                            }
                            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
                            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
                        }
                    }
                })
                .expect("a context of its own");
        });
        is_ready.recv_timeout(Duration::from_secs(60)).expect("logind is there");
        Self { _bus: bus, address, say }
    }

    /// `PrepareForSleep`.
    pub fn sleeps(&self, on: bool) {
        self.say.send(Say::Sleeps(on)).expect("logind is there");
    }

    /// `LockedHint`.
    pub fn locks(&self, on: bool) {
        self.say.send(Say::Locked(on)).expect("logind is there");
    }
}

fn serve(connection: &gio::DBusConnection, sleeps: &Rc<Cell<bool>>, locked: &Rc<Cell<bool>>) {
    let described = gio::DBusNodeInfo::for_xml(DESCRIPTION).expect("XML");
    for (path, interface, state) in [(MANAGER_PATH, MANAGER, sleeps), (SESSION_PATH, SESSION, locked)] {
        let state = Rc::clone(state);
        connection
            .register_object(path, &described.lookup_interface(interface).expect("it is described"))
            .method_call(|_, _, _, _, method, _, invocation| match method {
                // Sleep is held up by nobody here: the relay sees that it was too late.
                "Inhibit" => invocation.return_dbus_error("org.freedesktop.DBus.Error.NotSupported", "no"),
                _ => {
                    let path = glib::variant::ObjectPath::try_from(SESSION_PATH.to_owned()).expect("a path");
                    invocation.return_value(Some(&(path,).to_variant()));
                }
            })
            .property(move |_, _, _, _, _| state.get().to_variant())
            .build()
            .expect("registered");
    }
    let name = ("org.freedesktop.login1", 0_u32).to_variant();
    let bus = "org.freedesktop.DBus";
    connection
        .call_sync(
            Some(bus),
            "/org/freedesktop/DBus",
            bus,
            "RequestName",
            Some(&name),
            None,
            gio::DBusCallFlags::NONE,
            10_000,
            gio::Cancellable::NONE,
        )
        .expect("the name");
}
