//! The few functions of `libpipewire-0.3.so.0` that a camera node and a list of cameras need, found at run time, behind a safe interface.
//!
//! Rules:
//! 1. Found with `dlopen`: no headers, no libclang, nothing to install where there is no PipeWire. Weighed against the crate
//!    `pipewire` 0.10.1 (facts: pipewire): that one is the same at run time and 0.5 MB more of memory, brings 49 crates and
//!    libclang to the build, compiles on Debian 12 only with the right feature, and has buffers and their metadata as raw
//!    pointers only: what is unsafe here is unsafe there.
//! 2. What the library calls back only writes down what happened; nothing of the caller's runs inside it. The caller asks
//!    `next_event` after [`MainLoop::iterate`]. So whatever it drops then, nothing of it is in use.
//! 3. Everything keeps what it was made of: a [`Stream`] its [`Core`], that its [`Context`], that its [`MainLoop`].
//! 4. One thread: none of it can be sent to another. The library has a thread of its own for the graph's clock; nothing of
//!    ours runs there.
//! 5. The layouts in `ffi` are the stable ABI of 0.3 (the same program ran on 0.3.65 and 1.4.2 unchanged).

pub mod cameras;
mod context;
mod core;
mod dict;
mod ffi;
mod followed;
mod format;
mod library;
mod listener;
mod main_loop;
mod memory;
mod pod;
mod registry;
mod stream;
mod video;

pub use context::Context;
pub use core::{Core, CoreError, Question};
pub use dict::Properties;
pub use format::{Encoding, VideoFormat};
pub use library::{Library, LoadError};
pub use main_loop::MainLoop;
pub use memory::Memory;
pub use pod::reading::Choice;
pub use registry::{Kind, LinkState, Registry, RegistryEvent};
pub use stream::{Queued, Stream, StreamState};
pub use video::{Pixels, Video};

/// A call that the library refused.
#[derive(Debug, thiserror::Error)]
#[error("{call}: {error}")]
pub struct CallError {
    /// Its name, or the name of what it was to make.
    pub call: &'static str,
    /// The library's errno.
    pub error: std::io::Error,
}

impl CallError {
    /// After a call that sets errno.
    fn last(call: &'static str) -> Self {
        Self { call, error: std::io::Error::last_os_error() }
    }

    /// Of what a call gave back: negative is an errno.
    fn check(call: &'static str, result: i32) -> Result<(), Self> {
        match result {
            0.. => Ok(()),
            _ => Err(Self { call, error: std::io::Error::from_raw_os_error(result.wrapping_neg()) }),
        }
    }
}
