//! One device that applications open: the held output, the detector that watches it, the rhythm of its cards, and how it
//! is taken again when it is not there.
//!
//! What goes wrong is kept until [`Outlet::take_loss`]; until then the outlet does nothing.

mod cards;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;

use super::token::EngineToken;
use super::{BUSY_RETRY, EngineConfig, OutputChoice};
use crate::detect::Detector;
use crate::output::cards::CardSet;
use crate::output::finder::{self, Beside, Found, NodeWatch, Wanted};
use crate::output::loopback::{self, Loopback};
use crate::output::memory::Memory;
use crate::output::pipewire::PipewireNode;
use crate::output::{Output, OutputDevice, OutputError};
use crate::reactor::{Interest, Reactor};
use lenscap_core::event::Card;
use lenscap_core::presence::{Presence, Role};
use lenscap_core::status::Device;
use lenscap_core::trouble::Trouble;
use lenscap_core::trouble::output::{OutputTrouble, OutputTroubleKind, WatchFailure};
use lenscap_sys::memfd::Mapping;
use lenscap_text::Detail;
use lenscap_wire::pipewire::server_socket;

/// How long whoever has merely opened the node finds a fresh card there. A reader's first picture is the newest that was
/// queued, and is handed over before anybody can hear of its STREAMON; programs stream within seconds of opening, and one
/// that holds the node for hours is to cost nothing.
const FRESH_FOR: Duration = Duration::from_secs(30);

/// What a device in memory is called.
const APP_NAME: &str = "Lenscap";

/// How long nobody has to be at PipeWire's node for its memory to be given back: PipeWire keeps its hold for 5 s (facts:
/// pipewire, section 2).
const RELEASE_AFTER: Duration = Duration::from_secs(10);

/// See the module.
#[derive(Debug)]
pub(super) struct Outlet {
    role: Role,
    choice: OutputChoice,
    output: Option<Output>,
    detector: Option<Detector>,
    node_watch: Option<NodeWatch>,
    retry_at: Option<Instant>,
    /// Who is here, as reported last.
    presence: Presence,
    /// Whether pictures are queued: while somebody streams or may be streaming.
    feeding: bool,
    next_card_at: Option<Instant>,
    /// Until when the card is kept fresh for those who have opened the node and do not stream.
    fresh_until: Option<Instant>,
    last_queued: Option<Instant>,
    /// When the card was renewed for those who do not stream.
    freshened_at: Option<Instant>,
    /// Its slots while pictures are copied, from the main one or to another. Mapped for so long: mapping anew for every picture
    /// would cost a page fault for every 4 kB of it.
    maps: Option<Vec<Mapping>>,
    /// Nobody is here any more: when the memory that pictures took is given back.
    release_at: Option<Instant>,
    /// Shown instead of the camera, whatever the others show: who is here may not have it.
    kept_out: Option<Card>,
    /// Why there is none, where it is a further one.
    trouble: Option<Trouble>,
    /// The node that was made for it.
    made: Option<PathBuf>,
    lost: Option<OutputError>,
}

impl Outlet {
    /// Not yet open.
    pub(super) fn new(role: Role, choice: OutputChoice) -> Self {
        Self {
            role,
            choice,
            output: None,
            detector: None,
            node_watch: None,
            retry_at: None,
            presence: Presence::default(),
            feeding: false,
            next_card_at: None,
            fresh_until: None,
            last_queued: None,
            freshened_at: None,
            maps: None,
            release_at: None,
            kept_out: None,
            trouble: None,
            made: None,
            lost: None,
        }
    }

    /// Takes the output, in the format of `config`. `beside`: what else is served.
    ///
    /// # Errors
    /// Why there is none; see [`Self::wait_for_node`].
    pub(super) fn open(
        &mut self,
        reactor: &Reactor<EngineToken>,
        config: &EngineConfig,
        may_create: bool,
        beside: &Beside,
        cards: CardSet,
    ) -> Result<(), OutputError> {
        let mut presence = None;
        let (device, detector) = match &self.choice {
            OutputChoice::Memory(slots) => (OutputDevice::Memory(Memory::new(&config.format, *slots)?), None),
            OutputChoice::Loopback(wanted) => {
                let Found { path, is_made } = finder::find(wanted, may_create, beside)?;
                if is_made {
                    self.made = Some(path.clone());
                }
                let loopback = Loopback::open(&path, &config.format)?;
                let mut detector =
                    Detector::new(&path, config.poll_interval, Instant::now()).map_err(OutputTrouble::from)?;
                presence = self.watch_detector(reactor, &mut detector).map_err(|error| {
                    let cause = WatchFailure::Events { cause: error.into() };
                    OutputTrouble::NodeUnwatched { node: Detail::of_path(&path), cause }
                })?;
                tracing::info!("serving {} as {}", path.display(), config.format);
                (OutputDevice::Loopback(loopback), Some(detector))
            }
            OutputChoice::Pipewire(choice) => {
                let node = PipewireNode::start(choice, &config.format)?;
                (OutputDevice::Pipewire(Box::new(node)), None)
            }
        };
        let output = Output::new(device, config.format, cards)?;
        for fd in output.node_fds().into_iter().flatten() {
            reactor
                .watch(fd, EngineToken::Detector(self.role), Interest::Readable)
                .map_err(|error| OutputTrouble::NoEventLoop { cause: error.into() })?;
        }
        let presence = presence.unwrap_or_default();
        let made = self.made.take();
        *self = Self { output: Some(output), detector, presence, made, ..Self::new(self.role, self.choice.clone()) };
        Ok(())
    }

