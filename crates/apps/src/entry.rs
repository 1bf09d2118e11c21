//! One desktop file (the Desktop Entry Specification), read by the library.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use freedesktop_desktop_entry::DesktopEntry;
use lenscap_text as text;
use rustix::fs::OFlags;

use crate::command::{Command, base_name};
use crate::files;

/// Longest desktop file, in bytes; the longest of real ones, with all their translations, have a tenth.
const MAX_FILE: u64 = 512 << 10;
/// Longest icon, in letters.
const MAX_ICON: usize = 1024;
/// Directories below which each application has one of its own.
const OWN_DIRECTORIES: [&str; 6] = ["/opt", "/usr/lib", "/usr/lib64", "/usr/libexec", "/usr/share", "/usr/local/lib"];

/// What is of use of a desktop file.
#[derive(Debug)]
pub(crate) struct Entry {
    pub id: String,
    /// In the user's language; never empty.
    pub name: String,
    pub icon: Option<String>,
    /// Whose file it is.
    pub owner: u32,
    /// Lower-case; of a window, as X11 knows it.
    pub window_class: Option<String>,
    commands: Vec<Command>,
    /// Words behind the program: the plainest entry is the application itself.
    words: usize,
    is_shown: bool,
}

/// How an entry and a command are found to belong together, the better first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Match {
    Path,
    Name,
    Directory,
    WindowClass,
}

impl Entry {
    /// `None`: it is none, is switched off, or is of no application.
    pub(crate) fn read(path: &Path, id: &str, languages: &[String]) -> Option<Self> {
        let content = files::read(rustix::fs::CWD, path, OFlags::empty(), MAX_FILE).ok()??;
        if content.is_cut {
            return None;
        }
        Self::parse(&String::from_utf8(content.bytes).ok()?, id, content.owner, languages)
    }

    pub(crate) fn parse(text: &str, id: &str, owner: u32, languages: &[String]) -> Option<Self> {
        let entry = DesktopEntry::from_str("an.desktop", text, Some(languages)).ok()?;
        let name = text::name(entry.name(languages)?.as_bytes());
        if entry.hidden() || entry.type_() != Some("Application") || name.is_empty() {
            return None;
        }
        let arguments = entry.parse_exec().unwrap_or_default();
        // An application of the web in a browser's process: it would name the whole browser.
        let is_web = arguments.iter().any(|word| word.starts_with("--app-id=") || word.starts_with("--app="));
        let tried = entry.try_exec().filter(|tried| !tried.is_empty()).map(|tried| vec![tried.to_owned()]);
        let commands = [Some(arguments.clone()), tried].into_iter().flatten().filter(|_| !is_web);
        let icon = entry.icon().map(|icon| text::clean(icon, MAX_ICON));
        Some(Self {
            id: id.to_owned(),
            name,
            icon: icon.filter(|icon| !icon.is_empty() && (icon.starts_with('/') || !icon.contains('/'))),
            owner,
            window_class: entry.startup_wm_class().filter(|_| !is_web).map(str::to_ascii_lowercase),
            commands: commands.filter_map(|words| Command::of_exec(&words)).collect(),
            words: arguments.len(),
            is_shown: !entry.no_display(),
        })
    }

    /// By what the index finds it.
    pub(crate) fn keys(&self, path: &OsStr) -> Vec<String> {
        let names = self.commands.iter().map(|command| command.base_name().to_owned());
        let own = self.commands.iter().filter_map(|command| own_directory(&resolved(&command.target, path)?));
        let classes = self.window_class.iter().cloned();
        names.chain(own.map(|own| own.to_string_lossy().into_owned())).chain(classes).collect()
    }

    /// Whether this command is what it starts.
    pub(crate) fn starts(&self, command: &Command, path: &OsStr) -> Option<Match> {
        let by = |own: &Command| {
            if own.target == command.target && own.target.is_absolute() {
                return Some(Match::Path);
            }
            let resolved = resolved(&own.target, path);
            if resolved.as_ref().is_some_and(|resolved| *resolved == command.target) {
                return Some(Match::Path);
            }
            if !command.base_name().is_empty() && own.base_name() == command.base_name() {
                return Some(Match::Name);
            }
            let directory = own_directory(&resolved?)?;
            command.target.starts_with(directory).then_some(Match::Directory)
        };
        let class = || {
            let class = self.window_class.as_deref()?;
            (class == command.base_name().to_ascii_lowercase()).then_some(Match::WindowClass)
        };
        self.commands.iter().filter_map(by).min().or_else(class)
    }

    /// The lower, the likelier it is the application itself.
    pub(crate) fn rank(&self, program: &str) -> (bool, bool, usize) {
        (!self.is_shown, self.id.rsplit('.').next() != Some(program), self.words)
    }
}

/// Where a command leads, links followed.
fn resolved(command: &Path, path: &OsStr) -> Option<PathBuf> {
    if command.is_absolute() {
        return command.canonicalize().ok();
    }
    if command.components().count() != 1 {
        return None;
    }
    let candidates = std::env::split_paths(path).map(|directory| directory.join(command));
    candidates.filter(|candidate| candidate.is_absolute()).find_map(|candidate| candidate.canonicalize().ok())
}

/// The directory of a program where nothing of another application is.
pub(crate) fn own_directory(program: &Path) -> Option<PathBuf> {
    let directory = program.parent()?;
    let below = OWN_DIRECTORIES.iter().find_map(|root| directory.strip_prefix(root).ok())?;
    let is_shared =
        |name: &str| ["bin", "sbin", "lib", "libexec", "games"].contains(&name) || name.contains("-linux-gnu");
    let is_own = !is_shared(base_name(directory)) && below.components().next().is_some();
    is_own.then(|| directory.to_owned())
}
