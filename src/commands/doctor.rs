//! `lenscap doctor`: what may keep the camera from working. Exit status 1 when something does, but for a
//! report for others.

use std::io::{self, Write};

use super::{Failure, relay_status};
use crate::cli::DoctorArgs;
use crate::config::Layers;
use crate::doctor;
use crate::i18n::doctor as words;

pub(super) fn run(arguments: &DoctorArgs) -> Result<(), Failure> {
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