    /// Waits on the detector's descriptors: inotify's and, where there is one, the module's events.
    ///
    /// v4l2loopback 0.13 does not take a waiter while an event is pending, and epoll offers itself only once, when it
    /// is added: added at such a moment it would never hear of an event again (seen on 0.13.2).
    fn watch_detector(&self, reactor: &Reactor<EngineToken>, detector: &mut Detector) -> io::Result<Option<Presence>> {
        const TRIES: u32 = 100;
        let mut presence = None;
        for _ in 0..TRIES {
            presence = detector.dispatch(Instant::now()).or(presence);
            let fds = detector.fds();
            let interests = [Interest::Readable, Interest::Urgent];
            for (fd, interest) in fds.iter().zip(interests) {
                reactor.watch(fd, EngineToken::Detector(self.role), interest)?;
            }
            let Some(events) = fds.get(1) else { break };
            let none = Timespec { tv_sec: 0, tv_nsec: 0 };
            if poll(&mut [PollFd::new(events, PollFlags::PRI)], Some(&none))? == 0 {
                break;
            }
            for fd in &fds {
                reactor.unwatch(fd)?;
            }
        }
        Ok(presence)
    }

    /// Lets go of the output; whether there was one.
    pub(super) fn close(&mut self) -> bool {
        self.detector = None;
        self.maps = None;
        self.presence = Presence::default();
        self.feeding = false;
        self.next_card_at = None;
        self.fresh_until = None;
        self.kept_out = None;
        self.output.take().is_some()
    }

    /// It is not asked for any more: a node that was made for it goes, too.
    pub(super) fn give_up(mut self) {
        self.close();
        if let Some(made) = self.made.take() {
            finder::remove(&made);
        }
    }

    /// There is no server of PipeWire's: listens for its socket.
    pub(super) fn wait_for_server(&mut self, reactor: &Reactor<EngineToken>) {
        if self.node_watch.is_some() {
            return;
        }
        // Without a directory for it there is no session, and there will be none.
        let Some(watch) = server_socket().and_then(|socket| NodeWatch::for_file(&socket).ok()) else { return };
        if let Err(error) = reactor.watch(watch.fd(), EngineToken::NodeWatch(self.role), Interest::Readable) {
            tracing::error!("cannot watch for PipeWire: {error}");
        }
        self.node_watch = Some(watch);
        // It may have come before the watch.
        if server_socket().is_some_and(|socket| socket.exists()) {
            self.try_later(Instant::now(), Duration::ZERO);
        }
    }

    /// There is no output, for this reason: listens and looks for it.
    pub(super) fn wait_for_node(&mut self, reactor: &Reactor<EngineToken>, error: &OutputError) {
        if self.node_watch.is_none() {
            match NodeWatch::new() {
                Ok(watch) => {
                    if let Err(error) = reactor.watch(watch.fd(), EngineToken::NodeWatch(self.role), Interest::Readable)
                    {
                        tracing::error!("cannot watch /dev: {error}");
                    }
                    self.node_watch = Some(watch);
                }
                Err(error) => tracing::warn!("cannot watch /dev ({error}); looking every {BUSY_RETRY:?} instead"),
            }
        }
        // The attempt itself raised events; what they could say is covered by the retry.
        if let Some(watch) = &mut self.node_watch {
            watch.dispatch();
        }
        // What only another file or another permission can mend is heard of; the rest is tried again.
        let is_heard = match error.kind() {
            OutputTroubleKind::Missing => !finder::can_create(),
            OutputTroubleKind::Permission | OutputTroubleKind::Wrong | OutputTroubleKind::Format => true,
            OutputTroubleKind::Busy | OutputTroubleKind::Io => false,
        };
        self.retry_at = (!is_heard || self.node_watch.is_none()).then(|| Instant::now() + BUSY_RETRY);
    }

