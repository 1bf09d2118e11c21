//! `lenscap toggle`: pauses where the camera is allowed, resumes where it is paused.

use lenscap_api::Request;

use super::{Failure, ask};

pub(super) fn run() -> Result<(), Failure> {
    // Not only whether it is a terminal: what a desktop starts for a key may have the one that the desktop was started from.
    let stdout = std::io::stdout();
    let is_read = rustix::termios::tcgetpgrp(&stdout).is_ok_and(|foreground| foreground == rustix::process::getpgrp());
    ask(&Request::Toggle { notify: !is_read }, false)
}
