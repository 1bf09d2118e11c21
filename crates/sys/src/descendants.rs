//! Processes below another, or of one session, as `/proc` shows them; ended without mistaking one for another.

use std::collections::BTreeSet;
use std::io;

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal};

use super::process::has_ended;

/// One process. Its number and the time of its start name it for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    pid: Pid,
    parent: i32,
    session: i32,
    /// Clock ticks since the machine started.
    started: u64,
}

/// The processes below this one, at any depth: those that `/proc` shows at this moment. One that is forked meanwhile is
/// seen by the next look.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn below(root: Pid) -> io::Result<Vec<Process>> {
    let all = all()?;
    let mut family = BTreeSet::from([root.as_raw_pid()]);
    // A parent may have the higher number: as often as it takes.
    loop {
        let before = family.len();
        family.extend(all.iter().filter(|it| family.contains(&it.parent)).map(Process::number).collect::<Vec<_>>());
        if family.len() == before {
            break;
        }
    }
    Ok(all.into_iter().filter(|it| it.pid != root && family.contains(&it.number())).collect())
}

/// The processes of this session but its leader. The leader's number must be sure not to be another's by now: it has not
/// been waited for.
///
/// # Errors
/// When `/proc` cannot be read.
pub fn in_session(leader: Pid) -> io::Result<Vec<Process>> {
    let mut all = all()?;
    all.retain(|it| it.session == leader.as_raw_pid() && it.pid != leader);
    Ok(all)
}

/// The only child, or the one with the lowest number.
pub fn first_child(parent: Pid) -> Option<Pid> {
    let number = parent.as_raw_pid();
    match std::fs::read_to_string(format!("/proc/{number}/task/{number}/children")) {
        Ok(children) => children.split_whitespace().next().and_then(|pid| Pid::from_raw(pid.parse().ok()?)),
        // A kernel without CONFIG_PROC_CHILDREN.
        Err(_) => {
            all().ok()?.into_iter().filter(|it| it.parent == number).map(|it| it.pid).min_by_key(|pid| pid.as_raw_pid())
        }
    }
}

impl Process {
    fn number(&self) -> i32 {
        self.pid.as_raw_pid()
    }

    fn read(number: i32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        Self::parse(number, &stat)
    }

    /// From `/proc/PID/stat`: the name in it may hold anything, brackets and spaces as well.
    fn parse(number: i32, stat: &str) -> Option<Self> {
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let parent = fields.nth(1)?.parse().ok()?;
        let session = fields.nth(1)?.parse().ok()?;
        let started = fields.nth(15)?.parse().ok()?;
        Some(Self { pid: Pid::from_raw(number)?, parent, session, started })
    }

    /// Sends SIGKILL to exactly this process. Whether it still lives: every thread of it has to be gone.
    pub fn kill(&self) -> bool {
        let fd = match rustix::process::pidfd_open(self.pid, PidfdFlags::empty()) {
            Ok(fd) => fd,
            Err(error) => return error != Errno::SRCH,
        };
        // Whoever the descriptor stands for keeps the number from now on.
        if Self::read(self.number()).is_none_or(|now| now.started != self.started) || has_ended(&fd) {
            return false;
        }
        let _ = rustix::process::pidfd_send_signal(&fd, Signal::KILL);
        true
    }
}

fn all() -> io::Result<Vec<Process>> {
    let numbers = std::fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Ok(numbers.filter_map(Process::read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_name_with_brackets_and_spaces_is_read() {
        let stat = "42 (a) S 1 (b)) S 7 42 41 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 8888 9999 10";
        let process = Process::parse(42, stat).unwrap();
        assert_eq!((process.parent, process.session, process.started), (7, 41, 8888));
        assert!(Process::parse(42, "42 (x").is_none());
    }

    #[test]
    fn grandchildren_are_found_and_ended() {
        let mut child = Command::new("sh").args(["-c", "sleep 1000 & wait"]).spawn().unwrap();
        let own = rustix::process::getpid();
        let pid = Pid::from_child(&child);
        let below_child = loop {
            let below = below(pid).unwrap();
            if !below.is_empty() {
                break below;
            }
            std::thread::yield_now();
        };
        assert!(below(own).unwrap().iter().any(|it| it.pid == below_child[0].pid), "at any depth");
        assert_eq!(first_child(pid), Some(below_child[0].pid));
        // Another one with the same number is left alone.
        assert!(!Process { started: below_child[0].started + 1, ..below_child[0] }.kill());
        assert!(below_child[0].kill());
        child.wait().unwrap();
        assert!(!below_child[0].kill(), "it has ended");
    }
}
