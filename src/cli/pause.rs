//! `lenscap pause`, and how a time is written.

use std::time::Duration;

use clap::Args;

use super::RefusedArgument;
use crate::core::trouble::settings::SettingTrouble;

/// `lenscap pause`.
#[derive(Debug, Clone, PartialEq, Default, Args)]
pub struct PauseArgs {
    /// For this long, as in 30m, 1h or 1h30m; without it until resumed
    #[arg(long = "for", value_name = "TIME", value_parser = time, allow_negative_numbers = true)]
    pub duration: Option<Duration>,
}

/// Longest pause with an end.
const MAX_PAUSE: Duration = Duration::from_secs(7 * 24 * 3600);

/// A time as in `90s`, `30m`, `1h` or `1h30m`; hours, minutes and seconds in this order, at least 1 s, at most a week.
///
/// # Errors
/// It is none.
pub(super) fn time(text: &str) -> Result<Duration, RefusedArgument> {
    let wrong = || RefusedArgument(SettingTrouble::NotATime { value: text.chars().take(40).collect() });
    let mut rest = text;
    let mut seconds: u64 = 0;
    let mut units = [('h', 3600), ('m', 60), ('s', 1)].into_iter();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = rest.split_at(digits);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let unit = behind.chars().next().ok_or_else(wrong)?;
        // Units that were used or passed over do not come again.
        let (_, factor) = units.find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        seconds = number.checked_mul(factor).and_then(|more| seconds.checked_add(more)).ok_or_else(wrong)?;
        rest = &behind[unit.len_utf8()..];
    }
    let duration = Duration::from_secs(seconds);
    if duration.is_zero() || duration > MAX_PAUSE { Err(wrong()) } else { Ok(duration) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_nonsense_is_one_sentence() {
        for (text, seconds) in
            [("90s", 90), ("30m", 1800), ("1h", 3600), ("1h30m", 5400), ("1h1m1s", 3661), ("168h", 604_800)]
        {
            assert_eq!(time(text).ok(), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "0",
            "0m",
            "30",
            "m",
            "-5m",
            "1d",
            "1.5h",
            "30m1h",
            "1h1h",
            "169h",
            "1h 30m",
            "5µ",
            "99999999999999999999h",
            "18446744073709551615h",
        ] {
            let sentence = time(text).unwrap_err().to_string();
            assert!(sentence.contains("use one up to 168h as in 30m, 1h or 1h30m"), "{text:?}: {sentence}");
        }
    }
}
