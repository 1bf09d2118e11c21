//! What starts Lenscap with the session: an entry in the user's autostart directory or in one of the system's, which a
//! user's entry that is hidden switches off; or the systemd user unit. Where there are both, whichever comes first is the one that
//! runs: the other finds its name taken on the bus, and ends. And what is said at a start once and never again.

mod entry;
mod once;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::iter;
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
    /// Where systemd looks for user units; the first that has one counts.
    pub unit_dirs: Vec<PathBuf>,
    /// What an entry has to start.
    pub program: PathBuf,
}

impl Entries {
    /// As the environment says.
    pub fn from_environment() -> Self {
        let base = directories::BaseDirs::new();
        let home =
            |of: fn(&directories::BaseDirs) -> &Path| base.as_ref().map(|base| of(base).to_owned()).unwrap_or_default();
        let config_home = home(directories::BaseDirs::config_dir);
        let listed = |variable: &str, default: &str| -> Vec<PathBuf> {
            let set = std::env::var_os(variable).filter(|set| !set.is_empty()).unwrap_or_else(|| default.into());
            std::env::split_paths(&set).collect()
        };
        let config_dirs = listed("XDG_CONFIG_DIRS", "/etc/xdg");
        // systemd.unit(5), "User Unit Search Path".
        let unit_dirs = iter::once(config_home.clone())
            .chain(config_dirs.clone())
            .chain(["/etc".into()])
            .chain(base.as_ref().and_then(|base| base.runtime_dir().map(Path::to_owned)))
            .chain(["/run".into(), home(directories::BaseDirs::data_dir)])
            .chain(listed("XDG_DATA_DIRS", "/usr/local/share:/usr/share"))
            .chain(["/usr/local/lib".into(), "/usr/lib".into()])
            .map(|directory| directory.join("systemd/user"))
            .collect();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = install::program("lenscap").unwrap_or_else(|_| "lenscap".into());
        Self { config_home, config_dirs, unit_dirs, program: lasting_name(program, &path) }
    }

    fn entry(&self) -> PathBuf {
        self.config_home.join("autostart").join(format!("{APP_ID}.desktop"))
    }

    /// The text of the system's.
    fn system_entry(&self) -> Option<String> {
        let name = format!("autostart/{APP_ID}.desktop");
        self.config_dirs.iter().find_map(|directory| fs::read_to_string(directory.join(&name)).ok())
    }

    /// The text of the one that starts it: the user's hides the system's.
    fn active_entry(&self) -> Option<String> {
        fs::read_to_string(self.entry()).ok().or_else(|| self.system_entry()).filter(|text| entry::starts(text))
    }

    /// Whether an entry starts it.
    pub fn is_on(&self) -> bool {
        self.active_entry().is_some()
    }

    /// The program that an entry would start, where it is not there any more: the session then ignores the entry.
    pub fn missing_program(&self) -> Option<PathBuf> {
        self.active_entry().and_then(|text| entry::program(&text)).filter(|path| path.is_absolute() && !path.is_file())
    }

    /// Whether the systemd user unit starts it: some target wants it, and it is neither gone nor masked (which makes it empty).
    pub fn unit_is_enabled(&self) -> bool {
        let unit = self.unit_dirs.iter().find_map(|directory| fs::read(directory.join(UNIT)).ok());
        let is_wanted = |directory: &PathBuf| {
            fs::read_dir(directory).into_iter().flatten().flatten().any(|entry| {
                entry.file_name().to_str().is_some_and(|name| name.ends_with(".wants"))
                    // By its name: what the link points to is not looked at.
                    && fs::symlink_metadata(entry.path().join(UNIT)).is_ok()
            })
        };
        unit.is_some_and(|text| !text.is_empty()) && self.unit_dirs.iter().any(is_wanted)
    }

