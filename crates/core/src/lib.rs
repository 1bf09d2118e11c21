//! The decisions, without I/O: no clock, no thread, no file. Time is an argument.

pub mod controls;
pub mod event;
pub mod machine;
pub mod mode;
pub mod policy;
pub mod presence;
pub mod refusals;
pub mod restart;
pub mod sandbox;
pub mod source;
pub mod status;
pub mod trouble;
