//! What the doctor found.

use adw::prelude::*;
use lenscap_api::Verdict;
use lenscap_words::tr;

use super::plain;
use crate::widgets;

/// A row of this verdict, its text, and what to do about it, which can be copied.
pub fn finding(verdict: Verdict, text: &str, remedy: Option<&str>) -> adw::ActionRow {
    let row = plain(text, remedy.unwrap_or_default());
    let (icon, name) = match verdict {
        Verdict::Fine => ("emblem-ok-symbolic", tr("As it should be")),
        Verdict::Note => ("dialog-information-symbolic", tr("Note")),
        Verdict::Problem => ("dialog-warning-symbolic", tr("Problem")),
    };
    let icon = gtk::Image::from_icon_name(icon);
    widgets::set_accessible_label(&icon, &name);
    icon.set_tooltip_text(Some(&name));
    row.add_prefix(&icon);
    if let Some(remedy) = remedy {
        let copy = gtk::Button::builder().icon_name("edit-copy-symbolic").valign(gtk::Align::Center).build();
        copy.add_css_class("flat");
        widgets::name_button(&copy, &tr("Copy"));
        let remedy = remedy.to_owned();
        copy.connect_clicked(move |button| button.clipboard().set_text(&remedy));
        row.add_suffix(&copy);
    }
    row
}
