//! `lenscap controls`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::{RefusedArgument, existing_file};
use crate::config::table::camera;
use crate::core::source::Source;

/// `lenscap controls`.
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub struct ControlsArgs {
    /// What to do; nothing: list them.
    #[command(subcommand)]
    pub action: Option<ControlsAction>,
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
    /// Camera instead of the one in the settings, written as there
    // An id of its own: what is global is seen above, too, where the relay's option of this name has another type.
    #[arg(id = "camera", long = "source", value_name = "SOURCE", value_parser = source, global = true)]
    pub source: Option<Source>,
    /// Settings file instead of the usual one
    #[arg(long, value_name = "PATH", value_parser = existing_file(), value_hint = ValueHint::FilePath, global = true)]
    pub config: Option<PathBuf>,
}

/// What to do with controls.
#[derive(Debug, Clone, PartialEq, Subcommand)]
pub enum ControlsAction {
    /// Set a control, at once and at every start of the camera
    Set {
        /// Its name, as "lenscap controls" lists it
        key: String,
        /// A number, true or false, an entry's number or name, or a text
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Set a control, or all, back to the camera's default
    Reset {
        /// Its name; without it all
        key: Option<String>,
    },
}

fn source(text: &str) -> Result<Source, RefusedArgument> {
    // What the setting takes is a source.
    camera::SOURCE.argument(text).map(|_| text.parse().unwrap_or_default()).map_err(RefusedArgument)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Subcommand};

    #[test]
    fn the_camera_is_named_before_or_behind_what_to_do() {
        for line in
            ["lenscap controls --source test set brightness 3", "lenscap controls set brightness 3 --source test"]
        {
            let cli = Cli::try_parse_from(line.split(' ')).expect(line);
            let Some(Subcommand::Controls(arguments)) = cli.command else { panic!("{line}") };
            assert_eq!(arguments.source, Some(Source::Test), "{line}");
        }
    }
}
