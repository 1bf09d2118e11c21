//! `lenscap doctor`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::existing_file;

/// `lenscap doctor`.
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub struct DoctorArgs {
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
    /// As Markdown for a bug report, with nothing private in it
    #[arg(long, conflicts_with = "json")]
    pub report: bool,
    /// Switch the camera on for some seconds, and say what comes of it
    #[arg(long, conflicts_with_all = ["json", "report"])]
    pub test: bool,
    /// Settings file instead of the usual one
    #[arg(long, value_name = "PATH", value_parser = existing_file(), value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
}
