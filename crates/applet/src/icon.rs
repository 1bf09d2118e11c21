//! The icon on its way into the tray, and what to do where there is none.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use futures_lite::StreamExt;
use ksni::TrayMethods;
use zbus::Connection;

use super::front::Front;
use super::notify::{self, Subject};
use super::tasks::within;
use super::tray::Icon;
use crate::dbus::owner_changes;
use lenscap::autostart::Once;
use lenscap_sys::install;

/// What items are registered with.
const WATCHER: &str = "org.kde.StatusNotifierWatcher";
/// How long hosts may take to ask for the icon, each time that it is raised; in all, so long that a desktop that is just
/// coming up has its panel by then.
const PATIENCE: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(8), Duration::from_secs(20)];
/// How long the watcher may take to register the icon: GNOME's does so when the session is ready.
const REGISTER_LIMIT: Duration = Duration::from_secs(30);
/// How long the icon's own thread may take to answer, or to end: it waits for the watcher now and then.
const THREAD_LIMIT: Duration = Duration::from_secs(1);

/// Raises the icon, again where no host asks for it, and says in the end that there is no tray; all of that anew when a
/// watcher comes or goes. Ends with the bus.
pub(super) async fn keep_icon(connection: Connection, front: Rc<RefCell<Front>>) {
    // Before the icon is raised: ksni listens only after it, and misses who comes in between.
    let mut watchers = match owner_changes(&connection, WATCHER).await {
        Ok(watchers) => watchers,
        Err(error) => return tracing::warn!("no icon: {error}"),
    };
    raise(&front).await;
    let mut tries = 0;
    loop {
        let change = match PATIENCE.get(tries) {
            Some(limit) => within(*limit, watchers.next()).await,
            // Nothing more to do.
            None => Some(watchers.next().await),
        };
        tries = match change {
            Some(Some(Ok(change))) => {
                let body = change.body();
                if matches!(body.deserialize::<(&str, &str, &str)>(), Ok((_, _, ""))) {
                    tracing::debug!("the tray is gone");
                    // What its hosts asked counts no more. The next watcher hears of the icon by ksni.
                    is_asked_for(&front).await;
                }
                0
            }
            Some(_) => return,
            None if is_asked_for(&front).await => {
                tracing::debug!("a tray asked for the icon");
                PATIENCE.len()
            }
            None if tries + 1 < PATIENCE.len() => {
                tracing::debug!("no tray asked for the icon: raising it again");
                raise(&front).await;
                tries + 1
            }
            None => {
                say_no_tray(&front).await;
                PATIENCE.len()
            }
        };
    }
}

/// Whether a host asked for the icon since this was last called.
async fn is_asked_for(front: &RefCell<Front>) -> bool {
    let Some(icon) = front.borrow().icon.clone() else { return false };
    within(THREAD_LIMIT, icon.update(|icon| icon.take_asked())).await.flatten().unwrap_or(false)
}

async fn say_no_tray(front: &RefCell<Front>) {
    tracing::warn!("no tray shows the icon; \"lenscap\" shows the preferences");
    // The home may be on a network, and the answer may take its time.
    if blocking::unblock(may_mention_no_tray).await {
        front.borrow().notify(Subject::NoTray, Some(notify::no_tray(is_gnome())));
    }
}

/// Whether the desktop is GNOME's shell, which has a tray by an extension only. Budgie has one, and names itself after both.
fn is_gnome() -> bool {
    let desktops = std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default();
    let is_named = |name| desktops.split(':').any(|desktop| desktop == name);
    is_named("GNOME") && !is_named("Budgie")
}

/// Whether the user is to hear now that there is no tray: once and never again.
fn may_mention_no_tray() -> bool {
    let once = Once::no_tray();
    if once.is_said() {
        return false;
    }
    if let Err(error) = once.say() {
        tracing::debug!("cannot remember that there is no tray: {error}");
    }
    true
}

/// Puts the icon into the tray, now or as soon as there is one, in place of the one before.
async fn raise(front: &RefCell<Front>) {
    let old = front.borrow_mut().icon.take();
    if let Some(old) = old {
        let _ = within(THREAD_LIMIT, old.shutdown()).await;
    }
    let Some(view) = front.borrow().view() else { return };
    // Nobody is on the way to this one.
    front.borrow_mut().unseen = Rc::default();
    let icon = Icon::new(view, front.borrow().clicks.clone(), theme_path());
    // Under the unique name, as all items of libappindicator are, so that each watcher knows them. When a name of the
    // item's own appears, GNOME's extension up to 46 forgets the item's properties and fails to read them again
    // (mended in its 882b8ca); and a sandbox may not own such a name.
    let raised = icon.disable_dbus_name(true).assume_sni_available(true).spawn();
    match within(REGISTER_LIMIT, raised).await {
        Some(Ok(handle)) => {
            front.borrow_mut().icon = Some(handle);
            // Something may have happened meanwhile.
            front.borrow().show_icon();
        }
        Some(Err(error)) => tracing::warn!("no icon: {error}"),
        None => tracing::warn!("no icon: the tray does not answer"),
    }
}

/// Where our icons are when the desktop does not look there by itself, else empty.
fn theme_path() -> String {
    let known = std::env::var("XDG_DATA_DIRS").ok().filter(|known| !known.is_empty());
    let known = known.unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    match (install::share(), install::icons()) {
        (Some(share), _) if known.split(':').any(|directory| Path::new(directory) == share) => String::new(),
        (_, icons) => icons.unwrap_or_default().to_string_lossy().into_owned(),
    }
}
