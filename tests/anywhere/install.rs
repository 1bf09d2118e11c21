//! `make install` and `make uninstall`: exactly the promised files, and all of them gone again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::CommandFactory;
use lenscap_test_support::programs::program;

const ID: &str = "io.github.lenscap.Lenscap";

/// Below PREFIX, the translations and the commands' manual pages apart; `ID` stands for the application's id.
const FILES: &[&str] = &[
    "bin/lenscap",
    "libexec/lenscap/lenscap-applet",
    "libexec/lenscap/lenscap-cards",
    "libexec/lenscap/lenscap-history",
    "libexec/lenscap/lenscap-pipewire",
    "lib/systemd/system/lenscap-device.service",
    "lib/systemd/system/lenscap-further-devices.service",
    "lib/systemd/system/lenscap-setup.service",
    "lib/sysusers.d/lenscap.conf",
    "lib/udev/rules.d/70-lenscap.rules",
    "libexec/lenscap/lenscap-preferences",
    "libexec/lenscap/lenscap-raw-cameras",
    "libexec/lenscap/lenscap-setup",
    "libexec/lenscap/lenscap-worker",
    "share/applications/ID.desktop",
    "share/bash-completion/completions/lenscap",
    "share/dbus-1/interfaces/ID.xml",
    "share/dbus-1/interfaces/io.github.lenscap.Setup1.xml",
    "share/dbus-1/services/ID.service",
    "share/dbus-1/system-services/io.github.lenscap.Setup1.service",
    "share/dbus-1/system.d/io.github.lenscap.Setup1.conf",
    "share/doc/lenscap/CHANGELOG.md",
    "share/doc/lenscap/LICENSE",
    "share/doc/lenscap/README.md",
    "share/doc/lenscap/config.toml",
    "share/doc/lenscap/recipes/Lenscap.qml",
    "share/doc/lenscap/recipes/README.md",
    "share/doc/lenscap/recipes/home-assistant",
    "share/doc/lenscap/recipes/on-air-led",
    "share/doc/lenscap/recipes/waybar.json",
    "share/fish/vendor_completions.d/lenscap.fish",
    "share/gnome-shell/extensions/lenscap@lenscap.github.io/extension.js",
    "share/gnome-shell/extensions/lenscap@lenscap.github.io/indicator.js",
    "share/gnome-shell/extensions/lenscap@lenscap.github.io/metadata.json",
    "share/gnome-shell/extensions/lenscap@lenscap.github.io/model.js",
    "share/gnome-shell/extensions/lenscap@lenscap.github.io/service.js",
    "share/gnome-shell/extensions/lenscap@lenscap.github.io/text.js",
    "share/gnome-shell/extensions/lenscap@lenscap.github.io/words.js",
    "share/icons/hicolor/scalable/apps/ID.svg",
    "share/icons/hicolor/symbolic/apps/ID-asking-symbolic.svg",
    "share/icons/hicolor/symbolic/apps/ID-attention-symbolic.svg",
    "share/icons/hicolor/symbolic/apps/ID-blocked-symbolic.svg",
    "share/icons/hicolor/symbolic/apps/ID-capped-symbolic.svg",
    "share/icons/hicolor/symbolic/apps/ID-cooldown-symbolic.svg",
    "share/icons/hicolor/symbolic/apps/ID-live-symbolic.svg",
    "share/icons/hicolor/symbolic/apps/ID-paused-symbolic.svg",
    "share/icons/hicolor/symbolic/apps/ID-starting-symbolic.svg",
    "share/lenscap/ID-autostart.desktop",
    "share/man/man1/lenscap.1",
    "share/man/man8/lenscap-applet.8",
    "share/man/man8/lenscap-cards.8",
    "share/man/man8/lenscap-history.8",
    "share/man/man8/lenscap-pipewire.8",
    "share/man/man8/lenscap-preferences.8",
    "share/man/man8/lenscap-programs.8",
    "share/man/man8/lenscap-raw-cameras.8",
    "share/man/man8/lenscap-setup.8",
    "share/man/man8/lenscap-worker.8",
    "share/metainfo/ID.metainfo.xml",
    "share/polkit-1/actions/io.github.lenscap.setup.policy",
    "share/systemd/user/lenscap.service",
    "share/wireplumber/main.lua.d/51-lenscap.lua",
    "share/wireplumber/wireplumber.conf.d/51-lenscap.conf",
    "share/zsh/site-functions/_lenscap",
];

/// What the tests were built with stands in for the release build.
fn programs() -> PathBuf {
    program("lenscap").parent().expect("a directory").to_owned()
}

/// What `make build` makes beside the programs.
fn made_beside(programs: &Path, directory: &Path) {
    let done =
        Command::new(programs.join("lenscap-xtask")).arg(directory).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let done = done.expect("the program was built");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// `make TARGET` with these variables.
fn make(target: &str, destination: &Path, variables: &[(&str, &Path)]) -> Output {
    Command::new("make")
        .arg("--silent")
        .arg(target)
        .arg(format!("DESTDIR={}", destination.display()))
        .arg("PREFIX=/opt/cap")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .envs(variables.iter().copied())
        .args(variables.iter().map(|(name, value)| format!("{name}={}", value.display())))
        .output()
        .expect("make starts")
}

fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Paths of all files below, relative to it.
fn files(root: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left = vec![root.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                left.push(path);
            } else {
                found.insert(path.strip_prefix(root).expect("below").to_string_lossy().into_owned());
            }
        }
    }
    found
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn can_run() -> bool {
    for tool in ["make", "msgfmt"] {
        if !has(tool) {
            println!("SKIP make install: {tool} is not installed (scripts/deps.sh build)");
            return false;
        }
    }
    true
}

