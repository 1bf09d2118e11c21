//! Where desktop files are, by id and by what they start; each is read again when it is used. Small: it stays in a resident process.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::Roots;
use crate::command::Command;
use crate::entry::{Entry, own_directory};

/// Desktop files that are looked at.
const MAX_FILES: usize = 4096;
/// Directories, and how deep they lie: links may lead in circles.
const MAX_DIRECTORIES: usize = 256;
const MAX_DEPTH: usize = 4;

/// When a directory was changed last, in seconds and nanoseconds; `None`: it is not there.
type Changed = Option<(i64, u32)>;

#[derive(Debug)]
pub(crate) struct Index {
    directories: Box<[(Box<Path>, Changed)]>,
    files: Box<[File]>,
    /// Numbers of ids and commands, with the file's place; others may have the same number, so that the file decides.
    keys: Box<[(u32, u16)]>,
    languages: Vec<String>,
}

#[derive(Debug)]
struct File {
    path: Box<Path>,
    id: Box<str>,
}

impl Index {
    /// Reads all desktop files.
    pub(crate) fn new(roots: &Roots) -> Self {
        let (mut directories, mut files, mut ids) = (Vec::new(), Vec::new(), BTreeSet::new());
        for root in &roots.applications {
            list(root, "", 0, &mut directories, &mut |path, id| {
                // A file hides those of its id in later directories.
                if files.len() < MAX_FILES && ids.insert(id.clone()) {
                    files.push(File { path: path.into(), id: id.into() });
                }
            });
        }
        let mut keys = Vec::new();
        for (place, file) in (0u16..).zip(&files) {
            let Some(entry) = Entry::read(&file.path, &file.id, &[]) else { continue };
            keys.push((id_key(&file.id), place));
            keys.extend(entry.keys(&roots.path).iter().map(|key| (command_key(key), place)));
        }
        keys.sort_unstable();
        keys.dedup();
        let languages = roots.languages.clone();
        Self { directories: directories.into(), files: files.into(), keys: keys.into(), languages }
    }

    /// Whether it still says what is there.
    pub(crate) fn is_current(&self) -> bool {
        self.directories.iter().all(|(directory, changed)| self::changed(directory) == *changed)
    }

    /// Bytes that it takes.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        let paths = self.files.iter().map(|file| file.path.as_os_str().len() + file.id.len());
        paths.sum::<usize>() + size_of_val(&*self.files) + size_of_val(&*self.keys) + size_of_val(&*self.directories)
    }

    /// The desktop file of this id, in any case.
    pub(crate) fn entry(&self, id: &str) -> Option<Entry> {
        let file = self.at(id_key(id)).find(|file| file.id.eq_ignore_ascii_case(id))?;
        self.read(file)
    }

    /// The desktop file that starts this. `None` also where several do and none of them more than the others.
    pub(crate) fn entry_of(&self, command: &Command, path: &OsString) -> Option<Entry> {
        let name = command.base_name();
        let mut keys = vec![name.to_owned(), name.to_ascii_lowercase()];
        let own = own_directory(&command.target);
        let above = own.as_deref().and_then(Path::parent).filter(|above| own_directory(&above.join("x")).is_some());
        keys.extend([own.as_deref(), above].into_iter().flatten().map(|it| it.to_string_lossy().into_owned()));
        let files: BTreeSet<u16> = keys.iter().flat_map(|key| self.places(command_key(key))).collect();
        let entries = files.into_iter().filter_map(|place| self.read(&self.files[usize::from(place)]));
        let ranked = entries.filter_map(|entry| Some(((entry.starts(command, path)?, entry.rank(name)), entry)));
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        let is_tie = matches!(&ranked[..], [(first, _), (second, _), ..] if first == second);
        ranked.into_iter().next().filter(|_| !is_tie).map(|(_, entry)| entry)
    }

    fn read(&self, file: &File) -> Option<Entry> {
        Entry::read(&file.path, &file.id, &self.languages)
    }

    fn places(&self, key: u32) -> impl Iterator<Item = u16> {
        let start = self.keys.partition_point(|(known, _)| *known < key);
        self.keys[start..].iter().take_while(move |(known, _)| *known == key).map(|(_, place)| *place)
    }

    fn at(&self, key: u32) -> impl Iterator<Item = &File> {
        self.places(key).map(|place| &self.files[usize::from(place)])
    }
}

fn id_key(id: &str) -> u32 {
    key(('i', id.to_ascii_lowercase()))
}

fn command_key(command: &str) -> u32 {
    key(('c', command))
}

fn key(of: impl Hash) -> u32 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish() as u32
}

fn changed(directory: &Path) -> Changed {
    let stat = rustix::fs::stat(directory).ok()?;
    Some((stat.st_mtime, stat.st_mtime_nsec as u32))
}

/// The files of a directory and those below it: "kde/x.desktop" has the id "kde-x".
fn list(
    directory: &Path,
    prefix: &str,
    depth: usize,
    directories: &mut Vec<(Box<Path>, Changed)>,
    found: &mut dyn FnMut(PathBuf, String),
) {
    if directories.len() >= MAX_DIRECTORIES {
        return;
    }
    directories.push((directory.into(), changed(directory)));
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten().take(MAX_FILES);
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    for name in names {
        let path = directory.join(&name);
        if let Some(id) = name.strip_suffix(".desktop") {
            found(path, format!("{prefix}{id}"));
        } else if depth < MAX_DEPTH && path.is_dir() {
            list(&path, &format!("{prefix}{name}-"), depth + 1, directories, found);
        }
    }
}
