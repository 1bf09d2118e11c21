//! Do the programs that run, and those that are installed, belong together? After an update the old ones run on, and cannot speak
//! with the new.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Diagnosis, Finding, Patient, ProgramsDiagnosis, Verdict, found};
use crate::core::trouble::cameras::HelperTrouble;
use crate::i18n::doctor::InstalledProgram;
use crate::sys::install::{VERSION, program};
use crate::text;
use lenscap_wire::helper_process::HelperProcess;

const CHECK: &str = "versions";
/// Those that stay: the others are started anew each time.
const RESIDENT: [&str; 2] = ["lenscap", "lenscap-applet"];
/// How the kernel calls a program whose file was replaced or removed (proc_pid_exe(5)).
const REPLACED: &str = " (deleted)";
/// What is installed beside this program, and whether all of it has to be: the window is a package of its own, and the setup is
/// not for a sandbox.
const INSTALLED: [(&str, bool); 7] = [
    ("lenscap-applet", true),
    ("lenscap-worker", true),
    ("lenscap-cards", true),
    ("lenscap-history", true),
    ("lenscap-pipewire", true),
    ("lenscap-setup", false),
    ("lenscap-preferences", false),
];
/// For all of them together. The slowest, the window's, has GTK's libraries to load.
const DEADLINE: Duration = Duration::from_secs(5);

/// A program of ours with what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Installed {
    pub(super) program: InstalledProgram,
    pub(super) is_there: bool,
    /// Why it says nothing, which tells nothing of its version: a busy computer is slow.
    pub(super) failure: Option<HelperTrouble>,
}

/// Asks all of them at once.
pub(super) fn ask() -> Vec<Installed> {
    let until = Instant::now() + DEADLINE;
    let asked: Vec<_> = INSTALLED
        .iter()
        .map(|(name, _)| (*name, program(name).and_then(|path| ask_version(path.as_os_str()))))
        .collect();
    let answer = |(name, asked): (&str, io::Result<HelperProcess>)| {
        let is_there = !matches!(&asked, Err(error) if error.kind() == io::ErrorKind::NotFound);
        let said = asked.map_err(|error| HelperTrouble::Kernel(error.into())).and_then(|asked| asked.line(until));
        // "lenscap-worker 0.1.0"
        let version = said.as_ref().ok().and_then(|line| line.rsplit(|byte| *byte == b' ').next()).map(text::name);
        let version = version.filter(|version| !version.is_empty());
        Installed { program: InstalledProgram { program: name.to_owned(), version }, is_there, failure: said.err() }
    };
    asked.into_iter().map(answer).collect()
}

/// Starts a program that says its version and ends.
///
/// # Errors
/// The kernel's: [`io::ErrorKind::NotFound`] where there is none.
pub(super) fn ask_version(program: &OsStr) -> io::Result<HelperProcess> {
    HelperProcess::new(Command::new(program).arg("--version").stderr(Stdio::null()))
}

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let is_replaced = |pid: u32| {
        // Another user's cannot be read.
        let program = fs::read_link(patient.at(&format!("/proc/{pid}/exe")));
        program.is_ok_and(|path| path.to_string_lossy().ends_with(REPLACED))
    };
    let replaced =
        patient.processes().into_iter().any(|(pid, name)| RESIDENT.contains(&name.as_str()) && is_replaced(pid));
    let replaced = replaced.then(|| found(CHECK, Verdict::Note, &Diagnosis::ProgramReplaced));
    installed(&patient.answers.programs).into_iter().chain(replaced).collect()
}

fn installed(programs: &[Installed]) -> Vec<Finding> {
    if programs.is_empty() {
        return Vec::new();
    }
    let is_needed = |name: &str| INSTALLED.contains(&(name, true));
    let absent = programs.iter().filter(|it| !it.is_there && is_needed(&it.program.program));
    let parts: Vec<_> = absent.map(|it| it.program.program.clone()).collect();
    let (silent, said): (Vec<_>, Vec<_>) =
        programs.iter().filter(|it| it.is_there).partition(|it| it.failure.is_some());
    let other = said.into_iter().map(|it| &it.program).filter(|it| it.version.as_deref() != Some(VERSION));
    let other: Vec<_> = other.cloned().collect();
    let mut found_here = Vec::new();
    if !parts.is_empty() {
        found_here.push((Verdict::Problem, ProgramsDiagnosis::ProgramsMissing { parts }));
    }
    if !other.is_empty() {
        found_here.push((Verdict::Problem, ProgramsDiagnosis::ProgramsDiffer { programs: other }));
    }
    if let Some(failure) = silent.iter().find_map(|it| it.failure.clone()) {
        let parts = silent.into_iter().map(|it| it.program.program.clone()).collect();
        found_here.push((Verdict::Note, ProgramsDiagnosis::ProgramsSilent { parts, failure }));
    }
    if found_here.is_empty() {
        found_here.push((Verdict::Fine, ProgramsDiagnosis::ProgramsFine { version: VERSION.to_owned() }));
    }
    found_here.into_iter().map(|(verdict, diagnosis)| found(CHECK, verdict, &diagnosis.into())).collect()
}
