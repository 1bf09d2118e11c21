//! `lenscap status`.

use clap::Args;

/// `lenscap status`.
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub struct StatusArgs {
    /// As JSON, one object a line
    #[arg(long)]
    pub json: bool,
    /// As a custom module of Waybar's reads it, one object a line
    #[arg(long, conflicts_with = "json")]
    pub waybar: bool,
    /// Go on and print every change
    #[arg(long)]
    pub watch: bool,
}
