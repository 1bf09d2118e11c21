//! The disposable camera process: one camera and one GStreamer pipeline, from start to stop.
//!
//! Rules:
//! 1. One process per activation, from start to stop: the libraries of camera vendors crash, hang and keep state.
//! 2. It touches no camera before it is ordered to start, and says `Stopped` only when the camera is off.
//! 3. It speaks [`lenscap_wire::protocol`] over a socket whose other end trusts nothing it says.
//! 4. It gives up what it does not need before it loads anything of others ([`sandbox`]).
//! 5. It ends with its parent, by the socket's end and by a death signal, and with a parent that hangs; all that it
//!    started ends with it ([`lenscap_wire::keeper`]).

mod camera;
pub mod child;
mod controls;
mod frames;
mod list_cameras;
mod list_elements;
mod own_stdout;
mod pipeline;
pub mod sandbox;
