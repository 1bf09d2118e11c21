//! Child processes that die with their parent and inherit one descriptor.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};

use rustix::process::{PidfdFlags, Signal};

/// Starts `command` as a child that gets SIGKILL when the calling thread ends, and that keeps `inherited` open under
/// its present number. Everything else the caller has open is expected to be `CLOEXEC`.
///
/// # Errors
/// The kernel's error; `NotFound` and `PermissionDenied` are about the program.
pub fn spawn_tied(command: &mut Command, inherited: BorrowedFd<'_>) -> io::Result<Child> {
    let number = inherited.as_raw_fd();
    let parent = rustix::process::getpid();
    // SAFETY: between fork and exec the closure makes system calls only; it neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(move || {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            // The parent may have died before the line above.
            if rustix::process::getppid() != Some(parent) {
                return Err(io::Error::from_raw_os_error(rustix::io::Errno::SRCH.raw_os_error()));
            }
            // The descriptor is open in the caller and thus in this fork of it.
            let fd = BorrowedFd::borrow_raw(number);
            rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::empty())?;
            Ok(())
        });
    }
    command.spawn()
}

/// The end of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// How it ended; `None` when somebody else in this process took that, or the kernel threw it away.
    pub status: Option<ExitStatus>,
}

/// Reaps the child if it has ended; never waits. A child that cannot be waited for any more (`ECHILD`) has ended, too.
pub fn end(child: &mut Child) -> Option<End> {
    match child.try_wait() {
        Ok(status) => status.map(|status| End { status: Some(status) }),
        // ECHILD; there is no other error for a child of one's own.
        Err(_) => Some(End { status: None }),
    }
}

/// A descriptor that becomes readable when this child has ended. The caller has not waited for the child yet.
///
/// # Errors
/// The kernel's error.
pub fn pidfd(child: &Child) -> io::Result<OwnedFd> {
    Ok(rustix::process::pidfd_open(rustix::process::Pid::from_child(child), PidfdFlags::empty())?)
}

/// Takes the socket that the parent handed down under this number, and marks it `CLOEXEC`.
///
/// # Errors
/// `InvalidInput` when there is no socket under this number.
pub fn inherited_socket(number: RawFd) -> io::Result<OwnedFd> {
    if number <= 2 {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    // SAFETY: only borrowed to ask the kernel about it; a number that is not open gives EBADF.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    rustix::net::sockopt::socket_type(borrowed).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    rustix::io::fcntl_setfd(borrowed, rustix::io::FdFlags::CLOEXEC)?;
    // SAFETY: it is open, as just seen, and this process was given it to own; called once, at the start.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
