//! v4l2loopback's control device, which makes and removes nodes; `v4l2loopback.h`.

use std::io;
use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::ioctl::{IntegerSetter, Opcode, opcode};

use super::call::ioctl;

#[repr(C)]
#[derive(Clone, Copy)]
struct RawLoopbackConfig {
    output_nr: i32,
    unused: i32,
    card_label: [u8; 32],
    min_width: u32,
    max_width: u32,
    min_height: u32,
    max_height: u32,
    max_buffers: i32,
    max_openers: i32,
    debug: i32,
    announce_all_caps: i32,
}

/// The control device's requests since 0.15.
const LOOPBACK_ADD: Opcode = opcode::write::<RawLoopbackConfig>(b'~', 1);
const LOOPBACK_REMOVE: Opcode = opcode::write::<u32>(b'~', 2);
/// The same before, which 0.15 still takes as "legacy".
const LOOPBACK_ADD_LEGACY: Opcode = 0x4C80;
const LOOPBACK_REMOVE_LEGACY: Opcode = 0x4C81;
/// The module's own limit (`MAX_BUFFERS`). 0.15.0 does not hold to it here: with more it writes beyond its array, in the kernel.
const MAX_BUFFERS: u32 = 32;

const _: () = assert!(size_of::<RawLoopbackConfig>() == 72);

/// What to ask the loopback's control device for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopbackConfig {
    /// The node's label; at most 31 bytes are kept.
    pub label: String,
    /// Buffers to allocate; 32 at most are asked for.
    pub max_buffers: u32,
    /// Whether the node shows CAPTURE only while it has a writer; Chrome lists no other camera.
    pub exclusive_caps: bool,
}

/// Adds a loopback device through `/dev/v4l2loopback` and returns the number of its node.
///
/// # Errors
/// The kernel's error.
pub fn loopback_add(control: impl AsFd, config: &LoopbackConfig) -> io::Result<u32> {
    let mut card_label = [0; 32];
    for (to, from) in card_label.iter_mut().take(31).zip(config.label.bytes()) {
        *to = from;
    }
    let mut raw = RawLoopbackConfig {
        output_nr: -1,
        unused: -1,
        card_label,
        min_width: 0,
        max_width: 0,
        min_height: 0,
        max_height: 0,
        max_buffers: config.max_buffers.min(MAX_BUFFERS).cast_signed(),
        max_openers: 0,
        debug: 0,
        announce_all_caps: i32::from(!config.exclusive_caps),
    };
    let mut add = |opcode: Opcode| {
        // SAFETY: the request, of either generation, reads a structure of exactly this layout and answers with a number.
        unsafe { ioctl(&control, LoopbackAdd { opcode, config: &mut raw }) }
    };
    let number =
        add(LOOPBACK_ADD).or_else(|error| if is_unknown(error) { add(LOOPBACK_ADD_LEGACY) } else { Err(error) })?;
    u32::try_from(number).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
}

/// Removes the loopback device with this node number.
///
/// # Errors
/// The kernel's error; `EBUSY` while anybody has it open.
pub fn loopback_remove(control: impl AsFd, number: u32) -> io::Result<()> {
    let number = number as usize;
    // SAFETY: the request, of either generation, takes the number itself as its argument.
    let removed = unsafe { ioctl(&control, IntegerSetter::<LOOPBACK_REMOVE>::new_usize(number)) };
    let removed = removed.or_else(|error| match is_unknown(error) {
        // SAFETY: as before.
        true => unsafe { ioctl(&control, IntegerSetter::<LOOPBACK_REMOVE_LEGACY>::new_usize(number)) },
        false => Err(error),
    });
    Ok(removed?)
}

/// Whether the module is of another generation: 0.13.2 answers `ENOSYS`.
fn is_unknown(error: Errno) -> bool {
    matches!(error, Errno::NOSYS | Errno::NOTTY)
}

/// The request answers with its return value, which rustix's ready-made patterns drop.
struct LoopbackAdd<'a> {
    opcode: Opcode,
    config: &'a mut RawLoopbackConfig,
}

// SAFETY: the pointer is valid for the structure the request reads, and the return value is passed on as it is.
unsafe impl rustix::ioctl::Ioctl for LoopbackAdd<'_> {
    type Output = i32;

    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        self.opcode
    }

    fn as_ptr(&mut self) -> *mut rustix::ffi::c_void {
        std::ptr::from_mut(self.config).cast()
    }

    unsafe fn output_from_ptr(
        output: rustix::ioctl::IoctlOutput,
        _argument: *mut rustix::ffi::c_void,
    ) -> rustix::io::Result<Self::Output> {
        Ok(output)
    }
}
