//! What the host makes of a worker that could not speak for itself.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use super::stderr::plain;
use lenscap_core::trouble::Trouble;

/// Descriptors, memory or processes are short.
pub(super) fn cannot_start(error: &io::Error) -> Trouble {
    Trouble::WorkerNotStarted { cause: error.into() }
}

/// It broke the rules of the conversation.
pub(super) fn nonsense(what: &str) -> Trouble {
    Trouble::WorkerNonsense { what: plain(what).into() }
}

/// It ended unasked; `status`: `None` when somebody else took it.
pub(super) fn crashed(status: Option<ExitStatus>, last_words: Option<String>) -> Trouble {
    Trouble::WorkerCrashed {
        signal: status.and_then(|status| status.signal()),
        status: status.and_then(|status| status.code()),
        last_words: last_words.map(Into::into),
    }
}
