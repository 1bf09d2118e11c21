//! The page "Use": who used a camera today and in the last days, how long that is kept, and an end to it.

mod model;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use adw::prelude::*;
use lenscap_api::HistoryEntry;
use lenscap_core::history::Millis;
use lenscap_core::trouble::history::HistoryTrouble;
use lenscap_settings::table;
use lenscap_sys::clock::{local_time, midnight, wall_now};
use lenscap_words::history as words;
use lenscap_words::{listed, tr, trn};

use crate::context::Context;
use crate::page::Page;
use crate::rows::{self, NumberOf};
use crate::store::Store;
use crate::{history, widgets};
use model::{Days, Model, Share};

/// Of a program that has none.
const PLAIN_ICON: &str = "application-x-executable-symbolic";
/// Days that are shown.
const DAYS: usize = 7;
/// Width of a bar, in pixels.
const BAR: i32 = 96;

pub(super) fn page(context: &Context) -> adw::PreferencesPage {
    let store = &context.store;
    // TRANSLATORS: a page: who used the camera; in a narrow window there is room for some eight letters
    let page = Page::new(store, "usage", &tr("Use"), "document-open-recent-symbolic");
    let today = widgets::group(&tr("Today"));
    let week = widgets::group(&tr("The last seven days"));
    page.widget.add(&today);
    page.widget.add(&week);
    let kept = widgets::group(&tr("History"));
    kept.add(&rows::number(
        store,
        NumberOf::whole(&table::history::DAYS, 1),
        &tr("Keep history"),
        &tr("Days for which it is kept who used the camera; 0 keeps nothing."),
    ));
    page.add(&kept);
    let delete = widgets::pill(&tr("Delete History…"));
    delete.add_css_class("destructive-action");
    let last = adw::PreferencesGroup::new();
    last.add(&delete);
    page.widget.add(&last);

    let usage = Rc::new(Usage {
        today: today.downgrade(),
        week: week.downgrade(),
        delete: delete.downgrade(),
        store: Rc::downgrade(store),
        rows: RefCell::default(),
        shown: RefCell::default(),
        reading: Cell::default(),
    });
    week.set_visible(false);
    let own = Rc::clone(&usage);
    store.follow(|settings| settings.history.days, move |_| own.show_again());
    let own = Rc::clone(&usage);
    page.widget.connect_map(move |_| own.read());
    let (own, mapped) = (Rc::clone(&usage), page.widget.downgrade());
    context.window.connect_is_active_notify(move |window| {
        if window.is_active() && mapped.upgrade().is_some_and(|page| page.is_mapped()) {
            own.read();
        }
    });
    let (window, toasts) = (context.window.downgrade(), context.toasts.downgrade());
    delete.connect_clicked(move |_| {
        let (Some(window), Some(toasts)) = (window.upgrade(), toasts.upgrade()) else { return };
        confirm(&window, &toasts, &usage);
    });
    page.widget
}

/// Asks first: nothing brings it back.
fn confirm(window: &adw::Window, toasts: &adw::ToastOverlay, usage: &Rc<Usage>) {
    let dialog = adw::MessageDialog::new(
        Some(window),
        Some(&tr("Delete the history?")),
        Some(&tr("It is then not known any more who used a camera. This cannot be undone.")),
    );
    dialog.add_response("cancel", &tr("Cancel"));
    dialog.add_response("delete", &tr("Delete"));
    dialog.set_response_appearance("delete", adw::ResponseAppearance::Destructive);
    dialog.set_default_response(Some("cancel"));
    dialog.set_close_response("cancel");
    let (toasts, usage) = (toasts.downgrade(), Rc::clone(usage));
    dialog.connect_response(Some("delete"), move |_, _| {
        let (toasts, usage) = (toasts.clone(), Rc::clone(&usage));
        glib::spawn_future_local(async move {
            let toast = match history::delete().await {
                Ok(count) => adw::Toast::new(&glib::markup_escape_text(&words::deleted(count))),
                Err(trouble) => widgets::error_toast(&words::sentence(&trouble)),
            };
            if let Some(toasts) = toasts.upgrade() {
                toasts.add_toast(toast);
            }
            usage.read();
        });
    });
    dialog.present();
}

