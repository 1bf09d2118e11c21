//! The icon on its way into the tray, and what to do where there is none.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use async_io::Timer;
use ksni::TrayMethods;

use super::Desktop;
use super::front::Front;
use super::notify::{self, Subject};
use super::tray::Icon;
use lenscap_sys::install;

/// How long a desktop may take to bring up its tray before the user hears that there is none.
const TRAY_LIMIT: Duration = Duration::from_secs(15);
/// Remembers that the user has read how to get a tray.
const SAID_NO_TRAY: &str = "told-no-tray";

impl Desktop {
    pub(super) fn tray_is_gone(&self) {
        self.front.borrow_mut().has_host = false;
        let front = self.front.clone();
        let has_one = move || front.borrow().has_host || front.borrow().notifier.is_none();
        let front = self.front.clone();
        self.tasks.run(async move {
            Timer::after(TRAY_LIMIT).await;
            // The home may be on a network, and the answer may take its time.
            if has_one() || !blocking::unblock(may_mention_no_tray).await || has_one() {
                return;
            }
            tracing::warn!("no tray shows the icon; \"lenscap\" shows the preferences");
            front.borrow().notify(Subject::NoTray, Some(notify::no_tray()));
        });
    }
}

/// Whether the user is to hear now that there is no tray: once and never again.
fn may_mention_no_tray() -> bool {
    let Some(directory) = directories::BaseDirs::new()
        .and_then(|directories| directories.state_dir().map(|directory| directory.join("lenscap")))
    else {
        return true;
    };
    let marker = directory.join(SAID_NO_TRAY);
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
pub(super) async fn raise_icon(front: Rc<RefCell<Front>>) {
    let old = front.borrow_mut().icon.take();
    if let Some(old) = old {
        old.shutdown().await;
    }
    let Some(view) = front.borrow().view() else { return };
    // We only hear of it when there is none.
    front.borrow_mut().has_host = true;
    // Nobody is on the way to this one.
    front.borrow_mut().unseen = Rc::default();
    let icon = Icon::new(view, front.borrow().clicks.clone(), front.borrow().hosts.clone(), theme_path());
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
    let known = std::env::var("XDG_DATA_DIRS").ok().filter(|known| !known.is_empty());
    let known = known.unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    match (install::share(), install::icons()) {
        (Some(share), _) if known.split(':').any(|directory| Path::new(directory) == share) => String::new(),
        (_, icons) => icons.unwrap_or_default().to_string_lossy().into_owned(),
    }
}
