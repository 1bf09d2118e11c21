//! The settings file, as anybody may have edited it; fed by `fuzz/`.

use std::time::Duration;

use super::edit::{AsBelow, edited as edited_over};
use super::file::File;
use super::import;
use super::model::{CardChoice, Settings};
use lenscap_core::controls::Value;
use lenscap_core::trouble::settings::Mistake;
use lenscap_words::settings as words;

/// The text of a file. What can be read is changed and saved: nothing may be lost on the way.
pub fn settings(data: &[u8]) {
    // `read_open` gives nothing else.
    let Ok(text) = std::str::from_utf8(data) else { return };
    let file = match File::parse(text) {
        Ok(file) => file,
        Err(problem) => {
            assert!(problem.line >= 1 && problem.column >= 1, "{problem:?}");
            let sentence = words::refusal(&problem.refusal);
            assert!(!sentence.is_empty() && !sentence.contains(char::is_control), "{problem:?}");
            // Below the user's file what is good holds.
            if let Ok((good, first)) = File::parse_good(text) {
                assert_eq!(first, Some(problem));
                assert_eq!(good.layer().over(good.layer()), *good.layer());
                good.over(Settings::default());
            }
            return;
        }
    };
    let Ok(before) = file.over_checked(Settings::default(), text) else { return };
    assert_eq!(edited(text, &before).as_deref(), Ok(text), "nothing was changed");
    for change in CHANGES {
        let mut after = before.clone();
        change(&mut after);
        let saved = edited(text, &after).unwrap_or_else(|problem| panic!("{problem:?} in {text}"));
        assert_eq!(read(&saved), after, "{saved}");
        assert_eq!(comments(&saved), comments(text), "{saved}");
        let back = edited(&saved, &before).unwrap_or_else(|problem| panic!("{problem:?} in {saved}"));
        assert_eq!(read(&back), before, "{back}");
    }
}

/// The files of another relay: whatever they say, what is taken over reads back from a file of ours.
pub fn import(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let units = import::daemon::settings(&[text.to_owned()]);
    for taken in units.into_iter().chain([import::relayd::settings(&[text])]) {
        assert!(import::lines(&taken).iter().all(|line| !line.contains(char::is_control)), "{taken:?}");
        let mut after = Settings::default();
        taken.put_into(&mut after);
        if after.check().is_ok() {
            let saved = edited("", &after).unwrap_or_else(|problem| panic!("{problem:?} of {taken:?}"));
            assert_eq!(read(&saved), after, "{saved}");
        }
    }
}

/// One setting each, as the preferences change them. None takes a value away, which would take its comment, too.
const CHANGES: [fn(&mut Settings); 6] = [
    |settings| settings.camera.orientation.mirror ^= true,
    |settings| settings.privacy.cooldown += Duration::from_millis(1),
    |settings| settings.privacy.blocked.push("a\"b".into()),
    |settings| {
        settings.privacy.picture = Some("/a b/c.png".into());
        settings.privacy.card = CardChoice::Picture;
    },
    |settings| settings.device.label = "L\u{e4}bel".into(),
    |settings| {
        let values = settings.controls.entry("usb-Cam \u{1b}[1".into()).or_default();
        values.insert("gain".into(), Value::Integer(i64::MIN));
        values.insert("".into(), Value::Real(1e300));
    },
];

fn edited(text: &str, settings: &Settings) -> Result<String, Mistake> {
    edited_over(text, &Settings::default(), settings, AsBelow::Written)
}

fn read(text: &str) -> Settings {
    let file = File::parse(text).unwrap_or_else(|problem| panic!("{problem:?} in {text}"));
    file.over_checked(Settings::default(), text).unwrap_or_else(|problem| panic!("{problem:?} in {text}"))
}

/// All comments of a TOML text, in order.
fn comments(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let (quotes, closing) = match next {
            '#' => {
                let end = rest.find('\n').unwrap_or(rest.len());
                found.push(rest[..end].trim_end());
                rest = &rest[end..];
                continue;
            }
            '"' if rest.starts_with("\"\"\"") => (3, "\"\"\""),
            '\'' if rest.starts_with("'''") => (3, "'''"),
            '"' => (1, "\""),
            '\'' => (1, "'"),
            _ => {
                rest = &rest[next.len_utf8()..];
                continue;
            }
        };
        // A text: over its end, and over up to two more quotes that may belong to it.
        rest = &rest[quotes..];
        while !rest.is_empty() && !rest.starts_with(closing) {
            let escaped = usize::from(next == '"' && rest.starts_with('\\'));
            rest = &rest[rest.chars().take(1 + escaped).map(char::len_utf8).sum()..];
        }
        rest = rest.get(quotes..).unwrap_or_default();
        if quotes == 3 {
            rest = rest.trim_start_matches(next);
        }
    }
    found
}
