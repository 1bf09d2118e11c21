//! The picture is framed by hand: drawn with the pointer, the wheel for closer and farther, and keys. Changes that come fast are
//! written together.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use adw::prelude::*;
use gtk::gdk::Key;
use lenscap_core::source::Framing;

use super::framing::{Gesture, after};
use crate::error::WindowError;
use crate::store::Store;

/// Between two writes.
const WRITE_INTERVAL: Duration = Duration::from_millis(100);

/// What is framed, and what is not written yet.
struct Hands {
    picture: glib::WeakRef<gtk::Picture>,
    store: Rc<Store>,
    unwritten: Cell<Option<Framing>>,
    timer: RefCell<Option<glib::SourceId>>,
    refused: Box<dyn Fn(WindowError)>,
}

/// Lets this picture be framed; `refused` hears what the settings refuse.
pub fn frame(picture: &gtk::Picture, store: &Rc<Store>, refused: impl Fn(WindowError) + 'static) {
    let hands = Rc::new(Hands {
        picture: picture.downgrade(),
        store: Rc::clone(store),
        unwritten: Cell::default(),
        timer: RefCell::default(),
        refused: Box::new(refused),
    });
    let ending = Rc::downgrade(&hands);
    store.on_end(move || {
        if let Some(hands) = ending.upgrade() {
            hands.write();
        }
    });
    picture.set_focusable(true);
    picture.set_cursor_from_name(Some("grab"));

    let drag = gtk::GestureDrag::new();
    let before = Rc::new(Cell::new(Framing::default()));
    let (begun, at) = (Rc::clone(&hands), Rc::clone(&before));
    drag.connect_drag_begin(move |_, _, _| {
        at.set(begun.framing());
        if let Some(picture) = begun.picture.upgrade() {
            picture.grab_focus();
            picture.set_cursor_from_name(Some("grabbing"));
        }
    });
    let drawn = Rc::clone(&hands);
    drag.connect_drag_update(move |_, x, y| {
        if let Some((_, (width, height))) = drawn.place() {
            drawn.wish(after(before.get(), Gesture::Drag(x / width, y / height)));
        }
    });
    let ended = Rc::clone(&hands);
    drag.connect_drag_end(move |_, _, _| {
        if let Some(picture) = ended.picture.upgrade() {
            picture.set_cursor_from_name(Some("grab"));
        }
    });
    picture.add_controller(drag);

    let pointer = Rc::new(Cell::new((0.5, 0.5)));
    let motion = gtk::EventControllerMotion::new();
    let (hovered, to) = (Rc::clone(&hands), Rc::clone(&pointer));
    motion.connect_motion(move |_, x, y| {
        if let Some(((left, top), (width, height))) = hovered.place() {
            to.set((((x - left) / width).clamp(0.0, 1.0), ((y - top) / height).clamp(0.0, 1.0)));
        }
    });
    picture.add_controller(motion);
    let wheel = gtk::EventControllerScroll::new(gtk::EventControllerScrollFlags::VERTICAL);
    let turned = Rc::clone(&hands);
    wheel.connect_scroll(move |_, _, turns| {
        turned.wish(after(turned.framing(), Gesture::Wheel(turns, pointer.get())));
        glib::Propagation::Stop
    });
    picture.add_controller(wheel);

    let keys = gtk::EventControllerKey::new();
    keys.connect_key_pressed(move |_, key, _, state| {
        let is_plain = !state.intersects(gtk::gdk::ModifierType::CONTROL_MASK | gtk::gdk::ModifierType::ALT_MASK);
        match gesture(key).filter(|_| is_plain) {
            Some(gesture) => {
                hands.wish(after(hands.framing(), gesture));
                glib::Propagation::Stop
            }
            None => glib::Propagation::Proceed,
        }
    });
    picture.add_controller(keys);
}

fn gesture(key: Key) -> Option<Gesture> {
    Some(match key {
        Key::Left | Key::KP_Left => Gesture::Pan(-1, 0),
        Key::Right | Key::KP_Right => Gesture::Pan(1, 0),
        Key::Up | Key::KP_Up => Gesture::Pan(0, -1),
        Key::Down | Key::KP_Down => Gesture::Pan(0, 1),
        Key::plus | Key::equal | Key::KP_Add => Gesture::Zoom(1),
        Key::minus | Key::KP_Subtract => Gesture::Zoom(-1),
        Key::_0 | Key::KP_0 => Gesture::Whole,
        _ => return None,
    })
}

impl Hands {
    fn framing(&self) -> Framing {
        self.unwritten.get().unwrap_or_else(|| self.store.settings().camera.orientation.framing)
    }

    /// Where the picture is in its widget, and how large it is there.
    fn place(&self) -> Option<((f64, f64), (f64, f64))> {
        let picture = self.picture.upgrade()?;
        let ratio = picture.paintable()?.intrinsic_aspect_ratio();
        let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
        let (across, down) = if width > height * ratio { (height * ratio, height) } else { (width, width / ratio) };
        (across > 0.0 && down > 0.0).then_some((((width - across) / 2.0, (height - down) / 2.0), (across, down)))
    }

    fn wish(self: &Rc<Self>, framing: Framing) {
        if framing == self.framing() {
            return;
        }
        self.unwritten.set(Some(framing));
        if self.timer.borrow().is_none() {
            let hands = Rc::clone(self);
            self.timer.replace(Some(glib::timeout_add_local_once(WRITE_INTERVAL, move || hands.write())));
        }
    }

    fn write(&self) {
        self.timer.take();
        let Some(framing) = self.unwritten.take() else { return };
        if let Err(error) = self.store.change(|settings| settings.camera.orientation.framing = framing) {
            (self.refused)(error);
        }
    }
}
