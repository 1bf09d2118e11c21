//! A setting that is on or off.

use std::rc::Rc;

use adw::prelude::*;
use lenscap_settings::Settings;
use lenscap_settings::table::{Setting, SettingValue};

use super::subtitle::always;
use super::{Subtitle, name, plain, report};
use crate::store::Store;

/// A setting that is on or off.
pub fn switch(store: &Rc<Store>, setting: &'static Setting, title: &str, subtitle: &str) -> adw::ActionRow {
    switch_with(store, setting, title, always(subtitle))
}

/// As [`switch`], where the subtitle depends on something else.
pub fn switch_with(store: &Rc<Store>, setting: &'static Setting, title: &str, words: Subtitle) -> adw::ActionRow {
    let row = row(
        store,
        title,
        words,
        |settings| setting.value(settings) == Ok(SettingValue::Bool(true)),
        |settings, value| setting.put(settings, &SettingValue::Bool(value)),
    );
    name(&row, setting);
    row
}

/// What is on or off and no setting of its own.
pub fn switch_of(
    store: &Rc<Store>,
    title: &str,
    subtitle: &str,
    get: impl Fn(&Settings) -> bool + Copy + 'static,
    set: impl Fn(&mut Settings, bool) + Copy + 'static,
) -> adw::ActionRow {
    row(store, title, always(subtitle), get, set)
}

fn row(
    store: &Rc<Store>,
    title: &str,
    words: Subtitle,
    get: impl Fn(&Settings) -> bool + Copy + 'static,
    set: impl Fn(&mut Settings, bool) + Copy + 'static,
) -> adw::ActionRow {
    let row = plain(title, &words());
    let switch = gtk::Switch::builder().valign(gtk::Align::Center).build();
    row.add_suffix(&switch);
    row.set_activatable_widget(Some(&switch));
    {
        let (store, row, words) = (Rc::downgrade(store), row.downgrade(), Rc::clone(&words));
        switch.connect_active_notify(move |switch| {
            let (Some(store), Some(row)) = (store.upgrade(), row.upgrade()) else { return };
            let wanted = switch.is_active();
            // Going back to what is in the file is reported once more, after all is done.
            if store.is_showing() || wanted == get(&store.settings()) {
                return;
            }
            let done = store.change(|settings| set(settings, wanted));
            report(&row, &words(), &done);
            store.quietly(|| switch.set_active(get(&store.settings())));
        });
    }
    let shown = row.downgrade();
    store.follow(get, move |value| {
        let Some(row) = shown.upgrade() else { return };
        switch.set_active(*value);
        report(&row, &words(), &Ok(()));
    });
    row
}
