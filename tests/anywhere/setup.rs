//! `lenscap setup` at its user's side. A stand-in for `lenscap-setup` plans, and writes down what it is started with; what the real one
//! does is tested in `crates/setup`.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

use lenscap_test_support::process::output_of;
use lenscap_test_support::programs::{copy, program};

const PLAN: &str = r#"{"plans":[{"verb":"device","steps":[{"step":"run","command":["systemctl","daemon-reload"]}]}]}"#;
const REPORT: &str = r#"{"verb":"device","done":[{"step":"run","command":["systemctl","daemon-reload"]}]}"#;
const SHOWN: &str = "run: systemctl daemon-reload";

/// A directory with `lenscap` and the stand-ins, for somebody who is not root.
struct World(tempfile::TempDir);

impl World {
    /// With or without sudo.
    fn new(has_sudo: bool) -> Self {
        let world = Self(tempfile::tempdir().expect("a directory"));
        fs::set_permissions(world.0.path(), fs::Permissions::from_mode(0o777)).expect("set");
        copy(&program("lenscap"), &world.0.path().join("lenscap"));
        let asked = "echo \"${0##*/} $*\" >>\"${0%/*}/asked\"";
        world.script("lenscap-setup", &format!("{asked}\n[ \"$1\" = plan ] && echo '{PLAN}' || echo '{REPORT}'"));
        if has_sudo {
            world.script("sudo", &format!("{asked}\nshift\nexec \"$@\""));
        }
        world
    }

    fn script(&self, name: &str, does: &str) {
        let path = self.0.path().join(name);
        let text = self.0.path().join(format!("{name}.text"));
        fs::write(&text, format!("#!/bin/sh\n{does}\n")).expect("written");
        fs::set_permissions(&text, fs::Permissions::from_mode(0o755)).expect("set");
        copy(&text, &path);
    }

