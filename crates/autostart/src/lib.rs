//! What starts Lenscap with the session: an entry in the user's autostart directory or in one of the system's, which a
//! user's entry that is hidden switches off; or the systemd user unit. And what is said at a start once and never again.

mod once;

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lenscap_sys::install::{self, APP_ID};

pub use once::Once;

const UNIT: &str = "lenscap.service";

/// Where the entries and the unit are.
#[derive(Debug, Clone)]
pub struct Entries {
    /// `$XDG_CONFIG_HOME`.
    pub config_home: PathBuf,
    /// `$XDG_CONFIG_DIRS`.
    pub config_dirs: Vec<PathBuf>,
    /// Directories of systemd user units.
    pub unit_dirs: Vec<PathBuf>,
}

impl Entries {
    /// As the environment says.
    pub fn from_environment() -> Self {
        let directories = directories::BaseDirs::new();
        let config_home = directories.map(|directories| directories.config_dir().to_owned()).unwrap_or_default();
        let config_dirs = std::env::var_os("XDG_CONFIG_DIRS").filter(|known| !known.is_empty());
        let config_dirs = config_dirs.unwrap_or_else(|| "/etc/xdg".into());
        let unit_dirs =
            vec![config_home.join("systemd/user"), "/etc/systemd/user".into(), "/usr/lib/systemd/user".into()];
        Self { config_home, config_dirs: std::env::split_paths(&config_dirs).collect(), unit_dirs }
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

    /// Writes or removes the user's entry.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, on: bool) -> Result<(), EntryUnwritable> {
        let entry = self.entry();
        let done = if on {
            write(&entry, &template(install::share()))
        } else if self.system_entry() {
            write(&entry, HIDDEN)
        } else {
            gone(fs::remove_file(&entry))
        };
        done.map_err(|error| EntryUnwritable { path: entry, error })
    }
}

/// The entry to write: the installed template; in a build tree, ours.
fn template(share: Option<PathBuf>) -> Cow<'static, str> {
    let installed = share.map(|share| share.join(format!("lenscap/{APP_ID}-autostart.desktop")));
    installed.and_then(|path| fs::read_to_string(path).ok()).map_or(Cow::Borrowed(TEXT), Cow::Owned)
}

/// What was not there is gone as well.
pub fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// An entry that can be neither written nor removed.
#[derive(Debug)]
pub struct EntryUnwritable {
    /// The entry.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

/// The template without the translations that the installed one has.
const TEXT: &str = include_str!("../../../data/io.github.lenscap.Lenscap-autostart.desktop.in");
const HIDDEN: &str = "[Desktop Entry]\nType=Application\nName=Lenscap\nExec=lenscap\nHidden=true\n";

/// Writes it and the directories above it.
pub fn write(entry: &Path, text: &str) -> io::Result<()> {
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

    fn autostart() -> (tempfile::TempDir, Entries) {
        let home = tempfile::tempdir().unwrap();
        let autostart = Entries {
            config_home: home.path().join("config"),
            config_dirs: vec![home.path().join("xdg")],
            unit_dirs: vec![home.path().join("units")],
        };
        (home, autostart)
    }

    #[test]
    fn the_entry_is_written_and_removed() {
        let (_home, autostart) = autostart();
        assert!(!autostart.is_on());
        autostart.write(true).unwrap();
        assert!(autostart.is_on());
        assert!(fs::read_to_string(autostart.entry()).unwrap().contains("\nExec=lenscap --gapplication-service\n"));
        autostart.write(false).unwrap();
        assert!(!autostart.is_on() && !autostart.entry().exists());
        autostart.write(false).unwrap();
    }

    #[test]
    fn the_installed_template_is_written_with_its_translations() {
        let share = tempfile::tempdir().unwrap();
        assert_eq!(template(None), TEXT);
        assert_eq!(template(Some(share.path().to_owned())), TEXT);
        let translated = format!("{TEXT}Comment[de]=Bleibt aus\n");
        fs::create_dir(share.path().join("lenscap")).unwrap();
        fs::write(share.path().join(format!("lenscap/{APP_ID}-autostart.desktop")), &translated).unwrap();
        assert_eq!(template(Some(share.path().to_owned())), translated);
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
    fn an_unwritable_home_is_reported_with_the_path() {
        let mut autostart = autostart().1;
        autostart.config_home = "/proc/none".into();
        let unwritable = autostart.write(true).unwrap_err();
        assert!(unwritable.path.starts_with("/proc/none"), "{unwritable:?}");
    }
}
