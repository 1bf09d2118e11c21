//! The preferences' widgets against a settings file: what the user sets is written, what cannot work is refused in its
//! row, what is edited by hand is shown. The window is built, not shown. Needs a display: `xvfb-run -a cargo test`.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::{Duration, Instant};

use adw::prelude::*;
use glib::variant::ToVariant;
use lenscap_autostart::Entries;
use lenscap_core::controls::{CameraControls, Control, Entry, Flags, Kind, Origin, Range, Value, in_software};
use lenscap_preferences::{Autostart, Surroundings, Window, from_variant};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// The thread that has GTK; `None` where there is no display.
fn gtk_thread() -> Option<&'static Mutex<mpsc::Sender<Job>>> {
    static THREAD: OnceLock<Option<Mutex<mpsc::Sender<Job>>>> = OnceLock::new();
    let start = || {
        let (sender, receiver) = mpsc::channel::<Job>();
        let (ready, is_ready) = mpsc::channel();
        std::thread::spawn(move || {
            let has_display = adw::init().is_ok();
            ready.send(has_display).expect("somebody waits");
            if has_display {
                receiver.iter().for_each(|job| job());
            }
        });
        is_ready.recv().expect("an answer").then(|| Mutex::new(sender))
    };
    THREAD.get_or_init(start).as_ref()
}

/// Runs `test` where GTK is, or says that it was skipped.
fn with_gtk(name: &str, test: impl FnOnce() + Send + 'static) {
    let Some(thread) = gtk_thread() else {
        return println!("SKIP {name}: there is no display (xvfb-run -a cargo test --test preferences)");
    };
    let (done, is_done) = mpsc::channel();
    let job = Box::new(move || {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(test));
        done.send(result).expect("somebody waits");
    });
    thread.lock().unwrap_or_else(std::sync::PoisonError::into_inner).send(job).expect("the thread lives");
    if let Err(panic) = is_done.recv_timeout(Duration::from_secs(60)).expect("the test ends") {
        std::panic::resume_unwind(panic);
    }
}

struct Rig {
    window: Window,
    home: TempDir,
}

impl Rig {
    /// A window of a settings file with this text.
    fn new(text: &str) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        fs::write(home.path().join("config.toml"), text).expect("written");
        Self::at(home)
    }

    fn at(home: TempDir) -> Self {
        let surroundings = Surroundings {
            config: home.path().join("config.toml"),
            class: home.path().join("video4linux"),
            autostart: Autostart {
                entries: Entries {
                    config_home: home.path().join("config"),
                    config_dirs: vec![],
                    unit_dirs: vec![home.path().join("units")],
                },
                portal: None,
            },
            preview_source: None,
        };
        Self { window: Window::offline(surroundings), home }
    }

    fn path(&self) -> PathBuf {
        self.home.path().join("config.toml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).expect("the settings file")
    }

    /// The row with this title.
    fn row<T: IsA<adw::PreferencesRow> + IsA<gtk::Widget>>(&self, title: &str) -> T {
        let found = RefCell::new(None);
        walk(self.window.widget().upcast_ref(), &|widget| {
            if let Some(row) = widget.downcast_ref::<T>()
                && row.title() == title
            {
                found.replace(Some(row.clone()));
            }
        });
        found.into_inner().unwrap_or_else(|| panic!("no row \"{title}\""))
    }

    fn subtitle(&self, title: &str) -> String {
        self.row::<adw::ActionRow>(title).subtitle().unwrap_or_default().into()
    }

    /// The control at the end of a row.
    fn control<T: IsA<gtk::Widget>>(&self, title: &str) -> T {
        let row: adw::ActionRow = self.row(title);
        row.activatable_widget().and_downcast().unwrap_or_else(|| panic!("\"{title}\" has no such control"))
    }

    fn choose(&self, title: &str, label: &str) {
        let row: adw::ComboRow = self.row(title);
        let model = row.model().expect("choices");
        let labels: Vec<_> = (0..model.n_items())
            .filter_map(|i| Some(model.item(i)?.downcast::<gtk::StringObject>().ok()?.string().to_string()))
            .collect();
        let position = labels.iter().position(|l| l == label).unwrap_or_else(|| panic!("{label} in {labels:?}"));
        row.set_selected(position as u32);
    }

    fn chosen(&self, title: &str) -> String {
        let row: adw::ComboRow = self.row(title);
        row.selected_item().and_downcast::<gtk::StringObject>().map(|s| s.string().into()).unwrap_or_default()
    }

    fn is_refused(&self, title: &str) -> bool {
        self.row::<adw::PreferencesRow>(title).has_css_class("error")
    }

    /// All visible text below the window.
    fn says(&self, text: &str) -> bool {
        let found = RefCell::new(false);
        walk(self.window.widget().upcast_ref(), &|widget| {
            if let Some(label) = widget.downcast_ref::<gtk::Label>()
                && label.text().contains(text)
                && is_shown(label.upcast_ref())
            {
                found.replace(true);
            }
        });
        found.into_inner()
    }

    fn button(&self, label: &str) -> gtk::Button {
        let found = RefCell::new(None);
        walk(self.window.widget().upcast_ref(), &|widget| {
            if let Some(button) = widget.downcast_ref::<gtk::Button>()
                && (button.label().as_deref() == Some(label) || button.tooltip_text().as_deref() == Some(label))
            {
                found.replace(Some(button.clone()));
            }
        });
        found.into_inner().unwrap_or_else(|| panic!("no button \"{label}\""))
    }
}

