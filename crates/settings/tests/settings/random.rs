//! Whatever the settings are, and whatever the file's bytes.

use std::fs;

use lenscap_core::source::Source;
use lenscap_core::trouble::settings::Limits;
use lenscap_settings::Layer;
use lenscap_settings::table::{self, Setting, SettingValue};
use lenscap_settings::{CardChoice, Layers, Overrides, SecondNode, Settings, load, reset, save};
use proptest::prelude::*;

use super::{COMMENTED, directory, load_text};

fn name(max: usize) -> impl Strategy<Value = String> {
    r#"[a-zA-Zä"'\\#=\[ .-]{1,31}"#
        .prop_map(move |mut text| {
            while text.len() > max {
                text.pop();
            }
            text
        })
        .prop_filter("a name has more than spaces", |text| !text.trim().is_empty())
}

fn source() -> impl Strategy<Value = Source> {
    prop_oneof![
        Just("auto".to_owned()),
        Just("test".to_owned()),
        r#"(icamera|libcamera|pipewire)(:[a-z"\\]{1,20})?"#,
        r#"v4l2:/dev/[a-z0-9:]{1,20}"#,
        r#"pipeline:[a-z]{1,10} ! [a-z",/='\\# ]{1,40}!"#,
    ]
    .prop_map(|text| text.parse().unwrap())
}

