//! Who may import whom, and what the core may know. The rules are the table in `src/lib.rs`.

use std::fs;
use std::path::{Path, PathBuf};

const LOWER: &[&str] =
    &["core", "sys", "distro", "frame", "camera", "config", "detect", "output", "wire", "camera_process"];

/// What each module may name after `crate::`, the crates below it among them. Constants of the crate itself are free.
fn allowed(module: &str) -> Vec<&'static str> {
    match module {
        "cli" | "ipc" => vec!["core", "config", "frame"],
        "ui" => vec!["core", "config", "frame", "camera", "distro"],
        "doctor" => vec!["core", "config", "camera", "autostart", "output"],
        "commands" | "app" | "applet" | "fuzz" => {
            [LOWER, &["commands", "app", "applet", "engine", "cli", "ui", "ipc", "doctor"]].concat()
        }
        "lib" => vec![],
        other => panic!("src/{other} is in no import rule: add it to src/lib.rs and here"),
    }
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).expect("a source directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The top-level module a file belongs to.
fn module_of(root: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(root).expect("below src");
    let first = inside.components().next().expect("a component").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules that the text names after `crate::`, comments left out.
fn named(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1).map(str::to_owned).collect::<Vec<_>>())
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>())
        .filter(|name| name.chars().next().is_some_and(char::is_lowercase))
        .collect()
}

fn violations(module: &str, text: &str) -> Vec<String> {
    let allowed = allowed(module);
    // Everybody may speak the user's language, and clean what comes from outside.
    let is_free = |name: &String| name == "i18n" || name == "text";
    named(text).into_iter().filter(|n| n != module && !is_free(n) && !allowed.contains(&n.as_str())).collect()
}

#[test]
fn no_module_imports_upward() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources(&root) {
        let module = module_of(&root, &file);
        if module == "bin" {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file");
        let wrong = violations(&module, &text);
        assert!(wrong.is_empty(), "{} imports {wrong:?}", file.display());
    }
}

#[test]
fn a_planted_upward_import_is_found() {
    assert_eq!(violations("cli", "use crate::engine::Engine;"), ["engine"]);
    assert_eq!(violations("cli", "    let x = crate::output::Output::new();"), ["output"]);
    assert!(violations("cli", "use crate::sys::memfd; // crate").is_empty());
    assert!(violations("cli", "//! see crate::engine").is_empty());
}

#[test]
fn the_core_knows_no_clock_no_file_no_thread() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/core/src");
    for file in sources(&root) {
        if file.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in
            ["Instant::now", "SystemTime", "std::fs", "std::net", "std::thread", "std::process", "std::env", "println!"]
        {
            assert!(!text.contains(word), "{} uses {word}", file.display());
        }
    }
}
