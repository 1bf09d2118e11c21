//! A control's way from its row to the applet or the settings.

use std::rc::Rc;
use std::time::Duration;

use adw::prelude::*;
use glib::variant::ToVariant;
use lenscap_core::controls::{Value, Values};
use lenscap_core::trouble::preferences::PreferencesTrouble;

use super::{Panel, is_changed};
use crate::applet::AppletState;
use crate::error::WindowError;

/// Without an applet, changes that come faster than this are written together.
const WRITE_INTERVAL: Duration = Duration::from_millis(300);

impl Panel {
    /// The user wants this.
    pub(super) fn change(self: &Rc<Self>, key: &str, value: Value) {
        let (camera, is_saved) = {
            let mut list = self.list.borrow_mut();
            let Some(control) = list.controls.iter_mut().find(|control| control.key == key) else { return };
            let is_saved = control.is_saved();
            if is_saved {
                control.value = Some(value.clone());
            }
            (list.camera.clone(), is_saved)
        };
        self.reset.set_sensitive(self.list.borrow().controls.iter().any(is_changed));
        if matches!(self.applet.state(), AppletState::Running(_)) && !self.is_fixed.get() {
            let mut queue = self.queue.borrow_mut();
            queue.retain(|(queued, _)| queued != key);
            queue.push_back((key.to_owned(), value));
            drop(queue);
            self.send();
        } else if is_saved {
            let mut unwritten = self.unwritten.borrow_mut();
            if unwritten.0 != camera {
                *unwritten = (camera, Values::new());
            }
            unwritten.1.insert(key.to_owned(), value);
            drop(unwritten);
            if self.timer.borrow().is_none() {
                let weak = Rc::downgrade(self);
                let id = glib::timeout_add_local_once(WRITE_INTERVAL, move || {
                    if let Some(panel) = weak.upgrade() {
                        panel.timer.take();
                        panel.write();
                    }
                });
                self.timer.replace(Some(id));
            }
        } else {
            self.report(key, &Err(PreferencesTrouble::NotRunning.into()));
        }
    }

    /// Writes what was changed.
    pub(super) fn write(&self) {
        if let Some(timer) = self.timer.take() {
            timer.remove();
        }
        let (camera, values) = self.unwritten.take();
        if values.is_empty() {
            return;
        }
        let done = self.store.change(|settings| {
            settings.controls.entry(camera).or_default().extend(values.clone());
        });
        for key in values.keys() {
            self.report(key, &done);
        }
    }

    /// Sends them to the applet one after another: it hears the newest of each, however fast a slider is moved.
    fn send(self: &Rc<Self>) {
        if self.is_sending.replace(true) {
            return;
        }
        let panel = self.clone();
        glib::spawn_future_local(async move {
            let mut is_refused = false;
            loop {
                let next = panel.queue.borrow_mut().pop_front();
                let Some((key, value)) = next else { break };
                let value = match &value {
                    Value::Integer(number) => number.to_variant(),
                    Value::Real(number) => number.to_variant(),
                    Value::Boolean(value) => value.to_variant(),
                    Value::Text(text) => text.to_variant(),
                };
                let done = panel.applet.call("SetControl", Some(&(key.as_str(), value).to_variant())).await.map(drop);
                is_refused |= done.is_err();
                panel.report(&key, &done);
            }
            panel.is_sending.set(false);
            if is_refused {
                // The row goes back to what the camera has.
                panel.read();
            }
        });
    }

    fn report(&self, key: &str, done: &Result<(), WindowError>) {
        let list = self.list.borrow();
        let rows = self.rows.borrow();
        if let Some((row, control)) = rows.iter().zip(&list.controls).find(|(_, control)| control.key == key) {
            row.report(control, done);
        }
    }
}
