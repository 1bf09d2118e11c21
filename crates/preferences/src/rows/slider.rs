//! A number as a slider over the whole width of its row, below its title, with a mark at the default.

use adw::prelude::*;

use super::refusal::marked;
use crate::error::WindowError;
use crate::widgets;

/// See the module.
pub struct SliderRow {
    /// The row.
    pub row: adw::PreferencesRow,
    /// What the user moves.
    pub scale: gtk::Scale,
    subtitle: gtk::Label,
}

/// What a slider goes through.
pub struct SliderRange {
    pub min: f64,
    pub max: f64,
    /// Of arrow keys.
    pub step: f64,
    /// Behind the point.
    pub digits: i32,
    pub default: Option<f64>,
}

impl SliderRow {
    pub fn new(title: &str, range: &SliderRange) -> Self {
        let SliderRange { min, max, step, digits, default } = *range;
        let adjustment = gtk::Adjustment::new(min, min, max, step, step.max((max - min) / 10.0), 0.0);
        let scale = gtk::Scale::builder()
            .adjustment(&adjustment)
            .digits(digits)
            .draw_value(true)
            .value_pos(gtk::PositionType::Right)
            .hexpand(true)
            .build();
        if let Some(default) = default {
            scale.add_mark(default, gtk::PositionType::Bottom, None);
        }
        widgets::ignore_the_wheel(&scale);
        widgets::set_accessible_label(&scale, title);
        let label = |text: &str| gtk::Label::builder().label(text).wrap(true).xalign(0.0).build();
        let subtitle = label("");
        subtitle.set_css_classes(&["subtitle", "dim-label", "caption"]);
        let content = gtk::Box::builder()
            .orientation(gtk::Orientation::Vertical)
            .margin_top(8)
            .margin_bottom(8)
            .margin_start(12)
            .margin_end(12)
            .build();
        content.append(&label(title));
        content.append(&subtitle);
        content.append(&scale);
        let row = adw::PreferencesRow::builder()
            .title(title)
            .use_markup(false)
            .child(&content)
            .activatable(false)
            .focusable(false)
            .build();
        Self { row, scale, subtitle }
    }

    /// As [`super::report`].
    pub fn report(&self, subtitle: &str, done: &Result<(), WindowError>) {
        let text = marked(&self.row, subtitle, done);
        self.subtitle.set_label(&text);
        self.subtitle.set_visible(!text.is_empty());
    }
}
