//! `lenscap resume`: allows the camera again, or tries again.

use lenscap_api::Request;

use super::{Failure, ask};

pub(super) fn run() -> Result<(), Failure> {
    ask(&Request::Resume, false)
}
