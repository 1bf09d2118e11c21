//! The loop of the thread that decides: the relay first, then the tasks beside it. Idle, it sleeps in one call of the kernel.

use std::cell::Cell;
use std::future;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};

use crate::tasks::Tasks;

/// See the module.
#[derive(Debug)]
pub(crate) struct MainLoop {
    bell: Arc<Bell>,
    has_ended: Cell<bool>,
}

impl MainLoop {
    /// # Errors
    /// The kernel's error: no descriptor is left.
    pub(crate) fn new() -> io::Result<Self> {
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { bell: Arc::new(Bell(bell)), has_ended: Cell::new(false) })
    }

    /// Carries out tasks, and calls `turn` whenever `relay` is readable, until [`Self::end`].
    ///
    /// # Errors
    /// When the kernel does not let us wait.
    pub(crate) fn run(&self, relay: impl AsFd, tasks: &Tasks, mut turn: impl FnMut()) -> io::Result<()> {
        let waker = Waker::from(self.bell.clone());
        let mut tasks = pin!(tasks.carry_out(future::pending::<()>()));
        // There may be tasks already.
        waker.wake_by_ref();
        while !self.has_ended.get() {
            let mut watched = [PollFd::new(&relay, PollFlags::IN), PollFd::new(&self.bell.0, PollFlags::IN)];
            match poll(&mut watched, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let [is_relay_ready, is_task_ready] = watched.map(|fd| !fd.revents().is_empty());
            if is_relay_ready {
                turn();
            }
            if is_task_ready {
                self.bell.silence();
                // Ready never: what it waits for is not.
                let _ = tasks.as_mut().poll(&mut Context::from_waker(&waker));
            }
        }
        Ok(())
    }

    /// Ends it after the present step.
    pub(crate) fn end(&self) {
        self.has_ended.set(true);
    }
}

/// Wakes the loop from any thread.
#[derive(Debug)]
struct Bell(OwnedFd);

impl Bell {
    fn silence(&self) {
        let _ = rustix::io::read(&self.0, &mut [0; 8]);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Fails only when it rings already.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::rc::Rc;
    use std::thread;
    use std::time::Duration;

    use async_io::Timer;

    use super::*;

    #[test]
    fn the_relay_and_tasks_have_their_turns_whoever_wakes_them() {
        let main_loop = Rc::new(MainLoop::new().unwrap());
        let tasks = Tasks::default();
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        let (sender, receiver) = async_channel::bounded(1);
        let other = thread::spawn(move || sender.send_blocking("from another thread"));
        let seen = Rc::new(Cell::new(None));
        let (own, noted) = (main_loop.clone(), seen.clone());
        tasks.run(async move {
            let heard = receiver.recv().await.unwrap();
            // Time wakes it as well.
            Timer::after(Duration::from_millis(5)).await;
            noted.set(Some(heard));
            theirs.write_all(b"x").unwrap();
        });
        let relay = ours.try_clone().unwrap();
        let mut turns = 0;
        main_loop
            .run(relay, &tasks, || {
                ours.read_exact(&mut [0]).unwrap();
                turns += 1;
                own.end();
            })
            .unwrap();
        assert_eq!((turns, seen.get()), (1, Some("from another thread")));
        other.join().unwrap().unwrap();
    }
}
