//! What the command line asks for, one file a subcommand.
//!
//! What needs a desktop is a program of its own, `lenscap-applet`, which `lenscap` becomes: the headless relay then has
//! nothing of GLib in its memory: not even among its dependencies.

mod allow;
mod block;
mod cameras;
mod completions;
mod controls;
mod doctor;
mod import;
mod log;
mod off;
mod pause;
mod preferences;
mod resume;
mod run;
mod setup;
mod status;
mod toggle;

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use lenscap_api::{AskError, Reply, Request, client};

use crate::app::{log as messages, program};
use crate::cli::{Cli, Subcommand};
use crate::core::trouble::command_line::CommandTrouble;
use crate::failure::Failure;
use crate::i18n::status::summary;
use crate::text::Detail;

/// Exit status of what failed.
const FAILED: u8 = 1;
/// Exit status where nobody is there to be asked.
const NOT_RUNNING: u8 = 3;

/// `lenscap`: does what the command line asks for; the exit status.
pub fn main(cli: Cli) -> ExitCode {
    let done = match &cli.command {
        None => run::applet(),
        Some(Subcommand::Run(arguments)) => run::run(arguments),
        Some(Subcommand::Status(arguments)) => status::run(arguments),
        Some(Subcommand::Pause(arguments)) => pause::run(arguments),
        Some(Subcommand::Resume) => resume::run(),
        Some(Subcommand::Toggle) => toggle::run(),
        Some(Subcommand::Off) => off::run(),
        Some(Subcommand::Allow(arguments)) => allow::run(arguments),
        Some(Subcommand::Block(arguments)) => block::run(arguments),
        Some(Subcommand::Preferences { set_up }) => preferences::run(*set_up),
        Some(Subcommand::Cameras(arguments)) => cameras::run(arguments),
        Some(Subcommand::Doctor(arguments)) => doctor::run(arguments),
        Some(Subcommand::Setup(arguments)) => setup::run(arguments),
        Some(Subcommand::Import(arguments)) => import::run(arguments),
        Some(Subcommand::Controls(arguments)) => controls::run(arguments),
        Some(Subcommand::Log(arguments)) => log::run(arguments),
        Some(Subcommand::Completions { shell }) => completions::run(*shell),
    };
    exit(done)
}

/// The exit status of a program of ours, after its last sentence.
pub fn exit(done: Result<(), Failure>) -> ExitCode {
    let status = match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if let Some(code) = failure.code() {
                tracing::debug!(%code, "why it ends");
            }
            if let Some(sentence) = failure.sentence() {
                messages::say(&[sentence, failure.appendix()].concat());
            }
            ExitCode::from(if failure.is_nobody_there() { NOT_RUNNING } else { FAILED })
        }
    };
    messages::finish();
    status
}

/// Asks the running relay and prints its answer, as JSON or in words.
fn ask(request: &Request, as_json: bool) -> Result<(), Failure> {
    let mut print = |reply: Reply| {
        let text = match &reply {
            Reply::Status(line) if !as_json => summary(&line.status) + "\n",
            reply => lenscap_api::line(reply),
        };
        io::stdout().lock().write_all(text.as_bytes()).is_ok()
    };
    client::follow(request, &mut print).map_err(Failure::Ask)
}

/// The running relay's status, `None` when there is none.
fn relay_status() -> Result<Option<lenscap_api::Status>, AskError> {
    match client::status() {
        Ok(line) => Ok(Some(line.status)),
        Err(error) if error.is_nobody_there() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Goes on as another program of ours. Comes back only when that cannot be.
fn become_program(name: &str, arguments: impl Iterator<Item = OsString>) -> Result<(), Failure> {
    let program = program(name)?;
    let error = std::process::Command::new(&program).args(arguments).exec();
    let trouble = CommandTrouble::Program { program: Detail::of_path(&program), cause: error.into() };
    Err(trouble.into())
}