/// What is on the page.
#[derive(Debug, PartialEq)]
struct Shown {
    model: Result<Model, HistoryTrouble>,
    days: Days,
    is_off: bool,
    /// There are more entries than are read.
    is_cut: bool,
}

/// The two lists.
struct Usage {
    today: glib::WeakRef<adw::PreferencesGroup>,
    week: glib::WeakRef<adw::PreferencesGroup>,
    delete: glib::WeakRef<gtk::Button>,
    store: Weak<Store>,
    rows: RefCell<Vec<(adw::PreferencesGroup, adw::ActionRow)>>,
    shown: RefCell<Option<Shown>>,
    /// Which reading is the latest.
    reading: Cell<u64>,
}

impl Usage {
    /// Reads the history, and shows it unless it is read again meanwhile.
    fn read(self: &Rc<Self>) {
        let reading = self.reading.get() + 1;
        self.reading.set(reading);
        let usage = Rc::downgrade(self);
        glib::spawn_future_local(async move {
            let since = days(wall_now()).begins.last().copied().unwrap_or_default();
            let read = history::entries(since, history::MAX_ENTRIES).await;
            if let Some(usage) = usage.upgrade()
                && usage.reading.get() == reading
            {
                usage.show(read);
            }
        });
    }

    fn is_off(&self) -> bool {
        self.store.upgrade().is_some_and(|store| store.settings().history.days == 0)
    }

    fn show(&self, read: Result<Vec<HistoryEntry>, HistoryTrouble>) {
        let days = days(wall_now());
        let is_cut = read.as_ref().is_ok_and(|entries| entries.len() >= history::MAX_ENTRIES);
        let model = read.map(|entries| Model::new(entries, &days));
        self.lay(Shown { model, days, is_off: self.is_off(), is_cut });
    }

    /// What is known, where the setting has changed.
    fn show_again(&self) {
        if let Some(shown) = self.shown.take() {
            self.lay(Shown { is_off: self.is_off(), ..shown });
        }
    }

    fn lay(&self, shown: Shown) {
        let (Some(today), Some(week)) = (self.today.upgrade(), self.week.upgrade()) else { return };
        let Some(delete) = self.delete.upgrade() else { return };
        if self.shown.borrow().as_ref() == Some(&shown) {
            return;
        }
        let (of_today, of_week) = rows_of(&shown);
        for (group, new) in [(&today, of_today), (&week, of_week)] {
            widgets::keeping_focus(group, &delete, || {
                self.rows.borrow_mut().retain(|(of, row)| {
                    if of == group {
                        group.remove(row);
                    }
                    of != group
                });
                for row in new {
                    group.add(&row);
                    self.rows.borrow_mut().push((group.clone(), row));
                }
            });
        }
        week.set_visible(shown.model.as_ref().is_ok_and(|model| !model.shares.is_empty()));
        let count = history::MAX_ENTRIES as u64;
        let cut = || trn!("Only the last {n} use is counted.", "Only the last {n} uses are counted.", count);
        week.set_description(shown.is_cut.then(cut).as_deref());
        self.shown.replace(Some(shown));
    }
}

/// Those of today, and those of the week.
fn rows_of(shown: &Shown) -> (Vec<adw::ActionRow>, Vec<adw::ActionRow>) {
    let model = match &shown.model {
        Ok(model) => model,
        Err(trouble) => return (vec![rows::plain(&words::sentence(trouble), "")], Vec::new()),
    };
    let begin = shown.days.begins.first().copied().unwrap_or_default();
    let mut today: Vec<_> = model.today.iter().map(|entry| use_row(entry, begin)).collect();
    if today.is_empty() || shown.is_off {
        let empty = if shown.is_off { tr("The history is off.") } else { tr("Nobody used a camera today.") };
        today.insert(0, rows::plain(&empty, ""));
    }
    today.extend(more(model.more_today));
    let longest = model.longest();
    let mut week: Vec<_> = model.shares.iter().map(|share| share_row(share, &shown.days, longest)).collect();
    week.extend(more(model.more_shares));
    (today, week)
}

