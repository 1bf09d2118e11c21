//! What the host says about a worker that could not speak for itself.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use super::stderr::plain;
use lenscap_core::trouble::{Trouble, TroubleKind};
use lenscap_words::{tr, trf};

/// Descriptors, memory or processes are short.
pub(super) fn cannot_start(error: &io::Error) -> Trouble {
    let text =
        trf!("The camera process cannot be started ({error}): close some programs and try again.", error = error);
    Trouble::said(TroubleKind::Other, text)
}

/// It broke the rules of the conversation.
pub(super) fn nonsense(what: &str) -> Trouble {
    let text = trf!(
        "The camera process sent nonsense ({what}): if this happens again, reinstall Lenscap.",
        what = plain(what)
    );
    Trouble::said(TroubleKind::Crash, text)
}

/// We hung, and its keeper switched it off.
pub(super) fn abandoned() -> Trouble {
    let text = tr("Lenscap itself stood still for 5 seconds, so the camera was switched off; starting it again.");
    Trouble::said(TroubleKind::Hang, text)
}

/// It ended unasked; `status`: `None` when somebody else took it.
pub(super) fn crashed(status: Option<ExitStatus>, last_words: Option<String>) -> Trouble {
    let how = match (status.and_then(|status| status.signal()), status.and_then(|status| status.code())) {
        (Some(signal), _) => trf!("The camera's driver crashed (signal {number})", number = signal),
        (None, Some(code)) => trf!("The camera process ended by itself (exit status {number})", number = code),
        (None, None) => tr("The camera process ended by itself"),
    };
    let text = match last_words {
        Some(words) => format!("{how}: {words}"),
        // TRANSLATORS: {what} is as in "The camera's driver crashed (signal 11)"
        None => trf!("{what}: if this happens again, restart the computer or choose another camera.", what = how),
    };
    Trouble::said(TroubleKind::Crash, text)
}
