//! Does what a plan says. One at a time, whoever asks.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use lenscap_api::{SetupReport, SetupStep, SetupVerb};
use lenscap_core::trouble::setup::SetupTrouble;
use lenscap_rootfs::Root;
use rustix::fs::FlockOperation;
use rustix::io::Errno;

use crate::hands::Hands;
use crate::manifest::{self, Kind, Manifest};
use crate::node::{Devices, ERRNOS};
use crate::plan::{self, There, plan_of, there};
use crate::system::{self, Module};
use crate::{tree, undo};

/// How long another setup is waited for.
const PATIENCE: Duration = Duration::from_secs(180);
const LOOK: Duration = Duration::from_millis(50);

/// Does this below this root, and completes what was begun before.
pub fn carry_out(verb: SetupVerb, root: &Path, hands: &mut dyn Hands) -> SetupReport {
    let mut report = SetupReport { verb, done: Vec::new(), left: Vec::new(), needs_restart: false, trouble: None };
    if let Err(trouble) = locked(root, |work| work.verb(verb, &mut report), hands) {
        report.trouble.get_or_insert(trouble);
    }
    report
}

/// The lock is the state's directory itself, which undo removes: who waited for one that is gone begins anew.
fn locked(
    root: &Path,
    body: impl FnOnce(&mut Work) -> Result<(), SetupTrouble>,
    hands: &mut dyn Hands,
) -> Result<(), SetupTrouble> {
    let root = &Root::new(root);
    let directory = root.at(manifest::DIRECTORY);
    let failed = |error| file_trouble(manifest::DIRECTORY, &error);
    let until = Instant::now() + PATIENCE;
    let lock = loop {
        fs::create_dir_all(&directory).map_err(failed)?;
        let lock = File::open(&directory).map_err(failed)?;
        let is_locked = rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
        if is_locked && is_same(&lock, &directory) {
            break lock;
        }
        if Instant::now() > until {
            return Err(SetupTrouble::Busy);
        }
        std::thread::sleep(LOOK);
    };
    let done = body(&mut Work { root, hands });
    // Where nothing is written down there is nothing to keep it for; else this fails.
    let _ = fs::remove_dir(&directory);
    drop(lock);
    done
}

fn is_same(open: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let number = |meta: io::Result<fs::Metadata>| meta.map(|meta| (meta.dev(), meta.ino())).ok();
    number(open.metadata()) == number(fs::metadata(path))
}

struct Work<'a> {
    root: &'a Root,
    hands: &'a mut dyn Hands,
}

