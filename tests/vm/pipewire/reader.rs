//! A program that reads the camera and hands its pictures on: what it got, and when.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use lenscap::output::monotonic_now;
use lenscap_test_support::pipewire::Session;
use lenscap_test_support::process::{Reaped, eventually};
use uvcam::picture::read_yuyv_number;

use super::{HEIGHT, WIDTH};

/// A picture that a program got.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// `CLOCK_MONOTONIC`.
    pub at: Duration,
    /// The camera's; a card has none.
    pub number: Option<u32>,
}

/// See the module; killed when dropped.
pub struct Reader {
    /// The program.
    pub process: Reaped,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// When it was started.
    pub began: Duration,
}

impl Reader {
    /// `pipewiresrc` with these caps, in whatever size.
    pub fn pipewire(session: &Session, caps: &str) -> Self {
        let mut command = session.command("gst-launch-1.0");
        // Says before each picture how long it is.
        command.args(["-q", "pipewiresrc", "target-object=lenscap", "!", caps, "!", "multipartmux"]);
        Self::start(command.args(["!", "fdsink", "sync=false"]), part)
    }

    /// A program that writes pictures to its standard output, in the size of these tests.
    pub fn spawn(command: &mut Command) -> Self {
        Self::start(command, |output| {
            let mut picture = vec![0; WIDTH * HEIGHT * 2];
            output.read_exact(&mut picture).ok().map(|()| picture)
        })
    }

    fn start(
        command: &mut Command,
        next: impl Fn(&mut BufReader<ChildStdout>) -> Option<Vec<u8>> + Send + 'static,
    ) -> Self {
        let began = monotonic_now();
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("a program");
        let mut output = BufReader::new(process.stdout.take().expect("a pipe"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&seen);
        // Ends with the pipe, hence with the program.
        std::thread::spawn(move || {
            while let Some(picture) = next(&mut output) {
                let number = read_yuyv_number(&picture, width(picture.len()));
                list.lock().expect("the list").push(Seen { at: monotonic_now(), number });
            }
        });
        Self { process: Reaped(process), seen, began }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.process.0.id()
    }

    /// In order of arrival.
    pub fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().expect("the list")
    }

    /// Sends it this signal, as in "-STOP".
    pub fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().expect("kill").success());
    }

    /// Waits for five different pictures of the camera, from now on.
    pub fn moves(&self, what: &str) {
        let from = self.seen().len();
        eventually(&format!("{what} gets moving pictures"), || self.has_moved_since(from));
    }

    /// Whether it got five different pictures of the camera, from this one on.
    pub fn has_moved_since(&self, from: usize) -> bool {
        let numbers: HashSet<u32> = self.seen()[from..].iter().filter_map(|seen| seen.number).collect();
        numbers.len() >= 5
    }

    /// Whether it gave up.
    pub fn has_ended(&mut self) -> bool {
        self.process.0.try_wait().expect("it is ours").is_some()
    }

    /// Waits for three cards in a row.
    pub fn has_card(&self, what: &str) {
        eventually(&format!("{what} gets a card"), || {
            let seen = self.seen();
            seen.len() >= 3 && seen[seen.len() - 3..].iter().all(|seen| seen.number.is_none())
        });
    }

    /// From its start to its first picture, and to the camera's first.
    pub fn first(&self) -> (Duration, Duration) {
        let seen = self.seen();
        let camera = seen.iter().find(|seen| seen.number.is_some());
        let since = |seen: Option<&Seen>| seen.expect("a picture").at.saturating_sub(self.began);
        (since(seen.first()), since(camera))
    }
}

/// The next part of what multipartmux writes: lines, an empty one, the picture.
fn part(output: &mut BufReader<ChildStdout>) -> Option<Vec<u8>> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(number) = line.trim_end().strip_prefix("Content-Length: ") {
            length = number.parse().ok();
        }
        // Between two parts there is one as well.
        if line.trim_end().is_empty()
            && let Some(length) = length
        {
            let mut picture = vec![0; length];
            return output.read_exact(&mut picture).ok().map(|()| picture);
        }
    }
}

/// Of a YUY2 picture of this many bytes: 4:3, or the random sequences' larger 16:9.
fn width(bytes: usize) -> usize {
    if bytes == 640 * 360 * 2 { 640 } else { WIDTH }
}
