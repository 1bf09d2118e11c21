//! Atomic saving, by one process at a time.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::edit::{AsBelow, edited};
use super::file::File;
use super::layer::put_controls;
use super::layers::{Layered, Layers};
use super::model::Settings;
use super::table::Overrides;
use super::{Error, read};
use lenscap_core::trouble::settings::{FileTrouble, Unwritable};

/// Links followed before giving up; the kernel's limit.
pub(super) const MAX_LINKS: usize = 40;
/// How long another process is waited for that saves just now; it takes milliseconds.
const LOCK_LIMIT: Duration = Duration::from_secs(2);
/// Between two looks at its lock: short beside the time for which it is held, so that everybody's turn comes.
const LOOK_INTERVAL: Duration = Duration::from_millis(1);
/// Where a directory cannot be locked.
const LOCK_FILE: &str = ".lenscap.lock";

/// Writes `settings` to the user's file, where they differ from what the layers say. Says whether the file was written.
///
/// The directory is created where it is absent (mode 0700), the file is private (mode 0600), a symbolic link stays one.
///
/// # Errors
/// The file there cannot be understood (it is left as it is), or it cannot be written.
pub fn save(layers: &Layers, settings: &Settings) -> Result<bool, Error> {
    let _lock = lock(layers.user())?;
    let below = layers.clone().load_without_user(&Overrides::default()).below;
    write(layers.user(), &below, &below, settings, AsBelow::Written)
}

/// Loads, lets `change` change, and saves: for one setting at a time. No other process of ours saves in between, so that
/// nothing of what it changed is lost; it is waited for, for two seconds at most. Says whether the file was written.
///
/// # Errors
/// As [`Layers::load`] and [`save`]; or another process saves for too long.
pub fn update(layers: &Layers, change: impl FnOnce(&mut Settings)) -> Result<bool, Error> {
    changed(layers, |settings, _| change(settings), AsBelow::Written)
}

/// As [`update`], with the settings of the layers below as well: what is changed to what they say leaves the file, so
/// that theirs hold, also later ones.
///
/// # Errors
/// As [`update`].
pub fn reset(layers: &Layers, change: impl FnOnce(&mut Settings, &Settings)) -> Result<bool, Error> {
    changed(layers, change, AsBelow::TakenOut)
}

/// As [`update`], with what the user's file says itself, on top of the defaults: nothing of the layers below can get
/// into it. `change` says whether it changed something.
///
/// # Errors
/// As [`update`].
pub fn update_own(layers: &Layers, change: impl Fn(&mut Settings) -> bool) -> Result<bool, Error> {
    // First without a lock, which may have to make a directory.
    if !layers.own().is_some_and(|mut own| change(&mut own)) {
        return Ok(false);
    }
    let _lock = lock(layers.user())?;
    let below = layers.clone().load(&Overrides::default())?.below;
    let mut own = layers.own().unwrap_or_default();
    change(&mut own);
    write(layers.user(), &Settings::default(), &below, &own, AsBelow::Written)
}

fn changed(layers: &Layers, change: impl FnOnce(&mut Settings, &Settings), as_below: AsBelow) -> Result<bool, Error> {
    let _lock = lock(layers.user())?;
    let Layered { mut settings, below, .. } = layers.clone().load(&Overrides::default())?;
    change(&mut settings, &below);
    write(layers.user(), &below, &below, &settings, as_below)
}

/// Writes what `settings` say otherwise than the file at `path` on top of `base`; on top of `below` the whole must fit.
fn write(
    path: &Path,
    base: &Settings,
    below: &Settings,
    settings: &Settings,
    as_below: AsBelow,
) -> Result<bool, Error> {
    let invalid = |mistake| Error::new(path, FileTrouble::Invalid(mistake));
    let old = read(path)?;
    let old_text = old.as_deref().unwrap_or_default();
    let new = edited(old_text, base, settings, as_below).map_err(invalid)?;
    // What is written must read back as what was meant: a setting out of its limits is found here.
    let file = File::parse(&new).map_err(invalid)?;
    file.over_checked(below.clone(), &new).map_err(invalid)?;
    // No file takes away a value of a control that a layer below has.
    let mut meant = Settings { controls: base.controls.clone(), ..settings.clone() };
    put_controls(&settings.controls, &mut meant.controls);
    if file.over(base.clone()) != meant {
        return Err(Error::new(path, FileTrouble::Write { why: Unwritable::ReadsBack }));
    }
    if old_text == new {
        return Ok(false);
    }
    replace(path, new.as_bytes()).map_err(|why| Error::new(path, FileTrouble::Write { why }))?;
    Ok(true)
}

/// Held by who changes the file at `path`; the kernel gives it back with the descriptor, also of a process that is killed.
///
/// It is the file's directory that is locked: nothing of ours is left beside the settings, and nobody who watches them
/// is woken up. A file system that locks only what can be written (NFS) gets a file for it.
fn lock(path: &Path) -> Result<OwnedFd, Error> {
    let failed = |error: io::Error| Error::new(path, FileTrouble::Write { why: system(&error) });
    let open = || -> io::Result<OwnedFd> {
        let target = target(path)?;
        let directory = directory_of(&target);
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let lock = rustix::fs::open(directory, flags, Mode::empty())?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::BADF | Errno::INVAL | Errno::NOTSUP | Errno::NOLCK) => {
                let flags = OFlags::CREATE | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
                Ok(rustix::fs::openat(&lock, LOCK_FILE, flags, Mode::RUSR | Mode::WUSR)?)
            }
            // Held by us already, or by another: seen below.
            _ => Ok(lock),
        }
    };
    let lock = open().map_err(failed)?;
    let end = Instant::now() + LOCK_LIMIT;
    loop {
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(lock),
            Err(Errno::INTR) => {}
            Err(Errno::WOULDBLOCK) if Instant::now() < end => std::thread::sleep(LOOK_INTERVAL),
            Err(Errno::WOULDBLOCK) => return Err(Error::new(path, FileTrouble::Busy)),
            Err(error) => return Err(failed(error.into())),
        }
    }
}

fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn system(error: &io::Error) -> Unwritable {
    Unwritable::System { cause: error.into() }
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), Unwritable> {
    let target = target(path).map_err(|error| system(&error))?;
    let name = target.file_name().ok_or(Unwritable::NoFileName)?;
    write_in_place(directory_of(&target), name, &target, bytes).map_err(|error| system(&error))
}

/// By way of a temporary file in `directory`, where `target` of this `name` is.
fn write_in_place(directory: &Path, name: &OsStr, target: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary_name = OsString::from(".");
    temporary_name.push(name);
    temporary_name.push(format!(".{}.tmp", std::process::id()));
    let temporary = directory.join(temporary_name);
    // What a process of our number left behind when it was killed.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, target))
        // The rename itself; the settings are already in place, so a filesystem that cannot is no failure.
        .map(|()| drop(fs::File::open(directory).and_then(|directory| directory.sync_all())));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// The file that `path` finally names, which need not be there.
pub(super) fn target(path: &Path) -> io::Result<PathBuf> {
    hops(path)?.pop().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
}

/// `path`, and what each symbolic link on the way names in turn; at least one, the last is no link.
pub(super) fn hops(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut hops = vec![path.to_owned()];
    let mut current = path.to_owned();
    while let Ok(link) = fs::read_link(&current) {
        if hops.len() > MAX_LINKS {
            return Err(io::Error::from(rustix::io::Errno::LOOP));
        }
        // Relative to the link's own directory; an absolute one replaces it.
        current = current.parent().unwrap_or(Path::new("")).join(link);
        hops.push(current.clone());
    }
    Ok(hops)
}
