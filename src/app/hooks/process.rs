//! One process of a hook, from its start to the end of all that it started.
//!
//! It is over when it has ended and nobody holds its output any more, or at its deadline: SIGTERM to its group, a moment later
//! SIGKILL. Whatever is left in its session then gets SIGKILL; who leaves the session (systemd-run, setsid) is on its own.

use std::fs::File;
use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, Signal};
use rustix::time::Timespec;

use super::Call;
use crate::core::trouble::hook::HookTrouble;
use crate::sys::process::{Peek, peek, pidfd, spawn_tied};
use crate::sys::{descendants, process};
use crate::text;

/// How much of its output is read, in bytes.
const MAX_OUTPUT: usize = 4096;
/// Between SIGTERM and SIGKILL.
pub(super) const GRACE: Duration = Duration::from_millis(500);
/// How often the deadline is asked for, while a hook runs: the relay's end brings it nearer.
const LOOK: Duration = Duration::from_millis(250);
/// What systemd says to the relay alone.
const NOT_FOR_HOOKS: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/// What became of it.
#[derive(Debug)]
pub(super) struct Outcome {
    /// What it printed, cleaned.
    pub(super) output: String,
    pub(super) result: Result<(), HookTrouble>,
}

/// Runs it until it is over. `limit`: what the deadline is said to be.
pub(super) fn run(call: &Call, limit: Duration, deadline: impl Fn() -> Instant) -> Outcome {
    let mut output = Vec::new();
    let result = run_into(call, limit, deadline, &mut output);
    Outcome { output: text::clean(output, MAX_OUTPUT), result }
}

fn run_into(
    call: &Call,
    limit: Duration,
    deadline: impl Fn() -> Instant,
    output: &mut Vec<u8>,
) -> Result<(), HookTrouble> {
    let start = |error: io::Error| HookTrouble::HookStart { cause: error.into() };
    let (reader, writer) = io::pipe().map_err(start)?;
    let mut command = Command::new(&call.program);
    command.args(&call.arguments).envs(call.variables.iter().map(|(name, value)| (name, value)));
    for name in NOT_FOR_HOOKS {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(writer.try_clone().map_err(start)?).stderr(writer);
    let spawned = spawn_tied(&mut command, []);
    // It holds the writing end.
    drop(command);
    let mut child = spawned.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => HookTrouble::HookMissing { cause: error.into() },
        io::ErrorKind::PermissionDenied => HookTrouble::HookForbidden { cause: error.into() },
        _ => start(error),
    })?;
    let mut reader = Some(File::from(std::os::fd::OwnedFd::from(reader)));
    let waited = wait(&child, &mut reader, output, deadline);
    let is_flooded = output.len() > MAX_OUTPUT;
    output.truncate(MAX_OUTPUT);
    if matches!(waited, Ok(false)) {
        end_group(&child);
    }
    // Its number is its own until it is waited for.
    if let Ok(left) = descendants::in_session(Pid::from_child(&child)) {
        for process in left {
            process.kill();
        }
    }
    let _ = child.kill();
    let status = child.wait();
    match waited {
        Err(error) => Err(start(error)),
        Ok(false) => Err(HookTrouble::HookLate { seconds: limit.as_secs() }),
        Ok(true) if is_flooded => Err(HookTrouble::HookFlood { bytes: MAX_OUTPUT }),
        Ok(true) => match status.map_err(start)?.code() {
            Some(0) => Ok(()),
            Some(status) => Err(HookTrouble::HookFailed { status }),
            None => Err(HookTrouble::HookKilled),
        },
    }
}

/// Reads until it is over; whether it was in time. Who prints more than is read loses its reader, and mostly ends by that.
fn wait(
    child: &Child,
    reader: &mut Option<File>,
    output: &mut Vec<u8>,
    deadline: impl Fn() -> Instant,
) -> io::Result<bool> {
    let ended = pidfd(child)?;
    loop {
        let is_running = peek(&ended) == Peek::Lives;
        if !is_running && reader.is_none() {
            return Ok(true);
        }
        let left = deadline().saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        let mut fds: Vec<PollFd<'_>> = reader.iter().map(|reader| PollFd::new(reader, PollFlags::IN)).collect();
        if is_running {
            fds.push(PollFd::new(&ended, PollFlags::IN));
        }
        let wait = left.min(LOOK);
        let timeout = Timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: wait.subsec_nanos().into() };
        match rustix::event::poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let has_output = reader.is_some() && fds[0].revents().intersects(PollFlags::IN | PollFlags::HUP);
        if has_output && let Some(from) = reader.as_mut() {
            let mut buffer = [0; 1024];
            let count = from.read(&mut buffer)?;
            output.extend_from_slice(&buffer[..count]);
            if count == 0 || output.len() > MAX_OUTPUT {
                *reader = None;
            }
        }
    }
}

/// SIGTERM, and where that is not enough SIGKILL, to all of its group.
fn end_group(child: &Child) {
    let group = Pid::from_child(child);
    let _ = rustix::process::kill_process_group(group, Signal::TERM);
    if let Ok(ended) = process::pidfd(child) {
        let grace = Timespec { tv_sec: 0, tv_nsec: GRACE.subsec_nanos().into() };
        let _ = rustix::event::poll(&mut [PollFd::new(&ended, PollFlags::IN)], Some(&grace));
    }
    let _ = rustix::process::kill_process_group(group, Signal::KILL);
}
