//! `./run` on machines with nothing but a shell and a package manager: what becomes of the compiler, before any package. The
//! package managers, sudo and rustup are stand-ins, which write down what they are asked for; so is what is then run.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lenscap_test_support::process::output_of;

const DEBIAN: &str = "ID=debian\nVERSION_ID=13\n";
const FEDORA: &str = "ID=fedora\n";
const ARCH: &str = "ID=manjaro\nID_LIKE=arch\n";
const SCRIPTS: [&str; 4] = ["run", "scripts/deps.sh", "scripts/system.sh", "scripts/rust.sh"];
const TOOLS: [&str; 12] = ["awk", "cat", "cp", "cut", "dirname", "env", "grep", "head", "sed", "sh", "sort", "tr"];

/// What packages are for, as apt-get, dnf and pacman have it: `packages/NAME` holds the programs of a package.
const INSTALL: &str = r#"
[ ! -e "$WORLD/offline" ] || exit 100
for name; do [ ! -d "$WORLD/packages/$name" ] || cp "$WORLD/packages/$name"/* "$WORLD/bin"; done"#;
const APT: &str = r#"case "$*" in
  *--simulate*) [ ! -e "$WORLD/bin/rustc" ] || echo "Remv rustc [1.85]"; exit ;;
  indextargets*) [ ! -e "$WORLD/lists" ] || echo there; exit ;;
  *update) [ -e "$WORLD/offline" ] || : >"$WORLD/lists" ;;
esac"#;
/// Everything but the compiler is there; rustup is a package, which apt knows once it has lists.
const STAND_INS: [(&str, &str); 6] = [
    ("apt-cache", r#"[ ! -e "$WORLD/lists" ] || [ ! -d "$WORLD/packages/rustup" ] || echo "  Candidate: 1.27""#),
    ("dpkg-query", r#"shift 3; for name; do echo "installed $name"; done"#),
    ("rpm", "exit 0"),
    ("xargs", "exit 0"),
    ("id", r#"cat "$WORLD/uid""#),
    ("rustup", r#"[ "$1" != toolchain ] || { [ ! -e "$WORLD/offline" ] && cp "$WORLD"/toolchain/* "$WORLD/bin"; }"#),
];

struct Machine(tempfile::TempDir);

impl Machine {
    /// As root, with the network, without any compiler.
    fn new(distribution: &str) -> Self {
        let machine = Self(tempfile::tempdir().expect("a directory"));
        let ours = Path::new(env!("CARGO_MANIFEST_DIR"));
        for script in SCRIPTS.iter().chain(&["Cargo.toml"]) {
            fs::create_dir_all(machine.at("checkout/scripts")).expect("made");
            fs::copy(ours.join(script), machine.at("checkout").join(script)).expect("a script of ours");
        }
        fs::create_dir(machine.at("bin")).expect("made");
        for tool in TOOLS {
            let path =
                std::env::split_paths("/usr/bin:/bin").map(|directory| directory.join(tool)).find(|path| path.exists());
            symlink(path.unwrap_or_else(|| panic!("{tool} is everywhere")), machine.at("bin").join(tool))
                .expect("made");
        }
        machine.file("os-release", distribution);
        machine.file("uid", "0\n");
        for (name, does) in STAND_INS {
            let directory = if name == "rustup" { "packages/rustup" } else { "bin" };
            machine.program(&format!("{directory}/{name}"), does);
        }
        machine.program("bin/apt-get", &format!("{APT}{INSTALL}"));
        machine.program("bin/dnf", INSTALL);
        machine.program("bin/pacman", INSTALL);
        machine.rust("toolchain", "1.92.0");
        machine.rust("packages/rust", "1.96.0");
        machine.program("checkout/scripts/run.sh", "echo \"the main job: $*\"");
        machine
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// A script that writes down its name and its arguments, and then does this.
    fn program(&self, path: &str, does: &str) {
        self.file(path, &format!("#!/bin/sh\necho \"${{0##*/}} $*\" >>\"$WORLD/asked\"\n{does}\n"));
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(0o755)).expect("ours");
    }

    /// A compiler in this directory.
    fn rust(&self, directory: &str, version: &str) {
        for name in ["rustc", "cargo"] {
            self.program(&format!("{directory}/{name}"), &format!("echo {name} {version} '(a stand-in)'"));
        }
    }

    fn take(&self, path: &str) {
        fs::remove_file(self.at(path)).expect("it was there");
    }

    /// `./run` with these arguments; whether it went through, and all that was said.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        self.said(Command::new("/bin/sh").arg(self.at("checkout/run")).args(arguments).stdin(Stdio::null()))
    }

    /// `./run` on a terminal, where somebody types this.
    fn run_on_terminal(&self, typed: &str) -> Option<(bool, String)> {
        let has_script = Command::new("script").arg("--version").output().is_ok();
        if !has_script {
            println!("SKIP the question on a terminal: script is not installed (util-linux)");
            return None;
        }
        self.file("typed", typed);
        let typed = fs::File::open(self.at("typed")).expect("a file");
        let run = format!("/bin/sh {}", self.at("checkout/run").display());
        Some(self.said(Command::new("/usr/bin/script").args(["-qec", &run, "/dev/null"]).stdin(typed)))
    }

    fn said(&self, command: &mut Command) -> (bool, String) {
        let said = fs::File::create(self.at("said")).expect("a file");
        let (status, printed) = output_of(
            command
                .env_clear()
                .env("PATH", self.at("bin"))
                .env("HOME", self.at("home"))
                .env("SHELL", "/bin/sh")
                .env("WORLD", self.0.path())
                .env("OS_RELEASE", self.at("os-release"))
                .stderr(said),
        );
        let complaints = fs::read_to_string(self.at("said")).expect("a file");
        (status.success(), format!("{complaints}{}", String::from_utf8_lossy(&printed)))
    }

    /// What the stand-ins were asked for that changes something, a line each.
    fn changes(&self) -> Vec<String> {
        let asked = fs::read_to_string(self.at("asked")).unwrap_or_default();
        let changes = |line: &&str| {
            ["apt-get", "dnf", "pacman", "rustup", "rustup-init"]
                .iter()
                .any(|program| line.split(' ').next() == Some(program))
                && !["--simulate", "indextargets"].iter().any(|look| line.contains(look))
        };
        // apt's options but for those of its verb.
        let matters = |word: &&str| !word.contains("::") && !["-o", "-qq"].contains(word);
        asked
            .lines()
            .filter(changes)
            .map(|line| line.split(' ').filter(matters).collect::<Vec<_>>().join(" "))
            .collect()
    }
}

