//! What the session's services are given to show.

use crate::tr;

/// Why sleep waits for a moment: for systemd's list of inhibitors.
pub fn why_sleep_waits() -> String {
    tr("The camera is switched off first")
}