    /// To be tried by time: a failure has nothing that could be heard when it is over.
    pub(super) fn try_later(&mut self, now: Instant, wait: Duration) {
        self.retry_at = Some(now + wait);
    }

    /// Not to be tried by time any more.
    pub(super) fn stop_trying(&mut self) {
        self.retry_at = None;
    }

    /// Something happened where the node is expected: whether it is time to look for it.
    pub(super) fn dispatch_node_watch(&mut self) -> bool {
        self.node_watch.as_mut().is_some_and(NodeWatch::dispatch)
    }

    /// What it is for.
    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// What was asked for.
    pub(super) fn choice(&self) -> &OutputChoice {
        &self.choice
    }

    /// Another output is wanted, from the next [`Self::open`].
    pub(super) fn set_choice(&mut self, choice: OutputChoice) {
        self.choice = choice;
    }

    /// Who is here.
    pub(super) fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Who is here.
    pub(super) fn set_presence(&mut self, presence: Presence, now: Instant) {
        self.fresh_until = (!presence.is_empty()).then(|| now + FRESH_FOR);
        match (self.feeding, presence.is_empty()) {
            // Whoever has just opened the node may stream at once and would get the newest picture with a timestamp
            // from long ago; ffmpeg fills such a gap with repeated frames.
            (false, false) => self.freshen_card(now),
            (false, true) => self.next_card_at = None,
            (true, _) => {}
        }
        let is_over = presence.is_empty() && !self.presence.is_empty();
        self.release_at = (is_over && self.role == Role::Pipewire).then(|| now + RELEASE_AFTER);
        self.presence = presence;
    }

    /// The output, while it is held.
    pub(super) fn output(&self) -> Option<&Output> {
        self.output.as_ref()
    }

    /// The path of the node that is held.
    pub(super) fn node(&self) -> Option<&Path> {
        match self.output.as_ref()?.device() {
            OutputDevice::Loopback(loopback) => Some(loopback.path()),
            OutputDevice::Memory(_) | OutputDevice::Pipewire(_) => None,
        }
    }

    /// The path that the settings name, whether it is held or not.
    pub(super) fn named_node(&self) -> Option<&Path> {
        match &self.choice {
            OutputChoice::Loopback(Wanted::Path(path)) => Some(path),
            OutputChoice::Loopback(Wanted::Label(_)) | OutputChoice::Memory(_) | OutputChoice::Pipewire(_) => None,
        }
    }

    /// There is no output, for this reason; whether another one was said before.
    pub(super) fn note_trouble(&mut self, trouble: Trouble) -> bool {
        self.trouble.replace(trouble.clone()) != Some(trouble)
    }

    /// What people may know of it.
    pub(super) fn device(&self) -> Device {
        let is_loopback = matches!(self.choice, OutputChoice::Loopback(_));
        Device {
            role: self.role,
            label: self.label(),
            node: self.node().map(Path::to_owned),
            is_for_one: is_loopback && loopback::serves_one_reader(),
            trouble: self.trouble.clone(),
        }
    }

    /// What applications call it.
    fn label(&self) -> String {
        if let Some(node) = self.node() {
            return finder::label_of(node);
        }
        match &self.choice {
            OutputChoice::Loopback(Wanted::Label(label)) => label.clone(),
            OutputChoice::Loopback(Wanted::Path(path)) => finder::label_of(path),
            OutputChoice::Memory(_) | OutputChoice::Pipewire(_) => match self.role {
                Role::Main | Role::Pipewire => APP_NAME.into(),
                Role::Further(further) => further.label(APP_NAME),
            },
        }
    }

    /// Whether pictures are queued.
    pub(super) fn is_feeding(&self) -> bool {
        self.feeding
    }

    /// Whether whoever is here gets the camera's pictures, while there are any.
    pub(super) fn wants_camera(&self) -> bool {
        self.feeding && self.kept_out.is_none()
    }

    /// Whether a card is shown here, whatever the others show.
    pub(super) fn is_kept_out(&self) -> bool {
        self.kept_out.is_some()
    }

    /// Shows this card instead of the camera from the next one on, whatever the others show; whether that is another answer
    /// than before.
    pub(super) fn keep_out(&mut self, card: Option<Card>) -> bool {
        std::mem::replace(&mut self.kept_out, card) != card
    }

    /// Whether the time to try again has come.
    pub(super) fn is_retry_due(&self, now: Instant) -> bool {
        self.retry_at.is_some_and(|at| at <= now)
    }

    /// When something is due: a card, the detector's look, another try.
    pub(super) fn deadline(&self) -> Option<Instant> {
        [self.next_card_at, self.release_at, self.look_at(), self.retry_at].into_iter().flatten().min()
    }