fn use_row(entry: &HistoryEntry, today: Millis) -> adw::ActionRow {
    let parts = [words::camera(entry), span(entry, today), words::notes(entry)];
    let subtitle = listed(parts.into_iter().filter(|part| !part.is_empty()));
    let row = rows::plain(&words::application(entry), &subtitle);
    row.add_prefix(&image(entry.icon.as_deref()));
    row
}

fn share_row(share: &Share, days: &Days, longest: Millis) -> adw::ActionRow {
    let (day, time) = (day_name(share.day, days), duration(share.time));
    let row = rows::plain(&share.name, &listed([day.as_str(), time.as_str()]));
    row.add_prefix(&image(share.icon.as_deref()));
    let bar = gtk::ProgressBar::builder().valign(gtk::Align::Center).width_request(BAR).build();
    bar.set_fraction((share.time as f64 / longest.max(1) as f64).clamp(0.0, 1.0));
    widgets::set_accessible_label(&bar, &listed([share.name.as_str(), day.as_str(), time.as_str()]));
    row.add_suffix(&bar);
    row
}

fn more(count: usize) -> Option<adw::ActionRow> {
    let title = || trn!("{n} more", "{n} more", count as u64);
    (count > 0).then(|| rows::plain(&title(), &tr("\"lenscap log\" in a terminal shows all.")))
}

fn image(icon: Option<&str>) -> gtk::Image {
    let icon = icon.filter(|icon| !icon.is_empty()).and_then(|icon| gio::Icon::for_string(icon).ok());
    gtk::Image::from_gicon(&icon.unwrap_or_else(|| gio::ThemedIcon::new(PLAIN_ICON).upcast()))
}

/// From when to when, with the date of what is not of today.
fn span(entry: &HistoryEntry, today: Millis) -> String {
    let time = |at: Millis| format_time(at, if at < today { "%x %R" } else { "%R" });
    let until = entry.until.map(time).unwrap_or_default();
    format!("{}–{until}", time(entry.from))
}

fn day_name(day: usize, days: &Days) -> String {
    match day {
        0 => tr("Today"),
        1 => tr("Yesterday"),
        _ => days.begins.get(day).map(|begin| format_time(*begin, "%A")).unwrap_or_default(),
    }
}

/// By the clock here; empty beyond what the calendar has.
fn format_time(at: Millis, format: &str) -> String {
    let time = glib::DateTime::from_unix_local(at.div_euclid(1000)).and_then(|time| time.format(format));
    time.map(String::from).unwrap_or_default()
}

fn duration(time: Millis) -> String {
    let seconds = u64::try_from(time / 1000).unwrap_or_default();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => tr("less than a minute"),
        (0, _) => trn!("{n} min", "{n} min", minutes),
        _ => trn!("{n} h {minutes} min", "{n} h {minutes} min", hours, minutes = minutes),
    }
}

/// The last days here; a day may have 23 or 25 hours.
fn days(now: Millis) -> Days {
    const HALF: Millis = 12 * 3_600_000;
    let begin = |at| local_time(at).and_then(|day| midnight(day.year, day.month, day.day));
    let begins = std::iter::successors(begin(now), |today| begin(today - HALF));
    Days { begins: begins.take(DAYS).collect(), now }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_days_follow_one_another_and_times_are_in_words() {
        let now = midnight(2026, 3, 31).unwrap() + 5000;
        let days = days(now);
        let expected: Vec<_> = (25..=31).rev().map(|day| midnight(2026, 3, day).unwrap()).collect();
        assert_eq!(days.begins, expected);
        assert_eq!(duration(59_999), "less than a minute");
        assert_eq!(duration(60_000), "1 min");
        assert_eq!(duration(3_900_000), "1 h 5 min");
    }
}
