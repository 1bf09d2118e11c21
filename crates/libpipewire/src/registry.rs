//! What is in the server's graph: nodes, links, clients.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::{CStr, c_char, c_void};
use std::ptr::NonNull;
use std::rc::Rc;

use crate::CallError;
use crate::core::Core;
use crate::dict::Properties;
use crate::ffi::{self, CoreMethods, Dict, Interface, RegistryEvents, RegistryMethods};
use crate::followed::Followed;
use crate::format::VideoFormat;
use crate::listener::Listener;

/// Objects followed at once; more are refused.
pub(crate) const MAX_FOLLOWED: usize = 256;

/// The kinds of object that are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something with ports.
    Node,
    /// From a port to a port.
    Link,
    /// A connection to the server.
    Client,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Node, Kind::Link, Kind::Client];

    fn interface(self) -> &'static CStr {
        match self {
            Kind::Node => c"PipeWire:Interface:Node",
            Kind::Link => c"PipeWire:Interface:Link",
            Kind::Client => c"PipeWire:Interface:Client",
        }
    }
}

/// How far a link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// It does not work, or not yet.
    Other,
    /// It could carry something at any moment.
    Paused,
    /// It does.
    Active,
}

/// What happened in the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryEvent {
    /// An object is there.
    Added {
        /// Its number, until it is removed.
        id: u32,
        /// What it is.
        kind: Kind,
        /// What it says of itself.
        properties: Properties,
    },
    /// It is gone.
    Removed {
        /// Its number.
        id: u32,
    },
    /// How far a followed link is.
    Link {
        /// Its number.
        id: u32,
        /// Now.
        state: LinkState,
    },
    /// What a followed client says of itself: more than it did in [`RegistryEvent::Added`].
    Client {
        /// Its number.
        id: u32,
        /// Of the names that were asked for.
        properties: Properties,
    },
    /// What a followed node says of itself: more than it did in [`RegistryEvent::Added`].
    Node {
        /// Its number.
        id: u32,
        /// Of the names that were asked for.
        properties: Properties,
    },
    /// One of the formats of a node that was asked for them.
    Format {
        /// Its number.
        id: u32,
        /// What it can give.
        format: VideoFormat,
    },
}

pub(crate) struct Seen {
    pub(crate) names: &'static [&'static str],
    pub(crate) events: RefCell<VecDeque<RegistryEvent>>,
}

/// Reports the graph, from its present state on.
pub struct Registry {
    core: Rc<Core>,
    raw: NonNull<ffi::Proxy>,
    seen: Listener<Rc<Seen>>,
    followed: RefCell<BTreeMap<u32, Followed>>,
}

static EVENTS: RegistryEvents = RegistryEvents { version: 0, global: Some(on_global), global_remove: Some(on_removed) };

impl Registry {
    /// Asks for the graph. Of the objects' properties, those of these names are read.
    ///
    /// # Errors
    /// The library's error: memory is short.
    pub fn new(core: &Rc<Core>, names: &'static [&'static str]) -> Result<Self, CallError> {
        // SAFETY: a core begins with its interface, with the methods of version 0 at least.
        let raw = unsafe {
            let interface = core.raw.cast::<Interface>().as_ref();
            ((*interface.functions.cast::<CoreMethods>()).get_registry)(interface.data, ffi::VERSION, 0)
        };
        let raw = NonNull::new(raw).ok_or_else(|| CallError::last("pw_core_get_registry"))?;
        let seen = Listener::new(Rc::new(Seen { names, events: RefCell::default() }));
        // SAFETY: the events are those of a registry, for this state; taken out in `drop`.
        unsafe { seen.listen(core.functions(), raw, (&raw const EVENTS).cast()) };
        Ok(Self { core: core.clone(), raw, seen, followed: RefCell::default() })
    }

    /// What happened next.
    pub fn next_event(&self) -> Option<RegistryEvent> {
        let event = self.seen.state().events.borrow_mut().pop_front()?;
        if let RegistryEvent::Removed { id } = event {
            self.followed.borrow_mut().remove(&id);
        }
        Some(event)
    }

    /// From now on, and at once for its present state, reports [`RegistryEvent::Link`], [`RegistryEvent::Client`] or
    /// [`RegistryEvent::Node`] of this object; nothing new where it is followed.
    ///
    /// # Errors
    /// The library's error; `EMFILE` for too many objects.
    pub fn follow(&self, id: u32, kind: Kind) -> Result<(), CallError> {
        let mut followed = self.followed.borrow_mut();
        if followed.contains_key(&id) {
            return Ok(());
        }
        if followed.len() >= MAX_FOLLOWED {
            return CallError::check("pw_registry_bind", -libc::EMFILE);
        }
        // SAFETY: a registry begins with its interface, with the methods of version 0 at least; the name ends in a zero.
        let raw = unsafe {
            let interface = self.raw.cast::<Interface>().as_ref();
            let bind = (*interface.functions.cast::<RegistryMethods>()).bind;
            bind(interface.data, id, kind.interface().as_ptr(), ffi::VERSION, 0)
        };
        let raw = NonNull::new(raw).ok_or_else(|| CallError::last("pw_registry_bind"))?;
        followed.insert(id, Followed::new(&self.core, raw, id, kind, self.seen.state()));
        Ok(())
    }

    /// Reports [`RegistryEvent::Format`] for each format that a followed node has. It may open a device to look.
    ///
    /// # Errors
    /// The library's errno.
    pub fn ask_formats(&self, id: u32) -> Result<(), CallError> {
        self.followed.borrow().get(&id).map_or(Ok(()), Followed::ask_formats)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.followed.borrow_mut().clear();
        self.seen.unlink();
        // SAFETY: ours, made in `new`, destroyed once.
        unsafe { (self.core.functions().pw_proxy_destroy)(self.raw.as_ptr()) };
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Registry")
    }
}

/// The state behind a callback's `data`.
///
/// # Safety
/// `data` is that of a listener which is still in its list.
unsafe fn seen<'a>(data: *mut c_void) -> &'a Seen {
    // SAFETY: as promised.
    unsafe { &*data.cast::<Rc<Seen>>() }
}

unsafe extern "C" fn on_global(
    data: *mut c_void,
    id: u32,
    _: u32,
    interface: *const c_char,
    _: u32,
    properties: *const Dict,
) {
    // SAFETY: called for a listener in the list; the name of the interface is a text that ends in a zero.
    let (seen, interface) = unsafe { (seen(data), CStr::from_ptr(interface)) };
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.interface() == interface) else { return };
    // SAFETY: a dictionary, or null, valid during the call.
    let properties = unsafe { Properties::read(properties, seen.names) };
    seen.events.borrow_mut().push_back(RegistryEvent::Added { id, kind, properties });
}

unsafe extern "C" fn on_removed(data: *mut c_void, id: u32) {
    // SAFETY: called for a listener in the list.
    unsafe { seen(data) }.events.borrow_mut().push_back(RegistryEvent::Removed { id });
}
