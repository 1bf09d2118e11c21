//! Notices edits of the settings files, made in any of the ways editors and dotfile managers make them.
//!
//! inotify watches the directory of each file, and of every symbolic link on the way to it; where a directory is absent,
//! its nearest existing ancestor. Every event that concerns one of the names sets a timer, and the change is reported
//! when that has run out: editors remove, create and write within milliseconds, and nobody wants the settings in between.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use inotify::{EventMask, Inotify, WatchDescriptor, WatchMask};
use rustix::event::epoll;
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};

use super::Error;
use super::layers::Layers;
use super::save::hops;
use lenscap_core::trouble::settings::FileTrouble;

/// Time an editor gets for the next step of the same save.
const SETTLE: Duration = Duration::from_millis(100);
/// Time a new file gets for its first `close`; what comes without one (a hard link) is reported after it.
const FIRST_CLOSE: Duration = Duration::from_secs(2);
/// Reads of 4 KiB for one dispatch; what is left keeps the descriptor readable.
const MAX_READS: usize = 16;
/// Looks at a path while its directories come and go; the next event brings another.
const MAX_LOOKS: usize = 4;

/// Watches the settings files of all layers. Make it before loading them: then no edit is lost in between.
#[derive(Debug)]
pub struct Watcher {
    /// The user's file, and those below it.
    paths: Vec<PathBuf>,
    inotify: Inotify,
    timer: OwnedFd,
    /// Holds the two: the one descriptor the event loop sees.
    epoll: OwnedFd,
    watches: HashMap<WatchDescriptor, Vec<OsString>>,
    /// Of each path.
    seen: Vec<Option<Stamp>>,
}

/// Tells one content of the file from another, nearly always.
#[derive(Debug, PartialEq, Eq)]
struct Stamp(u64, u64, i64, i64, u64);

impl Watcher {
    /// Starts watching; the files and their directories need not exist, and are not created.
    ///
    /// # Errors
    /// The kernel refuses to watch the user's file: too many inotify instances or watches.
    pub fn new(layers: &Layers) -> Result<Self, Error> {
        let mut watcher = Self::open(layers).map_err(|error| trouble(layers.user(), &error))?;
        watcher.seen = watcher.stamps();
        watcher.arm()?;
        Ok(watcher)
    }

    fn open(layers: &Layers) -> io::Result<Self> {
        let mut paths = vec![std::path::absolute(layers.user())?];
        paths.extend(layers.system().map(Path::to_owned));
        let inotify = Inotify::init()?;
        let timer =
            rustix::time::timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        for (number, fd) in [inotify.as_fd(), timer.as_fd()].into_iter().enumerate() {
            epoll::add(&epoll, fd, epoll::EventData::new_u64(number as u64), epoll::EventFlags::IN)?;
        }
        Ok(Self { paths, inotify, timer, epoll, watches: HashMap::new(), seen: Vec::new() })
    }

    /// Readable when [`Watcher::dispatch`] has something to do.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }

    /// Takes in what happened, without waiting. `true`: an edit is over, or the file appeared or went; load it again.
    pub fn dispatch(&mut self) -> bool {
        if let Some(delay) = self.drain() {
            // Links and directories may lead elsewhere now.
            if let Err(error) = self.arm() {
                tracing::warn!("{error}");
            }
            self.set_timer(delay);
        }
        let mut expirations = [0; 8];
        let expired = rustix::io::read(&self.timer, &mut expirations).is_ok();
        if expired {
            self.seen = self.stamps();
        }
        expired
    }

    /// The delay for the newest event that matters.
    fn drain(&mut self) -> Option<Duration> {
        let mut delay = None;
        let mut buffer = [0; 4096];
        for _ in 0..MAX_READS {
            let Ok(events) = self.inotify.read_events(&mut buffer) else { break };
            for event in events {
                if event.mask.contains(EventMask::Q_OVERFLOW) {
                    delay = Some(SETTLE);
                    continue;
                }
                // Events of watches that are no longer ours are about nothing of ours.
                let Some(names) = self.watches.get(&event.wd) else { continue };
                match event.name {
                    Some(name) if names.iter().any(|ours| ours == name) => {
                        let is_new = event.mask.contains(EventMask::CREATE) && self.is_plain_target(name);
                        delay = Some(if is_new { FIRST_CLOSE } else { SETTLE });
                    }
                    Some(_) => {}
                    // The directory itself went or moved.
                    None => delay = Some(SETTLE),
                }
            }
        }
        delay
    }

