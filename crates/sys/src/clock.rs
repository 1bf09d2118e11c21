//! The clock of V4L2 timestamps, and the one on the wall.

use std::time::Duration;

/// `CLOCK_MONOTONIC`. Relay and worker read the same one; it stands still while the computer sleeps.
pub fn monotonic_now() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// Hours and minutes by the user's clock and time zone, so many seconds from now; `None` beyond what the calendar has.
pub fn time_of_day(from_now: i64) -> Option<(i32, i32)> {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime).tv_sec;
    let then: libc::time_t = now.checked_add(from_now)?;
    let mut parts = std::mem::MaybeUninit::<libc::tm>::uninit();
    // SAFETY: both pointers are to live values of the right types; `parts` is written whole where the answer is not null.
    let parts = unsafe {
        if libc::localtime_r(&then, parts.as_mut_ptr()).is_null() {
            return None;
        }
        parts.assume_init()
    };
    Some((parts.tm_hour, parts.tm_min))
}
