//! `[controls."CAMERA"]`: the values of each camera's controls. Which keys there are, and which values fit, only the
//! camera knows: here is only their form.

use toml::Spanned;
use toml::de::DeValue;
use toml_edit::{DocumentMut, Item, Table, TableLike};

use super::rules::short;
use super::toml_text::{given, take_trailing};
use lenscap_core::controls::{MAX_TEXT, Saved, Value};
use lenscap_core::trouble::settings::SettingTrouble;

/// The section's name.
pub(super) const SECTION: &str = "controls";
/// Most cameras with values of their own.
const MAX_CAMERAS: usize = 64;
/// Most values of one camera.
const MAX_VALUES: usize = 256;
/// Longest name of a camera or a control, in bytes.
const MAX_NAME: usize = 255;

/// Reads the section; what is wrong goes to `problems`, with its place. A camera without values is left out.
pub(super) fn read(section: &Spanned<DeValue<'_>>, text: &str, problems: &mut Vec<(usize, SettingTrouble)>) -> Saved {
    let mut saved = Saved::new();
    let no_table = |at: usize, shown: &str| (at, SettingTrouble::NotControls { value: short(shown) });
    let DeValue::Table(cameras) = section.get_ref() else {
        problems.push(no_table(section.span().start, &given(section, text).to_string()));
        return saved;
    };
    for (camera, values) in cameras {
        let at = camera.span().start;
        let DeValue::Table(values) = values.get_ref() else {
            problems.push(no_table(at, camera.get_ref()));
            continue;
        };
        let too_many = cameras.len() > MAX_CAMERAS || values.len() > MAX_VALUES;
        if too_many || camera.get_ref().len() > MAX_NAME {
            let refusal = SettingTrouble::TooManyControls { cameras: MAX_CAMERAS, values: MAX_VALUES, bytes: MAX_NAME };
            problems.push((at, refusal));
            continue;
        }
        for (key, value) in values {
            match self::value(value, text) {
                Some(read) if key.get_ref().len() <= MAX_NAME => {
                    saved.entry(camera.get_ref().to_string()).or_default().insert(key.get_ref().to_string(), read);
                }
                _ => {
                    let refusal = SettingTrouble::Control {
                        key: short(key.get_ref()),
                        value: given(value, text).to_string(),
                        max_bytes: MAX_TEXT,
                    };
                    problems.push((value.span().start, refusal));
                }
            }
        }
    }
    saved
}

fn value(value: &Spanned<DeValue<'_>>, text: &str) -> Option<Value> {
    use super::rules::Given;
    match (value.get_ref(), given(value, text)) {
        (DeValue::Float(number), _) => {
            let number: f64 = number.as_str().parse().ok()?;
            number.is_finite().then_some(Value::Real(number))
        }
        (_, Given::Integer(number)) => Some(Value::Integer(number)),
        (_, Given::Bool(value)) => Some(Value::Boolean(value)),
        (_, Given::Text(text)) => (text.len() <= MAX_TEXT).then(|| Value::Text(text.to_owned())),
        (_, Given::List(_) | Given::Other(_)) => None,
    }
}

