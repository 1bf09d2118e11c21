//! The ioctls of controls: query, menus, values, events.

use std::ffi::c_void;
use std::io;
use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::ioctl::{Getter, Opcode, Setter, Updater, opcode};

use super::call::ioctl;
use super::{DQEVENT, RawEvent, RawEventSubscription, SUBSCRIBE_EVENT, V, text};

/// `V4L2_CTRL_FLAG_DISABLED`.
pub const FLAG_DISABLED: u32 = 0x0001;
/// `V4L2_CTRL_FLAG_GRABBED`.
pub const FLAG_GRABBED: u32 = 0x0002;
/// `V4L2_CTRL_FLAG_READ_ONLY`.
pub const FLAG_READ_ONLY: u32 = 0x0004;
/// `V4L2_CTRL_FLAG_INACTIVE`.
pub const FLAG_INACTIVE: u32 = 0x0010;
/// `V4L2_CTRL_FLAG_WRITE_ONLY`.
pub const FLAG_WRITE_ONLY: u32 = 0x0040;
/// `V4L2_CTRL_FLAG_VOLATILE`.
pub const FLAG_VOLATILE: u32 = 0x0080;
/// `V4L2_CTRL_FLAG_HAS_PAYLOAD`.
pub const FLAG_HAS_PAYLOAD: u32 = 0x0100;

/// `V4L2_CTRL_TYPE_INTEGER`.
pub const TYPE_INTEGER: u32 = 1;
/// `V4L2_CTRL_TYPE_BOOLEAN`.
pub const TYPE_BOOLEAN: u32 = 2;
/// `V4L2_CTRL_TYPE_MENU`.
pub const TYPE_MENU: u32 = 3;
/// `V4L2_CTRL_TYPE_BUTTON`.
pub const TYPE_BUTTON: u32 = 4;
/// `V4L2_CTRL_TYPE_INTEGER64`.
pub const TYPE_INTEGER64: u32 = 5;
/// `V4L2_CTRL_TYPE_CTRL_CLASS`: a heading.
pub const TYPE_CLASS: u32 = 6;
/// `V4L2_CTRL_TYPE_STRING`.
pub const TYPE_STRING: u32 = 7;
/// `V4L2_CTRL_TYPE_BITMASK`.
pub const TYPE_BITMASK: u32 = 8;
/// `V4L2_CTRL_TYPE_INTEGER_MENU`.
pub const TYPE_INTEGER_MENU: u32 = 9;

/// `V4L2_EVENT_CTRL`.
pub const EVENT_CTRL: u32 = 3;
/// `V4L2_EVENT_CTRL_CH_VALUE`.
pub const CHANGED_VALUE: u32 = 1;
/// `V4L2_EVENT_SUB_FL_ALLOW_FEEDBACK`: our own changes are reported, too.
const ALLOW_FEEDBACK: u32 = 2;

const NEXT_CTRL: u32 = 0x8000_0000;
const NEXT_COMPOUND: u32 = 0x4000_0000;
/// The first user control; private ones follow each other from `PRIVATE_BASE` on.
const CID_BASE: u32 = 0x0098_0900;
const CID_LAST: u32 = CID_BASE + 44;
const PRIVATE_BASE: u32 = 0x0800_0000;
/// More controls than any camera has, arrays included: a driver that never ends its list.
const MAX_CONTROLS: usize = 1024;
/// Longest text taken from a control, its NUL included.
const MAX_STRING: usize = 64 * 1024;