/// It went through, and these changes were made.
#[track_caller]
fn through(machine: &Machine, arguments: &[&str], changes: &[&str]) {
    let (is_through, said) = machine.run(arguments);
    assert!(is_through && said.contains("the main job: "), "{said}");
    assert_eq!(machine.changes(), changes, "{said}");
}

/// It stopped with this said, and changed nothing but this.
#[track_caller]
fn stopped(machine: &Machine, arguments: &[&str], changes: &[&str], expected: &[&str]) {
    let (is_through, said) = machine.run(arguments);
    assert!(!is_through && !said.contains("the main job"), "{said}");
    for part in expected {
        assert!(said.contains(part), "not said: {part}: {said}");
    }
    assert_eq!(machine.changes(), changes, "{said}");
}

const UPDATE: &str = "apt-get update";
const PACKAGE: &str = "apt-get install --yes --no-install-recommends rustup ca-certificates";
const TOOLCHAIN: [&str; 2] = ["rustup toolchain install --profile minimal 1.92", "rustup override set 1.92"];
/// To look whether there is the package; to install what is newest.
const BY_RUSTUP: [&str; 5] = [UPDATE, UPDATE, PACKAGE, TOOLCHAIN[0], TOOLCHAIN[1]];

#[test]
fn with_a_compiler_nothing_is_asked_or_installed() {
    let machine = Machine::new(DEBIAN);
    machine.rust("bin", "1.92.0");
    through(&machine, &[], &[]);
    // What is not ours goes on to the main job.
    let (_, said) = machine.run(&["--yes", "--cooldown-ms", "10"]);
    assert!(said.ends_with("the main job: --cooldown-ms 10\n"), "{said}");
}

#[test]
fn a_rustup_outside_the_path_is_found_and_goes_before_the_system_s_old_compiler() {
    let machine = Machine::new(DEBIAN);
    machine.rust("bin", "1.85.1");
    machine.rust("home/.cargo/bin", "1.95.0");
    through(&machine, &[], &[]);
}

#[test]
fn debian_s_rustup_brings_the_compiler_once_that_is_agreed_to() {
    let machine = Machine::new(DEBIAN);
    through(&machine, &["--yes"], &BY_RUSTUP);
    // And never again.
    through(&machine, &[], &BY_RUSTUP);
}

#[test]
fn on_a_terminal_the_answer_decides() {
    for (typed, is_through, changes) in
        [("y\n", true, &BY_RUSTUP[..]), ("\n", true, &BY_RUSTUP), ("n\n", false, &[UPDATE])]
    {
        let machine = Machine::new(DEBIAN);
        let Some((went_through, said)) = machine.run_on_terminal(typed) else { return };
        assert!(said.contains("Do that now? [Y/n]"), "{said}");
        assert_eq!(went_through, is_through, "{typed:?}: {said}");
        assert_eq!(machine.changes(), changes, "{typed:?}: {said}");
    }
}

