//! Looks at other processes on a thread of its own: `/proc/PID/maps` of a process that is stuck in the kernel does not
//! answer before that ends, perhaps never, and nothing of the relay may wait for it.
//!
//! A look that takes longer than [`PATIENCE`] goes on beside: until it answers, what was known before still holds. One
//! that takes longer than [`LIMIT`] is given up with its thread; the process that it stuck at is not looked at again
//! until that thread comes back. The thread costs nothing between two looks.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long the caller waits for an answer that usually comes at once; less than a frame.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long a look may take before its thread is given up. A busy computer with ten thousand processes needs less.
const LIMIT: Duration = Duration::from_secs(2);
/// How soon a late answer is asked for; then half as often each time.
const FIRST_ASK: Duration = Duration::from_millis(10);
/// Threads that may be stuck at the same time, whoever started them; with as many, nothing is looked at any more.
const MAX_STUCK: usize = 4;

/// Where threads that were given up are stuck.
#[derive(Debug, Default)]
pub(super) struct Stuck(Mutex<Vec<Arc<LookTarget>>>);

impl Stuck {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<LookTarget>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of the whole process: that another one does not answer is a fact about the system, and threads are bounded together.
static STUCK: Stuck = Stuck(Mutex::new(Vec::new()));

/// What a look is at.
#[derive(Debug, Default)]
struct LookTarget {
    pid: AtomicU32,
}

/// Shows where a look is, and what it has to leave out.
#[derive(Debug, Default)]
pub(super) struct Guide {
    target: Arc<LookTarget>,
    stuck: Vec<u32>,
}

impl Guide {
    /// Of a look that begins now.
    fn new(target: Arc<LookTarget>, stuck: &Stuck) -> Self {
        let stuck = stuck.lock().iter().map(|target| target.pid.load(Ordering::Relaxed)).collect();
        Self { target, stuck }
    }

    /// The look comes to this process. `false`: it may not be looked at, it does not answer.
    pub(super) fn enter(&self, pid: u32) -> bool {
        self.target.pid.store(pid, Ordering::Relaxed);
        !self.stuck.contains(&pid)
    }
}

type LookJob<T> = Box<dyn FnOnce(&Guide) -> T + Send>;

/// The thread.
struct Hand<T> {
    target: Arc<LookTarget>,
    jobs: SyncSender<LookJob<T>>,
    answers: Receiver<T>,
    thread: thread::JoinHandle<()>,
}

impl<T: Send + 'static> Hand<T> {
    fn new(stuck: &'static Stuck) -> Option<Self> {
        if stuck.lock().len() >= MAX_STUCK {
            return None;
        }
        // One look at a time: neither side ever waits for room.
        let (jobs, asked) = sync_channel::<LookJob<T>>(1);
        let (answer, answers) = sync_channel(1);
        let target = Arc::new(LookTarget::default());
        let own = Arc::clone(&target);
        let work = move || {
            while let Ok(job) = asked.recv() {
                let looked = job(&Guide::new(Arc::clone(&own), stuck));
                // Under the lock: whoever gives it up meanwhile finds the answer, or is found here.
                let mut stuck = stuck.lock();
                let is_heard = answer.try_send(looked).is_ok();
                // From now on its process may be looked at again.
                stuck.retain(|target| !Arc::ptr_eq(target, &own));
                if !is_heard {
                    break;
                }
            }
        };
        match thread::Builder::new().name("lenscap-look".into()).stack_size(256 << 10).spawn(work) {
            Ok(thread) => Some(Self { target, jobs, answers, thread }),
            Err(error) => {
                tracing::warn!("cannot look who uses cameras: no thread ({error})");
                None
            }
        }
    }
}

/// A look that has not answered yet.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    since: Instant,
    /// When to ask for the answer.
    next: Instant,
    step: Duration,
}

/// Lets one look after another be made.
pub(super) struct Looker<T: Send + 'static> {
    hand: Option<Hand<T>>,
    waiting: Option<Waiting>,
    patience: Duration,
    stuck: &'static Stuck,
}

impl<T: Send + 'static> fmt::Debug for Looker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Looker").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Default for Looker<T> {
    fn default() -> Self {
        Self::new(PATIENCE, &STUCK)
    }
}

impl<T: Send + 'static> Looker<T> {
    /// Which waits so long for an answer before it takes it later.
    pub(super) fn new(patience: Duration, stuck: &'static Stuck) -> Self {
        Self { hand: None, waiting: None, patience, stuck }
    }

    /// As if it had been made so.
    #[cfg(test)]
    pub(super) fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Whether an answer is to come.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// When [`Self::take`] is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.map(|waiting| waiting.next)
    }

    /// Has this done. `None`: the answer comes later from [`Self::take`], or an earlier one is still to come and this
    /// is not done.
    pub(super) fn ask(&mut self, now: Instant, job: impl FnOnce(&Guide) -> T + Send + 'static) -> Option<T> {
        if self.waiting.is_some() {
            return None;
        }
        if self.hand.is_none() {
            self.hand = Hand::new(self.stuck);
        }
        let hand = self.hand.as_ref()?;
        if hand.jobs.try_send(Box::new(job)).is_err() {
            self.hand = None;
            return None;
        }
        match hand.answers.recv_timeout(self.patience) {
            Ok(looked) => Some(looked),
            Err(RecvTimeoutError::Timeout) => {
                self.waiting = Some(Waiting { since: now, next: now + FIRST_ASK, step: FIRST_ASK });
                None
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.hand = None;
                None
            }
        }
    }

    /// What has come of a look that was asked for earlier; where it is overdue it is given up.
    pub(super) fn take(&mut self, now: Instant) -> Late<T> {
        let (Some(waiting), Some(hand)) = (&mut self.waiting, &self.hand) else { return Late::Nothing };
        match hand.answers.try_recv() {
            Ok(looked) => {
                self.waiting = None;
                return Late::Answer(looked);
            }
            Err(TryRecvError::Empty) if now.saturating_duration_since(waiting.since) < LIMIT => {
                if waiting.next <= now {
                    waiting.step *= 2;
                    waiting.next = (now + waiting.step).min(waiting.since + LIMIT);
                }
                return Late::Nothing;
            }
            Err(TryRecvError::Empty) => {
                let mut stuck = self.stuck.lock();
                // See the thread.
                if let Ok(looked) = hand.answers.try_recv() {
                    self.waiting = None;
                    return Late::Answer(looked);
                }
                let pid = hand.target.pid.load(Ordering::Relaxed);
                tracing::warn!("process {pid} does not say whether it uses a camera; it is left out until it does");
                stuck.push(Arc::clone(&hand.target));
            }
            Err(TryRecvError::Disconnected) => {}
        }
        (self.hand, self.waiting) = (None, None);
        Late::GivenUp
    }
}

