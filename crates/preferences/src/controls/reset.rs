//! All controls back to their defaults.

use std::rc::Rc;

use adw::prelude::*;
use glib::variant::ToVariant;
use lenscap_core::controls::laying;
use lenscap_words::tr;

use super::{Panel, is_changed};
use crate::applet::AppletState;
use crate::widgets;

impl Panel {
    /// Sets every control to its default, with a way back.
    pub(super) async fn reset(self: Rc<Self>, toasts: adw::ToastOverlay) {
        self.write();
        let camera = self.list.borrow().camera.clone();
        let before = self.store.settings().controls.get(&camera).cloned();
        let is_asked = matches!(self.applet.state(), AppletState::Running(_)) && !self.is_fixed.get();
        let done = match is_asked {
            true => self.applet.call("ResetControls", Some(&(Vec::<String>::new(),).to_variant())).await.map(drop),
            false => self.store.change(|settings| laying::forget(&mut settings.controls, &camera, false)),
        };
        if let Err(error) = done {
            return toasts.add_toast(widgets::error_toast(&error));
        }
        if !is_asked {
            let mut list = self.list.borrow().clone();
            for control in list.controls.iter_mut().filter(|control| is_changed(control)) {
                control.value = control.default.clone();
            }
            self.take(list);
        }
        self.read();
        let toast = adw::Toast::builder().title(tr("Controls are reset")).button_label(tr("Undo")).build();
        let (panel, at) = (Rc::downgrade(&self), toasts.downgrade());
        toast.connect_button_clicked(move |_| {
            let (Some(panel), Some(toasts)) = (panel.upgrade(), at.upgrade()) else { return };
            // An applet hears of it through the file.
            let done = panel.store.change(|settings| {
                settings.controls.extend(before.clone().map(|values| (camera.clone(), values)));
            });
            if let Err(error) = done {
                toasts.add_toast(widgets::error_toast(&error));
            }
        });
        toasts.add_toast(toast);
    }
}
