//! Layers: which file wins, what a mistake below the user's file costs, and what is written where.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use lenscap_core::controls::Value;
use lenscap_core::source::Source;
use lenscap_settings::table::SettingValue;
use lenscap_settings::table::camera::FRAMERATE;
use lenscap_settings::{CardChoice, Layered, Layers, Overrides, SecondNode, Settings, reset, update, update_own};
use tempfile::TempDir;

/// A machine with a vendor's file, a site's and a user's.
struct Machine {
    _directory: TempDir,
    user: PathBuf,
    site: PathBuf,
    vendor: PathBuf,
}

impl Machine {
    fn new(vendor: &str, site: &str, user: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = directory.path().join(name).join("config.toml");
            fs::create_dir(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            path
        };
        let (user, site, vendor) = (put("user", user), put("site", site), put("vendor", vendor));
        Self { _directory: directory, user, site, vendor }
    }

    fn layers(&self) -> Layers {
        Layers::new(self.user.clone(), [self.site.clone(), self.vendor.clone()])
    }

    fn load(&self) -> Layered {
        self.layers().load(&Overrides::default()).unwrap()
    }

    /// The user's file.
    fn text(&self) -> String {
        fs::read_to_string(&self.user).unwrap()
    }
}

#[test]
fn the_upper_layer_wins_and_what_it_does_not_say_falls_through() {
    let machine = Machine::new(
        "[camera]\nwidth = 640\nheight = 480\nframerate = 15\nsource = \"libcamera\"\n",
        "[camera]\nheight = 720\nframerate = 20\n",
        "[camera]\nframerate = 25\n",
    );
    let Layered { settings, below, origins, ignored, .. } = machine.load();
    let of = |setting: &str| origins.iter().find(|(other, _)| other.to_string() == setting).map(|(_, path)| path);
    let places = ["camera.width", "camera.height", "camera.framerate", "camera.source", "camera.mirror"].map(of);
    assert_eq!(places, [Some(&machine.vendor), Some(&machine.site), Some(&machine.user), Some(&machine.vendor), None]);
    let format = settings.camera.format;
    assert_eq!((format.width, format.height, format.framerate), (640, 720, 25));
    assert_eq!(settings.camera.source, Source::Libcamera(None));
    assert_eq!(settings.privacy, Settings::default().privacy, "of nobody");
    assert_eq!(below.camera.format.framerate, 20);
    assert!(ignored.is_empty());
    let overrides = Overrides::default().with(&FRAMERATE, SettingValue::Integer(5));
    let layered = machine.layers().load(&overrides).unwrap();
    assert_eq!((layered.settings.camera.format.framerate, layered.below.camera.format.framerate), (5, 20));
    for path in [&machine.user, &machine.site, &machine.vendor] {
        fs::remove_file(path).unwrap();
    }
    assert_eq!(machine.load().settings, Settings::default());
}

#[test]
fn a_list_replaces_the_one_below_and_controls_are_settings_each() {
    let machine = Machine::new(
        "[privacy]\nblocked = [\"zoom\", \"chrome\"]\n[controls.\"usb-A\"]\ngain = 1\nhue = 1\n[controls.\"usb-B\"]\ngain = 1\n",
        "[controls.\"usb-A\"]\ngain = 2\n",
        "[privacy]\nblocked = [\"cheese\"]\n[controls.\"usb-A\"]\nhue = 3\n",
    );
    let Layered { settings, own_controls, .. } = machine.load();
    assert_eq!(settings.privacy.blocked, ["cheese"]);
    let value = |camera: &str, key: &str| settings.controls[camera][key].clone();
    assert_eq!((value("usb-A", "gain"), value("usb-A", "hue")), (Value::Integer(2), Value::Integer(3)));
    assert_eq!(value("usb-B", "gain"), Value::Integer(1));
    assert_eq!(own_controls.len(), 1);
    fs::write(&machine.user, "[privacy]\nblocked = []\n").unwrap();
    assert!(machine.load().settings.privacy.blocked.is_empty(), "an empty list is a list");
}

