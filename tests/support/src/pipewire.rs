//! A session of its own: a bus, PipeWire, WirePlumber. No kernel module and no desktop is needed (facts: pipewire).

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::process::{Reaped, eventually, output_of};

/// One at a time: two cores are soon busy with what belongs to one.
static ALONE: Mutex<()> = Mutex::new(());

/// What a session is made of.
const PROGRAMS: [&str; 5] = ["dbus-daemon", "pipewire", "wireplumber", "pw-dump", "gst-launch-1.0"];
/// Between two looks at the graph.
const LOOK: Duration = Duration::from_millis(200);
/// WirePlumber's logind module does not start without these.
const LOGIND: [&str; 4] =
    ["/run/systemd/seats", "/run/systemd/sessions", "/run/systemd/users", "/run/systemd/machines"];

/// The session; ended when dropped.
pub struct Session {
    manager: Option<Reaped>,
    server: Option<Reaped>,
    _bus: Reaped,
    directory: tempfile::TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Session {
    /// Why there can be none here.
    pub fn lack() -> Option<String> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let is_there = |program: &&str| std::env::split_paths(&path).any(|directory| directory.join(program).exists());
        if let Some(program) = PROGRAMS.iter().find(|program| !is_there(program)) {
            return Some(format!("{program} is not installed (scripts/deps.sh test)"));
        }
        // Not --exists, which compares the plugin's version with GStreamer's.
        let has_element = Command::new("gst-inspect-1.0").arg("pipewiresrc").stdout(Stdio::null()).status();
        if !has_element.is_ok_and(|status| status.success()) {
            return Some("GStreamer has no pipewiresrc (scripts/deps.sh test)".into());
        }
        let missing = LOGIND.iter().find(|directory| fs::create_dir_all(directory).is_err());
        missing.map(|directory| format!("WirePlumber needs {directory}, which only root can make"))
    }

    /// With a bus, and no server yet. `None` where it cannot be: the test says so and is skipped.
    pub fn new(test: &str) -> Option<Self> {
        if let Some(why) = Self::lack() {
            println!("SKIP {test}: {why}");
            return None;
        }
        let alone = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let directory = tempfile::Builder::new().prefix("lenscap-pw").tempdir().expect("a directory");
        for name in ["run", "config", "state"] {
            fs::create_dir(directory.path().join(name)).expect("a directory");
        }
        let rules = directory.path().join("bus.conf");
        fs::write(&rules, bus_rules(directory.path())).expect("a file");
        let mut command = command(directory.path(), "dbus-daemon");
        let bus_process = spawn(command.args(["--nofork", "--nopidfile"]).arg("--config-file").arg(rules));
        // Its socket is there before anybody may connect to it.
        eventually("the bus is there", || UnixStream::connect(bus(directory.path())).is_ok());
        Some(Self { manager: None, server: None, _bus: Reaped(bus_process), directory, _alone: alone })
    }

    /// As [`Self::new`], with a server.
    pub fn with_server(test: &str) -> Option<Self> {
        let mut session = Self::new(test)?;
        session.start_server();
        Some(session)
    }

    /// Starts PipeWire and WirePlumber.
    pub fn start_server(&mut self) {
        self.start_pipewire();
        self.start_wireplumber();
    }

    /// Starts the server alone: it links nobody.
    pub fn start_pipewire(&mut self) {
        self.server = Some(Reaped(spawn(&mut self.command("pipewire"))));
        self.until("PipeWire answers", |_| true);
    }

    /// Starts the session manager, at a server that is there.
    pub fn start_wireplumber(&mut self) {
        self.manager = Some(Reaped(spawn(&mut self.command("wireplumber"))));
        self.until("WirePlumber is there", has_wireplumber);
    }

    /// Kills the session manager, and starts another.
    pub fn restart_wireplumber(&mut self) {
        self.manager = None;
        self.until("WirePlumber is gone", |objects| !has_wireplumber(objects));
        self.start_wireplumber();
    }

    /// Kills both.
    pub fn kill_server(&mut self) {
        self.server = None;
        self.manager = None;
    }

    /// Whether the server that was started runs still.
    pub fn is_server_alive(&mut self) -> bool {
        self.server.as_mut().is_some_and(|server| server.0.try_wait().is_ok_and(|status| status.is_none()))
    }

    /// The server's version, as its program says it.
    pub fn pipewire_version(&self) -> [u32; 3] {
        let output = self.command("pipewire").arg("--version").output().expect("pipewire");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = text.lines().find_map(|line| line.strip_prefix("Linked with libpipewire "));
        let mut numbers = version.expect("a version").split('.').map(|number| number.trim().parse().expect("a number"));
        [0; 3].map(|_| numbers.next().expect("three numbers"))
    }

    /// The daemon's number.
    pub fn server_pid(&self) -> u32 {
        self.server.as_ref().expect("a server").0.id()
    }

