//! Stand-ins for parts of a desktop on a [`Session`]'s bus: a tray's watcher, a service for notifications; and what the portal's
//! permission store is told.

use async_io::block_on;
use zbus::Connection;
use zbus::connection::Builder;

use crate::pipewire::Session;
use crate::portal::connect;

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const STORE: &str = "org.freedesktop.impl.portal.PermissionStore";

/// Who has a name, until dropped.
pub struct Owner {
    connection: Connection,
    name: &'static str,
}

impl Drop for Owner {
    fn drop(&mut self) {
        // The name is free when this returns.
        let _ = block_on(self.connection.release_name(self.name));
    }
}

struct Watcher {
    has_host: bool,
}

#[zbus::interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        self.has_host
    }
}

/// A watcher of tray icons, with or without a host that shows them.
pub fn watcher(session: &Session, has_host: bool) -> Owner {
    let watcher = connect(session).serve_at("/StatusNotifierWatcher", Watcher { has_host });
    named(watcher.expect("an object"), WATCHER)
}

/// Somebody who has this name and answers nothing.
pub fn owner(session: &Session, name: &'static str) -> Owner {
    named(connect(session), name)
}

fn named(builder: Builder<'_>, name: &'static str) -> Owner {
    let connection = block_on(async { builder.name(name)?.build().await });
    Owner { connection: connection.expect("the bus"), name }
}

/// Has the permission store that runs refuse cameras to this application.
pub fn refuse_cameras(session: &Session, application: &str) {
    let path = format!("/{}", STORE.replace('.', "/"));
    let told = ("devices", true, "camera", application, ["no"].as_slice());
    block_on(async {
        connect(session).build().await?.call_method(Some(STORE), path, Some(STORE), "SetPermission", &told).await
    })
    .expect("the store takes it");
}
