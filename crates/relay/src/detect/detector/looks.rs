//! When the detector has processes looked at, and what it takes from a look.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::inotify::AccessEvents;
use super::super::look::Late;
use super::super::procfs::{Again, HolderProcess, HolderQuery, ProcessScan};
use super::Detector;

/// inotify reports an open before the descriptor is in its process's table, and a close before the module has let go:
/// so long after either, what is counted and what is seen may differ though nobody is hidden.
const SETTLED_AFTER: Duration = Duration::from_millis(200);

/// What a look at processes shows.
#[derive(Debug)]
pub(super) enum Looked {
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

impl Detector {
    /// Looks at `/proc` as far as there is a reason to. Whether anything is different now.
    pub(super) fn look(&mut self, now: Instant, heard: &AccessEvents, turned: bool, again: bool, check: bool) -> bool {
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
    pub(super) fn is_anybody_nameless(&self) -> bool {
        self.level == Some(true) && self.found.is_empty()
    }

    /// Looks at those found before. Whether all have to be looked at, as far as that is known already.
    pub(super) fn look_again(&mut self, now: Instant) -> bool {
        let before = self.found.clone();
        self.ask(now, move |question| Looked::Again(question.again(&before)))
    }

    pub(super) fn scan(&mut self, now: Instant) {
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
    pub(super) fn ask(&mut self, now: Instant, look: impl FnOnce(&HolderQuery) -> Looked + Send + 'static) -> bool {
        let (node, apps) = (self.node.clone(), Arc::clone(&self.apps));
        let loopbacks = self.unseen_holders.nodes();
        let maps = self.level != Some(false);
        if self.looker.is_waiting() {
            self.is_look_owed = true;
            return false;
        }
        let looked = self
            .looker
            .ask(now, move |guide| look(&HolderQuery { node: &node, loopbacks: &loopbacks, maps, apps: &apps, guide }));
        looked.is_some_and(|looked| self.take_look(now, looked))
    }

    /// Takes what a look shows that took long, and makes good for those that were left out meanwhile.
    pub(super) fn take_late_look(&mut self, now: Instant) {
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
    pub(super) fn take_look(&mut self, now: Instant, looked: Looked) -> bool {
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
}
