//! The kinds of rows, each tied to one setting: what the user sets is written at once; what cannot work is said in the
//! row, in the place of its subtitle, and the row goes back to what is in the file.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use adw::prelude::*;

use super::store::Store;
use lenscap_settings::Settings;
use lenscap_words::trf;

const ERROR: &str = "error";

/// A row without a control.
pub fn plain(title: &str, subtitle: &str) -> adw::ActionRow {
    let row = adw::ActionRow::new();
    prepare(&row, title, subtitle);
    row
}

/// Texts as they are, of any length.
pub(super) fn prepare(row: &impl IsA<adw::ActionRow>, title: &str, subtitle: &str) {
    let row = row.upcast_ref::<adw::ActionRow>();
    row.set_use_markup(false);
    row.set_title_lines(0);
    row.set_subtitle_lines(0);
    row.set_title(title);
    row.set_subtitle(subtitle);
}

/// Says in the row why its value was refused; the next that works takes that away.
pub fn report(row: &impl IsA<adw::ActionRow>, subtitle: &str, done: &Result<(), String>) {
    let row = row.upcast_ref::<adw::ActionRow>();
    match done {
        Ok(()) => {
            row.remove_css_class(ERROR);
            row.set_subtitle(subtitle);
        }
        Err(reason) => {
            row.add_css_class(ERROR);
            row.set_subtitle(&capitalized(reason));
        }
    }
}

fn capitalized(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A setting that is on or off.
pub fn switch(
    store: &Rc<Store>,
    title: &str,
    subtitle: &str,
    get: fn(&Settings) -> bool,
    set: fn(&mut Settings, bool),
) -> adw::ActionRow {
    let row = plain(title, subtitle);
    let switch = gtk::Switch::builder().valign(gtk::Align::Center).build();
    row.add_suffix(&switch);
    row.set_activatable_widget(Some(&switch));
    let subtitle = subtitle.to_owned();
    {
        let (store, row, subtitle) = (Rc::downgrade(store), row.downgrade(), subtitle.clone());
        switch.connect_active_notify(move |switch| {
            let (Some(store), Some(row)) = (store.upgrade(), row.upgrade()) else { return };
            let wanted = switch.is_active();
            // Going back to what is in the file is told once more, after all is done.
            if store.is_showing() || wanted == get(&store.settings()) {
                return;
            }
            let done = store.change(|settings| set(settings, wanted));
            report(&row, &subtitle, &done);
            store.quietly(|| switch.set_active(get(&store.settings())));
        });
    }
    let shown = row.downgrade();
    store.follow(get, move |value| {
        let Some(row) = shown.upgrade() else { return };
        switch.set_active(*value);
        report(&row, &subtitle, &Ok(()));
    });
    row
}

/// What a number may be, and how it is stepped.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Of the buttons and arrow keys.
    pub step: f64,
    /// Whether only whole numbers make sense; else thousandths count.
    pub whole: bool,
}

impl Range {
    /// Whole numbers, in steps of `step`.
    pub const fn whole(min: u32, max: u32, step: u32) -> Self {
        Self { min: min as f64, max: max as f64, step: step as f64, whole: true }
    }

    /// What a user typed.
    fn parse(&self, text: &str) -> Result<f64, String> {
        let number: Option<f64> = text.trim().replace(',', ".").parse().ok();
        number
            .filter(|number| (self.min..=self.max).contains(number) && (!self.whole || number.fract() == 0.0))
            .ok_or_else(|| {
                let shown: String = text.trim().chars().take(40).collect();
                if self.whole {
                    trf!(
                        "\"{value}\" cannot work: use a whole number from {min} to {max}.",
                        value = shown,
                        min = self.min,
                        max = self.max
                    )
                } else {
                    trf!(
                        "\"{value}\" cannot work: use a number from {min} to {max}.",
                        value = shown,
                        min = self.min,
                        max = self.max
                    )
                }
            })
    }
}

/// A subtitle that depends on other settings or on devices; asked anew when one of them changes.
pub type Words = Rc<dyn Fn() -> String>;

fn always(subtitle: &str) -> Words {
    let subtitle = subtitle.to_owned();
    Rc::new(move || subtitle.clone())
}

/// A setting that is a number.
pub fn number(
    store: &Rc<Store>,
    title: &str,
    subtitle: &str,
    range: Range,
    get: fn(&Settings) -> f64,
    set: fn(&mut Settings, f64),
) -> adw::ActionRow {
    number_within(store, title, always(subtitle), Rc::new(move || range), get, set)
}

