//! `lenscap off`: no camera for those who use it now.

use lenscap_api::Request;

use super::{Failure, ask};

pub(super) fn run() -> Result<(), Failure> {
    ask(&Request::TurnOff, false)
}
