//! The search over the rows of all pages: by title, by what it belongs to, and by what else people call it.
//!
//! A row's subtitle counts only where nothing else fits: "application" stands in half of them.

use std::rc::Rc;

use adw::prelude::*;
use lenscap_words::{search, tr, trf};

use crate::controls::Panel;
use crate::{rows, widgets};

/// Parts of words are looked for from so many letters on; below, beginnings.
const PART: usize = 4;

/// The search, and where its results are shown.
pub struct Search {
    /// Shows the entry.
    pub button: gtk::ToggleButton,
    /// Has the entry.
    pub bar: gtk::SearchBar,
    /// The pages, or what was found in them.
    pub content: gtk::Stack,
}

/// What can be found.
struct Entry {
    row: adw::PreferencesRow,
    page: adw::ViewStackPage,
    title: String,
    /// Page and group.
    place: String,
    /// What else it is called.
    also: String,
    subtitle: String,
}

impl Search {
    /// A search over these pages; the camera's controls are asked for when it begins.
    pub fn new(pages: &adw::ViewStack, shown: &impl IsA<gtk::Widget>, controls: &Rc<Panel>) -> Self {
        let button = gtk::ToggleButton::builder().icon_name("edit-find-symbolic").build();
        widgets::name_button(&button, &tr("Search"));
        let entry = gtk::SearchEntry::builder().placeholder_text(tr("Search for a setting")).hexpand(true).build();
        widgets::set_accessible_label(&entry, &tr("Search for a setting"));
        let bar = gtk::SearchBar::builder().child(&adw::Clamp::builder().child(&entry).build()).build();
        bar.connect_entry(&entry);
        bar.bind_property("search-mode-enabled", &button, "active").bidirectional().sync_create().build();

        let nothing = adw::StatusPage::builder().icon_name("edit-find-symbolic").title(tr("No Results")).build();
        let results = adw::PreferencesPage::new();
        let content = gtk::Stack::builder().vhomogeneous(false).vexpand(true).build();
        content.add_child(shown);
        content.add_child(&results);
        content.add_child(&nothing);

        let group = std::cell::RefCell::new(adw::PreferencesGroup::new());
        results.add(&*group.borrow());
        let look: Rc<dyn Fn()> = {
            let (pages, shown, content, bar) = (pages.clone(), shown.clone(), content.downgrade(), bar.downgrade());
            let entry = entry.downgrade();
            Rc::new(move || {
                let (Some(content), Some(bar), Some(entry)) = (content.upgrade(), bar.upgrade(), entry.upgrade())
                else {
                    return;
                };
                let wanted = folded(&entry.text());
                if !bar.is_search_mode() || wanted.is_empty() {
                    return content.set_visible_child(&shown);
                }
                let found = find(&pages, &wanted);
                if found.is_empty() {
                    let said = trf!("No setting is called \"{text}\".", text = entry.text());
                    nothing.set_description(Some(&glib::markup_escape_text(&said)));
                    return content.set_visible_child(&nothing);
                }
                let new = adw::PreferencesGroup::new();
                for entry in found {
                    new.add(&result(entry, &pages, &bar));
                }
                widgets::keeping_focus(&results, &entry, || {
                    results.remove(&group.replace(new.clone()));
                    results.add(&new);
                });
                content.set_visible_child(&results);
            })
        };
        {
            let look = Rc::clone(&look);
            entry.connect_search_changed(move |_| look());
        }
        {
            let (look, controls) = (Rc::clone(&look), Rc::downgrade(controls));
            bar.connect_search_mode_enabled_notify(move |bar| {
                look();
                if let Some(controls) = controls.upgrade().filter(|_| bar.is_search_mode()) {
                    let look = Rc::clone(&look);
                    glib::spawn_future_local(async move {
                        controls.load().await;
                        look();
                    });
                }
            });
        }
        let searching = bar.downgrade();
        pages.connect_visible_child_notify(move |_| {
            if let Some(bar) = searching.upgrade() {
                bar.set_search_mode(false);
            }
        });
        Self { button, bar, content }
    }
}

