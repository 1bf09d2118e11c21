//! The log: to stderr, where systemd takes it to the journal, and never from the loop itself (see [`Lines`]).

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::OnceLock;
use std::time::Duration;

use lenscap_text::without_isolates;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

use super::lines::Lines;

/// How long the last lines may take at the end.
const LAST_LINES: Duration = Duration::from_secs(1);

static LOG: OnceLock<Log> = OnceLock::new();

#[derive(Debug)]
struct Log {
    lines: Lines,
    is_journal: bool,
}

/// Starts it. `LENSCAP_LOG` sets the level; the levels mean: error: a bug of ours; warn: something the user may want to
/// mend; info: what happened; debug: why. A second start in one process keeps the first one's log.
pub fn start() {
    let is_journal = is_journal();
    let lost = move |count| {
        let prefix = if is_journal { priority(Level::WARN) } else { "" };
        format!("{prefix}lines of the log that nobody read are missing here: {count}\n")
    };
    // Without a thread or a descriptor left there is no log, and soon no relay.
    let Ok(lines) = Lines::new(io::stderr(), lost, |_| {}) else { return };
    if LOG.set(Log { lines, is_journal }).is_err() {
        return;
    }
    // zbus warns of a bus that goes away while we end: nothing that anybody could mend.
    let filter = EnvFilter::try_from_env("LENSCAP_LOG").unwrap_or_else(|_| EnvFilter::new("info,zbus=error"));
    let layer = fmt::layer().with_writer(ToLog).with_target(false);
    let layer = match is_journal {
        // The journal knows the time, and the priority from a number in front (sd-daemon(3)).
        true => layer.with_ansi(false).without_time().with_level(false).boxed(),
        false => layer.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).boxed(),
    };
    let _ = tracing_subscriber::registry().with(filter).with(layer).try_init();
    // What the standard library would write itself, from the loop.
    std::panic::set_hook(Box::new(|panic| {
        let backtrace = std::backtrace::Backtrace::capture();
        match backtrace.status() {
            std::backtrace::BacktraceStatus::Captured => say(&format!("{panic}\n{backtrace}")),
            _ => say(&panic.to_string()),
        }
        finish();
    }));
}

/// A sentence for who started the program: into the log, where there is one, so that it waits for nobody either.
pub fn say(sentence: &str) {
    match LOG.get() {
        Some(log) => {
            let prefix = if log.is_journal { priority(Level::ERROR) } else { "lenscap: " };
            log.lines.put(format!("{prefix}{}\n", without_isolates(sentence)).into_bytes());
        }
        None => eprintln!("lenscap: {}", without_isolates(sentence)),
    }
}

/// Gives the last lines their time; the log is over then.
pub fn finish() {
    if let Some(log) = LOG.get() {
        log.lines.finish(LAST_LINES);
    }
}

/// Whether stderr is connected to the journal: systemd says device and inode in `JOURNAL_STREAM`.
fn is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let Ok(stat) = rustix::fs::fstat(io::stderr().as_fd()) else { return false };
    stream == format!("{}:{}", stat.st_dev, stat.st_ino)
}

fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        Level::DEBUG | Level::TRACE => "<7>",
    }
}

struct ToLog;

impl<'a> MakeWriter<'a> for ToLog {
    type Writer = OneLine;

    fn make_writer(&'a self) -> OneLine {
        OneLine(Level::INFO)
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> OneLine {
        OneLine(*metadata.level())
    }
}

/// Takes one event, which comes in one write.
struct OneLine(Level);

impl Write for OneLine {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(log) = LOG.get() {
            let prefix = if log.is_journal { priority(self.0).as_bytes() } else { b"" };
            log.lines.put([prefix, without_isolates(&String::from_utf8_lossy(line)).as_bytes()].concat());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
