//! Reads the controls of a camera that is off, for whoever asks over D-Bus.
//!
//! One process at a time, however many ask; those who want the same share its answer, and who comes when too many wait
//! hears so. A thread waits for the process: a camera that keeps it for ever keeps nobody else.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::rc::Rc;
use std::time::Duration;

use async_channel::Sender;

use crate::tasks::{Tasks, within};

use lenscap::app::controls::read;
use lenscap_cameras::off;
use lenscap_core::controls::CameraControls;
use lenscap_core::trouble::refusal::Refusal;

/// Processes that wait for their turn.
const MAX_JOBS: usize = 8;
/// Who shares one answer.
const MAX_SHARERS: usize = 32;
/// How much longer than its own limit the thread may take.
const GRACE: Duration = Duration::from_secs(2);

type ReadResult = Result<CameraControls, Refusal>;
/// Runs the camera program with these arguments; how long that takes is its own affair.
type Run = fn(&[OsString]) -> ReadResult;

/// What is to be read, in turn.
#[derive(Debug)]
pub(crate) struct ControlsReader {
    tasks: Tasks,
    run: Run,
    limit: Duration,
    jobs: RefCell<VecDeque<QueuedRead>>,
    is_busy: Cell<bool>,
    /// The last one took longer than it may, and has not ended.
    is_stuck: Cell<bool>,
}

#[derive(Debug)]
struct QueuedRead {
    arguments: Vec<OsString>,
    sharers: Vec<Sender<ReadResult>>,
}

impl ControlsReader {
    pub(crate) fn new(tasks: &Tasks) -> Rc<Self> {
        Self::with(tasks, read, off::LIMIT + GRACE)
    }

    fn with(tasks: &Tasks, run: Run, limit: Duration) -> Rc<Self> {
        let (jobs, is_busy, is_stuck) = Default::default();
        Rc::new(Self { tasks: tasks.clone(), run, limit, jobs, is_busy, is_stuck })
    }

    /// What the camera program says to these arguments; `is_plain`: it changes nothing.
    pub(crate) async fn read(self: &Rc<Self>, arguments: Vec<OsString>, is_plain: bool) -> ReadResult {
        let (sender, answer) = async_channel::bounded(1);
        self.enqueue(arguments, is_plain, sender)?;
        if !self.is_busy.replace(true) {
            self.tasks.run(self.clone().work());
        }
        answer.recv().await.unwrap_or(Err(Refusal::CameraSilent))
    }

    fn enqueue(&self, arguments: Vec<OsString>, is_plain: bool, sender: Sender<ReadResult>) -> Result<(), Refusal> {
        if self.is_stuck.get() {
            return Err(Refusal::CameraSilent);
        }
        let too_many = || Err(Refusal::TooManyReading);
        let mut jobs = self.jobs.borrow_mut();
        let jobs_waiting = jobs.len();
        match jobs.back_mut() {
            // Begins only after now, so that it sees what was set before; and nothing is set in between.
            Some(last) if is_plain && last.arguments == arguments => match last.sharers.len() {
                MAX_SHARERS.. => return too_many(),
                _ => last.sharers.push(sender),
            },
            _ if jobs_waiting >= MAX_JOBS => return too_many(),
            _ => jobs.push_back(QueuedRead { arguments, sharers: vec![sender] }),
        }
        Ok(())
    }

    async fn work(self: Rc<Self>) {
        loop {
            let job = self.jobs.borrow_mut().pop_front();
            let Some(job) = job else { break };
            self.carry_out(job).await;
        }
        self.is_busy.set(false);
    }

    async fn carry_out(&self, job: QueuedRead) {
        let (sender, done) = async_channel::bounded(1);
        let QueuedRead { arguments, sharers } = job;
        let run = self.run;
        let started = std::thread::Builder::new().name("controls".into()).spawn(move || {
            // Nobody waits any more when it took too long.
            let _ = sender.try_send(run(&arguments));
        });
        if let Err(error) = started {
            return give(sharers, &Err(Refusal::ReaderNotStarted { cause: error.into() }));
        }
        match within(self.limit, done.recv()).await {
            Some(answer) => give(sharers, &answer.unwrap_or(Err(Refusal::CameraSilent))),
            None => {
                self.is_stuck.set(true);
                give(sharers, &Err(Refusal::CameraSilent));
                let waiting = std::mem::take(&mut *self.jobs.borrow_mut());
                for job in waiting {
                    give(job.sharers, &Err(Refusal::CameraSilent));
                }
                // No further one beside it.
                let _ = done.recv().await;
                self.is_stuck.set(false);
            }
        }
    }
}

fn give(sharers: Vec<Sender<ReadResult>>, answer: &ReadResult) {
    for sharer in sharers {
        let _ = sharer.try_send(answer.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_executor::Task;
    use futures_lite::future;

    use super::*;

    static RUNNING: AtomicUsize = AtomicUsize::new(0);
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    /// Says what it was asked, as the camera's name.
    fn run(arguments: &[OsString]) -> ReadResult {
        assert_eq!(RUNNING.fetch_add(1, Ordering::SeqCst), 0, "one at a time");
        RUNS.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        RUNNING.fetch_sub(1, Ordering::SeqCst);
        let camera = arguments.join(&OsString::from(" ")).to_string_lossy().into_owned();
        Ok(CameraControls { camera, ..CameraControls::default() })
    }

    fn ask(reader: &Rc<ControlsReader>, word: &str, is_plain: bool) -> Task<ReadResult> {
        let (own, arguments) = (reader.clone(), vec![word.into()]);
        reader.tasks.run_while_held(async move { own.read(arguments, is_plain).await })
    }

    fn wait_for<T>(tasks: &Tasks, what: impl Future<Output = T>) -> T {
        future::block_on(tasks.carry_out(what))
    }

    #[test]
    fn many_who_ask_share_few_processes_and_too_many_are_refused() {
        let tasks = Tasks::default();
        let reader = ControlsReader::with(&tasks, run, Duration::from_secs(60));
        let plain: Vec<_> = (0..MAX_SHARERS).map(|_| ask(&reader, "list", true)).collect();
        let set: Vec<_> = (0..2 * MAX_JOBS).map(|number| ask(&reader, &format!("set {number}"), false)).collect();
        let answers =
            |asked: Vec<Task<ReadResult>>| asked.into_iter().map(|it| wait_for(&tasks, it)).collect::<Vec<_>>();
        assert!(answers(plain).into_iter().all(|answer| answer.unwrap().camera == "list"));
        let refused = answers(set).into_iter().filter(Result::is_err).count();
        assert!((MAX_JOBS - 1..=MAX_JOBS + 1).contains(&refused), "{refused}");
        assert!(RUNS.load(Ordering::SeqCst) <= MAX_JOBS + 2);
        assert!(!reader.is_busy.get());
    }

    #[test]
    fn one_that_hangs_is_left_alone_and_reported() {
        fn hang(_: &[OsString]) -> ReadResult {
            std::thread::sleep(Duration::from_millis(500));
            Err(Refusal::CameraWentOff)
        }
        let tasks = Tasks::default();
        let reader = ControlsReader::with(&tasks, hang, Duration::from_millis(20));
        let first = ask(&reader, "list", true);
        assert_eq!(wait_for(&tasks, first), Err(Refusal::CameraSilent));
        assert_eq!(wait_for(&tasks, ask(&reader, "list", true)), Err(Refusal::CameraSilent), "no second one beside it");
        wait_for(&tasks, async {
            while reader.is_busy.get() {
                future::yield_now().await;
            }
        });
        assert!(!reader.is_stuck.get());
    }
}
