//! The settings files, in a thread of its own: they are read, written and watched there, for a home on a network that stands
//! still, or a disk that takes its time with `fsync`, must not hold up the loop that switches the camera off.
//!
//! What is to be done waits in a bounded queue; what became of it comes back through a descriptor of the loop. Idle, the
//! thread waits in `poll`: no wake-ups.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd};

use crate::config::{self, Layered, Layers, Overrides, Settings, Watcher};
use crate::core::controls::Saved;
use crate::core::trouble::refusal::Refusal;
use crate::frame::card::Picture;
use lenscap_relay::server::Ticket;

/// Jobs that wait while the file does not answer.
const MAX_JOBS: usize = 16;

/// How long the last job may take at the end.
const LAST_JOB: Duration = Duration::from_secs(1);

/// Changes the settings.
pub type SettingsChange = Box<dyn FnOnce(&mut Settings) + Send>;

/// What became of a job, or of an edit by somebody else.
#[derive(Debug)]
pub(super) enum Done {
    /// The settings that the file gives now, or why it gives none; of several that nobody has taken yet, the newest.
    Loaded(Result<Box<Loaded>, config::Error>),
    /// That was written, or why not.
    Saved(Result<(), config::Error>),
}

/// The settings, and what they name in the user's home.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) settings: Settings,
    /// The picture that is the card.
    pub(super) picture: Option<Picture>,
    /// The values of controls that the user's file itself has.
    pub(super) own_controls: Saved,
    /// What was left out of the files below the user's.
    pub(super) ignored: Vec<config::Error>,
}

impl Loaded {
    fn from(place: &mut Place) -> Result<Box<Self>, config::Error> {
        let Layered { settings, own_controls, ignored, .. } = place.layers.load(&place.overrides)?;
        let picture = settings.card_picture(place.home.as_deref()).map(|path| Picture::look(&path));
        Ok(Box::new(Self { settings, picture, own_controls, ignored }))
    }
}

/// The thread, seen from the loop.
#[derive(Debug)]
pub(super) struct SettingsThread {
    shared: Arc<ThreadShared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct ThreadShared {
    state: Mutex<Jobs>,
    changed: Condvar,
    /// Wakes the thread up.
    to_do: OwnedFd,
    /// Wakes the loop up.
    done: OwnedFd,
}

#[derive(Default)]
struct Jobs {
    jobs: VecDeque<(Option<Ticket>, FileJob)>,
    done: Vec<(Option<Ticket>, Done)>,
    is_working: bool,
    is_ending: bool,
    is_over: bool,
}

enum FileJob {
    Load,
    Change(SettingsChange),
    /// Then there is nothing to wait for, as the watcher does until an edit is over.
    ChangeAndLoad(SettingsChange),
}

impl std::fmt::Debug for Jobs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} jobs, {} done", self.jobs.len(), self.done.len())
    }
}

impl ThreadShared {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SettingsThread {
    /// Begins to watch these files, with `overrides` on top of whatever they say; `home` stands for a leading `~` in them.
    ///
    /// # Errors
    /// The kernel's: no thread, no descriptors.
    pub(super) fn new(layers: Layers, overrides: Overrides, home: Option<PathBuf>) -> io::Result<Self> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let (to_do, done) = (eventfd(0, flags)?, eventfd(0, flags)?);
        let shared = Arc::new(ThreadShared { state: Mutex::default(), changed: Condvar::new(), to_do, done });
        let work = {
            let shared = shared.clone();
            move || {
                work(&shared, &mut Place { layers, overrides, home });
                shared.lock().is_over = true;
                shared.changed.notify_all();
            }
        };
        let thread = std::thread::Builder::new().name("settings".into()).spawn(work)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Readable when [`Self::done`] has something.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.shared.done.as_fd()
    }

    /// Reads the file again; `ticket` comes back with what became of it.
    ///
    /// # Errors
    /// One sentence: too much waits already.
    pub(super) fn load(&self, ticket: Option<Ticket>) -> Result<(), Refusal> {
        self.enqueue(ticket, FileJob::Load)
    }

