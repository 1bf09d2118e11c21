//! Our other programs.

use std::path::PathBuf;

use lenscap_sys::install;

/// `lenscap`: ours, else as the path finds it.
pub fn command_line() -> PathBuf {
    install::program("lenscap").ok().filter(|path| path.is_file()).unwrap_or_else(|| "lenscap".into())
}

/// The camera program.
pub fn worker() -> PathBuf {
    install::program("lenscap-worker").unwrap_or_else(|_| "lenscap-worker".into())
}
