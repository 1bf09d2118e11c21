//! Can be saved what has to be: the settings, and what is remembered?

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, Mode, OFlags, StatVfs, access, statvfs};
use rustix::io::Errno;

use super::{Finding, Patient, ProgramsDiagnosis, Verdict, found};
use crate::config::Layers;
use crate::i18n::doctor::Saved;
use crate::text::{self, Cause};

const CHECK: &str = "disk";
/// Bytes: the longest settings file that is read, beside the one that it replaces, and as much for what is remembered.
const ROOM: u64 = 4 << 20;
/// What a quota leaves is known to who writes only: so many bytes, a few blocks of any file system.
const TRIAL: usize = 64 * 1024;

/// Something that cannot be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unsaved {
    pub(super) saved: Saved,
    /// The directory, or the nearest that is there.
    pub(super) path: PathBuf,
    pub(super) cause: Cause,
}

/// Tries it; what is written has no name, and is gone at once.
pub(super) fn ask(layers: &Layers) -> Vec<Unsaved> {
    // What a link leads to is written.
    let user = layers.user().canonicalize().unwrap_or_else(|_| layers.user().to_owned());
    let state = directories::BaseDirs::new().and_then(|base| Some(base.state_dir()?.join("lenscap")));
    let places = [(Saved::Settings, user.parent().map(Path::to_owned)), (Saved::State, state)];
    places.into_iter().filter_map(|(saved, path)| unsaved(saved, &path?)).collect()
}

fn unsaved(saved: Saved, path: &Path) -> Option<Unsaved> {
    let path = std::path::absolute(path).ok()?;
    let there = path.ancestors().find(|path| fs::symlink_metadata(path).is_ok())?;
    let cause = save_to(there).err()?.into();
    Some(Unsaved { saved, path: there.to_owned(), cause })
}

fn save_to(directory: &Path) -> io::Result<()> {
    if !fs::metadata(directory)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    // Says as well where the file system can only be read.
    access(directory, Access::WRITE_OK | Access::EXEC_OK)?;
    if is_full(&statvfs(directory)?) {
        return Err(Errno::NOSPC.into());
    }
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    match rustix::fs::open(directory, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => File::from(file).write_all(&[0; TRIAL]),
        // Not every file system has files without a name; then nothing more is known.
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Some file systems count neither blocks nor files.
fn is_full(room: &StatVfs) -> bool {
    (room.f_blocks > 0 && room.f_bavail.saturating_mul(room.f_frsize) < ROOM)
        || (room.f_files > 0 && room.f_favail == 0)
}

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let diagnosis = |unsaved: &Unsaved| ProgramsDiagnosis::SavingFails {
        saved: unsaved.saved,
        path: text::path(&unsaved.path),
        cause: unsaved.cause.clone(),
    };
    let findings = patient.answers.unsaved.iter().map(|it| found(CHECK, Verdict::Note, &diagnosis(it).into()));
    findings.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::CauseKind;

    #[test]
    fn what_cannot_be_written_to_is_found_and_nothing_is_left_where_it_can() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(unsaved(Saved::Settings, &home.path().join("config/lenscap")), None);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
        let file = home.path().join("state");
        fs::write(&file, "").unwrap();
        let found = unsaved(Saved::State, &file.join("lenscap")).unwrap();
        assert_eq!((found.saved, found.path, found.cause.kind), (Saved::State, file, CauseKind::Missing));
    }

    #[test]
    fn a_file_system_is_full_before_its_last_byte_or_without_inodes() {
        let of = |blocks, free, files, free_files| StatVfs {
            f_blocks: blocks,
            f_frsize: 4096,
            f_bavail: free,
            f_files: files,
            f_favail: free_files,
            ..statvfs("/").unwrap()
        };
        assert!(!is_full(&of(1 << 20, 1024, 1000, 10)));
        assert!(is_full(&of(1 << 20, 1023, 1000, 10)));
        assert!(is_full(&of(1 << 20, 1 << 19, 1000, 0)));
        assert!(!is_full(&of(1 << 20, 1 << 19, 0, 0)), "btrfs counts no inodes");
        assert!(!is_full(&of(0, 0, 0, 0)), "a file system of the kernel's");
    }
}
