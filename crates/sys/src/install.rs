//! What this build is called and where it is: on the session bus, among the desktop's files, and on the disk.
//!
//! Installed, a program is `PREFIX/bin/lenscap` or `PREFIX/libexec/lenscap/NAME`; what belongs to it is below `PREFIX/share`.
//! In a build tree all programs lie in one directory, and `icons` is in one of those above it.

use std::io;
use std::path::{Path, PathBuf};

/// The version of this build; parent and worker must agree on it exactly.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The application's id, as the desktop knows it: the name on the session bus, and of its icons and desktop file.
pub const APP_ID: &str = "io.github.lenscap.Lenscap";

/// Says which version this is where that is all that is asked: for programs of ours that people do not start.
pub fn says_version(program: &str) -> bool {
    let is_asked = std::env::args_os().nth(1).is_some_and(|argument| argument == "--version");
    if is_asked {
        println!("{program} {VERSION}");
    }
    is_asked
}

/// Where its object is on the session bus.
pub const OBJECT_PATH: &str = "/io/github/lenscap/Lenscap";

/// Our programs for users are below the prefix's `bin`, those that they start are in this directory below it.
const LIBEXEC: &str = "libexec/lenscap";

/// Another program of ours: the one beside this one, else the one below the same prefix. Where neither is there, starting
/// what this gives fails with a path to look at.
///
/// # Errors
/// The kernel does not say where this program is.
pub fn program(name: &str) -> io::Result<PathBuf> {
    Ok(program_of(&std::env::current_exe()?, name))
}

fn program_of(own: &Path, name: &str) -> PathBuf {
    let beside = own.parent().map(|directory| directory.join(name));
    let below = |directory: &'static str| prefixes(own).map(move |prefix| prefix.join(directory).join(name));
    let expected = below(LIBEXEC).next();
    let candidates = beside.into_iter().chain(below(LIBEXEC)).chain(below("bin"));
    candidates.clone().find(|path| path.is_file()).or(expected).unwrap_or_else(|| name.into())
}

/// `share` of the prefix; `None` in a build tree.
pub fn share() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    prefixes(&own).map(|prefix| prefix.join("share")).find(|share| has_our_icons(&share.join("icons")))
}

/// Where the translations are, below [`share`]; a system's when they are not there.
pub fn translations() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let below = prefixes(&own).map(|prefix| prefix.join("share/locale")).find(|directory| directory.is_dir());
    below.unwrap_or_else(|| "/usr/share/locale".into())
}

/// Where our icons are, below [`share`] or in a build tree.
pub fn icons() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let in_build_tree = || {
        let above = own.ancestors().skip(1).map(|directory| directory.join("icons"));
        above.into_iter().find(|icons| icons.join("hicolor/index.theme").exists())
    };
    share().map(|share| share.join("icons")).or_else(in_build_tree)
}

/// Whether these are ours, and not just those that every program installs.
fn has_our_icons(icons: &Path) -> bool {
    icons.join(format!("hicolor/symbolic/apps/{APP_ID}-capped-symbolic.svg")).exists()
}

/// What may be the prefix, as `PREFIX/bin/NAME` and as `PREFIX/libexec/lenscap/NAME` say.
fn prefixes(own: &Path) -> impl Iterator<Item = &Path> + Clone {
    own.ancestors().skip(2).take(2)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn programs_are_found_beside_each_other_and_below_one_prefix() {
        let root = std::env::temp_dir().join(format!("lenscap-install-{}", std::process::id()));
        let at = |path: &str| root.join(path);
        let put = |path: &str| {
            fs::create_dir_all(at(path).parent().unwrap()).unwrap();
            fs::write(at(path), "").unwrap();
        };
        assert_eq!(program_of(&at("usr/bin/lenscap"), "lenscap-worker"), at("usr/libexec/lenscap/lenscap-worker"));
        put("usr/bin/lenscap");
        put("usr/libexec/lenscap/lenscap-worker");
        put("build/debug/lenscap-worker");
        for own in ["usr/bin/lenscap", "usr/libexec/lenscap/lenscap-preferences"] {
            assert_eq!(program_of(&at(own), "lenscap-worker"), at("usr/libexec/lenscap/lenscap-worker"), "{own}");
            assert_eq!(program_of(&at(own), "lenscap"), at("usr/bin/lenscap"), "{own}");
        }
        assert_eq!(program_of(&at("build/debug/lenscap"), "lenscap-worker"), at("build/debug/lenscap-worker"));
        fs::remove_dir_all(root).unwrap();
    }
}
