//! `lenscap doctor`: what may keep the camera from working. Exit status 1 when something does.

use std::io::{self, Write};

use super::{Failure, relay_status};
use crate::cli::DoctorArgs;
use crate::{config, doctor};

pub(super) fn run(arguments: &DoctorArgs) -> Result<(), Failure> {
    let path = arguments.config.clone().map_or_else(config::default_path, Ok)?;
    let findings = doctor::examine(&path, relay_status());
    let printed = if arguments.json {
        writeln!(io::stdout().lock(), "{}", doctor::to_json(&findings))
    } else {
        write!(io::stdout().lock(), "{}", doctor::in_words(&findings))
    };
    if printed.is_ok() && doctor::is_well(&findings) { Ok(()) } else { Err(Failure::Shown) }
}
