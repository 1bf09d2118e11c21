//! The way to the session bus, which may come and go.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use async_io::Timer;

use super::Desktop;
use super::icon::raise_icon;
use super::notify::Notifier;
use super::tasks::within;
use crate::dbus::{Respond, Service};

/// How long a tray that has just come may take to hear of the icon.
const MISSED_AFTER: Duration = Duration::from_secs(2);
/// Between two tries to reach a session bus that went away, doubling.
pub(super) const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);
/// How long a bus may take to let us in.
const BUS_LIMIT: Duration = Duration::from_secs(5);

impl Desktop {
    /// Takes the bus, and all that is on it; tries again when it is gone.
    pub(super) fn reach_bus(self: &Rc<Self>) {
        if !has_session_bus() {
            return tracing::warn!("there is no session bus: no icon and no notifications; \"lenscap status\" works");
        }
        let desktop = self.clone();
        self.tasks.run(async move {
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
        self.tasks.run(async move {
            let _ = closed.recv().await;
            if let Some(desktop) = desktop.upgrade() {
                tracing::warn!("the session bus went away");
                desktop.front.borrow_mut().leave_bus();
                desktop.reach_bus_later();
            }
        });
        let desktop = Rc::downgrade(self);
        let obey = move |request, reply: Respond| {
            if let Some(desktop) = desktop.upgrade() {
                desktop.answer_on_bus(request, reply);
            }
        };
        let mut front = self.front.borrow_mut();
        match Service::new(connection, &front.properties, obey) {
            Ok(service) => front.service = Some(service),
            Err(error) => tracing::error!("the D-Bus interface cannot be offered: {error}"),
        }
        front.notifier = Some(Notifier::new(connection, front.clicks.clone()));
        drop(front);
        self.tasks.run(raise_icon(self.front.clone()));
        // A watcher that appears just while the icon is raised is missed by it.
        let (front, tasks) = (self.front.clone(), self.tasks.clone());
        let watcher = connection.subscribe_to_signal(
            Some("org.freedesktop.DBus"),
            Some("org.freedesktop.DBus"),
            Some("NameOwnerChanged"),
            None,
            Some("org.kde.StatusNotifierWatcher"),
            gio::DBusSignalFlags::NONE,
            move |_| {
                let (front, tasks) = (front.clone(), tasks.clone());
                tasks.run(async move {
                    Timer::after(MISSED_AFTER).await;
                    let is_missed = front.borrow().icon.is_some() && !front.borrow().has_host;
                    if is_missed {
                        tracing::debug!("no tray took the icon: raising it again");
                        raise_icon(front).await;
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
        self.tasks.run(async move {
            Timer::after(wait).await;
            if let Some(desktop) = desktop.upgrade() {
                desktop.reach_bus();
            }
        });
    }
}

/// A connection of our own to the session bus: its end is not ours. The relay runs in this thread and never waits for a
/// bus that does not answer.
async fn connect() -> Result<gio::DBusConnection, glib::Error> {
    let address = gio::functions::dbus_address_get_for_bus_sync(gio::BusType::Session, gio::Cancellable::NONE)?;
    let flags = gio::DBusConnectionFlags::AUTHENTICATION_CLIENT | gio::DBusConnectionFlags::MESSAGE_BUS_CONNECTION;
    let connection = gio::DBusConnection::for_address_future(&address, flags, None);
    let late = || Err(glib::Error::new(gio::IOErrorEnum::TimedOut, "timeout"));
    within(BUS_LIMIT, connection).await.unwrap_or_else(late)
}

/// Whether there is a session bus to connect to. GLib would start one of its own otherwise, where it can.
fn has_session_bus() -> bool {
    let named = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| !address.is_empty());
    named || std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|directory| Path::new(&directory).join("bus").exists())
}
