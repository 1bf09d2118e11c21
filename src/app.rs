//! What holds the parts of a relay together: settings, signals, control socket, session, log.

pub(crate) mod controls;
mod lines;
pub(crate) mod log;
pub(crate) mod relay;
mod session;
pub(crate) mod settings_thread;
pub(crate) mod settle;
mod watchdog;

use std::path::PathBuf;

use crate::core::trouble::start::StartTrouble;
use crate::sys::install;

/// Another program of ours.
pub(crate) fn program(name: &str) -> Result<PathBuf, StartTrouble> {
    install::program(name).map_err(|error| StartTrouble::OwnPlace { error: error.to_string().into() })
}
