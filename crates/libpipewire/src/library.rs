//! The library itself, found at run time.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

use crate::ffi::{Context, Core, Dict, Hook, Loop, Module, Pod, Properties, Proxy, Stream, StreamBuffer, StreamEvents};

const NAME: &CStr = c"libpipewire-0.3.so.0";
/// Only errors: it says on stderr at every start that a context without a file of settings loads no modules from one.
const LOG_LEVEL: c_int = 1;
/// The library's own variable for its log; who sets it wants to see more.
const LOG_VARIABLE: &str = "PIPEWIRE_DEBUG";

static LIBRARY: OnceLock<Result<Library, LoadError>> = OnceLock::new();

/// Why there is no library.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// It is not installed, or cannot be loaded: in the words of the loader.
    #[error("{0}")]
    NotThere(String),
    /// It lacks a function, by name.
    #[error("libpipewire has no {0}")]
    NoFunction(&'static str),
}

macro_rules! functions {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// Its functions, by their names there.
        pub(crate) struct Functions {
            $(pub $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Functions {
            fn find(handle: *mut c_void) -> Result<Self, LoadError> {
                $(
                    let name = concat!(stringify!($name), "\0");
                    // SAFETY: the handle is that of a loaded library, which is never unloaded; the name ends in a zero.
                    let function = unsafe { libc::dlsym(handle, name.as_ptr().cast()) };
                    if function.is_null() {
                        return Err(LoadError::NoFunction(stringify!($name)));
                    }
                    // SAFETY: the function of this name has this signature in all versions of the ABI 0.3.
                    let $name = unsafe {
                        std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($argument),*) $(-> $result)?>(function)
                    };
                )*
                Ok(Self { $($name),* })
            }
        }
    };
}

functions! {
    pw_get_library_version: fn() -> *const c_char;
    pw_init: fn(*mut c_int, *mut *mut *mut c_char);
    pw_log_set_level: fn(c_int);
    pw_loop_new: fn(*const Dict) -> *mut Loop;
    pw_loop_destroy: fn(*mut Loop);
    pw_properties_new_dict: fn(*const Dict) -> *mut Properties;
    pw_context_new: fn(*mut Loop, *mut Properties, usize) -> *mut Context;
    pw_context_destroy: fn(*mut Context);
    pw_context_load_module: fn(*mut Context, *const c_char, *const c_char, *mut Properties) -> *mut Module;
    pw_context_connect: fn(*mut Context, *mut Properties, usize) -> *mut Core;
    pw_core_disconnect: fn(*mut Core) -> c_int;
    pw_proxy_add_object_listener: fn(*mut Proxy, *mut Hook, *const c_void, *mut c_void);
    pw_proxy_destroy: fn(*mut Proxy);
    pw_stream_new: fn(*mut Core, *const c_char, *mut Properties) -> *mut Stream;
    pw_stream_destroy: fn(*mut Stream);
    pw_stream_add_listener: fn(*mut Stream, *mut Hook, *const StreamEvents, *mut c_void);
    pw_stream_connect: fn(*mut Stream, c_int, u32, u32, *mut *const Pod, u32) -> c_int;
    pw_stream_update_params: fn(*mut Stream, *mut *const Pod, u32) -> c_int;
    pw_stream_get_state: fn(*mut Stream, *mut *const c_char) -> c_int;
    pw_stream_get_node_id: fn(*mut Stream) -> u32;
    pw_stream_dequeue_buffer: fn(*mut Stream) -> *mut StreamBuffer;
    pw_stream_queue_buffer: fn(*mut Stream, *mut StreamBuffer) -> c_int;
    pw_stream_is_driving: fn(*mut Stream) -> bool;
    pw_stream_trigger_process: fn(*mut Stream) -> c_int;
}

/// The loaded library; never unloaded.
pub struct Library {
    pub(crate) functions: Functions,
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Library")
    }
}

impl Functions {
    /// Whether readers may be given memory of ours. Before 0.3.85 the server sometimes hands a reader buffers to which we have
    /// not yet put any (`impl-link: ensure busy_count and busy_id stay in sync`, 5a93d77a, is the mending): the reader gets
    /// pictures without memory. The library has the server's version, or nearly.
    pub(crate) fn can_lend_memory(&self) -> bool {
        // SAFETY: a text that ends in a zero and stays for ever.
        let version = unsafe { CStr::from_ptr((self.pw_get_library_version)()) };
        !is_before(&version.to_string_lossy(), [0, 3, 85])
    }
}

/// Whether a version, as in "0.3.65", is an earlier one; what is no number counts as 0.
fn is_before(version: &str, other: [u32; 3]) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    [0; 3].map(|_| numbers.next().unwrap_or(0)) < other
}

impl Library {
    /// Loads it, the first time; the same one, or the same error, from then on.
    ///
    /// # Errors
    /// It is not installed, or lacks a function.
    pub fn load() -> Result<&'static Self, LoadError> {
        LIBRARY.get_or_init(Self::open).as_ref().map_err(Clone::clone)
    }

    fn open() -> Result<Self, LoadError> {
        // SAFETY: a name that ends in a zero; the library's constructors change nothing of ours.
        let handle = unsafe { libc::dlopen(NAME.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if handle.is_null() {
            // SAFETY: after a failure it gives a text of this thread's, valid until its next call; it is copied at once.
            let text = unsafe {
                let text = libc::dlerror();
                if text.is_null() { NAME.to_owned() } else { CStr::from_ptr(text).to_owned() }
            };
            return Err(LoadError::NotThere(text.to_string_lossy().into_owned()));
        }
        let functions = Functions::find(handle)?;
        // SAFETY: null stands for "no command line"; called once, before anything else of the library.
        unsafe { (functions.pw_init)(std::ptr::null_mut(), std::ptr::null_mut()) };
        if std::env::var_os(LOG_VARIABLE).is_none() {
            // SAFETY: a number only.
            unsafe { (functions.pw_log_set_level)(LOG_LEVEL) };
        }
        Ok(Self { functions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(is_before("0.3.65", [0, 3, 85]) && is_before("0.3.9", [0, 3, 85]) && is_before("", [0, 3, 85]));
        assert!(
            !is_before("0.3.85", [0, 3, 85]) && !is_before("0.3.100", [0, 3, 85]) && !is_before("1.4.2", [0, 3, 85])
        );
    }
}
