//! What the resident process and the camera process share. No GStreamer: the resident process links this.
//!
//! Both come from the same build, and agree on
//! [`lenscap_sys::install::VERSION`] exactly.

pub mod cards;
pub mod channel;
pub mod heartbeat;
pub mod helper_process;
pub mod keeper;
pub mod pipewire;
pub mod protocol;