impl<T: Send + 'static> Drop for Looker<T> {
    fn drop(&mut self) {
        if let Some(hand) = self.hand.take().filter(|_| self.waiting.is_none()) {
            drop(hand.jobs);
            let _ = hand.thread.join();
        }
    }
}

/// What [`Looker::take`] finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Late<T> {
    /// Nothing was asked, or it is still to come.
    Nothing,
    /// An answer.
    Answer(T),
    /// It will not come: worth asking again, without what was in the way.
    GivenUp,
}

/// Has this done now or not at all: `None` when that would take longer than `patience`.
pub(super) fn once<T: Send + 'static>(patience: Duration, job: impl FnOnce(&Guide) -> T + Send + 'static) -> Option<T> {
    once_of(&STUCK, patience, job)
}

fn once_of<T: Send + 'static>(
    stuck: &'static Stuck,
    patience: Duration,
    job: impl FnOnce(&Guide) -> T + Send + 'static,
) -> Option<T> {
    let now = Instant::now();
    let mut looker = Looker::new(patience, stuck);
    let looked = looker.ask(now, job);
    if looker.is_waiting() {
        // As if it had been waited for: its thread counts among those that are stuck until it comes back.
        if let Late::Answer(looked) = looker.take(now + LIMIT) {
            return Some(looked);
        }
    }
    looked
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of one test.
    fn nobody_stuck() -> &'static Stuck {
        Box::leak(Box::default())
    }

    fn soon(condition: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(30);
        while !condition() {
            assert!(Instant::now() < end, "not within 30 s");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn an_answer_comes_at_once_and_a_late_one_later() {
        let start = Instant::now();
        let mut looker = Looker::new(Duration::from_secs(30), nobody_stuck());
        assert_eq!(looker.ask(start, |_| 1), Some(1));
        assert_eq!((looker.deadline(), looker.take(start)), (None, Late::Nothing));
        looker.patience = Duration::ZERO;
        let (release, held) = sync_channel::<()>(0);
        assert_eq!(looker.ask(start, move |_| held.recv().map_or(0, |()| 2)), None);
        assert_eq!(looker.ask(start, |_| 3), None, "one at a time");
        let due = looker.deadline().unwrap();
        assert!(due > start && looker.take(due) == Late::Nothing && looker.deadline().unwrap() > due);
        release.send(()).unwrap();
        let end = Instant::now() + Duration::from_secs(30);
        let looked = loop {
            match looker.take(due) {
                Late::Nothing => assert!(Instant::now() < end),
                looked => break looked,
            }
        };
        assert_eq!(looked, Late::Answer(2));
        assert_eq!(looker.deadline(), None);
    }

    #[test]
    fn a_look_that_never_ends_is_given_up_and_left_out_until_it_does() {
        const PID: u32 = u32::MAX - 7;
        let start = Instant::now();
        let stuck = nobody_stuck();
        let mut looker = Looker::new(Duration::ZERO, stuck);
        let (release, held) = sync_channel::<()>(0);
        looker.ask(start, move |guide| {
            assert!(guide.enter(PID));
            let _ = held.recv();
            guide.enter(PID)
        });
        soon(|| looker.hand.as_ref().is_some_and(|hand| hand.target.pid.load(Ordering::Relaxed) == PID));
        let mut asked = 0;
        while looker.take(looker.deadline().unwrap()) != Late::GivenUp {
            asked += 1;
        }
        assert!(asked < 12, "{asked}");
        assert_eq!(looker.deadline(), None);
        looker.patience = Duration::from_secs(30);
        assert_eq!(looker.ask(start, |guide| guide.enter(PID)), Some(false), "left out");
        release.send(()).unwrap();
        soon(|| stuck.lock().is_empty());
        assert_eq!(looker.ask(start, |guide| guide.enter(PID)), Some(true), "it answers again");
    }

    #[test]
    fn there_are_never_more_stuck_threads_than_the_bound() {
        let stuck = nobody_stuck();
        let mut releases = Vec::new();
        for index in 0..MAX_STUCK + 2 {
            let (release, held) = sync_channel::<()>(0);
            let looked = once_of(stuck, Duration::from_millis(1), move |_| held.recv().is_ok());
            assert_eq!(looked, None, "{index}");
            releases.push(release);
        }
        assert_eq!(stuck.lock().len(), MAX_STUCK);
        drop(releases);
        soon(|| stuck.lock().is_empty());
        assert_eq!(once_of(stuck, Duration::from_secs(30), |_| ()), Some(()));
    }
}
