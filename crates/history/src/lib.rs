//! The process `lenscap-history`: keeps who used the camera, shows it and deletes it, and ends.
//!
//! 1. Only this program has SQLite: the relay, which stays, has none of it in its memory.
//! 2. The history is one file, for its user alone ([`place`]). What cannot be read is moved away, once; what a newer Lenscap
//!    wrote is left as it is.
//! 3. What began is written when it begins: of what ended without a word it is said that its end is not known ([`session`]).
//! 4. Who reads slowly keeps nobody from writing: a list is read in parts.
//!
//! `lenscap-history record` reads what is to be kept from its standard input (`lenscap_api::HistoryOrder`, then changes);
//! `list [SINCE [COUNT]]` prints entries, the newest first, those that went on after SINCE (milliseconds since 1970), COUNT of
//! them at most; `last-used` prints each application with its last use, the latest first; `delete` deletes everything. Each
//! answers with a `lenscap_api::HistoryLine` a line, the last of which says how it went; the exit status is 0 where it went well.

mod place;
mod session;
mod store;

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use lenscap_api::{HistoryChange, HistoryLine, HistoryOrder, line};
use lenscap_core::history::Millis;
use lenscap_core::trouble::history::HistoryTrouble;
use lenscap_sys::clock::wall_now;

use place::Place;
use store::Store;

/// How much lower than the others' its place in the queue for the processor is.
const NICENESS: i32 = 10;
/// Longest line of its input, in bytes.
const MAX_LINE: u64 = 64 * 1024;
/// Most changes that are taken at once.
const MAX_CHANGES: usize = 1024;
/// Exit status of wrong use.
const WRONG_USE: u8 = 2;

/// Does what its arguments say.
pub fn run() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["record"] => {
            // Nobody waits for it, and cameras start beside it.
            let _ = rustix::process::nice(NICENESS);
            record()
        }
        ["list"] => list(None, u64::MAX),
        ["list", since] if let Ok(since) = since.parse() => list(Some(since), u64::MAX),
        ["list", since, count] if let (Ok(since), Ok(count)) = (since.parse(), count.parse()) => {
            list(Some(since), count)
        }
        ["last-used"] => last_used(),
        ["delete"] => {
            Place::of_user().and_then(|place| Store::delete(&place)).map(|count| HistoryLine::Deleted { count })
        }
        _ => {
            eprintln!("lenscap-history is started by lenscap, not by hand: run \"lenscap log\".");
            return ExitCode::from(WRONG_USE);
        }
    };
    let (last, code) = match done {
        Ok(last) => (last, ExitCode::SUCCESS),
        Err(trouble) => (HistoryLine::Failed(trouble), ExitCode::FAILURE),
    };
    if say(&last) { code } else { ExitCode::FAILURE }
}

/// Whether somebody still reads.
fn say(words: &HistoryLine) -> bool {
    io::stdout().write_all(line(words).as_bytes()).is_ok()
}

fn record() -> Result<HistoryLine, HistoryTrouble> {
    let place = Place::of_user()?;
    let mut input = io::stdin().lock();
    let mut next = || -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let count = io::Read::take(&mut input, MAX_LINE).read_until(b'\n', &mut line)?;
        Ok((count > 0).then_some(line))
    };
    let unreadable = |cause: io::Error| HistoryTrouble::HistoryUnusable { path: place.detail(), cause: cause.into() };
    let order: HistoryOrder = match next().map_err(unreadable)? {
        Some(line) => serde_json::from_slice(&line).map_err(|error| unreadable(error.into()))?,
        None => return Ok(HistoryLine::Written { moved: None }),
    };
    let mut changes: Vec<HistoryChange> = Vec::new();
    while changes.len() < MAX_CHANGES
        && let Some(line) = next().map_err(unreadable)?
    {
        changes.push(serde_json::from_slice(&line).map_err(|error| unreadable(error.into()))?);
    }
    let moved = Store::record(&place, &order, &changes, wall_now())?;
    Ok(HistoryLine::Written { moved })
}

fn list(since: Option<Millis>, count: u64) -> Result<HistoryLine, HistoryTrouble> {
    if let Some(store) = Store::to_read(&Place::of_user()?)? {
        store.each_since(since.unwrap_or(Millis::MIN), count, |entry| say(&HistoryLine::Entry(Box::new(entry))))?;
    }
    Ok(HistoryLine::End)
}

fn last_used() -> Result<HistoryLine, HistoryTrouble> {
    if let Some(store) = Store::to_read(&Place::of_user()?)? {
        for use_ in store.last_uses(wall_now())? {
            if !say(&HistoryLine::LastUse(use_)) {
                break;
            }
        }
    }
    Ok(HistoryLine::End)
}
