//! The settings, as the file gives them while the relay runs, and what the engine makes of them.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use super::{Relay, RelayEvent};
use crate::app::controls::merge;
use crate::app::program;
use crate::app::settings_thread::{Done, Loaded};
use crate::config::{self, PipewireOutput, Settings};
use crate::core::event::{Command, Event};
use crate::core::presence::Further;
use crate::core::trouble::refusal::Refusal;
use crate::core::trouble::start::StartTrouble;
use crate::detect::uvc::Roots;
use crate::engine::{EngineConfig, OutputChoice};
use crate::frame::card::Picture;
use crate::i18n::refusal::sentence;
use crate::output::finder::Wanted;
use crate::output::pipewire::NodeChoice;
use lenscap_wire::pipewire::NODE_NAME;

/// Environment variable that chooses the output: `memory` for a demonstration.
const OUTPUT_VARIABLE: &str = "LENSCAP_OUTPUT";
/// Environment variable that names a directory with `sys` and `dev` of pretended USB cameras; only for a demonstration.
const ROOT_VARIABLE: &str = "LENSCAP_ROOT";
const DEMONSTRATION_SLOTS: u32 = 4;
/// Above every V4L2 camera, which have 1000 at most, and libcamera's: the camera that programs take (facts: pipewire).
const DEFAULT_PRIORITY: i32 = 1200;
/// Below libcamera's, which have 750 at least, and every V4L2 camera up to /dev/video49.
const LATER_PRIORITY: i32 = 500;

impl Relay {
    /// Takes what became of reading and writing the settings.
    pub(super) fn take_done(&mut self) {
        for (ticket, done) in self.settings_thread.done() {
            let result = match done {
                Done::Loaded(loaded) => self.take_settings(loaded, ticket.is_some()),
                Done::Saved(result) => result.map_err(Refusal::from),
            };
            let Some(ticket) = ticket else { continue };
            if let Some((_, changes)) = self.writing.take_if(|(writing, _)| *writing == ticket) {
                self.values_written(&changes, &result);
            }
            let server = Rc::clone(&self.server);
            if let Some(server) = server.borrow_mut().as_mut() {
                server.finish(ticket, &result, |is_about_controls| self.reply(is_about_controls));
            }
            self.pending.push(RelayEvent::Done(ticket, result));
        }
    }

    /// Takes the settings that the file gives now; what cannot be used leaves the last good ones in place. `is_asked`: by
    /// somebody who waits for it.
    pub(super) fn take_settings(
        &mut self,
        loaded: Result<Box<Loaded>, config::Error>,
        is_asked: bool,
    ) -> Result<(), Refusal> {
        let taken = loaded.map_err(Refusal::from).and_then(|loaded| {
            let Loaded { mut settings, picture, own_controls, ignored } = *loaded;
            merge(&mut settings.controls, &self.unsaved);
            self.own_controls = own_controls;
            let is_same = settings == self.settings && picture == self.picture;
            if is_same && self.problem == config::sentences(&ignored) && !is_asked {
                return Ok(None);
            }
            let config = engine_config(&settings, picture.clone())?;
            self.engine.configure(config);
            self.picture = picture;
            Ok(Some((settings, ignored)))
        });
        let result = match taken {
            Ok(None) => return Ok(()),
            Ok(Some((settings, ignored))) => {
                tracing::info!("settings taken from {}", self.path.display());
                if std::mem::take(&mut self.paused_for_problem) && !settings.privacy.start_paused {
                    // Over, and by nobody's hand: a lock holds.
                    self.engine.command(Command::Pause { duration: Some(Duration::ZERO) });
                }
                self.hooks.borrow_mut().set(&settings.hooks);
                self.history.borrow_mut().set(settings.history.days);
                self.settings = settings;
                self.problem = report_ignored(&ignored);
                Ok(())
            }
            Err(refusal) => {
                let problem = sentence(&refusal);
                if self.problem.as_ref() == Some(&problem) && !is_asked {
                    return Ok(());
                }
                tracing::warn!("{problem} The settings stay as they were.");
                self.problem = Some(problem);
                self.engine.event(Event::Tick);
                Err(refusal)
            }
        };
        self.pending.push(RelayEvent::SettingsChanged);
        result
    }
}

/// Logs what was left out of the files below the user's; the problem that it is.
pub(super) fn report_ignored(ignored: &[config::Error]) -> Option<String> {
    ignored.iter().for_each(|error| tracing::warn!(file = %error.path().display(), "{error}"));
    config::sentences(ignored)
}

/// Whether pictures go to memory instead of a node and clients are [`Request::Pretend`]ed: for tests of what is around
/// the relay, and to show it on a machine without the module.
pub fn is_demonstration() -> bool {
    std::env::var_os(OUTPUT_VARIABLE).is_some_and(|output| output == "memory")
}

pub(super) fn engine_config(settings: &Settings, picture: Option<Picture>) -> Result<EngineConfig, StartTrouble> {
    Ok(EngineConfig {
        output: match &settings.device.node {
            _ if is_demonstration() => OutputChoice::Memory(DEMONSTRATION_SLOTS),
            Some(path) => OutputChoice::Loopback(Wanted::Path(path.clone())),
            None => OutputChoice::Loopback(Wanted::Label(settings.device.label.clone())),
        },
        format: settings.camera.format,
        style: settings.card_style(picture),
        policy: settings.policy(),
        source: settings.camera.source.clone(),
        buffer_count: settings.camera.buffer_count,
        worker_program: program("lenscap-worker")?,
        card_program: program("lenscap-cards")?,
        poll_interval: settings.detection.poll_interval,
        further: settings.device.further().into_iter().map(|(it, path)| further(settings, it, path)).collect(),
        pipewire: pipewire(settings)?,
        watch_other_cameras: settings.privacy.watch_other_cameras,
        sandbox: settings.privacy.sandbox,
        roots: roots(),
        controls: settings.controls.clone(),
    })
}

/// A device beside the first one.
fn further(settings: &Settings, further: Further, path: Option<&Path>) -> OutputChoice {
    match path {
        _ if is_demonstration() => OutputChoice::Memory(DEMONSTRATION_SLOTS),
        Some(path) => OutputChoice::Loopback(Wanted::Path(path.to_owned())),
        None => OutputChoice::Loopback(Wanted::Label(further.label(&settings.device.label))),
    }
}

/// The node for programs that see cameras through PipeWire.
fn pipewire(settings: &Settings) -> Result<Option<OutputChoice>, StartTrouble> {
    if settings.output.pipewire == PipewireOutput::Off {
        return Ok(None);
    }
    Ok(Some(OutputChoice::Pipewire(NodeChoice {
        program: program("lenscap-pipewire")?,
        node_name: NODE_NAME.into(),
        description: settings.device.label.clone(),
        priority: if settings.output.default_camera { DEFAULT_PRIORITY } else { LATER_PRIORITY },
        is_confined: settings.privacy.sandbox,
        is_asked_for: settings.output.pipewire == PipewireOutput::On,
    })))
}

/// Where the kernel lists USB cameras.
fn roots() -> Roots {
    match std::env::var_os(ROOT_VARIABLE).filter(|_| is_demonstration()) {
        Some(root) => Roots { sysfs: Path::new(&root).join("sys"), dev: Path::new(&root).join("dev") },
        None => Roots::default(),
    }
}