/// A line of the results, which leads to its row.
fn result(entry: Entry, pages: &adw::ViewStack, bar: &gtk::SearchBar) -> adw::ActionRow {
    let line = rows::plain(&entry.title, &entry.place);
    line.set_activatable(true);
    line.add_suffix(&gtk::Image::from_icon_name("go-next-symbolic"));
    let (pages, bar) = (pages.downgrade(), bar.downgrade());
    line.connect_activated(move |_| {
        let (Some(pages), Some(bar)) = (pages.upgrade(), bar.upgrade()) else { return };
        bar.set_search_mode(false);
        pages.set_visible_child(&entry.page.child());
        if let Some(expander) = entry.row.ancestor(adw::ExpanderRow::static_type()).and_downcast::<adw::ExpanderRow>() {
            expander.set_expanded(true);
        }
        // It has no place before it is shown.
        let row = entry.row.clone();
        glib::idle_add_local_once(move || {
            // What has the knob in its middle has no focus of its own.
            if !row.grab_focus() {
                row.child_focus(gtk::DirectionType::TabForward);
            }
        });
    });
    line
}

/// What fits, in the order of the pages.
fn find(pages: &adw::ViewStack, wanted: &str) -> Vec<Entry> {
    let mut all = Vec::new();
    let list = pages.pages();
    for page in (0..list.n_items()).filter_map(|position| list.item(position)?.downcast::<adw::ViewStackPage>().ok()) {
        collect(&page.child(), &page, &mut all);
    }
    let (found, rest): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|entry| fits(&[&entry.title, &entry.place, &entry.also], wanted));
    if found.is_empty() {
        return rest.into_iter().filter(|entry| fits(&[&entry.title, &entry.subtitle], wanted)).collect();
    }
    found
}

/// The rows below this widget, each once: the title of what unfolds stands in a row of its own in there.
fn collect(widget: &gtk::Widget, page: &adw::ViewStackPage, to: &mut Vec<Entry>) {
    if !widget.get_visible() {
        return;
    }
    let row = widget.downcast_ref::<adw::PreferencesRow>().filter(|row| !row.is::<adw::ExpanderRow>());
    if let Some(row) = row
        && !row.title().is_empty()
    {
        let group = row.ancestor(adw::PreferencesGroup::static_type()).and_downcast::<adw::PreferencesGroup>();
        let group = group.map(|group| group.title().to_string()).filter(|title| !title.is_empty());
        let place = page.title().into_iter().map(String::from).chain(group);
        to.push(Entry {
            row: row.clone(),
            page: page.clone(),
            title: row.title().into(),
            place: place.collect::<Vec<_>>().join(" · "),
            also: search::also(&row.widget_name()),
            subtitle: row.downcast_ref::<adw::ActionRow>().and_then(|row| row.subtitle()).unwrap_or_default().into(),
        });
        return;
    }
    let mut child = widget.first_child();
    while let Some(widget) = child {
        collect(&widget, page, to);
        child = widget.next_sibling();
    }
}

/// Whether each of the words that are wanted stands somewhere in there.
fn fits(texts: &[&str], wanted: &str) -> bool {
    let texts: Vec<_> = texts.iter().map(|text| folded(text)).collect();
    wanted.split_whitespace().all(|word| texts.iter().any(|text| has(text, word)))
}

fn has(text: &str, word: &str) -> bool {
    // Scripts without capitals may have no spaces between words either.
    let is_part = word.chars().count() >= PART || word.chars().all(|letter| !letter.is_lowercase());
    text.match_indices(word).any(|(at, _)| is_part || !text[..at].ends_with(char::is_alphanumeric))
}

fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_words_are_looked_for_at_the_beginning_of_words() {
        assert!(fits(&["Start paused"], "pau") && fits(&["Start paused"], "paus start"));
        assert!(!fits(&["Start paused"], "art") && !fits(&["Start paused"], "start blur"));
        assert!(fits(&["Bildrate"], "rate") && !fits(&["Bildrate"], "rat"));
        assert!(fits(&["画面の回転"], "回転"));
    }
}
