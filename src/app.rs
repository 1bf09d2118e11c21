//! The only wiring of the resident process: chooses what the command line asks for, and holds the parts together.
//!
//! What needs a desktop is a program of its own, `lenscap-applet`, which `lenscap` becomes: the headless relay then has
//! nothing of GLib in its memory (measured: 4.4 MB PSS instead of 6.2).

mod cameras;
pub(crate) mod controls;
pub(crate) mod keeper;
mod lines;
pub(crate) mod log;
pub(crate) mod reading;
pub(crate) mod relay;
mod session;
mod settle;
mod watchdog;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::{Cli, Command as Subcommand, DoctorArgs, RunArgs};
use crate::config;
use crate::doctor;
use crate::i18n::{tr, trf};
use crate::ipc;
use crate::sys::install;
use lenscap_api::{AskError, Request, Status, client};
use relay::{Manner, Relay, Wish};

const FAILED: u8 = 1;
const NOT_RUNNING: u8 = 3;

/// Does what the command line asks for; the exit status.
pub fn main(cli: Cli) -> ExitCode {
    let asked = match &cli.command {
        Some(Subcommand::Run(run)) if run.headless || run.events => return exit(headless(&run.run, run.events)),
        None | Some(Subcommand::Run(_)) => return exit(become_program("lenscap-applet", std::env::args_os().skip(1))),
        Some(Subcommand::Completions { shell }) => {
            crate::cli::print_completions(*shell);
            return ExitCode::SUCCESS;
        }
        // The window needs no relay: the settings are a file.
        Some(Subcommand::Preferences) => return exit(become_program("lenscap-preferences", std::iter::empty())),
        Some(Subcommand::Doctor(asked)) => return doctor(asked),
        Some(Subcommand::Cameras(asked)) => return exit(cameras::run(asked)),
        Some(Subcommand::Controls(arguments)) => return exit(controls::run(arguments)),
        Some(Subcommand::Status(status)) => {
            ipc::ask(if status.watch { &Request::Watch } else { &Request::Status }, status.json)
        }
        Some(Subcommand::Pause(pause)) => {
            ipc::ask(&Request::Pause { seconds: pause.duration.map(|duration| duration.as_secs()) }, false)
        }
        Some(Subcommand::Resume) => ipc::ask(&Request::Resume, false),
        Some(Subcommand::Toggle) => ipc::ask(&Request::Toggle, false),
    };
    match asked {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lenscap: {}", crate::i18n::ask::sentence(&error));
            ExitCode::from(if error == AskError::NotRunning { NOT_RUNNING } else { FAILED })
        }
    }
}

/// The applet: the relay with icon, notifications and D-Bus; the exit status.
pub fn applet(cli: Cli) -> ExitCode {
    match cli.command {
        None => exit(crate::applet::run(&cli.run, cli.gapplication_service)),
        Some(Subcommand::Run(run)) if !run.headless && !run.events => exit(crate::applet::run(&run.run, false)),
        Some(_) => exit(Err(tr("lenscap-applet is started by lenscap, not by hand: run \"lenscap\"."))),
    }
}

fn exit(done: Result<(), String>) -> ExitCode {
    let status = match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            log::say(&sentence);
            ExitCode::from(FAILED)
        }
    };
    log::finish();
    status
}

/// Says what may keep the camera from working. Exit status 1 when something does.
fn doctor(asked: &DoctorArgs) -> ExitCode {
    let path = match asked.config.clone().map_or_else(config::default_path, Ok) {
        Ok(path) => path,
        Err(sentence) => return exit(Err(sentence)),
    };
    let findings = doctor::examine(&path, running());
    let told = if asked.json {
        writeln!(io::stdout().lock(), "{}", doctor::to_json(&findings))
    } else {
        write!(io::stdout().lock(), "{}", doctor::in_words(&findings))
    };
    if told.is_ok() && doctor::is_well(&findings) { ExitCode::SUCCESS } else { ExitCode::from(FAILED) }
}

/// The running relay's status, `None` when there is none.
fn running() -> Result<Option<Status>, String> {
    match client::status() {
        Ok(line) => Ok(Some(line.status)),
        Err(error) if error.is_nobody_there() => Ok(None),
        Err(error) => Err(crate::i18n::ask::sentence(&error)),
    }
}

/// The relay alone, until SIGTERM or SIGINT.
fn headless(arguments: &RunArgs, events: bool) -> Result<(), String> {
    log::start();
    let mut relay = Relay::new(arguments, Manner::Headless { events }, None)?;
    while !relay.turn(None)?.contains(&Wish::End) {}
    Ok(())
}

/// Goes on as another program of ours. Comes back only when that cannot be.
fn become_program(name: &str, arguments: impl Iterator<Item = OsString>) -> Result<(), String> {
    use std::os::unix::process::CommandExt;

    let program = program(name)?;
    let error = std::process::Command::new(&program).args(arguments).exec();
    let program = program.display();
    Err(trf!("The program {program} cannot be started ({error}): reinstall Lenscap.", program = program, error = error))
}

/// Another program of ours.
pub(crate) fn program(name: &str) -> Result<PathBuf, String> {
    install::program(name)
        .map_err(|error| trf!("Cannot tell where this program is ({error}): start it by its full path.", error = error))
}
