//! The state of signals that a program of ours begins with.

use std::mem::MaybeUninit;
use std::ptr;

/// Undoes what the starter may have left behind: an ignored SIGCHLD, with which the kernel gives no end of a child to its
/// parent (a worker would end unnoticed), and blocked signals, with which SIGTERM stays without effect. Both survive `exec`.
///
/// Call it first in `main`, before there is a second thread. What else is ignored (SIGHUP under `nohup`) was meant so.
pub fn start_clean() {
    let mut nothing = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: the set is initialised by sigemptyset before it is used; SIG_DFL replaces no handler of anybody, since nothing
    // of ours has run yet; none of these calls can fail with these arguments.
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        libc::sigemptyset(nothing.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, nothing.as_ptr(), ptr::null_mut());
    }
}

/// Ends this process as this signal does by default, without a core dump where [`super::process::forbid_core_dumps`] was
/// called before.
pub fn end_by(signal: i32) -> ! {
    // SAFETY: numbers only; a signal that cannot be caught refuses the first call, which needs none of it.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
    // Only for a signal whose default is to do nothing.
    std::process::exit(128 + signal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(field: &str) -> u64 {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap()
    }

    #[test]
    fn blocked_signals_are_unblocked() {
        // The mask is this thread's alone.
        std::thread::spawn(|| {
            let mut all = MaybeUninit::<libc::sigset_t>::uninit();
            // SAFETY: as above.
            unsafe {
                libc::sigfillset(all.as_mut_ptr());
                libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), ptr::null_mut());
            }
            assert_ne!(status("SigBlk:"), 0);
            start_clean();
            assert_eq!(status("SigBlk:"), 0);
        })
        .join()
        .unwrap();
    }
}
