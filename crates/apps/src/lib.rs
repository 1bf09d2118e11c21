//! Which application a process belongs to, by the name and the icon that people know. No policy, no thread.
//!
//! Rules:
//! 1. A wrong name is worse than none. What starts a program (a terminal, a launcher, a shell) does not name it: the desktop
//!    file that a scope points to counts only where it starts this very program.
//! 2. The first that answers: Flatpak, Snap, the unit that a session manager put the process into, its executable. A
//!    browser's helper is its browser. An AppImage, a Windows program and a script count for what runs them.
//! 3. A program that no desktop file knows has the name of its command; our own window is Lenscap.
//! 4. What rests on what every program can say of itself, or on a file of the user's, is a guess ([`App::is_guess`]).
//! 5. Everything that is read is bounded, opened without waiting, and read through one descriptor of the process's directory:
//!    that never leads to another process that has the same number by now.
//!
//! To read a process or a directory may take as long as a file server takes: it is for a thread that can be given up. Nothing is
//! read under a lock, and one directory that does not answer costs one thread: whoever comes meanwhile does without
//! desktop files.

mod appimage;
mod command;
mod entry;
mod files;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
mod index;
mod process;
mod sandbox;
#[cfg(test)]
mod tests;
mod unit;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lenscap_core::app::{App, AppId};
use lenscap_sys::install::APP_ID;
use lenscap_text as text;

use command::Command;
use entry::{Entry, Match};
use index::Index;
pub use process::Process;
use process::{Executable, Life};

/// Processes remembered; more than have a camera open at the same time.
const MAX_KNOWN: usize = 32;
/// How long is waited for another thread to list the desktop files.
const LISTING_PATIENCE: Duration = Duration::from_millis(500);
/// How far up a helper's main process is looked for: Chromium's are two below.
const MAX_ANCESTORS: usize = 8;
/// Our window's program. It shows the picture as other applications get it, and no desktop file starts it: that starts `lenscap`.
const OWN_WINDOW: &str = "lenscap-preferences";
/// What people know it by.
const OWN_NAME: &str = "Lenscap";
/// Arguments of helpers of Chromium and Electron, of Firefox, of Python's `multiprocessing`.
const HELPER_MARKS: [&str; 3] = ["--type=", "-contentproc", "--multiprocessing-fork"];

/// Where things are; elsewhere in tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    /// Usually `/proc`.
    pub proc: PathBuf,
    /// Directories of desktop files, the most important first.
    pub applications: Vec<PathBuf>,
    /// Where commands are.
    pub path: OsString,
    /// The user's languages, the first choice first, as in "pt_BR".
    pub languages: Vec<String>,
    /// Whose files no program of the user's can have put there: root's.
    pub trusted_owner: u32,
}

impl Default for Roots {
    /// This session's.
    fn default() -> Self {
        Self {
            proc: "/proc".into(),
            applications: application_directories(),
            path: std::env::var_os("PATH").unwrap_or_default(),
            languages: languages(|name| std::env::var(name).ok()),
            trusted_owner: 0,
        }
    }
}

/// The base directory specification's, and those that only a login shell adds: a service of the session's may lack them.
fn application_directories() -> Vec<PathBuf> {
    let home = directories::BaseDirs::new().map(|base| base.data_dir().to_owned());
    let listed = std::env::var_os("XDG_DATA_DIRS").filter(|listed| !listed.is_empty());
    let listed = listed.unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    let flatpak = home.iter().map(|home| home.join("flatpak/exports/share")).collect::<Vec<_>>();
    let mut all: Vec<PathBuf> = home.into_iter().collect();
    all.extend(std::env::split_paths(&listed).filter(|path| path.is_absolute()));
    all.extend(flatpak);
    all.extend(["/var/lib/flatpak/exports/share".into(), "/var/lib/snapd/desktop".into()]);
    let mut unique: Vec<PathBuf> = Vec::new();
    for directory in all.into_iter().map(|directory| directory.join("applications")) {
        if !unique.contains(&directory) {
            unique.push(directory);
        }
    }
    unique
}

