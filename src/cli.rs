//! The command line as types; what it asks for is done elsewhere.
//!
//! The flags of ipu6-camera-daemon work unchanged. A value is judged by the rules of the settings file and refused with
//! the same sentence. Exit status: 0 done, 1 failed, 2 wrong usage, 3 not running.

mod allow;
mod cameras;
mod controls;
mod doctor;
mod import;
mod localized;
mod log;
mod pause;
mod run;
mod setup;
mod status;

use std::fmt;
use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{CommandFactory, Parser};

use crate::core::trouble::settings::SettingTrouble;
use crate::i18n::settings as words;

pub use allow::{AllowArgs, BlockArgs};
pub use cameras::CamerasArgs;
pub use controls::{ControlsAction, ControlsArgs};
pub use doctor::DoctorArgs;
pub use import::ImportArgs;
pub use localized::{localized, parse};
pub use log::{LogArgs, Since};
pub use pause::PauseArgs;
pub use run::{RunArgs, RunCommand};
pub use setup::SetupArgs;
pub use status::StatusArgs;

/// An on-demand camera: applications see it always, and it is on only while one of them streams.
#[derive(Debug, Clone, PartialEq, Parser)]
#[command(
    name = "lenscap",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = "Exit status: 0 done, 1 failed, 2 wrong usage, 3 not running."
)]
pub struct Cli {
    /// What to do; nothing: run the camera with its icon, or show the preferences of the one that runs.
    #[command(subcommand)]
    pub command: Option<Subcommand>,
    /// Settings for the relay.
    #[command(flatten)]
    pub run: RunArgs,
    /// Show the preferences at once, as the start from a menu does
    #[arg(long)]
    pub window: bool,
    /// Started by D-Bus, which then says what it wants.
    #[arg(long, hide = true)]
    pub gapplication_service: bool,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, clap::Subcommand)]
pub enum Subcommand {
    /// Run the camera, with options of its own
    Run(Box<RunCommand>),
    /// Show whether the camera is on, and who uses it
    Status(StatusArgs),
    /// Turn the camera off for the applications that use it now
    Off,
    /// Allow applications the camera: those that ask for it, that it was turned off for, or that are blocked
    Allow(AllowArgs),
    /// Never give applications the camera
    Block(BlockArgs),
    /// Keep the camera off for all applications, for a time or until resumed
    Pause(PauseArgs),
    /// End a pause, or try again after a failure
    Resume,
    /// Pause, or end a pause
    Toggle,
    /// Show the preferences
    Preferences {
        /// Show what is missing before the camera works, and set it up
        #[arg(long)]
        set_up: bool,
    },
    /// List the cameras there are, and what they can do
    Cameras(CamerasArgs),
    /// Look for what may keep the camera from working, and say what to do about it
    Doctor(DoctorArgs),
    /// Show what another camera relay was set to do, and take it over into your settings
    Import(ImportArgs),
    /// Set up what needs root: the camera device, rules for cameras; shows all of it before
    Setup(SetupArgs),
    /// Show the camera's controls, or set them
    Controls(ControlsArgs),
    /// Show who used a camera, from when to when, or delete that
    Log(LogArgs),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Prints the completion script for this shell on stdout.
pub fn print_completions(shell: clap_complete::Shell) {
    clap_complete::generate(shell, &mut Cli::command(), "lenscap", &mut std::io::stdout());
}

/// Why a value is refused, as the settings file would say it.
#[derive(Debug)]
struct RefusedArgument(SettingTrouble);

impl fmt::Display for RefusedArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&words::refusal(&self.0))
    }
}

impl std::error::Error for RefusedArgument {}

/// Takes the path of a file that is there: of another one everything would be as if nothing had been named.
fn existing_file() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match path.exists() {
        true => Ok(path),
        false => Err(RefusedArgument(SettingTrouble::NoFile)),
    })
}

#[cfg(test)]
fn parse_line(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    #[test]
    fn the_declaration_holds() {
        Cli::command().debug_assert();
    }

    #[test]
    fn subcommands_are_understood_and_wrong_usage_is_2() {
        let command = |line: &str| parse_line(line).unwrap().command.unwrap();
        assert_eq!(
            command("lenscap status --json"),
            Subcommand::Status(StatusArgs { json: true, ..StatusArgs::default() })
        );
        assert_eq!(command("lenscap pause"), Subcommand::Pause(PauseArgs { duration: None }));
        let half_an_hour = Some(Duration::from_secs(1800));
        assert_eq!(command("lenscap pause --for 30m"), Subcommand::Pause(PauseArgs { duration: half_an_hour }));
        assert_eq!(command("lenscap off"), Subcommand::Off);
        let (apps, once) = (vec!["zoom".to_owned()], true);
        assert_eq!(command("lenscap allow --once zoom"), Subcommand::Allow(AllowArgs { apps, once }));
        assert_eq!(command("lenscap block"), Subcommand::Block(BlockArgs { apps: Vec::new() }));
        assert_eq!(command("lenscap resume"), Subcommand::Resume);
        assert_eq!(command("lenscap toggle"), Subcommand::Toggle);
        assert_eq!(command("lenscap preferences"), Subcommand::Preferences { set_up: false });
        assert_eq!(command("lenscap preferences --set-up"), Subcommand::Preferences { set_up: true });
        assert!(matches!(command("lenscap completions bash"), Subcommand::Completions { .. }));
        for wrong in [
            "nonsense",
            "--nonsense",
            "--config /no/such.toml",
            "doctor --config /no/such.toml",
            "--picture /no/such.png",
            "status --json --waybar",
            "-w 640 status",
            "pause --for never",
            "completions x",
        ] {
            let error = parse_line(&format!("lenscap {wrong}")).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{wrong}");
        }
        for line in ["lenscap -V", "lenscap --version"] {
            assert_eq!(parse_line(line).unwrap_err().kind(), ErrorKind::DisplayVersion);
        }
    }
}
