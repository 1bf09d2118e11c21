//! The compiled translations.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory of the catalogues.
pub fn po() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../po")
}

/// All languages that there are.
pub fn languages() -> Vec<String> {
    let list = fs::read_to_string(po().join("LINGUAS")).expect("po/LINGUAS");
    list.split_whitespace().map(str::to_owned).collect()
}

/// A directory with the catalogues of all languages, as gettext looks for them; `None`, and said as skipping `test`, where there is
/// no msgfmt.
pub fn compiled(test: &str) -> Option<tempfile::TempDir> {
    let directory = tempfile::tempdir().expect("a directory");
    for language in languages() {
        let messages = directory.path().join(&language).join("LC_MESSAGES");
        fs::create_dir_all(&messages).expect("a directory");
        let mut compile = Command::new("msgfmt");
        compile.arg("--check").arg("-o").arg(messages.join("lenscap.mo")).arg(po().join(format!("{language}.po")));
        let Ok(output) = compile.output() else {
            println!("SKIP {test}: msgfmt is not installed (scripts/deps.sh build)");
            return None;
        };
        assert!(output.status.success(), "{language}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Some(directory)
}
