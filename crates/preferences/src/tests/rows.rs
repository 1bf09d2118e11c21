//! The rows: each writes its setting, and refuses what is wrong.

use std::cell::RefCell;
use std::fs;

use adw::prelude::*;

use super::{Rig, eventually, press_enter, walk, with_gtk};

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
        rig.control::<gtk::Switch>("A key paused or resumed the camera").set_active(false);
        rig.control::<gtk::Switch>("Keyboard shortcut").set_active(true);
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
            "toggle = false",
            "shortcut = true",
            "label = \"Desk camera\"",
            "format = \"NV12\"",
            "poll_interval_ms = 100",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
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
        assert_eq!(rig.chosen("Applications see"), "A sign with words");
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
        let second: adw::ComboRow = rig.row("Second device");
        assert!(!second.is_sensitive(), "there is none");
        rig.choose("Devices", "3");
        assert!(rig.text().contains("count = 3") && second.is_sensitive(), "{}", rig.text());
        rig.choose("Second device", "Lenscap (video10)");
        assert!(rig.is_refused("Second device"));
        let reason = rig.subtitle("Second device");
        assert!(reason.contains("the first one already: use another"), "{reason}");
        assert!(!rig.text().contains("second_node = \"/dev"), "{}", rig.text());
        rig.choose("Device", "Automatic");
        rig.choose("Second device", "Lenscap (video10)");
        assert!(rig.text().contains("second_node = \"/dev/video10\""), "{}", rig.text());
        rig.choose("Devices", "1");
        assert!(rig.text().contains("second_node = \"off\"") && !second.is_sensitive(), "{}", rig.text());
        rig.choose("Camera", "Webcam (video0)");
        if rig.is_refused("Camera") {
            return println!("SKIP choosing a V4L2 camera: {}", rig.subtitle("Camera"));
        }
        assert!(rig.text().contains("source = \"v4l2:/dev/video0\""), "{}", rig.text());
        let bare = Rig::new("");
        let load = "sudo modprobe v4l2loopback exclusive_caps=1 max_buffers=8 card_label=Lenscap";
        assert!(bare.says("There is no camera device") && bare.says(load));
        bare.button(&format!("Copy {load}")).emit_clicked();
    });
}

#[test]
fn programs_are_blocked_and_unblocked() {
    with_gtk("programs_are_blocked_and_unblocked", || {
        let rig = Rig::new("");
        let entry: adw::EntryRow = rig.row("Block a program");
        for name in ["zoom", "chrome"] {
            entry.set_text(name);
            rig.button("Block This Program").emit_clicked();
            assert_eq!(entry.text(), "");
        }
        assert!(rig.text().contains("block = [\"program:zoom\", \"program:chrome\"]"), "{}", rig.text());
        entry.set_text("ZOOM");
        press_enter(&entry);
        assert!(entry.has_css_class("error") && rig.says("ZOOM is blocked already"));
        entry.set_text(&"x".repeat(300));
        press_enter(&entry);
        assert!(entry.has_css_class("error") && rig.says("not a program's name"));
        assert_eq!(rig.chosen("zoom"), "Block");
        for (choice, written) in
            [("Ask", "ask = [\"program:zoom\"]"), ("Ask Each Time", "always_ask = [\"program:zoom\"]")]
        {
            rig.choose("zoom", choice);
            assert!(rig.text().contains(written), "{}", rig.text());
        }
        rig.choose("zoom", "As Other Programs");
        assert!(rig.text().contains("block = [\"program:chrome\"]") && !rig.text().contains("zoom"), "{}", rig.text());
        fs::write(rig.path(), "[apps]\nallow = [\"program:chrome\"]\n").expect("written");
        eventually("the list follows the file", || rig.chosen("chrome") == "Allow");
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
            fs::read_to_string(&entry).is_ok_and(|text| text.contains("\nExec=/opt/lenscap"))
        });
        switch.set_active(false);
        eventually("the entry is gone", || !entry.exists());
        fs::create_dir_all(&wants).expect("a directory");
        std::os::unix::fs::symlink("/nowhere", wants.join("lenscap.service")).expect("a link");
        fs::write(wants.with_file_name("lenscap.service"), "[Unit]\n").expect("written");
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
fn every_setting_has_a_row() {
    with_gtk("every_setting_has_a_row", || {
        let rig = Rig::new("");
        let names = RefCell::new(std::collections::BTreeSet::new());
        walk(rig.window.widget().upcast_ref(), &|widget| {
            names.borrow_mut().insert(widget.widget_name().to_string());
        });
        for setting in lenscap_settings::table::all() {
            let is_there = names.borrow().contains(&format!("{setting:?}"));
            // The height is in the row of the width; commands are written in the file alone; rules for applications that are not
            // blocked, by an answer or on the command line; the blocked programs of before are those in [apps].
            let needs_none = ["camera.height", "privacy.blocked", "apps.allow", "apps.ask", "apps.always_ask"];
            let needs_none = needs_none.contains(&setting.to_string().as_str()) || setting.section == "hooks";
            assert!(is_there || needs_none, "{setting:?} has no row");
        }
    });
}
