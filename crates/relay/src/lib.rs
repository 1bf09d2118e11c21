//! The resident part of Lenscap: who uses the device that programs open, and what it shows them. No GLib, no GStreamer.

pub mod detect;
pub mod output;
pub mod reactor;