    /// A program in this session.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        command(self.directory.path(), program)
    }

    /// Where its server's socket is.
    pub fn runtime_dir(&self) -> PathBuf {
        self.directory.path().join("run")
    }

    /// Where its bus is, as D-Bus writes it.
    pub fn bus_address(&self) -> String {
        format!("unix:path={}", bus(self.directory.path()).display())
    }

    /// A path in the session's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Everything in the graph, as `pw-dump` says it; `None` where no server answers.
    pub fn objects(&self) -> Option<Vec<serde_json::Value>> {
        let (_, printed) = output_of(self.command("pw-dump").stderr(Stdio::null()));
        serde_json::from_slice(&printed).ok()
    }

    /// Waits until this holds of everything in the graph. With pauses: on an emulated machine each look takes a good part of a
    /// second of what the others need to get there.
    pub fn until(&self, what: &str, holds: impl Fn(&[serde_json::Value]) -> bool) {
        let mut last = None;
        eventually(what, || {
            if last.is_some_and(|last: Instant| last.elapsed() < LOOK) {
                return false;
            }
            let is_so = self.objects().is_some_and(|objects| holds(&objects));
            last = Some(Instant::now());
            is_so
        });
    }

    /// Whether any program's node is there that reads pictures.
    pub fn has_reader(&self) -> bool {
        let is_reader = |object: &serde_json::Value| {
            property(object, "media.class").is_some_and(|class| class.starts_with("Stream/Input"))
        };
        self.objects().unwrap_or_default().iter().any(is_reader)
    }

    /// A node that stands for a camera: GStreamer's, with a moving test picture of 320x240. One of this name is gone before. It
    /// serves one reader: from PipeWire 1.4 on it ends when that leaves.
    pub fn camera(&self, name: &str, properties: &[(&str, &str)]) -> Reaped {
        eventually("the last camera's node is gone", || self.nodes(name).is_empty());
        let text = |(name, value): &(&str, &str)| format!(",{name}=(string)\"{}\"", value.replace('\\', r"\\"));
        let class = ("media.class", "Video/Source");
        let all: String =
            [class, ("media.role", "Camera"), ("node.name", name)].iter().chain(properties).map(text).collect();
        let mut command = self.command("gst-launch-1.0");
        command
            .args(["-q", "videotestsrc", "is-live=true", "pattern=ball", "!"])
            .args(["video/x-raw,format=YUY2,width=320,height=240,framerate=30/1", "!", "pipewiresink", "mode=provide"])
            .arg(format!("stream-properties=props{all}"));
        let process = Reaped(spawn(&mut command));
        eventually("the camera's node is there", || self.nodes(name).len() == 1);
        process
    }

    /// The nodes of this name.
    pub fn nodes(&self, name: &str) -> Vec<serde_json::Value> {
        let mut objects = self.objects().unwrap_or_default();
        objects.retain(|object| is_node(object, name));
        objects
    }

    /// Waits until there is one node of this name.
    pub fn until_listed(&self, name: &str) {
        self.until(&format!("{name} is listed"), |objects| {
            objects.iter().filter(|object| is_node(object, name)).count() == 1
        });
    }

    /// Has WirePlumber leave the loopback's node out from its next start, by the rule that is installed with Lenscap.
    pub fn install_rule(&self) {
        let rules = [
            ("main.lua.d/51-lenscap.lua", include_str!("../../../data/wireplumber/51-lenscap.lua")),
            ("wireplumber.conf.d/51-lenscap.conf", include_str!("../../../data/wireplumber/51-lenscap.conf")),
        ];
        for (path, text) in rules {
            let path = self.path("config/wireplumber").join(path);
            fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
    }
}

fn is_node(object: &serde_json::Value, name: &str) -> bool {
    object["type"] == "PipeWire:Interface:Node" && property(object, "node.name").as_deref() == Some(name)
}

fn has_wireplumber(objects: &[serde_json::Value]) -> bool {
    let name = |object| property(object, "application.name");
    objects.iter().filter_map(name).any(|name| name.contains("WirePlumber"))
}

/// A property of an object in the graph.
pub fn property(object: &serde_json::Value, name: &str) -> Option<String> {
    match &object["info"]["props"][name] {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Null => None,
        other => Some(other.to_string()),
    }
}

fn bus(directory: &Path) -> PathBuf {
    directory.join("run/bus")
}

/// A session bus that starts no service by itself: those of this system would be of no session of ours.
fn bus_rules(directory: &Path) -> String {
    format!(
        "<busconfig><type>session</type><listen>unix:path={}</listen><policy context=\"default\"><allow send_destination=\"*\"/>\
        <allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>",
        bus(directory).display()
    )
}

fn command(directory: &Path, program: impl AsRef<Path>) -> Command {
    // PipeWire and WirePlumber put themselves before all others (nice -11, real-time threads): on the only processor of an
    // emulated machine, starting them took 3 s in which no other program ran.
    let is_emulated = std::env::var_os("LENSCAP_VM").is_some();
    let mut command = Command::new(if is_emulated { Path::new("setpriv") } else { program.as_ref() });
    if is_emulated {
        command.args(["--bounding-set=-sys_nice", "--inh-caps=-sys_nice"]).arg(program.as_ref());
    }
    command
        .env("XDG_RUNTIME_DIR", directory.join("run"))
        .env("XDG_CONFIG_HOME", directory.join("config"))
        .env("XDG_STATE_HOME", directory.join("state"))
        .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", bus(directory).display()))
        .env_remove("PIPEWIRE_REMOTE")
        .env_remove("PIPEWIRE_RUNTIME_DIR")
        .env_remove("DISPLAY")
        .stdin(Stdio::null());
    command
}

fn spawn(command: &mut Command) -> Child {
    let quiet = std::env::var_os("LENSCAP_TEST_LOUD").is_none();
    if quiet {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    command.spawn().expect("it starts")
}
