//! Do the programs that run belong to what is installed? After an update the old ones run on, and cannot speak with the new.

use std::fs;

use super::{Diagnosis, Finding, Patient, Verdict, found};

const CHECK: &str = "versions";
/// Those that stay: the others are started anew each time.
const RESIDENT: [&str; 2] = ["lenscap", "lenscap-applet"];
/// How the kernel calls a program whose file was replaced or removed (proc_pid_exe(5)).
const REPLACED: &str = " (deleted)";

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let is_replaced = |pid: u32| {
        // Another user's cannot be read.
        let program = fs::read_link(patient.at(&format!("/proc/{pid}/exe")));
        program.is_ok_and(|path| path.to_string_lossy().ends_with(REPLACED))
    };
    let replaced =
        patient.processes().into_iter().any(|(pid, name)| RESIDENT.contains(&name.as_str()) && is_replaced(pid));
    replaced.then(|| found(CHECK, Verdict::Note, &Diagnosis::ProgramReplaced)).into_iter().collect()
}
