//! The page with the camera's controls.

use std::cell::RefCell;

use crate::from_variant;
use adw::prelude::*;
use glib::variant::ToVariant;
use lenscap_core::controls::{CameraControls, Control, Entry, Flags, Kind, Origin, Range, Value, in_software};

use super::{Rig, eventually, walk, with_gtk};

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
    // As the applet sends it, and GDBus receives it.
    let sent = zbus::Message::signal("/x", "a.b", "C").unwrap();
    let sent = sent.build(&lenscap_applet::dbus::controls::to_body(&list)).unwrap();
    let received = gio::DBusMessage::from_blob(sent.data(), gio::DBusCapabilityFlags::NONE).unwrap();
    assert_eq!(from_variant(&received.body().unwrap()), Some(list));
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
