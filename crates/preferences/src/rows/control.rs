//! One control as a row: slider, switch, list, button, text, or only its value.

use std::cell::Cell;
use std::rc::Rc;

use adw::prelude::*;
use lenscap_core::controls::{Control, Kind, Range, Value};
use lenscap_words::controls::hint;
use lenscap_words::tr;

use super::slider::{SliderRange, SliderRow};
use super::{TextEntry, bare_entry, plain, prepare, report, show_whole_names};
use crate::error::WindowError;
use crate::widgets;

/// A slider's numbers are exact up to here; beyond, numbers are typed.
const LARGEST_SLIDER: i64 = 1 << 31;
/// Steps that a slider of fractions has.
const FRACTION_STEPS: f64 = 100.0;

/// What the user sets it with.
enum Knob {
    Slider(SliderRow),
    Switch(gtk::Switch),
    List(adw::ComboRow),
    Button(gtk::Button),
    Text(TextEntry),
    Label(gtk::Label),
}

/// One control.
pub struct ControlRow {
    row: adw::PreferencesRow,
    knob: Knob,
    /// The knob is being set: what it reports is not the user's.
    is_showing: Rc<Cell<bool>>,
}

/// Whether a row of the one can show the other.
pub fn is_alike(a: &Control, b: &Control) -> bool {
    (&a.key, &a.name, a.kind, a.range, &a.menu) == (&b.key, &b.name, b.kind, b.range, &b.menu)
        && (a.flags.read_only, &a.default) == (b.flags.read_only, &b.default)
}

impl ControlRow {
    /// A row that calls `set` with what the user wants.
    pub fn new(control: &Control, set: impl Fn(Value) + 'static) -> Self {
        let is_showing = Rc::new(Cell::new(false));
        let quiet = Rc::clone(&is_showing);
        let set = move |value| {
            if !quiet.get() {
                set(value);
            }
        };
        let bare = || plain(&control.name, "");
        let with = |knob: &gtk::Widget| {
            let row = bare();
            widgets::set_accessible_label(knob, &control.name);
            knob.set_valign(gtk::Align::Center);
            row.add_suffix(knob);
            row.set_activatable_widget(Some(knob));
            row.upcast::<adw::PreferencesRow>()
        };
        let slider = |min, max, step, digits| {
            let default = control.default.as_ref().and_then(as_number);
            SliderRow::new(&control.name, &SliderRange { min, max, step, digits, default })
        };
        let is_settable = !control.flags.read_only && control.kind != Kind::Compound;
        let (row, knob) = match (control.kind, control.range) {
            _ if !is_settable => {
                let label = gtk::Label::builder().wrap(true).selectable(true).css_classes(["dim-label"]).build();
                let row = bare();
                row.add_suffix(&label);
                (row.upcast(), Knob::Label(label))
            }
            (Kind::Boolean, _) => {
                let switch = gtk::Switch::new();
                switch.connect_active_notify(move |switch| set(Value::Boolean(switch.is_active())));
                (with(switch.upcast_ref()), Knob::Switch(switch))
            }
            (Kind::Button, _) => {
                let button = gtk::Button::with_label(&tr("Run"));
                button.connect_clicked(move |_| set(Value::Boolean(true)));
                (with(button.upcast_ref()), Knob::Button(button))
            }
            (Kind::Menu | Kind::IntegerMenu, _) => {
                let row = adw::ComboRow::new();
                prepare(&row, &control.name, "");
                show_whole_names(&row);
                let labels: Vec<_> = control.menu.iter().map(|entry| entry.label.as_str()).collect();
                row.set_model(Some(&gtk::StringList::new(&labels)));
                row.set_selected(position(control));
                let values: Vec<_> = control.menu.iter().map(|entry| entry.value).collect();
                row.connect_selected_notify(move |row| {
                    if let Some(value) = values.get(row.selected() as usize) {
                        set(Value::Integer(*value));
                    }
                });
                (row.clone().upcast(), Knob::List(row))
            }
            (Kind::Integer | Kind::Integer64, Range::Whole { min, max, step })
                if min > -LARGEST_SLIDER && max < LARGEST_SLIDER && max > min =>
            {
                let step = i64::try_from(step.max(1)).unwrap_or(i64::MAX);
                let slider = slider(min as f64, max as f64, step as f64, 0);
                slider.scale.connect_value_changed(move |scale| {
                    // A pointer stops anywhere; the camera has steps.
                    let steps = (scale.value() - min as f64) / step as f64;
                    let value = min.saturating_add((steps.round() as i64).saturating_mul(step));
                    let last = max - (max - min) % step;
                    set(Value::Integer(value.clamp(min, last)));
                });
                (slider.row.clone(), Knob::Slider(slider))
            }
            (Kind::Real, Range::Real { min, max }) if max > min && max - min < 1e6 => {
                let slider = slider(min, max, (max - min) / FRACTION_STEPS, 2);
                slider.scale.connect_value_changed(move |scale| {
                    let value = (scale.value() * 100.0).round() / 100.0;
                    set(Value::Real(value.clamp(min, max)));
                });
                (slider.row.clone(), Knob::Slider(slider))
            }
            _ => {
                let entry = bare_entry(&control.name);
                let known = control.clone();
                let of = entry.clone();
                entry.row.connect_apply(move |row| match known.parse(&row.text()) {
                    Ok(value) => {
                        of.report(&Ok(()));
                        set(value);
                    }
                    Err(trouble) => of.report(&Err(WindowError::Control(trouble))),
                });
                entry.row.set_show_apply_button(true);
                (entry.row.clone().upcast(), Knob::Text(entry))
            }
        };
        Self { row, knob, is_showing }
    }

