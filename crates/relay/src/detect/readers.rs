//! Who reads through PipeWire, by process and by the id that a portal gave.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::look::{Late, Looker};
use lenscap_apps::{Apps, Identity};

/// What is known of readers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// By process id.
    pub processes: BTreeMap<u32, Identity>,
    /// By the id of an application.
    pub apps: BTreeMap<String, Identity>,
}

/// Finds out who readers are.
#[derive(Debug)]
pub(crate) struct ReaderNames {
    apps: Arc<Apps>,
    looker: Looker<Known>,
    /// Asked for, and not answered: who is to be looked at next.
    owed: Option<(Vec<u32>, Vec<String>)>,
}

impl Default for ReaderNames {
    fn default() -> Self {
        Self { apps: super::apps(), looker: Looker::default(), owed: None }
    }
}

impl ReaderNames {
    /// Who these are; at once, as a rule. `None`: the answer comes from [`Self::take`].
    pub(crate) fn ask(&mut self, now: Instant, pids: Vec<u32>, ids: Vec<String>) -> Option<Known> {
        if self.looker.is_waiting() {
            self.owed = Some((pids, ids));
            return None;
        }
        let apps = Arc::clone(&self.apps);
        self.looker.ask(now, move |guide| {
            let processes = pids.into_iter().filter(|pid| guide.enter(*pid));
            Known {
                processes: processes.map(|pid| (pid, apps.identify_pid(pid))).collect(),
                apps: ids.into_iter().map(|id| (id.clone(), apps.of_id(&id))).collect(),
            }
        })
    }

    /// What has come of an earlier question.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Known> {
        let known = match self.looker.take(now) {
            Late::Nothing => return None,
            Late::Answer(known) => Some(known),
            Late::GivenUp => None,
        };
        match self.owed.take() {
            Some((pids, ids)) => self.ask(now, pids, ids),
            None => known,
        }
    }

    /// When [`Self::take`] is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.looker.deadline()
    }
}
