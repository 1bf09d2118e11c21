//! Chromium without a window, and one page in it, which does what the test asks and answers what came of it.
//!
//! The page comes from here, over HTTP on this machine: pages of a server may use cameras there, those of files may not. It
//! fetches its orders and posts its answers.

mod page;

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

use crate::process::{Reaped, eventually, within};
use page::Page;

/// The browser, by its names in distributions.
pub const CHROMIUM: &[&str] = &["chromium", "chromium-browser"];
/// The same without a browser's windows, services and profile: for machines that are too slow for these.
pub const HEADLESS_SHELL: &[&str] = &["chromium-headless-shell"];
/// What it would do beside, on any machine: nothing of that is the test's.
const ARGUMENTS: [&str; 14] = [
    "--headless",
    "--no-sandbox", // which it refuses to have as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--password-store=basic",
    "--autoplay-policy=no-user-gesture-required",
    // Yes to every page that asks for a camera, and no other camera than there is.
    "--use-fake-ui-for-media-stream",
];
/// What Chromium 156 ends its capture service by in one of seven starts, in this file: its own thread for PipeWire runs as soon as
/// the lock is released that keeps it away, and meets the check that is released after the lock.
const RACE: &str = "RaceDetected()";
const RACE_PLACE: &str = "video_capture_pipewire.cc";
/// How often a start may meet it.
const TRIES: u32 = 6;
/// How long its orderly end may take.
const END_LIMIT: Duration = Duration::from_secs(10);

/// A running one; ended when dropped, in an orderly way where it can.
pub struct Browser {
    process: Reaped,
    page: Page,
    log: PathBuf,
}

/// What the page saw of the camera that it took.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Track {
    /// The camera's name.
    pub label: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Frames a second.
    pub frame_rate: f64,
}

impl Browser {
    /// Why there can be none here.
    pub fn lack(names: &[&str]) -> Option<String> {
        program(names).is_none().then(|| format!("{} is not installed (scripts/deps.sh test)", names[0]))
    }

    /// Starts it: the first of these programs that is there, in a command with the environment that it is to have. Its profile
    /// and its log go to the directory. `limit`: how long the page may take for an answer, the first with Chromium's start.
    pub fn start(
        names: &[&str],
        command: impl FnOnce(PathBuf) -> Command,
        directory: &Path,
        arguments: &[&str],
        limit: Duration,
    ) -> Self {
        fs::create_dir_all(directory).expect("a directory");
        let log = directory.join("log");
        let page = Page::serve(limit);
        let process = command(program(names).expect("it is installed"))
            .args(ARGUMENTS)
            .args(arguments)
            .arg(format!("--user-data-dir={}", directory.join("profile").display()))
            .arg(page.address())
            .env("HOME", directory)
            // What is started may be a script that waits for it.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).expect("a file"))
            .spawn();
        Self { process: Reaped(process.expect("it starts")), page, log }
    }

    /// Has the page take the camera, up to the first picture; fails where it gets none.
    ///
    /// Where Chromium's capture service ends itself by [`RACE`], a check of its own that has nothing to do with what it is given,
    /// it is asked again: it starts another. Nothing else is overlooked.
    pub fn start_camera(&self) -> Track {
        self.start_with("start")
    }

    /// The same with the camera of this name.
    pub fn start_camera_named(&self, label: &str) -> Track {
        self.start_with(&format!("start {label}"))
    }

    fn start_with(&self, order: &str) -> Track {
        for _ in 0..TRIES {
            let races = self.races();
            match self.ask(order) {
                Ok(track) => return serde_json::from_value(track).expect("a track"),
                Err(error) if self.races() > races => {
                    println!("Chromium's own fault, {RACE}: {error}");
                    // The next capture service looks for cameras first; asked before, it has none.
                    eventually("Chromium's next service has a camera", || !self.cameras().is_empty());
                }
                Err(error) => panic!("{error}\n{}", self.log()),
            }
        }
        panic!("{RACE}, {TRIES} times\n{}", self.log());
    }

    fn races(&self) -> usize {
        let log = self.log();
        let mut lines = log.lines();
        let mut count = 0;
        // The check stands a few lines below the place, which is not the only one that has such checks.
        while lines.any(|line| line.contains("Fatal error in:") && line.contains(RACE_PLACE)) {
            count += usize::from(lines.by_ref().take(3).any(|line| line.contains(RACE)));
        }
        count
    }

    /// The names of the cameras that the page is offered. Empty names until it has had one.
    pub fn cameras(&self) -> Vec<String> {
        serde_json::from_value(self.asked("cameras")).expect("names")
    }

    /// A number for each of the next pictures, as the page draws them: equal for equal pictures.
    pub fn pictures(&self) -> Vec<i64> {
        serde_json::from_value(self.asked("pictures")).expect("numbers")
    }

    /// The picture that the page drew last, a PNG as a data URL.
    pub fn png(&self) -> String {
        serde_json::from_value(self.asked("png")).expect("a text")
    }

    /// Has the page give the camera back.
    pub fn stop_camera(&self) {
        self.asked("stop");
    }

    /// What it has said.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    fn asked(&self, order: &str) -> Value {
        self.ask(order).unwrap_or_else(|error| panic!("{order}: {error}\n{}", self.log()))
    }

    fn ask(&self, order: &str) -> Result<Value, String> {
        let answer = self.page.ask(order).unwrap_or_else(|| panic!("no answer to {order}\n{}", self.log()));
        match (answer.get("ok"), &answer["error"]) {
            (Some(value), _) => Ok(value.clone()),
            (None, error) => Err(error.to_string()),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // By itself it ends its own processes in order.
        let Some(group) = Pid::from_raw(self.process.0.id().cast_signed()) else { return };
        let _ = kill_process_group(group, Signal::TERM);
        within(END_LIMIT, || matches!(self.process.0.try_wait(), Ok(Some(_)) | Err(_)));
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn program(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut all = env::split_paths(&path).flat_map(|directory| names.iter().map(move |name| directory.join(name)));
    all.find(|program| program.exists())
}
