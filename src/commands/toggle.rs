//! `lenscap toggle`: pauses where the camera is allowed, resumes where it is paused.

use lenscap_api::Request;

use super::{Failure, ask};

pub(super) fn run() -> Result<(), Failure> {
    ask(&Request::Toggle, false)
}
