//! `lenscap completions`: the completion script for a shell.

use super::Failure;

pub(super) fn run(shell: clap_complete::Shell) -> Result<(), Failure> {
    crate::cli::print_completions(shell);
    Ok(())
}
