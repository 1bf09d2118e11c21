//! The switch that has Lenscap started with the session: by an entry, or through the portal in a sandbox. Where the systemd
//! user unit is enabled, that starts it, and the entry is left alone.

use std::fs;
use std::path::PathBuf;

use lenscap_autostart::{Entries, EntryUnwritable, gone, write};
use lenscap_core::trouble::preferences::PreferencesTrouble;

use crate::error::WindowError;
use crate::portal;
use lenscap_text::Cause;

/// Where the switch is kept.
#[derive(Debug, Clone)]
pub struct Autostart {
    /// The session's.
    pub entries: Entries,
    /// In a sandbox the desktop's portal keeps the entry to itself: this file remembers what it was asked for.
    pub portal: Option<PathBuf>,
}

impl Autostart {
    /// As the environment says.
    pub fn from_environment() -> Self {
        let portal = std::env::var_os("FLATPAK_ID").map(|_| glib::user_state_dir().join("lenscap/autostart"));
        Self { entries: Entries::from_environment(), portal }
    }

    /// Whether it is switched on.
    pub fn is_on(&self) -> bool {
        self.portal.as_ref().map_or_else(|| self.entries.is_on(), |remembered| remembered.exists())
    }

    /// Whether the systemd user unit starts it.
    pub fn unit_is_enabled(&self) -> bool {
        self.entries.unit_is_enabled()
    }

    /// Has it started with the session from now on, or not.
    ///
    /// # Errors
    /// The entry cannot be written, or the portal refuses.
    pub async fn set(&self, on: bool) -> Result<(), WindowError> {
        let Some(remembered) = &self.portal else { return Ok(self.entries.write(on)?) };
        let bus = gio::bus_get_future(gio::BusType::Session)
            .await
            .map_err(|error| PreferencesTrouble::NoPortal { cause: Cause::other(error) })?;
        if portal::start_with_session(&bus, on).await? {
            write(remembered, "")
        } else {
            gone(fs::remove_file(remembered))
        }
        .map_err(|error| EntryUnwritable { path: remembered.clone(), error }.into())
    }
}