    /// When to look who is here.
    fn look_at(&self) -> Option<Instant> {
        let node = self.output.as_ref().and_then(Output::node_deadline);
        node.or_else(|| self.detector.as_ref().and_then(Detector::deadline))
    }

    /// Whether the detector's time has come.
    pub(super) fn is_look_due(&self, now: Instant) -> bool {
        self.look_at().is_some_and(|at| at <= now)
    }

    /// Takes what the detector has; whether the presence changed.
    pub(super) fn dispatch_detector(&mut self, now: Instant) -> bool {
        if let Some(dispatched) = self.output.as_mut().and_then(|output| output.dispatch_node(now)) {
            return match dispatched {
                Ok(presence) => {
                    let has_changed = presence.is_some();
                    if let Some(presence) = presence {
                        self.set_presence(presence, now);
                    }
                    has_changed
                }
                Err(error) => {
                    self.lose(error);
                    false
                }
            };
        }
        let Some(detector) = &mut self.detector else { return false };
        let presence = detector.dispatch(now);
        if detector.gone() {
            self.lose(OutputTrouble::NodeGone { is_installed: finder::is_module_installed() }.into());
            return false;
        }
        let has_changed = presence.is_some();
        if let Some(presence) = presence {
            self.set_presence(presence, now);
        }
        // Also where somebody came and went before we could look.
        if self.presence.is_empty()
            && let Some(output) = &self.output
        {
            output.put_right();
        }
        has_changed
    }

    /// Edges get lost: the level is to be read again.
    pub(super) fn recheck(&mut self, now: Instant) {
        if let Some(detector) = &mut self.detector {
            detector.recheck(now);
        }
    }

    /// The worker's process id; it is no client.
    pub(super) fn set_own(&mut self, worker: Option<u32>) {
        if let Some(detector) = &mut self.detector {
            detector.set_own(worker);
        }
    }

    /// From now on pictures are queued, or no longer, as those who are here want it; whether that is another answer than
    /// before.
    pub(super) fn follow_presence(&mut self) -> bool {
        let before = self.feeding;
        self.feeding = self.output.is_some() && self.presence.any_maybe_streaming();
        if self.feeding
            && !before
            && let Some(output) = &mut self.output
        {
            output.streaming_begins();
            // Those for whoever had only opened it: what comes now is the camera's or has its own rhythm.
            self.next_card_at = None;
        }
        self.feeding != before
    }

    /// Queues a slot that the worker filled; the length of the rotation where it is another one now.
    pub(super) fn queue_frame(&mut self, now: Instant, slot: u32, taken: Duration) -> Option<u32> {
        let output = self.output.as_mut()?;
        let before = output.rotation().1;
        let queued = output.queue_frame(slot, taken);
        let after = output.rotation().1;
        self.last_queued = Some(now);
        self.note(queued.map(drop));
        (before != after).then_some(after)
    }

    /// The picture in this slot, to be copied.
    ///
    /// # Errors
    /// When the kernel does not map it.
    pub(super) fn picture(&mut self, slot: u32) -> Result<&[u8], OutputError> {
        let Some(output) = &self.output else { return Ok(&[]) };
        let maps = mapped(&mut self.maps, output)?;
        Ok(maps.get(slot as usize).map(Mapping::as_slice).unwrap_or_default())
    }

    /// Queues a copy of this picture; whether there was an output for it.
    pub(super) fn queue_copy(&mut self, now: Instant, picture: &[u8], taken: Duration) -> bool {
        let Some(output) = &mut self.output else { return false };
        let queued = match mapped(&mut self.maps, output) {
            Ok(maps) => output.queue_copy(maps, picture, taken),
            Err(error) => {
                self.lose(error);
                return false;
            }
        };
        self.last_queued = Some(now);
        self.note(queued);
        true
    }

    /// No pictures are copied for now.
    pub(super) fn unmap(&mut self) {
        self.maps = None;
    }

    fn note(&mut self, done: Result<(), OutputError>) {
        if let Err(error) = done {
            self.lose(error);
        }
    }

    /// There is no output any more.
    pub(super) fn lose(&mut self, error: OutputError) {
        self.close();
        self.lost = Some(error);
    }

    /// Why the output was lost, once.
    pub(super) fn take_loss(&mut self) -> Option<OutputError> {
        self.lost.take()
    }
}

/// The slots of this output, mapped now where they are not.
fn mapped<'a>(maps: &'a mut Option<Vec<Mapping>>, output: &Output) -> Result<&'a mut Vec<Mapping>, OutputError> {
    Ok(match maps {
        Some(maps) => maps,
        None => maps.insert(output.map()?),
    })
}
