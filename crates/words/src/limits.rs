//! What a value must be: the same sentences for settings and for controls of a camera.

use lenscap_core::trouble::settings::Limits;

use crate::{listed, trf};

/// Why `value`, which is shown as it is, is not within the limits, without a full stop.
pub(crate) fn refusal(key: &str, value: &str, limits: &Limits) -> String {
    match limits {
        Limits::Switch => trf!("{key} must be true or false, not {value}", key = key, value = value),
        Limits::Whole { min, max } => trf!(
            "{key} must be a whole number from {min} to {max}, not {value}",
            key = key,
            min = min,
            max = max,
            value = value
        ),
        Limits::Even { min, max } => trf!(
            "{key} must be an even number from {min} to {max}, not {value}",
            key = key,
            min = min,
            max = max,
            value = value
        ),
        Limits::WholeOrAuto { min, max } => trf!(
            "{key} must be \"auto\" or a whole number from {min} to {max}, not {value}",
            key = key,
            min = min,
            max = max,
            value = value
        ),
        Limits::NumbersOrAuto(numbers) => {
            let choices = std::iter::once("\"auto\"".to_owned()).chain(numbers.iter().map(ToString::to_string));
            trf!(
                "{key} must be {choices}, not {value}",
                key = key,
                choices = list(&choices.collect::<Vec<_>>()),
                value = value
            )
        }
        Limits::Words { words, .. } => {
            trf!("{key} must be {choices}, not {value}", key = key, choices = list(&quoted(words)), value = value)
        }
        Limits::Name { max_bytes } => trf!(
            "{key} must be a name of 1 to {max} bytes as in \"Lenscap\", not {value}",
            key = key,
            max = max_bytes,
            value = value
        ),
        Limits::Text { max_chars } => trf!(
            "{key} must be a text of one line and at most {max} letters, not {value}",
            key = key,
            max = max_chars,
            value = value
        ),
        Limits::Colour { or_auto: false } => {
            trf!(
                "{key} must be a colour as in \"{example}\", not {value}",
                key = key,
                example = "#1e1e22",
                value = value
            )
        }
        Limits::Colour { or_auto: true } => trf!(
            "{key} must be \"auto\" or a colour as in \"{example}\", not {value}",
            key = key,
            example = "#f2f2f4",
            value = value
        ),
        Limits::Names { .. } => trf!(
            "{key} {value} is not a list: use a list of program names as in [\"zoom\", \"chrome\"]",
            key = key,
            value = value
        ),
        Limits::Command { max_count, max_bytes } => trf!(
            "{key} must be a list of at most {max} texts of {bytes} bytes, the program and its arguments as in \
             [\"notify-send\", \"On air\"], not {value}",
            key = key,
            max = max_count,
            bytes = max_bytes,
            value = value
        ),
        Limits::Device { words, example } => trf!(
            "{key} {value} is not a full path: use {words} or a path as in \"{example}\"",
            key = key,
            value = value,
            words = listed(quoted(words)),
            example = example
        ),
        Limits::OwnFile => trf!(
            "{key} {value} is not a full path: use one as in \"/home/me/off.png\" or \"~/off.png\"",
            key = key,
            value = value
        ),
        Limits::Source => trf!(
            "{key} {value} is not text: use \"auto\", or a camera as in \"v4l2:/dev/video0\"",
            key = key,
            value = value
        ),
    }
}

fn quoted(words: &[impl AsRef<str>]) -> Vec<String> {
    words.iter().map(|word| format!("\"{}\"", word.as_ref())).collect()
}

pub(crate) fn list(words: &[impl ToString]) -> String {
    let words: Vec<_> = words.iter().map(ToString::to_string).collect();
    match words.as_slice() {
        [] => String::new(),
        [word] => word.clone(),
        // TRANSLATORS: the end of a list of words to choose from, as in "width, height or framerate"
        [words @ .., last] => trf!("{words} or {last}", words = listed(words), last = last),
    }
}
