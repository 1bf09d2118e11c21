//! `lenscap allow`: programs may have the camera.

use lenscap_api::Request;

use super::{Failure, ask};
use crate::cli::AllowArgs;

pub(super) fn run(arguments: &AllowArgs) -> Result<(), Failure> {
    ask(&Request::Allow { programs: arguments.apps.clone(), once: arguments.once }, false)
}
