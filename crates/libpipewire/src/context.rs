//! The library's modules, as few as a camera node needs.

use std::ffi::CStr;
use std::ptr::{NonNull, null, null_mut};
use std::rc::Rc;

use crate::CallError;
use crate::dict::new_properties;
use crate::ffi;
use crate::main_loop::MainLoop;

/// The protocol; nodes that live in this process; and, from 1.x on, what turns a stream into one (without it: `ENOENT`,
/// "no adapter factory found"; facts: pipewire). client.conf would load the real-time module, the profiler and more.
const MODULES: [&CStr; 3] =
    [c"libpipewire-module-protocol-native", c"libpipewire-module-client-node", c"libpipewire-module-adapter"];

/// What connections are made from; survives them.
pub struct Context {
    pub(crate) main_loop: Rc<MainLoop>,
    pub(crate) raw: NonNull<ffi::Context>,
}

impl Context {
    /// A context without a file of settings. `properties` are said of this process to the server, as
    /// `application.name`.
    ///
    /// # Errors
    /// The library's error: a module is not installed.
    pub fn new(main_loop: &Rc<MainLoop>, properties: &[(&str, &str)]) -> Result<Rc<Self>, CallError> {
        let functions = &main_loop.library.functions;
        let properties = new_properties(functions, &[&[("config.name", "null")], properties].concat());
        // SAFETY: the loop is there and outlives the context; the properties are handed over.
        let raw = unsafe { (functions.pw_context_new)(main_loop.raw.as_ptr(), properties, 0) };
        let raw = NonNull::new(raw).ok_or_else(|| CallError::last("pw_context_new"))?;
        let this = Self { main_loop: main_loop.clone(), raw };
        for module in MODULES {
            // SAFETY: a name that ends in a zero; null stands for "no arguments" and "no properties".
            let loaded =
                unsafe { (functions.pw_context_load_module)(raw.as_ptr(), module.as_ptr(), null(), null_mut()) };
            if loaded.is_null() {
                return Err(CallError::last(module.to_str().unwrap_or("pw_context_load_module")));
            }
        }
        Ok(Rc::new(this))
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: no connection is left: each keeps its context.
        unsafe { (self.main_loop.library.functions.pw_context_destroy)(self.raw.as_ptr()) };
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Context")
    }
}
