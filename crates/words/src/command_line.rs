//! The command line's mistakes, and what it prints of a camera's controls.

use lenscap_api::controls::{Control, Flag, Value};
use lenscap_core::trouble::command_line::{CommandTrouble, UsageTrouble};

use crate::cause::why;
use crate::{listed, tr, trf};

/// What is wrong with the command line, a line with the next step.
pub fn usage(trouble: &UsageTrouble) -> String {
    let text = match trouble {
        UsageTrouble::Value { value, argument, why } => {
            trf!("\"{value}\" cannot be the value of {argument}: {why}.", value = value, argument = argument, why = why)
        }
        UsageTrouble::NoValue { argument } => trf!("{argument} needs a value.", argument = argument),
        UsageTrouble::NoneOf { value, argument, values } => trf!(
            "\"{value}\" cannot be the value of {argument}: use one of {values}.",
            value = value,
            argument = argument,
            values = values
        ),
        UsageTrouble::UnknownArgument { argument } => trf!("There is no argument {argument}.", argument = argument),
        UsageTrouble::UnknownCommand { command } => trf!("There is no command {command}.", command = command),
        UsageTrouble::Missing { argument } => trf!("{argument} is missing.", argument = argument),
        UsageTrouble::Conflict { argument, other } => {
            trf!("{argument} cannot be used together with {other}.", argument = argument, other = other)
        }
    };
    trf!("lenscap: {mistake} \"lenscap --help\" tells more.", mistake = text)
}

/// Why a command ends, a sentence with the next step.
pub fn command(trouble: &CommandTrouble) -> String {
    match trouble {
        CommandTrouble::AppletByHand => tr("lenscap-applet is started by lenscap, not by hand: run \"lenscap\"."),
        CommandTrouble::Program { program: _, cause } => {
            trf!("A program of Lenscap's cannot be started{why}: reinstall Lenscap.", why = why(cause))
        }
        CommandTrouble::Print { cause } => trf!("The list cannot be printed{why}.", why = why(cause)),
    }
}

/// What a line of `lenscap controls` says of a control behind its value: "0 to 255 in steps of 5", "default 128", … `plain` writes a
/// value, `entry` an entry of a menu.
pub fn control_notes(
    control: &Control,
    plain: impl Fn(&Value) -> String,
    entry: impl Fn(i64, &str) -> String,
) -> Vec<String> {
    let mut notes = Vec::new();
    if !control.menu.is_empty() {
        let entries = control.menu.iter().map(|it| entry(it.value, &it.label));
        notes.push(listed(entries));
    } else if let (Some(min), Some(max)) = (&control.min, &control.max) {
        let (min, max) = (plain(min), plain(max));
        notes.push(match control.step {
            Some(step) if step > 1 => {
                trf!("{min} to {max} in steps of {step}", min = min, max = max, step = step)
            }
            _ => trf!("{min} to {max}", min = min, max = max),
        });
    }
    if let Some(default) = &control.default {
        notes.push(trf!("default {value}", value = plain(default)));
    }
    if control.software {
        notes.push(tr("in software"));
    }
    notes.extend(control.flags.iter().map(|flag| Flag::as_str(*flag).to_owned()));
    notes
}

/// Stands for the list of a camera that has none.
pub fn no_controls() -> String {
    tr("It has no controls.")
}
