//! A node that gives pictures out of memory of ours.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::fd::{AsFd, AsRawFd};
use std::ptr::{NonNull, null_mut};
use std::rc::Rc;
use std::time::Duration;

use crate::CallError;
use crate::core::Core;
use crate::dict::new_properties;
use crate::ffi::{self, Meta, MetaHeader, StreamBuffer, StreamEvents};
use crate::library::Functions;
use crate::listener::Listener;
use crate::memory::Memory;
use crate::pod::Pod;
use crate::video::{Video, buffers, format, header};

/// How far the node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamState {
    /// Not in the graph: not yet, or the server is gone.
    Apart,
    /// In the graph; nobody takes pictures. Also while a reader's wrong format has put the node into an error, from which it
    /// recovers with the next reader by itself.
    Paused,
    /// Somebody takes pictures: the truth, in this world.
    Streaming,
}

/// What became of a picture.
#[derive(Debug)]
pub enum Queued {
    /// Readers get it.
    Yes,
    /// Nobody streams, or no buffer lies over this slot.
    NotWanted,
    /// The picture that was in this slot before is still under way.
    Busy,
    /// The library does not take this picture, and may take the next one. Which buffers are through with the graph stands in
    /// memory that other processes write to: one may be handed out twice, and is taken once (EINVAL; seen on 0.3.65 and 1.4.2
    /// as a reader came while the machine was very busy).
    Refused(CallError),
}

/// The node.
pub struct Stream {
    core: Rc<Core>,
    raw: NonNull<ffi::Stream>,
    node: Listener<Node>,
    size: u32,
    stride: i32,
}

/// A buffer of the library's over a slot of ours; null where there is none.
#[derive(Debug, Clone, Copy)]
struct Slot {
    buffer: *mut StreamBuffer,
    /// Handed to us to be filled.
    is_free: bool,
}

struct Node {
    functions: &'static Functions,
    raw: Cell<*mut ffi::Stream>,
    is_negotiated: Cell<bool>,
    /// Whether readers get our memory; else the server's, into which pictures are copied.
    lends: bool,
    slots: RefCell<Vec<Slot>>,
    memory: RefCell<Memory>,
    /// How many buffers, with what about each picture: said once a format is agreed on.
    parameters: [Pod; 2],
    error: RefCell<Option<Vec<u8>>>,
}

static EVENTS: StreamEvents = StreamEvents {
    version: 2,
    destroy: None,
    state_changed: Some(on_state),
    control_info: None,
    io_changed: None,
    param_changed: Some(on_parameter),
    add_buffer: Some(on_add_buffer),
    remove_buffer: Some(on_remove_buffer),
    process: None,
    drained: None,
    command: None,
    trigger_done: None,
};

impl Stream {
    /// A node with these properties, which gives pictures out of this memory. `name` is what the stream is called, not the
    /// node: that is in the properties.
    ///
    /// # Errors
    /// The library's error.
    pub fn new(
        core: &Rc<Core>,
        name: &str,
        properties: &[(&str, &str)],
        memory: Memory,
        video: &Video,
    ) -> Result<Self, CallError> {
        let functions = core.functions();
        let name = CString::new(name).unwrap_or_default();
        let properties = new_properties(functions, properties);
        // SAFETY: the connection outlives the stream; the name is copied; the properties are handed over.
        let raw = unsafe { (functions.pw_stream_new)(core.raw.as_ptr(), name.as_ptr(), properties) };
        let raw = NonNull::new(raw).ok_or_else(|| CallError::last("pw_stream_new"))?;
        let none = Slot { buffer: null_mut(), is_free: false };
        let node = Listener::new(Node {
            functions,
            raw: Cell::new(raw.as_ptr()),
            is_negotiated: Cell::new(false),
            lends: functions.can_lend_memory(),
            slots: RefCell::new(vec![none; memory.slots as usize]),
            parameters: [buffers(&memory, video), header()],
            memory: RefCell::new(memory),
            error: RefCell::default(),
        });
        let stride = i32::try_from(video.stride).unwrap_or(i32::MAX);
        let this = Self { core: core.clone(), raw, node, size: video.size, stride };
        let memory = match this.node.state().lends {
            true => ffi::STREAM_FLAG_ALLOC_BUFFERS,
            false => ffi::STREAM_FLAG_MAP_BUFFERS,
        };
        let flags = ffi::STREAM_FLAG_DRIVER | ffi::STREAM_FLAG_NO_CONVERT | memory;
        let format = format(video);
        let mut parameters = [format.as_ptr()];
        // SAFETY: the hook and the state stay until the hook is taken out in `drop`; the format is copied during the call.
        let result = unsafe {
            let (hook, data) = (this.node.hook(), this.node.data());
            (functions.pw_stream_add_listener)(raw.as_ptr(), hook, &raw const EVENTS, data);
            let connect = functions.pw_stream_connect;
            connect(raw.as_ptr(), ffi::DIRECTION_OUTPUT, ffi::ID_ANY, flags, parameters.as_mut_ptr(), 1)
        };
        CallError::check("pw_stream_connect", result)?;
        Ok(this)
    }

