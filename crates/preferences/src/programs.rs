//! Our other programs.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use gio::prelude::*;
use lenscap_sys::install;
use lenscap_text::Cause;

/// How long `lenscap` may take over an answer; that a relay hangs, it knows after 3 s.
const LIMIT: Duration = Duration::from_secs(15);
/// Longest answer, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// A program that ends when nobody waits for its answer any more.
pub struct Asked(pub gio::Subprocess);

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.force_exit();
    }
}

/// `lenscap`: ours, else as the path finds it.
pub fn command_line() -> PathBuf {
    install::program("lenscap").ok().filter(|path| path.is_file()).unwrap_or_else(|| "lenscap".into())
}

/// The camera program.
pub fn worker() -> PathBuf {
    install::program("lenscap-worker").unwrap_or_else(|_| "lenscap-worker".into())
}

/// What `lenscap` prints, with these arguments.
///
/// # Errors
/// It cannot be started, prints no text or too much, or takes too long.
pub async fn ask(arguments: &[&OsStr]) -> Result<String, Cause> {
    ask_within(LIMIT, arguments).await
}

/// As [`ask`], for what takes its time.
pub async fn ask_within(limit: Duration, arguments: &[&OsStr]) -> Result<String, Cause> {
    let program = command_line();
    let words = [&[program.as_os_str()], arguments].concat();
    let asked = Asked(gio::Subprocess::newv(&words, gio::SubprocessFlags::STDOUT_PIPE).map_err(Cause::other)?);
    let stdout = asked.0.stdout_pipe().ok_or(io::Error::from(io::ErrorKind::BrokenPipe))?;
    let answer = stdout.read_all_future(vec![0; MAX_ANSWER], glib::Priority::DEFAULT);
    match glib::future_with_timeout(limit, answer).await {
        Ok(Ok((answer, length, None))) if length < MAX_ANSWER => {
            Ok(str::from_utf8(&answer[..length]).map_err(Cause::other)?.to_owned())
        }
        Ok(Ok((_, _, Some(error))) | Err((_, error))) => Err(Cause::other(error)),
        Ok(Ok(_)) => Err(io::Error::from(io::ErrorKind::FileTooLarge).into()),
        Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    }
}
