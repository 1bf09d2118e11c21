//! `lenscap pause`: no camera for a time, or until it is resumed.

use lenscap_api::Request;

use super::{Failure, ask};
use crate::cli::PauseArgs;

pub(super) fn run(arguments: &PauseArgs) -> Result<(), Failure> {
    ask(&Request::Pause { seconds: arguments.duration.map(|duration| duration.as_secs()) }, false)
}