    /// How far it is.
    pub fn state(&self) -> StreamState {
        const ERROR: c_int = -1;
        const PAUSED: c_int = 2;
        const STREAMING: c_int = 3;
        // Asked, not heard: of a reader whose format was refused the library says "error" with no change of its state, and may
        // say so when the next reader streams already (`proxy_error` in its stream.c).
        // SAFETY: the stream is there; null stands for "no text of the error".
        match unsafe { (self.core.functions().pw_stream_get_state)(self.raw.as_ptr(), null_mut()) } {
            STREAMING => StreamState::Streaming,
            PAUSED | ERROR => StreamState::Paused,
            _ => StreamState::Apart,
        }
    }

    /// Whether a reader's format is agreed on: from before it streams until the last one is gone (5 s longer on 0.3).
    pub fn is_negotiated(&self) -> bool {
        self.node.state().is_negotiated.get()
    }

    /// Whether readers get our memory; the server's, into which pictures are copied, before 0.3.85.
    pub fn lends_memory(&self) -> bool {
        self.node.state().lends
    }

    /// Its number in the graph, while it is there; another one after each connection.
    pub fn id(&self) -> Option<u32> {
        // SAFETY: the stream is there.
        let id = unsafe { (self.core.functions().pw_stream_get_node_id)(self.raw.as_ptr()) };
        (id != ffi::ID_ANY && self.state() != StreamState::Apart).then_some(id)
    }

