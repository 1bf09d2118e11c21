//! What the host says about a worker that could not speak for itself.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use super::stderr::plain;
use crate::core::status::{Reason, ReasonKind};

/// Descriptors, memory or processes are short.
pub(super) fn cannot_start(error: &io::Error) -> Reason {
    let text = format!("The camera process cannot be started ({error}): close some programs and try again.");
    Reason::new(ReasonKind::Other, text)
}

/// It broke the rules of the conversation.
pub(super) fn nonsense(what: &str) -> Reason {
    let text = format!("The camera process sent nonsense ({}): if this happens again, reinstall Lenscap.", plain(what));
    Reason::new(ReasonKind::Crash, text)
}

/// It ended unasked.
pub(super) fn crashed(status: ExitStatus, last_words: Option<String>) -> Reason {
    let how = match (status.signal(), status.code()) {
        (Some(signal), _) => format!("The camera's driver crashed (signal {signal})"),
        (None, Some(code)) => format!("The camera process ended by itself (exit status {code})"),
        (None, None) => "The camera process ended by itself".to_owned(),
    };
    let text = match last_words {
        Some(words) => format!("{how}: {words}"),
        None => format!("{how}: if this happens again, restart the computer or choose another camera."),
    };
    Reason::new(ReasonKind::Crash, text)
}
