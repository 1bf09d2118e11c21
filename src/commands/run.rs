//! `lenscap run`: the relay, alone or as the applet.

use super::{Failure, become_program};
use crate::app::log;
use crate::app::relay::{Relay, RelayEvent, RunMode};
use crate::cli::{RunArgs, RunCommand};

pub(super) fn run(arguments: &RunCommand) -> Result<(), Failure> {
    if arguments.headless || arguments.events { headless(&arguments.run, arguments.events) } else { applet() }
}

/// With icon, notifications and D-Bus, by the same arguments.
pub(super) fn applet() -> Result<(), Failure> {
    become_program("lenscap-applet", std::env::args_os().skip(1))
}

/// Alone, until SIGTERM or SIGINT.
fn headless(arguments: &RunArgs, events: bool) -> Result<(), Failure> {
    log::start();
    let mut relay = Relay::new(arguments, RunMode::Headless { events }, None)?;
    while !relay.turn(None)?.contains(&RelayEvent::Ended) {}
    Ok(())
}
