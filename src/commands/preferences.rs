//! `lenscap preferences`: the window. It needs no relay: the settings are a file.

use super::{Failure, become_program};

pub(super) fn run(set_up: bool) -> Result<(), Failure> {
    become_program("lenscap-preferences", set_up.then(|| "--set-up".into()).into_iter())
}