#[test]
fn a_mistake_below_is_one_sentence_and_costs_nothing_else() {
    let user = "[camera]\nwidth = 640\n";
    let site = "[camera]\nheight = 480\n";
    let vendor = "[camera]\nmirror = true\n";
    let cases: [(&[u8], &str); 9] = [
        (
            b"[camera]\nframerate = 0\nheight = 480\n",
            "settings, line 2, column 13: framerate must be a whole number from 1 to 240, not 0; the setting is ignored.",
        ),
        (
            b"[camera]\nheight = 480\nfremarate = 3\n",
            "line 3, column 1: \"fremarate\" is not a setting of [camera]: use",
        ),
        (b"[camera]\nheight = 480\n[cam]\nwidth = 1\n", "line 3, column 2: \"cam\" is not a section"),
        (b"[camera]\nheight = 480\n[controls.x]\ngain = [\"\x1b\"]\n", "is not TOML"),
        (b"[camera]\nheight = 480\n[controls.x]\ngain = [1]\n", "line 4, column 8: gain must be a number"),
        (b"[camera]\nheight = ", "line 2, column 10: this is not TOML ("),
        (b"version = 9\n[camera]\nheight = 480\n", "line 1, column 11: version 9 is newer"),
        (
            b"\n\xff",
            "cannot be read (it is not UTF-8 text in line 2) and are ignored: correct their file or move it away.",
        ),
        (&[b'#'; (1 << 20) + 1], "cannot be read (it is larger than a mebibyte) and are ignored"),
    ];
    for (text, sentence) in cases {
        let machine = Machine::new(vendor, site, user);
        fs::write(&machine.site, text).unwrap();
        let Layered { settings, ignored, .. } = machine.load();
        let [error] = ignored.as_slice() else { panic!("{ignored:?}") };
        assert_eq!(error.path(), machine.site);
        let said = error.to_string();
        assert!(said.contains(sentence), "{said}\nis not\n{sentence}");
        assert!(!said.contains(machine.site.to_str().unwrap()), "{said}");
        assert!(said.ends_with('.') && !said.contains(char::is_control), "{said}");
        assert!(settings.camera.orientation.mirror, "the vendor's file holds: {said}");
        let is_readable = !said.contains("file is ignored") && !said.contains("cannot be read");
        let height = if is_readable { 480 } else { 1080 };
        assert_eq!((settings.camera.format.width, settings.camera.format.height), (640, height), "{said}");
    }
}

