//! The clock of V4L2 timestamps.

use std::time::Duration;

/// `CLOCK_MONOTONIC`. Relay and worker read the same one; it stands still while the computer sleeps.
pub fn monotonic_now() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}
