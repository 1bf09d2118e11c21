//! A setting that is text.

use std::rc::Rc;

use adw::prelude::*;
use lenscap_settings::Settings;
use lenscap_settings::table::Setting;

use super::name;
use super::refusal::{ERROR, RefusalRow};
use crate::error::WindowError;
use crate::store::Store;

/// An entry and, below it, the row that says why its text was refused.
#[derive(Clone)]
pub struct TextEntry {
    /// Where the text is.
    pub row: adw::EntryRow,
    /// Hidden while all is well.
    pub reason: RefusalRow,
}

impl TextEntry {
    /// Puts both in the group.
    pub fn add_to(&self, group: &adw::PreferencesGroup) {
        group.add(&self.row);
        group.add(&self.reason.row);
    }

    /// Takes both out of it.
    pub fn remove_from(&self, group: &adw::PreferencesGroup) {
        group.remove(&self.row);
        group.remove(&self.reason.row);
    }

    /// Says why the text was refused, or that it was not.
    pub fn report(&self, done: &Result<(), WindowError>) {
        match done {
            Ok(()) => self.row.remove_css_class(ERROR),
            Err(_) => self.row.add_css_class(ERROR),
        }
        self.reason.report(done);
    }
}

/// A setting that is text, taken with Enter or when the row is left. `set` may refuse; the text stays then.
pub fn entry(
    store: &Rc<Store>,
    setting: &Setting,
    title: &str,
    get: fn(&Settings) -> String,
    set: impl Fn(&Store, &str) -> Result<(), WindowError> + 'static,
) -> TextEntry {
    let entry = bare_entry(title);
    name(&entry.row, setting);
    let take: Rc<dyn Fn()> = {
        let (store, entry) = (Rc::downgrade(store), entry.clone());
        Rc::new(move || {
            let Some(store) = store.upgrade() else { return };
            let text = entry.row.text();
            // Unchanged, or put back as it was.
            let done = if text == get(&store.settings()) { Ok(()) } else { set(&store, &text) };
            entry.report(&done);
        })
    };
    {
        let take = Rc::clone(&take);
        entry.row.connect_entry_activated(move |_| take());
    }
    {
        let take = Rc::clone(&take);
        store.on_end(move || take());
    }
    let focus = gtk::EventControllerFocus::new();
    focus.connect_leave(move |_| take());
    entry.row.add_controller(focus);
    let shown = entry.clone();
    store.follow(get, move |text| {
        shown.row.set_text(text);
        shown.report(&Ok(()));
    });
    entry
}

/// An entry that is tied to no setting.
pub fn bare_entry(title: &str) -> TextEntry {
    let row = adw::EntryRow::builder().title(title).use_markup(false).build();
    TextEntry { row, reason: RefusalRow::new() }
}
