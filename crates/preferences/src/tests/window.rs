//! The window as a whole.

use std::cell::RefCell;

use adw::prelude::*;

use super::{Rig, walk, with_gtk};

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
