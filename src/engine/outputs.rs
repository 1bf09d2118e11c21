//! What goes out, and to whom: the part of the engine about its devices.

use std::time::{Duration, Instant};

use super::outlet::{Outlet, Tokens};
use super::{Engine, EngineConfig, OutputChoice, SECOND_DETECTOR, SECOND_NODE_WATCH};
use crate::camera_process::host::WorkerHost;
use crate::core::event::{Card, Event};
use crate::core::trouble::{Trouble, TroubleKind};
use crate::frame::format::VideoFormat;
use crate::i18n::{tr, trf};
use crate::output::mirror::Mirror;
use crate::output::{OutputError, OutputErrorKind};

/// How soon another size is tried again where somebody who cannot be seen keeps the old one.
const KEPT_RETRY: Duration = Duration::from_secs(30);

/// Whose pictures the worker makes in the slots of the first device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lent {
    /// It makes none: the slots are not granted.
    No,
    /// They are queued there.
    Shown,
    /// They are only for the second device.
    Aside,
}

/// The second device, not yet open.
pub(super) fn second_outlet(choice: OutputChoice) -> Outlet {
    Outlet::new(Tokens { node_watch: SECOND_NODE_WATCH, detector: SECOND_DETECTOR }, choice)
}

/// One node goes and one comes.
fn set_up_anew() -> Trouble {
    Trouble::said(TroubleKind::Device, tr("The camera device is being set up anew."))
}

impl Engine {
    /// Starts or stops to queue pictures at each device, as those who are there want it.
    pub(super) fn feed(&mut self, now: Instant) {
        if self.first.follow_presence() && !self.camera_shown {
            self.first.start_or_settle_cards(now);
        }
        if let Some(second) = &mut self.second {
            let has_changed = second.follow_presence();
            match (has_changed, second.is_feeding(), self.camera_shown) {
                (false, ..) | (true, true, true) => {}
                (true, _, false) => second.start_or_settle_cards(now),
                // As at the first, whose slots the worker has: [`Self::lend`].
                (true, false, true) => second.show_card(&Card::Off, false, now),
            }
            if !second.is_feeding() {
                self.mirror = None;
            }
        }
        self.lend(now);
    }

    /// Grants the worker the slots as its pictures are wanted, or takes them back.
    pub(super) fn lend(&mut self, now: Instant) {
        let is_second_fed = self.second.as_ref().is_some_and(Outlet::is_feeding);
        let wanted = match (self.camera_shown && self.first.output().is_some(), self.first.is_feeding()) {
            (true, true) => Lent::Shown,
            (true, false) if is_second_fed => Lent::Aside,
            _ => Lent::No,
        };
        if wanted == self.lent {
            return;
        }
        let Some(worker) = &mut self.worker else { return };
        worker.revoke();
        if !self.first.is_feeding() && self.lent != Lent::No {
            // The cooldown, for one: whoever opens the node now must not see the last picture of somebody.
            self.first.show_card(&Card::Off, true, now);
        }
        if wanted != Lent::No
            && let Some((next, usable)) = self.first.lend()
        {
            worker.grant(next, usable);
        }
        self.lent = wanted;
    }

    /// The short way of a frame.
    pub(super) fn frame(&mut self, now: Instant, slot: u32, timestamp: Duration) {
        self.last_frame = Some(now);
        if !self.camera_shown {
            return;
        }
        if self.first.is_feeding()
            && let Some(usable) = self.first.queue_frame(now, slot, timestamp)
            && let Some(worker) = &mut self.worker
        {
            worker.set_usable(usable);
        }
        if self.second.as_ref().is_some_and(Outlet::is_feeding) {
            self.copy_frame(now, slot, timestamp);
        }
        // Not before it is copied: now the slot may be filled anew.
        if let Some(worker) = &mut self.worker {
            worker.taken();
        }
    }

    /// The picture in this slot of the first device, for the second.
    fn copy_frame(&mut self, now: Instant, slot: u32, timestamp: Duration) {
        let (Some(from), Some(second)) = (self.first.output(), &mut self.second) else { return };
        if self.mirror.is_none()
            && let Some(to) = second.output()
        {
            match Mirror::new(from, to) {
                Ok(mirror) => self.mirror = Some(mirror),
                Err(error) => return second.lose(error),
            }
        }
        if let Some(mirror) = &mut self.mirror {
            second.queue_copy(now, mirror, slot, timestamp);
            self.copies += 1;
        }
    }

