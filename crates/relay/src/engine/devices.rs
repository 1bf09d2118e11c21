//! How the devices are taken, taken again, and moved as the settings say.

use std::time::{Duration, Instant};

use super::OutputChoice;
use super::config::DeviceConfig;
use super::frames::SlotLease;
use super::outlet::Outlet;
use super::{Engine, EngineConfig};
use crate::camera_process::host::WorkerHost;
use crate::output::OutputError;
use crate::output::finder::Beside;
use lenscap_api::Code;
use lenscap_core::event::{Card, Event};
use lenscap_core::presence::{Further, Role};
use lenscap_core::trouble::Trouble;
use lenscap_core::trouble::output::{OutputTrouble, OutputTroubleKind};
use lenscap_picture::format::VideoFormat;
use lenscap_words::devices::of_device;
use lenscap_words::trouble::sentence;

/// Between two starts of the process for PipeWire that ends by itself, doubling; the first after it had readers.
pub(super) const PIPEWIRE_FIRST_WAIT: Duration = Duration::from_millis(500);
const PIPEWIRE_LAST_WAIT: Duration = Duration::from_secs(60);
/// How soon another size is tried again where somebody who cannot be seen keeps the old one.
const KEPT_RETRY: Duration = Duration::from_secs(30);

impl Engine {
    /// Lets each device take what its detector has.
    pub(super) fn dispatch_detectors(&mut self, now: Instant, dispatch: impl Fn(&mut Outlet, Instant) -> bool) {
        let mut has_changed = false;
        for outlet in self.outlets.iter_mut() {
            has_changed |= dispatch(outlet, now);
        }
        if has_changed {
            if self.outlets.get(Role::Pipewire).is_some_and(Outlet::is_feeding) {
                self.pipewire_wait = PIPEWIRE_FIRST_WAIT;
            }
            self.report_presence();
        }
    }

    /// The machine is to know who is at the devices.
    pub(super) fn report_presence(&mut self) {
        self.events.push_back(Event::Presence(self.outlets.presences()));
    }

    pub(super) fn open_output(&mut self, may_create: bool) -> Result<(), OutputError> {
        let beside = self.beside(Role::Main);
        let cards = self.cards_for(&self.config);
        if let Err(error) = self.outlets.main_mut().open(&self.reactor, &self.config, may_create, &beside, cards) {
            self.open_as_kept(error)?;
        }
        if let Some(output) = self.outlets.main().output() {
            self.cards = output.cards().clone();
        }
        self.card = None;
        self.camera_shown = false;
        self.lease = SlotLease::None;
        self.is_main_unsettled = false;
        self.events.push_back(Event::DeviceReady);
        self.report_presence();
        self.report_devices();
        Further::ALL.into_iter().for_each(|further| self.retry_further(further, may_create));
        self.retry_pipewire();
        self.draw_cards();
        Ok(())
    }

    /// Takes the output as whoever is there keeps it: the size that the settings say comes when they go. A program that is
    /// there in a size of before would get nothing at all otherwise, until it lets go by itself.
    fn open_as_kept(&mut self, error: OutputError) -> Result<(), OutputError> {
        let Some(kept) = error.kept else { return Err(error) };
        let as_kept = self.as_kept(kept);
        let beside = self.beside(Role::Main);
        let cards = self.cards_for(&as_kept);
        match self.outlets.main_mut().open(&self.reactor, &as_kept, false, &beside, cards) {
            Ok(()) => {
                self.adopt(kept, &error);
                Ok(())
            }
            // It is no reader who keeps it.
            Err(other) if other.kept.is_none() && other.kind() == OutputTroubleKind::Busy => Err(other),
            Err(_) => Err(error),
        }
    }

    fn as_kept(&self, kept: VideoFormat) -> EngineConfig {
        EngineConfig { format: kept, ..self.config.clone() }
    }

    /// This format for as long as somebody keeps it.
    fn adopt(&mut self, kept: VideoFormat, error: &OutputError) {
        tracing::warn!("{} Until then it is served as {kept}.", sentence(&error.to_reason()));
        self.pending_devices.get_or_insert_with(|| self.config.devices());
        self.config.format = kept;
        self.kept_since = Some(Instant::now());
    }

