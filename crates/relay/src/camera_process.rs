//! The resident process's side of the camera process: starts it, hears it, ends it, and trusts nothing it says ([`host`]).

mod exit_reason;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
mod granted;
pub mod host;
mod private_slots;
mod saved;
mod stderr;