    pub(super) fn show_card(&mut self, card: Card) {
        let now = Instant::now();
        self.camera_shown = false;
        if let Some(worker) = &mut self.worker {
            worker.revoke();
        }
        let was_lent = std::mem::replace(&mut self.lent, Lent::No) != Lent::No;
        self.first.show_card(&card, was_lent, now);
        if let Some(second) = &mut self.second {
            second.show_card(&card, false, now);
        }
        self.card = Some(card);
    }

    /// Lets each device take what its detector has.
    pub(super) fn dispatch_detectors(&mut self, now: Instant, dispatch: impl Fn(&mut Outlet, Instant) -> bool) {
        let mut has_changed = false;
        for outlet in self.outlets() {
            has_changed |= dispatch(outlet, now);
        }
        if has_changed {
            self.tell_presence();
        }
    }

    /// Tells the machine who is at the devices.
    pub(super) fn tell_presence(&mut self) {
        let first = self.first.presence();
        let presence = self.second.as_ref().map_or_else(|| first.clone(), |second| first.with(second.presence()));
        self.events.push_back(Event::Presence(presence));
    }

    pub(super) fn open_output(&mut self, may_create: bool) -> Result<(), OutputError> {
        if let Err(error) = self.first.open(&self.epoll, &self.config, may_create, None) {
            self.open_as_kept(error)?;
        }
        self.card = None;
        self.camera_shown = false;
        self.lent = Lent::No;
        self.mirror = None;
        self.events.push_back(Event::DeviceReady);
        self.tell_presence();
        self.retry_second(may_create);
        Ok(())
    }

    /// Takes the output as whoever is there keeps it: the size that the settings say comes when they go. A program that is
    /// there in a size of before would get nothing at all otherwise, until it lets go by itself.
    fn open_as_kept(&mut self, error: OutputError) -> Result<(), OutputError> {
        let OutputErrorKind::Kept(kept) = error.kind else { return Err(error) };
        match self.first.open(&self.epoll, &self.as_kept(kept), false, None) {
            Ok(()) => {
                self.adopt(kept, &error);
                Ok(())
            }
            // It is no reader who keeps it.
            Err(other) if other.kind == OutputErrorKind::Busy => Err(other),
            Err(_) => Err(error),
        }
    }

    fn as_kept(&self, kept: VideoFormat) -> EngineConfig {
        EngineConfig { format: kept, ..self.config.clone() }
    }

    /// This format for as long as somebody keeps it.
    fn adopt(&mut self, kept: VideoFormat, error: &OutputError) {
        tracing::warn!("{error} Until then it is served as {kept}.");
        self.pending_config.get_or_insert_with(|| self.config.clone());
        self.config.format = kept;
        self.kept_since = Some(Instant::now());
    }

    /// Somebody keeps the second device in another format, and nobody is at the first: both take that one, for a picture is
    /// made once for both. Whether that is so.
    fn follow_second(&mut self, error: &OutputError) -> bool {
        let OutputErrorKind::Kept(kept) = error.kind else { return false };
        if self.worker.is_some() || !self.first.presence().is_empty() || kept == self.config.format {
            return false;
        }
        let as_kept = self.as_kept(kept);
        let Some(second) = &mut self.second else { return false };
        // Another writer keeps its format as well, and is nobody to follow.
        if second.open(&self.epoll, &as_kept, false, self.first.node()).is_err() {
            return false;
        }
        second.close();
        self.first.close();
        self.adopt(kept, error);
        self.events.push_back(Event::DeviceGone(set_up_anew()));
        if let Err(error) = self.open_output(false) {
            self.no_output(&error);
        }
        true
    }

    /// Whether it is too early for another size: somebody who cannot be seen keeps the old one, as far as is known.
    fn is_kept(&self) -> bool {
        self.kept_since.is_some_and(|since| since.elapsed() < KEPT_RETRY)
    }

