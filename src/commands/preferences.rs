//! `lenscap preferences`: the window. It needs no relay: the settings are a file.

use super::{Failure, become_program};

pub(super) fn run() -> Result<(), Failure> {
    become_program("lenscap-preferences", std::iter::empty())
}
