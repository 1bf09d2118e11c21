//! v4l2loopback's control device, which makes and removes nodes; `v4l2loopback.h`.

use std::io;
use std::os::fd::AsFd;

use rustix::ioctl::Opcode;

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

/// The control device's requests, the same numbers in every version (0.15 keeps them as "legacy").
const LOOPBACK_ADD: Opcode = 0x4C80;
const LOOPBACK_REMOVE: Opcode = 0x4C81;

const _: () = assert!(size_of::<RawLoopbackConfig>() == 72);

/// What to ask the loopback's control device for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopbackConfig {
    /// The node's label; at most 31 bytes are kept.
    pub label: String,
    /// Buffers to allocate.
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
        max_buffers: i32::try_from(config.max_buffers).unwrap_or(0),
        max_openers: 0,
        debug: 0,
        announce_all_caps: i32::from(!config.exclusive_caps),
    };
    // SAFETY: the request reads a structure of exactly this layout and answers with a number.
    let number = unsafe { ioctl(control, LoopbackAdd(&mut raw))? };
    u32::try_from(number).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
}

/// Removes the loopback device with this node number.
///
/// # Errors
/// The kernel's error; `EBUSY` while anybody has it open.
pub fn loopback_remove(control: impl AsFd, number: u32) -> io::Result<()> {
    // SAFETY: the request takes the number itself as its argument.
    unsafe { ioctl(control, rustix::ioctl::IntegerSetter::<LOOPBACK_REMOVE>::new_usize(number as usize)) }?;
    Ok(())
}

/// [`LOOPBACK_ADD`] answers with its return value, which rustix's ready-made patterns drop.
struct LoopbackAdd<'a>(&'a mut RawLoopbackConfig);

// SAFETY: the pointer is valid for the structure the request reads, and the return value is passed on as it is.
unsafe impl rustix::ioctl::Ioctl for LoopbackAdd<'_> {
    type Output = i32;

    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        LOOPBACK_ADD
    }

    fn as_ptr(&mut self) -> *mut rustix::ffi::c_void {
        std::ptr::from_mut(self.0).cast()
    }

    unsafe fn output_from_ptr(
        output: rustix::ioctl::IoctlOutput,
        _argument: *mut rustix::ffi::c_void,
    ) -> rustix::io::Result<Self::Output> {
        Ok(output)
    }
}
