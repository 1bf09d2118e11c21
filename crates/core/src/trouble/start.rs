//! Why a relay cannot start, or not go on.

use lenscap_text::{Cause, Detail};
use serde::{Deserialize, Serialize};

/// What the kernel denies to a relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences in lenscap_words::start say it
pub enum StartTrouble {
    /// Where this program is, and with it the others of ours.
    OwnPlace {
        cause: Cause,
    },
    /// An epoll descriptor, a timer, a thread.
    Events {
        cause: Cause,
    },
    Signals {
        cause: Cause,
    },
    /// The thread that prints event lines.
    EventLines {
        cause: Cause,
    },
    /// The program of the preferences.
    Preferences {
        program: Detail,
        cause: Cause,
    },
}