    /// Changes the file, and nothing else in it.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub(super) fn change(&self, ticket: Option<Ticket>, change: SettingsChange) -> Result<(), Refusal> {
        self.enqueue(ticket, FileJob::Change(change))
    }

    /// Changes the file, and gives what it says then: `ticket` comes back with that, or with why it is not changed.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub(super) fn change_and_load(&self, ticket: Ticket, change: SettingsChange) -> Result<(), Refusal> {
        self.enqueue(Some(ticket), FileJob::ChangeAndLoad(change))
    }

    fn enqueue(&self, ticket: Option<Ticket>, job: FileJob) -> Result<(), Refusal> {
        let mut state = self.shared.lock();
        if state.jobs.len() >= MAX_JOBS {
            return Err(Refusal::SettingsSilent);
        }
        state.jobs.push_back((ticket, job));
        wake(&self.shared.to_do);
        Ok(())
    }

    /// What is done since this was asked last.
    pub(super) fn done(&self) -> Vec<(Option<Ticket>, Done)> {
        let mut state = self.shared.lock();
        let _ = rustix::io::read(&self.shared.done, &mut [0; 8]);
        std::mem::take(&mut state.done)
    }

    /// Waits until nothing is left to do, for at most `limit`. Whether that is so.
    pub(super) fn finish(&self, limit: Duration) -> bool {
        let is_busy = |state: &mut Jobs| !state.is_over && (state.is_working || !state.jobs.is_empty());
        let wait = self.shared.changed.wait_timeout_while(self.shared.lock(), limit, is_busy);
        !wait.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl Drop for SettingsThread {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.is_ending = true;
        wake(&self.shared.to_do);
        let wait = self.shared.changed.wait_timeout_while(state, LAST_JOB, |state| !state.is_over);
        state = wait.unwrap_or_else(PoisonError::into_inner).0;
        let is_over = state.is_over;
        drop(state);
        // One that still waits for its disk ends with the process.
        if let (true, Some(thread)) = (is_over, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

fn wake(eventfd: &OwnedFd) {
    // Full means that it is awake anyway.
    let _ = rustix::io::write(eventfd, &1_u64.to_ne_bytes());
}

/// Where the settings are.
struct Place {
    layers: Layers,
    overrides: Overrides,
    home: Option<PathBuf>,
}

fn work(shared: &ThreadShared, place: &mut Place) {
    shared.lock().is_working = true;
    let mut watcher = Watcher::new(&place.layers).map_err(|error| tracing::warn!("{error}")).ok();
    // What was edited before the watch began.
    carry_out(shared, place, None, FileJob::Load);
    loop {
        let job = {
            let mut state = shared.lock();
            let _ = rustix::io::read(&shared.to_do, &mut [0; 8]);
            if state.is_ending {
                return;
            }
            let job = state.jobs.pop_front();
            state.is_working = job.is_some();
            shared.changed.notify_all();
            job
        };
        match job {
            Some((ticket, job)) => carry_out(shared, place, ticket, job),
            None => {
                if !wait(shared, watcher.as_ref()) {
                    return;
                }
                shared.lock().is_working = true;
                if watcher.as_mut().is_some_and(Watcher::dispatch) {
                    carry_out(shared, place, None, FileJob::Load);
                }
            }
        }
    }
}

/// Waits for a job or an edit; whether that is possible.
fn wait(shared: &ThreadShared, watcher: Option<&Watcher>) -> bool {
    let mut fds = vec![PollFd::new(&shared.to_do, PollFlags::IN)];
    let watched = watcher.map(Watcher::fd);
    fds.extend(watched.iter().map(|fd| PollFd::new(fd, PollFlags::IN)));
    match rustix::event::poll(&mut fds, None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => true,
        Err(error) => {
            tracing::error!("cannot wait for the settings: {error}");
            false
        }
    }
}

fn carry_out(shared: &ThreadShared, place: &mut Place, ticket: Option<Ticket>, job: FileJob) {
    let done = match job {
        FileJob::Load => Done::Loaded(Loaded::from(place)),
        FileJob::Change(change) => Done::Saved(config::update(&place.layers, change).map(drop)),
        FileJob::ChangeAndLoad(change) => match config::update(&place.layers, change) {
            Ok(_) => Done::Loaded(Loaded::from(place)),
            Err(error) => Done::Saved(Err(error)),
        },
    };
    let mut state = shared.lock();
    if matches!(done, Done::Loaded(_)) {
        state.done.retain(|(ticket, done)| ticket.is_some() || matches!(done, Done::Saved(_)));
    }
    state.done.push((ticket, done));
    wake(&shared.done);
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn thread() -> (tempfile::TempDir, PathBuf, SettingsThread) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        let thread = SettingsThread::new(Layers::alone(&path), Overrides::default(), None).unwrap();
        (directory, path, thread)
    }

    /// What is done, as soon as it is; nothing else happened.
    fn next(thread: &SettingsThread) -> Vec<(Option<Ticket>, Done)> {
        let wait = rustix::time::Timespec { tv_sec: 20, tv_nsec: 0 };
        let count = rustix::event::poll(&mut [PollFd::new(&thread.fd(), PollFlags::IN)], Some(&wait)).unwrap();
        assert_eq!(count, 1, "nothing is done in time");
        thread.done()
    }

    #[test]
    fn changes_are_written_in_turn_and_edits_are_heard_of() {
        let (_directory, path, thread) = thread();
        assert!(matches!(&next(&thread)[..], [(None, Done::Loaded(Ok(_)))]), "as it is");
        thread.change(Some(1), Box::new(|settings| settings.privacy.start_paused = true)).unwrap();
        thread.load(Some(2)).unwrap();
        let (mut saved, mut loaded) = (false, false);
        while !(saved && loaded) {
            for done in next(&thread) {
                match done {
                    (Some(1), Done::Saved(Ok(()))) => saved = true,
                    (Some(2), Done::Loaded(Ok(now))) => loaded = saved && now.settings.privacy.start_paused,
                    (None, Done::Loaded(Ok(_))) => {}
                    other => panic!("{other:?}"),
                }
            }
        }
        std::fs::write(&path, "[camera]\nwidth = \"wide\"\n").unwrap();
        while !matches!(&next(&thread)[..], [.., (None, Done::Loaded(Err(error)))] if error.to_string().contains("line 2"))
        {
        }
        assert!(thread.finish(Duration::from_secs(20)));
    }

    #[test]
    fn a_layer_below_is_followed_like_the_users_file() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::create_dir(at("site")).unwrap();
        std::fs::write(at("config.toml"), "[camera]\nframerate = 25\n").unwrap();
        let site = at("site/lenscap/config.toml");
        let layers = Layers::new(at("config.toml"), [site.clone()]);
        let thread = SettingsThread::new(layers, Overrides::default(), None).unwrap();
        // The width, the rate, and how much is left out.
        let wait_for = |expected: (u32, u32, usize)| loop {
            let done = next(&thread);
            let Some((None, Done::Loaded(Ok(now)))) = done.last() else { panic!("{done:?}") };
            let format = now.settings.camera.format;
            if (format.width, format.framerate, now.ignored.len()) == expected {
                break;
            }
        };
        wait_for((1920, 25, 0));
        std::fs::create_dir(at("site/lenscap")).unwrap();
        std::fs::write(&site, "[camera]\nwidth = 640\nframerate = 5\n").unwrap();
        wait_for((640, 25, 0));
        std::fs::write(&site, "[camera]\nwidth = \"wide\"\n").unwrap();
        wait_for((640, 25, 1));
        std::fs::remove_dir_all(at("site/lenscap")).unwrap();
        wait_for((1920, 25, 0));
    }

    #[test]
    fn a_file_that_does_not_answer_holds_nobody_up() {
        let (_directory, _path, thread) = thread();
        let (let_go, hold) = std::sync::mpsc::channel::<()>();
        let began = Instant::now();
        let hangs = move |_: &mut Settings| {
            let _ = hold.recv();
        };
        thread.change(Some(0), Box::new(hangs)).unwrap();
        let waiting = (1..100).take_while(|_| thread.load(None).is_ok()).count();
        assert!(waiting <= MAX_JOBS);
        assert_eq!(thread.load(None), Err(Refusal::SettingsSilent));
        assert!(!thread.finish(Duration::from_millis(10)));
        assert!(began.elapsed() < Duration::from_secs(10));
        drop(let_go);
        assert!(thread.finish(Duration::from_secs(20)));
    }
}
