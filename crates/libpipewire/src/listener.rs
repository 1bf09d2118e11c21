//! A hook of ours in a list of the library's, with what its callbacks write to.

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::ptr::{NonNull, null, null_mut};

use crate::ffi::{Hook, List, Proxy};
use crate::library::Functions;

/// The hook and the state lie at one address until drop. Callbacks get the state's address and read it as `&S`: whatever
/// changes in it is in cells, of which nothing is borrowed while the library is called.
pub(crate) struct Listener<S> {
    inner: NonNull<Inner<S>>,
}

struct Inner<S> {
    hook: UnsafeCell<Hook>,
    state: S,
}

impl<S> Listener<S> {
    pub(crate) fn new(state: S) -> Self {
        let hook = Hook {
            link: List { next: null_mut(), prev: null_mut() },
            functions: null(),
            data: null_mut(),
            removed: None,
            private: null_mut(),
        };
        let inner = Box::new(Inner { hook: UnsafeCell::new(hook), state });
        // A raw pointer and no box: the library keeps addresses inside, which a box would claim for itself alone.
        Self { inner: NonNull::from(Box::leak(inner)) }
    }

    pub(crate) fn state(&self) -> &S {
        // SAFETY: valid until drop; only ever shared.
        unsafe { &self.inner.as_ref().state }
    }

    /// What the library hands to the callbacks: the state's address.
    pub(crate) fn data(&self) -> *mut c_void {
        std::ptr::from_ref(self.state()).cast_mut().cast()
    }

    /// For the library's `add_listener`; valid until drop.
    pub(crate) fn hook(&self) -> *mut Hook {
        // SAFETY: valid until drop.
        unsafe { self.inner.as_ref().hook.get() }
    }
}

impl<S> Listener<S> {
    /// Has the library report the events of this object, with the state as their data.
    ///
    /// # Safety
    /// `events` is the table of this type of object, stays for ever, and its callbacks take `S`. [`Self::unlink`] is called
    /// before the object is destroyed.
    pub(crate) unsafe fn listen(&self, functions: &Functions, object: NonNull<Proxy>, events: *const c_void) {
        // SAFETY: the hook and the state stay until the hook is taken out, as the caller promises.
        unsafe { (functions.pw_proxy_add_object_listener)(object.as_ptr(), self.hook(), events, self.data()) };
    }

    /// Takes the hook out of its list: no callback comes from here on. To be called before the object is destroyed: the
    /// library takes hooks out of its lists, too, and leaves addresses behind in them that are none any more.
    pub(crate) fn unlink(&self) {
        let hook = self.hook();
        // SAFETY: `spa_hook_remove`: the hook is in a list of an object that is still there, or in none (null); lists are
        // changed on this thread alone.
        unsafe {
            let List { next, prev } = (*hook).link;
            if !prev.is_null() && !next.is_null() {
                (*prev).next = next;
                (*next).prev = prev;
                (*hook).link = List { next: null_mut(), prev: null_mut() };
                if let Some(removed) = (*hook).removed.take() {
                    removed(hook);
                }
            }
        }
    }
}

impl<S> Drop for Listener<S> {
    fn drop(&mut self) {
        self.unlink();
        // SAFETY: the box that was leaked; nobody has its address any more.
        drop(unsafe { Box::from_raw(self.inner.as_ptr()) });
    }
}
