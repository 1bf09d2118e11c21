//! Who used a camera, asked of `lenscap-history`.

use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use gio::prelude::*;
use lenscap_api::{HistoryEntry, HistoryLine, LastUse};
use lenscap_core::history::Millis;
use lenscap_core::trouble::cameras::HelperTrouble;
use lenscap_core::trouble::history::HistoryTrouble;
use lenscap_sys::install;
use lenscap_text::Cause;

use crate::programs::Asked;

/// Most entries that are read.
pub const MAX_ENTRIES: usize = 2000;
/// How long it may take: it waits itself for another that has the file locked.
const LIMIT: Duration = Duration::from_secs(15);
/// Longest line, in bytes.
const MAX_LINE: usize = 64 * 1024;
/// Longest answer, in bytes.
const MAX_ANSWER: usize = 2 * 1024 * 1024;
/// How much is read at once, in bytes.
const PART: usize = 32 * 1024;

/// The latest entries that went on after `since`, the newest first, `count` at most.
///
/// # Errors
/// The history cannot be read.
pub async fn entries(since: Millis, count: usize) -> Result<Vec<HistoryEntry>, HistoryTrouble> {
    let mut entries = Vec::new();
    let arguments = ["list".to_owned(), since.to_string(), count.to_string()];
    ask(&arguments, |line| {
        if let HistoryLine::Entry(entry) = line {
            entries.push(*entry);
        }
        if entries.len() < count { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .await?;
    Ok(entries)
}

/// When applications used a camera last, the latest first, `count` at most.
///
/// # Errors
/// The history cannot be read.
pub async fn last_used(count: usize) -> Result<Vec<LastUse>, HistoryTrouble> {
    let mut uses = Vec::new();
    ask(&["last-used".to_owned()], |line| {
        if let HistoryLine::LastUse(last) = line {
            uses.push(last);
        }
        if uses.len() < count { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .await?;
    Ok(uses)
}

/// Deletes all of it and says how many entries these were.
///
/// # Errors
/// The history cannot be deleted.
pub async fn delete() -> Result<u64, HistoryTrouble> {
    let mut deleted = None;
    ask(&["delete".to_owned()], |line| {
        if let HistoryLine::Deleted { count } = line {
            deleted = Some(count);
        }
        ControlFlow::Continue(())
    })
    .await?;
    deleted.ok_or(HistoryTrouble::HistoryProgram(HelperTrouble::Unreadable))
}

async fn ask(arguments: &[String], each: impl FnMut(HistoryLine) -> ControlFlow<()>) -> Result<(), HistoryTrouble> {
    let program = install::program("lenscap-history").map_err(|error| kernel(Cause::other(error)))?;
    ask_program(&program, arguments, each).await
}

/// Hands each line to `each` until that has enough.
async fn ask_program(
    program: &Path,
    arguments: &[String],
    each: impl FnMut(HistoryLine) -> ControlFlow<()>,
) -> Result<(), HistoryTrouble> {
    let words: Vec<&OsStr> = [program.as_os_str()].into_iter().chain(arguments.iter().map(OsStr::new)).collect();
    let asked = gio::Subprocess::newv(&words, gio::SubprocessFlags::STDOUT_PIPE);
    let asked = Asked(asked.map_err(|error| kernel(Cause::other(error)))?);
    let stdout = asked.0.stdout_pipe().ok_or(HistoryTrouble::HistoryProgram(HelperTrouble::Mute))?;
    let late = |_| HistoryTrouble::HistoryProgram(HelperTrouble::Late { seconds: LIMIT.as_secs() });
    glib::future_with_timeout(LIMIT, read(&stdout, each)).await.unwrap_or_else(|error| Err(late(error)))
}

async fn read(
    stdout: &gio::InputStream,
    mut each: impl FnMut(HistoryLine) -> ControlFlow<()>,
) -> Result<(), HistoryTrouble> {
    let wrong = HistoryTrouble::HistoryProgram;
    let mut pending = Vec::new();
    let mut total = 0;
    loop {
        let part = stdout.read_bytes_future(PART, glib::Priority::DEFAULT).await;
        let part = part.map_err(|error| kernel(Cause::other(error)))?;
        if part.is_empty() {
            // What is complete ends with a line that says so.
            return Err(wrong(if total == 0 { HelperTrouble::Mute } else { HelperTrouble::Crashed }));
        }
        total += part.len();
        pending.extend_from_slice(&part);
        while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = pending.drain(..=end).collect();
            let line = serde_json::from_slice(&line).map_err(|_| wrong(HelperTrouble::Unreadable))?;
            let is_last = match &line {
                HistoryLine::Failed(trouble) => return Err(trouble.clone()),
                HistoryLine::Entry(_) | HistoryLine::LastUse(_) => false,
                HistoryLine::End | HistoryLine::Written { .. } | HistoryLine::Deleted { .. } => true,
            };
            if each(line).is_break() || is_last {
                return Ok(());
            }
        }
        if total > MAX_ANSWER || pending.len() > MAX_LINE {
            return Err(wrong(HelperTrouble::TooMuch));
        }
    }
}

fn kernel(cause: Cause) -> HistoryTrouble {
    HistoryTrouble::HistoryProgram(HelperTrouble::Kernel(cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is made of this answer of a program: how many lines, or what is wrong.
    fn answered(script: &str) -> Result<usize, HistoryTrouble> {
        let mut count = 0;
        let arguments = ["-c".to_owned(), script.to_owned()];
        let context = glib::MainContext::new();
        let asked = ask_program(Path::new("/bin/sh"), &arguments, |_| {
            count += 1;
            ControlFlow::Continue(())
        });
        let done = context.with_thread_default(|| context.block_on(asked)).expect("a context of this thread");
        done.map(|()| count)
    }

    #[test]
    fn an_answer_is_whole_bounded_and_of_this_language() {
        let wrong = |trouble| Err(HistoryTrouble::HistoryProgram(trouble));
        assert_eq!(answered(r#"printf '"end"\n'"#), Ok(1));
        assert_eq!(answered("true"), wrong(HelperTrouble::Mute));
        assert_eq!(answered("echo no"), wrong(HelperTrouble::Unreadable));
        assert_eq!(answered("head -c 9000000 /dev/zero"), wrong(HelperTrouble::TooMuch));
        assert_eq!(answered(r#"printf '"en'"#), wrong(HelperTrouble::Crashed));
        assert_eq!(answered(r#"echo '{"failed":"history-nowhere"}'"#), Err(HistoryTrouble::HistoryNowhere));
    }
}
