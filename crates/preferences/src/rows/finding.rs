//! What the doctor found.

use adw::prelude::*;
use lenscap_words::tr;

use super::plain;
use crate::widgets;

/// A row of this verdict (`fine`, `note` or `problem`), its text, and what to do about it.
pub fn finding(verdict: &str, text: &str, remedy: &str) -> adw::ActionRow {
    let row = plain(text, remedy);
    let (icon, name) = match verdict {
        "fine" => ("emblem-ok-symbolic", tr("As it should be")),
        "note" => ("dialog-information-symbolic", tr("Note")),
        _ => ("dialog-warning-symbolic", tr("Problem")),
    };
    let icon = gtk::Image::from_icon_name(icon);
    widgets::set_accessible_label(&icon, &name);
    icon.set_tooltip_text(Some(&name));
    row.add_prefix(&icon);
    if !remedy.is_empty() {
        let copy = gtk::Button::builder().icon_name("edit-copy-symbolic").valign(gtk::Align::Center).build();
        copy.add_css_class("flat");
        widgets::name_button(&copy, &tr("Copy"));
        let remedy = remedy.to_owned();
        copy.connect_clicked(move |button| button.clipboard().set_text(&remedy));
        row.add_suffix(&copy);
    }
    row
}
