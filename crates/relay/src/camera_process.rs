//! The resident process's side of the camera process: starts it, hears it, ends it, and trusts nothing it says ([`host`]).

#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
mod granted;
pub mod host;
mod reasons;
mod saved;
mod stderr;
