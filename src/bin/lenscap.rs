//! Chooses the role, nothing else.

use clap::Parser;

fn main() -> std::process::ExitCode {
    lenscap::app::main(lenscap::cli::Cli::parse())
}