#[repr(C)]
#[derive(Clone, Copy)]
struct RawQueryExt {
    id: u32,
    kind: u32,
    name: [u8; 32],
    minimum: i64,
    maximum: i64,
    step: u64,
    default_value: i64,
    flags: u32,
    elem_size: u32,
    elems: u32,
    nr_of_dims: u32,
    dims: [u32; 4],
    reserved: [u32; 32],
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct RawQuery {
    id: u32,
    kind: u32,
    name: [u8; 32],
    minimum: i32,
    maximum: i32,
    step: i32,
    default_value: i32,
    flags: u32,
    reserved: [u32; 2],
}

#[repr(C, packed)]
#[derive(Clone, Copy)]
struct RawQueryMenu {
    id: u32,
    index: u32,
    /// The name, or in its first eight bytes the number.
    name: [u8; 32],
    reserved: u32,
}

#[repr(C, packed)]
#[derive(Clone, Copy)]
struct RawExtControl {
    id: u32,
    size: u32,
    reserved2: u32,
    value: RawExtValue,
}

#[repr(C, packed)]
#[derive(Clone, Copy)]
union RawExtValue {
    value: i32,
    value64: i64,
    pointer: *mut c_void,
}

#[repr(C)]
struct RawExtControls {
    which: u32,
    count: u32,
    error_idx: u32,
    request_fd: i32,
    reserved: u32,
    controls: *mut RawExtControl,
}

const QUERYCTRL: Opcode = opcode::read_write::<RawQuery>(V, 36);
const QUERYMENU: Opcode = opcode::read_write::<RawQueryMenu>(V, 37);
const G_EXT_CTRLS: Opcode = opcode::read_write::<RawExtControls>(V, 71);
const S_EXT_CTRLS: Opcode = opcode::read_write::<RawExtControls>(V, 72);
const TRY_EXT_CTRLS: Opcode = opcode::read_write::<RawExtControls>(V, 73);
const QUERY_EXT_CTRL: Opcode = opcode::read_write::<RawQueryExt>(V, 103);

const _: () = {
    assert!(size_of::<RawQueryExt>() == 232);
    assert!(size_of::<RawQuery>() == 68);
    assert!(size_of::<RawQueryMenu>() == 44);
    assert!(size_of::<RawExtControl>() == 20);
    if cfg!(target_pointer_width = "64") {
        assert!(size_of::<RawExtControls>() == 32);
    }
};

/// What the driver says of a control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// `V4L2_CID_*`.
    pub id: u32,
    /// `V4L2_CTRL_TYPE_*`.
    pub kind: u32,
    /// Its name.
    pub name: String,
    /// Smallest value; of a text, its length.
    pub minimum: i64,
    /// Largest value; of a text, its length.
    pub maximum: i64,
    /// From one value to the next.
    pub step: u64,
    /// Where it starts.
    pub default: i64,
    /// `V4L2_CTRL_FLAG_*`.
    pub flags: u32,
    /// Bytes of one element.
    pub elem_size: u32,
    /// Elements; more than one: an array.
    pub elems: u32,
}

/// A value as the kernel has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawValue {
    /// Whole number, switch, entry, bits.
    Number(i64),
    /// Text.
    Text(Vec<u8>),
}

/// A change of a control (`struct v4l2_event_ctrl`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Whose.
    pub id: u32,
    /// What: `V4L2_EVENT_CTRL_CH_*`.
    pub changes: u32,
    /// Its type.
    pub kind: u32,
    /// Its value, where it is a number.
    pub value: i64,
    /// Its flags.
    pub flags: u32,
    /// Smallest value.
    pub minimum: i32,
    /// Largest value.
    pub maximum: i32,
    /// From one value to the next.
    pub step: i32,
    /// Where it starts.
    pub default: i32,
}

