//! Which relays still live: what one that is gone left open has ended, nobody knows when.

use std::fs;

use lenscap_api::HistorySession;

/// Whether its process is there, and is the same. Where nothing can be read below `/proc` that is not known: then it is.
pub(crate) fn is_alive(session: &HistorySession) -> bool {
    let Ok(boot) = fs::read("/proc/sys/kernel/random/boot_id") else { return true };
    if boot.trim_ascii() != session.boot.as_bytes() {
        return false;
    }
    match lenscap_sys::process::start_time(session.pid) {
        Ok(start) => start == session.start,
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}
