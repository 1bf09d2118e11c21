//! Chooses the role, nothing else.

use clap::Parser;

fn main() -> std::process::ExitCode {
    // Before anything is allocated: cards are large and short-lived.
    lenscap::sys::memory::return_freed_memory();
    lenscap::app::main(lenscap::cli::Cli::parse())
}
