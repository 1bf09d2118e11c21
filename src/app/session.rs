//! The user's session: the camera goes off before the computer sleeps, and while the session is locked where the user
//! wants that. From systemd-logind, or whoever speaks for it on the system bus.

use std::cell::{Cell, RefCell};
use std::os::fd::OwnedFd;
use std::rc::Rc;

use gio::prelude::*;
use glib::variant::{ToVariant, Variant};

use crate::core::event::Event;
use crate::i18n::tr;

const SERVICE: &str = "org.freedesktop.login1";
const MANAGER_PATH: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";
/// Longest wait for logind, in milliseconds.
const ANSWER_LIMIT_MS: i32 = 5000;

/// Listens until dropped.
pub(super) struct Session {
    connection: gio::DBusConnection,
    inhibitor: Rc<Inhibitor>,
    // Unsubscribe when dropped.
    _subscriptions: Rc<RefCell<Vec<gio::SignalSubscription>>>,
}

/// Holds sleep up until the camera is off.
#[derive(Debug, Default)]
struct Inhibitor {
    is_wanted: Cell<bool>,
    fd: RefCell<Option<OwnedFd>>,
}

impl Inhibitor {
    /// What was asked for has come; too late perhaps.
    fn take(&self, fd: Option<OwnedFd>) {
        *self.fd.borrow_mut() = fd.filter(|_| self.is_wanted.get());
    }

    fn release(&self) {
        self.is_wanted.set(false);
        self.fd.borrow_mut().take();
    }
}

impl Session {
    /// Listens on the system bus; what happens goes to `tell`.
    pub(super) fn new(connection: gio::DBusConnection, tell: impl Fn(Event) + 'static) -> Self {
        let tell = Rc::new(tell);
        let sleep = connection.subscribe_to_signal(
            Some(SERVICE),
            Some(MANAGER),
            Some("PrepareForSleep"),
            Some(MANAGER_PATH),
            None,
            gio::DBusSignalFlags::NONE,
            {
                let tell = tell.clone();
                move |signal| {
                    if let Some(sleeps) = signal.parameters.try_child_value(0).and_then(|value| value.get::<bool>()) {
                        tracing::info!("the computer {}", if sleeps { "is going to sleep" } else { "woke up" });
                        tell(Event::Sleep(sleeps));
                    }
                }
            },
        );
        let subscriptions = Rc::new(RefCell::new(vec![sleep]));
        glib::spawn_future_local(watch_lock(connection.clone(), subscriptions.clone(), tell));
        let session = Self { connection, inhibitor: Rc::default(), _subscriptions: subscriptions };
        session.hold_sleep();
        session
    }

    /// Asks to be waited for before the next sleep.
    pub(super) fn hold_sleep(&self) {
        let arguments = ("sleep", "Lenscap", tr("The camera is switched off first"), "delay").to_variant();
        let call = self.connection.call_with_unix_fd_list_future(
            Some(SERVICE),
            MANAGER_PATH,
            MANAGER,
            "Inhibit",
            Some(&arguments),
            None,
            gio::DBusCallFlags::NONE,
            ANSWER_LIMIT_MS,
            None::<&gio::UnixFDList>,
        );
        let inhibitor = self.inhibitor.clone();
        inhibitor.is_wanted.set(true);
        glib::spawn_future_local(async move {
            match call.await {
                Ok((_, fds)) => inhibitor.take(fds.and_then(|fds| fds.get(0).ok())),
                Err(error) => tracing::debug!("sleep cannot be held up: {error}"),
            }
        });
    }

    /// The camera is off: sleep may come.
    pub(super) fn allow_sleep(&self) {
        self.inhibitor.release();
    }
}

/// Follows `LockedHint` of the user's session.
async fn watch_lock(
    connection: gio::DBusConnection,
    subscriptions: Rc<RefCell<Vec<gio::SignalSubscription>>>,
    tell: Rc<impl Fn(Event) + 'static>,
) {
    let Some(path) = session_path(&connection).await else { return tracing::debug!("logind knows no session of ours") };
    let heard = tell.clone();
    let subscription = connection.subscribe_to_signal(
        Some(SERVICE),
        Some("org.freedesktop.DBus.Properties"),
        Some("PropertiesChanged"),
        Some(&path),
        Some(SESSION),
        gio::DBusSignalFlags::NONE,
        move |signal| {
            let changed = signal.parameters.try_child_value(1).map(|changed| glib::VariantDict::new(Some(&changed)));
            if let Some(locked) = changed.and_then(|changed| changed.lookup::<bool>("LockedHint").ok().flatten()) {
                heard(Event::Locked(locked));
            }
        },
    );
    subscriptions.borrow_mut().push(subscription);
    let arguments = (SESSION, "LockedHint").to_variant();
    let answer = call(&connection, &path, "org.freedesktop.DBus.Properties", "Get", &arguments).await;
    let locked = answer.and_then(|answer| answer.try_child_value(0)?.as_variant()?.get::<bool>());
    if locked == Some(true) {
        tell(Event::Locked(true));
    }
}

/// The session this process belongs to; a process of the user's service manager belongs to none, and takes the one with
/// the display.
async fn session_path(connection: &gio::DBusConnection) -> Option<String> {
    let path = |answer: Variant| answer.try_child_value(0)?.str().map(str::to_owned);
    if let Some(id) = std::env::var("XDG_SESSION_ID").ok().filter(|id| !id.is_empty())
        && let Some(found) = call(connection, MANAGER_PATH, MANAGER, "GetSession", &(id,).to_variant()).await
    {
        return path(found);
    }
    let own = (std::process::id(),).to_variant();
    if let Some(found) = call(connection, MANAGER_PATH, MANAGER, "GetSessionByPID", &own).await {
        return path(found);
    }
    let user = (rustix::process::getuid().as_raw(),).to_variant();
    let user = path(call(connection, MANAGER_PATH, MANAGER, "GetUser", &user).await?)?;
    let arguments = ("org.freedesktop.login1.User", "Display").to_variant();
    let display = call(connection, &user, "org.freedesktop.DBus.Properties", "Get", &arguments).await?;
    let path = display.try_child_value(0)?.as_variant()?.try_child_value(1)?.str()?.to_owned();
    (path != "/").then_some(path)
}

async fn call(
    connection: &gio::DBusConnection,
    path: &str,
    interface: &str,
    method: &str,
    arguments: &Variant,
) -> Option<Variant> {
    connection
        .call_future(
            Some(SERVICE),
            path,
            interface,
            method,
            Some(arguments),
            None,
            gio::DBusCallFlags::NONE,
            ANSWER_LIMIT_MS,
        )
        .await
        .map_err(|error| tracing::debug!("logind does not answer {method}: {error}"))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_it_was_let_go_holds_nothing_up() {
        let fd = || std::fs::File::open("/dev/null").ok().map(OwnedFd::from);
        let inhibitor = Inhibitor::default();
        inhibitor.is_wanted.set(true);
        inhibitor.take(fd());
        assert!(inhibitor.fd.borrow().is_some());
        inhibitor.release();
        assert!(inhibitor.fd.borrow().is_none());
        // The next sleep came before logind's answer.
        inhibitor.take(fd());
        assert!(inhibitor.fd.borrow().is_none());
    }
}