    /// Whether a file of this name that has just been created is one that is going to be written.
    fn is_plain_target(&self, name: &OsStr) -> bool {
        self.paths
            .iter()
            .flat_map(|path| hops(path).unwrap_or_default())
            .filter(|hop| hop.file_name() == Some(name))
            .any(|hop| fs::symlink_metadata(hop).is_ok_and(|metadata| metadata.is_file()))
    }

    fn stamps(&self) -> Vec<Option<Stamp>> {
        let stamp = |path: &PathBuf| {
            let m = fs::metadata(path).ok()?;
            Some(Stamp(m.dev(), m.ino(), m.ctime(), m.ctime_nsec(), m.len()))
        };
        self.paths.iter().map(stamp).collect()
    }

    fn set_timer(&self, delay: Duration) {
        let it_value = Timespec { tv_sec: delay.as_secs() as i64, tv_nsec: i64::from(delay.subsec_nanos()) };
        let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
        let spec = Itimerspec { it_interval, it_value };
        if let Err(error) = rustix::time::timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &spec) {
            tracing::error!("the timer of the settings watcher cannot be set: {error}");
        }
    }

    /// Puts the watches where the paths lead now. What appeared before its watch was there is found by its stamp. A file
    /// below the user's that cannot be watched is logged, and keeps no other from being watched.
    fn arm(&mut self) -> Result<(), Error> {
        for (watch, _) in self.watches.drain() {
            // Gone already when its directory is.
            let _ = self.inotify.watches().remove(watch);
        }
        let paths = self.paths.clone();
        let mut results = paths.iter().map(|path| self.watch_hops(path).map_err(|error| trouble(path, &error)));
        let own = results.next().unwrap_or(Ok(()));
        results.filter_map(Result::err).for_each(|error| tracing::warn!("{error}"));
        if self.stamps() != self.seen {
            self.set_timer(SETTLE);
        }
        own
    }

    fn watch_hops(&mut self, path: &Path) -> io::Result<()> {
        hops(path)?.iter().try_for_each(|hop| self.watch(hop))
    }

    /// Watches the directory of `path` for its name; or the nearest ancestor for the name that is missing in it.
    fn watch(&mut self, path: &Path) -> io::Result<()> {
        let appear = WatchMask::CREATE | WatchMask::MOVED_TO | WatchMask::DELETE_SELF | WatchMask::MOVE_SELF;
        let change = appear | WatchMask::CLOSE_WRITE | WatchMask::DELETE | WatchMask::MOVED_FROM;
        // A directory can appear after it was found missing and before its ancestor is watched: look again.
        for _ in 0..MAX_LOOKS {
            let mut wanted = path;
            while !self.watch_for(wanted, if wanted == path { change } else { appear })? {
                let Some(parent) = wanted.parent() else { break };
                wanted = parent;
            }
            if wanted == path || fs::metadata(wanted).is_err() {
                break;
            }
        }
        // A linked directory may be pointed elsewhere.
        match path.parent() {
            Some(directory) if fs::symlink_metadata(directory).is_ok_and(|metadata| metadata.is_symlink()) => {
                self.watch_for(directory, change).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Watches the directory of `path` for its name; `false` where there is no such directory.
    fn watch_for(&mut self, path: &Path, mask: WatchMask) -> io::Result<bool> {
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { return Ok(false) };
        match self.inotify.watches().add(directory, mask | WatchMask::ONLYDIR | WatchMask::MASK_ADD) {
            Ok(watch) => self.watches.entry(watch).or_default().push(name.to_owned()),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }
}

fn trouble(path: &Path, error: &io::Error) -> Error {
    Error::new(path, FileTrouble::Watch { cause: error.into() })
}