/// `VIDIOC_QUERY_EXT_CTRL` over all controls, compounds included; `VIDIOC_QUERYCTRL` where the driver has no more.
///
/// # Errors
/// `ENOTTY` when the node has no controls; otherwise the kernel's error.
pub fn query_all(fd: impl AsFd) -> io::Result<Vec<Description>> {
    let fd = fd.as_fd();
    let mut found: Vec<Description> = Vec::new();
    while found.len() < MAX_CONTROLS {
        let last = found.last().map_or(0, |control| control.id);
        match query_next(fd, last) {
            // A driver that does not get on would keep us here for ever.
            Ok(control) if control.id > last => found.push(control),
            Ok(_) | Err(Errno::INVAL) => break,
            Err(Errno::NOTTY) if found.is_empty() => return query_old(fd),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

fn query_next(fd: impl AsFd, last: u32) -> rustix::io::Result<Description> {
    let mut raw = RawQueryExt {
        id: last | NEXT_CTRL | NEXT_COMPOUND,
        kind: 0,
        name: [0; 32],
        minimum: 0,
        maximum: 0,
        step: 0,
        default_value: 0,
        flags: 0,
        elem_size: 0,
        elems: 0,
        nr_of_dims: 0,
        dims: [0; 4],
        reserved: [0; 32],
    };
    // SAFETY: the request reads and writes a structure of exactly this layout; every bit pattern is valid.
    unsafe { ioctl(fd, Updater::<QUERY_EXT_CTRL, RawQueryExt>::new(&mut raw))? };
    Ok(Description {
        id: raw.id,
        kind: raw.kind,
        name: text(&raw.name),
        minimum: raw.minimum,
        maximum: raw.maximum,
        step: raw.step,
        default: raw.default_value,
        flags: raw.flags,
        elem_size: raw.elem_size,
        elems: raw.elems,
    })
}

fn query_old(fd: impl AsFd) -> io::Result<Vec<Description>> {
    let fd = fd.as_fd();
    let mut found: Vec<Description> = Vec::new();
    while found.len() < MAX_CONTROLS {
        let last = found.last().map_or(0, |control| control.id);
        match query(fd, last | NEXT_CTRL) {
            Ok(control) if control.id > last => found.push(control),
            Ok(_) => break,
            Err(Errno::INVAL) => break,
            Err(error) => return Err(error.into()),
        }
    }
    // The oldest know no "next".
    if found.is_empty() {
        found.extend((CID_BASE..CID_LAST).filter_map(|id| query(fd, id).ok()));
        found.extend((PRIVATE_BASE..).map_while(|id| query(fd, id).ok()).take(256));
    }
    Ok(found)
}

fn query(fd: impl AsFd, id: u32) -> rustix::io::Result<Description> {
    let mut raw = RawQuery { id, ..RawQuery::default() };
    // SAFETY: the request reads and writes a structure of exactly this layout; every bit pattern is valid.
    unsafe { ioctl(fd, Updater::<QUERYCTRL, RawQuery>::new(&mut raw))? };
    Ok(Description {
        id: raw.id,
        kind: raw.kind,
        name: text(&raw.name),
        minimum: raw.minimum.into(),
        maximum: raw.maximum.into(),
        step: u64::try_from(raw.step).unwrap_or(0),
        default: raw.default_value.into(),
        flags: raw.flags,
        elem_size: 4,
        elems: 1,
    })
}

/// `VIDIOC_QUERYMENU`: the entry's name, of an integer menu its number as text. `None` where there is no such entry.
///
/// # Errors
/// The kernel's error.
pub fn menu_entry(fd: impl AsFd, id: u32, index: u32, is_integer: bool) -> io::Result<Option<String>> {
    let mut raw = RawQueryMenu { id, index, name: [0; 32], reserved: 0 };
    // SAFETY: the request reads and writes a structure of exactly this layout; every bit pattern is valid.
    match unsafe { ioctl(fd, Updater::<QUERYMENU, RawQueryMenu>::new(&mut raw)) } {
        Ok(()) if is_integer => {
            let mut number = [0; 8];
            number.copy_from_slice(&raw.name[..8]);
            Ok(Some(i64::from_ne_bytes(number).to_string()))
        }
        Ok(()) => Ok(Some(text(&raw.name))),
        Err(Errno::INVAL) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// `VIDIOC_G_EXT_CTRLS` of one control, which is no array.
///
/// # Errors
/// The kernel's error; `EACCES` of one that cannot be read, `ENODEV` when the camera is gone.
pub fn get(fd: impl AsFd, description: &Description) -> io::Result<RawValue> {
    let mut room = room(description)?;
    let mut control = ext_control(description, RawExtValue { value64: 0 }, &mut room);
    // SAFETY: a text is written into `room`, which outlives the call and is as long as `size` says.
    unsafe { call::<G_EXT_CTRLS>(fd, &mut control)? };
    if !room.is_empty() {
        let end = room.iter().position(|byte| *byte == 0).unwrap_or(room.len());
        room.truncate(end);
        return Ok(RawValue::Text(room));
    }
    let value = control.value;
    // SAFETY: both are plain numbers, of which the kernel has written the one that belongs to the type.
    Ok(RawValue::Number(unsafe {
        match description.kind {
            TYPE_INTEGER64 => value.value64,
            TYPE_BITMASK => i64::from(value.value.cast_unsigned()),
            _ => i64::from(value.value),
        }
    }))
}

/// `VIDIOC_S_EXT_CTRLS` of one control, which is no array.
///
/// # Errors
/// The kernel's error: `ERANGE`, `EINVAL` of a value it does not take, `EACCES` of one that cannot be set, `EBUSY`.
pub fn set(fd: impl AsFd, description: &Description, value: &RawValue) -> io::Result<()> {
    write::<S_EXT_CTRLS>(fd, description, value)
}

/// `VIDIOC_TRY_EXT_CTRLS`: as [`set`], without setting it.
///
/// # Errors
/// As [`set`].
pub fn try_set(fd: impl AsFd, description: &Description, value: &RawValue) -> io::Result<()> {
    write::<TRY_EXT_CTRLS>(fd, description, value)
}

fn write<const REQUEST: Opcode>(fd: impl AsFd, description: &Description, value: &RawValue) -> io::Result<()> {
    let mut room = room(description)?;
    let number = match value {
        RawValue::Number(number) => *number,
        RawValue::Text(text) => {
            // One byte stays for the NUL.
            if text.len() >= room.len() {
                return Err(Errno::RANGE.into());
            }
            room[..text.len()].copy_from_slice(text);
            0
        }
    };
    let value = match description.kind {
        TYPE_INTEGER64 => RawExtValue { value64: number },
        TYPE_BITMASK => {
            RawExtValue { value: u32::try_from(number).map_err(|_| io::Error::from(Errno::RANGE))?.cast_signed() }
        }
        _ => RawExtValue { value: i32::try_from(number).map_err(|_| io::Error::from(Errno::RANGE))? },
    };
    let mut control = ext_control(description, value, &mut room);
    // SAFETY: a text is read from, and may be corrected in, `room`, which outlives the call and is as long as `size`.
    unsafe { call::<REQUEST>(fd, &mut control) }
}

/// Where a text goes; nothing for numbers.
fn room(description: &Description) -> io::Result<Vec<u8>> {
    if description.elems > 1 || (description.kind != TYPE_STRING && description.flags & FLAG_HAS_PAYLOAD != 0) {
        return Err(Errno::INVAL.into());
    }
    let size = if description.kind == TYPE_STRING { description.elem_size as usize } else { 0 };
    if size > MAX_STRING { Err(Errno::NOSPC.into()) } else { Ok(vec![0; size]) }
}

fn ext_control(description: &Description, value: RawExtValue, room: &mut [u8]) -> RawExtControl {
    let (size, value) = match room.len() {
        0 => (0, value),
        size => (u32::try_from(size).unwrap_or(0), RawExtValue { pointer: room.as_mut_ptr().cast() }),
    };
    RawExtControl { id: description.id, size, reserved2: 0, value }
}

/// # Safety
/// Where `control.size` is not 0, its pointer is valid for so many bytes.
unsafe fn call<const REQUEST: Opcode>(fd: impl AsFd, control: &mut RawExtControl) -> io::Result<()> {
    let mut raw = RawExtControls { which: 0, count: 1, error_idx: 0, request_fd: 0, reserved: 0, controls: control };
    // SAFETY: the structure has exactly this layout, and names one control that is valid for the call.
    unsafe { ioctl(fd, Updater::<REQUEST, RawExtControls>::new(&mut raw))? };
    Ok(())
}

/// What a driver may write of the one control that [`call`] names: its value, or the room for its text. `None`: another
/// request.
///
/// # Safety
/// `argument` is the structure that belongs to this request.
#[cfg(any(debug_assertions, fuzzing))]
pub(super) unsafe fn payload<'a>(request: Opcode, argument: *mut c_void) -> Option<&'a mut [u8]> {
    if ![G_EXT_CTRLS, S_EXT_CTRLS, TRY_EXT_CTRLS].contains(&request) {
        return None;
    }
    // SAFETY: the structure names one control; where its size is not 0, its pointer is valid for so many bytes.
    unsafe {
        let control = (*argument.cast::<RawExtControls>()).controls;
        Some(match (*control).size {
            0 => std::slice::from_raw_parts_mut(std::ptr::addr_of_mut!((*control).value).cast(), size_of::<i64>()),
            size => std::slice::from_raw_parts_mut((*control).value.pointer.cast(), size as usize),
        })
    }
}

/// `VIDIOC_SUBSCRIBE_EVENT` to every change of a control, our own included.
///
/// # Errors
/// `EINVAL` when the driver has no such events; otherwise the kernel's error.
pub fn subscribe(fd: impl AsFd, id: u32) -> io::Result<()> {
    let raw = RawEventSubscription { kind: EVENT_CTRL, id, flags: ALLOW_FEEDBACK, ..RawEventSubscription::default() };
    // SAFETY: the request reads a structure of exactly this layout.
    unsafe { ioctl(fd, Setter::<SUBSCRIBE_EVENT, RawEventSubscription>::new(raw))? };
    Ok(())
}

/// `VIDIOC_DQEVENT`; `None` when nothing is pending. The descriptor is non-blocking, and readable with `POLLPRI`.
///
/// # Errors
/// The kernel's error; `ENODEV` when the camera is gone.
pub fn dequeue_change(fd: impl AsFd) -> io::Result<Option<Change>> {
    // SAFETY: the request fills a structure of exactly this layout; every bit pattern is valid.
    match unsafe { ioctl(fd, Getter::<DQEVENT, RawEvent>::new()) } {
        Ok(raw) => Ok(Some(change(&raw))),
        Err(Errno::NOENT | Errno::AGAIN) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The payload: changes, type, value in 64 bits, flags, minimum, maximum, step, default.
fn change(raw: &RawEvent) -> Change {
    let data = raw.payload.data;
    let mut value = [0; 8];
    value[..4].copy_from_slice(&data[2].to_ne_bytes());
    value[4..].copy_from_slice(&data[3].to_ne_bytes());
    let value = match data[1] {
        TYPE_INTEGER64 => i64::from_ne_bytes(value),
        TYPE_BITMASK => i64::from(data[2]),
        _ => i64::from(data[2].cast_signed()),
    };
    Change {
        id: raw.id,
        changes: data[0],
        kind: data[1],
        value,
        flags: data[4],
        minimum: data[5].cast_signed(),
        maximum: data[6].cast_signed(),
        step: data[7].cast_signed(),
        default: data[8].cast_signed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requests_are_the_kernels() {
        assert_eq!(QUERYCTRL as u64, 0xc044_5624);
        assert_eq!(QUERYMENU as u64, 0xc02c_5625);
        assert_eq!(QUERY_EXT_CTRL as u64, 0xc0e8_5667);
        if cfg!(target_pointer_width = "64") {
            assert_eq!(G_EXT_CTRLS as u64, 0xc020_5647);
            assert_eq!(S_EXT_CTRLS as u64, 0xc020_5648);
        }
    }

    #[test]
    fn what_is_no_camera_has_no_controls() {
        let null = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(query_all(&null).unwrap_err().raw_os_error(), Some(Errno::NOTTY.raw_os_error()));
    }
}
