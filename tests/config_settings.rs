//! Loading and saving: defaults, merging, every refusal with its place, comments, links, modes, identity.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use lenscap::config::sections::camera::WIDTH;
use lenscap::config::sections::privacy::CARD;
use lenscap::config::table::{self, ActsOn, Setting, SettingValue};
use lenscap::config::{CardChoice, Overrides, SecondNode, Settings, load, save, update};
use lenscap::core::controls::Value;
use lenscap::core::policy::Policy;
use lenscap::core::source::Source;
use lenscap::core::trouble::settings::Limits;
use lenscap::frame::card::CardKind;
use lenscap::frame::format::{PixelFormat, VideoFormat};
use proptest::prelude::*;
use tempfile::TempDir;

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    (directory, path)
}

fn load_text(text: &str) -> Result<Settings, String> {
    let (_directory, path) = directory();
    fs::write(&path, text).unwrap();
    load(&path, &Overrides::default()).map_err(|error| error.to_string())
}

#[test]
fn the_example_has_every_setting_with_its_default() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/config.toml")).unwrap();
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
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/config.toml")).unwrap();
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
        Limits::Numbers(numbers) => numbers.iter().map(ToString::to_string).collect(),
        Limits::Words { words, .. } | Limits::Device { words, .. } => words.iter().map(ToString::to_string).collect(),
        Limits::Name { max_bytes } => vec![max_bytes.to_string()],
        Limits::Switch | Limits::Names { .. } | Limits::OwnFile | Limits::Source => Vec::new(),
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
        (Limits::Numbers(numbers), _) => SettingValue::Integer(*numbers.last().unwrap()),
        (Limits::Words { words, .. }, _) => text(&words[1]),
        (Limits::Device { example, .. }, _) => text(example),
        (Limits::Name { .. }, _) => text("Another"),
        (Limits::Names { .. }, _) => SettingValue::List(vec!["zoom".into()]),
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
            settings.device != before.device,
            settings.detection != before.detection,
        );
        let is = |on: ActsOn| setting.acts_on == on;
        let expected = (
            is(ActsOn::Machine),
            is(ActsOn::Format),
            is(ActsOn::Card),
            is(ActsOn::Notifications),
            is(ActsOn::Devices),
            is(ActsOn::Detection),
        );
        assert_eq!(changes, expected, "{setting:?}");
    }
}

#[test]
fn the_defaults_are_those_promised() {
    let (_directory, path) = directory();
    let settings = load(&path, &Overrides::default()).unwrap();
    assert!(!path.exists(), "loading creates nothing");
    assert_eq!(settings.camera.format, VideoFormat::new(PixelFormat::Yuy2, 1920, 1080, 30).unwrap());
    assert_eq!((settings.camera.buffer_count, settings.camera.source.clone()), (7, Source::Auto));
    assert_eq!(settings.policy(), Policy::default());
    assert_eq!(settings.detection.poll_interval, Duration::from_millis(50));
    assert_eq!(settings.card_style(None).kind, CardKind::Text);
}

