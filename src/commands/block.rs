//! `lenscap block`: programs do not get the camera.

use lenscap_api::Request;

use super::{Failure, ask};
use crate::cli::BlockArgs;

pub(super) fn run(arguments: &BlockArgs) -> Result<(), Failure> {
    ask(&Request::Block { programs: arguments.apps.clone() }, false)
}
