//! `lenscap allow`, `lenscap block`.

use clap::Args;

/// Whom, and for how long.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct AllowArgs {
    /// Names or ids of applications, as "lenscap status" shows them; none: those that are kept from the camera now
    #[arg(value_name = "APP")]
    pub apps: Vec<String>,
    /// Leave the rules as they are
    #[arg(long)]
    pub once: bool,
}

/// Whom.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct BlockArgs {
    /// Names or ids of applications, as "lenscap status" shows them; none: those that wait for an answer
    #[arg(value_name = "APP")]
    pub apps: Vec<String>,
}
