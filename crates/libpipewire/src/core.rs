//! A connection to the server.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;
use std::ptr::{NonNull, null_mut};
use std::rc::Rc;

use crate::CallError;
use crate::context::Context;
use crate::ffi::{self, CoreEvents, CoreMethods, Interface};
use crate::library::Functions;
use crate::listener::Listener;

/// Errors that are kept until somebody asks; later ones are dropped.
const MAX_ERRORS: usize = 64;

/// What the server, or the connection itself, says is wrong.
#[derive(Debug)]
pub struct CoreError {
    /// Which object of this connection; 0 is the connection.
    pub id: u32,
    /// Which error.
    pub error: io::Error,
    /// In the words of the server; not cleaned.
    pub message: Vec<u8>,
}

impl CoreError {
    /// Whether the server is gone. Everything else is about one object, or noise ("unknown resource" after a bound object is
    /// let go of), or a reader's wrong format, after which the next reader is served all the same (facts: pipewire).
    pub fn is_end(&self) -> bool {
        self.id == 0 && self.error.raw_os_error() == Some(libc::EPIPE)
    }
}

/// What [`Core::ask`] asked.
#[derive(Debug, PartialEq, Eq)]
pub struct Question(c_int);

/// The connection; it ends when this is dropped.
pub struct Core {
    context: Rc<Context>,
    pub(crate) raw: NonNull<ffi::Core>,
    heard: Listener<Heard>,
}

/// What the server said of the connection.
#[derive(Default)]
struct Heard {
    errors: RefCell<VecDeque<CoreError>>,
    /// Which question it has answered last.
    answered: Cell<Option<c_int>>,
}

static EVENTS: CoreEvents = CoreEvents {
    version: 0,
    info: None,
    done: Some(on_done),
    ping: None,
    error: Some(on_error),
    remove_id: None,
    bound_id: None,
    add_mem: None,
    remove_mem: None,
};

impl Core {
    /// Connects, without waiting for the server's answer.
    ///
    /// # Errors
    /// The library's error; `EHOSTDOWN` where no server is.
    pub fn connect(context: &Rc<Context>) -> Result<Rc<Self>, CallError> {
        let functions = &context.main_loop.library.functions;
        // SAFETY: the context is there and outlives the connection; null stands for "no properties".
        let raw = unsafe { (functions.pw_context_connect)(context.raw.as_ptr(), null_mut(), 0) };
        let raw = NonNull::new(raw).ok_or_else(|| CallError::last("pw_context_connect"))?;
        let heard = Listener::new(Heard::default());
        // SAFETY: a core begins with its proxy; the events are those of a core, for this state; taken out in `drop`.
        unsafe { heard.listen(functions, raw.cast(), (&raw const EVENTS).cast()) };
        Ok(Rc::new(Self { context: context.clone(), raw, heard }))
    }

    /// The next error.
    pub fn next_error(&self) -> Option<CoreError> {
        self.heard.state().errors.borrow_mut().pop_front()
    }

    /// Asks for an answer, which comes after those to everything that was asked before; see [`Self::has_answered`].
    ///
    /// # Errors
    /// The library's errno: the server is gone.
    pub fn ask(&self) -> Result<Question, CallError> {
        // SAFETY: a core begins with its interface, with the methods of version 0 at least.
        let number = unsafe {
            let interface = self.raw.cast::<Interface>().as_ref();
            ((*interface.functions.cast::<CoreMethods>()).sync)(interface.data, 0, 0)
        };
        CallError::check("pw_core_sync", number)?;
        Ok(Question(number))
    }

    /// Whether this was the last question that was answered.
    pub fn has_answered(&self, question: &Question) -> bool {
        self.heard.state().answered.get() == Some(question.0)
    }

    pub(crate) fn functions(&self) -> &'static Functions {
        &self.context.main_loop.library.functions
    }
}

unsafe extern "C" fn on_error(data: *mut c_void, id: u32, _: c_int, result: c_int, message: *const c_char) {
    // SAFETY: `data` is the state of a listener that is still in the list.
    let heard = unsafe { &*data.cast::<Heard>() };
    let message = match message.is_null() {
        true => Vec::new(),
        // SAFETY: a text that ends in a zero, valid during the call.
        false => unsafe { CStr::from_ptr(message) }.to_bytes().to_vec(),
    };
    let error = CoreError { id, error: io::Error::from_raw_os_error(result.wrapping_neg()), message };
    let mut errors = heard.errors.borrow_mut();
    if error.is_end() {
        errors.push_front(error);
    } else if errors.len() < MAX_ERRORS {
        errors.push_back(error);
    }
}

unsafe extern "C" fn on_done(data: *mut c_void, id: u32, number: c_int) {
    // SAFETY: `data` is the state of a listener that is still in the list.
    let heard = unsafe { &*data.cast::<Heard>() };
    // 0 is the connection; other objects of the library's own ask as well.
    if id == 0 {
        heard.answered.set(Some(number));
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.heard.unlink();
        // SAFETY: nothing made on it is left: each keeps it.
        unsafe { (self.functions().pw_core_disconnect)(self.raw.as_ptr()) };
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Core")
    }
}
