//! The VM suite: everything against real kernels, real modules and real clients, in a virtual machine.
//!
//! All tests that need the machine are here, marked `#[ignore = "kernel tier: runs in tests/vm"]`: elsewhere they are reported as
//! ignored, never as passed. `tests/vm/suite` is the table that says for each in which cells it runs, which modules it finds
//! loaded and how long it may take; `tests/vm/matrix.sh` runs them, one process a test.
//!
//! | module | what |
//! |---|---|
//! | [`kernel`] | the relay with v4l2loopback and vivid, as users have it |
//! | [`detect`] | who has a node open and who streams |
//! | [`controls`], [`cameras`] | `lenscap controls` and `lenscap cameras` with a real driver |
//! | [`worker`] | the camera process alone |
//! | [`uvcam`] | the USB camera made of software, alone |
//! | [`wire`] | when a USB camera is on, by what it is asked on the wire |
//! | [`pipewire`] | the camera in PipeWire beside the loopback's node |
//! | [`truth`] | USB cameras that programs use past the relay; random sequences of everything |
//! | [`unit`] | the systemd unit |
//! | [`chromium`] | Chromium at the node |

mod cameras;
mod chromium;
mod controls;
mod detect;
mod kernel;
mod machine;
mod pipewire;
mod pulse;
mod truth;
mod unit;
mod uvcam;
mod wire;
mod worker;
