//! System calls that no safe library offers. The compiler forbids unsafe code in every other crate but `libpipewire`.

pub mod clock;
pub mod descendants;
pub mod install;
pub mod locale;
pub mod memfd;
pub mod memory;
pub mod process;
pub mod signals;
pub mod v4l2;
