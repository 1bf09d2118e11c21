//! The only unsafe code: system calls that no safe library offers. Imports nothing of ours.

pub mod clock;
pub mod descendants;
pub mod locale;
pub mod memfd;
pub mod memory;
pub mod process;
pub mod signals;
pub mod v4l2;
