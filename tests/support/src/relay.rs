//! Runs `lenscap run --headless --events` and reads its event lines.

use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use lenscap_api::{EventLine, Reply, Request, client};
use lenscap_core::presence::Client;
use rustix::process::{Pid, Signal, kill_process};

use crate::process::{DEADLINE, Reaped, children_of, eventually, switches_of};
use crate::programs::program;

/// One event line.
#[derive(Clone, Default)]
pub struct Line {
    /// The state's name.
    pub state: String,
    /// Whether the indicator is lit.
    pub live: bool,
    /// "name usage" of every client.
    pub clients: Vec<String>,
    /// The reason, "" when there is none.
    pub reason: String,
    /// Why a further device is not served, "" when nothing is wrong.
    pub second: String,
    /// What the camera gives, as in "YUY2 640x480"; "" while that is not known.
    pub mode: String,
    /// What the camera gives less of than was asked for, "" when nothing.
    pub shortfall: String,
    /// The camera could not be switched off.
    pub stuck: bool,
    /// Cameras used past the relay, with their programs.
    pub others: Vec<(String, Vec<String>)>,
    /// When it was read.
    pub at: Option<Instant>,
    /// When it was written, since 1970, to the millisecond.
    pub wall: Duration,
}

/// On one line, and of the rest only what says something: a history of such lines is what a failed test is understood by.
impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, live, clients, reason, second, mode, shortfall, stuck, others, at: _, wall } = self;
        // As the programs' own logs say the time.
        let (day, milliseconds) = (wall.as_secs() % 86400, wall.subsec_millis());
        write!(f, "{:02}:{:02}:{:02}.{milliseconds:03} {state}", day / 3600, day / 60 % 60, day % 60)?;
        for (is_so, word) in [(*live, "live"), (*stuck, "stuck")] {
            if is_so {
                write!(f, " ({word})")?;
            }
        }
        for (name, text) in [("reason", reason), ("second", second), ("mode", mode), ("shortfall", shortfall)] {
            if !text.is_empty() {
                write!(f, " {name}={text:?}")?;
            }
        }
        if !clients.is_empty() {
            write!(f, " clients={clients:?}")?;
        }
        if !others.is_empty() {
            write!(f, " others={others:?}")?;
        }
        Ok(())
    }
}

/// What a process uses.
#[derive(Debug, Clone, Copy)]
pub struct Resources {
    /// Open ones.
    pub descriptors: usize,
    /// At this moment.
    pub threads: usize,
    /// Memory, what is shared divided among those who share it.
    pub pss_kb: u64,
    /// Context switches since it began, of its first thread.
    pub switches: u64,
}

/// A running relay.
pub struct Relay {
    child: Reaped,
    lines: Receiver<Line>,
    /// Every line so far.
    pub seen: Vec<Line>,
    /// How many of them [`Self::wait_for`] has passed.
    position: usize,
    stderr: PathBuf,
    _home: tempfile::TempDir,
}

impl Relay {
    /// Starts `lenscap run --headless --events` with these arguments and a home of its own.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// As [`Self::start`], with these environment variables on top.
    pub fn start_with(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_through(&[], arguments, environment)
    }

