//! A setting that is a number.

use std::cell::Cell;
use std::rc::Rc;

use adw::prelude::*;
use lenscap_core::trouble::preferences::PreferencesTrouble;
use lenscap_settings::Settings;
use lenscap_settings::table::{Setting, SettingValue};

use super::subtitle::{Words, always, refresh};
use super::{plain, report};
use crate::error::WindowError;
use crate::store::Store;
use crate::widgets::ignore_the_wheel;

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

    /// What a setting takes, in steps of `step`.
    pub fn of(setting: &Setting, step: u32) -> Self {
        let (min, max) = setting.range().unwrap_or_default();
        Self { min: min as f64, max: max as f64, step: f64::from(step), whole: true }
    }

    /// As [`Self::of`], of a setting in milliseconds that is shown in seconds.
    pub fn in_seconds(setting: &Setting, step: u32) -> Self {
        let Self { min, max, step, .. } = Self::of(setting, step);
        Self { min: min / 1000.0, max: max / 1000.0, step, whole: false }
    }

    /// What a user typed.
    fn parse(&self, text: &str) -> Result<f64, PreferencesTrouble> {
        let number: Option<f64> = text.trim().replace(',', ".").parse().ok();
        number
            .filter(|number| (self.min..=self.max).contains(number) && (!self.whole || number.fract() == 0.0))
            .ok_or_else(|| PreferencesTrouble::NotWithin {
                value: text.trim().chars().take(40).collect::<String>().into(),
                min: self.min,
                max: self.max,
                is_whole: self.whole,
            })
    }
}

/// A setting that is a whole number, stepped by `step`.
pub fn number(store: &Rc<Store>, setting: &'static Setting, title: &str, subtitle: &str, step: u32) -> adw::ActionRow {
    let get = move |settings: &Settings| match setting.value(settings) {
        Ok(SettingValue::Integer(number)) => number as f64,
        _ => 0.0,
    };
    let set = move |settings: &mut Settings, value: f64| setting.put(settings, &SettingValue::Integer(value as i64));
    number_of(store, title, subtitle, Range::of(setting, step), get, set)
}

/// A setting that is shown as another number than the file has.
pub fn number_of(
    store: &Rc<Store>,
    title: &str,
    subtitle: &str,
    range: Range,
    get: impl Fn(&Settings) -> f64 + Copy + 'static,
    set: impl Fn(&mut Settings, f64) + Copy + 'static,
) -> adw::ActionRow {
    number_within(store, title, always(subtitle), Rc::new(move || range), get, set)
}

/// A setting that is a number, within limits that depend on other settings or on devices.
pub fn number_within(
    store: &Rc<Store>,
    title: &str,
    words: Words,
    limits: Rc<dyn Fn() -> Range>,
    get: impl Fn(&Settings) -> f64 + Copy + 'static,
    set: impl Fn(&mut Settings, f64) + Copy + 'static,
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
                report(&row, &words(), &parsed.clone().map(drop).map_err(WindowError::from));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_refused_with_the_range() {
        let range = Range::whole(1, 240, 1);
        assert_eq!(range.parse(" 30 "), Ok(30.0));
        for text in ["0", "241", "-1", "29.97", "fast", "", "1e9", "NaN", "inf"] {
            let reason = WindowError::from(range.parse(text).unwrap_err()).to_string();
            assert!(reason.contains("from 1 to 240, not ") && reason.contains(text), "{text}: {reason}");
        }
        let seconds = Range { min: 0.0, max: 3600.0, step: 1.0, whole: false };
        assert_eq!(seconds.parse("2,5"), Ok(2.5));
        assert!(seconds.parse("NaN").is_err());
    }
}
