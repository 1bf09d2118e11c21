//! Has it written who used a camera, by `lenscap-history` ([`HistoryWatch`] says what).
//!
//! 1. Never on the loop: a thread that is there only while something is to be written, and a process a write that has [`LIMIT`].
//! 2. What waits is bounded: of each entry its newest state, [`MOST`] entries; what is lost beyond that is counted and said.
//! 3. What cannot be written waits for the next entry, and is said once until it works again.

mod process;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lenscap_api::{Code, HistoryChange, HistoryEntry, HistoryOrder, HistorySession};

use crate::core::history::{Entry, HistoryWatch};
use crate::core::status::Status;
use crate::core::trouble::history::HistoryTrouble;
use crate::i18n::history as words;
use crate::sys::clock::wall_now;

/// How long a write may take.
const LIMIT: Duration = Duration::from_secs(5);
/// How long the last one may take at the end.
const LAST: Duration = Duration::from_secs(2);
/// Between two writes: what happens meanwhile is written together.
const PAUSE: Duration = Duration::from_secs(1);
/// Most entries that wait.
const MOST: usize = 256;

/// The history, seen from the loop.
#[derive(Debug)]
pub(super) struct History {
    watch: HistoryWatch,
    days: u32,
    program: PathBuf,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    session: Option<HistorySession>,
    days: u32,
    /// By number, the oldest first.
    waiting: BTreeMap<u64, HistoryEntry>,
    lost: u64,
    is_busy: bool,
    /// When all has to be written; set at the end.
    end: Option<Instant>,
    /// What was said last; `None` where the last write went well.
    said: Option<HistoryTrouble>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn put(&mut self, number: u64, entry: HistoryEntry) {
        self.waiting.insert(number, entry);
        self.bound();
    }

    fn bound(&mut self) {
        while self.waiting.len() > MOST {
            self.waiting.pop_first();
            self.lost += 1;
        }
    }
}

impl History {
    /// Kept for so many days, by this program.
    pub(super) fn new(days: u32, program: PathBuf) -> Self {
        let shared = Arc::<Shared>::default();
        shared.lock().session = session();
        Self { watch: HistoryWatch::default(), days, program, shared }
    }

    /// From now on entries are kept for so many days; those that go on are closed where that is none.
    pub(super) fn set(&mut self, days: u32) {
        if days == 0 && self.days > 0 {
            let open = self.watch.forget();
            self.write(open);
        }
        self.days = days;
    }

    /// Lenscap ends: what goes on ends with it, and nothing after that is kept.
    pub(super) fn end(&mut self) {
        let open = self.watch.end(wall_now());
        self.shared.lock().end = Some(Instant::now() + LAST);
        self.write(open);
        self.days = 0;
    }

    /// Has written what changed.
    pub(super) fn follow(&mut self, status: &Status) {
        if self.days > 0 {
            let changed = self.watch.follow(wall_now(), status);
            self.write(changed);
        }
    }

    fn write(&mut self, changed: Vec<Entry>) {
        if changed.is_empty() {
            return;
        }
        let mut queue = self.shared.lock();
        for entry in changed {
            queue.put(entry.number, HistoryEntry::from(&entry));
        }
        queue.days = self.days;
        if std::mem::replace(&mut queue.is_busy, true) {
            return;
        }
        drop(queue);
        let (shared, program) = (Arc::clone(&self.shared), self.program.clone());
        let thread = std::thread::Builder::new().name("history".into());
        if let Err(error) = thread.spawn(move || write_all(&shared, &program)) {
            self.shared.lock().is_busy = false;
            tracing::warn!("the history is not written ({error})");
        }
    }
}

/// Until nothing waits that can be written.
fn write_all(shared: &Shared, program: &std::path::Path) {
    loop {
        let mut queue = shared.lock();
        let waiting = std::mem::take(&mut queue.waiting);
        let order = queue.session.clone().map(|session| HistoryOrder { session, days: queue.days });
        let (lost, own) = (std::mem::take(&mut queue.lost), Instant::now() + LIMIT);
        let until = queue.end.map_or(own, |end| end.min(own));
        drop(queue);
        let changes: Vec<_> = waiting.into_iter().map(|(number, entry)| HistoryChange { number, entry }).collect();
        let written = match &order {
            Some(order) => process::write(program, order, &changes, until),
            None => Err(HistoryTrouble::HistoryNowhere),
        };
        if lost > 0 {
            say(&HistoryTrouble::HistoryLost { count: lost });
        }
        let mut queue = shared.lock();
        let is_written = written.is_ok();
        match written {
            Ok(moved) => {
                queue.said = None;
                moved.iter().for_each(say);
            }
            Err(trouble) => {
                // What came meanwhile is newer.
                for HistoryChange { number, entry } in changes {
                    queue.waiting.entry(number).or_insert(entry);
                }
                queue.bound();
                if queue.said.as_ref() != Some(&trouble) {
                    say(&trouble);
                    queue.said = Some(trouble);
                }
            }
        }
        if is_written && !queue.waiting.is_empty() {
            let is_early = |queue: &mut Queue| queue.end.is_none();
            let waited = shared.changed.wait_timeout_while(queue, PAUSE, is_early);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
            continue;
        }
        queue.is_busy = false;
        shared.changed.notify_all();
        return;
    }
}

fn say(trouble: &HistoryTrouble) {
    tracing::warn!(code = %Code::of(trouble), "{}", words::sentence(trouble));
}

/// This process, for ever; `None` where nothing can be read below `/proc`.
fn session() -> Option<HistorySession> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let pid = std::process::id();
    Some(HistorySession { boot: boot.trim().into(), pid, start: crate::sys::process::start_time(pid).ok()? })
}

impl Drop for History {
    fn drop(&mut self) {
        self.end();
        self.shared.changed.notify_all();
        let is_busy = |queue: &mut Queue| queue.is_busy;
        drop(self.shared.changed.wait_timeout_while(self.shared.lock(), LAST, is_busy));
    }
}

#[cfg(test)]
mod tests;
