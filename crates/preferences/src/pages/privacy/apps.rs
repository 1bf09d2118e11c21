//! What each application may do: the rule for those that are not listed, a list, and an entry for any other.

mod list;
mod row;

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use adw::prelude::*;
use lenscap_api::LastUse;
use lenscap_core::app::{AppId, Rule};
use lenscap_core::trouble::preferences::PreferencesTrouble;
use lenscap_settings::Settings;
use lenscap_settings::table::apps;
use lenscap_words::tr;

use crate::applet::AppletProxy;
use crate::context::Context;
use crate::error::WindowError;
use crate::store::Store;
use crate::{history, permissions, rows, widgets};
use list::Known;
use row::AppRow;

/// Most applications that are listed because they used a camera once: the latest.
const MAX_LAST: usize = 32;

/// All of it.
pub fn group(context: &Context) -> adw::PreferencesGroup {
    let group = widgets::group(&tr("Applications"));
    group.set_description(Some(&tr(
        "Who gets the picture of this camera. Any program that you run can still open a USB camera directly, past Lenscap: \
         you are told, but it is not prevented.",
    )));
    group.add(&others(&context.store));
    let entry = entry(&context.store);
    entry.add_to(&group);
    let list = Rc::new(List {
        group: group.downgrade(),
        entry: entry.row.downgrade(),
        store: Rc::downgrade(&context.store),
        applet: Rc::downgrade(&context.applet),
        refused: RefCell::default(),
        last: RefCell::default(),
        rows: RefCell::default(),
    });
    let again = Rc::clone(&list);
    context.store.follow(Settings::rules, move |_| again.show());
    let again = Rc::clone(&list);
    context.applet.on_change(move |_| again.show());
    // Both may change meanwhile; neither is asked for at the start of the window, but when it is seen.
    let look: Rc<dyn Fn()> = Rc::new(move || {
        let list = Rc::clone(&list);
        glib::spawn_future_local(async move {
            let refused = permissions::refused().await;
            // What is wrong with the history is said on its own page.
            let last = history::last_used(MAX_LAST).await.unwrap_or_default();
            list.refused.replace(refused);
            list.last.replace(last);
            list.show();
        });
    });
    let again = Rc::clone(&look);
    group.connect_map(move |_| again());
    let seen = group.downgrade();
    context.window.connect_is_active_notify(move |window| {
        if window.is_active() && seen.upgrade().is_some_and(|group| group.is_mapped()) {
            look();
        }
    });
    group
}

/// The rows of those that have a rule, use the camera, or did.
struct List {
    group: glib::WeakRef<adw::PreferencesGroup>,
    entry: glib::WeakRef<adw::EntryRow>,
    store: Weak<Store>,
    applet: Weak<AppletProxy>,
    /// Whom the desktop's own permissions keep from cameras.
    refused: RefCell<Vec<AppId>>,
    /// Who used a camera last, and when.
    last: RefCell<Vec<LastUse>>,
    rows: RefCell<Vec<AppRow>>,
}

impl List {
    fn show(&self) {
        let (Some(group), Some(entry)) = (self.group.upgrade(), self.entry.upgrade()) else { return };
        let (Some(store), Some(applet)) = (self.store.upgrade(), self.applet.upgrade()) else { return };
        let known = Known {
            settings: &store.settings(),
            applet: &applet.state(),
            refused: &self.refused.borrow(),
            last: &self.last.borrow(),
        };
        let listed = known.listed();
        let is_same = self.rows.borrow().iter().map(AppRow::id).eq(listed.iter().map(|app| &app.id));
        if !is_same {
            widgets::keeping_focus(&group, &entry, || {
                self.rows.take().iter().for_each(|row| group.remove(row.widget()));
                self.rows.replace(listed.iter().map(|app| AppRow::new(&self.store, app)).collect());
                self.rows.borrow().iter().for_each(|row| group.add(row.widget()));
            });
        }
        for (row, app) in self.rows.borrow().iter().zip(&listed) {
            row.show(app);
        }
    }
}

/// The rule for those that have none.
fn others(store: &Rc<Store>) -> adw::ComboRow {
    rows::choice(
        store,
        &apps::UNKNOWN,
        &tr("Other programs"),
        "",
        |_| {
            let label = |rule| match rule {
                Rule::Allow => tr("Get the camera"),
                Rule::Ask => tr("Ask me"),
                Rule::AlwaysAsk => tr("Ask me each time"),
                Rule::Block => tr("Never get the camera"),
            };
            Rule::ALL.into_iter().map(|rule| (label(rule), rule)).collect()
        },
        |settings| settings.apps.unknown,
        |store, rule| store.change(|settings| settings.apps.unknown = rule),
    )
}

/// For a program that is not in the list.
fn entry(store: &Rc<Store>) -> rows::TextEntry {
    let entry = rows::bare_entry(&tr("Block a program"));
    rows::name(&entry.row, &apps::BLOCK);
    let add_button = widgets::symbol_button("list-add-symbolic", &tr("Block This Program"));
    entry.row.add_suffix(&add_button);
    let add: Rc<dyn Fn()> = {
        let (store, entry) = (Rc::downgrade(store), entry.clone());
        Rc::new(move || {
            let Some(store) = store.upgrade() else { return };
            let done = block(&store, &entry.row.text());
            entry.report(&done);
            if done.is_ok() {
                entry.row.set_text("");
            }
        })
    };
    {
        let add = Rc::clone(&add);
        entry.row.connect_entry_activated(move |_| add());
    }
    add_button.connect_clicked(move |_| add());
    entry
}

fn block(store: &Store, name: &str) -> Result<(), WindowError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(PreferencesTrouble::NoProgramName.into());
    }
    let id = AppId::written(name);
    if list::rule_of(&store.settings(), &id) == Some(Rule::Block) {
        return Err(PreferencesTrouble::BlockedAlready { program: name.into() }.into());
    }
    store.change(|settings| settings.set_rule(&id, Some(Rule::Block)))
}
