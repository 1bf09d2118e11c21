//! `make install` and `make uninstall`: exactly the promised files, and all of them gone again.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use lenscap_test_support::programs::program;

const ID: &str = "io.github.lenscap.Lenscap";

/// Below PREFIX, the translations apart; `ID` stands for the application's id.
const FILES: &[&str] = &[
    "bin/lenscap",
    "libexec/lenscap/lenscap-applet",
    "libexec/lenscap/lenscap-cards",
    "libexec/lenscap/lenscap-pipewire",
    "lib/systemd/system/lenscap-device.service",
    "lib/systemd/system/lenscap-setup.service",
    "lib/udev/rules.d/70-lenscap.rules",
    "libexec/lenscap/lenscap-preferences",
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
    "share/fish/vendor_completions.d/lenscap.fish",
    "share/icons/hicolor/scalable/apps/ID.svg",
    "share/icons/hicolor/symbolic/apps/ID-attention-symbolic.svg",
    "share/icons/hicolor/symbolic/apps/ID-blocked-symbolic.svg",
    "share/icons/hicolor/symbolic/apps/ID-capped-symbolic.svg",
    "share/icons/hicolor/symbolic/apps/ID-cooldown-symbolic.svg",
    "share/icons/hicolor/symbolic/apps/ID-live-symbolic.svg",
    "share/icons/hicolor/symbolic/apps/ID-paused-symbolic.svg",
    "share/icons/hicolor/symbolic/apps/ID-starting-symbolic.svg",
    "share/lenscap/ID-autostart.desktop",
    "share/man/man1/lenscap.1",
    "share/metainfo/ID.metainfo.xml",
    "share/polkit-1/actions/io.github.lenscap.setup.policy",
    "share/systemd/user/lenscap.service",
    "share/wireplumber/main.lua.d/51-lenscap.lua",
    "share/wireplumber/wireplumber.conf.d/51-lenscap.conf",
    "share/zsh/site-functions/_lenscap",
];

fn make(target: &str, destination: &Path, prefix: &str) -> Output {
    // What the tests were built with stands in for the release build.
    let lenscap = program("lenscap");
    let programs = lenscap.parent().expect("a directory");
    Command::new("make")
        .arg("--silent")
        .arg(target)
        .arg(format!("DESTDIR={}", destination.display()))
        .arg(format!("PREFIX={prefix}"))
        .arg(format!("RELEASE={}", programs.display()))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .output()
        .expect("make starts")
}

fn made(target: &str, destination: &Path, prefix: &str) {
    let output = make(target, destination, prefix);
    assert!(output.status.success(), "make {target}: {}", String::from_utf8_lossy(&output.stderr));
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

#[test]
fn install_puts_the_promised_files_and_uninstall_removes_exactly_these() {
    for tool in ["make", "msgfmt"] {
        if !has(tool) {
            println!("SKIP make install: {tool} is not installed (scripts/deps.sh build)");
            return;
        }
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
    made("install", root.path(), "/opt/cap");
    let mut expected: BTreeSet<String> = FILES.iter().map(|file| file.replace("ID", ID)).collect();
    expected.extend(others.map(str::to_owned));
    let languages = include_str!("../../po/LINGUAS").split_whitespace();
    expected.extend(languages.map(|language| format!("share/locale/{language}/LC_MESSAGES/lenscap.mo")));
    assert_eq!(files(&prefix), expected);

    // Paths in files are those of the installed system, not of the package's build.
    let read = |file: &str| fs::read_to_string(prefix.join(file.replace("ID", ID))).expect("a file");
    for file in ["share/dbus-1/services/ID.service", "share/systemd/user/lenscap.service"] {
        let text = read(file);
        assert!(text.contains("=/opt/cap/bin/lenscap --gapplication-service"), "{file}: {text}");
        assert!(!text.contains('@'), "{file}: {text}");
    }
    for file in ["lenscap-device.service", "lenscap-setup.service"] {
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
    // The worker is found from the installed program.
    let version = Command::new(prefix.join("bin/lenscap")).arg("--version").output().expect("starts");
    assert!(version.status.success());

    // Twice is as good as once.
    made("install", root.path(), "/opt/cap");
    made("uninstall", root.path(), "/opt/cap");
    assert_eq!(files(&prefix), others.map(str::to_owned).into());
    for directory in ["libexec/lenscap", "share/lenscap", "share/doc/lenscap"] {
        assert!(!prefix.join(directory).exists(), "{directory} is left");
    }
    made("uninstall", root.path(), "/opt/cap");
}
