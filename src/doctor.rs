//! What may keep the camera from working, each with its remedy: `lenscap doctor`, and "Diagnose…" in the window.
//!
//! Looks at files, at the process list, at the kernel's log where that is for everybody, and at the running relay's status, and asks
//! GStreamer, PipeWire and the other programs of ours what they have, in processes of their own that have a deadline, and the session
//! bus who is there. No camera is opened, which would wake it, and the loopback only while no relay serves it, to which it would look
//! like an application. Nothing is changed.

mod boot;
mod bug_report;
mod build;
mod camera;
mod control;
mod desktop;
mod disk;
mod gstreamer;
mod hidden;
mod import;
mod modprobe;
mod module;
mod node;
mod notifications;
mod pipewire;
mod portals;
mod private;
mod processor;
mod relay;
mod rivals;
mod sandbox;
mod sandboxes;
mod seat;
mod session_bus;
mod settings;
mod shortcut;
mod start;
mod tray;
mod versions;

use std::cell::OnceCell;
use std::fs;
use std::path::PathBuf;
use std::thread;

use lenscap_api::{AskError, Code, DoctorReport, Finding, SetupVerb, Status, Verdict};
use lenscap_rootfs::Root;

use crate::autostart::Entries;
use crate::camera::elements::ElementReport;
use crate::config::{self, Layered, Layers, Overrides, Settings};
use crate::core::trouble::cameras::HelperTrouble;
use crate::i18n::doctor::{self as words, Diagnosis, ProgramsDiagnosis, SessionDiagnosis, SystemDiagnosis};
use crate::i18n::remedy::Remedy;

/// What was found, as one check says it.
fn found(check: &'static str, verdict: Verdict, diagnosis: &Diagnosis) -> Finding {
    let Remedy { text, commands } = words::remedy(diagnosis);
    Finding {
        check: check.to_owned(),
        verdict,
        text: words::sentence(diagnosis),
        evidence: words::evidence(diagnosis),
        remedy: (!text.is_empty()).then_some(text),
        commands,
        setup: setup(diagnosis),
        diagnosis: Some(Code::of(diagnosis)),
    }
}

