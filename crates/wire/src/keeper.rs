//! Sees the worker out: a process between the resident one and the worker, which outlives the worker and all that the
//! worker started.
//!
//! The program that is started splits in two before it does anything else: the worker goes on as the child, the parent stays
//! as its keeper, which loads nothing, holds nothing and listens to nobody but the kernel. Rules:
//!
//! 1. The keeper adopts what the worker leaves behind (`PR_SET_CHILD_SUBREAPER`): whatever forks, daemonises or takes a
//!    session of its own stays below it. It ends only when nothing is below it any more, as the worker ended: so the end of
//!    the process that the resident one started is the end of all of it, and nothing else is ever adopted here.
//! 2. What is left when the worker has ended is killed. On SIGUSR2 the worker is killed as well: the resident process
//!    orders so, and the kernel when that is gone, however it went.
//! 3. The keeper is the dead man's switch: when the resident process stops to move the [`heartbeat`] on (it is stopped, or
//!    hangs in a system call), the worker is ordered to switch its camera off (SIGTERM), and killed when that takes too long.
//! 4. SIGTERM is passed on to the worker.
//!
//! A keeper that is killed itself (SIGKILL) takes the worker with it by the worker's death signal. What the worker had
//! started by then is found by its session, by [`the resident process`]; only what took a session of its own escapes. The worker
//! cannot send that signal where its sandbox holds.

use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, WaitStatus};

use crate::heartbeat::{Heartbeat, LOOK_INTERVAL, Pulse};
use lenscap_sys::process::{self, Fork};
use lenscap_sys::{descendants, signals};

/// Exit status of a keeper whose resident process hung.
pub const ABANDONED: i32 = 113;
/// Ends the worker and everything below it at once.
pub const KILL_ALL: Signal = Signal::USR2;
/// How long a worker may take to switch the camera off for a resident process that hangs.
const STOP_LIMIT: Duration = Duration::from_secs(2);
/// The first wait for what was killed; each is twice as long as the one before.
const FIRST_WAIT: Duration = Duration::from_millis(5);
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// Splits this process in two where it was started with a heartbeat, the number of whose descriptor is the second argument:
/// comes back in the worker, while the keeper stays behind. Call it first in `main`, before there is a second thread.
pub fn split() {
    let numbers: Vec<RawFd> = std::env::args().skip(1).map_while(|number| number.parse().ok()).collect();
    let [_, number, ..] = numbers[..] else { return };
    if let Err(error) = split_with(number) {
        eprintln!("lenscap-worker: {error}");
        std::process::exit(1);
    }
}

fn split_with(number: RawFd) -> io::Result<()> {
    let page = process::inherited(number)?;
    let (relay, own) = (rustix::process::getppid(), rustix::process::getpid());
    rustix::process::set_child_subreaper(Some(own))?;
    process::forbid_core_dumps()?;
    match process::fork()? {
        Fork::Child => process::die_with_parent(own, Signal::KILL),
        Fork::Parent(worker) => match Keeper::new(worker, page, relay) {
            Ok(keeper) => keeper.keep(),
            // The worker dies with us.
            Err(error) => Err(error),
        },
    }
}

struct Keeper {
    worker: Pid,
    pidfd: OwnedFd,
    terminate: UnixStream,
    kill: UnixStream,
    heartbeat: Heartbeat,
    pulse: Pulse,
    next_look: Instant,
    /// The resident process hangs: when the worker's time to stop in order is over.
    abandoned: Option<Instant>,
    /// How the worker ended.
    status: Option<WaitStatus>,
}

