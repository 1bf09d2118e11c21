//! `lenscap status`.

use clap::Args;

/// `lenscap status`.
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub struct StatusArgs {
    /// As one JSON object
    #[arg(long, conflicts_with = "watch")]
    pub json: bool,
    /// Go on and print every change
    #[arg(long)]
    pub watch: bool,
}
