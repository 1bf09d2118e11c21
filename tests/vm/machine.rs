//! What the test machine has, whichever test runs: set by `tests/vm/guest-tests.sh` before each.

use std::process::{Command, Stdio};

/// The loopback's node, with the label "Lenscap".
pub const NODE: &str = "/dev/video30";
/// The second node, where a test loads two.
pub const SECOND: &str = "/dev/video31";

/// The loopback module's version, as far as it decides what the module can.
pub fn module() -> (u32, u32) {
    let version = std::env::var("LENSCAP_LOOPBACK").unwrap_or_default();
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// Whether the module was loaded with `exclusive_caps=1`.
pub fn is_exclusive() -> bool {
    std::env::var("LENSCAP_EXCLUSIVE_CAPS").is_ok_and(|caps| caps == "1")
}

/// Whether the module reports who streams.
pub fn has_usage_events() -> bool {
    module() >= (0, 13)
}

/// A command as somebody types it, without quotes.
pub fn command(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().expect("a program"));
    command.args(words).stdin(Stdio::null());
    command
}

/// Neither reads nor prints.
pub fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

/// What it prints; it has to succeed.
pub fn output_of(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {} {error}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// SIGKILL.
pub fn kill(pid: u32) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill").success());
}
