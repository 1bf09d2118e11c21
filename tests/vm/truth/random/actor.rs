//! A program that uses a device (tests/bin/v4l2-actor.rs): its orders, and what it wrote down.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::time::Duration;

use lenscap::output::monotonic_now;
use lenscap_test_support::process::Reaped;
use lenscap_test_support::programs::program;

use super::record::{Frame, Stream};
use super::spans::At;

/// A program; another takes its place when it was killed.
pub struct Actor {
    name: String,
    directory: PathBuf,
    process: Option<(Reaped, ChildStdin)>,
    /// Logs so far, and when their processes were killed: before, after.
    lives: Vec<(PathBuf, Option<(At, At)>)>,
}

impl Actor {
    /// Started, with nothing open. `directory`: for its logs.
    pub fn start(name: &str, directory: &Path) -> Self {
        let mut actor =
            Self { name: name.to_owned(), directory: directory.to_owned(), process: None, lives: Vec::new() };
        actor.spawn();
        actor
    }

    fn spawn(&mut self) {
        let log = self.directory.join(format!("{}-{}", self.name, self.lives.len()));
        File::create(&log).expect("a file");
        let lenscap = program("lenscap");
        let program = Path::new(&lenscap).with_file_name("examples/v4l2-actor");
        let mut child = Command::new(program)
            .arg(&log)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("v4l2-actor is built: cargo build --examples");
        let orders = child.stdin.take().expect("a pipe");
        self.process = Some((Reaped(child), orders));
        self.lives.push((log, None));
    }

    /// One order; it is obeyed some time later.
    pub fn order(&mut self, order: &str) {
        if let Some((_, orders)) = &mut self.process {
            // One that crashed is found when its log is read.
            let _ = writeln!(orders, "{order}");
        }
    }

    /// SIGKILL, and another process.
    pub fn die(&mut self) {
        let Some((process, _)) = self.process.take() else { return };
        let before = monotonic_now();
        drop(process);
        if let Some(life) = self.lives.last_mut() {
            life.1 = Some((before, monotonic_now()));
        }
        self.spawn();
    }

    /// Its last words, if it ended by itself: it never should.
    pub fn crashed(&mut self) -> Option<String> {
        let status = self.process.as_mut()?.0.0.try_wait().ok()??;
        Some(format!("{} ended by itself: {status}", self.name))
    }

    /// What the present process said last, as "streams".
    pub fn last(&self) -> String {
        let text = self.lives.last().and_then(|(log, _)| std::fs::read_to_string(log).ok()).unwrap_or_default();
        let last = text.lines().filter_map(|line| line.split(' ').nth(1)).rfind(|word| *word != "frame");
        last.unwrap_or_default().to_owned()
    }

    /// How many pictures of the camera the present process got.
    pub fn pictures(&self) -> usize {
        let text = self.lives.last().and_then(|(log, _)| std::fs::read_to_string(log).ok()).unwrap_or_default();
        text.lines().filter(|line| line.contains(" frame ") && !line.ends_with(" card")).count()
    }

    /// All its streams.
    pub fn streams(&self) -> Vec<Stream> {
        self.lives
            .iter()
            .flat_map(|(log, killed)| parse(&self.name, &std::fs::read_to_string(log).unwrap_or_default(), *killed))
            .collect()
    }
}

/// The streams in a log, of which the last may have been ended by SIGKILL.
fn parse(name: &str, log: &str, killed: Option<(At, At)>) -> Vec<Stream> {
    let mut streams: Vec<Stream> = Vec::new();
    let mut path = "";
    for line in log.lines() {
        let mut words = line.splitn(3, ' ');
        let (Some(at), Some(word), rest) = (words.next().and_then(seconds), words.next(), words.next()) else {
            continue;
        };
        let rest = rest.unwrap_or_default();
        let current = streams.last_mut().filter(|stream| stream.ended.is_none());
        match (word, current) {
            ("open", _) => path = rest,
            ("asks", _) => streams.push(Stream { who: format!("{name} at {path}"), asked: at, ..Stream::default() }),
            ("streams", Some(stream)) => stream.began = Some(at),
            ("refused", Some(stream)) => (stream.ended, stream.error) = (Some(at), Some(rest.to_owned())),
            ("error", Some(stream)) => (stream.leaving, stream.error) = (Some(at), Some(rest.to_owned())),
            ("leaves", Some(stream)) => stream.leaving = stream.leaving.or(Some(at)),
            ("left", Some(stream)) => stream.ended = Some(at),
            ("frame", Some(stream)) => {
                if let Some((stamp, number)) = rest.split_once(' ')
                    && let Some(stamp) = seconds(stamp)
                {
                    stream.frames.push(Frame { at, stamp: Some(stamp), number: number.parse().ok() });
                }
            }
            _ => {}
        }
    }
    if let (Some(stream), Some((before, after))) = (streams.last_mut(), killed) {
        stream.leaving = stream.leaving.or(Some(before));
        stream.ended = stream.ended.or(Some(after));
    }
    streams
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_read_from_the_log() {
        let log = "1.0 open /dev/video30\n1.5 asks\n2.0 streams\n2.5 frame 2.4 card\n3.0 frame 2.9 17\n4.0 leaves\n4.1 left\n\
            5.0 asks\n5.1 refused stream Device or resource busy\n6.0 open /dev/video31\n6.1 asks\n6.2 streams\n7";
        let ms = |ms| Some(Duration::from_millis(ms));
        let streams = parse("client", log, ms(7000).zip(ms(7100)));
        assert_eq!(streams.len(), 3);
        let [first, refused, killed] = &streams[..] else { panic!() };
        assert_eq!((first.began, first.leaving, first.ended), (ms(2000), ms(4000), ms(4100)));
        assert_eq!(first.frames.iter().map(|frame| frame.number).collect::<Vec<_>>(), [None, Some(17)]);
        assert_eq!((refused.began, refused.ended), (None, ms(5100)));
        assert!(refused.error.as_ref().is_some_and(|error| error.contains("busy")));
        assert_eq!((killed.who.as_str(), killed.leaving, killed.ended), ("client at /dev/video31", ms(7000), ms(7100)));
    }
}