    /// Somebody keeps this device in another format, and nobody is at the others: all take that one, for a picture is made once
    /// for all. Whether that is so.
    fn follow(&mut self, further: Further, error: &OutputError) -> bool {
        let role = Role::Further(further);
        let Some(kept) = error.kept else { return false };
        let is_alone = self.outlets.iter().all(|other| other.role() == role || other.presence().is_empty());
        // Whoever is followed already may not be seen yet: two that keep two formats are not followed in turn.
        if self.worker.is_some() || !is_alone || self.is_kept() || kept == self.config.format {
            return false;
        }
        let as_kept = self.as_kept(kept);
        let beside = self.beside(role);
        let cards = self.cards_for(&as_kept);
        let Some(outlet) = self.outlets.get_mut(role) else { return false };
        // Another writer keeps its format as well, and is nobody to follow.
        if outlet.open(&self.reactor, &as_kept, false, &beside, cards).is_err() {
            return false;
        }
        for outlet in self.outlets.iter_mut() {
            outlet.close();
        }
        self.adopt(kept, error);
        self.events.push_back(Event::DeviceGone(Trouble::DeviceReplaced));
        if let Err(error) = self.open_output(false) {
            self.no_output(&error);
        }
        true
    }

    /// Whether it is too early for another size: somebody who cannot be seen keeps the old one, as far as is known.
    fn is_kept(&self) -> bool {
        self.kept_since.is_some_and(|since| since.elapsed() < KEPT_RETRY)
    }

    /// Tries to take a further output, which stands only beside the main one.
    pub(super) fn retry_further(&mut self, further: Further, may_create: bool) {
        let role = Role::Further(further);
        let has_main = self.outlets.main().output().is_some();
        let beside = self.beside(role);
        let cards = self.cards_for(&self.config);
        let Some(outlet) = self.outlets.get_mut(role).filter(|outlet| outlet.output().is_none()) else {
            return;
        };
        if !has_main {
            return outlet.stop_trying();
        }
        match outlet.open(&self.reactor, &self.config, may_create, &beside, cards) {
            Ok(()) => {
                outlet.set_own(self.worker.as_ref().map(WorkerHost::pid));
                if let Some(card) = self.card.filter(|_| !self.camera_shown) {
                    outlet.show_card(card, false, Instant::now());
                }
                self.report_devices();
                self.report_presence();
            }
            Err(error) => {
                if !self.follow(further, &error) {
                    self.no_further(further, &error);
                }
            }
        }
    }

    /// Tries to offer PipeWire's node, which stands only beside the main one: from there come its pictures.
    pub(super) fn retry_pipewire(&mut self) {
        let has_main = self.outlets.main().output().is_some();
        let cards = self.cards_for(&self.config);
        let Some(outlet) = self.outlets.get_mut(Role::Pipewire).filter(|outlet| outlet.output().is_none()) else {
            return;
        };
        outlet.stop_trying();
        if !has_main {
            return;
        }
        match outlet.open(&self.reactor, &self.config, false, &Beside::default(), cards) {
            Ok(()) => {
                if let Some(card) = self.card.filter(|_| !self.camera_shown) {
                    outlet.show_card(card, false, Instant::now());
                }
                self.report_presence();
            }
            Err(error) => self.no_pipewire(&error),
        }
    }

    /// There is no node in PipeWire, which harms nobody but those who are at it.
    fn no_pipewire(&mut self, error: &OutputError) {
        let Some(outlet) = self.outlets.get_mut(Role::Pipewire) else { return };
        let is_asked_for = matches!(outlet.choice(), OutputChoice::Pipewire(choice) if choice.is_asked_for);
        match error.kind() {
            OutputTroubleKind::Missing => outlet.wait_for_server(&self.reactor),
            // Without the library, or our program, only another start helps.
            _ if !error.is_passing() => {}
            _ => {
                outlet.try_later(Instant::now(), self.pipewire_wait);
                self.pipewire_wait = (self.pipewire_wait * 2).min(PIPEWIRE_LAST_WAIT);
            }
        }
        let is_absence = matches!(&error.trouble, OutputTrouble::Pipewire { trouble } if trouble.is_absence());
        let reason = error.to_reason();
        match is_absence && !is_asked_for {
            true => tracing::debug!(code = %Code::of(&reason), "{}", sentence(&reason)),
            false => tracing::warn!(code = %Code::of(&reason), "{}", sentence(&reason)),
        }
    }

    /// Offers or gives up PipeWire's node as the settings say, once nobody is there to notice.
    fn apply_pipewire(&mut self) {
        let outlet = self.outlets.get(Role::Pipewire);
        let is_as_wanted = outlet.map(Outlet::choice) == self.config.pipewire.as_ref();
        if is_as_wanted || outlet.is_some_and(|outlet| !outlet.presence().is_empty()) {
            return;
        }
        self.outlets.set(Role::Pipewire, self.config.pipewire.clone());
        self.retry_pipewire();
    }

