//! What SQLite's errors mean here.

use std::io;

use lenscap_core::trouble::history::HistoryTrouble;
use lenscap_text::{Cause, CauseKind};
use rusqlite::ErrorCode;

use crate::place::Place;

/// What is wrong with the file.
#[derive(Debug)]
pub(super) enum Wrong {
    /// It is no history, or one with holes.
    Broken,
    /// A newer Lenscap has written it.
    Newer,
    /// Somebody else writes, or reads, for too long.
    Locked,
    /// It cannot be written or read.
    Unusable(Cause),
}

impl Wrong {
    /// Of the history at this place.
    pub(super) fn trouble(self, place: &Place) -> HistoryTrouble {
        let path = place.detail();
        match self {
            Wrong::Broken => HistoryTrouble::HistoryBroken { path },
            Wrong::Newer => HistoryTrouble::HistoryNewer { path },
            Wrong::Locked => HistoryTrouble::HistoryLocked { path },
            Wrong::Unusable(cause) => HistoryTrouble::HistoryUnusable { path, cause },
        }
    }
}

impl From<rusqlite::Error> for Wrong {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        let kind = match code {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => return Wrong::Locked,
            Some(ErrorCode::DiskFull) => CauseKind::NoSpace,
            Some(ErrorCode::ReadOnly) => CauseKind::ReadOnly,
            Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => CauseKind::Forbidden,
            Some(ErrorCode::SystemIoFailure) => CauseKind::Fault,
            Some(ErrorCode::OutOfMemory) => CauseKind::NoMemory,
            // Our own queries are right: where they fail the tables are others than ours. So are values of another type.
            Some(
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown | ErrorCode::SchemaChanged,
            )
            | None => return Wrong::Broken,
            Some(_) => CauseKind::Other,
        };
        // SQLite says "disk I/O error" of a file that may not grow, and the kernel why.
        Wrong::Unusable(Cause { kind, ..io::Error::other(error.to_string()).into() })
    }
}
