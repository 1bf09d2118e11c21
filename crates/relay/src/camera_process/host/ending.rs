//! How a worker ends: asked, then terminated, then killed, each with its deadline; and when nothing of it is left.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::super::exit_reason::crashed;
use super::{HostEvent, Phase, WorkerHost};
use lenscap_cameras::hidden;
use lenscap_core::trouble::Trouble;
use lenscap_sys::descendants;
use lenscap_sys::process::{self, Peek};
use lenscap_wire::keeper;
use lenscap_wire::protocol::ToChild;

/// From the stop message (EOS in the child) to SIGTERM.
pub(super) const STOP_LIMIT: Duration = Duration::from_secs(2);
/// From the child's word that the camera is off to its end; then SIGKILL.
pub(super) const EXIT_LIMIT: Duration = Duration::from_secs(1);
/// From the order to kill, which the keeper carries out, to SIGKILL for the keeper itself.
const KILL_LIMIT: Duration = Duration::from_secs(3);
/// How often what outlived a killed keeper is looked at.
const SWEEP_INTERVAL: Duration = Duration::from_millis(100);
/// From SIGTERM to SIGKILL.
const TERM_LIMIT: Duration = Duration::from_secs(1);
/// How long [`Drop`] waits for the killed process; a process stuck in a driver may take for ever.
const REAP_LIMIT: Duration = Duration::from_secs(5);

/// How far the ending is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    No,
    Asked { until: Instant },
    Terminated { until: Instant },
    Killed { until: Instant },
    KeeperKilled,
}

impl WorkerHost {
    /// The next moment at which [`Self::dispatch`] has to be called even if nothing becomes readable.
    pub fn deadline(&self) -> Option<Instant> {
        if self.exited {
            return None;
        }
        let ending = match self.ending {
            Ending::No if self.stuck => Some(self.window.0),
            Ending::No | Ending::KeeperKilled => None,
            Ending::Asked { until } | Ending::Terminated { until } | Ending::Killed { until } => Some(until),
        };
        let beat = self.is_beating().then_some(self.next_beat);
        [ending, beat, self.sweep_at].into_iter().flatten().min()
    }

    /// Whether the heart beats: what does not end in order is not held up by it.
    pub(super) fn is_beating(&self) -> bool {
        !matches!(self.phase, Phase::Greeting) && !self.is_killed()
    }

    /// Reaps the keeper when it has ended and nothing is left of what it kept; never waits.
    pub(super) fn take_end(&mut self, now: Instant) -> Option<process::ChildEnd> {
        match process::peek(&self.pidfd) {
            Peek::Lives => return None,
            // It saw its worker out, or had none yet.
            Peek::Ended { killed: false } | Peek::Lost => {}
            // Perhaps as its worker was; perhaps itself.
            Peek::Ended { killed: true } => {
                if self.sweep_at.is_some_and(|at| at > now) {
                    return None;
                }
                let left = descendants::in_session(Pid::from_child(&self.child)).unwrap_or_default();
                if left.iter().filter(|process| process.kill()).count() > 0 {
                    self.sweep_at = Some(now + SWEEP_INTERVAL);
                    return None;
                }
            }
        }
        self.sweep_at = None;
        process::end(&mut self.child)
    }

    /// Switch the camera off and end: by message, then SIGTERM, then SIGKILL, each with its deadline.
    pub fn stop(&mut self, now: Instant) {
        if self.ending == Ending::No {
            self.ending = Ending::Asked { until: now + STOP_LIMIT };
            self.send(&ToChild::Stop);
        }
    }

    /// End the process at once. [`HostEvent::Exited`] still comes through [`Self::dispatch`].
    pub fn kill(&mut self) {
        if !self.is_killed() {
            self.signal(keeper::KILL_ALL);
            self.ending = Ending::Killed { until: Instant::now() + KILL_LIMIT };
        }
    }

    pub(super) fn signal(&self, signal: Signal) {
        // Fails only for a process that has just ended.
        if let Err(error) = rustix::process::pidfd_send_signal(&self.pidfd, signal) {
            tracing::debug!("cannot signal the camera process: {error}");
        }
    }

    pub(super) fn finish(&mut self, status: Option<ExitStatus>, out: &mut Vec<HostEvent>) {
        // A descendant may keep the pipe open: what is in it now is all there is to wait for.
        self.stderr.drain();
        self.exited = true;
        self.channel = None;
        let was_asked = self.ending != Ending::No || self.phase == Phase::Failed;
        let reason = (!was_asked).then(|| match status.and_then(|status| status.code()) {
            Some(keeper::ABANDONED) => Trouble::RelayStoodStill,
            Some(hidden::NO_GROUP) if self.phase == Phase::Greeting => Trouble::WorkerWithoutGroup,
            _ => crashed(status, self.stderr.last_words()),
        });
        if let Some(status) = status
            && was_asked
            && !status.success()
            && !self.is_killed()
        {
            tracing::warn!("the camera process ended badly ({status})");
        }
        out.push(HostEvent::Exited { reason });
    }

    /// The next step of the ending, where the one before it took too long.
    pub(super) fn end_by_deadline(&mut self, now: Instant) {
        match self.ending {
            Ending::Asked { until } if until <= now && self.phase == Phase::Stopped => {
                tracing::warn!("the camera process did not end within {EXIT_LIMIT:?} of its stop: killing it");
                self.kill();
            }
            Ending::Asked { until } if until <= now => {
                tracing::warn!("the camera process did not stop within {STOP_LIMIT:?}: terminating it");
                self.signal(Signal::TERM);
                self.ending = Ending::Terminated { until: now + TERM_LIMIT };
            }
            Ending::Terminated { until } if until <= now => {
                tracing::warn!("the camera process ignored SIGTERM for {TERM_LIMIT:?}: killing it");
                self.kill();
            }
            Ending::Killed { until } if until <= now => {
                tracing::warn!("the camera process was not ended within {KILL_LIMIT:?}: killing its keeper");
                self.signal(Signal::KILL);
                self.ending = Ending::KeeperKilled;
            }
            Ending::No
            | Ending::Asked { .. }
            | Ending::Terminated { .. }
            | Ending::Killed { .. }
            | Ending::KeeperKilled => {}
        }
    }
}

impl Drop for WorkerHost {
    fn drop(&mut self) {
        if self.exited {
            return;
        }
        self.kill();
        let until = Instant::now() + REAP_LIMIT;
        let keeper_until = Instant::now() + KILL_LIMIT;
        loop {
            let now = Instant::now();
            if self.take_end(now).is_some() {
                return;
            }
            if now >= until {
                tracing::error!("the camera process {} does not die", self.pid());
                return;
            }
            if now >= keeper_until {
                self.signal(Signal::KILL);
            }
            let left = self.sweep_at.unwrap_or(until).min(if now < keeper_until { keeper_until } else { until }) - now;
            let timeout = rustix::time::Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(0),
                tv_nsec: left.subsec_nanos().into(),
            };
            let pidfd = rustix::event::PollFd::new(&self.pidfd, rustix::event::PollFlags::IN);
            // Readable all the time while it is swept.
            let mut fds = if self.sweep_at.is_some() { vec![] } else { vec![pidfd] };
            let _ = rustix::event::poll(&mut fds, Some(&timeout));
        }
    }
}
