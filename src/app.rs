//! What holds the parts of a relay together: settings, signals, control socket, session, log.

pub(crate) mod controls;
pub(crate) mod keeper;
mod lines;
pub(crate) mod log;
pub(crate) mod relay;
mod session;
pub(crate) mod settle;
mod watchdog;

use std::path::PathBuf;

use crate::i18n::trf;
use crate::sys::install;

/// Another program of ours.
pub(crate) fn program(name: &str) -> Result<PathBuf, String> {
    install::program(name)
        .map_err(|error| trf!("Cannot tell where this program is ({error}): start it by its full path.", error = error))
}
