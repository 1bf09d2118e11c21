//! What every page has: the notice of a file that cannot be used, and its way back to the defaults.

use std::rc::Rc;

use adw::prelude::*;
use lenscap_settings::Settings;
use lenscap_words::tr;

use crate::store::Store;
use crate::{rows, widgets};

/// A page under construction.
pub struct Page {
    /// The page.
    pub widget: adw::PreferencesPage,
    store: Rc<Store>,
}

impl Page {
    /// A page with nothing but the notice.
    pub fn new(store: &Rc<Store>, name: &str, title: &str, icon: &str) -> Self {
        let widget = adw::PreferencesPage::builder().name(name).title(title).icon_name(icon).build();
        let notice = adw::PreferencesGroup::new();
        let row = rows::plain(&tr("The settings file cannot be used"), "");
        row.add_css_class("error");
        row.add_prefix(&gtk::Image::from_icon_name("dialog-warning-symbolic"));
        let button = gtk::Button::builder().label(tr("Open")).valign(gtk::Align::Center).build();
        let path = store.path().to_owned();
        button.connect_clicked(move |button| widgets::open(button, &path));
        row.add_suffix(&button);
        row.set_activatable_widget(Some(&button));
        notice.add(&row);
        widget.add(&notice);
        store.on_problem(move |problem| {
            if let Some(problem) = problem {
                row.set_subtitle(&lenscap_words::preferences::locked(problem));
            }
            notice.set_visible(problem.is_some());
        });
        let notice = adw::PreferencesGroup::new();
        let row = rows::plain(&tr("A settings file of the system has a mistake"), "");
        row.add_prefix(&gtk::Image::from_icon_name("dialog-warning-symbolic"));
        notice.add(&row);
        widget.add(&notice);
        store.on_ignored(move |ignored| {
            row.set_subtitle(ignored.as_deref().unwrap_or_default());
            notice.set_visible(ignored.is_some());
        });
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
    pub fn add_reset(&self, window: &adw::PreferencesWindow, title: &str, copy: fn(&mut Settings, &Settings)) {
        let button = gtk::Button::builder()
            .label(tr("Reset to Defaults"))
            .halign(gtk::Align::Center)
            .css_classes(["pill"])
            .build();
        let group = adw::PreferencesGroup::new();
        group.add(&button);
        self.add(&group);
        {
            let (store, window, title) = (Rc::downgrade(&self.store), window.downgrade(), title.to_owned());
            button.connect_clicked(move |_| {
                let (Some(store), Some(window)) = (store.upgrade(), window.upgrade()) else { return };
                let old = store.settings();
                let done = store.reset(copy);
                let toast = match done {
                    Ok(()) => {
                        let toast = adw::Toast::builder().title(&title).button_label(tr("Undo")).build();
                        let (store, window) = (Rc::downgrade(&store), window.downgrade());
                        toast.connect_button_clicked(move |_| {
                            let (Some(store), Some(window)) = (store.upgrade(), window.upgrade()) else { return };
                            if let Err(reason) = store.change(|settings| copy(settings, &old)) {
                                window.add_toast(widgets::error_toast(&reason));
                            }
                        });
                        toast
                    }
                    Err(reason) => widgets::error_toast(&reason),
                };
                window.add_toast(toast);
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
