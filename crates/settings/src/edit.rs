//! Changes in the text of a settings file; comments, order and whatever is already right stay as they are.

use std::ops::Range;

use toml::de::{DeTable, DeValue};
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::file::{File, VERSION, mistake};
use super::list;
use super::model::Settings;
use super::rules::short;
use super::table::{self, Setting, SettingValue};
use super::toml_text::take_trailing;
use super::values;
use lenscap_core::trouble::settings::{Mistake, SettingTrouble};

/// What becomes of a value that is changed to the one which the layers below have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsBelow {
    /// It is written: the user chose it, whatever they will have.
    Written,
    /// It is taken out of the text, so that theirs holds.
    TakenOut,
}

/// `text` with these settings in it. What it leaves out stays left out where it is so already, by what is `below` it.
///
/// # Errors
/// What is wrong in `text`; or a setting cannot be written as text.
pub fn edited(text: &str, below: &Settings, settings: &Settings, as_below: AsBelow) -> Result<String, Mistake> {
    let problem = |refusal: SettingTrouble| mistake(text, 0, refusal);
    let before = File::parse(text)?.over(below.clone());
    let (mut changed, mut taken_out) = (Vec::new(), Vec::new());
    for setting in table::all() {
        let value = setting.value(settings).map_err(problem)?;
        if value == setting.value(&before).map_err(problem)? {
            continue;
        }
        match as_below {
            AsBelow::TakenOut if value == setting.value(below).map_err(problem)? => taken_out.push(setting),
            _ => changed.push((setting, value)),
        }
    }
    let has_controls = before.controls != settings.controls;
    if changed.is_empty() && taken_out.is_empty() && !has_controls {
        // Written again, a text that ends in a comment would gain an end of line.
        return Ok(text.to_owned());
    }
    let mut document = document_without(text, &taken_out)?;
    for (setting, value) in changed {
        set(&mut document, setting.section, setting.key, written(value));
    }
    if has_controls {
        begin(&mut document);
        values::write(&mut document, &before.controls, &settings.controls);
    }
    Ok(document.to_string())
}

fn document(text: &str) -> Result<DocumentMut, Mistake> {
    let not_toml = |error: toml_edit::TomlError| SettingTrouble::NotToml { error: short(error.message()) };
    text.parse().map_err(|error| mistake(text, 0, not_toml(error)))
}

/// The text without these settings; what is said about them in comments stays.
fn document_without(text: &str, settings: &[&Setting]) -> Result<DocumentMut, Mistake> {
    let mut kept = text.to_owned();
    // From behind: the places before stay what they are.
    let mut spans: Vec<_> = settings.iter().filter_map(|setting| line_of(text, setting)).collect();
    spans.sort_by_key(|span| std::cmp::Reverse(span.start));
    spans.into_iter().for_each(|span| kept.replace_range(span, ""));
    let mut document = document(&kept).or_else(|_| document(text))?;
    for setting in settings {
        let section = document.get_mut(setting.section).and_then(Item::as_table_like_mut);
        section.and_then(|section| section.remove(setting.key));
    }
    Ok(document)
}

/// The line, or lines, where a setting stands alone, up to a comment behind it; `None`: it is among others on its line.
fn line_of(text: &str, setting: &Setting) -> Option<Range<usize>> {
    let root = DeTable::parse(text).ok()?;
    let DeValue::Table(section) = root.get_ref().get(setting.section)?.get_ref() else { return None };
    let (key, value) = section.iter().find(|(key, _)| key.get_ref().as_ref() == setting.key)?;
    let (from, to) = (key.span().start, value.span().end);
    let begin = text[..from].rfind('\n').map_or(0, |newline| newline + 1);
    let rest = &text[to..];
    let end = rest.find('\n').map_or(rest.len(), |newline| newline + 1);
    let behind = rest[..end].trim();
    match text[begin..from].trim().is_empty() {
        true if behind.is_empty() => Some(begin..to + end),
        true if behind.starts_with('#') => Some(from..to + rest.find('#')?),
        _ => None,
    }
}

fn written(value: SettingValue) -> Value {
    match value {
        SettingValue::Integer(number) => number.into(),
        SettingValue::Text(text) => text.into(),
        SettingValue::Bool(value) => value.into(),
        SettingValue::List(list) => Value::Array(list.iter().collect()),
    }
}

/// What an empty file begins with.
fn begin(document: &mut DocumentMut) {
    if document.is_empty() {
        // What only has comments keeps them on top.
        let comments = take_trailing(document);
        document.insert("version", toml_edit::value(VERSION));
        if let (Some(mut key), false) = (document.key_mut("version"), comments.is_empty()) {
            key.leaf_decor_mut().set_prefix(format!("{comments}\n"));
        }
    }
}

fn set(document: &mut DocumentMut, section: &str, key: &str, mut value: Value) {
    begin(document);
    if !document.contains_key(section) {
        // What stands behind the last section stays before the new one.
        let mut table = Table::new();
        table.decor_mut().set_prefix(format!("{}\n", take_trailing(document)));
        document.insert(section, Item::Table(table));
    }
    let Some(table): Option<&mut dyn TableLike> = document.get_mut(section).and_then(Item::as_table_like_mut) else {
        return;
    };
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            if let (Value::Array(old), Value::Array(new)) = (&mut *old, &value) {
                return list::follow(old, new);
            }
            // The decoration holds the comment behind the value.
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        _ => drop(table.insert(key, Item::Value(value))),
    }
}
