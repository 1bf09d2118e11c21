//! A row of the list: an application with its rule.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use adw::prelude::*;
use lenscap_core::app::{AppId, Rule};
use lenscap_words::tr;

use super::list::Listed;
use crate::rows;
use crate::store::Store;

/// An application with what it may do.
pub struct AppRow {
    row: adw::ComboRow,
    image: gtk::Image,
    id: AppId,
    /// What is chosen, which is what the settings say.
    shown: Rc<Cell<u32>>,
    /// What stands below the name.
    words: Rc<RefCell<String>>,
}

/// In the order of the list: a rule, or none of its own.
fn choices() -> [(Option<Rule>, String); 5] {
    let label = |rule| match rule {
        Rule::Allow => tr("Allow"),
        Rule::Ask => tr("Ask"),
        Rule::AlwaysAsk => tr("Ask Each Time"),
        Rule::Block => tr("Block"),
    };
    let [allow, ask, always_ask, block] = Rule::ALL.map(|rule| (Some(rule), label(rule)));
    [(None, tr("As Other Programs")), allow, ask, always_ask, block]
}

impl AppRow {
    /// A row for it, which changes the settings in this store.
    pub fn new(store: &Weak<Store>, app: &Listed) -> Self {
        let row = adw::ComboRow::new();
        rows::prepare(&row, &app.name, "");
        rows::show_whole_names(&row);
        let image = gtk::Image::new();
        row.add_prefix(&image);
        let labels = choices().map(|(_, label)| label);
        row.set_model(Some(&gtk::StringList::new(&labels.each_ref().map(String::as_str))));
        let own = Self { row, image, id: app.id.clone(), shown: Rc::default(), words: Rc::default() };
        own.show(app);
        let (store, shown, words, id) = (store.clone(), Rc::clone(&own.shown), Rc::clone(&own.words), app.id.clone());
        own.row.connect_selected_notify(move |row| {
            let Some(store) = store.upgrade() else { return };
            let before = shown.replace(row.selected());
            if before == row.selected() {
                return;
            }
            let rule = choices().get(row.selected() as usize).and_then(|(rule, _)| *rule);
            let done = store.change(|settings| settings.set_rule(&id, rule));
            rows::report(row, &words.borrow(), &done);
            if done.is_err() {
                shown.set(before);
                row.set_selected(before);
            }
        });
        own
    }

    /// Whose it is.
    pub fn id(&self) -> &AppId {
        &self.id
    }

    /// To be put into a group.
    pub fn widget(&self) -> &adw::ComboRow {
        &self.row
    }

    /// Shows what is known of it now.
    pub fn show(&self, app: &Listed) {
        self.row.set_title(&app.name);
        self.image.set_from_gicon(&app.icon);
        let words = app.notes.join(" ");
        if *self.words.borrow() != words {
            rows::report(&self.row, &words, &Ok(()));
            self.words.replace(words);
        }
        let position =
            choices().iter().position(|(rule, _)| *rule == app.rule).and_then(|place| u32::try_from(place).ok());
        let position = position.unwrap_or_default();
        self.shown.set(position);
        self.row.set_selected(position);
    }
}
