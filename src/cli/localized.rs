//! The command line's texts in the user's language.
//!
//! clap takes them from doc comments, in English; they are translated in the built command, and the extractor of
//! `tests/translations` collects them from there, too. Mistakes are said in clap's own words in English, else in ours.

use std::error::Error;
use std::process;

use clap::builder::{Resettable, StyledStr};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, FromArgMatches};

use super::Cli;
use crate::core::trouble::command_line::UsageTrouble;
use crate::i18n::{command_line, tr, tr_collected};
use crate::text::Text;

/// Exit status of wrong usage.
const WRONG_USAGE: i32 = 2;

/// The command line as parsed, its help in the user's language. Ends the process where clap does: help, version, wrong
/// usage (exit status 2).
pub fn parse() -> Cli {
    let mut command = localized(Cli::command());
    let parsed =
        command.try_get_matches_from_mut(std::env::args_os()).and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.unwrap_or_else(|error| {
        if let Some(text) = mistake(&error).filter(|_| is_translated()) {
            eprintln!("{text}");
            process::exit(WRONG_USAGE);
        }
        error.format(&mut command).exit()
    })
}

fn is_translated() -> bool {
    tr("Usage:") != "Usage:"
}

/// What is wrong, for the mistakes that people make.
fn mistake(error: &clap::Error) -> Option<String> {
    let part = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(list)) => lenscap_words::listed(list),
        _ => String::new(),
    };
    let argument: Text = part(ContextKind::InvalidArg).into();
    let value = part(ContextKind::InvalidValue);
    let trouble = match error.kind() {
        ErrorKind::ValueValidation => {
            let why = error.source().map(ToString::to_string).unwrap_or_default().into();
            UsageTrouble::Value { value: value.into(), argument, why }
        }
        ErrorKind::InvalidValue if value.is_empty() => UsageTrouble::NoValue { argument },
        ErrorKind::InvalidValue => {
            UsageTrouble::NoneOf { value: value.into(), argument, values: part(ContextKind::ValidValue).into() }
        }
        ErrorKind::UnknownArgument => UsageTrouble::UnknownArgument { argument },
        ErrorKind::InvalidSubcommand => {
            UsageTrouble::UnknownCommand { command: part(ContextKind::InvalidSubcommand).into() }
        }
        ErrorKind::MissingRequiredArgument => UsageTrouble::Missing { argument },
        ErrorKind::ArgumentConflict => UsageTrouble::Conflict { argument, other: part(ContextKind::PriorArg).into() },
        _ => return None,
    };
    Some(command_line::usage(&trouble))
}

/// This command with every text that it shows in its help translated, those of its arguments and subcommands included.
pub fn localized(mut command: Command) -> Command {
    // Adds what clap itself adds, -h and -V.
    command.build();
    translate(command, is_translated())
}

fn translate(command: Command, is_translated: bool) -> Command {
    let mut command = command
        .mut_args(|argument| {
            let help = argument.get_help().map(of);
            let long = argument.get_long_help().map(of);
            let heading = argument.get_help_heading().map(tr_collected);
            let is_positional = argument.is_positional();
            let argument = argument.help(Resettable::from(help)).long_help(Resettable::from(long));
            match heading {
                Some(heading) => argument.help_heading(heading),
                None if !is_translated => argument,
                None if is_positional => argument.help_heading(tr("Arguments")),
                None => argument.help_heading(tr("Options")),
            }
        })
        .mut_subcommands(|subcommand| translate(subcommand, is_translated));
    let [about, long_about, after_help] = [command.get_about(), command.get_long_about(), command.get_after_help()]
        .map(|text| Resettable::from(text.map(of)));
    command = command.about(about).long_about(long_about).after_help(after_help);
    if is_translated {
        let header = command.get_styles().get_header();
        // clap's own, but for the first word.
        let template = format!(
            "{{before-help}}{{about-with-newline}}\n{header}{}{header:#} {{usage}}\n\n{{all-args}}{{after-help}}",
            tr("Usage:")
        );
        command = command.subcommand_help_heading(tr("Commands")).help_template(template);
    }
    command
}

fn of(text: &StyledStr) -> StyledStr {
    tr_collected(&text.to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_help_is_clap_s_own() {
        for arguments in [
            &["lenscap", "--help"][..],
            &["lenscap", "-h"],
            &["lenscap", "run", "--help"],
            &["lenscap", "pause", "-h"],
            &["lenscap", "completions", "--help"],
            &["lenscap", "--nonsense"],
            &["lenscap", "status", "--json", "--waybar"],
        ] {
            let said = |command: Command| command.try_get_matches_from(arguments).unwrap_err().to_string();
            assert_eq!(said(localized(Cli::command())), said(Cli::command()), "{arguments:?}");
        }
    }

    #[test]
    fn mistakes_are_said_in_one_line_with_what_was_written() {
        for (line, parts) in [
            ("lenscap -w 0", &["\"0\"", "--width", "must be an even number"][..]),
            ("lenscap completions x", &["\"x\"", "bash, "]),
            ("lenscap -w", &["--width", "needs"]),
            ("lenscap --nonsense", &["--nonsense"]),
            ("lenscap nonsense", &["nonsense"]),
            ("lenscap completions", &["<SHELL>", "missing"]),
            ("lenscap status --json --waybar", &["--json", "--waybar"]),
        ] {
            let error = localized(Cli::command()).try_get_matches_from(line.split(' ')).unwrap_err();
            assert_eq!(error.exit_code(), WRONG_USAGE, "{line}");
            let text = mistake(&error).unwrap_or_else(|| panic!("{line}: {error:?}"));
            assert!(parts.iter().all(|part| text.contains(part)) && !text.contains('\n'), "{line}: {text}");
        }
        let help = localized(Cli::command()).try_get_matches_from(["lenscap", "--help"]).unwrap_err();
        assert_eq!(mistake(&help), None);
    }

    #[test]
    fn what_was_parsed_is_the_same() {
        let arguments = ["lenscap", "run", "--headless", "-w", "640", "--source", "test"];
        let matches = localized(Cli::command()).try_get_matches_from(arguments).unwrap();
        use clap::Parser;
        assert_eq!(Cli::from_arg_matches(&matches).unwrap(), Cli::parse_from(arguments));
    }
}
