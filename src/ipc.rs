//! How other processes reach the running relay: the control socket's side of the relay, and D-Bus. What is said there is in
//! [`lenscap_api`].

pub mod controls;
pub mod dbus;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
mod server;

use std::io::{self, Write};

use lenscap_api::{AskError, Reply, Request, client};

use crate::i18n::status::summary;

pub use server::{Answer, Server, Ticket};

/// Asks the running relay and prints its answer, as JSON or in words.
///
/// # Errors
/// When it is not running or does not answer within 3 seconds.
pub fn ask(request: &Request, as_json: bool) -> Result<(), AskError> {
    client::follow(request, &mut |reply| {
        let text = match &reply {
            Reply::Status(line) if !as_json => summary(&line.status) + "\n",
            reply => lenscap_api::line(reply),
        };
        io::stdout().lock().write_all(text.as_bytes()).is_ok()
    })
}
