//! Another process, asked something: what others' libraries do there reaches nobody here.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::time::Timespec;

use lenscap_core::trouble::cameras::HelperTrouble;
use lenscap_sys::process;

/// Longest answer, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// A process that was asked. Dropping it ends it, with all that it started; it ends with the thread that started it, too.
#[derive(Debug)]
pub struct HelperProcess {
    child: Child,
    began: Instant,
}

impl HelperProcess {
    /// Starts it; what it prints on standard output is its answer.
    ///
    /// # Errors
    /// The kernel's error when it cannot be started.
    pub fn new(command: &mut Command) -> io::Result<Self> {
        Self::with_input(command, Stdio::null())
    }

    /// As [`Self::new`]; this is its standard input.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_input(command: &mut Command, input: Stdio) -> io::Result<Self> {
        let child = process::spawn_tied(command.stdin(input).stdout(Stdio::piped()), [])?;
        Ok(Self { child, began: Instant::now() })
    }

    /// Its first line, without the newline; empty when it ended without a word.
    ///
    /// # Errors
    /// It did not answer in time, or said too much.
    pub fn line(self, until: Instant) -> Result<Vec<u8>, HelperTrouble> {
        // Whole with its newline: a library may well hang when its process ends.
        self.read(until, |answer| answer.iter().position(|byte| *byte == b'\n'))
    }

    /// All that it prints until it ends.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub fn all(self, until: Instant) -> Result<Vec<u8>, HelperTrouble> {
        self.read(until, |_| None)
    }

    /// Calls `each` with every line as it comes, without the newline, until it wants no more or the process ends; `wait` is for
    /// each part of the answer, so that who reads it may take its time.
    ///
    /// # Errors
    /// As [`Self::line`]; what comes after the last newline is no line.
    pub fn each_line(mut self, wait: Duration, mut each: impl FnMut(&[u8]) -> bool) -> Result<(), HelperTrouble> {
        let mut left = Vec::new();
        let mut buffer = [0; 16 * 1024];
        loop {
            let count = self.some(Instant::now() + wait, &mut buffer)?;
            left.extend_from_slice(&buffer[..count]);
            let mut lines = left.split_inclusive(|byte| *byte == b'\n');
            let mut done = 0;
            for line in lines.by_ref().take_while(|line| line.ends_with(b"\n")) {
                done += line.len();
                if !each(&line[..line.len() - 1]) {
                    return Ok(());
                }
            }
            left.drain(..done);
            if left.len() > MAX_ANSWER {
                return Err(HelperTrouble::TooMuch);
            }
            if count == 0 {
                return Ok(());
            }
        }
    }

    /// The next bytes of its answer, as many as there is room for.
    ///
    /// # Errors
    /// It ended before, or did not answer in time.
    pub fn exact(&mut self, until: Instant, mut room: &mut [u8]) -> Result<(), HelperTrouble> {
        while !room.is_empty() {
            match self.some(until, room)? {
                0 => return Err(HelperTrouble::Crashed),
                count => room = &mut room[count..],
            }
        }
        Ok(())
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It has more to say, or did not end in time.
    pub fn end(mut self, until: Instant) -> Result<(), HelperTrouble> {
        match self.some(until, &mut [0])? {
            0 => Ok(()),
            _ => Err(HelperTrouble::TooMuch),
        }
    }

    /// Its answer up to where `end` finds one in it, or until it ends.
    fn read(mut self, until: Instant, end: fn(&[u8]) -> Option<usize>) -> Result<Vec<u8>, HelperTrouble> {
        let mut answer = Vec::new();
        let mut buffer = [0; 16 * 1024];
        loop {
            let count = self.some(until, &mut buffer)?;
            if count == 0 {
                return Ok(answer);
            }
            answer.extend_from_slice(&buffer[..count]);
            if answer.len() > MAX_ANSWER {
                return Err(HelperTrouble::TooMuch);
            }
            if let Some(end) = end(&answer) {
                answer.truncate(end);
                return Ok(answer);
            }
        }
    }

    /// What it has said since, at least a byte; none: it has ended.
    fn some(&mut self, until: Instant, room: &mut [u8]) -> Result<usize, HelperTrouble> {
        let stdout = self.child.stdout.as_mut().ok_or(HelperTrouble::Mute)?;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let waited = (until.saturating_duration_since(self.began) + Duration::from_millis(500)).as_secs();
                return Err(HelperTrouble::Late { seconds: waited });
            }
            let timeout = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
            match rustix::event::poll(&mut [PollFd::new(stdout, PollFlags::IN)], Some(&timeout)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(HelperTrouble::Kernel(error.into())),
            }
            match stdout.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read.map_err(|error| HelperTrouble::Kernel(error.into())),
            }
        }
    }
}

impl Drop for HelperProcess {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn sh(script: &str) -> HelperProcess {
        HelperProcess::new(Command::new("sh").args(["-c", script])).unwrap()
    }

    #[test]
    fn one_line_is_taken_and_no_more() {
        let until = Instant::now() + Duration::from_secs(10);
        assert_eq!(sh("echo yes; echo no").line(until), Ok(b"yes".to_vec()));
        assert_eq!(sh("printf yes").line(until), Ok(b"yes".to_vec()));
        assert_eq!(sh("true").line(until), Ok(vec![]));
    }

    #[test]
    fn lines_are_taken_as_they_come() {
        let lines = |script: &str, most: usize| {
            let mut lines = Vec::new();
            let asked = sh(script).each_line(Duration::from_secs(10), |line| {
                lines.push(String::from_utf8_lossy(line).into_owned());
                lines.len() < most
            });
            asked.map(|()| lines)
        };
        assert_eq!(
            lines("seq 100000", usize::MAX).map(|lines| (lines.len(), lines[99_999].clone())),
            Ok((100_000, "100000".into()))
        );
        assert_eq!(lines("printf 'a\\nb\\nc'", 9), Ok(vec!["a".into(), "b".into()]));
        assert_eq!(lines("yes", 2), Ok(vec!["y".into(), "y".into()]));
        assert_eq!(lines("yes | tr -d '\\n'", 2), Err(HelperTrouble::TooMuch));
    }

    #[test]
    fn an_answer_in_parts_has_to_be_whole_and_no_more() {
        let until = Instant::now() + Duration::from_secs(10);
        let parts = |script: &str| {
            let mut asked = sh(script);
            let mut parts = [0; 4];
            asked.exact(until, &mut parts[..1])?;
            asked.exact(until, &mut parts[1..])?;
            asked.end(until).map(|()| parts)
        };
        assert_eq!(parts("printf four"), Ok(*b"four"));
        assert_eq!(parts("printf three | head -c 3"), Err(HelperTrouble::Crashed));
        assert_eq!(parts("printf fives"), Err(HelperTrouble::TooMuch));
    }

    #[test]
    fn one_that_hangs_is_ended_at_its_deadline() {
        let asked = sh("sleep 1000");
        let pid = asked.child.id();
        let error = asked.line(Instant::now() + Duration::from_millis(50)).unwrap_err();
        assert!(matches!(error, HelperTrouble::Late { .. }), "{error:?}");
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }
}
