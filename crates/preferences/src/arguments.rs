//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ErrorKind};
use clap::{Arg, ArgAction, Command, value_parser};
use lenscap_core::trouble::preferences::PreferencesTrouble;
use lenscap_sys::install::VERSION;
use lenscap_words::tr;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Invocation {
    /// A text to print, without its last line end: help or the version.
    Text(String),
    /// The window "About".
    About,
    /// The window "Diagnosis".
    Diagnosis {
        /// The settings file, when it is not the usual one.
        config: Option<PathBuf>,
    },
    /// The preferences.
    Preferences {
        /// The settings file, when it is not the usual one.
        config: Option<PathBuf>,
        /// With the window "Set Up" over them.
        set_up: bool,
    },
}

/// What these arguments, the program's name first, ask for.
///
/// # Errors
/// They cannot be understood.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, PreferencesTrouble> {
    let mut matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return Ok(Invocation::Text(error.to_string().trim_end().to_owned()));
        }
        Err(error) => return Err(mistake(&error)),
    };
    let config = matches.remove_one::<PathBuf>("config");
    if let Some(path) = config.as_ref().filter(|path| !path.exists()) {
        return Err(PreferencesTrouble::NoConfigFile { path: path.clone() });
    }
    Ok(match (matches.get_flag("about"), matches.get_flag("diagnose")) {
        (true, _) => Invocation::About,
        (_, true) => Invocation::Diagnosis { config },
        _ => Invocation::Preferences { config, set_up: matches.get_flag("set-up") },
    })
}

fn command() -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("lenscap-preferences")
        .version(VERSION)
        .override_help(help())
        .args_override_self(true)
        .arg(Arg::new("config").long("config").value_name("PATH").value_parser(value_parser!(PathBuf)))
        .arg(flag("about"))
        .arg(flag("diagnose"))
        .arg(flag("set-up"))
}

/// As clap lays it out, in the user's language.
fn help() -> String {
    tr("Lenscap's preferences window.\n\nUsage: lenscap-preferences [OPTIONS]\n\nOptions:\n      \
        --config <PATH>  Settings file instead of the usual one\n      --about          Show what Lenscap is\n      --diagnose       Look for what may keep the camera from working\n      --set-up         Show what is missing, and set it up\n  -h, --help           Print help\n  \
        -V, --version        Print version")
}

fn mistake(error: &clap::Error) -> PreferencesTrouble {
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
            PreferencesTrouble::NotAnOption { argument: argument.into() }
        }
        // Of the options, only this one takes a value.
        _ => PreferencesTrouble::NoConfigPath,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Invocation, PreferencesTrouble> {
        super::parse(["lenscap-preferences"].into_iter().chain(line.split_whitespace()).map(OsString::from))
    }

    #[test]
    fn the_command_line_is_understood_or_refused_in_one_sentence() {
        assert_eq!(parse(""), Ok(Invocation::Preferences { config: None, set_up: false }));
        assert_eq!(parse("--set-up"), Ok(Invocation::Preferences { config: None, set_up: true }));
        let named = Ok(Invocation::Preferences { config: Some("/dev/null".into()), set_up: false });
        assert_eq!(parse("--config /dev/null"), named);
        assert_eq!(parse("--config=/dev/null"), named);
        assert_eq!(parse("-h"), Ok(Invocation::Text(help())));
        assert!(command().get_arguments().all(|option| help().contains(&format!("--{}", option.get_id()))));
        assert_eq!(
            parse("--diagnose --config /dev/null"),
            Ok(Invocation::Diagnosis { config: Some("/dev/null".into()) })
        );
        assert_eq!(parse("--about --diagnose"), Ok(Invocation::About));
        assert_eq!(
            parse("--config /dev/null --version"),
            Ok(Invocation::Text(format!("lenscap-preferences {VERSION}")))
        );
        for wrong in ["--conf", "file.toml", "--config", "--config=", "--config /no/such.toml", "-x"] {
            let sentence = lenscap_words::preferences::sentence(&parse(wrong).unwrap_err());
            assert!(sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
        }
    }
}