    /// There is no output for this device, which harms nobody but those who are at it.
    fn no_further(&mut self, further: Further, error: &OutputError) {
        let Some(outlet) = self.outlets.get_mut(Role::Further(further)) else { return };
        outlet.wait_for_node(&self.reactor, error);
        let trouble = error.to_reason();
        if outlet.note_trouble(trouble.clone()) {
            tracing::warn!(code = %Code::of(&trouble), "{}", of_device(&outlet.device().label, &trouble));
        }
        self.report_devices();
    }

    /// Takes, moves or gives up further outputs as the settings say, each once nobody is there to notice.
    fn apply_further(&mut self) {
        for further in Further::ALL {
            let role = Role::Further(further);
            let outlet = self.outlets.get(role);
            let is_as_wanted = outlet.map(Outlet::choice) == self.config.further(further);
            if is_as_wanted || outlet.is_some_and(|outlet| !outlet.presence().is_empty()) {
                continue;
            }
            self.outlets.set(role, self.config.further(further).cloned());
            self.report_devices();
            self.report_presence();
            self.retry_further(further, true);
        }
    }

    /// What is beside this device.
    fn beside(&self, role: Role) -> Beside {
        self.outlets.beside(role, self.config.count())
    }

    /// The machine is to know which devices there are.
    fn report_devices(&mut self) {
        let devices = self.outlets.devices();
        if devices != self.devices {
            self.devices.clone_from(&devices);
            self.events.push_back(Event::Devices(devices));
        }
    }

    /// Takes note of outputs that went away.
    pub(super) fn notice_losses(&mut self) {
        if let Some(error) = self.outlets.main_mut().take_loss() {
            self.camera_shown = false;
            self.lease = SlotLease::None;
            for outlet in self.outlets.split_mut().1 {
                outlet.show_card(Card::Unavailable, false, Instant::now());
            }
            self.no_output(&error);
        }
        for further in Further::ALL {
            if let Some(error) = self.outlets.get_mut(Role::Further(further)).and_then(Outlet::take_loss) {
                self.no_further(further, &error);
                self.report_presence();
            }
        }
        if let Some(error) = self.outlets.get_mut(Role::Pipewire).and_then(Outlet::take_loss) {
            self.no_pipewire(&error);
            self.report_presence();
        }
    }

    pub(super) fn no_output(&mut self, error: &OutputError) {
        let reason = error.to_reason();
        tracing::warn!(code = %Code::of(&reason), "{}", sentence(&reason));
        self.events.push_back(Event::DeviceGone(reason));
        self.outlets.main_mut().wait_for_node(&self.reactor, error);
        self.report_devices();
    }

    /// Tries to take the output of this device again.
    pub(super) fn retry(&mut self, role: Role, may_create: bool) {
        match role {
            Role::Main => self.retry_main(may_create),
            Role::Further(further) => self.retry_further(further, may_create),
            Role::Pipewire => self.retry_pipewire(),
        }
    }

    /// Tries to take the main output again. A worker that still holds the old one's pages would keep it busy.
    pub(super) fn retry_main(&mut self, may_create: bool) {
        if self.outlets.main().output().is_some() || self.worker.is_some() {
            self.outlets.main_mut().stop_trying();
            return;
        }
        if let Err(error) = self.open_output(may_create) {
            let reason = error.to_reason();
            if self.machine.status().reason.as_ref() != Some(&reason) {
                self.no_output(&error);
            } else {
                self.outlets.main_mut().wait_for_node(&self.reactor, &error);
            }
        }
    }

    /// Moves to another node or format once nobody is there to notice.
    pub(super) fn apply_pending(&mut self) {
        self.apply_further();
        self.apply_pipewire();
        let is_quiet = self.worker.is_none() && self.machine.status().clients.is_empty();
        if !is_quiet {
            // Who keeps it is seen, and it is heard when they go.
            self.kept_since = None;
        }
        let is_time = is_quiet && !self.is_kept();
        let Some(DeviceConfig { output, format, further }) = self.pending_devices.take_if(|_| is_time) else { return };
        tracing::info!("the device's settings changed: {format}");
        let main = self.outlets.main_mut();
        let was_held = main.close();
        main.set_choice(output.clone());
        let before = self.events.len();
        // Where its label or its format changes, it is another one, too.
        (self.config.output, self.config.format, self.config.further) = (output, format, further);
        for further in Further::ALL {
            self.outlets.set(Role::Further(further), self.config.further(further).cloned());
        }
        self.outlets.set(Role::Pipewire, self.config.pipewire.clone());
        self.report_devices();
        if let Err(error) = self.open_output(true) {
            self.no_output(&error);
        } else if was_held {
            // One node went and one came; the machine starts over with it.
            self.events.insert(before, Event::DeviceGone(Trouble::DeviceReplaced));
        }
    }
}
