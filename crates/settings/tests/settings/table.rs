//! The table of settings, against the file that explains them and against what they change.

use std::fs;

use lenscap_core::trouble::settings::Limits;
use lenscap_settings::table::{self, ActsOn, Setting, SettingValue};
use lenscap_settings::{CardChoice, Settings};

use super::load_text;

/// Every setting with its default, as it is installed.
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/config.toml");

#[test]
fn the_example_has_every_setting_with_its_default() {
    let text = fs::read_to_string(EXAMPLE).unwrap();
    assert_eq!(load_text(&text).unwrap(), Settings::default());
    let parsed: toml::Table = text.parse().unwrap();
    assert_eq!(parsed.len(), table::SECTIONS.len() + 1, "nothing but the sections and the version");
    for setting in table::all() {
        let Some(key) = parsed[setting.section].get(setting.key) else {
            panic!("{setting:?} is missing in data/config.toml");
        };
        let written = match key {
            toml::Value::Array(entries) if entries.is_empty() => SettingValue::List(Vec::new()),
            toml::Value::Boolean(value) => SettingValue::Bool(*value),
            toml::Value::Integer(number) => SettingValue::Integer(*number),
            other => SettingValue::Text(other.as_str().unwrap().to_owned()),
        };
        assert_eq!(written, setting.default(), "{setting:?}");
    }
}

/// The comment above each setting; settings without an empty line between them share theirs.
fn comments(text: &str) -> Vec<(String, String)> {
    let (mut section, mut comment, mut found) = (String::new(), String::new(), Vec::new());
    for line in text.lines() {
        if let Some(words) = line.strip_prefix('#') {
            comment.push_str(words);
        } else if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        } else if let Some((key, _)) = line.split_once(" = ") {
            found.push((format!("{section}.{key}"), comment.clone()));
        } else {
            comment.clear();
        }
    }
    found
}

#[test]
fn the_example_says_the_limits_of_every_setting() {
    let text = fs::read_to_string(EXAMPLE).unwrap();
    let comments = comments(&text);
    for setting in table::all() {
        let (_, comment) = comments.iter().find(|(key, _)| *key == format!("{setting:?}")).unwrap();
        for limit in limits_in_words(setting) {
            assert!(comment.contains(&limit), "{setting:?}: {limit} is missing in: {comment}");
        }
    }
}

/// What has to be said of a setting's limits. That nothing is less than 0 needs not be.
fn limits_in_words(setting: &Setting) -> Vec<String> {
    match &setting.limits {
        Limits::Whole { min, max } | Limits::Even { min, max } | Limits::WholeOrAuto { min, max } => {
            [min, max].into_iter().filter(|limit| **limit != 0).map(ToString::to_string).collect()
        }
        Limits::NumbersOrAuto(numbers) => numbers.iter().map(ToString::to_string).collect(),
        Limits::Words { words, .. } | Limits::Device { words, .. } => words.iter().map(ToString::to_string).collect(),
        Limits::Name { max_bytes } => vec![max_bytes.to_string()],
        Limits::Text { max_chars } => vec![max_chars.to_string()],
        Limits::Colour { or_auto } => or_auto.then(|| "auto".into()).into_iter().collect(),
        Limits::Switch | Limits::Names { .. } | Limits::Command { .. } | Limits::OwnFile | Limits::Source => Vec::new(),
    }
}

/// A value that is not the default.
fn another(setting: &Setting) -> SettingValue {
    let text = |text: &str| SettingValue::Text(text.to_owned());
    let other = match (&setting.limits, setting.default()) {
        (Limits::Switch, SettingValue::Bool(value)) => SettingValue::Bool(!value),
        (Limits::Whole { min, max } | Limits::Even { min, max } | Limits::WholeOrAuto { min, max }, default) => {
            SettingValue::Integer(if default == SettingValue::Integer(*max) { *min } else { *max })
        }
        (Limits::NumbersOrAuto(numbers), _) => SettingValue::Integer(*numbers.last().unwrap()),
        (Limits::Words { words, .. }, _) => text(&words[1]),
        (Limits::Device { example, .. }, _) => text(example),
        (Limits::Name { .. } | Limits::Text { .. }, _) => text("Another"),
        (Limits::Colour { .. }, _) => text("#123456"),
        (Limits::Names { .. } | Limits::Command { .. }, _) => SettingValue::List(vec!["zoom".into()]),
        (Limits::OwnFile, _) => text("~/a.png"),
        (Limits::Source, _) => text("test"),
        (Limits::Switch, default) => panic!("{setting:?} is on or off, and {default:?} by default"),
    };
    assert_ne!(other, setting.default(), "{setting:?}");
    other
}

fn in_toml(value: &SettingValue) -> String {
    match value {
        SettingValue::Integer(number) => number.to_string(),
        SettingValue::Text(text) => format!("{text:?}"),
        SettingValue::Bool(value) => value.to_string(),
        SettingValue::List(list) => format!("{list:?}"),
    }
}

#[test]
fn every_setting_of_the_table_is_read_and_reaches_the_settings() {
    for setting in table::all() {
        let value = another(setting);
        let settings = load_text(&format!("[{}]\n{} = {}\n", setting.section, setting.key, in_toml(&value))).unwrap();
        assert_ne!(settings, Settings::default(), "{setting:?}");
        assert_eq!(setting.value(&settings).as_ref(), Ok(&value), "{setting:?}");
        let others = table::all().filter(|other| *other != setting);
        for other in others {
            assert_eq!(other.value(&settings), Ok(other.default()), "{setting:?} changes {other:?} as well");
        }
    }
}

#[test]
fn a_setting_acts_on_what_the_table_says() {
    for setting in table::all() {
        let mut settings = Settings::default();
        if setting.section == "privacy" && setting.key == "picture" {
            settings.privacy.card = CardChoice::Picture;
        }
        let before = settings.clone();
        setting.put(&mut settings, &another(setting));
        let changes = (
            settings.policy() != before.policy(),
            settings.camera.format != before.camera.format,
            settings.card_style(None) != before.card_style(None)
                || settings.card_picture(None) != before.card_picture(None),
            settings.notifications != before.notifications,
            settings.device != before.device || settings.output != before.output,
            settings.detection != before.detection,
            settings.hooks != before.hooks,
            settings.history != before.history,
        );
        let is = |on: ActsOn| setting.acts_on == on;
        let expected = (
            is(ActsOn::Machine),
            is(ActsOn::Format),
            is(ActsOn::Card),
            is(ActsOn::Notifications),
            is(ActsOn::Devices),
            is(ActsOn::Detection),
            is(ActsOn::Hooks),
            is(ActsOn::History),
        );
        assert_eq!(changes, expected, "{setting:?}");
    }
}
