//! Chooses the role, nothing else. Started by lenscap, systemd and the system bus.

use std::path::Path;
use std::process::ExitCode;

use lenscap_api::{SetupPlans, SetupReport, SetupVerb};
use lenscap_core::trouble::setup::SetupTrouble;
use lenscap_setup::{Devices, Patience, Programs, add_nodes, ask, carry_out, plan, remove_nodes, serve};

const ROOT: &str = "/";
/// Neither a number of the kernel's errors, which `add-device` and its like end with, nor one that systemd ends with where it cannot start us.
const WRONG_USE: u8 = 255;

fn main() -> ExitCode {
    lenscap_sys::signals::start_clean();
    if lenscap_sys::install::says_version("lenscap-setup") {
        return ExitCode::SUCCESS;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["plan", ref names @ ..] => {
            match names.iter().map(|name| SetupVerb::from_name(name)).collect::<Option<Vec<_>>>() {
                Some(verbs) => {
                    let plans = verbs.into_iter().map(|verb| plan(verb, Path::new(ROOT))).collect();
                    print(&SetupPlans { plans })
                }
                None => by_hand(),
            }
        }
        ["do", name] => SetupVerb::from_name(name).map_or_else(by_hand, |verb| print(&as_root(verb))),
        ["ask", name] => SetupVerb::from_name(name).map_or_else(by_hand, |verb| print(&ask(verb))),
        ["serve"] => match serve(ROOT.into(), || Box::new(Programs), Patience::default()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("lenscap-setup: {error}");
                ExitCode::FAILURE
            }
        },
        ["add-device"] => add(Devices::First),
        ["add-further-devices"] => add(Devices::Further),
        ["remove-device"] => remove(Devices::First),
        ["remove-further-devices"] => remove(Devices::Further),
        _ => by_hand(),
    }
}

/// systemd says the number to who asks for it, and `do` does.
fn add(devices: Devices) -> ExitCode {
    match add_nodes(devices) {
        Ok(()) => ExitCode::SUCCESS,
        Err(errno) => {
            eprintln!("lenscap-setup: there is no device: {errno}");
            ExitCode::from(u8::try_from(errno.raw_os_error()).unwrap_or(WRONG_USE))
        }
    }
}

fn remove(devices: Devices) -> ExitCode {
    remove_nodes(devices);
    ExitCode::SUCCESS
}

fn as_root(verb: SetupVerb) -> SetupReport {
    if rustix::process::geteuid().is_root() {
        carry_out(verb, Path::new(ROOT), &mut Programs)
    } else {
        SetupReport::refused(verb, SetupTrouble::NotRoot)
    }
}

fn print(answer: &impl serde::Serialize) -> ExitCode {
    match serde_json::to_string(answer) {
        Ok(json) => {
            println!("{json}");
            ExitCode::SUCCESS
        }
        Err(_) => ExitCode::FAILURE,
    }
}

fn by_hand() -> ExitCode {
    eprintln!("lenscap-setup is started by lenscap, not by hand: run \"lenscap setup\".");
    ExitCode::from(WRONG_USE)
}
