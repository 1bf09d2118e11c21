//! Lenscap: an on-demand camera for Linux.
//!
//! One resident process holds a `v4l2loopback` node for ever; a disposable worker process reads the real camera
//! with GStreamer, only while an application streams.
//!
//! The program that people start: command line, headless relay, doctor. What they are made of are crates of their own; which of them
//! may use which is in their `Cargo.toml`, and in `ARCHITECTURE.md`.

pub mod app;
pub mod cli;
pub mod commands;
mod dbus;
pub mod doctor;
pub mod failure;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;

pub use lenscap_autostart as autostart;
pub use lenscap_relay::{camera_process, detect, engine, output};
pub use lenscap_sys::install::{APP_ID, OBJECT_PATH, VERSION};
pub use lenscap_words::distro;
pub use {lenscap_cameras as camera, lenscap_core as core, lenscap_picture as frame, lenscap_settings as config};
pub use {lenscap_sys as sys, lenscap_text as text, lenscap_wire as wire, lenscap_words as i18n};