    /// Has the user's entry start what is running now, where it names a program that is not there, or leaves it to the session's
    /// `PATH`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn mend(&self) -> Result<(), EntryUnwritable> {
        let entry = self.entry();
        let text = fs::read_to_string(&entry).unwrap_or_default();
        let is_stale = entry::program(&text).is_some_and(|path| !path.is_absolute() || !path.is_file());
        if !is_stale || !entry::starts(&text) {
            return Ok(());
        }
        write(&entry, &entry::with_program(&text, &self.program))
            .map_err(|error| EntryUnwritable { path: entry, error })
    }

    /// Writes or removes the user's entry.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, on: bool) -> Result<(), EntryUnwritable> {
        let entry = self.entry();
        let done = if on {
            write(&entry, &entry::with_program(&template(install::share()), &self.program))
        } else if self.system_entry().is_some_and(|text| entry::starts(&text)) {
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

/// The path by which `PATH` finds the same program, if it does: on NixOS, or with GNU Stow, that one outlasts an update.
fn lasting_name(program: PathBuf, path: &OsStr) -> PathBuf {
    let Ok(same) = fs::canonicalize(&program) else { return program };
    let mut names = std::env::split_paths(path).map(|directory| directory.join("lenscap"));
    names
        .find(|name| name.is_absolute() && name.is_file())
        .filter(|name| fs::canonicalize(name).is_ok_and(|it| it == same))
        .unwrap_or(program)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn autostart() -> (tempfile::TempDir, Entries) {
        let home = tempfile::tempdir().unwrap();
        let autostart = Entries {
            config_home: home.path().join("config"),
            config_dirs: vec![home.path().join("xdg")],
            unit_dirs: vec![home.path().join("units")],
            program: home.path().join("bin/lenscap"),
        };
        (home, autostart)
    }

    #[test]
    fn the_entry_is_written_and_removed() {
        let (_home, autostart) = autostart();
        assert!(!autostart.is_on());
        autostart.write(true).unwrap();
        assert!(autostart.is_on());
        let text = fs::read_to_string(autostart.entry()).unwrap();
        let program = autostart.program.display();
        assert!(
            text.contains(&format!("\nExec={program} --gapplication-service\n"))
                && text.contains(&format!("\nTryExec={program}\n")),
            "{text}"
        );
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
    fn an_enabled_unit_is_seen_unless_it_is_gone_or_masked() {
        let (home, mut autostart) = autostart();
        let (own, system) = (home.path().join("own"), home.path().join("units"));
        autostart.unit_dirs.insert(0, own.clone());
        let wants = own.join("graphical-session.target.wants");
        fs::create_dir_all(&wants).unwrap();
        fs::create_dir_all(&system).unwrap();
        fs::write(system.join(UNIT), "[Unit]\n").unwrap();
        assert!(!autostart.unit_is_enabled());
        symlink("/nowhere/lenscap.service", wants.join(UNIT)).unwrap();
        assert!(autostart.unit_is_enabled());
        symlink("/dev/null", own.join(UNIT)).unwrap();
        assert!(!autostart.unit_is_enabled(), "masked");
        fs::remove_file(own.join(UNIT)).unwrap();
        fs::remove_file(system.join(UNIT)).unwrap();
        assert!(!autostart.unit_is_enabled(), "gone");
    }

    #[test]
    fn an_entry_whose_program_moved_is_said_and_mended() {
        let (home, mut autostart) = autostart();
        let there = home.path().join("bin/lenscap");
        fs::create_dir(home.path().join("bin")).unwrap();
        fs::write(&there, "").unwrap();
        let read = |autostart: &Entries| fs::read_to_string(autostart.entry()).unwrap();
        // No entry, none made.
        autostart.mend().unwrap();
        assert!(!autostart.is_on());
        // Of an older version, and what else is in it.
        fs::create_dir_all(autostart.entry().parent().unwrap()).unwrap();
        fs::write(autostart.entry(), "[Desktop Entry]\nExec=lenscap -v\nTryExec=lenscap\nX-Own=1\n").unwrap();
        assert_eq!(autostart.missing_program(), None);
        autostart.mend().unwrap();
        let there = there.display();
        assert_eq!(read(&autostart), format!("[Desktop Entry]\nExec={there} -v\nTryExec={there}\nX-Own=1\n"));
        // Another one that runs leaves it alone while that one is there.
        let before = read(&autostart);
        autostart.program = "/proc/self/exe/lenscap".into();
        autostart.mend().unwrap();
        assert_eq!((read(&autostart), autostart.missing_program()), (before, None));
        fs::remove_dir_all(home.path().join("bin")).unwrap();
        assert_eq!(autostart.missing_program(), Some(home.path().join("bin/lenscap")));
        autostart.mend().unwrap();
        assert!(read(&autostart).contains("\nTryExec=/proc/self/exe/lenscap\n"));
        // One that is switched off stays so.
        fs::write(autostart.entry(), HIDDEN).unwrap();
        autostart.mend().unwrap();
        assert_eq!((read(&autostart).as_str(), autostart.missing_program()), (HIDDEN, None));
    }

    #[test]
    fn the_name_on_the_path_is_taken_where_it_is_the_same_program() {
        let home = tempfile::tempdir().unwrap();
        let at = |path: &str| home.path().join(path);
        for directory in ["store/1/bin", "profile", "other"] {
            fs::create_dir_all(at(directory)).unwrap();
        }
        fs::write(at("store/1/bin/lenscap"), "").unwrap();
        fs::write(at("other/lenscap"), "").unwrap();
        symlink(at("store/1/bin/lenscap"), at("profile/lenscap")).unwrap();
        let named = |directories: &[&str]| {
            let path = std::env::join_paths(directories.iter().map(|directory| at(directory))).unwrap();
            lasting_name(at("store/1/bin/lenscap"), &path)
        };
        assert_eq!(named(&["profile", "other"]), at("profile/lenscap"));
        assert_eq!(named(&["other", "profile"]), at("store/1/bin/lenscap"));
        assert_eq!(named(&["nowhere"]), at("store/1/bin/lenscap"));
    }

    #[test]
    fn an_unwritable_home_is_reported_with_the_path() {
        let mut autostart = autostart().1;
        autostart.config_home = "/proc/none".into();
        let unwritable = autostart.write(true).unwrap_err();
        assert!(unwritable.path.starts_with("/proc/none"), "{unwritable:?}");
    }
}
