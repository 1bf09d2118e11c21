//! What can be wrong with the history. No sentences.

use lenscap_text::{Cause, Detail};
use serde::{Deserialize, Serialize};

use super::cameras::HelperTrouble;

/// Why the history is not kept, not shown or not deleted. Its code is the variant's name in kebab-case and does not change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences in lenscap_words::history say it
pub enum HistoryTrouble {
    /// The user has no directory for it.
    HistoryNowhere,
    /// Its file, or the directory, cannot be written or read.
    HistoryUnusable { path: Detail, cause: Cause },
    /// What lies there is no file of ours.
    HistoryNotOurs { path: Detail },
    /// A newer Lenscap has written it.
    HistoryNewer { path: Detail },
    /// It cannot be made sense of.
    HistoryBroken { path: Detail },
    /// Other programs have kept it locked.
    HistoryLocked { path: Detail },
    /// Its program gave no answer.
    HistoryProgram(HelperTrouble),
    /// So many changes were lost: they could not be written for too long.
    HistoryLost { count: u64 },
    /// It could not be made sense of and was moved away; a new one was begun.
    HistoryMoved { path: Detail },
}