/// Whatever a setting takes.
fn value(setting: &Setting) -> BoxedStrategy<SettingValue> {
    let text = SettingValue::Text;
    let words = |words: &[std::borrow::Cow<'static, str>]| prop::sample::select(words.to_vec()).prop_map(String::from);
    match &setting.limits {
        Limits::Switch => any::<bool>().prop_map(SettingValue::Bool).boxed(),
        Limits::Whole { min, max } => (*min..=*max).prop_map(SettingValue::Integer).boxed(),
        Limits::Even { min, max } => (*min / 2..=*max / 2).prop_map(|half| SettingValue::Integer(half * 2)).boxed(),
        Limits::WholeOrAuto { min, max } => {
            prop_oneof![Just(text("auto".into())), (*min..=*max).prop_map(SettingValue::Integer)].boxed()
        }
        Limits::NumbersOrAuto(numbers) => {
            let number = prop::sample::select(numbers.to_vec()).prop_map(SettingValue::Integer);
            prop_oneof![Just(text("auto".into())), number].boxed()
        }
        Limits::Words { words: known, .. } => words(known).prop_map(text).boxed(),
        Limits::Name { max_bytes } => name(*max_bytes).prop_map(text).boxed(),
        Limits::Text { max_chars } => prop::collection::vec("[a-zäשا😀 \"\\\\]", 0..*max_chars)
            .prop_map(move |letters| text(letters.concat().trim().to_owned()))
            .boxed(),
        Limits::Colour { .. } => "#[0-9a-f]{6}".prop_map(text).boxed(),
        Limits::Names { max_bytes, .. } => {
            prop::collection::vec(name(*max_bytes), 0..4).prop_map(SettingValue::List).boxed()
        }
        Limits::Command { max_bytes, .. } => {
            let arguments = prop::collection::vec(".{0,9}".prop_filter("no NUL", |text| !text.contains('\0')), 0..3);
            let command = (name(*max_bytes), arguments)
                .prop_map(|(program, arguments)| std::iter::once(program).chain(arguments).collect::<Vec<_>>());
            prop_oneof![Just(Vec::new()), command].prop_map(SettingValue::List).boxed()
        }
        Limits::Device { words: known, .. } => prop_oneof![words(known), "/dev/[a-z0-9/]{1,20}"].prop_map(text).boxed(),
        Limits::OwnFile => prop_oneof![Just(String::new()), "(~)?/[a-zä\"\\\\ ]{1,20}"].prop_map(text).boxed(),
        Limits::Source => source().prop_map(move |source| text(source.to_string())).boxed(),
    }
}

/// A file that says some settings, and the values of some controls.
fn layer() -> impl Strategy<Value = String> {
    let value = |setting: &'static Setting| prop::option::of(value(setting)).prop_map(move |value| (setting, value));
    let values: Vec<_> = table::all().map(value).collect();
    let controls = prop::collection::btree_map("[ab]", prop::collection::btree_map("[cd]", 0..9, 1..3), 0..3);
    (values, controls).prop_map(|(values, controls)| {
        let mut text = String::new();
        for (setting, value) in values {
            let Some(value) = value else { continue };
            let value = match value {
                SettingValue::Integer(number) => toml::Value::Integer(number),
                SettingValue::Text(text) => toml::Value::String(text),
                SettingValue::Bool(value) => toml::Value::Boolean(value),
                SettingValue::List(list) => toml::Value::Array(list.into_iter().map(Into::into).collect()),
            };
            text += &format!("{}.{} = {value}\n", setting.section, setting.key);
        }
        for (camera, values) in controls {
            values.into_iter().for_each(|(key, value)| text += &format!("controls.{camera}.{key} = {value}\n"));
        }
        text
    })
}

/// What the settings are with each of these layers on top of the next, the lowest on the defaults.
fn put(layers: &[&Layer]) -> Settings {
    let mut settings = Settings::default();
    layers.iter().rev().for_each(|layer| layer.put_into(&mut settings));
    settings
}

fn settings() -> impl Strategy<Value = Settings> {
    let values: Vec<_> = table::all().map(value).collect();
    values.prop_map(|values| {
        let mut settings = Settings::default();
        for (setting, value) in table::all().zip(&values) {
            setting.put(&mut settings, value);
        }
        if settings.privacy.picture.is_none() && settings.privacy.card == CardChoice::Picture {
            settings.privacy.card = CardChoice::Text;
        }
        if matches!((&settings.device.node, &settings.device.second), (Some(first), SecondNode::Path(second)) if first == second) {
            settings.device.second = SecondNode::Off;
        }
        settings
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn saved_settings_load_again_over_any_older_file(old in settings(), new in settings(), commented in any::<bool>()) {
        let (_directory, path) = directory();
        if commented {
            fs::write(&path, COMMENTED).unwrap();
        }
        save(&Layers::alone(&path), &old).unwrap();
        prop_assert_eq!(&load(&Layers::alone(&path), &Overrides::default()).unwrap(), &old);
        save(&Layers::alone(&path), &new).unwrap();
        prop_assert_eq!(&load(&Layers::alone(&path), &Overrides::default()).unwrap(), &new);
        if commented {
            let text = fs::read_to_string(&path).unwrap();
            for comment in ["# mine", "# the camera", "# narrow", "# about the height", "# quoted so"] {
                prop_assert!(text.contains(comment), "{} is lost in\n{}", comment, text);
            }
        }
        prop_assert!(!save(&Layers::alone(&path), &new).unwrap(), "the second save finds nothing to do");
    }

    #[test]
    fn layers_lie_on_each_other_in_whatever_order_they_are_put_together(a in layer(), b in layer(), c in layer()) {
        let read = |text: &str| Layer::read(text).unwrap();
        let (top, middle, low) = (read(&a), read(&b), read(&c));
        let settings = put(&[&top, &middle, &low]);
        prop_assert_eq!(&put(&[&top.over(&middle).over(&low)]), &settings);
        prop_assert_eq!(&put(&[&top.over(&middle.over(&low))]), &settings);
        let nothing = Layer::default();
        prop_assert_eq!(&put(&[&nothing.over(&top).over(&nothing)]), &put(&[&top]));
        let layers = [&top, &middle, &low];
        for setting in table::all() {
            let said = layers.iter().find_map(|layer| layer.value(setting).cloned());
            prop_assert_eq!(setting.value(&settings).unwrap(), said.unwrap_or(setting.default()), "{:?}", setting);
        }
    }

    #[test]
    fn a_reset_takes_out_what_it_is_about_and_nothing_else(below in settings(), own in settings(), mirror in any::<bool>()) {
        let (directory, path) = directory();
        let site = directory.path().join("site.toml");
        save(&Layers::alone(&site), &below).unwrap();
        let layers = Layers::new(path.clone(), [site]);
        fs::write(&path, COMMENTED).unwrap();
        save(&layers, &own).unwrap();
        reset(&layers, |settings, below| {
            settings.camera.clone_from(&below.camera);
            settings.camera.orientation.mirror = mirror;
        })
        .unwrap();
        let loaded = load(&layers, &Overrides::default()).unwrap();
        let mut camera = below.camera.clone();
        camera.orientation.mirror = mirror;
        prop_assert_eq!((&loaded.camera, &loaded.privacy), (&camera, &own.privacy));
        let text = fs::read_to_string(&path).unwrap();
        for comment in ["# mine", "# the camera", "# narrow", "# about the height", "# quoted so"] {
            prop_assert!(text.contains(comment), "{} is lost in\n{}", comment, text);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (_directory, path) = directory();
        fs::write(&path, &bytes).unwrap();
        let _ = load(&Layers::alone(&path), &Overrides::default()).map_err(|error| error.at_start());
        let _ = save(&Layers::alone(&path), &Settings::default());
    }

    #[test]
    fn scrambled_files_never_panic_and_say_one_line(cut in 0usize..2000, insert in "[\\PC\n\\[\\]=\"'#{}.]{0,12}") {
        let mut text = include_str!("../../../../data/config.toml").replace("# ", "");
        let mut cut = cut.min(text.len());
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        text.insert_str(cut, &insert);
        if let Err(sentence) = load_text(&text) {
            prop_assert!(!sentence.contains('\n') && sentence.len() < 400, "{}", sentence);
        }
    }
}