fn is_shown(widget: &gtk::Widget) -> bool {
    std::iter::successors(Some(widget.clone()), |widget| widget.parent())
        .all(|widget| widget.get_visible() || widget.is::<gtk::Window>())
}

fn walk(widget: &gtk::Widget, visit: &dyn Fn(&gtk::Widget)) {
    visit(widget);
    let mut child = widget.first_child();
    while let Some(widget) = child {
        walk(&widget, visit);
        child = widget.next_sibling();
    }
}

fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    // Wakes the loop, so that the deadline is seen.
    let tick = glib::timeout_add_local(Duration::from_millis(20), || glib::ControlFlow::Continue);
    while !is_so() {
        assert!(Instant::now() < end, "{what}: not within {DEADLINE:?}");
        glib::MainContext::default().iteration(true);
    }
    tick.remove();
}

fn press_enter(row: &adw::EntryRow) {
    row.emit_by_name::<()>("entry-activated", &[]);
}

#[test]
fn every_control_writes_its_setting_and_comments_stay() {
    with_gtk("every_control_writes_its_setting_and_comments_stay", || {
        let rig = Rig::new("# mine\n[camera]\nframerate = 30 # enough\n");
        rig.choose("Resolution", "1280 × 720 (16:9)");
        rig.control::<gtk::SpinButton>("Framerate").set_value(25.0);
        rig.control::<gtk::Switch>("Mirror").set_active(true);
        rig.choose("Rotation", "90° clockwise");
        rig.control::<gtk::SpinButton>("Buffers").set_value(4.0);
        rig.control::<gtk::SpinButton>("Cooldown").set_value(2.5);
        rig.control::<gtk::Switch>("Automatic activation delay").set_active(false);
        rig.control::<gtk::SpinButton>("Activation delay").set_value(300.0);
        rig.control::<gtk::Switch>("Start paused").set_active(true);
        rig.control::<gtk::Switch>("Off while locked").set_active(false);
        rig.control::<gtk::Switch>("Watch other cameras").set_active(false);
        rig.control::<gtk::Switch>("Confine the camera process").set_active(false);
        rig.choose("Applications see", "Black");
        rig.control::<gtk::Switch>("An application uses the camera").set_active(false);
        rig.control::<gtk::Switch>("The camera does not work").set_active(false);
        rig.control::<gtk::Switch>("The camera is in use by another program").set_active(false);
        let label: adw::EntryRow = rig.row("Name in applications");
        label.set_text("Desk camera");
        press_enter(&label);
        rig.choose("Pixel format", "NV12");
        rig.control::<gtk::SpinButton>("Look for applications").set_value(100.0);
        let text = rig.text();
        for line in [
            "# mine",
            "framerate = 25 # enough",
            "width = 1280",
            "height = 720",
            "mirror = true",
            "rotation = 90",
            "buffer_count = 4",
            "cooldown_ms = 2500",
            "activation_delay_ms = 300",
            "start_paused = true",
            "pause_while_locked = false",
            "watch_other_cameras = false",
            "sandbox = false",
            "card = \"black\"",
            "activation = false",
            "failure = false",
            "busy = false",
            "label = \"Desk camera\"",
            "format = \"NV12\"",
            "poll_interval_ms = 100",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
    });
}

#[test]
fn opening_the_window_writes_nothing() {
    with_gtk("opening_the_window_writes_nothing", || {
        let home = tempfile::tempdir().expect("a directory");
        let rig = Rig::at(home);
        assert!(!rig.path().exists());
        let rig =
            Rig::new("[privacy]\ncooldown_ms = 1234\n[camera]\nwidth = 1000\nheight = 700\nsource = \"pipewire:42\"\n");
        let before = rig.text();
        assert_eq!(rig.control::<gtk::SpinButton>("Cooldown").text(), "1.234");
        assert_eq!(rig.chosen("Resolution"), "1000 × 700");
        assert_eq!(rig.chosen("Camera"), "pipewire:42");
        // Leaving a number takes its text: the same.
        rig.control::<gtk::SpinButton>("Cooldown").update();
        assert_eq!(rig.text(), before);
    });
}

#[test]
fn what_cannot_work_is_refused_in_its_row_and_the_file_stays() {
    with_gtk("what_cannot_work_is_refused_in_its_row_and_the_file_stays", || {
        let rig = Rig::new("# mine\n");
        let rate: gtk::SpinButton = rig.control("Framerate");
        for nonsense in ["1000", "0", "fast", "29.97"] {
            rate.set_text(nonsense);
            rate.update();
            assert!(rig.is_refused("Framerate"), "{nonsense}");
            assert!(rig.subtitle("Framerate").contains("from 1 to 240"), "{}", rig.subtitle("Framerate"));
            assert_eq!(rate.text(), "30");
        }
        let label: adw::EntryRow = rig.row("Name in applications");
        label.set_text(&"x".repeat(32));
        press_enter(&label);
        assert!(rig.is_refused("Name in applications") && rig.says("must be a name of 1 to 31 bytes"));
        rig.choose("Applications see", "A picture");
        assert!(rig.is_refused("Applications see"));
        assert!(rig.says("There is no picture yet"), "{}", rig.subtitle("Applications see"));
        assert_eq!(rig.chosen("Applications see"), "A text that says why");
        assert_eq!(rig.text(), "# mine\n");

        // What works takes the reason away.
        rate.set_text("24");
        rate.update();
        assert!(!rig.is_refused("Framerate"));
        label.set_text("Cam");
        press_enter(&label);
        assert!(!rig.is_refused("Name in applications") && !rig.says("must be a name of 1 to 31 bytes"));
        assert!(rig.text().contains("framerate = 24") && rig.text().contains("label = \"Cam\""), "{}", rig.text());
    });
}

#[test]
fn an_own_pipeline_is_taken_when_it_can_be_read() {
    with_gtk("an_own_pipeline_is_taken_when_it_can_be_read", || {
        let rig = Rig::new("");
        let entry: adw::EntryRow = rig.row("Pipeline description (GStreamer)");
        assert!(!entry.get_visible());
        rig.choose("Camera", "Own pipeline");
        assert!(entry.get_visible());
        assert_eq!(rig.text(), "", "nothing to write yet");
        entry.set_text("nosuchelement ! fakesink");
        press_enter(&entry);
        assert!(entry.has_css_class("error") && rig.says("nosuchelement"));
        assert_eq!(rig.text(), "");
        entry.set_text("videotestsrc pattern=snow");
        press_enter(&entry);
        if entry.has_css_class("error") && rig.says("videotestsrc") {
            return println!("SKIP an own pipeline that works: GStreamer's base plugins are not installed");
        }
        assert!(rig.text().contains("source = \"pipeline:videotestsrc pattern=snow\""), "{}", rig.text());
        rig.choose("Camera", "Test picture");
        assert!(rig.text().contains("source = \"test\"") && !entry.get_visible(), "{}", rig.text());
    });
}

#[test]
fn cameras_and_nodes_of_the_system_are_offered() {
    with_gtk("cameras_and_nodes_of_the_system_are_offered", || {
        let home = tempfile::tempdir().expect("a directory");
        for (node, name, mark) in [("video0", "Webcam", "device"), ("video10", "Lenscap", "max_openers")] {
            let directory = home.path().join("video4linux").join(node);
            fs::create_dir_all(&directory).expect("a directory");
            fs::write(directory.join("name"), name).expect("written");
            fs::write(directory.join(mark), "").expect("written");
        }
        let rig = Rig::at(home);
        assert!(!rig.says("modprobe"));
        rig.choose("Device", "Lenscap (video10)");
        assert!(rig.text().contains("node = \"/dev/video10\""), "{}", rig.text());
        rig.choose("Second device", "Automatic");
        assert!(rig.text().contains("second_node = \"auto\""), "{}", rig.text());
        rig.choose("Second device", "Lenscap (video10)");
        assert!(rig.is_refused("Second device"));
        let reason = rig.subtitle("Second device");
        assert!(reason.contains("the first one already: use another"), "{reason}");
        assert!(rig.text().contains("second_node = \"auto\""), "{}", rig.text());
        rig.choose("Second device", "Off");
        assert!(rig.text().contains("second_node = \"off\"") && !rig.is_refused("Second device"), "{}", rig.text());
        rig.choose("Camera", "Webcam (video0)");
        if rig.is_refused("Camera") {
            return println!("SKIP choosing a V4L2 camera: {}", rig.subtitle("Camera"));
        }
        assert!(rig.text().contains("source = \"v4l2:/dev/video0\""), "{}", rig.text());
        assert!(Rig::new("").says("sudo modprobe v4l2loopback"));
    });
}

#[test]
fn programs_are_blocked_and_unblocked() {
    with_gtk("programs_are_blocked_and_unblocked", || {
        let rig = Rig::new("");
        let entry: adw::EntryRow = rig.row("Block a program");
        for name in ["zoom", "chrome"] {
            entry.set_text(name);
            rig.button("Block this program").emit_clicked();
            assert_eq!(entry.text(), "");
        }
        assert!(rig.text().contains("blocked = [\"zoom\", \"chrome\"]"), "{}", rig.text());
        entry.set_text("ZOOM");
        press_enter(&entry);
        assert!(entry.has_css_class("error") && rig.says("ZOOM is blocked already"));
        entry.set_text(&"x".repeat(300));
        press_enter(&entry);
        assert!(entry.has_css_class("error") && rig.says("not a program's name"));
        rig.button("Unblock zoom").emit_clicked();
        assert!(rig.text().contains("blocked = [\"chrome\"]"), "{}", rig.text());
    });
}

#[test]
fn a_page_goes_back_to_the_defaults() {
    with_gtk("a_page_goes_back_to_the_defaults", || {
        let rig = Rig::new("[camera]\nframerate = 15\nmirror = true # so\n[device]\nformat = \"NV12\"\n");
        let reset = rig.button("Reset to Defaults");
        let mut pages = Vec::new();
        let mut page: gtk::Widget = reset.clone().upcast();
        while let Some(parent) = page.parent() {
            pages.push(parent.widget_name());
            page = parent;
        }
        rig.window.store().change(|settings| settings.camera.format.framerate = 20).expect("works");
        let buttons = RefCell::new(Vec::new());
        walk(rig.window.widget().upcast_ref(), &|widget| {
            if let Some(button) = widget.downcast_ref::<gtk::Button>()
                && button.label().as_deref() == Some("Reset to Defaults")
            {
                buttons.borrow_mut().push(button.clone());
            }
        });
        let buttons = buttons.into_inner();
        assert_eq!(buttons.iter().map(|button| button.is_sensitive()).collect::<Vec<_>>(), [true, false, false, true]);
        buttons[0].emit_clicked();
        let text = rig.text();
        assert!(text.contains("framerate = 30") && text.contains("mirror = false # so"), "{text}");
        assert!(text.contains("format = \"NV12\""), "another page's: {text}");
        assert!(!buttons[0].is_sensitive() && buttons[3].is_sensitive());
        assert!(rig.says("Camera settings are reset"));
        rig.button("Undo").emit_clicked();
        let text = rig.text();
        assert!(text.contains("framerate = 20") && text.contains("mirror = true # so"), "{text}");
    });
}

#[test]
fn edits_by_hand_are_shown_and_a_mistake_locks_the_rows() {
    with_gtk("edits_by_hand_are_shown_and_a_mistake_locks_the_rows", || {
        let rig = Rig::new("[camera]\nframerate = 15\n");
        let rate: gtk::SpinButton = rig.control("Framerate");
        fs::write(rig.path(), "[camera]\nframerate = 20 # by hand\n").expect("written");
        eventually("the edit is shown", || rate.value() == 20.0);

        let wrong = "[camera]\nframerate = \"fast\"\n";
        fs::write(rig.path(), wrong).expect("written");
        eventually("the mistake is shown", || rig.says("line 2"));
        assert!(!rate.is_sensitive() && rate.value() == 20.0, "the last good value stays, locked");
        assert_eq!(rig.text(), wrong);

        fs::write(rig.path(), "[camera]\nframerate = 50\n").expect("written");
        eventually("the correction is taken", || rate.value() == 50.0 && rate.is_sensitive());
        assert!(!rig.says("line 2"));
    });
}

#[test]
fn a_directory_that_cannot_be_written_is_reported_in_the_row() {
    with_gtk("a_directory_that_cannot_be_written_is_reported_in_the_row", || {
        let surroundings = Surroundings {
            config: Path::new("/proc/none/config.toml").to_owned(),
            class: Path::new("/proc/none").to_owned(),
            autostart: Autostart {
                entries: Entries { config_home: "/proc/none".into(), config_dirs: vec![], unit_dirs: vec![] },
                portal: None,
            },
            preview_source: None,
        };
        let rig = Rig { window: Window::offline(surroundings), home: tempfile::tempdir().expect("a directory") };
        let mirror: gtk::Switch = rig.control("Mirror");
        mirror.set_active(true);
        assert!(
            rig.is_refused("Mirror") && rig.subtitle("Mirror").contains("cannot be saved"),
            "{}",
            rig.subtitle("Mirror")
        );
        assert!(!mirror.is_active());
        let autostart: gtk::Switch = rig.control("Start with the session");
        autostart.set_active(true);
        eventually("it is refused", || rig.is_refused("Start with the session"));
        assert!(!autostart.is_active());
    });
}

#[test]
fn the_session_s_start_is_switched_and_left_to_an_enabled_unit() {
    with_gtk("the_session_s_start_is_switched_and_left_to_an_enabled_unit", || {
        let home = tempfile::tempdir().expect("a directory");
        let wants = home.path().join("units/graphical-session.target.wants");
        let rig = Rig::at(home);
        let entry = rig.home.path().join("config/autostart/io.github.lenscap.Lenscap.desktop");
        let switch: gtk::Switch = rig.control("Start with the session");
        switch.set_active(true);
        eventually("the entry is written", || {
            fs::read_to_string(&entry).is_ok_and(|text| text.contains("Exec=lenscap\n"))
        });
        switch.set_active(false);
        eventually("the entry is gone", || !entry.exists());
        fs::create_dir_all(&wants).expect("a directory");
        std::os::unix::fs::symlink("/nowhere", wants.join("lenscap.service")).expect("a link");
        let rig = Rig::at(rig.home);
        let row: adw::ActionRow = rig.row("Start with the session");
        assert!(!row.is_sensitive() && rig.subtitle("Start with the session").contains("systemd"));
    });
}

#[test]
fn every_number_s_limits_are_those_of_the_settings() {
    with_gtk("every_number_s_limits_are_those_of_the_settings", || {
        let rig = Rig::new("[privacy]\nactivation_delay_ms = 5\n");
        for title in ["Framerate", "Buffers", "Activation delay", "Cooldown", "Look for applications"] {
            let spin: gtk::SpinButton = rig.control(title);
            let (min, max) = spin.range();
            for value in [max, min] {
                spin.set_value(value);
                assert!(!rig.is_refused(title), "{title} {value}: {}", rig.subtitle(title));
                assert_eq!(spin.value(), value, "{title}");
            }
        }
        assert!(rig.text().contains("cooldown_ms = 0"), "{}", rig.text());
    });
}

#[test]
fn the_window_fits_into_360_pixels() {
    with_gtk("the_window_fits_into_360_pixels", || {
        let rig = Rig::new(
            "[privacy]\nactivation_delay_ms = 5\nblocked = [\"zoom\"]\n[camera]\nwidth = 4096\nheight = 2160\n",
        );
        let wide = RefCell::new(Vec::new());
        walk(rig.window.widget().upcast_ref(), &|widget| {
            let (min, ..) = widget.measure(gtk::Orientation::Horizontal, -1);
            // The switcher of a wide window gives way to one at the foot; without shadows the window has a frame.
            if min > 360 && !widget.is::<gtk::Window>() && !widget.is::<adw::ViewSwitcher>() {
                wide.borrow_mut().push(format!("{} {min}", widget.type_()));
            }
        });
        assert!(wide.borrow().is_empty(), "{wide:?}");
    });
}

#[test]
fn every_setting_has_a_row() {
    with_gtk("every_setting_has_a_row", || {
        let rig = Rig::new("");
        let names = RefCell::new(std::collections::BTreeSet::new());
        walk(rig.window.widget().upcast_ref(), &|widget| {
            names.borrow_mut().insert(widget.widget_name().to_string());
        });
        for setting in lenscap_settings::table::all() {
            let is_there = names.borrow().contains(&format!("{setting:?}"));
            // The height is in the row of the width.
            assert!(is_there || *setting == lenscap_settings::sections::camera::HEIGHT, "{setting:?} has no row");
        }
    });
}

fn program(arguments: &[&str]) -> std::process::Output {
    let home = tempfile::tempdir().expect("a directory");
    std::process::Command::new(lenscap_test_support::programs::program("lenscap-preferences"))
        .args(arguments)
        .env("XDG_CONFIG_HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .expect("it starts")
}

fn is_one_sentence(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.starts_with("lenscap-preferences: ") && text.trim_end().ends_with('.') && text.lines().count() == 1
}

#[test]
fn the_command_line_needs_no_display() {
    let version = program(&["--version"]);
    assert!(version.status.success());
    assert_eq!(
        String::from_utf8_lossy(&version.stdout).trim(),
        format!("lenscap-preferences {}", lenscap_sys::install::VERSION)
    );
    let help = program(&["--help"]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("--config"));
    for wrong in [&["--nonsense"][..], &["file"], &["--config"]] {
        let output = program(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(is_one_sentence(&output.stderr), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn no_display_is_one_sentence() {
    let output = program(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(is_one_sentence(&output.stderr), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A camera with a control of every kind.
fn fake_controls() -> CameraControls {
    let plain = in_software("brightness").expect("one of the four");
    let camera = |key: &str, name: &str, kind, range, value| Control {
        key: key.into(),
        name: name.into(),
        kind,
        range,
        default: None,
        value: Some(value),
        origin: Origin::Camera,
        ..plain.clone()
    };
    let whole = |min, max, step| Range::Whole { min, max, step };
    let entries = |labels: [&str; 3]| {
        let entries = labels.iter().zip([0, 1, 3]);
        entries.map(|(label, value)| Entry { value, label: (*label).into() }).collect()
    };
    let controls = vec![
        plain.clone(),
        Control {
            default: Some(Value::Integer(4600)),
            flags: Flags { inactive: true, ..Flags::default() },
            ..camera("temperature", "Temperature", Kind::Integer, whole(2800, 6500, 100), Value::Integer(4600))
        },
        Control {
            default: Some(Value::Boolean(true)),
            ..camera("auto", "Temperature, Auto", Kind::Boolean, Range::None, Value::Boolean(true))
        },
        Control {
            menu: entries(["Disabled", "50 Hz", "60 Hz"]),
            default: Some(Value::Integer(1)),
            ..camera("line", "Power Line", Kind::Menu, whole(0, 3, 1), Value::Integer(1))
        },
        camera("gain", "Analogue Gain", Kind::Real, Range::Real { min: 1.0, max: 8.0 }, Value::Real(2.0)),
        camera("mask", "Mask", Kind::Bitmask, whole(0, 0xff, 0), Value::Integer(3)),
        camera("push", "Focus Once", Kind::Button, Range::None, Value::Boolean(false)),
        Control {
            flags: Flags { read_only: true, ..Flags::default() },
            ..camera("privacy", "Shutter", Kind::Boolean, Range::None, Value::Boolean(true))
        },
    ];
    CameraControls { camera: "usb-Maker_Cam".into(), controls, problems: Vec::new() }
}

#[test]
fn the_list_on_the_bus_is_the_list_that_is_shown() {
    let list = fake_controls();
    assert_eq!(from_variant(&lenscap::ipc::controls::to_variant(&list)), Some(list));
    assert_eq!(from_variant(&3.to_variant()), None);
}

#[test]
fn every_kind_of_control_is_set_and_saved_for_its_camera() {
    with_gtk("every_kind_of_control_is_set_and_saved_for_its_camera", || {
        let rig = Rig::new("# mine\n[controls.usb-Gone]\nzoom = 3\n");
        let fake = fake_controls();
        rig.window.controls().fix(fake.clone());
        assert_eq!(rig.text(), "# mine\n[controls.usb-Gone]\nzoom = 3\n", "showing writes nothing");
        let brightness: gtk::Scale = rig.control("Brightness");
        assert!(rig.subtitle("Brightness").contains("software"));
        let adjustment = brightness.adjustment();
        assert_eq!((adjustment.lower(), adjustment.upper(), adjustment.step_increment()), (-100.0, 100.0, 1.0));
        for value in [3.0, 10.0, 25.0] {
            brightness.set_value(value);
        }
        rig.control::<gtk::Switch>("Temperature, Auto").set_active(false);
        rig.choose("Power Line", "60 Hz");
        rig.control::<gtk::Scale>("Analogue Gain").set_value(2.5);
        assert!(!rig.text().contains("brightness"), "what comes fast is written together");
        eventually("all is saved", || rig.text().contains("gain = 2.5"));
        for line in ["[controls.usb-Maker_Cam]", "brightness = 25", "auto = false", "line = 3", "zoom = 3", "# mine"] {
            assert!(rig.text().lines().any(|it| it == line), "{line} in\n{}", rig.text());
        }
        let mask: adw::EntryRow = rig.row("Mask");
        mask.set_text("0x100");
        mask.emit_by_name::<()>("apply", &[]);
        assert!(mask.has_css_class("error"));
        mask.set_text("0x10");
        mask.emit_by_name::<()>("apply", &[]);
        assert!(!mask.has_css_class("error"));
        // What is on its way when the window closes is written.
        rig.window.store().end();
        assert!(rig.text().contains("mask = 16"), "{}", rig.text());
        // A button needs the camera.
        rig.control::<gtk::Button>("Focus Once").emit_clicked();
        assert!(rig.is_refused("Focus Once") && rig.subtitle("Focus Once").contains("not running"));
    });
}

#[test]
fn inactive_and_read_only_controls_follow_and_cannot_be_moved() {
    with_gtk("inactive_and_read_only_controls_follow_and_cannot_be_moved", || {
        let rig = Rig::new("");
        let mut list = fake_controls();
        rig.window.controls().fix(list.clone());
        let temperature: gtk::Scale = rig.control("Temperature");
        assert!(!temperature.get_sensitive());
        assert!(rig.subtitle("Temperature").contains("automatic"));
        assert!(rig.subtitle("Shutter").contains("only be read") && rig.says("true"));
        // The camera reports: the automatic is off, and somebody else set the temperature.
        list.controls[1].flags.inactive = false;
        list.controls[1].value = Some(Value::Integer(5000));
        list.controls[2].value = Some(Value::Boolean(false));
        rig.window.controls().fix(list.clone());
        assert!(temperature.get_sensitive(), "the same row");
        assert_eq!(temperature.value(), 5000.0);
        assert!(!rig.control::<gtk::Switch>("Temperature, Auto").is_active());
        // Between two steps: the nearest is taken.
        temperature.set_value(5149.0);
        rig.window.store().end();
        assert!(rig.text().contains("temperature = 5100") && !rig.text().contains("auto"), "{}", rig.text());
        // Another camera has other rows.
        list.controls.truncate(1);
        rig.window.controls().fix(list);
        assert!(!rig.says("Temperature"));
    });
}

#[test]
fn reset_forgets_the_saved_values_of_this_camera_only() {
    with_gtk("reset_forgets_the_saved_values_of_this_camera_only", || {
        let rig = Rig::new("[controls.usb-Maker_Cam]\nbrightness = 25 # nice\n\n[controls.usb-Gone]\nzoom = 3\n");
        let mut list = fake_controls();
        list.controls[0].value = Some(Value::Integer(25));
        rig.window.controls().fix(list);
        // Every page has such a button; this one is on the page with the sliders.
        let slider: gtk::Scale = rig.control("Brightness");
        let page = slider.ancestor(adw::PreferencesPage::static_type()).expect("a page");
        let button = RefCell::new(None);
        walk(&page, &|widget| {
            if let Some(found) = widget.downcast_ref::<gtk::Button>()
                && found.label().as_deref() == Some("Reset to Defaults")
            {
                button.replace(Some(found.clone()));
            }
        });
        let button = button.into_inner().expect("the button");
        assert!(button.get_sensitive());
        button.emit_clicked();
        eventually("the value is forgotten", || !rig.text().contains("brightness"));
        assert!(rig.text().contains("zoom = 3"));
        assert_eq!(slider.value(), 0.0);
        assert!(!button.get_sensitive());
        eventually("the way back is offered", || rig.says("Controls are reset"));
        rig.button("Undo").emit_clicked();
        eventually("it is back", || rig.text().contains("brightness = 25"));
        assert_eq!(slider.value(), 25.0);
    });
}
