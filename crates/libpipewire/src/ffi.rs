//! The library's structures, as its headers have them. Names as there, without their prefixes.

use std::ffi::{c_char, c_int, c_void};

/// What the library keeps to itself.
macro_rules! opaque {
    ($($name:ident)*) => { $(#[repr(C)] pub(crate) struct $name { _private: [u8; 0] })* };
}
opaque! { Context Core Stream Properties Proxy Module Pod }

#[repr(C)]
pub(crate) struct Loop {
    pub system: *mut c_void,
    pub inner: *mut c_void,
    pub control: *mut Interface,
    pub utils: *mut c_void,
}

/// `spa_interface`: how every object begins whose methods are called.
#[repr(C)]
pub(crate) struct Interface {
    pub name: *const c_char,
    pub version: u32,
    pub functions: *const c_void,
    pub data: *mut c_void,
}

#[repr(C)]
pub(crate) struct LoopControlMethods {
    pub version: u32,
    pub get_fd: unsafe extern "C" fn(*mut c_void) -> c_int,
    pub add_hook: unsafe extern "C" fn(*mut c_void, *mut Hook, *const c_void, *mut c_void),
    pub enter: unsafe extern "C" fn(*mut c_void),
    pub leave: unsafe extern "C" fn(*mut c_void),
    pub iterate: unsafe extern "C" fn(*mut c_void, c_int) -> c_int,
}

#[repr(C)]
pub(crate) struct CoreMethods {
    pub version: u32,
    pub add_listener: *const c_void,
    pub hello: *const c_void,
    pub sync: unsafe extern "C" fn(*mut c_void, u32, c_int) -> c_int,
    pub pong: *const c_void,
    pub error: *const c_void,
    pub get_registry: unsafe extern "C" fn(*mut c_void, u32, usize) -> *mut Proxy,
}

#[repr(C)]
pub(crate) struct RegistryMethods {
    pub version: u32,
    pub add_listener: *const c_void,
    pub bind: unsafe extern "C" fn(*mut c_void, u32, *const c_char, u32, usize) -> *mut Proxy,
}

#[repr(C)]
pub(crate) struct List {
    pub next: *mut List,
    pub prev: *mut List,
}

#[repr(C)]
pub(crate) struct Hook {
    pub link: List,
    pub functions: *const c_void,
    pub data: *mut c_void,
    pub removed: Option<unsafe extern "C" fn(*mut Hook)>,
    pub private: *mut c_void,
}

#[repr(C)]
pub(crate) struct DictItem {
    pub key: *const c_char,
    pub value: *const c_char,
}

#[repr(C)]
pub(crate) struct Dict {
    pub flags: u32,
    pub count: u32,
    pub items: *const DictItem,
}

/// A callback that is not wanted.
pub(crate) type Unused = Option<unsafe extern "C" fn()>;

#[repr(C)]
pub(crate) struct CoreEvents {
    pub version: u32,
    pub info: Unused,
    pub done: Option<unsafe extern "C" fn(*mut c_void, u32, c_int)>,
    pub ping: Unused,
    pub error: Option<unsafe extern "C" fn(*mut c_void, u32, c_int, c_int, *const c_char)>,
    pub remove_id: Unused,
    pub bound_id: Unused,
    pub add_mem: Unused,
    pub remove_mem: Unused,
}

#[repr(C)]
pub(crate) struct RegistryEvents {
    pub version: u32,
    pub global: Option<unsafe extern "C" fn(*mut c_void, u32, u32, *const c_char, u32, *const Dict)>,
    pub global_remove: Option<unsafe extern "C" fn(*mut c_void, u32)>,
}

#[repr(C)]
pub(crate) struct LinkEvents {
    pub version: u32,
    pub info: Option<unsafe extern "C" fn(*mut c_void, *const LinkInfo)>,
}

#[repr(C)]
pub(crate) struct LinkInfo {
    pub id: u32,
    pub output_node: u32,
    pub output_port: u32,
    pub input_node: u32,
    pub input_port: u32,
    pub change_mask: u64,
    pub state: c_int,
    pub error: *const c_char,
    pub format: *const Pod,
    pub props: *const Dict,
}

#[repr(C)]
pub(crate) struct ClientEvents {
    pub version: u32,
    pub info: Option<unsafe extern "C" fn(*mut c_void, *const ClientInfo)>,
    pub permissions: Unused,
}

#[repr(C)]
pub(crate) struct ClientInfo {
    pub id: u32,
    pub change_mask: u64,
    pub props: *const Dict,
}

#[repr(C)]
pub(crate) struct NodeMethods {
    pub version: u32,
    pub add_listener: *const c_void,
    pub subscribe_params: *const c_void,
    pub enum_params: unsafe extern "C" fn(*mut c_void, c_int, u32, u32, u32, *const Pod) -> c_int,
}

#[repr(C)]
pub(crate) struct NodeEvents {
    pub version: u32,
    pub info: Option<unsafe extern "C" fn(*mut c_void, *const NodeInfo)>,
    pub param: Option<unsafe extern "C" fn(*mut c_void, c_int, u32, u32, u32, *const Pod)>,
}

/// `pw_node_info`; there is more behind.
#[repr(C)]
pub(crate) struct NodeInfo {
    pub id: u32,
    pub max_input_ports: u32,
    pub max_output_ports: u32,
    pub change_mask: u64,
    pub n_input_ports: u32,
    pub n_output_ports: u32,
    pub state: c_int,
    pub error: *const c_char,
    pub props: *const Dict,
}

#[repr(C)]
pub(crate) struct StreamEvents {
    pub version: u32,
    pub destroy: Unused,
    pub state_changed: Option<unsafe extern "C" fn(*mut c_void, c_int, c_int, *const c_char)>,
    pub control_info: Unused,
    pub io_changed: Unused,
    pub param_changed: Option<unsafe extern "C" fn(*mut c_void, u32, *const Pod)>,
    pub add_buffer: Option<unsafe extern "C" fn(*mut c_void, *mut StreamBuffer)>,
    pub remove_buffer: Option<unsafe extern "C" fn(*mut c_void, *mut StreamBuffer)>,
    pub process: Unused,
    pub drained: Unused,
    pub command: Unused,
    pub trigger_done: Unused,
}

/// `pw_buffer`; later versions have more behind.
#[repr(C)]
pub(crate) struct StreamBuffer {
    pub buffer: *mut Buffer,
    pub user_data: *mut c_void,
    pub size: u64,
    pub requested: u64,
}

#[repr(C)]
pub(crate) struct Buffer {
    pub n_metas: u32,
    pub n_datas: u32,
    pub metas: *mut Meta,
    pub datas: *mut Data,
}

#[repr(C)]
pub(crate) struct Meta {
    pub kind: u32,
    pub size: u32,
    pub data: *mut c_void,
}

#[repr(C)]
pub(crate) struct MetaHeader {
    pub flags: u32,
    pub offset: u32,
    pub pts: i64,
    pub dts_offset: i64,
    pub seq: u64,
}

#[repr(C)]
pub(crate) struct Data {
    pub kind: u32,
    pub flags: u32,
    pub fd: i64,
    pub map_offset: u32,
    pub max_size: u32,
    pub data: *mut c_void,
    pub chunk: *mut Chunk,
}

#[repr(C)]
pub(crate) struct Chunk {
    pub offset: u32,
    pub size: u32,
    pub stride: i32,
    pub flags: i32,
}

pub(crate) const META_HEADER: u32 = 1;
pub(crate) const DATA_MEM_FD: u32 = 2;
pub(crate) const DATA_FLAG_READABLE: u32 = 1;
pub(crate) const PARAM_ENUM_FORMAT: u32 = 3;
pub(crate) const PARAM_FORMAT: u32 = 4;
pub(crate) const DIRECTION_OUTPUT: c_int = 1;
pub(crate) const ID_ANY: u32 = u32::MAX;
pub(crate) const STREAM_FLAG_MAP_BUFFERS: u32 = 1 << 2;
pub(crate) const STREAM_FLAG_DRIVER: u32 = 1 << 3;
pub(crate) const STREAM_FLAG_NO_CONVERT: u32 = 1 << 5;
pub(crate) const STREAM_FLAG_ALLOC_BUFFERS: u32 = 1 << 8;
/// `PW_VERSION_REGISTRY`, `PW_VERSION_NODE`, `PW_VERSION_LINK`, `PW_VERSION_CLIENT`.
pub(crate) const VERSION: u32 = 3;
