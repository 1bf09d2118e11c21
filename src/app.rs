//! What holds the parts of a relay together: settings, signals, control socket, session, log.

pub mod controls;
mod history;
mod hooks;
mod lines;
pub mod log;
pub mod relay;
mod session;
pub mod settings_thread;
pub mod settle;
mod watchdog;

use std::path::PathBuf;

use crate::core::trouble::start::StartTrouble;
use crate::sys::install;

/// Another program of ours.
pub fn program(name: &str) -> Result<PathBuf, StartTrouble> {
    install::program(name).map_err(|error| StartTrouble::OwnPlace { cause: error.into() })
}
