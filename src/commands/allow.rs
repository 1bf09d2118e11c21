//! `lenscap allow`: those who are kept from the camera may have it again.

use lenscap_api::Request;

use super::{Failure, ask};

pub(super) fn run() -> Result<(), Failure> {
    ask(&Request::Allow { programs: Vec::new() }, false)
}