#[test]
fn every_mistake_is_one_sentence_with_its_place() {
    let cases = [
        (
            "[camera]\n\nframerate = 0",
            "config.toml line 3, column 13: framerate must be a whole number from 1 to 240, not 0.",
        ),
        ("[camera]\nframerate=1000", "line 2, column 11: framerate must be a whole number from 1 to 240, not 1000."),
        ("[camera]\nframerate = 29.97", "framerate must be a whole number from 1 to 240, not 29.97."),
        ("[camera]\nwidth = 0", "width must be an even number from 2 to 8192, not 0."),
        ("[camera]\nwidth = 1281", "line 2, column 9: width 1281 is odd and cameras need even sizes: use 1282."),
        ("[camera]\nheight = 9000", "height must be an even number from 2 to 8192, not 9000."),
        ("[camera]\nheight = -1080", "height must be an even number from 2 to 8192, not -1080."),
        (
            "[camera]\nheight = 99999999999999999999",
            "height must be an even number from 2 to 8192, not 99999999999999999999.",
        ),
        ("[camera]\nbuffer_count = 99", "buffer_count must be a whole number from 1 to 16, not 99."),
        ("[camera]\nsource = \"webcam\"", "source: \"webcam\" is not a source: use auto"),
        ("[camera]\nsource = 3", "source 3 is not text"),
        ("[camera]\nwidth = \"wide\"", "width must be an even number from 2 to 8192, not \"wide\"."),
        (
            "[camera]\nwidht = 640",
            "line 2, column 1: \"widht\" is not a setting of [camera]: use source, width, height, framerate, buffer_count, \
             mirror, rotation, zoom, pan_x or pan_y.",
        ),
        ("[camera]\nlabel = \"x\"", "\"label\" stands in the wrong section: write it under [device]."),
        ("width = 640", "line 1, column 1: \"width\" stands outside its section: write it under [camera]."),
        ("[cam]\nwidth = 640", "line 1, column 2: \"cam\" is not a section: use [camera], [privacy]"),
        ("camera = 1", "line 1, column 1: camera is a section: write [camera] on a line of its own."),
        ("[[camera]]\nwidth = 640", "camera is a section"),
        ("[device]\nformat = \"RGB3\"", "format must be \"YUY2\", \"NV12\" or \"I420\", not \"RGB3\"."),
        ("[device]\nnode = \"video0\"", "node \"video0\" is not a full path: use \"auto\" or a path as in"),
        (
            "[device]\nsecond_node = \"video1\"",
            "second_node \"video1\" is not a full path: use \"off\", \"auto\" or a path",
        ),
        (
            "[device]\nnode = \"/dev/video1\"\nsecond_node = \"/dev/video1\"",
            "line 3, column 15: second_node \"/dev/video1\" is the first one already: use another, \"auto\" or \"off\".",
        ),
        (
            "[device]\nnode = \"/dev/video1\"\nsecond_node = \"/dev/video1\"\n[privacy]\ncard = \"picture\"",
            "line 5, column 8: card \"picture\" has no picture",
        ),
        ("[device]\nlabel = \"\"", "label must be a name of 1 to 31 bytes as in \"Lenscap\", not \"\"."),
        ("[privacy]\ncard = \"picture\"", "line 2, column 8: card \"picture\" has no picture: set picture to"),
        ("[privacy]\ncard = \"red\"", "card must be \"text\", \"black\" or \"picture\", not \"red\"."),
        ("[privacy]\npicture = \"off.png\"", "picture \"off.png\" is not a full path"),
        ("[privacy]\nblocked = \"zoom\"", "blocked \"zoom\" is not a list: use a list of program names"),
        ("[privacy]\nblocked = [1]", "blocked has 1, which is not a program's name: use"),
        ("[privacy]\nstart_paused = \"yes\"", "start_paused must be true or false, not \"yes\"."),
        (
            "[privacy]\nactivation_delay_ms = \"soon\"",
            "activation_delay_ms must be \"auto\" or a whole number from 0 to 60000, not \"soon\".",
        ),
        ("[detection]\npoll_interval_ms = 0", "poll_interval_ms must be a whole number from 1 to 10000, not 0."),
        ("version = 2\nnonsense = 1", "line 1, column 11: version 2 is newer than this Lenscap understands: update"),
        ("version = \"1\"", "version must be 1, not \"1\"."),
        ("[camera]\nwidth 640", "line 2, column 7: this is not TOML ("),
        ("[camera]\nwidth = 640\nwidth = 640", "line 3, column 1: this is not TOML (duplicate key): write one"),
        // Umlauts count as one column, and the first mistake is the one that is told.
        ("[privacy]\nblocked = [\"ä\"]; [camera]\nwidth = 0", "line 2, column 16: this is not TOML"),
        ("[privacy]\ncard = 'ä'\n[camera]\nwidth = 0", "line 2, column 8: card must be"),
    ];
    for (text, expected) in cases {
        let error = load_text(text).unwrap_err();
        assert!(error.contains(expected), "{text:?}\n  gives    {error}\n  expected {expected}");
        assert!(error.starts_with("config.toml line ") && error.ends_with('.') && !error.contains('\n'), "{error}");
    }
}