#[test]
fn what_is_no_file_below_is_ignored() {
    let machine = Machine::new("", "", "[camera]\nwidth = 640\n");
    fs::remove_file(&machine.site).unwrap();
    fs::create_dir(&machine.site).unwrap();
    fs::remove_file(&machine.vendor).unwrap();
    let pipe = &machine.vendor;
    rustix::fs::mknodat(rustix::fs::CWD, pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    let Layered { settings, ignored, .. } = machine.load();
    assert_eq!(ignored.len(), 2, "{ignored:?}");
    assert!(
        ignored.iter().all(|error| error.to_string().contains("cannot be read (it is not a file) and are ignored")),
        "{ignored:?}"
    );
    assert_eq!(settings.camera.format.width, 640);
    // As "XDG_CONFIG_DIRS=/dev/null" has it.
    let nowhere = Layers::new(machine.user.clone(), ["/dev/null/lenscap/config.toml".into()]);
    assert!(nowhere.clone().load(&Overrides::default()).unwrap().ignored.is_empty());
}

#[test]
fn what_was_good_before_stays_while_a_file_below_is_edited() {
    let machine = Machine::new("", "[privacy]\nblocked = [\"zoom\"]\ncooldown_ms = 7\n", "");
    let mut layers = machine.layers();
    let mut load = |text: &str| {
        fs::write(&machine.site, text).unwrap();
        let Layered { settings, ignored, .. } = layers.load(&Overrides::default()).unwrap();
        (settings.privacy.blocked, settings.privacy.cooldown, ignored.len())
    };
    let zoom = || vec!["zoom".to_owned()];
    let seven = Duration::from_millis(7);
    assert_eq!(load("[privacy]\nblocked = [\"zoom\"]\ncooldown_ms = 7\n"), (zoom(), seven, 0));
    assert_eq!(load("[privacy]\nblocked = [\"zoom\", \ncooldown_ms = 7\n"), (zoom(), seven, 1), "not TOML");
    assert_eq!(load("[privacy]\nblocked = [1]\ncooldown_ms = 8\n"), (zoom(), Duration::from_millis(8), 1));
    assert_eq!(load("[privacy]\n"), (Vec::new(), Settings::default().privacy.cooldown, 0), "taken away by hand");
}

#[test]
fn the_users_own_mistake_is_an_error_as_ever() {
    let machine = Machine::new("[camera]\nwidth = 3\n", "[camera]\nheight = 480\n", "[camera]\nwidth = 5\n");
    let error = machine.layers().load(&Overrides::default()).unwrap_err().to_string();
    assert!(error.starts_with("config.toml line 2, column 9: width 5 is odd"), "{error}");
    let without = machine.layers().load_without_user(&Overrides::default());
    assert_eq!((without.settings.camera.format.height, without.ignored.len()), (480, 1), "the others hold");
}

#[test]
fn what_does_not_fit_together_is_the_mistake_of_who_can_mend_it() {
    // A card without a picture below: the layers under it decide.
    let machine = Machine::new("[privacy]\ncard = \"black\"\n", "[privacy]\n\ncard = \"picture\"\n", "");
    let Layered { settings, ignored, .. } = machine.load();
    assert_eq!(settings.privacy.card, CardChoice::Black);
    assert!(ignored[0].to_string().contains("line 3, column 8: card \"picture\" has no picture"), "{ignored:?}");
    // With the user's picture it is whole.
    fs::write(&machine.user, "[privacy]\npicture = \"/a.png\"\n").unwrap();
    let Layered { settings, ignored, .. } = machine.load();
    assert_eq!((settings.privacy.card, ignored.len()), (CardChoice::Picture, 0));
    // The user's own card is the user's to correct.
    fs::write(&machine.user, "[privacy]\ncard = \"picture\"\n").unwrap();
    let error = machine.layers().load(&Overrides::default()).unwrap_err().to_string();
    assert!(error.starts_with("config.toml line 2"), "{error}");

    let nodes = Machine::new("[device]\nsecond_node = \"/dev/video1\"\n", "", "[device]\nnode = \"/dev/video1\"\n");
    let Layered { settings, ignored, .. } = nodes.load();
    assert_eq!((settings.device.second, ignored.len()), (SecondNode::Off, 1));
}

#[test]
fn only_what_the_user_changed_is_written_and_only_to_the_users_file() {
    let (vendor, site) = ("[camera]\nwidth = 640\nframerate = 15\n", "[controls.\"usb-A\"]\ngain = 2\n");
    let machine = Machine::new(vendor, site, "# mine\n");
    update(&machine.layers(), |settings| settings.camera.format.framerate = 20).unwrap();
    assert_eq!(machine.text(), "# mine\n\nversion = 1\n\n[camera]\nframerate = 20\n");
    update(&machine.layers(), |settings| {
        settings.controls.entry("usb-A".into()).or_default().insert("hue".into(), Value::Integer(3));
    })
    .unwrap();
    assert!(machine.text().ends_with("[controls.usb-A]\nhue = 3\n"), "{}", machine.text());
    // Chosen by hand it is the user's, also where it is as below.
    update(&machine.layers(), |settings| settings.camera.format.framerate = 15).unwrap();
    assert!(machine.text().contains("framerate = 15"));
    assert!(!update(&machine.layers(), |_| {}).unwrap(), "nothing changed, nothing written");
    fs::remove_file(&machine.user).unwrap();
    assert!(!update(&machine.layers(), |settings| settings.camera.format.width = 640).unwrap(), "as it is anyway");
    assert!(!machine.user.exists());
    assert_eq!(fs::read_to_string(&machine.vendor).unwrap(), vendor);
    assert_eq!(fs::read_to_string(&machine.site).unwrap(), site);
}

#[test]
fn a_reset_goes_back_to_the_layer_below_and_follows_it() {
    let user = "\
# mine
[camera]
# how wide
width = 320 # narrow
framerate = 25
mirror = true
[privacy]
blocked = [
  \"a\", # one
]
";
    let machine = Machine::new("[camera]\nwidth = 640\n[privacy]\nblocked = [\"zoom\"]\n", "", user);
    let copy = |settings: &mut Settings, below: &Settings| {
        settings.camera.format = below.camera.format;
        settings.privacy.blocked.clone_from(&below.privacy.blocked);
    };
    assert!(reset(&machine.layers(), copy).unwrap());
    assert_eq!(machine.text(), "# mine\n[camera]\n# how wide\n# narrow\nmirror = true\n[privacy]\n");
    assert_eq!(machine.load().settings.camera.format.width, 640);
    assert_eq!(machine.load().settings.privacy.blocked, ["zoom"]);
    fs::write(&machine.vendor, "[camera]\nwidth = 800\n").unwrap();
    assert_eq!(machine.load().settings.camera.format.width, 800, "and follows");
    assert!(!reset(&machine.layers(), copy).unwrap(), "once");

    // Among others on a line.
    fs::write(&machine.user, "camera.width = 320\nprivacy = { cooldown_ms = 1, card = \"black\" }\n").unwrap();
    reset(&machine.layers(), |settings, below| {
        settings.camera.format = below.camera.format;
        settings.privacy.card = below.privacy.card;
    })
    .unwrap();
    assert!(!machine.text().contains("width") && !machine.text().contains("card"), "{}", machine.text());
    assert_eq!(machine.load().settings.privacy.cooldown, Duration::from_millis(1));

    // Controls: the value below comes back.
    let machine = Machine::new("[controls.\"usb-A\"]\ngain = 2\n", "", "[controls.\"usb-A\"]\ngain = 5\nhue = 1\n");
    update(&machine.layers(), |settings| drop(settings.controls.remove("usb-A"))).unwrap();
    let controls = machine.load().settings.controls;
    assert_eq!(controls["usb-A"].len(), 1);
    assert_eq!(controls["usb-A"]["gain"], Value::Integer(2));
    assert!(!machine.text().contains("gain"), "{}", machine.text());
}

#[test]
fn what_is_renamed_in_the_users_file_alone_copies_nothing() {
    let machine = Machine::new(
        "[camera]\nsource = \"v4l2:/dev/a\"\n[privacy]\npicture = \"/a.png\"\n[controls.old]\ngain = 1\n",
        "",
        "[privacy]\ncard = \"picture\"\n[controls.old]\nhue = 1\n",
    );
    let rename = |settings: &mut Settings| match settings.controls.remove("old") {
        Some(values) => settings.controls.insert("new".into(), values).is_none(),
        None => false,
    };
    assert!(update_own(&machine.layers(), rename).unwrap());
    let text = machine.text();
    assert!(text.contains("[controls.new]\nhue = 1\n") && !text.contains("gain") && !text.contains("source"), "{text}");
    assert!(!update_own(&machine.layers(), rename).unwrap(), "once");
}
