//! Shared memory: sealed memfds and mappings of them (or of a V4L2 node's buffers).

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64};

use rustix::fs::{MemfdFlags, SealFlags};
use rustix::mm::{Advice, MapFlags, ProtFlags};

/// An anonymous file of `size` bytes that can be neither shrunk nor grown: mapping it can never raise SIGBUS.
///
/// # Errors
/// The kernel's error when memory or descriptors are short.
pub fn sealed(name: &str, size: u64) -> io::Result<OwnedFd> {
    let fd = rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    rustix::fs::ftruncate(&fd, size)?;
    rustix::fs::fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(fd)
}

/// The seals of [`written_by_one`].
const WRITTEN_BY_ONE: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::FUTURE_WRITE);

/// An anonymous file of `size` bytes, and the only mapping of it that will ever be writable: whoever is handed the file can
/// map it to read, also after opening it anew below `/proc`, and neither shrink nor grow it.
///
/// # Errors
/// The kernel's error when memory or descriptors are short, or before Linux 5.1; `InvalidInput` for a size of 0.
pub fn written_by_one(name: &str, size: u64) -> io::Result<(OwnedFd, Mapping)> {
    let fd = rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    rustix::fs::ftruncate(&fd, size)?;
    let length = usize::try_from(size).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mapping = Mapping::new(&fd, 0, length)?;
    rustix::fs::fcntl_add_seals(&fd, WRITTEN_BY_ONE | SealFlags::SEAL)?;
    Ok((fd, mapping))
}

/// Whether nobody can map this file to write any more, or change its size.
///
/// # Errors
/// The kernel's error; `InvalidInput` for what can have no seals.
pub fn is_written_by_one(fd: impl AsFd) -> io::Result<bool> {
    Ok(rustix::fs::fcntl_get_seals(fd)?.contains(WRITTEN_BY_ONE))
}

/// A shared read-write mapping, unmapped on drop.
///
/// Other processes may write to the same pages at any time: the bytes are pictures or atomics, never trusted for
/// lengths or indices without a check.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the mapping is owned by this value, is not tied to the thread that made it, and is reached only through it.
unsafe impl Send for Mapping {}
// SAFETY: shared access gives `&[u8]` and atomics only.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `length` bytes of `fd` from `offset`, readable and writable, shared.
    ///
    /// # Errors
    /// The kernel's error; `InvalidInput` for a length of 0.
    pub fn new(fd: impl AsFd, offset: u64, length: usize) -> io::Result<Self> {
        if length == 0 {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        // SAFETY: a fresh mapping at an address of the kernel's choice aliases nothing of this process.
        let start = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                length,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                fd.as_fd(),
                offset,
            )?
        };
        let start = NonNull::new(start.cast()).ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))?;
        Ok(Self { start, length })
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: `start` is valid for `length` bytes until drop.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }

    /// The bytes, to write to.
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as above; `&mut self` makes this the only slice of this process.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }

    /// Gives back the memory that its pages took, also where others have them mapped: all bytes are 0 from now on, and pages are
    /// taken anew where somebody writes. For whole [`sealed`] files.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn give_back(&mut self) -> io::Result<()> {
        // SAFETY: the mapping is ours and shared, `&mut self` makes sure that no slice of it is in use here, and what becomes of
        // the bytes is what any other process could have written.
        unsafe { rustix::mm::madvise(self.start.as_ptr().cast(), self.length, Advice::LinuxRemove)? };
        Ok(())
    }

    /// The 32-bit atomic at byte `offset`; `None` when it is unaligned or does not fit.
    pub fn atomic_u32(&self, offset: usize) -> Option<&AtomicU32> {
        let fits = offset.is_multiple_of(4) && offset.checked_add(4)? <= self.length;
        // SAFETY: in bounds and aligned (mappings start on a page), valid until drop; atomics may be shared.
        fits.then(|| unsafe { AtomicU32::from_ptr(self.start.as_ptr().add(offset).cast()) })
    }

    /// The 64-bit atomic at byte `offset`; `None` when it is unaligned or does not fit.
    pub fn atomic_u64(&self, offset: usize) -> Option<&AtomicU64> {
        let fits = offset.is_multiple_of(8) && offset.checked_add(8)? <= self.length;
        // SAFETY: as in `atomic_u32`.
        fits.then(|| unsafe { AtomicU64::from_ptr(self.start.as_ptr().add(offset).cast()) })
    }
}

