//! A row without a setting, and what all rows have.

use adw::prelude::*;
use lenscap_settings::table::Setting;

/// A row without a control.
pub fn plain(title: &str, subtitle: &str) -> adw::ActionRow {
    let row = adw::ActionRow::new();
    prepare(&row, title, subtitle);
    row
}

/// Texts as they are, of any length.
pub fn prepare(row: &impl IsA<adw::ActionRow>, title: &str, subtitle: &str) {
    let row = row.upcast_ref::<adw::ActionRow>();
    row.set_use_markup(false);
    row.set_title_lines(0);
    row.set_subtitle_lines(0);
    row.set_title(title);
    row.set_subtitle(subtitle);
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

/// Names the row after the setting that it shows, for tests that look for a setting without a row.
pub fn name(row: &impl IsA<gtk::Widget>, setting: &Setting) {
    row.set_widget_name(&setting.to_string());
}
