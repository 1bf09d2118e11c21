//! `lenscap setup`: shows what would be done, asks, and has it done by `lenscap-setup`: directly as root, on a terminal through
//! sudo, else through the system bus and polkit. A unit of the user's is the user's to stop.

mod user_unit;

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lenscap_api::{SetupPlan, SetupPlans, SetupReport, SetupReports, SetupVerb};
use lenscap_wire::helper_process::HelperProcess;
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::user_unit::UserUnit;
use super::Failure;
use crate::app::program;
use crate::cli::SetupArgs;
use crate::core::trouble::command_line::CommandTrouble;
use crate::core::trouble::setup::SetupTrouble;
use crate::i18n::setup as words;
use crate::text::{Cause, Detail};

const PROGRAM: &str = "lenscap-setup";
/// It reads some files.
const PATIENCE: Duration = Duration::from_secs(20);
/// What a new computer needs; the rest touches others' and is only done by name, or by a yes of its own.
const USUAL: [SetupVerb; 2] = [SetupVerb::Device, SetupVerb::CameraRules];
/// What is shown without names: hiding nodes and further devices are nobody's need, and done by their names alone.
const ALL: [SetupVerb; 5] = [
    SetupVerb::Device,
    SetupVerb::MergedOptions,
    SetupVerb::CameraRules,
    SetupVerb::StopV4l2Relayd,
    SetupVerb::StopIpu6CameraDaemon,
];

pub(super) fn run(arguments: &SetupArgs) -> Result<(), Failure> {
    let program = program(PROGRAM)?;
    let verbs = match () {
        () if arguments.undo => vec![SetupVerb::Undo],
        () if !arguments.verbs.is_empty() => arguments.verbs.clone(),
        () if arguments.yes => USUAL.to_vec(),
        () => ALL.to_vec(),
    };
    let mut plans = plans(&program, &verbs)?;
    let is_about_it = |verb: &SetupVerb| matches!(verb, SetupVerb::StopIpu6CameraDaemon | SetupVerb::Undo);
    let user_unit = if verbs.iter().any(is_about_it) { UserUnit::look() } else { None };
    let users_steps = |verb| user_unit.as_ref().map(|unit| unit.steps(verb)).unwrap_or_default();
    for plan in &mut plans {
        plan.steps.splice(0..0, users_steps(plan.verb));
    }
    if arguments.print && arguments.json {
        return print(&SetupPlans { plans });
    }
    if arguments.verbs.is_empty() {
        drop_needless(&mut plans);
    }
    let carry_out = |plan: &SetupPlan| {
        let steps = users_steps(plan.verb);
        if let Err(trouble) = user_unit.as_ref().map_or(Ok(()), |unit| unit.carry_out(plan.verb)) {
            return SetupReport::refused(plan.verb, trouble);
        }
        let is_all = steps.len() == plan.steps.len();
        let mut report = if is_all { nothing(plan.verb) } else { carry_out(&program, plan.verb) };
        report.done.splice(0..0, steps);
        report
    };
    let mut reports = Vec::new();
    let mut is_done = true;
    for plan in &plans {
        if !arguments.json {
            show(plan)?;
        }
        let report = match &plan.trouble {
            Some(trouble) => SetupReport::refused(plan.verb, trouble.clone()),
            None if plan.steps.is_empty() => nothing(plan.verb),
            None if arguments.print => continue,
            None if arguments.yes => carry_out(plan),
            None if !io::stdin().is_terminal() => {
                say(&words::not_asked())?;
                return Err(Failure::Shown);
            }
            None if !is_yes()? => {
                say(&words::declined())?;
                is_done = false;
                continue;
            }
            None => carry_out(plan),
        };
        if !arguments.json {
            say_report(&report, plan)?;
        }
        reports.push(report);
    }
    is_done &= reports.iter().all(|report| report.trouble.is_none());
    if arguments.json {
        print(&SetupReports { reports })?;
    }
    if is_done { Ok(()) } else { Err(Failure::Shown) }
}

