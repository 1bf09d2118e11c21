//! Processes: children that die with their parent and inherit what they are given; forks; ends.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};

use rustix::event::{PollFd, PollFlags};
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, Signal, WaitId, WaitIdOptions, set_parent_process_death_signal,
};

/// Starts `command` as a child that gets SIGKILL when the calling thread ends, that leads a session of its own, and that
/// keeps `inherited` open under their present numbers, and nothing else but the standard streams: whoever started us may have
/// left us more (from Linux 5.11 on; before, what is not `CLOEXEC`).
///
/// # Errors
/// The kernel's error; `NotFound` and `PermissionDenied` are about the program.
pub fn spawn_tied<const N: usize>(command: &mut Command, inherited: [BorrowedFd<'_>; N]) -> io::Result<Child> {
    let numbers = inherited.map(|fd| fd.as_raw_fd());
    let parent = rustix::process::getpid();
    // SAFETY: between fork and exec the closure makes system calls only; it neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(move || {
            die_with_parent(parent, Signal::KILL)?;
            rustix::process::setsid()?;
            // Numbers only; nothing is closed before the new program is there. An older kernel says EINVAL.
            libc::close_range(3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC.cast_signed());
            for number in numbers {
                // The descriptor is open in the caller and thus in this fork of it.
                let fd = BorrowedFd::borrow_raw(number);
                rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::empty())?;
            }
            Ok(())
        });
    }
    command.spawn()
}

/// Lets the kernel send `signal` to this process when the thread that started it ends.
///
/// # Errors
/// `ESRCH` when `parent` is not the parent (any more): it may have ended before.
pub fn die_with_parent(parent: Pid, signal: Signal) -> io::Result<()> {
    set_parent_process_death_signal(Some(signal))?;
    match rustix::process::getppid() {
        Some(now) if now == parent => Ok(()),
        _ => Err(io::Error::from_raw_os_error(rustix::io::Errno::SRCH.raw_os_error())),
    }
}

/// Sets a variable of this process's environment.
///
/// # Errors
/// `EBUSY` when there is a second thread, which might be reading it.
pub fn set_variable(name: &str, value: impl AsRef<OsStr>) -> io::Result<()> {
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(rustix::io::Errno::BUSY.into());
    }
    // SAFETY: there is no other thread that could read or change the environment meanwhile.
    unsafe { std::env::set_var(name, value) };
    Ok(())
}

/// Which side of a [`fork`] this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fork {
    /// The process there was; with the new one's number.
    Parent(Pid),
    /// The new process.
    Child,
}

/// Makes a second process of this one, which has to have a single thread.
///
/// # Errors
/// The kernel's error; `InvalidInput` where there is more than one thread.
pub fn fork() -> io::Result<Fork> {
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    // SAFETY: with a single thread no lock is held by one that the child does not have.
    match unsafe { libc::fork() } {
        0 => Ok(Fork::Child),
        pid => Pid::from_raw(pid.max(0)).map(Fork::Parent).ok_or_else(io::Error::last_os_error),
    }
}

/// Closes every descriptor of this process; the standard streams lead to `/dev/null` from now on.
///
/// # Errors
/// The kernel's error.
pub fn drop_descriptors() -> io::Result<()> {
    let null = std::fs::File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    std::mem::forget(null);
    // SAFETY: called by a process that has just been split off and owns nothing yet: no value stands for what is closed.
    if unsafe { libc::close_range(3, libc::c_uint::MAX, 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Neither this process nor what it starts leaves a picture of its memory behind, which has a camera's in it.
///
/// # Errors
/// The kernel's error.
pub fn forbid_core_dumps() -> io::Result<()> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    Ok(rustix::process::setrlimit(Resource::Core, none)?)
}

/// How a child is that was not waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peek {
    /// It has not ended.
    Lives,
    /// It has ended, and its number is its own until it is waited for. `killed`: by a signal.
    Ended {
        /// By a signal, not by itself.
        killed: bool,
    },
    /// It has ended, and somebody else has waited for it: its number may be another's.
    Lost,
}

/// How this child is; it is not waited for.
pub fn peek(pidfd: &OwnedFd) -> Peek {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match rustix::process::waitid(WaitId::PidFd(pidfd.as_fd()), options) {
        Ok(None) | Err(rustix::io::Errno::INTR) => Peek::Lives,
        Ok(Some(status)) => Peek::Ended { killed: !status.exited() },
        Err(_) => Peek::Lost,
    }
}

/// Whether every thread of the process behind this descriptor has ended.
pub fn has_ended(pidfd: &OwnedFd) -> bool {
    let now = rustix::time::Timespec { tv_sec: 0, tv_nsec: 0 };
    rustix::event::poll(&mut [PollFd::new(pidfd, PollFlags::IN)], Some(&now)).is_ok_and(|ready| ready > 0)
}

/// The end of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChildEnd {
    /// How it ended; `None` when somebody else in this process took that, or the kernel threw it away.
    pub status: Option<ExitStatus>,
}

/// Reaps the child if it has ended; never waits. A child that cannot be waited for any more (`ECHILD`) has ended, too.
pub fn end(child: &mut Child) -> Option<ChildEnd> {
    match child.try_wait() {
        Ok(status) => status.map(|status| ChildEnd { status: Some(status) }),
        // ECHILD; there is no other error for a child of one's own.
        Err(_) => Some(ChildEnd { status: None }),
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
    let fd = inherited(number)?;
    rustix::net::sockopt::socket_type(&fd).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    Ok(fd)
}

/// Takes what the parent handed down under this number, and marks it `CLOEXEC`.
///
/// # Errors
/// `InvalidInput` for a standard stream; the kernel's error when nothing is open under this number.
pub fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    if number <= 2 {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    // SAFETY: only borrowed to ask the kernel about it; a number that is not open gives EBADF.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    rustix::io::fcntl_setfd(borrowed, rustix::io::FdFlags::CLOEXEC)?;
    // SAFETY: it is open, as just seen, and this process was given it to own; called once, at the start.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// When this process was started, in the kernel's ticks since the start of the computer: with its number it names the process
/// for ever, within one start (proc_pid_stat(5), field 22).
///
/// # Errors
/// The kernel's error: `NotFound` where there is no such process; `InvalidData` for what is no answer of the kernel's.
pub fn start_time(pid: u32) -> io::Result<u64> {
    let stat = std::fs::read(format!("/proc/{pid}/stat"))?;
    // Its name may have anything in it, also ")": what follows the last one is ours to read.
    let after = stat.iter().rposition(|byte| *byte == b')').map(|end| String::from_utf8_lossy(&stat[end + 1..]));
    let field = after.as_deref().and_then(|after| after.split_ascii_whitespace().nth(19)?.parse().ok());
    field.ok_or_else(|| io::ErrorKind::InvalidData.into())
}