#[test]
fn install_puts_the_promised_files_and_uninstall_removes_exactly_these() {
    if !can_run() {
        return;
    }
    let root = tempfile::tempdir().expect("a directory");
    let prefix = root.path().join("opt/cap");
    // Somebody else's, in the same directories.
    let others =
        ["share/applications/other.desktop", "share/icons/hicolor/symbolic/apps/other-symbolic.svg", "bin/other"];
    for other in others {
        let path = prefix.join(other);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, "not ours").expect("written");
    }
    let (programs, beside) = (programs(), tempfile::tempdir().expect("a directory"));
    made_beside(&programs, beside.path());
    let made = |target: &str| {
        succeeded(&make(target, root.path(), &[("RELEASE", &programs), ("MADE", beside.path())]));
    };
    made("install");
    let mut expected: BTreeSet<String> = FILES.iter().map(|file| file.replace("ID", ID)).collect();
    expected.extend(others.map(str::to_owned));
    let languages = include_str!("../../po/LINGUAS").split_whitespace();
    expected.extend(languages.map(|language| format!("share/locale/{language}/LC_MESSAGES/lenscap.mo")));
    let lenscap = lenscap::cli::Cli::command();
    let commands = lenscap.get_subcommands().map(clap::Command::get_name);
    expected.extend(commands.map(|command| format!("share/man/man1/lenscap-{command}.1")));
    assert_eq!(files(&prefix), expected);

    // Paths in files are those of the installed system, not of the package's build.
    let read = |file: &str| fs::read_to_string(prefix.join(file.replace("ID", ID))).expect("a file");
    for file in ["share/dbus-1/services/ID.service", "share/systemd/user/lenscap.service"] {
        let text = read(file);
        assert!(text.contains("=/opt/cap/bin/lenscap --gapplication-service"), "{file}: {text}");
        assert!(!text.contains('@'), "{file}: {text}");
    }
    for file in ["lenscap-device.service", "lenscap-further-devices.service", "lenscap-setup.service"] {
        let text = read(&format!("lib/systemd/system/{file}"));
        assert!(text.contains("=/opt/cap/libexec/lenscap/lenscap-setup "), "{file}: {text}");
    }
    // Translated; that each text is, is the translations' test.
    for (file, text) in [
        ("share/applications/ID.desktop", "\nName[de]=Kamera pausieren"),
        ("share/lenscap/ID-autostart.desktop", "\nComment[de]=Die Kamera bleibt aus"),
        ("share/metainfo/ID.metainfo.xml", "<caption xml:lang=\"de\">"),
    ] {
        assert!(read(file).contains(text), "{file}: {}", read(file));
    }
    assert!(read("share/bash-completion/completions/lenscap").contains("--cooldown-ms"));
    let installed = |argument: &str| {
        let mut lenscap = Command::new(prefix.join("bin/lenscap"));
        lenscap.arg(argument).env("LANGUAGE", "en").output().expect("starts")
    };
    succeeded(&installed("--version"));
    // A package of its own in some distributions.
    fs::remove_file(prefix.join("libexec/lenscap/lenscap-preferences")).expect("it was there");
    assert_eq!(
        String::from_utf8_lossy(&installed("preferences").stderr),
        "lenscap: Lenscap's window is not installed: install the package lenscap-preferences.\n"
    );

    // Twice is as good as once.
    made("install");
    made("uninstall");
    assert_eq!(files(&prefix), others.map(str::to_owned).into());
    for directory in [
        "libexec/lenscap",
        "share/lenscap",
        "share/doc/lenscap",
        "share/gnome-shell/extensions/lenscap@lenscap.github.io",
    ] {
        assert!(!prefix.join(directory).exists(), "{directory} is left");
    }
    made("uninstall");
}

#[test]
fn where_nothing_was_built_install_says_so_and_puts_nothing() {
    if !can_run() {
        return;
    }
    let (root, nothing) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let programs = programs();
    let target = "aarch64-unknown-linux-gnu";
    let built_for_another = nothing.path().join(target).join("release/lenscap");
    for (variables, missing) in [
        (vec![("CARGO_TARGET_DIR", nothing.path())], nothing.path().join("release/lenscap")),
        (vec![("CARGO_TARGET_DIR", nothing.path()), ("CARGO_BUILD_TARGET", Path::new(target))], built_for_another),
        // The programs alone are not all.
        (
            vec![("CARGO_TARGET_DIR", nothing.path()), ("RELEASE", programs.as_path())],
            nothing.path().join("release/installed/share/bash-completion/completions/lenscap"),
        ),
    ] {
        let refused = make("install", root.path(), &variables);
        assert!(!refused.status.success());
        let said = String::from_utf8_lossy(&refused.stderr);
        let expected = format!("There is nothing to install yet ({} is missing): run make build", missing.display());
        assert_eq!(said.lines().next(), Some(expected.as_str()));
        assert_eq!(files(root.path()), BTreeSet::new());
        assert_eq!(files(nothing.path()), BTreeSet::new());
    }
}
