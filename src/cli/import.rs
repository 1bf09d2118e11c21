//! `lenscap import`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::existing_file;

/// `lenscap import`.
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub struct ImportArgs {
    /// The other program's file; needed where there are several
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Write them into your settings
    #[arg(long)]
    pub yes: bool,
    /// Settings file instead of the usual one
    #[arg(long, value_name = "PATH", value_parser = existing_file(), value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
}