/// A setting that is a number, within limits that depend on other settings or on devices.
pub fn number_within(
    store: &Rc<Store>,
    title: &str,
    words: Words,
    limits: Rc<dyn Fn() -> Range>,
    get: fn(&Settings) -> f64,
    set: fn(&mut Settings, f64),
) -> adw::ActionRow {
    let range = limits();
    let row = plain(title, &words());
    let adjustment = gtk::Adjustment::new(range.min, range.min, range.max, range.step, range.step * 10.0, 0.0);
    let spin = gtk::SpinButton::builder()
        .adjustment(&adjustment)
        .digits(if range.whole { 0 } else { 3 })
        .update_policy(gtk::SpinButtonUpdatePolicy::IfValid)
        .valign(gtk::Align::Center)
        .width_chars(5)
        .build();
    ignore_the_wheel(&spin);
    row.add_suffix(&spin);
    row.set_activatable_widget(Some(&spin));

    spin.connect_output(|spin| {
        let text = ((spin.value() * 1000.0).round() / 1000.0).to_string();
        if spin.text() != text {
            spin.set_text(&text);
        }
        glib::Propagation::Stop
    });
    let mistyped = Rc::new(Cell::new(false));
    {
        let (row, words, mistyped) = (row.downgrade(), Rc::clone(&words), Rc::clone(&mistyped));
        let limits = Rc::clone(&limits);
        spin.connect_input(move |spin| {
            let mut range = limits();
            // What is in the file already is not refused.
            range.max = range.max.max(spin.value());
            let parsed = range.parse(&spin.text());
            let was_mistyped = mistyped.replace(parsed.is_err());
            if let Some(row) = row.upgrade()
                && (was_mistyped || parsed.is_err())
            {
                report(&row, &words(), &parsed.as_ref().map(drop).map_err(Clone::clone));
            }
            // An error makes the button show its old value again.
            Some(parsed.map_err(drop))
        });
    }
    {
        let (store, row, words) = (Rc::downgrade(store), row.downgrade(), Rc::clone(&words));
        spin.connect_value_changed(move |spin| {
            let (Some(store), Some(row)) = (store.upgrade(), row.upgrade()) else { return };
            let wanted = spin.value();
            // It also tells when nothing changed.
            if store.is_showing() || wanted == get(&store.settings()) {
                return;
            }
            let done = store.change(|settings| set(settings, wanted));
            report(&row, &words(), &done);
            store.quietly(|| spin.set_value(get(&store.settings())));
        });
    }
    {
        let spin = spin.clone();
        store.on_end(move || spin.update());
    }
    let fit = {
        let (row, adjustment, words) = (row.downgrade(), adjustment.clone(), Rc::clone(&words));
        move |value: f64| {
            let Some(row) = row.upgrade() else { return };
            // A value beyond stays until the user changes it.
            adjustment.set_upper(limits().max.max(value));
            refresh(&row, &words);
        }
    };
    {
        let fit = fit.clone();
        store.on_change(move |settings| fit(get(settings)));
    }
    store.on_devices(move |settings| fit(get(settings)));
    let shown = row.downgrade();
    store.follow(get, move |value| {
        let Some(row) = shown.upgrade() else { return };
        spin.set_value(*value);
        report(&row, &words(), &Ok(()));
    });
    row
}

/// Says anew what the row says, unless it says why something was refused.
fn refresh(row: &impl IsA<adw::ActionRow>, words: &Words) {
    let row = row.upcast_ref::<adw::ActionRow>();
    if !row.has_css_class(ERROR) {
        row.set_subtitle(&words());
    }
}

/// Scrolling the page must not change what happens to be below the pointer.
pub(super) fn ignore_the_wheel(spin: &impl IsA<gtk::Widget>) {
    let controllers = spin.observe_controllers();
    let wheels: Vec<_> = (0..controllers.n_items())
        .filter_map(|i| controllers.item(i)?.downcast::<gtk::EventControllerScroll>().ok())
        .collect();
    for wheel in wheels {
        spin.remove_controller(&wheel);
    }
}

/// What can be chosen: each with its words.
pub type Choices<T> = Vec<(String, T)>;

/// A setting that is one of several. `choices` is asked again with the present value when that or the devices change;
/// `set` may refuse.
pub fn choice<T: Clone + PartialEq + 'static>(
    store: &Rc<Store>,
    title: &str,
    subtitle: &str,
    choices: impl Fn(&T) -> Choices<T> + 'static,
    get: fn(&Settings) -> T,
    set: impl Fn(&Store, T) -> Result<(), String> + 'static,
) -> adw::ComboRow {
    choice_with(store, title, always(subtitle), choices, get, set)
}

