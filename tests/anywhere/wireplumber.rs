//! The rules that keep WirePlumber from listing the device beside our own node: read and understood by the WirePlumber that
//! is installed, on a server of the test's own. No device is needed: whether a device is hidden by them is the VM's to say.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lenscap::engine::Further;

/// Until WirePlumber has read its files: 50 ms where nothing else runs.
const DEADLINE: Duration = Duration::from_secs(20);
/// What it says of a script once all files of `main.lua.d` are read (0.4), and of a section once the script asks for it (0.5).
const READ: [&str; 2] = ["enabling plugin 'script:monitors/v4l2.lua'", "section 'monitor.v4l2.rules' is"];

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The version's first two numbers, as `wireplumber --version` says the library that it has.
fn version() -> Option<(u32, u32)> {
    let output = Command::new("wireplumber").arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = text.split_once("Linked with libwireplumber ")?.1.trim().split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// What it says of this file beside that it reads it.
fn complaints(text: &str, name: &str) -> Vec<String> {
    let of_it = text.lines().filter(|line| line.contains(name));
    of_it.filter(|line| !line.starts_with(['I', 'D'])).map(str::to_owned).collect()
}

/// What WirePlumber says with this rule in the user's directory, up to the deadline or [`READ`].
fn said(root: &Path, directory: &str, name: &str, rule: &str) -> String {
    let path = root.join("config/wireplumber").join(directory);
    fs::create_dir_all(&path).expect("made");
    fs::write(path.join(name), rule).expect("written");
    let log = root.join("log");
    let session = |program: &str| {
        let mut command = Command::new(program);
        let of = |name: &str| root.join(name);
        command
            .env("XDG_RUNTIME_DIR", of("run"))
            .env("XDG_CONFIG_HOME", of("config"))
            .env("XDG_STATE_HOME", of("state"))
            .env("HOME", root)
            // A bus and a server of the test's own: without a bus WirePlumber 0.4.13 ends at once.
            .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", of("bus").display()))
            .env_remove("PIPEWIRE_REMOTE")
            .env_remove("PIPEWIRE_RUNTIME_DIR")
            .env_remove("WIREPLUMBER_CONFIG_DIR")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    fs::create_dir_all(root.join("run")).expect("made");
    fs::set_permissions(root.join("run"), fs::Permissions::from_mode(0o700)).expect("ours");
    let until = Instant::now() + DEADLINE;
    let address = format!("--address=unix:path={}", root.join("bus").display());
    let bus = session("dbus-daemon").args(["--session", "--nofork", &address]).spawn();
    let _bus = Running(bus.expect("dbus-daemon starts"));
    let _server = Running(session("pipewire").spawn().expect("pipewire starts"));
    while !root.join("run/pipewire-0").exists() || !root.join("bus").exists() {
        assert!(Instant::now() < until, "pipewire or the bus has no socket");
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut wireplumber = session("wireplumber");
    wireplumber.env("WIREPLUMBER_DEBUG", "D").stderr(fs::File::create(&log).expect("a log"));
    let _manager = Running(wireplumber.spawn().expect("wireplumber starts"));
    loop {
        let text = String::from_utf8_lossy(&fs::read(&log).expect("a log")).into_owned();
        if READ.iter().any(|sign| text.contains(sign)) || !complaints(&text, name).is_empty() || Instant::now() > until
        {
            return text;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_installed_wireplumber_accepts_the_rule() {
    let version = version();
    let (directory, name) = match version {
        Some((0, 0..=4)) => ("main.lua.d", "51-lenscap.lua"),
        Some(_) => ("wireplumber.conf.d", "51-lenscap.conf"),
        None => {
            println!("SKIP WirePlumber's rules: wireplumber is not installed");
            return;
        }
    };
    for tool in ["pipewire", "dbus-daemon"] {
        if Command::new(tool).arg("--version").output().is_err() {
            println!("SKIP WirePlumber's rules: {tool} is not installed");
            return;
        }
    }
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/wireplumber").join(name);
    let rule = fs::read_to_string(data).expect("the rule");
    let complaints = |text: &str| complaints(text, name);
    let root = tempfile::tempdir().expect("a directory");
    let text = said(root.path(), directory, name, &rule);
    assert!(text.contains(&format!("{directory}/{name}")), "it was not read: {text}");
    assert!(READ.iter().any(|sign| text.contains(sign)), "{text}");
    assert_eq!(complaints(&text), [""; 0]);
    if version == Some((0, 4)) {
        // This test would see a rule that is not understood, and one that comes before the list that it belongs to.
        let root = tempfile::tempdir().expect("a directory");
        let broken = rule.replace("table.insert(", "table.insert)");
        assert_ne!(complaints(&said(root.path(), directory, name, &broken)), [""; 0]);
    }
}

#[test]
fn both_rules_are_about_the_same_devices() {
    let named = |name: &str, property: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/wireplumber").join(name);
        let text = fs::read_to_string(path).expect("the rule");
        let lines = text.lines().filter(|line| line.contains(property));
        lines.map(|line| line.rsplit('"').nth(1).expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let read = |name: &str| named(name, "device.product.name");
    let label = lenscap::config::Settings::default().device.label;
    let further = Further::ALL.map(|further| further.label(&label));
    let own = std::iter::once(label).chain(further);
    let expected: Vec<String> = own.chain(["ipu6".into(), "ipu7".into()]).collect();
    assert_eq!(read("51-lenscap.lua"), expected);
    assert_eq!(read("51-lenscap.conf"), expected);
    for name in ["51-lenscap.lua", "51-lenscap.conf"] {
        assert_eq!(named(name, "cap.driver"), ["isys", "intel-ipu6-isys"], "{name}");
    }
}
