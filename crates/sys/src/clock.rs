//! The clock of V4L2 timestamps, and the one on the wall.

use std::time::Duration;

/// `CLOCK_MONOTONIC`. Relay and worker read the same one; it stands still while the computer sleeps.
pub fn monotonic_now() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// A moment by the user's clock and time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // the names say it; months and days from 1
pub struct LocalTime {
    pub year: i32,
    pub month: i32,
    pub day: i32,
    pub hour: i32,
    pub minute: i32,
}

/// This many milliseconds since 1970, here; `None` beyond what the calendar has.
pub fn local_time(millis: i64) -> Option<LocalTime> {
    let parts = local(millis.div_euclid(1000))?;
    Some(LocalTime {
        year: parts.tm_year.checked_add(1900)?,
        month: parts.tm_mon + 1,
        day: parts.tm_mday,
        hour: parts.tm_hour,
        minute: parts.tm_min,
    })
}

/// When this day begins here, in milliseconds since 1970; `None` for a day that the calendar does not have.
pub fn midnight(year: i32, month: i32, day: i32) -> Option<i64> {
    // SAFETY: zeroes are a whole `tm`: numbers, and a null pointer to a name that mktime does not read.
    let mut parts: libc::tm = unsafe { std::mem::zeroed() };
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year.checked_sub(1900)?, month.checked_sub(1)?, day);
    // Whether it is summer then is for the calendar to say.
    parts.tm_isdst = -1;
    // SAFETY: the pointer is to a live value of the right type.
    let seconds = unsafe { libc::mktime(&raw mut parts) };
    let is_same = (parts.tm_year, parts.tm_mon, parts.tm_mday) == (year - 1900, month - 1, day);
    if is_same { seconds.checked_mul(1000) } else { None }
}

/// Now, in milliseconds since 1970, by the clock on the wall.
pub fn wall_now() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    now.tv_sec.saturating_mul(1000).saturating_add(now.tv_nsec / 1_000_000)
}

/// Hours and minutes by the user's clock and time zone, so many seconds from now; `None` beyond what the calendar has.
pub fn time_of_day(from_now: i64) -> Option<(i32, i32)> {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime).tv_sec;
    let parts = local(now.checked_add(from_now)?)?;
    Some((parts.tm_hour, parts.tm_min))
}

fn local(then: libc::time_t) -> Option<libc::tm> {
    let mut parts = std::mem::MaybeUninit::<libc::tm>::uninit();
    // SAFETY: both pointers are to live values of the right types; `parts` is written whole where the answer is not null.
    let parts = unsafe {
        if libc::localtime_r(&then, parts.as_mut_ptr()).is_null() {
            return None;
        }
        parts.assume_init()
    };
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_where_its_midnight_is() {
        for (year, month, day) in [(2026, 11, 28), (2024, 2, 29), (1999, 12, 31)] {
            let begins = midnight(year, month, day).unwrap();
            let expected = LocalTime { year, month, day, hour: 0, minute: 0 };
            assert_eq!(local_time(begins), Some(expected));
            assert_eq!(local_time(begins - 1).map(|before| (before.hour, before.minute)), Some((23, 59)));
        }
        for (year, month, day) in [(2026, 2, 29), (2026, 13, 1), (2026, 0, 1), (2026, 1, 32), (i32::MIN, 1, 1)] {
            assert_eq!(midnight(year, month, day), None, "{year}-{month}-{day}");
        }
    }
}