    /// A command, by nobody where this is root. `PATH` has nothing but the stand-ins.
    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("/usr/bin/setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups", program]);
            command
        } else {
            Command::new(program)
        };
        command.args(arguments).env("PATH", self.0.path()).env("HOME", self.0.path()).env("SHELL", "/bin/sh");
        for directory in ["XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env_remove(directory);
        }
        command
    }

    fn lenscap(&self, arguments: &[&str]) -> Command {
        self.command(self.0.path().join("lenscap").to_str().expect("text"), arguments)
    }

    /// Without a terminal.
    fn run(&self, arguments: &[&str]) -> Output {
        self.lenscap(arguments).stdin(Stdio::null()).output().expect("it starts")
    }

    /// What was printed on a terminal, with this typed there.
    fn on_terminal(&self, arguments: &str, typed: &str) -> String {
        let line = format!("{}/lenscap {arguments}", self.0.path().display());
        let typescript = self.0.path().join("typescript");
        let mut script = self.command("/usr/bin/script", &["--quiet", "--return", "--command", &line]);
        let mut script =
            script.arg(typescript).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        // Kept open: its end would be the terminal's.
        let mut stdin = script.stdin.take().expect("a pipe");
        stdin.write_all(typed.as_bytes()).expect("typed");
        let mut printed = String::new();
        script.stdout.take().expect("a pipe").read_to_string(&mut printed).expect("text");
        script.wait().expect("it ends");
        printed
    }

    /// What the stand-ins were started with, apart from the plan.
    fn asked(&self) -> Vec<String> {
        let asked = fs::read_to_string(self.0.path().join("asked")).unwrap_or_default();
        let path = format!("{}/", self.0.path().display());
        asked.lines().filter(|line| !line.contains(" plan ")).map(|line| line.replace(&path, "")).collect()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn without_a_terminal_nothing_is_done_but_with_yes_and_then_through_the_bus() {
    let world = World::new(true);
    let output = world.run(&["setup", "device"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains(SHOWN) && said.contains("With --yes it is done without a question."), "{said}");
    assert!(world.asked().is_empty());
    let output = world.run(&["setup", "device", "--yes"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(world.asked(), ["lenscap-setup ask device"]);
}

#[test]
fn on_a_terminal_only_a_yes_does_it_through_sudo_or_else_the_bus() {
    if !std::path::Path::new("/usr/bin/script").exists() {
        println!("SKIP setup on a terminal: script is not installed");
        return;
    }
    for typed in ["\n", "n\n", "yo\n", "yes please\n", "\u{4}"] {
        let world = World::new(true);
        let printed = world.on_terminal("setup device", typed);
        assert!(printed.contains(SHOWN) && printed.contains("Nothing was done."), "{typed:?}: {printed}");
        assert!(world.asked().is_empty(), "{typed:?}");
    }
    for typed in ["y\n", "YES\n"] {
        let world = World::new(true);
        let printed = world.on_terminal("setup device", typed);
        assert!(printed.contains("It is set up."), "{printed}");
        assert_eq!(world.asked(), ["sudo -- lenscap-setup do device", "lenscap-setup do device"]);
    }
    let world = World::new(false);
    world.on_terminal("setup device", "y\n");
    assert_eq!(world.asked(), ["lenscap-setup ask device"]);
}

#[test]
fn json_is_for_who_is_not_asked() {
    let world = World::new(true);
    for arguments in [&["setup", "--json"][..], &["setup", "--undo", "--json"]] {
        let output = world.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = text(&output.stderr);
        assert!(said.contains("--print") && said.contains("--yes"), "{said}");
    }
    assert!(world.asked().is_empty());
    for (arguments, key) in [(["setup", "--json", "--print"], "plans"), (["setup", "--json", "--yes"], "reports")] {
        let (status, printed) = output_of(&mut world.lenscap(&arguments));
        let json: serde_json::Value = serde_json::from_slice(&printed).expect("JSON");
        assert!(status.success() && json[key].is_array(), "{json}");
    }
}

#[test]
fn who_reads_the_first_line_alone_makes_no_error() {
    let world = World::new(false);
    for arguments in [["setup", "device", "--print"], ["setup", "device", "--yes"]] {
        let mut command = world.lenscap(&arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut lenscap = command.spawn().expect("it starts");
        drop(lenscap.stdout.take());
        let mut said = String::new();
        lenscap.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
        assert!(lenscap.wait().expect("it ends").success() && said.is_empty(), "{said}");
    }
    assert_eq!(world.asked(), ["lenscap-setup ask device"], "what was asked for is done");
}

#[test]
fn where_there_is_no_bus_it_says_so_and_what_to_do_by_hand() {
    let world = World::new(false);
    // The real one, and a bus that is nowhere.
    let setup = program("lenscap-setup");
    world.script("lenscap-setup", &format!("[ \"$1\" = plan ] && echo '{PLAN}' || exec {} \"$@\"", setup.display()));
    let nowhere = format!("unix:path={}/nowhere", world.0.path().display());
    let mut command = world.lenscap(&["setup", "device", "--yes"]);
    let output = command.env("DBUS_SYSTEM_BUS_ADDRESS", nowhere).stdin(Stdio::null()).output().expect("it starts");
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("nobody who could ask for the password") && said.contains("By hand, as root:"), "{said}");
}

#[test]
fn a_unit_of_the_user_s_is_stopped_by_the_user_and_is_taken_back() {
    const UNIT: &str = "ipu6-camera-daemon.service";
    // Where the file is, how it is stopped, and how that is taken back; with the state that each leaves.
    for (directory, stop, back) in
        [(".config", "disable --now", &["enable", "start"][..]), ("usr/lib", "mask --now", &["unmask", "start"])]
    {
        let world = World::new(false);
        world.script("lenscap-setup", "[ \"$1\" = plan ] && echo '{\"plans\":[{\"verb\":\"'$2'\",\"steps\":[]}]}'");
        let state = |load: &str, file: &str, active: &str| {
            let path = world.0.path().join(directory).join("systemd/user").join(UNIT);
            format!("LoadState={load}\\nUnitFileState={file}\\nActiveState={active}\\nFragmentPath={}", path.display())
        };
        let is_masked = stop.starts_with("mask");
        let stopped =
            if is_masked { state("masked", "masked", "inactive") } else { state("loaded", "disabled", "inactive") };
        let (idle, runs) = (state("loaded", "enabled", "inactive"), state("loaded", "enabled", "active"));
        world.script(
            "systemctl",
            &format!(
                "case $2 in show) read -r said <\"${{0%/*}}/state\" || said='{runs}'; printf \"$said\\n\"; exit;; esac
echo \"$*\" >>\"${{0%/*}}/asked\"
case $2 in disable|mask) said='{stopped}';; enable|unmask) said='{idle}';; start) said='{runs}';; esac
printf '%s\\n' \"$said\" >\"${{0%/*}}/state\""
            ),
        );
        // The window shows it as well.
        let shown = text(&world.run(&["setup", "stop-ipu6-camera-daemon", "--print", "--json"]).stdout);
        let words: Vec<_> =
            format!("systemctl --user {stop} {UNIT}").split(' ').map(|word| format!("\"{word}\"")).collect();
        assert!(shown.contains(&words.join(",")), "{shown}");
        for arguments in [["setup", "stop-ipu6-camera-daemon", "--yes"], ["setup", "--undo", "--yes"]] {
            let output = world.run(&arguments);
            assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
            // Once more there is nothing to do.
            assert!(world.run(&arguments).status.success());
        }
        let expected: Vec<String> =
            std::iter::once(stop).chain(back.iter().copied()).map(|verb| format!("--user {verb} {UNIT}")).collect();
        assert_eq!(world.asked(), expected);
    }
}
