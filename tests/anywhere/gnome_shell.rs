//! The extension for GNOME's quick settings, run by gjs: what it shows, its side of the bus, and all of it in a stand-in for the
//! Shell. With the real applet: `tests/desktop/applet_cases/gnome_shell.py`.

use std::path::{Path, PathBuf};
use std::process::Command;

const XML: &str = "data/io.github.lenscap.Lenscap.xml";

fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

fn has(program: &str) -> bool {
    let is_there = Command::new(program).arg("--version").output().is_ok();
    if !is_there {
        println!("SKIP GNOME's extension: {program} is not installed (scripts/deps.sh test)");
    }
    is_there
}

/// Runs one of `tests/gnome-shell` on a bus of its own, for two minutes at most.
fn passes(script: &str, arguments: &[&Path]) {
    let mut gjs = Command::new("timeout");
    gjs.args(["120", "dbus-run-session", "--", "gjs", "-m"]).arg(root().join("tests/gnome-shell").join(script));
    // Where the bus looks for services.
    let data = tempfile::tempdir().unwrap();
    gjs.args(arguments).env("LC_ALL", "C.UTF-8").env_remove("LANGUAGE").env("XDG_DATA_HOME", data.path());
    let output = gjs.output().expect("it starts");
    let [said, warned] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(output.status.success() && said.contains(" passed, 0 failed"), "{script}: {said}{warned}");
    assert!(!warned.contains("Gjs-"), "{script}: {warned}");
}

#[test]
fn the_tile_shows_what_is_known_and_hostile_text_as_text() {
    if has("gjs") && has("dbus-run-session") {
        passes("model.js", &[]);
    }
}

#[test]
fn lenscap_may_come_and_go_refuse_and_be_silent() {
    if has("gjs") && has("dbus-run-session") {
        passes("service.js", &[&root().join(XML)]);
    }
}

#[test]
fn the_extension_lives_in_the_shell_and_leaves_nothing_there() {
    if !["gjs", "dbus-run-session", "glib-compile-resources"].into_iter().all(has) {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let resource = scratch.path().join("stand-in.gresource");
    let sources = root().join("tests/gnome-shell/stand-in");
    let compiled = Command::new("glib-compile-resources")
        .arg(format!("--sourcedir={}", sources.display()))
        .arg(format!("--target={}", resource.display()))
        .arg(sources.join("stand-in.gresource.xml"))
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    passes("face.js", &[&root().join(XML), &resource]);
}
