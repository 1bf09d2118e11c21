//! What every page has: rows that are locked while the settings file cannot be used, and a way back to the defaults.

use std::rc::Rc;

use adw::prelude::*;
use lenscap_settings::Settings;
use lenscap_words::tr;

use crate::store::Store;
use crate::widgets;

/// A page under construction.
pub struct Page {
    /// The page.
    pub widget: adw::PreferencesPage,
    store: Rc<Store>,
}

impl Page {
    /// An empty page.
    pub fn new(store: &Rc<Store>, name: &str, title: &str, icon: &str) -> Self {
        let widget = adw::PreferencesPage::builder().name(name).title(title).icon_name(icon).build();
        Self { widget, store: Rc::clone(store) }
    }

    /// Adds a group whose rows change the file: locked while that cannot be used.
    pub fn add(&self, group: &adw::PreferencesGroup) {
        self.widget.add(group);
        let group = group.downgrade();
        self.store.on_problem(move |problem| {
            if let Some(group) = group.upgrade() {
                group.set_sensitive(problem.is_none());
            }
        });
    }

    /// Adds the way back to the defaults, which the system's files may have changed, and back again. `copy` takes this page's
    /// settings from others; `title` says that it was done.
    pub fn add_reset(&self, toasts: &adw::ToastOverlay, title: &str, copy: fn(&mut Settings, &Settings)) {
        let button = widgets::reset_button();
        let group = adw::PreferencesGroup::new();
        group.add(&button);
        self.add(&group);
        {
            let (store, toasts, title) = (Rc::downgrade(&self.store), toasts.downgrade(), title.to_owned());
            button.connect_clicked(move |_| {
                let (Some(store), Some(toasts)) = (store.upgrade(), toasts.upgrade()) else { return };
                let old = store.in_file();
                let done = store.reset(copy);
                let toast = match done {
                    Ok(()) => {
                        let toast = adw::Toast::builder().title(&title).button_label(tr("Undo")).build();
                        let (store, toasts) = (Rc::downgrade(&store), toasts.downgrade());
                        toast.connect_button_clicked(move |_| {
                            let (Some(store), Some(toasts)) = (store.upgrade(), toasts.upgrade()) else { return };
                            if let Err(reason) = store.put_back(copy, &old) {
                                toasts.add_toast(widgets::error_toast(&reason));
                            }
                        });
                        toast
                    }
                    Err(reason) => widgets::error_toast(&reason),
                };
                toasts.add_toast(toast);
            });
        }
        let button = button.downgrade();
        let store = Rc::downgrade(&self.store);
        self.store.on_change(move |settings| {
            let Some(store) = store.upgrade() else { return };
            let mut reset = settings.clone();
            copy(&mut reset, &store.below());
            if let Some(button) = button.upgrade() {
                button.set_sensitive(reset != *settings);
            }
        });
    }
}
