//! The worker's stdout, for the one line that whoever started it reads.
//!
//! Vendors' libraries talk on stdout, too: what they say there goes where errors go, and ours alone is the answer's.

use std::fs::File;
use std::io::{self, Write};

/// Where the answer goes.
#[derive(Debug)]
pub(super) struct OwnStdout(File);

impl OwnStdout {
    /// Takes stdout away from everybody else in this process: before anything of a vendor's is loaded.
    ///
    /// # Errors
    /// The kernel's error: without stdout or stderr there is nobody to answer.
    pub(super) fn take() -> io::Result<Self> {
        let own = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
        rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
        Ok(Self(own.into()))
    }

    /// Writes the line.
    ///
    /// # Errors
    /// The kernel's error: nobody reads any more.
    pub(super) fn give(mut self, line: &str) -> io::Result<()> {
        self.0.write_all(format!("{line}\n").as_bytes())
    }
}
