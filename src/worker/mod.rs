//! The disposable camera process and the resident process's side of it.
//!
//! Rules:
//! 1. One process per activation, from start to stop: the libraries of camera vendors crash, hang and keep state.
//! 2. It touches no camera before it is told to start, and says `Stopped` only when the camera is off.
//! 3. It speaks [`protocol`] over a socket whose other end trusts nothing it says ([`host`]).
//! 4. It gives up what it does not need before it loads anything of others ([`sandbox`]).
//! 5. It ends with its parent, by the socket's end and by a death signal, and with a parent that hangs; all that it
//!    started ends with it ([`keeper`]).

mod answer;
pub mod channel;
pub mod child;
mod controls;
mod crop;
mod decoder;
mod delivery;
mod errors;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
mod gate;
mod granted;
mod heartbeat;
pub mod host;
mod intake;
mod jpeg;
pub mod keeper;
mod lay;
mod limiter;
mod listing;
mod negotiate;
mod pipeline;
mod pool;
pub mod protocol;
mod reasons;
pub mod sandbox;
mod saved;
mod sink;
mod sources;
mod stderr;
mod told;
