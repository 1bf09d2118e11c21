//! Who used a camera, and what is wrong with the history.

use lenscap_api::HistoryEntry;
use lenscap_core::history::{Answer, Ended};
use lenscap_core::presence::UNSEEN;
use lenscap_core::trouble::Trouble;
use lenscap_core::trouble::history::HistoryTrouble;

use crate::cameras::helper;
use crate::cause::why;
use crate::{listed, source, tr, trf, trn, trouble};

/// One sentence with the next step.
pub fn sentence(trouble: &HistoryTrouble) -> String {
    match trouble {
        HistoryTrouble::HistoryNowhere => {
            tr("There is no directory for the history of camera use: set HOME or XDG_STATE_HOME.")
        }
        HistoryTrouble::HistoryUnusable { path: _, cause } => trf!(
            "The history of camera use cannot be read or written{why}: see to the disk and to the rights of the directory lenscap in ~/.local/state.",
            why = why(cause)
        ),
        HistoryTrouble::HistoryNotOurs { path: _ } => tr(
            "In the place of the history of camera use lies something else: move history.sqlite in ~/.local/state/lenscap away.",
        ),
        HistoryTrouble::HistoryNewer { path: _ } => {
            tr("The history of camera use is a newer Lenscap's and stays as it is: update Lenscap.")
        }
        HistoryTrouble::HistoryBroken { path: _ } => {
            tr("The history of camera use is damaged: delete it with \"lenscap log --delete\".")
        }
        HistoryTrouble::HistoryLocked { path: _ } => {
            tr("Another program keeps the history of camera use locked: try again in a moment.")
        }
        HistoryTrouble::HistoryProgram(trouble) => trf!(
            "The program for the history of camera use failed{why}: if this happens again, reinstall Lenscap.",
            why = helper(trouble)
        ),
        HistoryTrouble::HistoryLost { count } => trn!(
            "{n} entry of the history of camera use was lost: it could not be written.",
            "{n} entries of the history of camera use were lost: they could not be written.",
            *count
        ),
        HistoryTrouble::HistoryMoved { path: _ } => tr(
            "The history of camera use was damaged: a new one is begun, and the old one is called history.sqlite.broken.",
        ),
    }
}

/// The application's name.
pub fn application(entry: &HistoryEntry) -> String {
    if entry.app.is_none() && &*entry.name == UNSEEN { crate::programs::unseen() } else { entry.name.to_string() }
}

/// The camera's name.
pub fn camera(entry: &HistoryEntry) -> String {
    source::called(&entry.camera)
}

/// What became of its wish and why it ended, in one line; empty where that says nothing.
pub fn notes(entry: &HistoryEntry) -> String {
    // TRANSLATORS: these stand behind an application in the list of who used the camera; each is a note of its own
    let answer = match entry.answer {
        None => Some(tr("past Lenscap")),
        Some(Answer::Allowed) => None,
        Some(Answer::AllowedByUser) => Some(tr("allowed when asked")),
        Some(Answer::Asking) => Some(tr("asked for it")),
        Some(Answer::Unanswered) => Some(tr("asked, no answer")),
        Some(Answer::Blocked) => Some(tr("not allowed")),
        Some(Answer::TurnedOff) => Some(tr("was turned off")),
    };
    let end = match entry.ended {
        None => Some(if entry.is_use() { tr("in use") } else { tr("waiting") }),
        Some(Ended::Stopped) => None,
        Some(Ended::Paused) => Some(tr("paused")),
        Some(Ended::Sleep) => Some(tr("computer went to sleep")),
        Some(Ended::Locked) => Some(tr("session was locked")),
        Some(Ended::Failed) => Some(failed(entry)),
        Some(Ended::Blocked) => Some(tr("then not allowed")),
        Some(Ended::TurnedOff) => Some(tr("you turned it off")),
        Some(Ended::CameraChanged) => Some(tr("another camera was chosen")),
        Some(Ended::LenscapEnded) => Some(tr("Lenscap ended")),
        Some(Ended::Unknown) => Some(tr("end not known")),
    };
    listed(answer.into_iter().chain(end))
}

fn failed(entry: &HistoryEntry) -> String {
    let reason: Option<Trouble> = entry.trouble.as_ref().and_then(lenscap_api::Code::trouble);
    match reason {
        Some(reason) => trouble::sentence(&reason),
        None => tr("the camera failed"),
    }
}

/// That there is nothing in it.
pub fn is_empty() -> String {
    tr("No use of a camera is on record.")
}

/// How many were deleted.
pub fn deleted(count: u64) -> String {
    trn!("{n} entry was deleted.", "{n} entries were deleted.", count)
}