/// As gettext chooses: `LANGUAGE` first, where there is a locale at all.
fn languages(variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set).unwrap_or_default();
    let without_encoding = |locale: &str| locale.split(['.', '@']).next().unwrap_or_default().to_owned();
    let locale = without_encoding(&locale);
    if ["", "C", "POSIX"].contains(&locale.as_str()) {
        return Vec::new();
    }
    let preferred = set("LANGUAGE").unwrap_or_default();
    preferred.split(':').filter(|it| !it.is_empty()).map(without_encoding).chain([locale]).collect()
}

/// Who a process is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// A name for people, never empty.
    pub name: String,
    /// The application; `None`: the process keeps its executable to itself, or is no more.
    pub app: Option<App>,
}

/// Names processes. Those that were named once are remembered, and so is where desktop files are.
#[derive(Debug)]
pub struct Apps {
    roots: Roots,
    state: Mutex<State>,
    has_listed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    index: Option<Arc<Index>>,
    is_listing: bool,
    /// The one named last is the last.
    known: VecDeque<(Life, Identity)>,
}

impl Apps {
    /// Reads nothing yet.
    pub fn new(roots: Roots) -> Self {
        Self { roots, state: Mutex::default(), has_listed: Condvar::new() }
    }

    /// Where processes are shown.
    pub fn proc(&self) -> &Path {
        &self.roots.proc
    }

    /// Who the process of this number is.
    pub fn identify_pid(&self, pid: u32) -> Identity {
        match Process::open(&self.roots.proc, pid) {
            Ok(process) => self.identify(&process),
            Err(_) => Identity { name: format!("process {pid}"), app: None },
        }
    }

    /// Who this process is.
    pub fn identify(&self, process: &Process) -> Identity {
        let Some(executable) = process.executable() else {
            return Identity { name: process.short_name(), app: None };
        };
        let life = process.life(&executable);
        if let Some(identity) = life.as_ref().and_then(|life| self.known(life)) {
            return identity;
        }
        let (identity, is_whole) = self.conclude(process, &executable);
        // Of one that ended meanwhile not everything was read.
        if let Some(life) = life.filter(|life| is_whole && process.life(&executable).as_ref() == Some(life)) {
            let mut state = self.lock();
            if state.known.len() >= MAX_KNOWN {
                state.known.pop_front();
            }
            state.known.push_back((life, identity.clone()));
        }
        identity
    }

    /// The application of this id, which a portal gave it: the portal knows it from the process that asked.
    pub fn of_id(&self, id: &str) -> Identity {
        self.named(id, "", false, &self.index())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, life: &Life) -> Option<Identity> {
        let state = self.lock();
        state.known.iter().find(|(known, _)| known == life).map(|(_, identity)| identity.clone())
    }

    /// The desktop files there are; none where another thread has been at that for long.
    fn index(&self) -> Option<Arc<Index>> {
        let listing = |state: &mut State| state.is_listing;
        let state = self.lock();
        let waited = self.has_listed.wait_timeout_while(state, LISTING_PATIENCE, listing);
        let (mut state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return None;
        }
        state.is_listing = true;
        let before = state.index.clone();
        drop(state);
        let index = before.filter(|index| index.is_current()).unwrap_or_else(|| Arc::new(Index::new(&self.roots)));
        let mut state = self.lock();
        state.index = Some(Arc::clone(&index));
        state.is_listing = false;
        self.has_listed.notify_all();
        Some(index)
    }

