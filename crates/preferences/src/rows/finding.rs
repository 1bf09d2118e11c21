//! What the doctor found.

use adw::prelude::*;
use lenscap_api::{Finding, Verdict};
use lenscap_words::{tr, trf};

use super::plain;
use crate::{setup, widgets};

/// The rows of a finding.
pub fn finding(found: &Finding) -> Vec<adw::ActionRow> {
    let below: Vec<_> = found.remedy.iter().chain(&found.evidence).map(String::as_str).collect();
    let row = plain(&found.text, &below.join("\n"));
    let (icon, name) = match found.verdict {
        Verdict::Fine => ("emblem-ok-symbolic", tr("As it should be")),
        Verdict::Note => ("dialog-information-symbolic", tr("Note")),
        Verdict::Problem => ("dialog-warning-symbolic", tr("Problem")),
    };
    let icon = gtk::Image::from_icon_name(icon);
    widgets::set_accessible_label(&icon, &name);
    icon.set_tooltip_text(Some(&name));
    row.add_prefix(&icon);
    if let Some(verb) = found.setup {
        row.add_suffix(&setup::button(verb));
    }
    with_commands(row, &found.commands)
}

/// The row, and below it one for each command.
pub fn with_commands(row: adw::ActionRow, commands: &[String]) -> Vec<adw::ActionRow> {
    std::iter::once(row).chain(commands.iter().map(|text| command(text))).collect()
}

/// In a terminal's letters, with a button that copies it and nothing else.
fn command(text: &str) -> adw::ActionRow {
    let row = plain(text, "");
    row.add_css_class("monospace");
    let copy = widgets::symbol_button("edit-copy-symbolic", &trf!("Copy {command}", command = text));
    let text = text.to_owned();
    copy.connect_clicked(move |button| button.clipboard().set_text(&text));
    row.add_suffix(&copy);
    row
}
