//! `lenscap log`: who used a camera, for people or as JSON. No relay is needed: `lenscap-history` reads the file.

use std::io::{self, BufWriter, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use lenscap_api::{HistoryEntry, HistoryLine, line};
use lenscap_wire::helper_process::HelperProcess;

use super::Failure;
use crate::app::program;
use crate::cli::LogArgs;
use crate::core::trouble::cameras::HelperTrouble;
use crate::core::trouble::command_line::CommandTrouble;
use crate::core::trouble::history::HistoryTrouble;
use crate::i18n::history as words;
use crate::sys::clock::{LocalTime, local_time, wall_now};

/// How long the next line may take. Its reader may take all the time in the world.
const LIMIT: Duration = Duration::from_secs(10);
/// The width of a name's column, in letters; longer ones push the rest aside.
const NAME: usize = 20;

pub(super) fn run(arguments: &LogArgs) -> Result<(), Failure> {
    let mut command = Command::new(program("lenscap-history")?);
    command.stderr(Stdio::null());
    if arguments.delete {
        command.arg("delete");
    } else {
        command.arg("list").args(arguments.since.map(|since| since.millis(wall_now()).to_string()));
    }
    let out = &mut BufWriter::new(io::stdout().lock());
    let printed = if arguments.json { as_json(&mut command, out) } else { in_words(&mut command, out) };
    let printed = printed.and_then(|()| out.flush().map_err(Ended::Printing));
    match printed {
        // Whoever closed the pipe has seen enough.
        Err(Ended::Printing(error)) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CommandTrouble::Print { cause: error.into() }.into())
        }
        Ok(()) | Err(Ended::Printing(_)) => Ok(()),
        Err(Ended::History(trouble)) => Err(trouble.into()),
    }
}

/// Why nothing more is printed.
enum Ended {
    Printing(io::Error),
    History(HistoryTrouble),
}

/// Calls `each` with every entry as it comes; the last word.
fn ask(command: &mut Command, mut each: impl FnMut(HistoryEntry) -> io::Result<()>) -> Result<HistoryLine, Ended> {
    let failed = |trouble| Ended::History(HistoryTrouble::HistoryProgram(trouble));
    let asked = HelperProcess::new(command).map_err(|error| failed(HelperTrouble::Kernel(error.into())))?;
    let mut last = Err(failed(HelperTrouble::Crashed));
    asked
        .each_line(LIMIT, |text| {
            match serde_json::from_slice(text) {
                Ok(HistoryLine::Entry(entry)) => match each(*entry) {
                    Ok(()) => return true,
                    Err(error) => last = Err(Ended::Printing(error)),
                },
                Ok(HistoryLine::Failed(trouble)) => last = Err(Ended::History(trouble)),
                Ok(line) => last = Ok(line),
                Err(_) => last = Err(failed(HelperTrouble::Unreadable)),
            }
            false
        })
        .map_err(failed)?;
    last
}

fn as_json(command: &mut Command, out: &mut impl Write) -> Result<(), Ended> {
    let mut is_first = true;
    let done = ask(command, |entry| {
        out.write_all(if std::mem::take(&mut is_first) { b"[" } else { b",\n" })?;
        out.write_all(line(&entry).trim_end().as_bytes())
    });
    // An array in any case, for whoever reads it; the exit status says that it is not whole.
    out.write_all(if is_first { b"[]\n" } else { b"]\n" }).map_err(Ended::Printing)?;
    done.map(drop)
}

fn in_words(command: &mut Command, out: &mut impl Write) -> Result<(), Ended> {
    let mut is_empty = true;
    let done = ask(command, |entry| {
        is_empty = false;
        out.write_all(row(&entry).as_bytes())
    })?;
    match done {
        HistoryLine::Deleted { count } => writeln!(out, "{}", words::deleted(count)).map_err(Ended::Printing),
        _ if is_empty => writeln!(out, "{}", words::is_empty()).map_err(Ended::Printing),
        _ => Ok(()),
    }
}

/// One line: when, who, which camera, and what there is to say of it.
fn row(entry: &HistoryEntry) -> String {
    let day = |time: LocalTime| format!("{:04}-{:02}-{:02}", time.year, time.month, time.day);
    let clock = |time: LocalTime| format!("{:02}:{:02}", time.hour, time.minute);
    let from = local_time(entry.from);
    let until = entry.until.and_then(local_time);
    let begin = from.map_or_else(|| "-".into(), |from| format!("{} {}", day(from), clock(from)));
    let end = match (from, until) {
        (Some(from), Some(until)) if day(from) == day(until) => format!("–{}", clock(until)),
        (_, Some(until)) => format!("–{} {}", day(until), clock(until)),
        _ => "–".into(),
    };
    let (name, camera) = (words::application(entry), words::camera(entry));
    let text = format!("{begin}{end:<7} {name:NAME$}  {camera:NAME$}  {}", words::notes(entry));
    text.trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::history::{Answer, Ended as Why};
    use crate::sys::clock::midnight;

    #[test]
    fn a_row_says_when_who_and_why() {
        let from = midnight(2026, 11, 28).unwrap() + 9 * 3_600_000;
        let mut entry = HistoryEntry {
            app: None,
            name: "Zoom".into(),
            icon: None,
            guess: false,
            camera: "HD Webcam".into(),
            direct: false,
            from,
            until: Some(from + 45 * 60_000),
            ended: Some(Why::Stopped),
            trouble: None,
            answer: Some(Answer::Allowed),
        };
        assert_eq!(row(&entry), "2026-11-28 09:00–09:45  Zoom                  HD Webcam\n");
        (entry.until, entry.ended, entry.answer) = (None, Some(Why::Unknown), None);
        assert_eq!(
            row(&entry),
            "2026-11-28 09:00–       Zoom                  HD Webcam             past Lenscap, end not known\n"
        );
        (entry.until, entry.ended) = (Some(from + 86_400_000), Some(Why::Failed));
        let row = row(&entry);
        assert!(
            row.starts_with("2026-11-28 09:00–2026-11-29 09:00 Zoom") && row.contains("the camera failed"),
            "{row}"
        );
    }
}
