//! Where the programs under test are.
//!
//! `CARGO_BIN_EXE_*` is there for the tests of the package that a program belongs to only; ours are spread over several.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The program under test of this name, or an example as `examples/NAME`: beside the `lenscap` that `LENSCAP_PROGRAM` names
/// (the virtual machine's tests run a copy), else in the target directory of the test that runs.
///
/// Fails where it was not built: `cargo test -p` builds the programs of that package alone, `cargo build --workspace
/// --bins --examples` all of them.
pub fn program(name: &str) -> PathBuf {
    let directory = match std::env::var_os("LENSCAP_PROGRAM") {
        Some(lenscap) => Path::new(&lenscap).parent().map(Path::to_owned).unwrap_or_default(),
        None => target_dir(),
    };
    let program = directory.join(name);
    assert!(program.exists(), "{} was not built: cargo build --workspace --bins --examples", program.display());
    program
}

/// Copies a program that is to be started from there. By a process of its own: what this one has open to write, every process that
/// another test starts meanwhile has open too, until it has become what it is to be, and so long nobody may run it (`ETXTBSY`).
pub fn copy(program: &Path, to: &Path) {
    let copied = Command::new("cp").arg(program).arg(to).status();
    assert!(copied.is_ok_and(|status| status.success()), "{} is not copied", program.display());
}

/// `target/debug`, or wherever the tests' profile puts what it builds: a test's program lies in `deps` below.
pub fn target_dir() -> PathBuf {
    let test = std::env::current_exe().expect("this program");
    test.parent().and_then(Path::parent).expect("a test lies in target/PROFILE/deps").to_owned()
}
