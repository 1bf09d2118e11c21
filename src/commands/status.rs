//! `lenscap status`: whether the camera is on, and who uses it.

use lenscap_api::Request;

use super::{Failure, ask};
use crate::cli::StatusArgs;

pub(super) fn run(arguments: &StatusArgs) -> Result<(), Failure> {
    ask(if arguments.watch { &Request::Watch } else { &Request::Status }, arguments.json)
}