#[test]
fn at_start_the_sentence_names_the_file_and_the_way_out() {
    let (_directory, path) = directory();
    fs::write(&path, "[camera]\nwidth = 0").unwrap();
    let sentence = load(&path, &Overrides::default()).unwrap_err().at_start();
    assert!(sentence.contains("config.toml line 2, column 9: width must be"), "{sentence}");
    assert!(sentence.contains(&format!("(correct {} or move it away", path.display())), "{sentence}");
}

#[test]
fn what_is_no_readable_file_is_an_error_not_the_defaults() {
    let (directory, path) = directory();
    let refused = |path: &Path| load(path, &Overrides::default()).unwrap_err().to_string();
    assert!(refused(directory.path()).contains("cannot be read (it is not a file): correct that or move it away."));

    let fifo = directory.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    assert!(refused(&fifo).contains("it is not a file"), "and does not wait for a writer");

    fs::write(&path, b"version = 1\nlabel = \"\xff\"").unwrap();
    assert!(refused(&path).contains("it is not UTF-8 text in line 2"));

    fs::write(&path, "#".repeat((1 << 20) + 1)).unwrap();
    assert!(refused(&path).contains("larger than a mebibyte"));

    fs::write(&path, format!("a = {}", "[".repeat(100_000))).unwrap();
    assert!(refused(&path).contains("this is not TOML"));

    assert_eq!(load(Path::new("/dev/null"), &Overrides::default()).unwrap(), Settings::default());
}

#[test]
fn the_command_line_lies_on_top_and_the_whole_is_checked() {
    let (_directory, path) = directory();
    fs::write(&path, "[camera]\nwidth = 640\nheight = 480\n[privacy]\npicture = \"~/off.png\"").unwrap();
    let overrides = Overrides::default()
        .with(&WIDTH, SettingValue::Integer(1280))
        .with(&CARD, SettingValue::Text("picture".into()));
    let settings = load(&path, &overrides).unwrap();
    assert_eq!((settings.camera.format.width, settings.camera.format.height), (1280, 480));
    assert_eq!(
        settings.card_picture(Some(Path::new("/home/me"))),
        Some("/home/me/off.png".into()),
        "the file's picture with the argument's card"
    );

    fs::write(&path, "").unwrap();
    let error = load(&path, &overrides).unwrap_err().to_string();
    assert_eq!(error, "card \"picture\" has no picture: set picture to the path of a PNG or JPEG.");

    fs::write(&path, "[privacy]\ncard = \"picture\"").unwrap();
    let black = Overrides::default().with(&CARD, SettingValue::Text("black".into()));
    assert!(load(&path, &black).is_ok(), "what the command line sets right is right");
}

const COMMENTED: &str = "\
# mine
version = 1

[camera] # the camera
width = 640 # narrow
# about the height
height = 0x1E0

  [device]
label   = 'Cam' # quoted so
";

#[test]
fn saving_keeps_comments_and_what_did_not_change() {
    let (_directory, path) = directory();
    fs::write(&path, COMMENTED).unwrap();
    assert!(update(&path, |settings| settings.camera.format.width = 1280).unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), COMMENTED.replace("width = 640", "width = 1280"));

    let before = fs::metadata(&path).unwrap();
    assert!(!update(&path, |_| {}).unwrap(), "nothing changed, nothing written");
    let after = fs::metadata(&path).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());

    // Dotted keys and inline tables are written where they are.
    fs::write(&path, "camera.width = 640\nprivacy = { cooldown_ms = 1, card = \"black\" } # one line\n").unwrap();
    update(&path, |settings| {
        settings.camera.format.width = 320;
        settings.privacy.cooldown = Duration::from_millis(2);
    })
    .unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "camera.width = 320\nprivacy = { cooldown_ms = 2, card = \"black\" } # one line\n"
    );
}