/// What `lenscap setup` can do about it.
fn setup(diagnosis: &Diagnosis) -> Option<SetupVerb> {
    match diagnosis {
        Diagnosis::ModuleAbsent { is_installed: true }
        | Diagnosis::NodeAbsent { is_installed: true }
        | Diagnosis::NodeLabelAbsent { .. }
        | Diagnosis::ModuleNotAtBoot
        // What the kernel answers is what tells whether the key is known.
        | Diagnosis::System(SystemDiagnosis::SecureBoot { .. } | SystemDiagnosis::NodeNotAtBoot { .. }) => {
            Some(SetupVerb::Device)
        }
        Diagnosis::FurtherNodesAbsent { can_set_up: true, .. } => Some(SetupVerb::FurtherDevices),
        Diagnosis::System(SystemDiagnosis::Rival { name, unit: Some(unit), .. }) => {
            match (name.as_str(), unit.is_system) {
                ("v4l2-relayd", true) => Some(SetupVerb::StopV4l2Relayd),
                // As its README installs it, it is the user's own.
                ("ipu6-camera-daemon", is_system) if is_system || unit.name == "ipu6-camera-daemon.service" => {
                    Some(SetupVerb::StopIpu6CameraDaemon)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// Causes, by check, of what is then said as their consequence, by code.
const CONSEQUENCES: [(&str, &[&str]); 5] = [
    ("gstreamer-silent", &["versions"]),
    ("relay-failed", &["module", "node", "image-processor", "hidden-nodes", "versions", "gstreamer", "camera"]),
    ("last-start-failed", &["image-processor", "hidden-nodes", "versions", "gstreamer", "camera"]),
    ("camera-absent", &["image-processor"]),
    ("only-raw-sensors", &["image-processor", "gstreamer"]),
];

/// One cause is one problem: what follows from one that was found before is a note, and asks for nothing.
fn with_consequences(mut findings: Vec<Finding>) -> Vec<Finding> {
    let mut problems: Vec<String> = Vec::new();
    for finding in &mut findings {
        let code = finding.diagnosis.as_ref().map_or("", |diagnosis| &diagnosis.code);
        let causes =
            CONSEQUENCES.iter().find(|(consequence, _)| *consequence == code).map_or(&[][..], |(_, causes)| causes);
        if causes.iter().any(|cause| problems.iter().any(|problem| problem == cause)) {
            finding.verdict = Verdict::Note;
            finding.remedy = Some(words::follows());
            finding.commands.clear();
            finding.setup = None;
        } else if finding.verdict == Verdict::Problem {
            problems.push(finding.check.clone());
        }
    }
    findings
}

/// Entries of /proc.
const MAX_PROCESSES: usize = 65_536;

/// What the checks look at.
#[derive(Debug)]
struct Patient {
    /// `/`, but for tests.
    root: Root,
    /// The settings in use, or what is wrong with their file.
    settings: Result<Layered, config::Error>,
    /// Their files.
    layers: Layers,
    /// What starts it with the session.
    entries: Entries,
    /// The running relay's status; `Ok(None)`: none runs; `Err`: it does not answer.
    relay: Result<Option<Status>, AskError>,
    /// Where PipeWire and WirePlumber are.
    session: pipewire::Session,
    /// `$XDG_DATA_HOME`.
    data_home: PathBuf,
    /// The desktop, once it was asked.
    desktop: OnceCell<desktop::Desktop>,
    /// What was asked.
    answers: Answers,
}

/// What other programs said.
#[derive(Debug, Clone, Default)]
struct Answers {
    /// `None`: not asked.
    gstreamer: Option<Result<ElementReport, HelperTrouble>>,
    /// Ours; none: not asked.
    programs: Vec<versions::Installed>,
    /// By the kernel: what it keeps from being saved.
    unsaved: Vec<disk::Unsaved>,
}

impl Patient {
    /// This computer and this session, by files alone.
    fn here(mut layers: Layers, relay: Result<Option<Status>, AskError>) -> Self {
        let settings = layers.load(&Overrides::default());
        let entries = Entries::from_environment();
        let session = pipewire::Session::from_environment();
        let data_home = directories::BaseDirs::new().map(|base| base.data_dir().to_owned()).unwrap_or_default();
        let desktop = OnceCell::new();
        let answers = Answers::default();
        Self { root: Root::default(), settings, layers, entries, relay, session, data_home, desktop, answers }
    }

    /// With what programs say, for which they are started; at once, as the window waits for 15 seconds.
    fn asked(mut self) -> Self {
        let is_confined = self.settings().privacy.sandbox;
        let (gstreamer, programs) = thread::scope(|scope| {
            let gstreamer = scope.spawn(|| gstreamer::ask(is_confined));
            let programs = scope.spawn(versions::ask);
            self.session.ask();
            (gstreamer.join().unwrap_or_default(), programs.join().unwrap_or_default())
        });
        self.answers = Answers { gstreamer, programs, unsaved: disk::ask(&self.layers) };
        self
    }

    /// A path below the root, from an absolute one.
    fn at(&self, path: &str) -> PathBuf {
        self.root.at(path)
    }

    /// A file's text without the end of its line; `None` when it cannot be read.
    fn read(&self, path: &str) -> Option<String> {
        self.root.read(path).map(|text| text.trim_end().to_owned())
    }

    /// What is in a directory, in order.
    fn names(&self, directory: &str) -> Vec<String> {
        self.root.names(directory)
    }

    /// The desktop, which is asked the first time.
    fn desktop(&self) -> &desktop::Desktop {
        self.desktop.get_or_init(desktop::Desktop::from_environment)
    }

    /// The settings that hold, or the defaults.
    fn settings(&self) -> Settings {
        self.settings.as_ref().map(|layered| layered.settings.clone()).unwrap_or_default()
    }

    /// The names and ids of all processes.
    fn processes(&self) -> Vec<(u32, String)> {
        let entries = fs::read_dir(self.at("/proc")).into_iter().flatten().flatten().take(MAX_PROCESSES);
        let mut found: Vec<(u32, String)> = entries
            .filter_map(|entry| {
                let pid = entry.file_name().to_str()?.parse().ok()?;
                let name = fs::read_to_string(entry.path().join("comm")).ok()?;
                Some((pid, name.trim_end().to_owned()))
            })
            .collect();
        found.sort_unstable();
        found
    }
}

/// Looks at everything. `relay`: the running relay's status, `Ok(None)` when none runs.
pub fn examine(layers: Layers, relay: Result<Option<Status>, AskError>) -> DoctorReport {
    DoctorReport::new(findings(&Patient::here(layers, relay).asked()))
}

/// As [`examine`], as Markdown for a bug report, with nothing private in it.
pub fn bug_report(layers: Layers, relay: Result<Option<Status>, AskError>) -> String {
    let patient = Patient::here(layers, relay).asked();
    let report = DoctorReport::new(findings(&patient));
    let variable = |name: &str| std::env::var(name).ok();
    bug_report::markdown(&patient, &report, &variable, rustix::process::getuid().as_raw())
}

/// Whether something is missing without which no picture can come, whatever is done: module, device or camera. Reads files only.
pub fn lacks_essentials(layers: Layers, relay: Status) -> bool {
    let patient = Patient::here(layers, Ok(Some(relay)));
    let looks = [module::look, node::look, camera::look];
    looks.into_iter().flat_map(|look| look(&patient)).any(|finding| finding.verdict == Verdict::Problem)
}

/// Causes before what follows from them.
fn findings(patient: &Patient) -> Vec<Finding> {
    let looks = [
        settings::look,
        disk::look,
        module::look,
        boot::look,
        node::look,
        control::look,
        rivals::look,
        processor::look,
        hidden::look,
        versions::look,
        gstreamer::look,
        camera::look,
        relay::look,
        pipewire::look,
        session_bus::look,
        tray::look,
        notifications::look,
        portals::look,
        sandboxes::look,
        import::look,
        start::look,
        sandbox::look,
        shortcut::look,
    ];
    with_consequences(looks.into_iter().flat_map(|look| look(patient)).collect())
}

#[cfg(test)]
mod tests;
