//! How a row says that its value was refused.

use adw::prelude::*;

use super::filler;
use crate::error::WindowError;

/// The style class of what was refused.
pub const ERROR: &str = "error";

/// Says in the row why its value was refused; the next that works takes that away.
pub fn report(row: &impl IsA<adw::ActionRow>, subtitle: &str, done: &Result<(), WindowError>) {
    let row = row.upcast_ref::<adw::ActionRow>();
    row.set_subtitle(&marked(row, subtitle, done));
}

/// Marks the row as refused, or takes the mark away; what its subtitle is then.
pub fn marked(row: &impl IsA<gtk::Widget>, subtitle: &str, done: &Result<(), WindowError>) -> String {
    match done {
        Ok(()) => {
            row.remove_css_class(ERROR);
            subtitle.to_owned()
        }
        Err(reason) => {
            row.add_css_class(ERROR);
            capitalized(&reason.to_string())
        }
    }
}

fn capitalized(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A line in a list that is there only when something was refused.
#[derive(Clone)]
pub struct RefusalRow {
    /// Where it stands.
    pub row: adw::PreferencesRow,
    label: gtk::Label,
}

impl RefusalRow {
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

    pub fn report(&self, done: &Result<(), WindowError>) {
        if let Err(reason) = done {
            self.label.set_label(&capitalized(&reason.to_string()));
        }
        self.row.set_visible(done.is_err());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_begin_with_a_capital() {
        assert_eq!(capitalized("über"), "Über");
        assert_eq!(capitalized(""), "");
    }
}