#[test]
fn a_list_keeps_its_layout_whatever_is_taken_out() {
    let without = |text: &str, program: &str| {
        let (_directory, path) = directory();
        fs::write(&path, text).unwrap();
        update(&path, |settings| settings.privacy.blocked.retain(|name| name != program)).unwrap();
        fs::read_to_string(&path).unwrap()
    };
    assert_eq!(without("privacy.blocked = [\"a\", \"b\"]\n", "a"), "privacy.blocked = [\"b\"]\n");
    assert_eq!(without("privacy.blocked = [ \"a\",\"b\" ]\n", "a"), "privacy.blocked = [ \"b\" ]\n");
    assert_eq!(without("privacy.blocked = [\"a\", \"b\"]\n", "b"), "privacy.blocked = [\"a\"]\n");
    assert_eq!(
        without("privacy.blocked = [\n  \"a\",\n  # the second\n  \"b\",\n]\n", "a"),
        "privacy.blocked = [\n  # the second\n  \"b\",\n]\n"
    );
}

#[test]
fn a_new_file_is_private_small_and_in_a_private_directory() {
    let (directory, _) = directory();
    let path = directory.path().join("a/lenscap/config.toml");
    update(&path, |settings| settings.privacy.start_paused = true).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "version = 1\n\n[privacy]\nstart_paused = true\n");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
}

#[test]
fn comments_at_the_end_stay_where_they_are() {
    let (_directory, path) = directory();
    fs::write(&path, "[camera]\nwidth = 640\n# the end").unwrap();
    update(&path, |settings| settings.privacy.start_paused = true).unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "[camera]\nwidth = 640\n# the end\n\n[privacy]\nstart_paused = true\n"
    );
}

#[test]
fn a_file_that_ends_in_a_comment_is_not_written_for_nothing() {
    let (_directory, path) = directory();
    let text = "[camera]\nmirror = true # laid";
    fs::write(&path, text).unwrap();
    assert!(!update(&path, |_| {}).unwrap(), "nothing changed, nothing written");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn no_file_is_made_for_the_defaults() {
    let (_directory, path) = directory();
    assert!(!save(&path, &Settings::default()).unwrap());
    assert!(!path.exists());
}

#[test]
fn a_linked_file_is_written_through() {
    let (directory, path) = directory();
    let target = directory.path().join("dotfiles/lenscap.toml");
    fs::create_dir(target.parent().unwrap()).unwrap();
    fs::write(&target, "# in git\n").unwrap();
    symlink("second", &path).unwrap();
    symlink("dotfiles/lenscap.toml", directory.path().join("second")).unwrap();
    update(&path, |settings| settings.camera.format.width = 640).unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&target).unwrap(), "# in git\n\nversion = 1\n\n[camera]\nwidth = 640\n");

    // Also where the target is yet to be made.
    fs::remove_file(&target).unwrap();
    update(&path, |settings| settings.camera.format.width = 320).unwrap();
    assert!(fs::read_to_string(&target).unwrap().contains("width = 320"));

    let ring = directory.path().join("ring");
    symlink("ring", &ring).unwrap();
    assert!(save(&ring, &Settings::default()).is_err());
}