/// Without names, only what there is something to do for is shown: at least one, that says that all is done.
fn drop_needless(plans: &mut Vec<SetupPlan>) {
    let others_stand_in_the_way = |plan: &SetupPlan| matches!(plan.trouble, Some(SetupTrouble::OthersOptions { .. }));
    let is_merged_needed = plans.iter().any(others_stand_in_the_way);
    // The plan that can be carried out is the one to show.
    plans.retain(|plan| match plan.verb {
        SetupVerb::MergedOptions => is_merged_needed,
        _ => !others_stand_in_the_way(plan),
    });
    let is_needless = |plan: &SetupPlan| plan.steps.is_empty() && plan.trouble.is_none();
    if plans.iter().any(|plan| !is_needless(plan)) {
        plans.retain(|plan| !is_needless(plan));
    } else {
        plans.truncate(1);
    }
}

fn plans(program: &Path, verbs: &[SetupVerb]) -> Result<Vec<SetupPlan>, Failure> {
    let failed = |cause| Failure::from(CommandTrouble::Program { program: Detail::of_path(program), cause });
    let mut command = Command::new(program);
    command.arg("plan").args(verbs.iter().map(|verb| verb.as_str()));
    let asked = HelperProcess::new(&mut command).map_err(|error| failed(error.into()))?;
    let answer = asked.all(Instant::now() + PATIENCE).map_err(|error| failed(Cause::other(format!("{error:?}"))))?;
    read::<SetupPlans>(&answer).map(|answer| answer.plans).ok_or_else(|| failed(Cause::other("no answer")))
}

fn read<T: DeserializeOwned>(answer: &[u8]) -> Option<T> {
    serde_json::from_slice(answer).ok()
}

fn nothing(verb: SetupVerb) -> SetupReport {
    SetupReport { verb, done: Vec::new(), left: Vec::new(), needs_restart: false, trouble: None }
}

/// What is the system's, by whoever may.
fn carry_out(program: &Path, verb: SetupVerb) -> SetupReport {
    let direct = |mut command: Command, refused: SetupTrouble| {
        // sudo asks on the terminal.
        let answer = command.args(["do", verb.as_str()]).stderr(Stdio::inherit()).output();
        let report = answer.map_err(|error| SetupTrouble::Helper { cause: error.into() });
        report.and_then(|answer| read(&answer.stdout).ok_or(refused))
    };
    let done = if rustix::process::geteuid().is_root() {
        direct(Command::new(program), SetupTrouble::Helper { cause: Cause::other("no answer") })
    } else if io::stdin().is_terminal() && has_sudo() {
        let mut command = Command::new("sudo");
        command.arg("--").arg(program).stdin(Stdio::inherit());
        direct(command, SetupTrouble::Forbidden)
    } else {
        let answer = Command::new(program).args(["ask", verb.as_str()]).stdin(Stdio::null()).output();
        let answer = answer.map_err(|error| SetupTrouble::Helper { cause: error.into() });
        answer.and_then(|answer| read(&answer.stdout).ok_or(SetupTrouble::NoWay))
    };
    done.unwrap_or_else(|trouble| SetupReport::refused(verb, trouble))
}

fn has_sudo() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join("sudo").is_file())
}

fn show(plan: &SetupPlan) -> Result<(), Failure> {
    let is_shown = plan.trouble.is_none() && !plan.steps.is_empty();
    if is_shown { say(&words::plan(plan)) } else { say(&words::heading(plan.verb)) }
}

/// Its sentence; where it cannot be done from here, what there is to be done.
fn say_report(report: &SetupReport, plan: &SetupPlan) -> Result<(), Failure> {
    say(&words::report(report))?;
    let Some(trouble) = &report.trouble else { return Ok(()) };
    for command in words::commands(trouble) {
        say(&format!("    {command}"))?;
    }
    if trouble.can_be_done_by_hand() && !plan.steps.is_empty() {
        say(&words::by_hand())?;
        let mut left = plan.clone();
        left.steps.retain(|step| !report.done.contains(step));
        say(&words::steps(&left))?;
    }
    Ok(())
}

fn is_yes() -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    write!(out, "{} ", words::question()).and_then(|()| out.flush()).map_err(cannot_print)?;
    let mut answer = String::new();
    // The end of the input is a no.
    let _ = io::stdin().lock().read_line(&mut answer);
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

fn print(answer: &impl Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string(answer).map_err(|error| cannot_print(error.into()))?;
    say(&json)
}

fn say(text: &str) -> Result<(), Failure> {
    match writeln!(io::stdout().lock(), "{}", text.trim_end()) {
        // Who read has seen enough; what was asked for is done all the same.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        said => said.map_err(cannot_print),
    }
}

fn cannot_print(error: io::Error) -> Failure {
    CommandTrouble::Print { cause: error.into() }.into()
}
