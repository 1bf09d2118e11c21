//! Our other programs.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use lenscap_sys::install;
use lenscap_text::Cause;

/// How long `lenscap` may take over an answer; that a relay hangs, it knows after 3 s.
const LIMIT: Duration = Duration::from_secs(15);

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
/// It cannot be started, prints no text, or takes too long.
pub async fn ask(arguments: &[&OsStr]) -> Result<String, Cause> {
    ask_within(LIMIT, arguments).await
}

/// As [`ask`], for what takes its time.
pub async fn ask_within(limit: Duration, arguments: &[&OsStr]) -> Result<String, Cause> {
    let program = command_line();
    let words = [&[program.as_os_str()], arguments].concat();
    let asked = gio::Subprocess::newv(&words, gio::SubprocessFlags::STDOUT_PIPE).map_err(Cause::other)?;
    match glib::future_with_timeout(limit, asked.communicate_utf8_future(None)).await {
        Ok(answer) => Ok(answer.map_err(Cause::other)?.0.unwrap_or_default().into()),
        Err(_) => {
            asked.force_exit();
            Err(io::Error::from(io::ErrorKind::TimedOut).into())
        }
    }
}