#[test]
fn without_a_terminal_it_says_what_yes_would_do() {
    let machine = Machine::new(DEBIAN);
    stopped(
        &machine,
        &[],
        &[UPDATE],
        &["there is no Rust compiler", "with --yes", "apt install rustup", "toolchain install 1.92"],
    );
}

#[test]
fn what_has_to_go_for_debian_s_rustup_is_said_before() {
    let machine = Machine::new(DEBIAN);
    machine.rust("bin", "1.85.1");
    stopped(&machine, &[], &[UPDATE], &["rustc is 1.85.1", "1.92 or newer", "(which removes rustc)"]);
}

#[test]
fn a_rustup_without_a_compiler_or_with_an_old_one_gets_one_without_a_package() {
    for old in [None, Some("1.80.0")] {
        let machine = Machine::new(DEBIAN);
        fs::copy(machine.at("packages/rustup/rustup"), machine.at("bin/rustup")).expect("copied");
        if let Some(version) = old {
            machine.rust("bin", version);
        }
        through(&machine, &["--yes"], &TOOLCHAIN);
    }
}

#[test]
fn cargo_alone_is_installed_where_it_alone_is_missing() {
    let machine = Machine::new(DEBIAN);
    machine.rust("bin", "1.93.0");
    machine.take("bin/cargo");
    machine.program("packages/cargo/cargo", "echo cargo 1.93.0");
    through(&machine, &["--yes"], &[UPDATE, "apt-get install --yes --no-install-recommends cargo"]);
}

#[test]
fn without_a_package_the_one_next_step_is_rustup_s_line() {
    // Debian 12.
    let machine = Machine::new(DEBIAN);
    fs::remove_dir_all(machine.at("packages/rustup")).expect("it was there");
    stopped(&machine, &["--yes"], &[UPDATE], &["apt install curl ca-certificates, then curl", "https://sh.rustup.rs"]);
    // A distribution that nobody here knows.
    let machine = Machine::new("ID=slackware\n");
    machine.program("bin/curl", "exit 1");
    stopped(&machine, &["--yes"], &[], &["run this again: curl", "https://sh.rustup.rs"]);
}

#[test]
fn without_a_network_it_stops_and_says_so() {
    let machine = Machine::new(DEBIAN);
    fs::copy(machine.at("packages/rustup/rustup"), machine.at("bin/rustup")).expect("copied");
    machine.file("offline", "");
    stopped(&machine, &["--yes"], &TOOLCHAIN[..1], &["could not install Rust 1.92", "network"]);
    machine.take("bin/rustup");
    machine.take("asked");
    stopped(&machine, &["--yes"], &[UPDATE], &["that failed; mend what is said above, or do this as root: apt update"]);
}

#[test]
fn who_is_not_root_goes_through_sudo_or_hears_what_root_has_to_type() {
    let machine = Machine::new(DEBIAN);
    machine.file("uid", "1000\n");
    stopped(&machine, &["--yes"], &[], &["not root, and there is no sudo", "do this as root: apt update"]);
    machine.program("bin/sudo", "exit 1");
    stopped(&machine, &["--yes"], &[], &["that failed; mend what is said above, or do this as root: apt update"]);
    machine.program("bin/sudo", "exec \"$@\"");
    through(&machine, &["--yes"], &BY_RUSTUP);
}

#[test]
fn fedora_s_rustup_is_set_up_first_and_arch_s_rust_needs_none() {
    let fedora = Machine::new(FEDORA);
    fs::remove_dir_all(fedora.at("packages/rustup")).expect("it was there");
    fedora.program("packages/rustup/rustup-init", "cp \"$WORLD/spare/rustup\" \"$WORLD/bin\"");
    fedora.program("spare/rustup", STAND_INS[5].1);
    let set_up = "rustup-init -y --no-modify-path --default-toolchain none";
    through(&fedora, &["--yes"], &["dnf --quiet --assumeyes install rustup", set_up, TOOLCHAIN[0], TOOLCHAIN[1]]);
    through(&Machine::new(ARCH), &["--yes"], &["pacman --sync --needed --noconfirm rust"]);
}

#[test]
fn a_choice_that_overrules_the_new_compiler_is_said() {
    let machine = Machine::new(DEBIAN);
    machine.rust("toolchain", "1.80.0");
    stopped(&machine, &["--yes"], &BY_RUSTUP, &["after that, rustc is 1.80.0 all the same", "rustup show"]);
}
