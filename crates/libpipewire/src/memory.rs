//! The memory of the pictures, which the caller fills.

use std::cell::OnceCell;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::{NonNull, null_mut};

/// The memory that readers map: a file, and in it slots of one size, one behind the other, from 0 on.
#[derive(Debug)]
pub struct Memory {
    pub(crate) fd: OwnedFd,
    pub(crate) slots: u32,
    pub(crate) slot_size: u32,
    /// All of it, to be read, once a picture was copied.
    mapping: OnceCell<Option<ReadMapping>>,
}

/// A mapping that is only read; unmapped when dropped.
#[derive(Debug)]
struct ReadMapping {
    start: NonNull<u8>,
    length: usize,
}

impl ReadMapping {
    fn new(fd: &OwnedFd, length: usize) -> Option<Self> {
        // SAFETY: a fresh mapping at an address of the kernel's choice aliases nothing of this process.
        let start = unsafe { libc::mmap(null_mut(), length, libc::PROT_READ, libc::MAP_SHARED, fd.as_raw_fd(), 0) };
        if start == libc::MAP_FAILED {
            return None;
        }
        Some(Self { start: NonNull::new(start.cast())?, length })
    }
}

impl Drop for ReadMapping {
    fn drop(&mut self) {
        // SAFETY: ours, mapped in `new`, and nothing of it is lent.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

impl Memory {
    /// This file. Whoever makes it sees to it that it keeps its size and that readers cannot write to it.
    ///
    /// # Errors
    /// `InvalidInput` for no slots, for slots that do not begin on a page, or where 32 bits do not count the bytes.
    pub fn new(fd: OwnedFd, slots: u32, slot_size: u32) -> io::Result<Self> {
        let fits = slots.checked_mul(slot_size).is_some_and(|size| size > 0);
        // SAFETY: a number only.
        let page = u32::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096);
        match fits && slot_size.is_multiple_of(page) {
            true => Ok(Self { fd, slots, slot_size, mapping: OnceCell::new() }),
            false => Err(io::Error::from(io::ErrorKind::InvalidInput)),
        }
    }

    /// Copies the first bytes of a slot to where a reader has its own; whether it could.
    ///
    /// # Safety
    /// `to` is valid for `length` bytes.
    pub(crate) unsafe fn copy(&self, slot: u32, to: *mut u8, length: usize) -> bool {
        let all = self.slots as usize * self.slot_size as usize;
        let Some(mapping) = self.mapping.get_or_init(|| ReadMapping::new(&self.fd, all)) else { return false };
        let start = slot as usize * self.slot_size as usize;
        if length > self.slot_size as usize || start + length > mapping.length {
            return false;
        }
        // SAFETY: in bounds on both sides; the other is no memory of ours. Whoever writes here meanwhile tears a picture at most.
        unsafe { std::ptr::copy_nonoverlapping(mapping.start.as_ptr().add(start), to, length) };
        true
    }
}