    /// Tries to take the second output, which stands only beside the first.
    pub(super) fn retry_second(&mut self, may_create: bool) {
        let Some(second) = self.second.as_mut().filter(|second| second.output().is_none()) else { return };
        if self.first.output().is_none() {
            return second.stop_trying();
        }
        match second.open(&self.epoll, &self.config, may_create, self.first.node()) {
            Ok(()) => {
                second.set_own(self.worker.as_ref().map(WorkerHost::pid));
                if let Some(card) = self.card.as_ref().filter(|_| !self.camera_shown) {
                    second.show_card(card, false, Instant::now());
                }
                self.events.push_back(Event::SecondDevice(None));
                self.tell_presence();
            }
            Err(error) => {
                if !self.follow_second(&error) {
                    self.no_second(&error);
                }
            }
        }
    }

    /// There is no second output, which harms nobody but those who are at it.
    fn no_second(&mut self, error: &OutputError) {
        let text = trf!("Second device: {why}", why = error);
        let reason = Trouble::said(TroubleKind::Device, text);
        if self.machine.status().second_device.as_ref() != Some(&reason) {
            tracing::warn!("{}", crate::i18n::trouble::sentence(&reason));
            self.events.push_back(Event::SecondDevice(Some(reason)));
        }
        self.mirror = None;
        if let Some(second) = &mut self.second {
            second.wait_for_node(&self.epoll, error);
        }
    }

    /// Takes, moves or gives up the second output as the settings say, once nobody is there to notice.
    fn apply_second(&mut self) {
        let is_wanted = self.second.as_ref().map(Outlet::choice) == self.config.second.as_ref();
        if is_wanted || self.second.as_ref().is_some_and(|second| !second.presence().is_empty()) {
            return;
        }
        self.mirror = None;
        self.second = self.config.second.clone().map(second_outlet);
        self.events.push_back(Event::SecondDevice(None));
        self.retry_second(true);
    }

    /// Takes note of outputs that went away.
    pub(super) fn notice_losses(&mut self) {
        if let Some(error) = self.first.take_loss() {
            self.camera_shown = false;
            self.lent = Lent::No;
            self.mirror = None;
            if let Some(second) = &mut self.second {
                second.show_card(&Card::Failed(error.to_reason()), false, Instant::now());
            }
            self.no_output(&error);
        }
        if let Some(error) = self.second.as_mut().and_then(Outlet::take_loss) {
            self.no_second(&error);
            self.tell_presence();
        }
    }

    pub(super) fn no_output(&mut self, error: &OutputError) {
        tracing::warn!("{error}");
        self.events.push_back(Event::DeviceGone(error.to_reason()));
        self.first.wait_for_node(&self.epoll, error);
    }

    /// Tries to take the output again. A worker that still holds the old one's pages would keep it busy.
    pub(super) fn retry_output(&mut self, may_create: bool) {
        if self.first.output().is_some() || self.worker.is_some() {
            self.first.stop_trying();
            return;
        }
        if let Err(error) = self.open_output(may_create) {
            let reason = error.to_reason();
            if self.machine.status().reason.as_ref() != Some(&reason) {
                self.no_output(&error);
            } else {
                self.first.wait_for_node(&self.epoll, &error);
            }
        }
    }

    /// Moves to another node or format once nobody is there to notice.
    pub(super) fn apply_pending(&mut self) {
        self.apply_second();
        let is_quiet = self.worker.is_none() && self.machine.status().clients.is_empty();
        if !is_quiet {
            // Who keeps it is seen, and it is heard when they go.
            self.kept_since = None;
        }
        let is_time = is_quiet && !self.is_kept();
        let Some(config) = self.pending_config.take_if(|_| is_time) else { return };
        tracing::info!("the device's settings changed: {}", config.format);
        let was_held = self.first.close();
        self.mirror = None;
        let before = self.events.len();
        self.first.set_choice(config.output.clone());
        self.config.output = config.output;
        self.config.format = config.format;
        self.config.second = config.second;
        // Where its label or its format changes, it is another one, too.
        self.second = self.config.second.clone().map(second_outlet);
        self.events.push_back(Event::SecondDevice(None));
        if let Err(error) = self.open_output(true) {
            self.no_output(&error);
        } else if was_held {
            // One node went and one came; the machine starts over with it.
            self.events.insert(before, Event::DeviceGone(set_up_anew()));
        }
    }
}
