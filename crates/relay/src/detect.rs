//! Who has the loopback node open, and who of them streams.
//!
//! Three kinds of evidence, put together by [`fuse`]:
//! 1. the module's usage event says whether anybody streams (`events`);
//! 2. `/proc` says who has the node open and who has its buffers mapped (`procfs`), looked at when inotify reports that
//!    the node was opened or closed (`inotify`), or when a timer says so (`schedule`);
//! 3. what cannot be seen is "an application" (`unseen_holders`).
//!
//! Processes are looked at on a thread of its own (`look`): a stuck one may never answer.
//!
//! Edges are hints: every one of them may be lost, and everything that a lost one leaves behind is put right by looking
//! at the level again. Nothing here waits: the caller polls [`Detector::fds`] until [`Detector::deadline`].

mod events;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
mod inotify;
mod look;
mod procfs;
mod read_activity;
mod schedule;
#[cfg(test)]
mod tests;
mod unseen_holders;
pub mod uvc;

use std::collections::BTreeSet;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use events::Usage;
use inotify::{AccessEvents, AccessWatch};
use lenscap_core::presence::{Holder, Presence, fuse};
use lenscap_words::trf;
use look::{Guide, Late, Looker};
use procfs::{Again, HolderProcess, HolderQuery, PROC, ProcessScan, WatchedNode};
use read_activity::ReadActivity;
use schedule::Schedule;
use unseen_holders::UnseenHolders;

/// inotify reports an open before the descriptor is in its process's table, and a close before the module has let go:
/// so long after either, what is counted and what is seen may differ though nobody is hidden.
const SETTLED_AFTER: Duration = Duration::from_millis(200);
/// How long [`holders`] may take: it is for a sentence, asked for while there is no device and so no camera on. On an emulated
/// machine a look at all processes took more than 200 ms; only a process that does not answer takes longer, once.
const HOLDERS_PATIENCE: Duration = Duration::from_secs(1);
/// How long somebody who streams is kept back until it is known who that is. On a busy computer a look at all processes takes
/// longer than the loop may wait (more than 300 ms was seen in an emulated machine beside others), and a notification that
/// names nobody is worth little.
const NAME_PATIENCE: Duration = Duration::from_secs(1);

/// Why a node cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// There is no such node.
    #[error("{}", trf!("{node} does not exist: load v4l2loopback, or choose another device", node = node.display()))]
    Missing {
        /// The node.
        node: PathBuf,
    },
    /// The user may not read it.
    #[error("{}", trf!(
        "{node} may not be read: join the group video (sudo usermod -aG video \"$USER\") and log in again",
        node = node.display(),
    ))]
    Permission {
        /// The node.
        node: PathBuf,
    },
    /// Too many programs have it open.
    #[error("{}", trf!(
        "{node} is held by as many programs as it allows: close one of them, or raise v4l2loopback's max_openers",
        node = node.display(),
    ))]
    Busy {
        /// The node.
        node: PathBuf,
    },
    /// The user's inotify watches or instances are used up.
    #[error("{}", trf!(
        "no inotify watch is left to watch {node} with: raise fs.inotify.max_user_instances and max_user_watches",
        node = node.display(),
    ))]
    Watches {
        /// The node.
        node: PathBuf,
    },
    /// Anything else.
    #[error("{}", trf!(
        "{node} cannot be watched ({error}): see \"sudo dmesg | tail\" for the kernel's reason",
        node = node.display(),
        error = source,
    ))]
    Io {
        /// The node.
        node: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
}

impl DetectError {
    fn new(node: &Path, source: io::Error) -> Self {
        use rustix::io::Errno;
        let node = node.to_owned();
        match Errno::from_io_error(&source) {
            Some(Errno::NOENT | Errno::NODEV | Errno::NXIO | Errno::NOTDIR) => Self::Missing { node },
            Some(Errno::ACCESS | Errno::PERM) => Self::Permission { node },
            Some(Errno::BUSY) => Self::Busy { node },
            Some(Errno::NOSPC | Errno::MFILE) => Self::Watches { node },
            _ => Self::Io { node, source },
        }
    }
}

/// Who but this process has the node open or mapped, as far as we may see it: process id and name, by ascending id.
pub fn holders(node: &Path) -> Vec<(u32, String)> {
    let Ok(node) = WatchedNode::at(node) else { return Vec::new() };
    let look = move |guide: &Guide| {
        let question =
            HolderQuery { node: &node, loopbacks: &BTreeSet::new(), maps: false, proc: Path::new(PROC), guide };
        question.all(&[std::process::id()], &[]).found
    };
    let found = look::once(HOLDERS_PATIENCE, look).unwrap_or_default();
    found.into_iter().map(|found| (found.pid, found.name)).collect()
}