    /// As [`Self::start_with`], by a program with these arguments that becomes what is behind them.
    pub fn start_through(wrapper: &[&str], arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let stderr = home.path().join("stderr");
        let program = program("lenscap");
        let mut command = match wrapper {
            [] => Command::new(program),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        };
        let mut child = command
            .args(["run", "--headless", "--events"])
            .args(arguments)
            .env("XDG_CONFIG_HOME", home.path().join("config"))
            .env("XDG_CONFIG_DIRS", home.path().join("site"))
            .env("XDG_STATE_HOME", home.path().join("state"))
            // No desktop file of this machine's names a program.
            .env("XDG_DATA_HOME", home.path().join("data"))
            .env("XDG_DATA_DIRS", home.path().join("share"))
            .env("XDG_RUNTIME_DIR", home.path())
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&stderr).expect("a file"))
            .spawn()
            .expect("lenscap starts");
        let stdout = child.stdout.take().expect("a pipe");
        let (sender, lines) = channel();
        // Ends with the pipe, hence with the child.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(parse(&line)).is_err() {
                    break;
                }
            }
        });
        Self { child: Reaped(child), lines, seen: Vec::new(), position: 0, stderr, _home: home }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.0.id()
    }

    /// Another `lenscap` of the same user, as somebody types it: its exit status, stdout and stderr.
    pub fn lenscap(&self, arguments: &[&str]) -> (bool, String, String) {
        let program = program("lenscap");
        let output = Command::new(program)
            .args(arguments)
            .env("XDG_CONFIG_HOME", self._home.path().join("config"))
            .env("XDG_CONFIG_DIRS", self._home.path().join("site"))
            .env("XDG_STATE_HOME", self._home.path().join("state"))
            .env("XDG_RUNTIME_DIR", self._home.path())
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdin(Stdio::null())
            .output()
            .expect("lenscap starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), text(&output.stdout), text(&output.stderr))
    }

    /// The directory of its control socket.
    pub fn runtime_dir(&self) -> &std::path::Path {
        self._home.path()
    }

    /// Whether the camera is on and has said which controls it has.
    pub fn knows_controls(&self) -> bool {
        let mut knows = false;
        let asked = client::ask_at(&self.runtime_dir().join("lenscap/control"), &Request::Controls, &mut |reply| {
            knows = matches!(reply, Reply::Controls(controls) if controls.list.is_some());
            false
        });
        asked.is_ok() && knows
    }

    /// Its settings file, which need not be there.
    pub fn settings(&self) -> PathBuf {
        self._home.path().join("config/lenscap/config.toml")
    }

    /// Everything it said on stderr.
    pub fn stderr(&self) -> String {
        let mut text = String::new();
        if let Ok(mut file) = fs::File::open(&self.stderr) {
            let _ = file.read_to_string(&mut text);
        }
        text
    }

    /// Takes in new lines and returns the newest.
    pub fn poll(&mut self) -> Line {
        while let Ok(line) = self.lines.try_recv() {
            self.seen.push(line);
        }
        self.seen.last().cloned().unwrap_or_default()
    }

    /// Waits for the next line, from where the last wait ended, that says this state.
    pub fn wait_for(&mut self, state: &str) -> Line {
        self.wait_for_line(&format!("state \"{state}\""), |line| line.state == state)
    }

    /// Waits for a line of which this holds, from the last one waited for on.
    pub fn wait_for_line(&mut self, what: &str, holds: impl Fn(&Line) -> bool) -> Line {
        let end = Instant::now() + DEADLINE;
        loop {
            self.position = self.position.min(self.seen.len());
            while let Some(line) = self.seen.get(self.position) {
                if holds(line) {
                    return line.clone();
                }
                self.position += 1;
            }
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no {what} within {DEADLINE:?}: {:#?}\n{}", self.seen, self.stderr())
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("ended before the {what}: {:#?}\n{}", self.seen, self.stderr())
                }
            }
        }
    }

    /// Waits for a failure whose reason has one of these words in it; its first line. Not for the state "failed": where the
    /// camera process ends only when the next try is due already, there is none in between.
    pub fn wait_for_failure(&mut self, says: &[&str]) -> Line {
        let says_so = |line: &Line| says.iter().any(|words| line.reason.contains(words));
        let failure = self.wait_for_line(&format!("reason {says:?}"), says_so);
        let lit = self.seen.iter().find(|line| line.state == "failed" && line.live);
        assert!(lit.is_none(), "failed means off: {:#?}", self.seen);
        failure
    }

    /// Waits until its cards are as they stay: drawn by a process that has ended then, or without words.
    pub fn wait_for_cards(&self) {
        eventually("the cards are drawn", || {
            let said = self.stderr();
            ["the cards are drawn", "without words"].iter().any(|words| said.contains(words))
        });
    }

    /// Asserts that the state does not change for a while.
    pub fn stays(&mut self, state: &str, time: Duration) {
        let end = Instant::now() + time;
        loop {
            assert_eq!(self.poll().state, state, "{:#?}\n{}", self.seen, self.stderr());
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => panic!("ended: {}", self.stderr()),
            }
        }
    }

    /// Lets time pass in which nothing may happen.
    pub fn sleep_while_idle(&mut self, time: Duration) {
        self.stays("idle", time);
    }

    /// SIGTERM, and its exit status.
    pub fn quit(&mut self) -> ExitStatus {
        if let Some(pid) = Pid::from_raw(self.pid().cast_signed()) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let status = self.child.wait_for_exit(DEADLINE);
        // The reader thread sees the end of the pipe soon after.
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(5)) {
            self.seen.push(line);
        }
        status
    }

    /// Its exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.0.try_wait().expect("wait")
    }

    /// Takes in the last lines of one that has ended.
    pub fn drain(&mut self) {
        while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(5)) {
            self.seen.push(line);
        }
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.0.kill().expect("kill");
        self.child.0.wait().expect("wait");
    }

    /// Waits until it ends by itself; its status and stderr.
    pub fn wait_for_exit(&mut self) -> (ExitStatus, String) {
        let status = self.child.wait_for_exit(DEADLINE);
        (status, self.stderr())
    }

    /// Its child processes.
    pub fn children(&self) -> Vec<u32> {
        children_of(self.pid())
    }

    /// Its worker processes: below their keepers.
    pub fn workers(&self) -> Vec<u32> {
        self.children()
            .into_iter()
            .flat_map(children_of)
            .filter(|pid| {
                fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.starts_with("lenscap-worker"))
            })
            .collect()
    }

    /// Its process for PipeWire.
    pub fn node_process(&self) -> Option<u32> {
        let is_it = |pid: &u32| {
            // The kernel keeps 15 characters.
            fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.starts_with("lenscap-pipewir"))
        };
        self.children().into_iter().find(is_it)
    }

    /// What it uses now.
    pub fn resources(&self) -> Resources {
        let pid = self.pid();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("alive");
        let field = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|value| value.split_whitespace().next())
                .and_then(|value| value.parse::<u64>().ok())
                .unwrap_or(0)
        };
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let pss_kb = rollup
            .lines()
            .find_map(|line| line.strip_prefix("Pss:"))
            .and_then(|value| value.split_whitespace().next())
            .and_then(|value| value.parse().ok())
            .unwrap_or(0);
        Resources {
            descriptors: fs::read_dir(format!("/proc/{pid}/fd")).expect("alive").count(),
            threads: usize::try_from(field("Threads:")).unwrap_or(0),
            pss_kb,
            switches: switches_of(pid),
        }
    }
}

fn parse(line: &str) -> Line {
    let EventLine { t, status } = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let client = |client: &Client| format!("{} {}", client.name, client.usage.as_str());
    let mode = status.mode.as_ref();
    Line {
        state: status.state.as_str().to_owned(),
        live: status.live,
        clients: status.clients.iter().map(client).collect(),
        reason: status.reason.unwrap_or_default(),
        second: status.devices.into_iter().find_map(|device| device.reason).unwrap_or_default(),
        mode: mode.map(|mode| format!("{} {}x{}", mode.format, mode.width, mode.height)).unwrap_or_default(),
        shortfall: mode.and_then(|mode| mode.shortfall.clone()).unwrap_or_default(),
        stuck: status.stuck,
        others: status
            .others
            .into_iter()
            .map(|other| (other.camera, other.clients.into_iter().map(|client| client.name).collect()))
            .collect(),
        at: Some(Instant::now()),
        wall: Duration::from_secs_f64(t),
    }
}
