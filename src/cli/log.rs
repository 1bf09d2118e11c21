//! `lenscap log`, and how a time in the past is written.

use std::time::Duration;

use clap::Args;

use super::{RefusedArgument, pause};
use crate::core::trouble::settings::SettingTrouble;
use crate::sys::clock;

/// `lenscap log`.
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub struct LogArgs {
    /// As one JSON array
    #[arg(long, conflicts_with = "delete")]
    pub json: bool,
    /// Only what went on since then, as in 90m, 2d, today or 2026-11-28
    #[arg(long, value_name = "WHEN", value_parser = since, conflicts_with = "delete")]
    pub since: Option<Since>,
    /// Delete all of it, at once
    #[arg(long)]
    pub delete: bool,
}

/// A time in the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// So long ago.
    Ago(Duration),
    /// The begin of this day.
    Today,
    /// The begin of a day, in milliseconds since 1970.
    Day(i64),
}

/// Longest time that is written in days.
const MAX_DAYS: u64 = 3650;

impl Since {
    /// In milliseconds since 1970, where it is now `now`.
    pub fn millis(self, now: i64) -> i64 {
        match self {
            Since::Ago(ago) => now.saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX)),
            Since::Today => clock::local_time(now)
                .and_then(|today| clock::midnight(today.year, today.month, today.day))
                .unwrap_or(now),
            Since::Day(begin) => begin,
        }
    }
}

/// "today", a day as in `2026-11-28`, days as in `2d`, or a time as `pause --for` takes it.
fn since(text: &str) -> Result<Since, RefusedArgument> {
    let wrong = || RefusedArgument(SettingTrouble::NotASince { value: text.chars().take(40).collect() });
    if text == "today" {
        return Ok(Since::Today);
    }
    let is_digits = |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    if let [year, month, day] = text.split('-').collect::<Vec<_>>()[..]
        && is_digits(year, 4)
        && is_digits(month, 2)
        && is_digits(day, 2)
    {
        let [year, month, day] = [year, month, day].map(|part| part.parse().unwrap_or(0));
        return clock::midnight(year, month, day).map(Since::Day).ok_or_else(wrong);
    }
    if let Some(days) = text.strip_suffix('d') {
        let days = days.parse::<u64>().ok().filter(|days| (1..=MAX_DAYS).contains(days)).ok_or_else(wrong)?;
        return Ok(Since::Ago(Duration::from_secs(days * 24 * 3600)));
    }
    pause::time(text).map(Since::Ago).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_the_past_is_read_and_nonsense_is_one_sentence() {
        let ago = |seconds| Since::Ago(Duration::from_secs(seconds));
        for (text, expected) in
            [("90m", ago(5400)), ("2d", ago(172_800)), ("1h30m", ago(5400)), ("today", Since::Today)]
        {
            assert_eq!(since(text).ok(), Some(expected), "{text}");
        }
        let day = clock::midnight(2026, 11, 28).unwrap();
        assert_eq!(since("2026-11-28").ok(), Some(Since::Day(day)));
        assert_eq!(Since::Today.millis(day + 5), day);
        assert_eq!(Since::Today.millis(day - 1), clock::midnight(2026, 11, 27).unwrap());
        assert_eq!(ago(2).millis(5000), 3000);
        for text in ["", "0d", "-1d", "9999d", "d", "yesterday", "2026-13-01", "2026-02-30", "26-1-1", "1d2h", "2h ago"]
        {
            let sentence = since(text).unwrap_err().to_string();
            assert!(sentence.contains("use one as in 90m, 2d, today or 2026-11-28"), "{text:?}: {sentence}");
        }
    }
}
