//! The window beside a file that others edit, that is wrong, or that cannot be written.

use std::fs;
use std::path::Path;

use crate::{Autostart, Surroundings, Window};
use adw::prelude::*;
use lenscap_autostart::{Entries, Once};

use super::{Rig, eventually, with_gtk};

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
            welcome: Once::at("/proc/none/welcomed".into()),
            autostart: Autostart {
                entries: Entries {
                    config_home: "/proc/none".into(),
                    config_dirs: vec![],
                    unit_dirs: vec![],
                    program: "lenscap".into(),
                },
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
