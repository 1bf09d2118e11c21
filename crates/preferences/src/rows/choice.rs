//! A setting that is one of several.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use adw::prelude::*;
use lenscap_settings::Settings;
use lenscap_settings::table::Setting;

use super::subtitle::{Subtitle, always, refresh};
use super::{name, prepare, report};
use crate::error::WindowError;
use crate::store::Store;

/// What can be chosen: each with its words.
pub type Choices<T> = Vec<(String, T)>;

/// A setting that is one of several. `choices` is asked again with the present value when that or the devices change;
/// `set` may refuse.
pub fn choice<T: Clone + PartialEq + 'static>(
    store: &Rc<Store>,
    setting: &Setting,
    title: &str,
    subtitle: &str,
    choices: impl Fn(&T) -> Choices<T> + 'static,
    get: fn(&Settings) -> T,
    set: impl Fn(&Store, T) -> Result<(), WindowError> + 'static,
) -> adw::ComboRow {
    choice_with(store, setting, title, always(subtitle), choices, get, set)
}

/// As [`choice`], where subtitle and choices depend on other settings.
pub fn choice_with<T: Clone + PartialEq + 'static>(
    store: &Rc<Store>,
    setting: &Setting,
    title: &str,
    words: Subtitle,
    choices: impl Fn(&T) -> Choices<T> + 'static,
    get: fn(&Settings) -> T,
    set: impl Fn(&Store, T) -> Result<(), WindowError> + 'static,
) -> adw::ComboRow {
    let row = adw::ComboRow::new();
    prepare(&row, title, &words());
    name(&row, setting);
    show_whole_names(&row);
    let offered: Rc<RefCell<Choices<T>>> = Rc::default();
    // Going back to what is in the file is reported once more, after all is done.
    let known = Rc::new(Cell::new(gtk::INVALID_LIST_POSITION));
    let choices = Rc::new(choices);
    let show = {
        let (row, offered, known) = (row.downgrade(), Rc::clone(&offered), Rc::clone(&known));
        move |value: &T| {
            let Some(row) = row.upgrade() else { return };
            let new = choices(value);
            let is_same = offered.borrow().iter().map(|(label, _)| label).eq(new.iter().map(|(label, _)| label));
            let position = new.iter().position(|(_, choice)| choice == value);
            offered.replace(new);
            if !is_same {
                let labels: Vec<_> = offered.borrow().iter().map(|(label, _)| label.clone()).collect();
                let labels: Vec<_> = labels.iter().map(String::as_str).collect();
                row.set_model(Some(&gtk::StringList::new(&labels)));
            }
            known.set(position.and_then(|p| u32::try_from(p).ok()).unwrap_or(gtk::INVALID_LIST_POSITION));
            row.set_selected(known.get());
        }
    };
    {
        let (store, offered, words, show) =
            (Rc::downgrade(store), Rc::clone(&offered), Rc::clone(&words), show.clone());
        row.connect_selected_notify(move |row| {
            let Some(store) = store.upgrade() else { return };
            if store.is_showing() || known.replace(row.selected()) == row.selected() {
                return;
            }
            let wanted = offered.borrow().get(row.selected() as usize).map(|(_, value)| value.clone());
            let Some(wanted) = wanted else { return };
            let done = set(&store, wanted);
            report(row, &words(), &done);
            if done.is_err() {
                store.quietly(|| show(&get(&store.settings())));
            }
        });
    }
    {
        let (row, show, words) = (row.downgrade(), show.clone(), Rc::clone(&words));
        store.follow(get, move |value| {
            show(value);
            if let Some(row) = row.upgrade() {
                report(&row, &words(), &Ok(()));
            }
        });
    }
    let again = {
        let row = row.downgrade();
        move |settings: &Settings| {
            show(&get(settings));
            if let Some(row) = row.upgrade() {
                refresh(&row, &words);
            }
        }
    };
    {
        let again = again.clone();
        store.on_change(move |settings| again(settings));
    }
    store.on_devices(again);
    row
}

/// Has the row show names that are not cut. (libadwaita cuts them after 20 letters in the list, and after as few as four in the
/// row, where a long subtitle wants the room.)
pub fn show_whole_names(row: &adw::ComboRow) {
    row.set_factory(Some(&chosen_name()));
    row.set_list_factory(Some(&whole_names(row)));
}

/// What is chosen, at the end of the row: so many letters have their room, and a subtitle gives way.
fn chosen_name() -> gtk::SignalListItemFactory {
    let factory = gtk::SignalListItemFactory::new();
    factory.connect_setup(|_, item| {
        let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
        let name = gtk::Label::builder().xalign(1.0).ellipsize(gtk::pango::EllipsizeMode::End).build();
        name.connect_label_notify(|name| {
            let letters = name.label().chars().count().min(20);
            name.set_width_chars(i32::try_from(letters).unwrap_or_default());
        });
        item.set_child(Some(&name));
        item.property_expression("item").chain_property::<gtk::StringObject>("string").bind(
            &name,
            "label",
            gtk::Widget::NONE,
        );
    });
    factory
}

/// The lines of the list, with a mark at the chosen one.
fn whole_names(row: &adw::ComboRow) -> gtk::SignalListItemFactory {
    let factory = gtk::SignalListItemFactory::new();
    let weak = row.downgrade();
    factory.connect_setup(move |_, item| {
        let (Some(item), Some(row)) = (item.downcast_ref::<gtk::ListItem>(), weak.upgrade()) else { return };
        let line = gtk::Box::new(gtk::Orientation::Horizontal, 6);
        let name = gtk::Label::builder().xalign(0.0).hexpand(true).wrap(true).max_width_chars(32).build();
        let mark = gtk::Image::from_icon_name("object-select-symbolic");
        line.append(&name);
        line.append(&mark);
        item.set_child(Some(&line));
        let show = move |row: &adw::ComboRow, item: &gtk::ListItem| {
            mark.set_opacity(if item.position() == row.selected() { 1.0 } else { 0.0 });
            if let Some(text) = item.item().and_downcast::<gtk::StringObject>() {
                name.set_label(&text.string());
            }
        };
        let (shown, of) = (show.clone(), row.downgrade());
        item.connect_item_notify(move |item| {
            if let Some(row) = of.upgrade() {
                shown(&row, item);
            }
        });
        let item = item.downgrade();
        row.connect_selected_notify(move |row| {
            if let Some(item) = item.upgrade() {
                show(row, &item);
            }
        });
    });
    factory
}