/// What a look at processes shows.
#[derive(Debug)]
enum Looked {
    /// All of them.
    All {
        scan: ProcessScan,
        /// Descriptors of the node that this process has.
        own: usize,
        /// Nodes of the module that were known.
        nodes: usize,
        began: Instant,
        took: Duration,
    },
    /// Those found before.
    Again(Again),
}

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
    /// [`PROC`].
    proc: PathBuf,
    /// Whether somebody who cannot be seen has the node open.
    unseen: bool,
    /// When the last open or close was heard.
    stirred_at: Option<Instant>,
    told: Presence,
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
        Self::build(node, Usage::subscribe, poll_interval, now).map_err(|error| DetectError::new(node, error))
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
            proc: PROC.into(),
            unseen: false,
            stirred_at: None,
            told: Presence::default(),
            nameless_since: None,
            gone: false,
            node,
        })
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
        let named = self.nameless_since.map(|since| since + NAME_PATIENCE);
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
        (presence != self.told).then(|| {
            self.told = presence.clone();
            presence
        })
    }

    /// Whether this is news of somebody who has no name yet, and a look that may find it is still to come or to answer.
    fn is_name_to_come(&mut self, now: Instant, presence: &Presence) -> bool {
        let is_nameless = |presence: &Presence| presence.clients.iter().any(|client| client.pid.is_none());
        if self.gone || !self.is_look_due() || !is_nameless(presence) || is_nameless(&self.told) {
            self.nameless_since = None;
            return false;
        }
        let since = *self.nameless_since.get_or_insert(now);
        let waits = now.saturating_duration_since(since) < NAME_PATIENCE;
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
        let told = self.take_level()?;
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
        let stirred = self.look(now, &heard, turned, told || poll, check);
        if stirred || heard.opens > 0 {
            self.schedule.stirred(now, heard.opens > 0);
        }
        self.follow_reads(now, heard.read)
    }

    /// Looks at `/proc` as far as there is a reason to. Whether anything is different now.
    fn look(&mut self, now: Instant, heard: &AccessEvents, turned: bool, again: bool, check: bool) -> bool {
        let before = (self.found.clone(), self.unseen);
        let due = self.schedule.take_scan(now);
        let mut all = due || check || heard.opens > 0 || heard.overflow;
        all |= heard.closes > 0 && self.unseen;
        all |= heard.read && self.found.is_empty();
        if (again || turned || heard.closes > 0) && !self.found.is_empty() {
            all |= self.look_again(now);
        }
        if turned && self.level == Some(true) {
            let named = self.found.iter().any(|found| found.mapped == Some(true));
            if named && all {
                // Enough to answer at once: frames must flow now, a scan can follow.
                self.schedule.scan_at(now);
                return before.0 != self.found;
            }
            all |= !named;
        }
        if all && self.schedule.may_scan(now, self.is_anybody_nameless()) {
            self.scan(now);
        }
        before.0 != self.found || before.1 != self.unseen
    }

    /// Whether somebody streams and nobody is known who may.
    fn is_anybody_nameless(&self) -> bool {
        self.level == Some(true) && self.found.is_empty()
    }

    /// Looks at those found before. Whether all have to be looked at, as far as that is known already.
    fn look_again(&mut self, now: Instant) -> bool {
        let before = self.found.clone();
        self.ask(now, move |question| Looked::Again(question.again(&before)))
    }

    fn scan(&mut self, now: Instant) {
        let skipped = [std::process::id()].into_iter().chain(self.worker).collect::<Vec<_>>();
        let before = self.found.clone();
        self.ask(now, move |question| {
            let began = Instant::now();
            let scan = question.all(&skipped, &before);
            let own = question.own_descriptors();
            Looked::All { scan, own, nodes: question.loopbacks.len(), began: now, took: began.elapsed() }
        });
    }

    /// Has processes looked at, and takes what that shows; at once, as a rule. Whether all have to be looked at.
    fn ask(&mut self, now: Instant, look: impl FnOnce(&HolderQuery) -> Looked + Send + 'static) -> bool {
        let (node, proc) = (self.node.clone(), self.proc.clone());
        let loopbacks = self.unseen_holders.nodes();
        let maps = self.level != Some(false);
        if self.looker.is_waiting() {
            self.is_look_owed = true;
            return false;
        }
        let looked = self
            .looker
            .ask(now, move |guide| look(&HolderQuery { node: &node, loopbacks: &loopbacks, maps, proc: &proc, guide }));
        looked.is_some_and(|looked| self.take_look(now, looked))
    }

    /// Takes what a look shows that took long, and makes good for those that were left out meanwhile.
    fn take_late_look(&mut self, now: Instant) {
        let before = self.found.len();
        self.is_look_owed |= match self.looker.take(now) {
            Late::Nothing => return,
            Late::Answer(looked) => self.take_look(now, looked),
            Late::GivenUp => true,
        };
        if std::mem::take(&mut self.is_look_owed) {
            self.schedule.scan_at(now);
        }
        if self.found.len() != before {
            self.schedule.stirred(now, false);
        }
    }

    /// Whether all have to be looked at.
    fn take_look(&mut self, now: Instant, looked: Looked) -> bool {
        let worker = self.worker;
        let others = |mut found: Vec<HolderProcess>| {
            found.retain(|found| Some(found.pid) != worker);
            found
        };
        match looked {
            Looked::Again(again) => {
                self.found = others(again.found);
                // The last one left, perhaps to a child that has its descriptor.
                self.found.is_empty() || again.some_unreadable
            }
            Looked::All { mut scan, own, nodes, began, took } => {
                scan.found = others(scan.found);
                // However many descriptors of ours lead to it: the held writer is one file, the subscription another.
                let subscribed = self.usage.open_files();
                let own_files = subscribed + usize::from(own > subscribed);
                let unseen = self.unseen_holders.is_somebody_unseen(&scan, nodes, own_files).unwrap_or(self.unseen);
                let settled_at = self.stirred_at.map_or(now, |at| at + SETTLED_AFTER);
                if self.watch.has_more() || self.stirred_at.is_some_and(|at| at > began) {
                    // Opened or closed while the scan ran: who was looked at too early is not unseen.
                    self.schedule.scan_at(now);
                } else if unseen && now < settled_at {
                    self.schedule.scan_at(settled_at);
                } else {
                    self.unseen = unseen;
                }
                self.found = scan.found;
                self.schedule.scanned(now, took);
                false
            }
        }
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
            name: found.name.clone(),
            mapped: found.mapped,
            // A read does not say whose it is: whoever has nothing mapped may be the one.
            reads: reading && found.mapped != Some(true),
        });
        let unseen = self.unseen.then(|| Holder { reads: reading, ..Holder::unseen() });
        seen.chain(unseen).collect()
    }
}