#[test]
fn a_file_that_cannot_be_understood_is_left_alone() {
    let (_directory, path) = directory();
    for text in ["[camera]\nwidth = ", "version = 7\n", "[camera]\nwidht = 1\n"] {
        fs::write(&path, text).unwrap();
        assert!(save(&path, &Settings::default()).unwrap_err().to_string().contains("line "));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn settings_that_would_not_load_are_not_saved() {
    let (_directory, path) = directory();
    let mut settings = Settings::default();
    settings.camera.format.width = 3;
    assert!(save(&path, &settings).unwrap_err().to_string().contains("width 3 is odd"));
    let mut settings = Settings::default();
    settings.privacy.cooldown = Duration::from_micros(1500);
    assert!(save(&path, &settings).is_err());
    assert!(!path.exists());
}

#[test]
fn an_unwritable_place_is_one_sentence() {
    // Not by permissions: the superuser may run the tests.
    let (directory, _) = directory();
    fs::write(directory.path().join("file"), "").unwrap();
    for path in [directory.path().join("file/config.toml"), PathBuf::from("/proc/lenscap/config.toml")] {
        let mut settings = Settings::default();
        settings.privacy.start_paused = true;
        let sentence = save(&path, &settings).unwrap_err().to_string();
        assert!(sentence.contains(&path.display().to_string()), "{sentence}");
        assert!(sentence.contains("cannot be") && sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
    }
}

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
        Limits::Numbers(numbers) => prop::sample::select(numbers.to_vec()).prop_map(SettingValue::Integer).boxed(),
        Limits::Words { words: known, .. } => words(known).prop_map(text).boxed(),
        Limits::Name { max_bytes } => name(*max_bytes).prop_map(text).boxed(),
        Limits::Names { max_bytes, .. } => {
            prop::collection::vec(name(*max_bytes), 0..4).prop_map(SettingValue::List).boxed()
        }
        Limits::Device { words: known, .. } => prop_oneof![words(known), "/dev/[a-z0-9/]{1,20}"].prop_map(text).boxed(),
        Limits::OwnFile => prop_oneof![Just(String::new()), "(~)?/[a-zä\"\\\\ ]{1,20}"].prop_map(text).boxed(),
        Limits::Source => source().prop_map(move |source| text(source.to_string())).boxed(),
    }
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
        save(&path, &old).unwrap();
        prop_assert_eq!(&load(&path, &Overrides::default()).unwrap(), &old);
        save(&path, &new).unwrap();
        prop_assert_eq!(&load(&path, &Overrides::default()).unwrap(), &new);
        if commented {
            let text = fs::read_to_string(&path).unwrap();
            for comment in ["# mine", "# the camera", "# narrow", "# about the height", "# quoted so"] {
                prop_assert!(text.contains(comment), "{} is lost in\n{}", comment, text);
            }
        }
        prop_assert!(!save(&path, &new).unwrap(), "the second save finds nothing to do");
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (_directory, path) = directory();
        fs::write(&path, &bytes).unwrap();
        let _ = load(&path, &Overrides::default()).map_err(|error| error.at_start());
        let _ = save(&path, &Settings::default());
    }

    #[test]
    fn scrambled_files_never_panic_and_say_one_line(cut in 0usize..2000, insert in "[\\PC\n\\[\\]=\"'#{}.]{0,12}") {
        let mut text = include_str!("../data/config.toml").replace("# ", "");
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

/// Saves of each process.
const SAVES: i64 = 60;
/// Tells a second process of this test program where to save, and under which name.
const SAVER: &str = "LENSCAP_TEST_SAVER";

#[test]
fn saver() {
    let Ok(order) = std::env::var(SAVER) else { return };
    let (name, path) = order.split_once(' ').unwrap();
    for number in 0..SAVES {
        let keep = |settings: &mut Settings| {
            let values = settings.controls.entry(name.to_owned()).or_default();
            values.insert(format!("control_{number}"), Value::Integer(number));
        };
        update(Path::new(path), keep).unwrap();
    }
}

#[test]
fn processes_that_save_at_once_lose_nothing() {
    let (_directory, path) = directory();
    let savers: Vec<_> = ["one", "two"]
        .into_iter()
        .map(|name| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "saver"])
                .env(SAVER, format!("{name} {}", path.display()))
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut saver in savers {
        assert!(saver.wait().unwrap().success());
    }
    let controls = load(&path, &Overrides::default()).unwrap().controls;
    let counts: Vec<_> = ["one", "two"].map(|name| controls.get(name).map_or(0, |values| values.len())).into();
    assert_eq!(counts, [SAVES as usize; 2]);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left there");
}

#[test]
fn a_save_that_never_ends_is_waited_for_within_limits() {
    let (directory, path) = directory();
    let lock = fs::File::open(directory.path()).unwrap();
    lock.lock().unwrap();
    let error = update(&path, |settings| settings.privacy.start_paused = true).unwrap_err();
    assert!(error.to_string().contains("another program saves"), "{error}");
    assert!(!path.exists());
    drop(lock);
    assert!(update(&path, |settings| settings.privacy.start_paused = true).unwrap());
}
