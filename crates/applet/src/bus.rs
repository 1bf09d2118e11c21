//! The way to the session bus, which may come and go.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use async_io::Timer;
use zbus::Connection;

use super::icon::keep_icon;
use super::notify::Notifier;
use super::{Desktop, StartedBy};
use crate::dbus::{Service, take_name};

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
        front.icon_keeper = Some(self.tasks.run_while_held(keep_icon(connection.clone(), self.front.clone())));
        front.service = Some(service);
        front.connection = Some(connection.clone());
        drop(front);
        self.mind_shortcut();
        if self.started_by == StartedBy::Bus {
            self.offer_set_up();
        }
        // Not before: who sees the name hears every change from then on.
        self.tasks.run(take_name(connection.clone()));
        let (desktop, connection) = (Rc::downgrade(self), connection.clone());
        self.tasks.run(async move {
            connection.closed().await;
            if let Some(desktop) = desktop.upgrade() {
                tracing::warn!("the session bus went away");
                desktop.front.borrow_mut().leave_bus();
                desktop.shortcut_is(None);
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

/// Whether there is a session bus to connect to. zbus would look at a place of its own choice.
fn has_session_bus() -> bool {
    let named = std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| !address.is_empty());
    named || std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|directory| Path::new(&directory).join("bus").exists())
}
