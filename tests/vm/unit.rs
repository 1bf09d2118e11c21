//! The systemd user unit under a real user manager: starts, comes back when killed, stops the camera in order, and is never
//! there beside another instance; D-Bus activation starts it.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use lenscap::core::status::StateName;
use lenscap::{APP_ID, OBJECT_PATH};
use lenscap_api::EventLine;
use lenscap_test_support::process::{Reaped, within};
use lenscap_test_support::programs::program;

use crate::machine::{NODE, quiet};

const CAMERA: &str = "/dev/video20";
const UNIT: &str = "lenscap";

/// A login session, as far as the unit needs one: a control group of its own, a bus, the user's manager.
struct Session {
    home: tempfile::TempDir,
    _bus: Reaped,
    manager: Reaped,
}

impl Session {
    fn start() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        install(home.path());
        fs::DirBuilder::new().mode(0o700).create(home.path().join("run")).expect("a directory");
        // The user's manager wants a booted systemd.
        for directory in ["/run/systemd/system", "/sys/fs/cgroup/session"] {
            fs::create_dir_all(directory).expect("a directory");
        }
        let address = format!("--address=unix:path={}", home.path().join("run/bus").display());
        // As systemd's own dbus.service starts it.
        let systemd = "--systemd-activation";
        let bus = in_session(home.path(), &["dbus-daemon", "--session", systemd, "--nofork", "--nopidfile", &address]);
        assert!(within(Duration::from_secs(20), || home.path().join("run/bus").exists()), "no bus");
        let manager = in_session(home.path(), &["/lib/systemd/systemd", "--user"]);
        let session = Self { home, _bus: bus, manager };
        let is_up = || session.systemctl(&["is-active", "basic.target"]) == "active";
        assert!(within(Duration::from_secs(30), is_up), "the user's manager does not start");
        session
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        of_session(self.home.path(), Command::new(program))
    }

    /// What it says; nothing where it fails to.
    fn systemctl(&self, arguments: &[&str]) -> String {
        let output = self.command("systemctl").arg("--user").args(arguments).output().expect("systemctl");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn unit(&self, verb: &str) {
        self.systemctl(&[verb, UNIT]);
    }

    fn property(&self, name: &str) -> String {
        self.systemctl(&["show", "-P", name, UNIT])
    }

    fn has(&self, properties: &[(&str, &str)]) -> bool {
        properties.iter().all(|(name, value)| self.property(name) == *value)
    }

    /// To the applet.
    fn signal(&self, signal: &str) {
        let main = || self.property("MainPID").parse().unwrap_or(0);
        assert!(within(Duration::from_secs(20), || main() > 0), "no main process");
        let pid: u32 = main();
        assert!(Command::new("kill").args([signal, &pid.to_string()]).status().expect("kill").success());
    }

    /// The state, where the applet answers.
    fn state(&self) -> Option<StateName> {
        let output = self.command(program("lenscap")).args(["status", "--json"]).output().expect("lenscap starts");
        serde_json::from_slice::<EventLine>(&output.stdout).ok().map(|line| line.status.state)
    }

    fn answers(&self) -> bool {
        self.state().is_some()
    }

    fn is_live(&self) -> bool {
        self.state() == Some(StateName::Live) && is_held()
    }

    fn is_off(&self) -> bool {
        self.state() == Some(StateName::Idle)
    }

    fn expect(&self, what: &str, seconds: u64, is_so: impl Fn() -> bool) {
        if !within(Duration::from_secs(seconds), is_so) {
            let unit = self.systemctl(&["status", UNIT]);
            panic!("not within {seconds} s: {what}: {:?}, held: {}\n{unit}", self.state(), is_held());
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.systemctl(&["exit"]);
        let _ = within(Duration::from_secs(20), || !matches!(self.manager.0.try_wait(), Ok(None)));
    }
}

fn of_session(home: &Path, mut command: Command) -> Command {
    command.env("HOME", home).env("XDG_RUNTIME_DIR", home.join("run"));
    // The bus takes the home from the list of users.
    command.env("XDG_DATA_HOME", home.join(".local/share"));
    for name in ["XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY"] {
        command.env_remove(name);
    }
    command
}

/// Starts a program in the session's part of the control groups.
fn in_session(home: &Path, words: &[&str]) -> Reaped {
    let mut command = of_session(home, Command::new("bash"));
    command.args(["-c", r#"echo $$ >/sys/fs/cgroup/session/cgroup.procs && exec "$0" "$@""#]).args(words);
    Reaped(quiet(&mut command).spawn().expect("bash"))
}

/// Whether any process has the camera open.
fn is_held() -> bool {
    processes().any(|process| {
        let descriptors = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        descriptors.into_iter().any(|entry| fs::read_link(entry.path()).is_ok_and(|it| it == Path::new(CAMERA)))
    })
}

fn runs(name: &str) -> bool {
    processes().any(|process| fs::read_to_string(process.join("comm")).is_ok_and(|comm| comm.trim_end() == name))
}

fn processes() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    entries.filter(|entry| entry.file_name().as_encoded_bytes()[0].is_ascii_digit()).map(|entry| entry.path())
}

fn client() -> Reaped {
    let mut command = Command::new("v4l2-ctl");
    command.args(["-d", NODE, "--stream-mmap", "--stream-count=0", "--stream-to=/dev/null"]);
    Reaped(quiet(&mut command).spawn().expect("v4l2-ctl"))
}

/// The unit, the bus's file, the settings: before bus and manager look for them.
fn install(home: &Path) {
    let put = |path: &str, text: String| {
        let path = home.join(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, text).expect("written");
    };
    let lenscap = program("lenscap");
    let directory = lenscap.parent().and_then(Path::to_str).expect("text");
    for (template, path) in [
        ("lenscap.service", ".config/systemd/user/lenscap.service"),
        ("io.github.lenscap.Lenscap.service", ".local/share/dbus-1/services/io.github.lenscap.Lenscap.service"),
    ] {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("data/{template}.in"));
        put(path, fs::read_to_string(template).expect("a template").replace("@bindir@", directory));
    }
    let camera = format!("source = \"v4l2:{CAMERA}\"\nwidth = 320\nheight = 240\nframerate = 15\n");
    put(".config/lenscap/config.toml", format!("version = 1\n[camera]\n{camera}"));
    // Switched off: that is about the entry alone.
    put(&format!(".config/autostart/{APP_ID}.desktop"), "[Desktop Entry]\nHidden=true\n".into());
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_unit_runs_the_applet_alone_brings_it_back_and_stops_it_in_order() {
    if !Path::new("/lib/systemd/systemd").exists() {
        return println!("SKIP unit: systemd is not installed");
    }
    let session = Session::start();

    session.unit("start");
    session.expect("started", 20, || session.is_off() && session.has(&[("ActiveState", "active")]));
    let first = client();
    session.expect("live", 30, || session.is_live());
    session.signal("-KILL");
    session.expect("killed and restarted", 30, || session.has(&[("NRestarts", "1")]) && session.answers());
    drop(first);
    let second = client();
    session.expect("live again", 40, || session.is_live());
    // systemd's watchdog: at work only while the camera is on; who stands still then is killed, and the camera goes off.
    session.expect("watched while on", 5, || session.has(&[("WatchdogUSec", "20s")]));
    session.signal("-STOP");
    drop(second);
    session.expect("killed, since it stood still", 60, || {
        session.has(&[("NRestarts", "2")]) && !is_held() && session.is_off()
    });
    session.expect("not watched while off", 20, || session.has(&[("WatchdogUSec", "0")]));
    let third = client();
    session.expect("live after that", 40, || session.is_live());
    session.unit("stop");
    session.expect("stopped", 5, || !is_held() && session.has(&[("ActiveState", "inactive"), ("Result", "success")]));
    session.expect("nobody left", 5, || !runs("lenscap-applet") && !runs("lenscap-worker"));

    let mut by_hand = session.command(program("lenscap"));
    let mut by_hand = Reaped(quiet(&mut by_hand).spawn().expect("lenscap starts"));
    session.expect("started by hand", 20, || session.answers());
    session.unit("start");
    let gone = [("ActiveState", "inactive"), ("Result", "success"), ("NRestarts", "0")];
    session.expect("not beside another", 10, || session.has(&gone) && session.answers());
    assert!(Command::new("kill").arg(by_hand.0.id().to_string()).status().expect("kill").success());
    by_hand.wait_for_exit(Duration::from_secs(20));
    session.expect("nobody left of that one", 5, || !runs("lenscap-applet"));

    // D-Bus activation goes through the unit; the call that asks for it is answered.
    let state =
        session.command("busctl").args(["--user", "get-property", APP_ID, OBJECT_PATH, APP_ID, "State"]).output();
    let state = state.expect("busctl");
    assert!(state.status.success(), "not activated: {}", String::from_utf8_lossy(&state.stderr));
    session.expect("activated as the unit", 20, || session.has(&[("ActiveState", "active")]) && session.is_live());
    session.unit("stop");
    session.expect("stopped again", 10, || !runs("lenscap-applet"));
    drop(third);
}