impl Keeper {
    fn new(worker: Pid, page: OwnedFd, relay: Option<Pid>) -> io::Result<Self> {
        let heartbeat = Heartbeat::open(&page)?;
        drop(page);
        // The worker's socket above all: its end is to be the worker's.
        process::drop_descriptors()?;
        let _ = rustix::thread::set_name(c"lenscap-keeper");
        let listen = |signal: Signal| -> io::Result<UnixStream> {
            let (receiver, sender) = UnixStream::pair()?;
            signal_hook::low_level::pipe::register(signal.as_raw(), sender)?;
            receiver.set_nonblocking(true)?;
            Ok(receiver)
        };
        let (terminate, kill) = (listen(Signal::TERM)?, listen(KILL_ALL)?);
        for signal in [Signal::INT, Signal::HUP] {
            signal_hook::flag::register(signal.as_raw(), std::sync::Arc::default())?;
        }
        rustix::process::set_parent_process_death_signal(Some(KILL_ALL))?;
        if rustix::process::getppid() != relay {
            return Err(rustix::io::Errno::SRCH.into());
        }
        Ok(Self {
            worker,
            pidfd: rustix::process::pidfd_open(worker, PidfdFlags::empty())?,
            terminate,
            kill,
            heartbeat,
            pulse: Pulse::default(),
            next_look: Instant::now() + LOOK_INTERVAL,
            abandoned: None,
            status: None,
        })
    }

    fn keep(mut self) -> ! {
        while !self.turn() {}
        self.end_all();
        if self.abandoned.is_some() {
            std::process::exit(ABANDONED);
        }
        let status = self.status;
        if let Some(signal) = status.and_then(WaitStatus::terminating_signal) {
            signals::end_by(signal);
        }
        std::process::exit(status.and_then(WaitStatus::exit_status).unwrap_or(1))
    }

    /// Waits for what happens next; whether the worker's time is over.
    fn turn(&mut self) -> bool {
        let until = self.abandoned.map_or(self.next_look, |until| until.min(self.next_look));
        let fds = [self.pidfd.as_fd(), self.terminate.as_fd(), self.kill.as_fd()];
        wait(&fds, until.saturating_duration_since(Instant::now()));
        if drain(&self.terminate) {
            self.tell_worker_to_stop();
        }
        let has_children = self.reap();
        if drain(&self.kill) || self.status.is_some() || !has_children {
            return true;
        }
        let now = Instant::now();
        if self.next_look <= now {
            self.next_look = now + LOOK_INTERVAL;
            if self.pulse.look(self.heartbeat.count()) && self.abandoned.is_none() {
                self.tell_worker_to_stop();
                self.abandoned = Some(now + STOP_LIMIT);
            }
        }
        self.abandoned.is_some_and(|until| until <= now)
    }

    fn tell_worker_to_stop(&self) {
        // It fails only for a worker that has just ended.
        let _ = rustix::process::pidfd_send_signal(&self.pidfd, Signal::TERM);
    }

    /// Takes the status of everything that has ended; whether anything is left below.
    fn reap(&mut self) -> bool {
        loop {
            match rustix::process::wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == self.worker => self.status = Some(status),
                Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
                Ok(None) => return true,
                // ECHILD: no child, and what is below a child that ended has become one.
                Err(_) => return false,
            }
        }
    }

    /// Kills what is left, until nothing is.
    fn end_all(&mut self) {
        // It has the camera, and to find the others takes a look at all processes there are. It fails where it has ended.
        let _ = rustix::process::pidfd_send_signal(&self.pidfd, Signal::KILL);
        let mut pause = FIRST_WAIT;
        while self.reap() {
            for process in descendants::below(rustix::process::getpid()).unwrap_or_default() {
                process.kill();
            }
            // What was forked meanwhile is there for the next round.
            wait(&[], pause);
            pause = (pause * 2).min(LONGEST_WAIT);
        }
    }
}

fn wait(fds: &[std::os::fd::BorrowedFd<'_>], time: Duration) {
    let mut fds: Vec<PollFd<'_>> = fds.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
    let timeout = rustix::time::Timespec { tv_sec: time.as_secs().cast_signed(), tv_nsec: time.subsec_nanos().into() };
    // Whatever it says, everything is looked at afterwards.
    let _ = rustix::event::poll(&mut fds, Some(&timeout));
}

fn drain(mut stream: &UnixStream) -> bool {
    stream.read(&mut [0; 64]).is_ok_and(|count| count > 0)
}
