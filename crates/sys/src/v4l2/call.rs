//! The one way from here to the kernel. Tests and fuzzing put a driver of their own in its place, one that lies; in a
//! release build, and so in what is installed, there is no such thing.

use std::os::fd::AsFd;

use rustix::ioctl::Ioctl;

/// As [`rustix::ioctl::ioctl`].
///
/// # Safety
/// As there: the request is what its opcode says.
pub(super) unsafe fn ioctl<I: Ioctl>(fd: impl AsFd, request: I) -> rustix::io::Result<I::Output> {
    #[cfg(any(debug_assertions, fuzzing))]
    let mut request = request;
    #[cfg(any(debug_assertions, fuzzing))]
    if let Some(output) = fake::answer(&mut request) {
        // SAFETY: the driver has written the bytes that this pattern points at, and no others.
        return unsafe { I::output_from_ptr(output?, request.as_ptr()) };
    }
    // SAFETY: the caller's promise.
    unsafe { rustix::ioctl::ioctl(fd, request) }
}

/// A driver made of software, for this thread.
#[cfg(any(debug_assertions, fuzzing))]
pub mod fake {
    use std::cell::RefCell;

    use rustix::io::Errno;
    use rustix::ioctl::{Ioctl, IoctlOutput, Opcode};

    use super::super::controls::payload;

    /// Answers requests.
    pub trait Driver {
        /// `argument` is what the kernel could write: the request's structure, zeroed where it is not read; of a control's
        /// value the value or the room for a text; nothing of requests that are only read.
        ///
        /// # Errors
        /// The request's error.
        fn answer(&mut self, request: Opcode, argument: &mut [u8]) -> Result<i32, Errno>;
    }

    thread_local! {
        static DRIVER: RefCell<Option<Box<dyn Driver>>> = const { RefCell::new(None) };
    }

    /// Every V4L2 request of this thread goes to `driver` while `body` runs, whatever descriptor it is for.
    pub fn with_driver<T>(driver: impl Driver + 'static, body: impl FnOnce() -> T) -> T {
        struct Removed;
        impl Drop for Removed {
            fn drop(&mut self) {
                DRIVER.set(None);
            }
        }
        let _removed = Removed;
        DRIVER.set(Some(Box::new(driver)));
        body()
    }

    /// What the driver answers; `None`: there is none.
    pub(super) fn answer(request: &mut impl Ioctl) -> Option<rustix::io::Result<IoctlOutput>> {
        DRIVER.with_borrow_mut(|driver| {
            let driver = driver.as_mut()?;
            let number = request.opcode();
            // linux/ioctl.h: two bits say who writes, fourteen how many bytes.
            let (kernel_writes, kernel_reads) = (number >> 31 == 1, number >> 30 & 1 == 1);
            let size = if kernel_writes { (number >> 16 & 0x3fff) as usize } else { 0 };
            let argument = request.as_ptr().cast::<u8>();
            // SAFETY: the opcode says how large the structure is that the pattern's pointer leads to, and nobody else has
            // it during the call. One that the kernel only writes may be uninitialised: it is cleared first.
            Some(unsafe {
                if !kernel_reads && size > 0 {
                    argument.write_bytes(0, size);
                }
                match payload(number, argument.cast()) {
                    Some(payload) => driver.answer(number, payload),
                    None if size == 0 => driver.answer(number, &mut []),
                    None => driver.answer(number, std::slice::from_raw_parts_mut(argument, size)),
                }
            })
        })
    }
}
