//! The loop that the library's own work runs in; the caller's loop watches its descriptor.

use std::os::fd::{AsFd, BorrowedFd};
use std::ptr::NonNull;
use std::rc::Rc;
use std::time::Duration;

use crate::CallError;
use crate::ffi::{Loop, LoopControlMethods};
use crate::library::Library;

/// A loop without a thread of its own.
pub struct MainLoop {
    pub(crate) library: &'static Library,
    pub(crate) raw: NonNull<Loop>,
}

impl MainLoop {
    /// A loop for the calling thread.
    ///
    /// # Errors
    /// The library's error: no descriptors, or no plugins of its own.
    pub fn new(library: &'static Library) -> Result<Rc<Self>, CallError> {
        // SAFETY: null stands for "no properties".
        let raw = unsafe { (library.functions.pw_loop_new)(std::ptr::null()) };
        let raw = NonNull::new(raw).ok_or_else(|| CallError::last("pw_loop_new"))?;
        let this = Self { library, raw };
        this.control(|methods, data| {
            // SAFETY: the loop's own data; the thread is the one that iterates, since this type stays on it.
            unsafe { (methods.enter)(data) }
        });
        Ok(Rc::new(this))
    }

    /// Does what is due, without waiting; to be called when the descriptor is readable.
    ///
    /// # Errors
    /// The library's errno.
    pub fn iterate(&self) -> Result<(), CallError> {
        self.wait(Duration::ZERO)
    }

    /// Does what is due once there is something, or nothing after so long.
    ///
    /// # Errors
    /// The library's errno.
    pub(crate) fn wait(&self, limit: Duration) -> Result<(), CallError> {
        // At most a millisecond more, rather than a loop that does not wait.
        let milliseconds = i32::try_from(limit.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
        // SAFETY: entered on this thread; the callbacks write to queues only and never iterate.
        let result = self.control(|methods, data| unsafe { (methods.iterate)(data, milliseconds) });
        match result {
            result if result == -libc::EINTR => Ok(()),
            result => CallError::check("pw_loop_iterate", result),
        }
    }

    fn control<T>(&self, call: impl FnOnce(&LoopControlMethods, *mut std::ffi::c_void) -> T) -> T {
        // SAFETY: the loop has its control interface, with the methods of version 0 at least, as long as it lives.
        let (methods, data) = unsafe {
            let control = &*self.raw.as_ref().control;
            (&*control.functions.cast::<LoopControlMethods>(), control.data)
        };
        call(methods, data)
    }
}

impl AsFd for MainLoop {
    /// Readable when [`Self::iterate`] has something to do.
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the loop's own data.
        let fd = self.control(|methods, data| unsafe { (methods.get_fd)(data) });
        // SAFETY: the loop's epoll descriptor, open as long as the loop.
        unsafe { BorrowedFd::borrow_raw(fd) }
    }
}

impl Drop for MainLoop {
    fn drop(&mut self) {
        self.control(|methods, data| {
            // SAFETY: entered once, by this thread.
            unsafe { (methods.leave)(data) }
        });
        // SAFETY: nothing is left in it: what is made on it keeps it.
        unsafe { (self.library.functions.pw_loop_destroy)(self.raw.as_ptr()) };
    }
}

impl std::fmt::Debug for MainLoop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MainLoop")
    }
}
