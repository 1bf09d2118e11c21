//! Programs of others' that a verb runs.

use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::io::Errno;

/// `systemctl` waits for the module and its device, on a slow disk; nobody waits longer.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is looked whether one has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Runs programs; tests have hands of their own.
pub trait Hands {
    /// Runs one to its end; what it printed.
    ///
    /// # Errors
    /// It cannot be started, did not end in time, or failed: then with the last line that it said.
    fn run(&mut self, command: &[String]) -> io::Result<String>;

    /// Called before each change of a file.
    ///
    /// # Errors
    /// The change is not made, nor any after it: as if the process had been killed here.
    fn reach(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The real ones.
#[derive(Debug)]
pub struct Programs;

impl Hands for Programs {
    fn run(&mut self, command: &[String]) -> io::Result<String> {
        let (name, arguments) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        run(Command::new(name).args(arguments))
    }
}

/// As [`Hands::run`]. Nothing of our environment reaches it.
pub(crate) fn run(command: &mut Command) -> io::Result<String> {
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8").current_dir("/");
    // What these programs say fits into a pipe.
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let until = Instant::now() + PATIENCE;
    while child.try_wait()?.is_none() {
        if Instant::now() > until {
            child.kill()?;
            child.wait()?;
            return Err(Errno::TIMEDOUT.into());
        }
        std::thread::sleep(LOOK);
    }
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(said.lines().last().unwrap_or_default().to_owned()))
}
