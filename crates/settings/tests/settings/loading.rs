//! Loading: the defaults, every refusal with its place, files that are none, the command line on top.

use std::fs;
use std::path::Path;
use std::time::Duration;

use lenscap_core::policy::Policy;
use lenscap_core::source::Source;
use lenscap_picture::card::CardKind;
use lenscap_picture::format::{PixelFormat, VideoFormat};
use lenscap_settings::table::SettingValue;
use lenscap_settings::table::camera::WIDTH;
use lenscap_settings::table::privacy::CARD;
use lenscap_settings::{Layers, Overrides, Settings, load};

use super::{directory, load_text};

#[test]
fn the_defaults_are_those_promised() {
    let (_directory, path) = directory();
    let settings = load(&Layers::alone(&path), &Overrides::default()).unwrap();
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
    let sentence = load(&Layers::alone(&path), &Overrides::default()).unwrap_err().at_start();
    assert!(sentence.contains("config.toml line 2, column 9: width must be"), "{sentence}");
    assert!(sentence.contains(&format!("(correct {} or move it away", path.display())), "{sentence}");
}

#[test]
fn what_is_no_readable_file_is_an_error_not_the_defaults() {
    let (directory, path) = directory();
    let refused = |path: &Path| load(&Layers::alone(path), &Overrides::default()).unwrap_err().to_string();
    assert!(
        refused(directory.path()).contains("cannot be read (it is not a file): correct their file or move it away.")
    );

    let fifo = directory.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    assert!(refused(&fifo).contains("it is not a file"), "and does not wait for a writer");

    fs::write(&path, b"version = 1\nlabel = \"\xff\"").unwrap();
    assert!(refused(&path).contains("it is not UTF-8 text in line 2"));

    fs::write(&path, "#".repeat((1 << 20) + 1)).unwrap();
    assert!(refused(&path).contains("larger than a mebibyte"));

    fs::write(&path, format!("a = {}", "[".repeat(100_000))).unwrap();
    assert!(refused(&path).contains("this is not TOML"));

    assert_eq!(load(&Layers::alone(Path::new("/dev/null")), &Overrides::default()).unwrap(), Settings::default());
}

#[test]
fn the_command_line_lies_on_top_and_the_whole_is_checked() {
    let (_directory, path) = directory();
    fs::write(&path, "[camera]\nwidth = 640\nheight = 480\n[privacy]\npicture = \"~/off.png\"").unwrap();
    let overrides = Overrides::default()
        .with(&WIDTH, SettingValue::Integer(1280))
        .with(&CARD, SettingValue::Text("picture".into()));
    let settings = load(&Layers::alone(&path), &overrides).unwrap();
    assert_eq!((settings.camera.format.width, settings.camera.format.height), (1280, 480));
    assert_eq!(
        settings.card_picture(Some(Path::new("/home/me"))),
        Some("/home/me/off.png".into()),
        "the file's picture with the argument's card"
    );

    fs::write(&path, "").unwrap();
    let error = load(&Layers::alone(&path), &overrides).unwrap_err().to_string();
    assert_eq!(error, "card \"picture\" has no picture: set picture to the path of a PNG or JPEG.");

    fs::write(&path, "[privacy]\ncard = \"picture\"").unwrap();
    let black = Overrides::default().with(&CARD, SettingValue::Text("black".into()));
    assert!(load(&Layers::alone(&path), &black).is_ok(), "what the command line sets right is right");
}