/// As [`choice`], where subtitle and choices depend on other settings.
pub fn choice_with<T: Clone + PartialEq + 'static>(
    store: &Rc<Store>,
    title: &str,
    words: Words,
    choices: impl Fn(&T) -> Choices<T> + 'static,
    get: fn(&Settings) -> T,
    set: impl Fn(&Store, T) -> Result<(), String> + 'static,
) -> adw::ComboRow {
    let row = adw::ComboRow::new();
    prepare(&row, title, &words());
    row.set_list_factory(Some(&whole_names(&row)));
    let offered: Rc<RefCell<Choices<T>>> = Rc::default();
    // Going back to what is in the file is told once more, after all is done.
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

/// A row of a list that holds something else than a setting; hidden at first. (A group keeps only rows of this class in
/// its list.)
pub fn filler(child: &impl IsA<gtk::Widget>) -> adw::PreferencesRow {
    adw::PreferencesRow::builder()
        .child(child)
        .activatable(false)
        .selectable(false)
        .focusable(false)
        .visible(false)
        .build()
}

/// The lines of a list, with a mark at the chosen one. (libadwaita's own cut a camera's name after 20 letters.)
pub(super) fn whole_names(row: &adw::ComboRow) -> gtk::SignalListItemFactory {
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

/// An entry and, below it, the row that says why its text was refused.
#[derive(Clone)]
pub struct Entry {
    /// Where the text is.
    pub row: adw::EntryRow,
    /// Hidden while all is well.
    pub reason: Reason,
}

impl Entry {
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
    pub fn report(&self, done: &Result<(), String>) {
        match done {
            Ok(()) => self.row.remove_css_class(ERROR),
            Err(_) => self.row.add_css_class(ERROR),
        }
        self.reason.report(done);
    }
}

/// A line in a list that is there only when something was refused.
#[derive(Clone)]
pub struct Reason {
    row: adw::PreferencesRow,
    label: gtk::Label,
}

impl Reason {
    /// Hidden.
    pub fn new() -> Self {
        let label = gtk::Label::builder()
            .wrap(true)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .xalign(0.0)
            .margin_top(8)
            .margin_bottom(8)
            .margin_start(12)
            .margin_end(12)
            .css_classes([ERROR, "caption"])
            .build();
        let row = filler(&label);
        Self { row, label }
    }

    fn report(&self, done: &Result<(), String>) {
        if let Err(reason) = done {
            self.label.set_label(&capitalized(reason));
        }
        self.row.set_visible(done.is_err());
    }
}

/// A setting that is text, taken with Enter or when the row is left. `set` may refuse; the text stays then.
pub fn entry(
    store: &Rc<Store>,
    title: &str,
    get: fn(&Settings) -> String,
    set: impl Fn(&Store, &str) -> Result<(), String> + 'static,
) -> Entry {
    let entry = bare_entry(title);
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
pub fn bare_entry(title: &str) -> Entry {
    let row = adw::EntryRow::builder().title(title).use_markup(false).build();
    Entry { row, reason: Reason::new() }
}

/// A button for the end of a row, shown as a symbol and named for those who do not see it.
pub fn symbol_button(icon: &str, name: &str) -> gtk::Button {
    let button = gtk::Button::builder().icon_name(icon).valign(gtk::Align::Center).css_classes(["flat"]).build();
    call(&button, name);
    button
}

/// Names a button that shows a symbol. Such a button is called what its image is called.
pub fn call(button: &impl IsA<gtk::Button>, name: &str) {
    let button = button.upcast_ref::<gtk::Button>();
    button.set_tooltip_text(Some(name));
    if let Some(image) = button.child() {
        set_accessible_label(&image, name);
    }
}

/// What a screen reader says for this widget. (GTK's own function for it is bound from 4.10 on; this is the way of a
/// `.ui` file.)
pub fn set_accessible_label(widget: &impl IsA<gtk::Widget>, label: &str) {
    let widget = widget.upcast_ref::<gtk::Widget>();
    let template = format!(
        "<interface><template class=\"{}\"><accessibility><property name=\"label\">{}</property></accessibility>\
         </template></interface>",
        widget.type_().name(),
        glib::markup_escape_text(label)
    );
    if let Err(error) = gtk::Builder::new().extend_with_template(widget, widget.type_(), &template) {
        tracing::debug!("no accessible label \"{label}\": {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_refused_with_the_range() {
        let range = Range::whole(1, 240, 1);
        assert_eq!(range.parse(" 30 "), Ok(30.0));
        for text in ["0", "241", "-1", "29.97", "fast", "", "1e9", "NaN", "inf"] {
            let reason = range.parse(text).unwrap_err();
            assert!(reason.contains("from 1 to 240"), "{text}: {reason}");
        }
        let seconds = Range { min: 0.0, max: 3600.0, step: 1.0, whole: false };
        assert_eq!(seconds.parse("2,5"), Ok(2.5));
        assert!(seconds.parse("NaN").is_err());
    }

    #[test]
    fn sentences_begin_with_a_capital() {
        assert_eq!(capitalized("über"), "Über");
        assert_eq!(capitalized(""), "");
    }
}
