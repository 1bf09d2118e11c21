//! Where the history lies, and whether what lies there is ours.
//!
//! 1. A regular file of the user's own, readable by him alone, in a directory of the same kind. Whatever else is there is left
//!    as it is and said.
//! 2. Whoever writes has the directory locked, for a moment: of two relays one moves a broken file away.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lenscap_core::trouble::history::HistoryTrouble;
use lenscap_text::Detail;
use rustix::fs::{FlockOperation, Mode, OFlags};

/// How long another may have it locked.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks at the lock.
const LOOK: Duration = Duration::from_millis(20);
const FILE: &str = "history.sqlite";
/// What a file that could not be read is called from then on.
const BROKEN: &str = "history.sqlite.broken";
/// What SQLite puts beside it while it writes; found there, it takes back what was not completed.
const JOURNAL: &str = "history.sqlite-journal";

/// The directory of the history.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    directory: PathBuf,
}

/// Holds the lock while it lives.
#[derive(Debug)]
pub(crate) struct Lock(#[allow(dead_code)] File);

impl Place {
    /// That of the user who runs this.
    pub(crate) fn of_user() -> Result<Self, HistoryTrouble> {
        let directories = directories::BaseDirs::new();
        let state = directories.and_then(|directories| directories.state_dir().map(Path::to_owned));
        state.map(|state| Self::new(&state.join("lenscap"))).ok_or(HistoryTrouble::HistoryNowhere)
    }

    /// This directory. SQLite takes no path with a link in it, which the way to somebody's home may have.
    pub(crate) fn new(directory: &Path) -> Self {
        let whole = directory.ancestors().find_map(|there| {
            let rest = directory.strip_prefix(there).ok()?;
            Some(fs::canonicalize(there).ok()?.join(rest))
        });
        Self { directory: whole.unwrap_or_else(|| directory.to_owned()) }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.join(FILE)
    }

    /// For the log.
    pub(crate) fn detail(&self) -> Detail {
        Detail::of_path(&self.file())
    }

    pub(crate) fn unusable(&self, error: io::Error) -> HistoryTrouble {
        HistoryTrouble::HistoryUnusable { path: self.detail(), cause: error.into() }
    }

    /// Whether there is a history; whatever else lies there is an error.
    pub(crate) fn check(&self) -> Result<bool, HistoryTrouble> {
        let found = match fs::symlink_metadata(self.file()) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(self.unusable(error)),
        };
        let is_ours = found.is_file() && found.uid() == rustix::process::geteuid().as_raw();
        if is_ours { Ok(true) } else { Err(HistoryTrouble::HistoryNotOurs { path: self.detail() }) }
    }

    /// The file and its directory, made where they are missing, both for their user alone.
    pub(crate) fn make(&self) -> Result<(), HistoryTrouble> {
        self.make_directory().map_err(|error| self.unusable(error))?;
        if self.check()? {
            let mode = fs::metadata(self.file()).map(|found| found.mode());
            if mode.is_ok_and(|mode| mode & 0o077 != 0) {
                // A disk that knows no rights is as it is.
                let _ = fs::set_permissions(self.file(), Permissions::from_mode(0o600));
            }
            return Ok(());
        }
        let flags = OFlags::NOFOLLOW.bits().cast_signed();
        let made =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(flags).open(self.file());
        match made {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.check().map(drop),
            made => made.map(drop).map_err(|error| self.unusable(error)),
        }
    }

    fn make_directory(&self) -> io::Result<()> {
        if self.directory.is_dir() {
            // Other things of ours lie there, which nobody else needs either.
            let mode = fs::metadata(&self.directory)?.mode();
            if mode & 0o077 != 0 {
                let _ = fs::set_permissions(&self.directory, Permissions::from_mode(0o700));
            }
            return Ok(());
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.directory)
    }

    /// Nobody else writes as long as this lives.
    pub(crate) fn lock(&self) -> Result<Lock, HistoryTrouble> {
        let open = rustix::fs::open(&self.directory, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        let directory = open.map_err(|errno| self.unusable(errno.into()))?;
        let until = Instant::now() + PATIENCE;
        loop {
            match rustix::fs::flock(&directory, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Lock(directory.into())),
                Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < until => std::thread::sleep(LOOK),
                Err(rustix::io::Errno::WOULDBLOCK) => {
                    return Err(HistoryTrouble::HistoryLocked { path: self.detail() });
                }
                // Some network's disks have no locks; SQLite then says what it thinks of that.
                Err(_) => return Ok(Lock(directory.into())),
            }
        }
    }

    /// Moves the file away that cannot be read, in the place of one before. The lock is held.
    pub(crate) fn move_away(&self) -> Result<HistoryTrouble, HistoryTrouble> {
        let broken = self.directory.join(BROKEN);
        fs::rename(self.file(), &broken).map_err(|error| self.unusable(error))?;
        // Of another file it would only do harm.
        let _ = fs::remove_file(self.directory.join(JOURNAL));
        Ok(HistoryTrouble::HistoryMoved { path: Detail::of_path(&broken) })
    }

    /// Removes the history whole, as far as it is ours. The lock is held.
    pub(crate) fn remove(&self) -> Result<(), HistoryTrouble> {
        if self.check()? {
            fs::remove_file(self.file()).map_err(|error| self.unusable(error))?;
        }
        let _ = fs::remove_file(self.directory.join(JOURNAL));
        self.remove_broken()
    }

    /// Removes what was moved away.
    pub(crate) fn remove_broken(&self) -> Result<(), HistoryTrouble> {
        match fs::remove_file(self.directory.join(BROKEN)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.unusable(error)),
            _ => Ok(()),
        }
    }
}
