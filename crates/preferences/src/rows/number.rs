//! A setting that is a number.

use std::cell::Cell;
use std::rc::Rc;

use adw::prelude::*;
use lenscap_core::trouble::preferences::PreferencesTrouble;
use lenscap_settings::Settings;
use lenscap_settings::table::{Setting, SettingValue};

use super::subtitle::{Subtitle, always, refresh};
use super::{name, plain, report};
use crate::error::WindowError;
use crate::store::Store;
use crate::widgets::ignore_the_wheel;

/// What a number may be, and how it is stepped.
#[derive(Debug, Clone, Copy)]
pub struct SpinRange {
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Of the buttons and arrow keys.
    pub step: f64,
    /// Whether only whole numbers make sense; else thousandths count.
    pub whole: bool,
}

/// A setting as a row shows it.
#[derive(Debug, Clone, Copy)]
pub struct NumberOf {
    setting: &'static Setting,
    /// Of the buttons and arrow keys, in the row's unit.
    step: f64,
    /// How many of the setting's unit are one of the row's.
    scale: f64,
    /// Shown where the setting is "auto", in the row's unit.
    when_auto: f64,
}

impl NumberOf {
    /// In the unit of the setting, in steps of `step`.
    pub const fn whole(setting: &'static Setting, step: u32) -> Self {
        Self { setting, step: step as f64, scale: 1.0, when_auto: 0.0 }
    }

    /// A setting in milliseconds, shown in seconds.
    pub const fn seconds(setting: &'static Setting) -> Self {
        Self { setting, step: 1.0, scale: 1000.0, when_auto: 0.0 }
    }

    /// What is shown where the setting is "auto", in the row's unit.
    pub const fn when_auto(self, shown: f64) -> Self {
        Self { when_auto: shown, ..self }
    }

    /// What the table of the settings allows.
    pub fn range(&self) -> SpinRange {
        let (min, max) = self.setting.range().unwrap_or_default();
        let shown = |value: i64| value as f64 / self.scale;
        SpinRange { min: shown(min), max: shown(max), step: self.step, whole: self.scale == 1.0 }
    }

    fn get(&self, settings: &Settings) -> f64 {
        match self.setting.value(settings) {
            Ok(SettingValue::Integer(value)) => value as f64 / self.scale,
            _ => self.when_auto,
        }
    }

    fn put(&self, settings: &mut Settings, shown: f64) {
        self.setting.put(settings, &SettingValue::Integer((shown * self.scale).round() as i64));
    }
}

impl SpinRange {
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

/// A setting that is a number.
pub fn number(store: &Rc<Store>, number: NumberOf, title: &str, subtitle: &str) -> adw::ActionRow {
    number_within(store, number, title, always(subtitle), Rc::new(move || number.range()))
}

/// A setting that is a number, within limits that depend on other settings or on devices.
pub fn number_within(
    store: &Rc<Store>,
    number: NumberOf,
    title: &str,
    words: Subtitle,
    limits: Rc<dyn Fn() -> SpinRange>,
) -> adw::ActionRow {
    let get = move |settings: &Settings| number.get(settings);
    let range = limits();
    let row = plain(title, &words());
    name(&row, number.setting);
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
            // It is also called when nothing changed.
            if store.is_showing() || wanted == get(&store.settings()) {
                return;
            }
            let done = store.change(|settings| number.put(settings, wanted));
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
    use lenscap_settings::table::{camera, privacy};

    use super::*;

    #[test]
    fn numbers_out_of_range_are_refused_with_the_range() {
        let range = NumberOf::whole(&camera::FRAMERATE, 1).range();
        assert_eq!(range.parse(" 30 "), Ok(30.0));
        for text in ["0", "241", "-1", "29.97", "fast", "", "1e9", "NaN", "inf"] {
            let reason = WindowError::from(range.parse(text).unwrap_err()).to_string();
            assert!(reason.contains("from 1 to 240, not ") && reason.contains(text), "{text}: {reason}");
        }
        let seconds = NumberOf::seconds(&privacy::COOLDOWN).range();
        assert_eq!((seconds.min, seconds.max), (0.0, 3600.0));
        assert_eq!(seconds.parse("2,5"), Ok(2.5));
        assert!(seconds.parse("NaN").is_err());
    }
}
