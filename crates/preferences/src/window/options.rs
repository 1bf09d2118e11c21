//! What the command line of the running Lenscap decides: such a row says so, and cannot be changed as long as that holds.

use std::cell::RefCell;

use adw::prelude::*;
use lenscap_settings::table::{self, Setting, camera};
use lenscap_words::trf;
use serde_json::{Map, Value};

use crate::applet::AppletState;
use crate::context::Context;

/// Follows the applet.
pub fn follow(context: &Context, pages: &adw::ViewStack) {
    let marked: RefCell<Vec<Mark>> = RefCell::default();
    let pages = pages.downgrade();
    context.applet.on_change(move |state| {
        let Some(pages) = pages.upgrade() else { return };
        let none = Map::new();
        let options = if let AppletState::Running(status) = state { &status.options } else { &none };
        let mut wanted = Vec::new();
        for setting in table::all() {
            if let (Some(value), Some(row)) = (options.get(&setting.to_string()), row_of(pages.upcast_ref(), setting)) {
                wanted.push((row, words(setting, value)));
            }
        }
        let mut marked = marked.borrow_mut();
        if marked.iter().map(|mark| &mark.text).eq(wanted.iter().map(|(_, text)| text)) {
            return;
        }
        marked.drain(..).for_each(Mark::take_away);
        marked.extend(wanted.into_iter().map(|(row, text)| Mark::put(row, text)));
    });
}

/// As somebody wrote it.
fn words(setting: &Setting, value: &Value) -> String {
    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let option = setting.option.as_ref().map_or(setting.key, |option| option.long);
    // TRANSLATORS: {option} is one of the command line with its value, as in "--source test"
    trf!("Set by {option}", option = format!("--{option} {value}"))
}

/// The row of a setting; the height is in the row of the width.
fn row_of(widget: &gtk::Widget, setting: &Setting) -> Option<adw::PreferencesRow> {
    let shown = if *setting == camera::HEIGHT { &camera::WIDTH } else { setting };
    if widget.widget_name() == shown.to_string() {
        return widget.downcast_ref().cloned();
    }
    let mut children = std::iter::successors(widget.first_child(), |child| child.next_sibling());
    children.find_map(|child| row_of(&child, setting))
}

/// A row that says so.
struct Mark {
    row: adw::PreferencesRow,
    label: gtk::Label,
    text: String,
    was_sensitive: bool,
}

impl Mark {
    fn put(row: adw::PreferencesRow, text: String) -> Self {
        let label = gtk::Label::builder().label(&text).wrap(true).max_width_chars(16).css_classes(["caption"]).build();
        if let Some(row) = row.downcast_ref::<adw::ActionRow>() {
            row.add_suffix(&label);
        } else if let Some(row) = row.downcast_ref::<adw::EntryRow>() {
            row.add_suffix(&label);
        }
        let was_sensitive = row.get_sensitive();
        row.set_sensitive(false);
        Self { row, label, text, was_sensitive }
    }

    fn take_away(self) {
        if let Some(row) = self.row.downcast_ref::<adw::ActionRow>() {
            row.remove(&self.label);
        } else if let Some(row) = self.row.downcast_ref::<adw::EntryRow>() {
            row.remove(&self.label);
        }
        self.row.set_sensitive(self.was_sensitive);
    }
}