    /// How many slots have a buffer over them, which readers have mapped: those from 0 on. Pictures go into one after the
    /// other of these, round and round.
    pub fn buffers(&self) -> u32 {
        let slots = self.node.state().slots.borrow();
        let count = slots.iter().take_while(|slot| !slot.buffer.is_null()).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Other memory for the next readers, of the same slots; whether it was taken: not while a buffer lies over the present one.
    pub fn replace_memory(&self, memory: Memory) -> bool {
        let node = self.node.state();
        let mut present = node.memory.borrow_mut();
        let is_alike = (memory.slots, memory.slot_size) == (present.slots, present.slot_size);
        let is_free = node.slots.borrow().iter().all(|slot| slot.buffer.is_null());
        if is_alike && is_free {
            *present = memory;
        }
        is_alike && is_free
    }

    /// What the library said last of the node's being in an error; not cleaned.
    pub fn take_error(&self) -> Option<Vec<u8>> {
        self.node.state().error.take()
    }

    /// Hands the picture in this slot to whoever streams. `time` is of `CLOCK_MONOTONIC`; it and `sequence` have to grow from
    /// picture to picture: a reader without them takes all for one (facts: pipewire).
    pub fn queue(&self, slot: u32, time: Duration, sequence: u64) -> Queued {
        self.try_queue(slot, time, sequence).unwrap_or_else(Queued::Refused)
    }

    fn try_queue(&self, slot: u32, time: Duration, sequence: u64) -> Result<Queued, CallError> {
        let node = self.node.state();
        if self.state() != StreamState::Streaming {
            return Ok(Queued::NotWanted);
        }
        self.take_free_buffers();
        let buffer = match node.slots.borrow_mut().get_mut(slot as usize) {
            Some(slot) if !slot.buffer.is_null() => match std::mem::take(&mut slot.is_free) {
                true => slot.buffer,
                false => null_mut(),
            },
            _ => return Ok(Queued::NotWanted),
        };
        if buffer.is_null() {
            // Without a beat nothing that waits in the graph would ever come back.
            self.give_the_beat()?;
            return Ok(Queued::Busy);
        }
        let pts = i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        // SAFETY: the library gave the buffer with `add_buffer`, has not taken it back with `remove_buffer`, and has handed it
        // to us to be filled. Its parts are the library's or other processes' memory: written, and nothing is read but what
        // the library itself set up.
        unsafe {
            let inner = &*(*buffer).buffer;
            if !node.lends && inner.n_datas > 0 {
                let (to, size) = ((*inner.datas).data, self.size);
                if !to.is_null() && size <= (*inner.datas).max_size {
                    node.memory.borrow().copy(slot, to.cast(), size as usize);
                }
            }
            if inner.n_datas > 0 && !(*inner.datas).chunk.is_null() {
                let chunk = (*inner.datas).chunk;
                (*chunk).offset = 0;
                (*chunk).size = self.size;
                (*chunk).stride = self.stride;
                (*chunk).flags = 0;
            }
            if let Some(header) = find_header(inner) {
                header.write(MetaHeader { flags: 0, offset: 0, pts, dts_offset: 0, seq: sequence });
            }
            (*buffer).size = 1;
        }
        let functions = self.core.functions();
        // SAFETY: as above; it is the library's again from here on.
        let result = unsafe { (functions.pw_stream_queue_buffer)(self.raw.as_ptr(), buffer) };
        CallError::check("pw_stream_queue_buffer", result)?;
        self.give_the_beat()?;
        Ok(Queued::Yes)
    }

    /// Runs the graph once, where it is ours to run: of two nodes that could give the beat only one does, and which may change
    /// at any time.
    fn give_the_beat(&self) -> Result<(), CallError> {
        let functions = self.core.functions();
        // SAFETY: the stream is there.
        let result = unsafe {
            match (functions.pw_stream_is_driving)(self.raw.as_ptr()) {
                true => (functions.pw_stream_trigger_process)(self.raw.as_ptr()),
                false => 0,
            }
        };
        CallError::check("pw_stream_trigger_process", result)
    }

    /// Takes all buffers that are through with the graph: they come in the order of their end, and are wanted by slot.
    fn take_free_buffers(&self) {
        let node = self.node.state();
        let most = node.slots.borrow().len();
        for _ in 0..most {
            // SAFETY: the stream is there.
            let buffer = unsafe { (self.core.functions().pw_stream_dequeue_buffer)(self.raw.as_ptr()) };
            if buffer.is_null() {
                break;
            }
            let mut slots = node.slots.borrow_mut();
            if let Some(slot) = slots.iter_mut().find(|slot| slot.buffer == buffer) {
                slot.is_free = true;
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.node.unlink();
        // SAFETY: ours, made in `new`, destroyed once. Its buffers' memory stays open until the listener is dropped, after
        // this.
        unsafe { (self.core.functions().pw_stream_destroy)(self.raw.as_ptr()) };
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("state", &self.state()).finish_non_exhaustive()
    }
}

/// Where the time and number of a picture go.
///
/// # Safety
/// `buffer` is one that the library set up.
unsafe fn find_header(buffer: &ffi::Buffer) -> Option<*mut MetaHeader> {
    let metas: &[Meta] = match buffer.n_metas {
        0 => &[],
        // SAFETY: a buffer has as many as it says.
        count => unsafe { std::slice::from_raw_parts(buffer.metas, count as usize) },
    };
    let fits = |meta: &&Meta| {
        meta.kind == ffi::META_HEADER && meta.size as usize >= size_of::<MetaHeader>() && !meta.data.is_null()
    };
    metas.iter().find(fits).map(|meta| meta.data.cast())
}

/// The state behind a callback's `data`.
///
/// # Safety
/// `data` is that of a listener which is still in its list.
unsafe fn node<'a>(data: *mut c_void) -> &'a Node {
    // SAFETY: as promised.
    unsafe { &*data.cast::<Node>() }
}

unsafe extern "C" fn on_state(data: *mut c_void, _: c_int, _: c_int, error: *const c_char) {
    // SAFETY: called for a listener in the list.
    let node = unsafe { node(data) };
    if !error.is_null() {
        // SAFETY: a text that ends in a zero, valid during the call.
        let error = unsafe { CStr::from_ptr(error) };
        node.error.replace(Some(error.to_bytes().to_vec()));
    }
}

unsafe extern "C" fn on_parameter(data: *mut c_void, id: u32, parameter: *const ffi::Pod) {
    if id != ffi::PARAM_FORMAT {
        return;
    }
    // SAFETY: called for a listener in the list.
    let node = unsafe { node(data) };
    node.is_negotiated.set(!parameter.is_null());
    if !parameter.is_null() {
        let mut parameters = node.parameters.each_ref().map(Pod::as_ptr);
        // SAFETY: the stream is the one that calls; the parameters are copied during the call, and nothing of the state is
        // borrowed that a callback could want.
        unsafe { (node.functions.pw_stream_update_params)(node.raw.get(), parameters.as_mut_ptr(), 2) };
    }
}

unsafe extern "C" fn on_add_buffer(data: *mut c_void, buffer: *mut StreamBuffer) {
    // SAFETY: called for a listener in the list.
    let node = unsafe { node(data) };
    let mut slots = node.slots.borrow_mut();
    // There are never more than was asked for; one without memory would be refused by the library.
    let Some((index, slot)) = slots.iter_mut().enumerate().find(|(_, slot)| slot.buffer.is_null()) else { return };
    if !node.lends {
        *slot = Slot { buffer, is_free: false };
        return;
    }
    // SAFETY: a new buffer with room for what it is over; the structures are the library's, for us to fill in.
    unsafe {
        let inner = &*(*buffer).buffer;
        if inner.n_datas == 0 || inner.datas.is_null() {
            return;
        }
        let part = &mut *inner.datas;
        part.kind = ffi::DATA_MEM_FD;
        part.flags = ffi::DATA_FLAG_READABLE;
        let memory = node.memory.borrow();
        part.fd = i64::from(memory.fd.as_fd().as_raw_fd());
        // `Memory::new` saw to it that this fits.
        part.map_offset = memory.slot_size * u32::try_from(index).unwrap_or(0);
        part.max_size = memory.slot_size;
        part.data = null_mut();
    }
    *slot = Slot { buffer, is_free: false };
}

unsafe extern "C" fn on_remove_buffer(data: *mut c_void, buffer: *mut StreamBuffer) {
    // SAFETY: called for a listener in the list.
    let node = unsafe { node(data) };
    if let Some(slot) = node.slots.borrow_mut().iter_mut().find(|slot| slot.buffer == buffer) {
        *slot = Slot { buffer: null_mut(), is_free: false };
    }
    if !node.lends {
        return;
    }
    // SAFETY: the buffer is there until the callback returns. What is not cleared would be taken for the library's.
    unsafe {
        let inner = &*(*buffer).buffer;
        if inner.n_datas > 0 && !inner.datas.is_null() {
            (*inner.datas).fd = -1;
            (*inner.datas).data = null_mut();
        }
    }
}
