//! Objects of the graph that say more of themselves than the registry does.

use std::ffi::{c_int, c_void};
use std::ptr::{NonNull, null};
use std::rc::Rc;

use crate::CallError;
use crate::core::Core;
use crate::dict::Properties;
use crate::ffi::{
    self, ClientEvents, ClientInfo, Interface, LinkEvents, LinkInfo, NodeEvents, NodeInfo, NodeMethods, Pod,
};
use crate::format::VideoFormat;
use crate::listener::Listener;
use crate::registry::{Kind, LinkState, RegistryEvent, Seen};

/// A bound object.
pub(crate) struct Followed {
    core: Rc<Core>,
    raw: NonNull<ffi::Proxy>,
    listener: Listener<Object>,
    kind: Kind,
}

/// What the callbacks get.
struct Object {
    id: u32,
    seen: Rc<Seen>,
}

static LINK_EVENTS: LinkEvents = LinkEvents { version: 0, info: Some(on_link) };
static CLIENT_EVENTS: ClientEvents = ClientEvents { version: 0, info: Some(on_client), permissions: None };
static NODE_EVENTS: NodeEvents = NodeEvents { version: 0, info: Some(on_node), param: Some(on_parameter) };

impl Followed {
    /// Listens to an object that was bound as this kind; what it says goes to `seen`.
    pub(crate) fn new(core: &Rc<Core>, raw: NonNull<ffi::Proxy>, id: u32, kind: Kind, seen: &Rc<Seen>) -> Self {
        let events: *const c_void = match kind {
            Kind::Node => (&raw const NODE_EVENTS).cast(),
            Kind::Link => (&raw const LINK_EVENTS).cast(),
            Kind::Client => (&raw const CLIENT_EVENTS).cast(),
        };
        let listener = Listener::new(Object { id, seen: seen.clone() });
        // SAFETY: the events are those of this kind, for this state; taken out in `drop`.
        unsafe { listener.listen(core.functions(), raw, events) };
        Self { core: core.clone(), raw, listener, kind }
    }

    /// Asks a node for its formats.
    pub(crate) fn ask_formats(&self) -> Result<(), CallError> {
        if self.kind != Kind::Node {
            return Ok(());
        }
        // SAFETY: a node begins with its interface, with the methods of version 0 at least; null stands for "no filter".
        let result = unsafe {
            let interface = self.raw.cast::<Interface>().as_ref();
            let enum_params = (*interface.functions.cast::<NodeMethods>()).enum_params;
            enum_params(interface.data, 0, ffi::PARAM_ENUM_FORMAT, 0, u32::MAX, null())
        };
        CallError::check("pw_node_enum_params", result)
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.listener.unlink();
        // SAFETY: ours, bound for this, destroyed once.
        unsafe { (self.core.functions().pw_proxy_destroy)(self.raw.as_ptr()) };
    }
}

impl Object {
    fn push(&self, event: RegistryEvent) {
        self.seen.events.borrow_mut().push_back(event);
    }
}

/// The state behind a callback's `data`.
///
/// # Safety
/// `data` is that of a listener which is still in its list.
unsafe fn object<'a>(data: *mut c_void) -> &'a Object {
    // SAFETY: as promised.
    unsafe { &*data.cast::<Object>() }
}

unsafe extern "C" fn on_link(data: *mut c_void, info: *const LinkInfo) {
    const PAUSED: c_int = 3;
    const ACTIVE: c_int = 4;
    // SAFETY: called for a listener in the list, with a structure that is valid during the call.
    let (link, info) = unsafe { (object(data), &*info) };
    let state = match info.state {
        ACTIVE => LinkState::Active,
        PAUSED => LinkState::Paused,
        _ => LinkState::Other,
    };
    link.push(RegistryEvent::Link { id: link.id, state });
}

unsafe extern "C" fn on_client(data: *mut c_void, info: *const ClientInfo) {
    // SAFETY: called for a listener in the list, with a structure that is valid during the call.
    let (client, info) = unsafe { (object(data), &*info) };
    // SAFETY: a dictionary, or null, valid during the call.
    let properties = unsafe { Properties::read(info.props, client.seen.names) };
    client.push(RegistryEvent::Client { id: client.id, properties });
}

unsafe extern "C" fn on_node(data: *mut c_void, info: *const NodeInfo) {
    // SAFETY: called for a listener in the list, with a structure that is valid during the call.
    let (node, info) = unsafe { (object(data), &*info) };
    // SAFETY: a dictionary, or null, valid during the call.
    let properties = unsafe { Properties::read(info.props, node.seen.names) };
    node.push(RegistryEvent::Node { id: node.id, properties });
}

unsafe extern "C" fn on_parameter(data: *mut c_void, _: c_int, id: u32, _: u32, _: u32, parameter: *const Pod) {
    if id != ffi::PARAM_ENUM_FORMAT {
        return;
    }
    // SAFETY: called for a listener in the list, with a pod, or null, that is valid during the call.
    let (node, format) = unsafe { (object(data), VideoFormat::read(parameter)) };
    if let Some(format) = format {
        node.push(RegistryEvent::Format { id: node.id, format });
    }
}