impl Work<'_> {
    fn verb(&mut self, verb: SetupVerb, report: &mut SetupReport) -> Result<(), SetupTrouble> {
        let plan = plan_of(verb, self.root);
        if let Some(trouble) = plan.trouble {
            return Err(trouble);
        }
        let mut manifest = Manifest::load(self.root).map_err(record_trouble)?;
        let written = manifest.entries.iter().map(|entry| entry.path.as_str());
        for path in written.chain([manifest::PATH]) {
            tree::remove_temporary(&self.root.at(path)).map_err(|error| file_trouble(path, &error))?;
        }
        if verb == SetupVerb::Undo {
            return self.undo(manifest, report);
        }
        if plan.steps.is_empty() {
            return Ok(());
        }
        self.write_down(&plan.steps, &mut manifest);
        manifest.unfinished.insert(verb);
        self.save(&manifest)?;
        for step in plan.steps {
            self.step(&step, &mut manifest, report)?;
            report.done.push(step);
        }
        manifest.unfinished.remove(&verb);
        self.save(&manifest)
    }

    /// All that the steps will make or change, before any of it.
    fn write_down(&self, steps: &[SetupStep], manifest: &mut Manifest) {
        for step in steps {
            match step {
                SetupStep::Write { path, text } => {
                    self.write_down_directories(path, manifest);
                    manifest.add(path, Kind::File, Some(text));
                }
                SetupStep::Link { path, target } => {
                    self.write_down_directories(path, manifest);
                    manifest.add(path, Kind::Link, Some(target));
                }
                SetupStep::Run { command } => {
                    if let [program, verb, unit] = command.as_slice()
                        && program == "systemctl"
                        && verb == "stop"
                    {
                        manifest.stopped.insert(unit.clone());
                    }
                }
                SetupStep::Remove { .. } => {}
            }
        }
    }

    /// Those above it that are missing, the uppermost first.
    fn write_down_directories(&self, path: &str, manifest: &mut Manifest) {
        let above: Vec<&Path> = Path::new(path).ancestors().skip(1).collect();
        for directory in above.into_iter().rev().filter_map(Path::to_str) {
            if !self.root.exists(directory) {
                manifest.add(directory, Kind::Directory, None);
            }
        }
    }

    fn step(
        &mut self,
        step: &SetupStep,
        manifest: &mut Manifest,
        report: &mut SetupReport,
    ) -> Result<(), SetupTrouble> {
        let made = |path: &str, made: io::Result<()>| match made {
            // Since the plan was made.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(SetupTrouble::ForeignFile { path: path.into() })
            }
            made => made.map_err(|error| file_trouble(path, &error)),
        };
        match step {
            SetupStep::Write { path, text } => {
                let at = self.root.at(path);
                // An older text of ours.
                let is_ours = matches!(there(self.root, path, Kind::File), There::Content(text) if manifest.has(path, Kind::File, &text));
                made(path, self.directories(path))?;
                made(path, self.hands.reach())?;
                let write = if is_ours { tree::replace } else { tree::create };
                made(path, write(&at, text.as_bytes(), &mut || self.hands.reach()))?;
                manifest.settle(path, text);
                self.save(manifest)?;
            }
            SetupStep::Link { path, target } => {
                made(path, self.directories(path))?;
                made(path, self.hands.reach())?;
                made(path, tree::link(&self.root.at(path), target))?;
                manifest.settle(path, target);
                self.save(manifest)?;
            }
            SetupStep::Remove { path } => {
                made(path, self.hands.reach())?;
                made(path, tree::remove(&self.root.at(path)))?;
            }
            SetupStep::Run { command } => match self.hands.run(command) {
                Ok(_) => {}
                Err(error) => match Devices::ALL.into_iter().find(|it| *command == plan::start(*it)) {
                    Some(devices) => return self.device_failed(devices, command, error, report),
                    None => return Err(command_trouble(command, error)),
                },
            },
        }
        Ok(())
    }

    fn directories(&mut self, path: &str) -> io::Result<()> {
        self.hands.reach()?;
        self.root.at(path).parent().map_or(Ok(()), fs::create_dir_all)
    }

    /// The unit ends with the number of the kernel's error, unless it was not even started, or did not come to its end.
    fn device_failed(
        &mut self,
        devices: Devices,
        command: &[String],
        error: io::Error,
        report: &mut SetupReport,
    ) -> Result<(), SetupTrouble> {
        let show = ["systemctl", "show", "--property=Result,ExecMainStatus", devices.unit()].map(str::to_owned);
        let said = self.hands.run(&show).map_err(|error| command_trouble(&show, error))?;
        let value = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let errno = value("ExecMainStatus").and_then(|status| status.parse().ok()).unwrap_or(0);
        if value("Result") != Some("exit-code") || !ERRNOS.contains(&errno) {
            return Err(command_trouble(command, error));
        }
        let is_loaded_without_us = errno == Errno::NODEV.raw_os_error();
        if is_loaded_without_us && devices == Devices::First && system::module(self.root) == Module::Options {
            report.needs_restart = true;
            return Ok(());
        }
        Err(SetupTrouble::Kernel { errno })
    }

    /// Everything, even where a program fails; the first failure is said. What we wrote down goes last.
    fn undo(&mut self, mut manifest: Manifest, report: &mut SetupReport) -> Result<(), SetupTrouble> {
        let undo = undo::steps(self.root, &manifest);
        report.left = undo.left;
        let mut failed = Ok(());
        for step in undo.steps {
            if matches!(&step, SetupStep::Remove { path } if path == manifest::PATH) {
                self.remove_directories(&manifest)?;
            }
            match self.step(&step, &mut manifest, report) {
                Ok(()) => report.done.push(step),
                // Others' programs and units may be gone by now; only what does not start again is worth a word.
                Err(trouble @ SetupTrouble::Command { .. }) => {
                    let is_start = matches!(&step, SetupStep::Run { command } if command.get(1).is_some_and(|verb| verb == "start"));
                    failed = if is_start { failed.and(Err(trouble)) } else { failed };
                }
                Err(trouble) => return Err(trouble),
            }
        }
        failed
    }

    /// Those that we made and nobody else uses by now.
    fn remove_directories(&mut self, manifest: &Manifest) -> Result<(), SetupTrouble> {
        for entry in manifest.entries.iter().rev().filter(|entry| entry.kind == Kind::Directory) {
            self.hands.reach().map_err(|error| file_trouble(&entry.path, &error))?;
            let _ = fs::remove_dir(self.root.at(&entry.path));
        }
        Ok(())
    }

    fn save(&mut self, manifest: &Manifest) -> Result<(), SetupTrouble> {
        let saved = self.hands.reach().and_then(|()| manifest.save(self.root, &mut || self.hands.reach()));
        saved.map_err(|error| file_trouble(manifest::PATH, &error))
    }
}

fn record_trouble(error: io::Error) -> SetupTrouble {
    SetupTrouble::Record { path: manifest::PATH.into(), cause: error.into() }
}

fn command_trouble(command: &[String], error: io::Error) -> SetupTrouble {
    SetupTrouble::Command { command: command.join(" ").into(), cause: error.into() }
}

fn file_trouble(path: &str, error: &io::Error) -> SetupTrouble {
    match error.kind() {
        // Root is kept from it by the file system alone: read-only, or so for this service, or its files are immutable (ostree).
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            SetupTrouble::ReadOnly { path: path.into() }
        }
        _ => SetupTrouble::Write { path: path.into(), cause: error.into() },
    }
}