    /// Puts it into the group.
    pub fn add_to(&self, group: &adw::PreferencesGroup) {
        match &self.knob {
            Knob::Text(entry) => entry.add_to(group),
            _ => group.add(&self.row),
        }
    }

    /// Takes it out of the group.
    pub fn remove_from(&self, group: &adw::PreferencesGroup) {
        match &self.knob {
            Knob::Text(entry) => entry.remove_from(group),
            _ => group.remove(&self.row),
        }
    }

    /// Shows what it is set to, and whether it can be set.
    pub fn show(&self, control: &Control) {
        self.is_showing.set(true);
        match (&self.knob, &control.value) {
            (Knob::Slider(slider), Some(Value::Integer(number))) => slider.scale.set_value(*number as f64),
            (Knob::Slider(slider), Some(Value::Real(number))) => slider.scale.set_value(*number),
            (Knob::Switch(switch), Some(Value::Boolean(value))) => switch.set_active(*value),
            (Knob::List(row), Some(_)) => row.set_selected(position(control)),
            (Knob::Text(entry), Some(value)) => {
                let text = control.in_words(value);
                // What somebody is typing stays.
                if entry.row.text() != text && !entry.row.has_css_class("error") {
                    entry.row.set_text(&text);
                }
            }
            (Knob::Label(label), _) => label.set_label(&shown(control)),
            _ => {}
        }
        self.is_showing.set(false);
        let is_free = !control.flags.inactive && !control.flags.grabbed;
        match &self.knob {
            Knob::Slider(slider) => slider.scale.set_sensitive(is_free),
            Knob::Switch(switch) => switch.set_sensitive(is_free),
            Knob::Button(button) => button.set_sensitive(is_free),
            Knob::List(row) => row.set_sensitive(is_free),
            Knob::Text(entry) => entry.row.set_sensitive(is_free),
            Knob::Label(_) => {}
        }
        if !matches!(self.knob, Knob::Text(_)) {
            self.report(control, &Ok(()));
        }
    }

    /// Says why its value was refused, or that it was not.
    pub fn report(&self, control: &Control, done: &Result<(), WindowError>) {
        match &self.knob {
            Knob::Text(entry) => entry.report(done),
            Knob::Slider(slider) => slider.report(&hint(control), done),
            _ => {
                if let Some(row) = self.row.downcast_ref::<adw::ActionRow>() {
                    report(row, &hint(control), done);
                }
            }
        }
    }
}

/// The place of the present entry in the menu.
fn position(control: &Control) -> u32 {
    let present = control.menu.iter().position(|entry| control.value == Some(Value::Integer(entry.value)));
    present.and_then(|position| u32::try_from(position).ok()).unwrap_or(gtk::INVALID_LIST_POSITION)
}

/// Where the default is on the slider.
fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Real(number) => Some(*number),
        Value::Boolean(_) | Value::Text(_) => None,
    }
}

/// A value that cannot be changed, for people.
fn shown(control: &Control) -> String {
    match &control.value {
        Some(value) => control.in_words(value),
        None => control.kind.as_str().to_owned(),
    }
}
