//! `lenscap doctor`: what may keep the camera from working. Exit status 1 when something does, but for a
//! report for others.

mod camera_test;

use std::io::{self, IsTerminal, Write};

use lenscap_api::client;

use super::{Failure, relay_status};
use crate::app::log;
use crate::cli::DoctorArgs;
use crate::config::Layers;
use crate::doctor;
use crate::i18n::camera_test::{self as test_words, CameraTest};
use crate::i18n::doctor as words;

pub(super) fn run(arguments: &DoctorArgs) -> Result<(), Failure> {
    if arguments.test {
        return test();
    }
    let layers = Layers::find(arguments.config.as_deref())?;
    let mut out = io::stdout().lock();
    if arguments.report {
        // Whoever closed the pipe has seen enough.
        let _ = out.write_all(doctor::bug_report(layers, relay_status()).as_bytes());
        return Ok(());
    }
    let report = doctor::examine(layers, relay_status());
    let printed = if arguments.json {
        serde_json::to_string(&report).map_err(io::Error::from).and_then(|json| writeln!(out, "{json}"))
    } else {
        write!(out, "{}", words::report(&report))
    };
    if printed.is_ok() && report.ok { Ok(()) } else { Err(Failure::Shown) }
}

/// Tests the camera; what it prints says what came of it.
fn test() -> Result<(), Failure> {
    let tested = test_through_relay();
    let said = match &tested {
        Ok(result) => Some(test_words::sentence(result)),
        // There it stands among the errors, which the window does not read.
        Err(_) if io::stdout().is_terminal() => None,
        Err(failure) => failure.sentence(),
    };
    // The exit status says the same.
    let _ = said.map_or(Ok(()), |said| writeln!(io::stdout().lock(), "{said}"));
    if tested?.is_fine() { Ok(()) } else { Err(Failure::Shown) }
}

fn test_through_relay() -> Result<CameraTest, Failure> {
    // Nothing but a relay keeps to what the user allows.
    let status = client::status().map_err(Failure::Ask)?.status;
    log::say(&test_words::warning());
    Ok(camera_test::run(&status))
}
