//! Whether Lenscap starts with the session.
//!
//! An entry in the user's autostart directory says so; one of the system's does, too, and is switched off by a user's
//! entry that is hidden. Where the systemd user unit is enabled, that starts it, and the entry is left alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::portal;
use crate::APP_ID;

const UNIT: &str = "lenscap.service";

/// Where the entries are.
#[derive(Debug, Clone)]
pub struct Autostart {
    /// `$XDG_CONFIG_HOME`.
    pub config_home: PathBuf,
    /// `$XDG_CONFIG_DIRS`.
    pub config_dirs: Vec<PathBuf>,
    /// Directories of systemd user units.
    pub unit_dirs: Vec<PathBuf>,
    /// In a sandbox the desktop's portal keeps the entry and tells nobody: this file remembers what it was asked for.
    pub portal: Option<PathBuf>,
}

impl Autostart {
    /// As the environment says.
    pub fn from_environment() -> Self {
        let config_home = glib::user_config_dir();
        let unit_dirs =
            vec![config_home.join("systemd/user"), "/etc/systemd/user".into(), "/usr/lib/systemd/user".into()];
        let portal = std::env::var_os("FLATPAK_ID").map(|_| glib::user_state_dir().join("lenscap/autostart"));
        Self { config_home, config_dirs: glib::system_config_dirs(), unit_dirs, portal }
    }

    fn entry(&self) -> PathBuf {
        self.config_home.join("autostart").join(format!("{APP_ID}.desktop"))
    }

    fn system_entry(&self) -> bool {
        let name = format!("autostart/{APP_ID}.desktop");
        self.config_dirs
            .iter()
            .any(|directory| fs::read_to_string(directory.join(&name)).is_ok_and(|text| starts(&text)))
    }

    /// Whether an entry starts it.
    pub fn is_on(&self) -> bool {
        if let Some(remembered) = &self.portal {
            return remembered.exists();
        }
        match fs::read_to_string(self.entry()) {
            Ok(text) => starts(&text),
            Err(_) => self.system_entry(),
        }
    }

    /// Whether the systemd user unit starts it: some target wants it.
    pub fn unit_is_enabled(&self) -> bool {
        self.unit_dirs.iter().any(|directory| {
            fs::read_dir(directory).into_iter().flatten().flatten().any(|entry| {
                entry.file_name().to_str().is_some_and(|name| name.ends_with(".wants"))
                    // A link, perhaps to where nothing is any more.
                    && fs::symlink_metadata(entry.path().join(UNIT)).is_ok()
            })
        })
    }

    /// Has it started with the session from now on, or not: through the portal in a sandbox, else by [`Self::write`].
    ///
    /// # Errors
    /// One sentence.
    pub async fn set(&self, on: bool) -> Result<(), String> {
        let Some(remembered) = &self.portal else { return self.write(on) };
        let bus = gio::bus_get_future(gio::BusType::Session).await.map_err(|error| error.message().to_owned())?;
        if portal::start_with_session(&bus, on).await? {
            write(remembered, "")
        } else {
            gone(fs::remove_file(remembered))
        }
        .map_err(|error| unwritable(remembered, &error))
    }

    /// Writes or removes the user's entry.
    ///
    /// # Errors
    /// One sentence: the directory cannot be written.
    fn write(&self, on: bool) -> Result<(), String> {
        let entry = self.entry();
        let done = if on {
            write(&entry, TEXT)
        } else if self.system_entry() {
            write(&entry, HIDDEN)
        } else {
            gone(fs::remove_file(&entry))
        };
        done.map_err(|error| unwritable(&entry, &error))
    }
}

/// What was not there is gone as well.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn unwritable(path: &Path, error: &io::Error) -> String {
    crate::i18n::trf(
        "{path} cannot be written ({why}): make its directory writable.",
        &[("path", &path.display()), ("why", error)],
    )
}

/// The template that is installed, too.
const TEXT: &str = include_str!("../../../data/io.github.lenscap.Lenscap-autostart.desktop");
const HIDDEN: &str = "[Desktop Entry]\nType=Application\nName=Lenscap\nExec=lenscap\nHidden=true\n";

fn write(entry: &PathBuf, text: &str) -> io::Result<()> {
    let Some(directory) = entry.parent() else { return Err(io::ErrorKind::InvalidInput.into()) };
    fs::create_dir_all(directory)?;
    // Never half an entry.
    let temporary = directory.join(format!(".{APP_ID}.{}.tmp", std::process::id()));
    fs::write(&temporary, text).and_then(|()| fs::rename(&temporary, entry)).inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}

/// Whether this entry starts its program, as the session reads it.
fn starts(text: &str) -> bool {
    let is_off = |line: &str| {
        let line: String = line.split_whitespace().collect();
        line == "Hidden=true" || line == "X-GNOME-Autostart-enabled=false"
    };
    !text.lines().any(is_off)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn autostart() -> (tempfile::TempDir, Autostart) {
        let home = tempfile::tempdir().unwrap();
        let autostart = Autostart {
            config_home: home.path().join("config"),
            config_dirs: vec![home.path().join("xdg")],
            unit_dirs: vec![home.path().join("units")],
            portal: None,
        };
        (home, autostart)
    }

    #[test]
    fn the_entry_is_written_and_removed() {
        let (_home, autostart) = autostart();
        assert!(!autostart.is_on());
        autostart.write(true).unwrap();
        assert!(autostart.is_on());
        assert!(fs::read_to_string(autostart.entry()).unwrap().contains("\nExec=lenscap\n"));
        autostart.write(false).unwrap();
        assert!(!autostart.is_on() && !autostart.entry().exists());
        autostart.write(false).unwrap();
    }

    #[test]
    fn the_system_s_entry_is_hidden_not_removed() {
        let (home, autostart) = autostart();
        let system = home.path().join("xdg/autostart").join(format!("{APP_ID}.desktop"));
        fs::create_dir_all(system.parent().unwrap()).unwrap();
        fs::write(&system, TEXT).unwrap();
        assert!(autostart.is_on());
        autostart.write(false).unwrap();
        assert!(!autostart.is_on() && system.exists());
        autostart.write(true).unwrap();
        assert!(autostart.is_on());
    }

    #[test]
    fn an_enabled_unit_is_seen() {
        let (home, autostart) = autostart();
        assert!(!autostart.unit_is_enabled());
        let wants = home.path().join("units/graphical-session.target.wants");
        fs::create_dir_all(&wants).unwrap();
        assert!(!autostart.unit_is_enabled());
        std::os::unix::fs::symlink("/nowhere/lenscap.service", wants.join(UNIT)).unwrap();
        assert!(autostart.unit_is_enabled());
    }

    #[test]
    fn an_unwritable_home_is_one_sentence() {
        let mut autostart = autostart().1;
        autostart.config_home = "/proc/none".into();
        let sentence = autostart.write(true).unwrap_err();
        assert!(sentence.contains("cannot be written") && !sentence.contains('\n'), "{sentence}");
    }
}