    /// And whether everything was there to be looked at.
    fn conclude(&self, process: &Process, executable: &Executable) -> (Identity, bool) {
        let program = executable.name();
        let index = self.index();
        let is_whole = index.is_some();
        let unit = process.unit();
        if let Some(flatpak) = sandbox::flatpak(process, unit.as_deref()) {
            return (self.named(&flatpak.id, &program, flatpak.is_guess, &index), is_whole);
        }
        let main = main_process(&self.roots.proc, process, executable);
        let main = main.as_ref().unwrap_or(process);
        let image = appimage::of(main, executable);
        let command = match &image {
            Some(image) => image.command(),
            None => Command::of_process(executable, &main.arguments()),
        };
        let is_guess = !executable.is_owned_by(self.roots.trusted_owner) || command.is_claimed();
        if let Some(snap) = unit.as_deref().and_then(sandbox::snap).filter(|snap| snap.has(&command)) {
            let ids = snap.ids();
            let id = ids.iter().find(|id| index.as_ref().is_some_and(|index| index.entry(id).is_some()));
            let identity = match id {
                Some(id) => self.named(id, &program, is_guess, &index),
                None => Identity { name: text::name(&snap.name), ..self.named(&ids[0], &program, is_guess, &index) },
            };
            return (identity, is_whole);
        }
        let from_unit = || {
            let index = index.as_ref()?;
            let entries = unit::ids(unit.as_deref()?).into_iter().filter_map(|id| index.entry(&id));
            entries.into_iter().find(|entry| entry.starts(&command, &self.roots.path).is_some())
        };
        let from_program = || index.as_ref()?.entry_of(&command, &self.roots.path);
        let entry = from_unit().or_else(from_program);
        let own = || image.as_ref().and_then(|image| image.entry(main, &self.roots));
        let identity = match entry.or_else(own) {
            Some(entry) => {
                let is_proven = !is_guess && entry.owner == self.roots.trusted_owner;
                // A window's class is a word that stands in a desktop file and nowhere else.
                let is_proven = is_proven && entry.starts(&command, &self.roots.path) != Some(Match::WindowClass);
                identity_of(&entry, &program, !is_proven)
            }
            None if command.base_name() == OWN_WINDOW => {
                let icon = Some(APP_ID.to_owned());
                Identity { name: OWN_NAME.into(), app: Some(App { id: APP_ID.into(), program, icon, is_guess }) }
            }
            None => command_line(&command, program),
        };
        (identity, is_whole)
    }

    fn named(&self, id: &str, program: &str, is_guess: bool, index: &Option<Arc<Index>>) -> Identity {
        match index.as_ref().and_then(|index| index.entry(id)) {
            Some(entry) => identity_of(&entry, program, is_guess),
            None => {
                let app = App { id: id.into(), program: program.to_owned(), icon: None, is_guess };
                Identity { name: text::name(id), app: Some(app) }
            }
        }
    }
}

/// As its desktop file has it.
fn identity_of(entry: &Entry, program: &str, is_guess: bool) -> Identity {
    let app = App { id: entry.id.as_str().into(), program: program.to_owned(), icon: entry.icon.clone(), is_guess };
    Identity { name: entry.name.clone(), app: Some(app) }
}

/// Of a program that no desktop file knows.
fn command_line(command: &Command, program: String) -> Identity {
    let name = text::name(command.base_name());
    let name = if name.is_empty() { program.clone() } else { name };
    let app = App { id: AppId::of_program(&name), program, icon: None, is_guess: command.is_claimed() };
    Identity { name, app: Some(app) }
}

/// Whose helper this is: the first process above it that runs the same executable and is none itself.
fn main_process(proc: &Path, process: &Process, executable: &Executable) -> Option<Process> {
    let is_helper = |process: &Process| {
        let arguments = process.arguments();
        // Chromium's write all of them into one.
        let mut words = arguments.iter().flat_map(|argument| argument.split(' ')).skip(1);
        words.any(|word| HELPER_MARKS.iter().any(|mark| word.starts_with(mark)))
    };
    let mut main = None;
    for _ in 0..MAX_ANCESTORS {
        let current = main.as_ref().unwrap_or(process);
        if !is_helper(current) {
            break;
        }
        let Some(number) = current.parent() else { break };
        let Ok(parent) = Process::open(proc, number) else { break };
        // Not another one that has the parent's number by now.
        let is_parent = current.parent() == Some(number);
        if !is_parent || parent.executable().is_none_or(|it| it.path != executable.path) {
            break;
        }
        main = Some(parent);
    }
    main
}