impl AsRef<[u8]> for Mapping {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl AsMut<[u8]> for Mapping {
    fn as_mut(&mut self) -> &mut [u8] {
        self.as_mut_slice()
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `start` and `length` are what mmap gave, and no slice outlives `self`.
        let _ = unsafe { rustix::mm::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    #[test]
    fn two_mappings_share_their_bytes() {
        let fd = sealed("test", 8192).unwrap();
        let mut a = Mapping::new(&fd, 4096, 4096).unwrap();
        let b = Mapping::new(&fd, 4096, 4096).unwrap();
        a.as_mut_slice()[7] = 42;
        assert_eq!(b.as_slice()[7], 42);
        a.atomic_u64(8).unwrap().store(7, Ordering::Release);
        assert_eq!(b.atomic_u64(8).unwrap().load(Ordering::Acquire), 7);
    }

    #[test]
    fn memory_that_is_given_back_is_taken_anew_by_whoever_writes() {
        let fd = sealed("test", 1 << 20).unwrap();
        let taken = || rustix::fs::fstat(&fd).unwrap().st_blocks;
        let [mut a, mut b] = [(); 2].map(|()| Mapping::new(&fd, 0, 1 << 20).unwrap());
        assert_eq!(taken(), 0, "nothing was written");
        a.as_mut_slice().fill(42);
        assert!(taken() > 0);
        b.give_back().unwrap();
        assert_eq!(taken(), 0);
        a.as_mut_slice()[7] = 42;
        assert_eq!(b.as_slice()[..8], [0, 0, 0, 0, 0, 0, 0, 42]);
    }

    #[test]
    fn atomics_out_of_bounds_or_unaligned_are_refused() {
        let fd = sealed("test", 4096).unwrap();
        let map = Mapping::new(&fd, 0, 4096).unwrap();
        assert!(map.atomic_u32(4093).is_none());
        assert!(map.atomic_u32(4096).is_none());
        assert!(map.atomic_u64(4).is_none());
        assert!(map.atomic_u64(usize::MAX - 7).is_none());
    }

    #[test]
    fn what_one_writes_nobody_else_can_map_to_write() {
        let (fd, mut mapping) = written_by_one("test", 4096).unwrap();
        mapping.as_mut_slice()[7] = 42;
        let file = std::fs::File::from(fd.try_clone().unwrap());
        let mut byte = [0];
        std::os::unix::fs::FileExt::read_at(&file, &mut byte, 7).unwrap();
        assert_eq!(byte, [42]);
        let denied = |error: io::Error| assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        denied(Mapping::new(&fd, 0, 4096).unwrap_err());
        let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&fd));
        let again = std::fs::File::options().read(true).write(true).open(path).unwrap();
        denied(Mapping::new(&again, 0, 4096).unwrap_err());
        denied(std::os::unix::fs::FileExt::write_at(&again, b"x", 0).unwrap_err());
        denied(rustix::fs::ftruncate(&fd, 0).unwrap_err().into());
        assert!(is_written_by_one(&fd).unwrap());
        assert!(!is_written_by_one(sealed("test", 4096).unwrap()).unwrap());
    }

    #[test]
    fn a_sealed_file_keeps_its_size() {
        let fd = sealed("test", 4096).unwrap();
        assert!(rustix::fs::ftruncate(&fd, 0).is_err());
        assert!(rustix::fs::ftruncate(&fd, 8192).is_err());
    }
}
