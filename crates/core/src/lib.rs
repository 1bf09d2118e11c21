//! The decisions, without I/O: no clock, no thread, no file. Time is an argument.

#![cfg_attr(test, allow(clippy::disallowed_methods))] // tests have a clock

pub mod app;
pub mod controls;
pub mod detour;
pub mod event;
pub mod history;
pub mod hook;
pub mod location;
pub mod machine;
pub mod mode;
pub mod offer;
pub mod policy;
pub mod presence;
pub mod refusals;
pub mod restart;
pub mod sandbox;
pub mod shortcut;
pub mod source;
pub mod status;
pub mod step;
pub mod trouble;
