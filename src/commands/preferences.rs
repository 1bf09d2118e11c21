//! `lenscap preferences`: the window. It needs no relay: the settings are a file.

use std::os::unix::process::CommandExt;
use std::process::Command;

use super::Failure;
use crate::app::program;
use crate::core::trouble::start::StartTrouble;
use crate::text::Detail;

pub(super) fn run(set_up: bool) -> Result<(), Failure> {
    let program = program("lenscap-preferences")?;
    let cause = Command::new(&program).args(set_up.then_some("--set-up")).exec().into();
    Err(StartTrouble::Preferences { program: Detail::of_path(&program), cause }.into())
}
