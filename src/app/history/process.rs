//! One write, by a process of its own.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use lenscap_api::{HistoryChange, HistoryLine, HistoryOrder, line};
use lenscap_wire::helper_process::HelperProcess;
use rustix::fs::MemfdFlags;

use crate::core::trouble::cameras::HelperTrouble;
use crate::core::trouble::history::HistoryTrouble;

/// Has these changes written; what became of a file that could not be read.
pub(super) fn write(
    program: &Path,
    order: &HistoryOrder,
    changes: &[HistoryChange],
    until: Instant,
) -> Result<Option<HistoryTrouble>, HistoryTrouble> {
    let mut command = Command::new(program);
    command.arg("record").stderr(Stdio::null());
    let answer = input(order, changes)
        .and_then(|input| HelperProcess::with_input(&mut command, input.into()))
        .map_err(|error| HelperTrouble::Kernel(error.into()))
        .and_then(|asked| asked.line(until));
    let answer = answer.and_then(|answer| match answer.is_empty() {
        true => Err(HelperTrouble::Crashed),
        false => serde_json::from_slice(&answer).map_err(|_| HelperTrouble::Unreadable),
    });
    match answer.map_err(HistoryTrouble::HistoryProgram)? {
        HistoryLine::Written { moved } => Ok(moved),
        HistoryLine::Failed(trouble) => Err(trouble),
        _ => Err(HistoryTrouble::HistoryProgram(HelperTrouble::Unreadable)),
    }
}

/// In memory: nobody waits for who reads it.
fn input(order: &HistoryOrder, changes: &[HistoryChange]) -> io::Result<File> {
    let mut input = File::from(rustix::fs::memfd_create("lenscap-history", MemfdFlags::CLOEXEC)?);
    input.write_all(line(order).as_bytes())?;
    for change in changes {
        input.write_all(line(change).as_bytes())?;
    }
    input.rewind()?;
    Ok(input)
}
