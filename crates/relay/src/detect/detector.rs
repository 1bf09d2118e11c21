//! Watches one node: takes what is heard, looks where that says little, and says who is there.

mod looks;
#[cfg(test)]
pub(super) mod tests;

use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::inotify::{AccessEvents, AccessWatch};
use super::look::Looker;
use super::procfs::{HolderProcess, WatchedNode};
use super::read_activity::ReadActivity;
use super::schedule::Schedule;
use super::unseen_holders::UnseenHolders;
use super::{DetectError, events, events::Usage};
use lenscap_apps::Apps;
use lenscap_core::presence::{Holder, Presence, fuse};
use looks::Looked;

/// How long somebody who streams is kept back until it is known who that is. On a busy computer a look at all processes takes
/// longer than the loop may wait (more than 300 ms was seen in an emulated machine beside others), and a notification that
/// names nobody is worth little.
const NAME_PATIENCE: Duration = Duration::from_secs(1);

/// Watches one node.
#[derive(Debug)]
pub struct Detector {
    node: WatchedNode,
    watch: AccessWatch,
    usage: Usage,
    unseen_holders: UnseenHolders,
    read_activity: ReadActivity,
    schedule: Schedule,
    worker: Option<u32>,
    /// Whether anybody streams, as the module says.
    level: Option<bool>,
    found: Vec<HolderProcess>,
    looker: Looker<Looked>,
    /// A look could not be made because another one has not answered yet.
    is_look_owed: bool,
    apps: Arc<Apps>,
    /// Whether somebody who cannot be seen has the node open.
    unseen: bool,
    /// When the last open or close was heard.
    stirred_at: Option<Instant>,
    reported: Presence,
    /// [`NAME_PATIENCE`], but in tests.
    name_patience: Duration,
    /// Since when somebody is kept back whose name may come in a moment.
    nameless_since: Option<Instant>,
    gone: bool,
}

impl Detector {
    /// Watches `node`, the path of the held loopback. `poll_interval`: how often holders are looked at where only polling
    /// tells. The first [`Self::dispatch`] is due at once.
    ///
    /// # Errors
    /// When the node is not there or may not be read, or watches are used up.
    pub fn new(node: &Path, poll_interval: Duration, now: Instant) -> Result<Self, DetectError> {
        // Subscribe first: this opens and may close the node, which the watch must not hear.
        Self::build(node, Usage::subscribe, poll_interval, now).map_err(|error| DetectError::new(node, &error))
    }

    fn build(
        node: &Path,
        usage: impl FnOnce(&Path) -> io::Result<(Usage, bool)>,
        poll_interval: Duration,
        now: Instant,
    ) -> io::Result<Self> {
        let node = WatchedNode::at(node)?;
        let (usage, is_loopback) = usage(node.path())?;
        let read_activity = ReadActivity::Listening;
        let watch = AccessWatch::new(node.path(), read_activity.is_reported())?;
        Ok(Self {
            watch,
            read_activity,
            usage,
            unseen_holders: UnseenHolders::new(is_loopback),
            schedule: Schedule::new(poll_interval, now),
            worker: None,
            level: None,
            found: Vec::new(),
            looker: Looker::default(),
            is_look_owed: false,
            apps: super::apps(),
            unseen: false,
            stirred_at: None,
            reported: Presence::default(),
            name_patience: NAME_PATIENCE,
            nameless_since: None,
            gone: false,
            node,
        })
    }

    /// Processes are shown and named by these from now on: in measurements, of any number of them.
    pub fn name_by(&mut self, apps: Arc<Apps>) {
        self.apps = apps;
    }

    /// Keeps somebody who streams back this long until it is known who that is: for tests on machines that are slower than the
    /// usual patience allows.
    pub fn set_name_patience(&mut self, patience: Duration) {
        self.name_patience = patience;
    }

