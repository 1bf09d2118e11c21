//! The window as a whole.

use std::cell::RefCell;
use std::fs;
use std::process::Command;

use adw::prelude::*;

use lenscap_test_support::catalogues::{compiled, languages};

use super::{Rig, eventually, walk, with_gtk};

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
        assert!(!text.contains("framerate") && !text.contains("mirror"), "{text}");
        assert!(text.contains("# so"), "a comment is lost: {text}");
        assert!(text.contains("format = \"NV12\""), "another page's: {text}");
        assert!(!buttons[0].is_sensitive() && buttons[3].is_sensitive());
        assert!(rig.says("Camera settings are reset"));
        rig.button("Undo").emit_clicked();
        let text = rig.text();
        assert!(text.contains("framerate = 20") && text.contains("mirror = true"), "{text}");
        assert!(text.contains("# so"), "a comment is lost: {text}");
    });
}

#[test]
fn the_window_fits_into_360_pixels() {
    with_gtk("the_window_fits_into_360_pixels", || {
        if std::env::var_os(lenscap_words::LOCALE_DIR_VARIABLE).is_some() {
            lenscap_words::init();
            if lenscap_words::tr("Camera is off") == "Camera is off" {
                return println!("SKIP the narrow window in another language: this locale translates nothing");
            }
        }
        crate::program::use_own_looks();
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
        let cut = RefCell::new(Vec::new());
        walk(rig.window.widget().upcast_ref(), &|widget| {
            let in_group = widget.ancestor(adw::PreferencesGroup::static_type()).is_some();
            if let Some(label) = widget.downcast_ref::<gtk::Label>()
                && in_group
                && label.has_css_class("heading")
                && !label.text().is_empty()
                && label.ellipsize() != gtk::pango::EllipsizeMode::None
            {
                cut.borrow_mut().push(label.text());
            }
        });
        assert!(cut.borrow().is_empty(), "titles that a large font has cut: {cut:?}");
        // Of a window of 360 pixels: libadwaita has a margin on either side of the names, and there may be a frame.
        let room = 320;
        let cut = RefCell::new(Vec::new());
        walk(rig.window.widget().upcast_ref(), &|widget| {
            let Some(bar) = widget.downcast_ref::<adw::ViewSwitcherBar>() else { return };
            let pages = bar.stack().expect("pages").pages().n_items();
            walk(bar.upcast_ref(), &|widget| {
                let Some(label) = widget.downcast_ref::<gtk::Label>() else { return };
                // Each is there a second time, for a wide window.
                let mut above = std::iter::successors(label.parent(), |widget| widget.parent());
                let (_, natural, ..) = label.measure(gtk::Orientation::Horizontal, -1);
                if above.any(|it| it.has_css_class("narrow") && it.is::<gtk::Box>())
                    && natural * i32::try_from(pages).expect("few") > room
                {
                    cut.borrow_mut().push(format!("{} {natural}", label.text()));
                }
            });
        });
        assert!(cut.borrow().is_empty(), "names of pages are cut: {cut:?}");
    });
}

#[test]
fn it_does_in_every_language() {
    if super::gtk_thread().is_none() {
        return println!("SKIP it_does_in_every_language: there is no display (tests/desktop/run.sh)");
    }
    let Some(catalogues) = compiled("it_does_in_every_language") else { return };
    for language in languages() {
        // A process has one language.
        let output = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "tests::window::the_window_fits_into_360_pixels", "--nocapture"])
            .envs([("LANGUAGE", language.as_str()), ("LC_ALL", "C.UTF-8")])
            .env(lenscap_words::LOCALE_DIR_VARIABLE, catalogues.path())
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout);
        print!(
            "{}",
            said.lines().filter(|line| line.starts_with("SKIP")).map(|line| format!("{line}\n")).collect::<String>()
        );
        assert!(output.status.success(), "{language}: {said}{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn how_the_picture_is_laid_is_kept_for_the_camera_that_is_meant() {
    with_gtk("how_the_picture_is_laid_is_kept_for_the_camera_that_is_meant", || {
        let home = tempfile::tempdir().expect("a directory");
        let camera = home.path().join("video4linux/video0");
        fs::create_dir_all(&camera).expect("a directory");
        fs::write(camera.join("name"), "Webcam").expect("written");
        fs::write(camera.join("device"), "").expect("written");
        let text = "[camera]\nsource = \"v4l2:/dev/video0\"\nzoom = 150\n";
        fs::write(home.path().join("config.toml"), text).expect("written");
        let rig = Rig::at(home);
        let zoom: gtk::SpinButton = rig.control("Zoom");
        assert_eq!(zoom.value(), 150.0, "as for all");
        zoom.set_value(200.0);
        rig.control::<gtk::Switch>("Mirror").set_active(true);
        let own = "[controls.\"/dev/video0\"]\nzoom = 200\nmirror = true\n";
        assert!(rig.text().starts_with(text) && rig.text().contains(own), "{}", rig.text());
        first_reset(&rig).emit_clicked();
        assert!(!rig.text().contains("zoom") && !rig.text().contains("mirror"), "{}", rig.text());
        assert_eq!(zoom.value(), 100.0);
        rig.button("Undo").emit_clicked();
        assert_eq!(zoom.value(), 200.0);
        assert!(rig.text().contains("zoom = 150") && rig.text().contains("mirror = true"), "{}", rig.text());
    });
}

/// The button of the first page.
fn first_reset(rig: &Rig) -> gtk::Button {
    let found = RefCell::new(None);
    walk(rig.window.widget().upcast_ref(), &|widget| {
        if let Some(button) = widget.downcast_ref::<gtk::Button>()
            && button.label().as_deref() == Some("Reset to Defaults")
        {
            found.borrow_mut().get_or_insert(button.clone());
        }
    });
    found.into_inner().expect("the button")
}

#[test]
fn the_search_finds_what_people_type_each_thing_once_or_nothing() {
    with_gtk("the_search_finds_what_people_type_each_thing_once_or_nothing", || {
        let rig = Rig::new("");
        let (entry, bar) = (RefCell::new(None), RefCell::new(None));
        walk(rig.window.widget().upcast_ref(), &|widget| {
            if let Some(found) = widget.downcast_ref::<gtk::SearchEntry>() {
                entry.replace(Some(found.clone()));
            }
            if let Some(found) = widget.downcast_ref::<gtk::SearchBar>() {
                bar.replace(Some(found.clone()));
            }
        });
        let (entry, bar) = (entry.into_inner().expect("an entry"), bar.into_inner().expect("a bar"));
        bar.set_search_mode(true);
        for (text, expected) in [
            ("notification", &["An application uses the camera", "The camera does not work"][..]),
            ("quality", &["Resolution", "Framerate"]),
            ("zoom", &["Zoom"]),
        ] {
            entry.set_text(text);
            eventually(text, || {
                expected.iter().all(|title| results(&rig).iter().filter(|it| it == title).count() == 1)
            });
        }
        for nothing in ["blur", "xyzzy"] {
            entry.set_text(nothing);
            eventually(nothing, || rig.says("No Results") && rig.says(nothing));
        }
    });
}

/// The titles that are listed.
fn results(rig: &Rig) -> Vec<String> {
    let found = RefCell::new(Vec::new());
    walk(rig.window.widget().upcast_ref(), &|widget| {
        if let Some(row) = widget.downcast_ref::<adw::ActionRow>()
            && row.subtitle().is_some_and(|place| place.contains(" · ") || place == "Camera" || place == "Device")
        {
            found.borrow_mut().push(row.title().to_string());
        }
    });
    found.into_inner()
}
