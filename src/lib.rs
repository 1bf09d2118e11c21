//! Lenscap: an on-demand camera for Linux.
//!
//! One resident process holds a `v4l2loopback` node for ever; a disposable worker process reads the real camera
//! with GStreamer, only while an application streams.
//!
//! # Who may import whom
//!
//! | module | may import |
//! |---|---|
//! | the crate [`text`] | nothing of ours; everybody may use it |
//! | the crate [`sys`], the only one with unsafe code | `text` |
//! | the crate [`core`] | `text`, `i18n` |
//! | the crate [`i18n`] (`lenscap-words`), with [`distro`] in it | `sys`; everybody may use it |
//! | the crate [`autostart`] | `sys`, `i18n` |
//! | the crate [`frame`] (`lenscap-picture`) | `sys`, `i18n` |
//! | the crate [`config`] (`lenscap-settings`) | `core`, `frame` |
//! | the crate [`camera`] (`lenscap-cameras`) | `core` (vocabulary only), `sys`, `frame` |
//! | the crate `lenscap-relay`, with [`camera_process`], [`detect`], [`engine`] and [`output`] in it | `core`, `frame`, `sys`, `camera`, `wire`, `i18n` |
//! | the crate [`wire`] (`lenscap-wire`) | `core` (vocabulary only), `frame`, `sys` |
//! | [`cli`], [`ipc`] | `core`, `config`, `frame` |
//! | [`ui`] | `core`, `config`, `frame`, `camera`, `distro` |
//! | [`doctor`] | `core`, `config`, `camera`, `autostart`, `output` (to find the node) |
//! | [`commands`], [`app`], `applet`, `fuzz` (not installed) | everything |
//!
//! `tests/architecture.rs` scans `use crate::` and fails on an upward import.

pub mod app;
pub(crate) mod applet;
pub mod cli;
pub mod commands;
pub mod doctor;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
pub mod ipc;
pub mod ui;

pub use lenscap_autostart as autostart;
pub use lenscap_relay::{camera_process, detect, engine, output};
pub use lenscap_sys::install::{APP_ID, OBJECT_PATH, VERSION};
pub use lenscap_words::distro;
pub use {lenscap_cameras as camera, lenscap_core as core, lenscap_picture as frame, lenscap_settings as config};
pub use {lenscap_sys as sys, lenscap_text as text, lenscap_wire as wire, lenscap_words as i18n};
