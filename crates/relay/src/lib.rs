//! The resident part of Lenscap: who uses the device that programs open, what it shows them, and the camera process between.
//! No GLib, no GStreamer.

pub mod camera_process;
mod card_drawing;
pub mod detect;
pub mod engine;
pub mod output;
pub mod pipewire_process;
pub mod reactor;
pub mod server;
