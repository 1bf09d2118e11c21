//! Why a relay cannot start, or not go on.

use lenscap_text::Text;
use serde::{Deserialize, Serialize};

/// What the kernel denies to a relay; `error` is what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences in lenscap_words::start say it
pub enum StartTrouble {
    /// Where this program is, and with it the others of ours.
    OwnPlace {
        error: Text,
    },
    /// An epoll descriptor, a timer, a thread.
    Events {
        error: Text,
    },
    Signals {
        error: Text,
    },
    /// The thread that prints event lines.
    EventLines {
        error: Text,
    },
    /// The program of the preferences.
    Preferences {
        program: Text,
        error: Text,
    },
}