/// Writes what differs; the rest, and all comments, stay as they are.
pub(super) fn write(document: &mut DocumentMut, old: &Saved, new: &Saved) {
    let mut trailing = String::new();
    if !document.contains_key(SECTION) {
        // Beside others of its kind a camera need not be the last: what stands at the end stays there.
        trailing = take_trailing(document);
        let mut table = Table::new();
        // Only the cameras' own headers are to be seen.
        table.set_implicit(true);
        document.insert(SECTION, Item::Table(table));
    }
    let none = Default::default();
    let cameras: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for camera in cameras {
        let (before, after) = (old.get(camera).unwrap_or(&none), new.get(camera).unwrap_or(&none));
        if before == after {
            continue;
        }
        let has = document.get(SECTION).is_some_and(|section| section.get(camera).is_some());
        let Some(section) = document.get_mut(SECTION).and_then(Item::as_table_like_mut) else { return };
        if !has {
            let mut table = Table::new();
            table.decor_mut().set_prefix(format!("{}\n", std::mem::take(&mut trailing)));
            section.insert(camera, Item::Table(table));
        }
        let Some(table): Option<&mut dyn TableLike> = section.get_mut(camera).and_then(Item::as_table_like_mut) else {
            continue;
        };
        for key in before.keys().filter(|key| !after.contains_key(*key)) {
            table.remove(key);
        }
        for (key, value) in after.iter().filter(|(key, value)| before.get(*key) != Some(value)) {
            let mut value = match value {
                Value::Integer(number) => toml_edit::Value::from(*number),
                Value::Real(number) => toml_edit::Value::from(*number),
                Value::Boolean(value) => toml_edit::Value::from(*value),
                Value::Text(text) => toml_edit::Value::from(text.as_str()),
            };
            match table.get_mut(key) {
                Some(Item::Value(old)) => {
                    // The decoration holds the comment behind the value.
                    *value.decor_mut() = old.decor().clone();
                    *old = value;
                }
                _ => drop(table.insert(key, Item::Value(value))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::edit::AsBelow;
    use crate::file::File;
    use crate::model::Settings;
    use lenscap_core::trouble::settings::Mistake;

    fn settings(text: &str) -> Settings {
        File::parse(text).unwrap().over(Settings::default())
    }

    fn read(text: &str) -> Saved {
        settings(text).controls
    }

    fn edited(text: &str, settings: &Settings) -> Result<String, Mistake> {
        crate::edit::edited(text, &Settings::default(), settings, AsBelow::Written)
    }

    const TEXT: &str = "\
# mine
version = 1

[controls.\"usb-Maker_Cam_1\"] # the good one
brightness = 140 # brighter
auto_exposure = true
gain = 1.5

[controls.\"usb-Gone\"]
whatever = \"some text\"

[camera]
mirror = true
";

    #[test]
    fn every_form_of_value_is_read_and_strange_keys_are_no_mistake() {
        let saved = read(TEXT);
        let camera = &saved["usb-Maker_Cam_1"];
        assert_eq!(camera["brightness"], Value::Integer(140));
        assert_eq!(camera["auto_exposure"], Value::Boolean(true));
        assert_eq!(camera["gain"], Value::Real(1.5));
        assert_eq!(saved["usb-Gone"]["whatever"], Value::Text("some text".into()));
    }

    #[test]
    fn a_wrong_form_names_line_and_column() {
        for (text, line, column) in [
            ("[controls.x]\nbrightness = [1]\n", 2, 14),
            ("[controls.x]\n\ngain = 1979-05-27\n", 3, 8),
            ("[controls.x]\ngain = nan\n", 2, 8),
            ("[controls.x]\ngain = { a = 1 }\n", 2, 8),
            ("[controls]\nbrightness = 3\n", 2, 1),
            ("controls = 3\n", 1, 12),
        ] {
            let problem = File::parse(text).unwrap_err();
            assert_eq!((problem.line, problem.column), (line, column), "{text}: {problem:?}");
            let sentence = lenscap_words::settings::refusal(&problem.refusal);
            assert!(!sentence.ends_with('.'), "{sentence}");
        }
    }

    #[test]
    fn a_change_is_written_alone_and_comments_stay() {
        let mut settings = settings(TEXT);
        let camera = settings.controls.get_mut("usb-Maker_Cam_1").unwrap();
        camera.insert("brightness".into(), Value::Integer(100));
        camera.remove("gain");
        let text = edited(TEXT, &settings).unwrap();
        assert_eq!(text, TEXT.replace("140", "100").replace("gain = 1.5\n", ""));
        settings.controls.entry("/dev/video0".into()).or_default().insert("hue".into(), Value::Integer(-3));
        let text = edited(&text, &settings).unwrap();
        assert!(text.contains("[controls.\"/dev/video0\"]\nhue = -3\n"), "{text}");
        assert_eq!(read(&text), settings.controls);
        let fresh = edited("", &settings).unwrap();
        assert!(fresh.starts_with("version = 1\n") && !fresh.contains("[controls]"), "{fresh}");
        settings.controls.clear();
        assert!(read(&edited(&text, &settings).unwrap()).is_empty());
    }

    fn any_saved() -> impl Strategy<Value = Saved> {
        let value = prop_oneof![
            any::<i64>().prop_map(Value::Integer),
            (-1e9..1e9).prop_map(Value::Real),
            any::<bool>().prop_map(Value::Boolean),
            ".{0,12}".prop_map(Value::Text),
        ];
        let values = proptest::collection::btree_map("[a-z_]{1,6}", value, 1..4);
        proptest::collection::btree_map(".{0,8}", values, 0..3)
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(before in any_saved(), after in any_saved()) {
            let settings = Settings { controls: before, ..Settings::default() };
            let text = edited("", &settings).unwrap();
            prop_assert_eq!(&read(&text), &settings.controls);
            let settings = Settings { controls: after, ..settings };
            prop_assert_eq!(&read(&edited(&text, &settings).unwrap()), &settings.controls);
        }
    }
}
