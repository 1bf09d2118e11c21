//! The way to the session bus, which may come and go.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use async_io::Timer;
use futures_lite::StreamExt;
use zbus::Connection;

use super::Desktop;
use super::front::Front;
use super::icon::raise_icon;
use super::notify::Notifier;
use crate::dbus::{Service, owner_changes, take_name};

/// How long a tray that has just come may take to hear of the icon.
const MISSED_AFTER: Duration = Duration::from_secs(2);
/// Between two tries to reach a session bus that went away, doubling.
pub(super) const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);

impl Desktop {
    /// Takes the bus, and all that is on it; tries again when it is gone.
    pub(super) fn reach_bus(self: &Rc<Self>) {
        if !has_session_bus() {
            return tracing::warn!("there is no session bus: no icon and no notifications; \"lenscap status\" works");
        }
        let desktop = self.clone();
        self.tasks.run(async move {
            let (properties, calls) = {
                let front = desktop.front.borrow();
                (front.properties.published(), desktop.calls.clone())
            };
            match Service::connect(&desktop.tasks, properties, calls).await {
                Ok((connection, service)) => desktop.take_bus(&connection, service),
                Err(error) => {
                    tracing::warn!("the session bus cannot be reached: {error}");
                    desktop.reach_bus_later();
                }
            }
        });
    }

    fn take_bus(self: &Rc<Self>, connection: &Connection, service: Service) {
        self.retry.set(FIRST_RETRY);
        let mut front = self.front.borrow_mut();
        front.notifier = Some(Notifier::new(&self.tasks, connection, front.clicks.clone()));
        front.watcher = Some(self.tasks.run_while_held(watch_trays(connection.clone(), self.front.clone())));
        front.service = Some(service);
        drop(front);
        // Not before: who sees the name hears every change from then on.
        self.tasks.run(take_name(connection.clone()));
        self.tasks.run(raise_icon(self.front.clone()));
        let (desktop, connection) = (Rc::downgrade(self), connection.clone());
        self.tasks.run(async move {
            connection.closed().await;
            if let Some(desktop) = desktop.upgrade() {
                tracing::warn!("the session bus went away");
                desktop.front.borrow_mut().leave_bus();
                desktop.reach_bus_later();
            }
        });
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

/// A watcher of trays that appears just while the icon is raised is missed by it.
async fn watch_trays(connection: Connection, front: Rc<RefCell<Front>>) {
    let mut owners = match owner_changes(&connection, "org.kde.StatusNotifierWatcher").await {
        Ok(owners) => owners,
        Err(error) => return tracing::warn!("trays that come are not noticed: {error}"),
    };
    while let Some(Ok(_)) = owners.next().await {
        Timer::after(MISSED_AFTER).await;
        let is_missed = front.borrow().icon.is_some() && !front.borrow().has_host;
        if is_missed {
            tracing::debug!("no tray took the icon: raising it again");
            raise_icon(front.clone()).await;
        }
    }
}

/// Whether there is a session bus to connect to. zbus would look at a place of its own choice.
fn has_session_bus() -> bool {
    let named = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| !address.is_empty());
    named || std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|directory| Path::new(&directory).join("bus").exists())
}