    /// What to wait on: the first for input, the second, where there is one, for urgent data (`POLLPRI`).
    pub fn fds(&self) -> Vec<BorrowedFd<'_>> {
        std::iter::once(self.watch.fd()).chain(self.usage.fd()).collect()
    }

    /// When [`Self::dispatch`] is due though no descriptor is ready.
    pub fn deadline(&self) -> Option<Instant> {
        if self.gone {
            return None;
        }
        let others = self.read_activity.deadline().into_iter().chain(self.looker.deadline());
        let named = self.nameless_since.map(|since| since + self.name_patience);
        Some(others.chain(named).fold(self.schedule.deadline(), Instant::min))
    }

    /// The worker's process id: like our own process, it never counts.
    pub fn set_own(&mut self, worker: Option<u32>) {
        self.worker = worker;
        self.found.retain(|found| Some(found.pid) != worker);
    }

    /// Reads the level again with the next [`Self::dispatch`]; to be called after every transition.
    pub fn recheck(&mut self, now: Instant) {
        if self.usage.is_reported() {
            self.schedule.read_level_now(now);
        }
    }

    /// Whether the module reports who streams, so that merely opening the node starts nothing.
    pub fn knows_streaming(&self) -> bool {
        self.usage.is_reported()
    }

    /// Whether the node is no more; this detector will not see another.
    pub fn gone(&self) -> bool {
        self.gone
    }

    /// Takes what has happened. `Some` when the presence differs from the one returned last. Never blocks.
    pub fn dispatch(&mut self, now: Instant) -> Option<Presence> {
        if !self.gone
            && let Err(error) = self.update(now)
        {
            tracing::info!("{} is no longer there: {error}", self.node.path().display());
            self.gone = true;
        }
        let presence = if self.gone { Presence::default() } else { fuse(self.level, &self.holders()) };
        if !self.gone {
            // Where the level is known, nothing but events and the slow check is needed.
            let polls = self.level.is_none() && !self.found.is_empty();
            self.schedule.settle(now, !presence.is_empty(), polls);
        }
        if self.is_name_to_come(now, &presence) {
            return None;
        }
        (presence != self.reported).then(|| {
            self.reported = presence.clone();
            presence
        })
    }

    /// Whether this is news of somebody who has no name yet, and a look that may find it is still to come or to answer.
    fn is_name_to_come(&mut self, now: Instant, presence: &Presence) -> bool {
        let is_nameless = |presence: &Presence| presence.clients.iter().any(|client| client.pid.is_none());
        if self.gone || !self.is_look_due() || !is_nameless(presence) || is_nameless(&self.reported) {
            self.nameless_since = None;
            return false;
        }
        let since = *self.nameless_since.get_or_insert(now);
        let waits = now.saturating_duration_since(since) < self.name_patience;
        self.nameless_since = waits.then_some(since);
        waits
    }

    /// An error means that the node can no longer be watched.
    fn update(&mut self, now: Instant) -> io::Result<()> {
        let mut heard = self.watch.take()?;
        let check = self.schedule.take_check(now);
        let before = self.level;
        if self.schedule.take_level(now) || check {
            heard.add(self.read_level()?);
        }
        let is_reporting = self.take_level()?;
        if heard.gone || (heard.changed && !self.node.is_still_there()) {
            return Err(io::Error::other("it was removed"));
        }
        self.unseen_holders.hear(&heard);
        if heard.opens > 0 || heard.closes > 0 {
            self.stirred_at = Some(now);
        }
        let turned = self.level != before;
        if turned {
            tracing::debug!("somebody streams: {:?}", self.level);
            self.schedule.level_changed(now);
        }
        let poll = self.schedule.take_poll(now);
        self.take_late_look(now);
        let stirred = self.look(now, &heard, turned, is_reporting || poll, check);
        if stirred || heard.opens > 0 {
            self.schedule.stirred(now, heard.opens > 0);
        }
        self.follow_reads(now, heard.read)
    }

    /// Reads the level on a fresh descriptor. What was heard meanwhile is returned, without our own open and close.
    fn read_level(&mut self) -> io::Result<AccessEvents> {
        // Empty the queue first, so that our own open is not merged into another's.
        let mut heard = self.watch.take()?;
        match self.usage.read_level() {
            Ok(level) => {
                self.level = level.or(self.level);
                let after = self.watch.take()?;
                heard.add(if self.usage.open_files() > 0 { after.without_own() } else { after });
            }
            Err(error) if events::is_gone(&error) => return Err(error),
            Err(error) => tracing::warn!("cannot read again whether {} is used: {error}", self.node.path().display()),
        }
        Ok(heard)
    }

    /// Takes the events; whether there were any.
    fn take_level(&mut self) -> io::Result<bool> {
        match self.usage.take() {
            Ok(level) => {
                self.level = level.or(self.level);
                Ok(level.is_some())
            }
            Err(error) if events::is_gone(&error) => Err(error),
            Err(error) => {
                tracing::warn!("cannot take usage events of {}: {error}", self.node.path().display());
                Ok(false)
            }
        }
    }

    fn follow_reads(&mut self, now: Instant, heard: bool) -> io::Result<()> {
        // A read may be heard before its reader is found, and it may be the only one until frames flow.
        let held = !self.found.is_empty() || self.unseen || self.is_look_due();
        let next = self.read_activity.next(now, heard, held, self.level == Some(true));
        if next.is_reported() != self.read_activity.is_reported() {
            match self.watch.report_reads(next.is_reported()) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
                // The watch stays as it was: at worst it wakes us for nothing.
                Err(error) => tracing::warn!("cannot change what is heard of {}: {error}", self.node.path().display()),
            }
        }
        self.read_activity = next;
        Ok(())
    }

    /// Whether all processes are to be looked at, or are being looked at.
    fn is_look_due(&self) -> bool {
        self.schedule.is_scan_due() || self.looker.is_waiting()
    }

    fn holders(&self) -> Vec<Holder> {
        let reading = self.read_activity.is_reading();
        let seen = self.found.iter().map(|found| Holder {
            pid: Some(found.pid),
            name: found.identity.name.clone(),
            app: found.identity.app.clone(),
            mapped: found.mapped,
            // A read does not say whose it is: whoever has nothing mapped may be the one.
            reads: reading && found.mapped != Some(true),
        });
        let unseen = self.unseen.then(|| Holder { reads: reading, ..Holder::unseen() });
        seen.chain(unseen).collect()
    }
}
