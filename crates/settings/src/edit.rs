//! Changes in the text of a settings file; comments, order and whatever is already right stay as they are.

use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value};

use super::file::{File, VERSION, mistake};
use super::model::Settings;
use super::rules::short;
use super::table::{self, SettingValue};
use super::values;
use lenscap_core::trouble::settings::{Mistake, SettingTrouble};

/// `text` with these settings in it. What it leaves out stays left out where it is so already, by what is `below` it.
///
/// # Errors
/// What is wrong in `text`; or a setting cannot be written as text.
pub fn edited(text: &str, below: &Settings, settings: &Settings) -> Result<String, Mistake> {
    let problem = |refusal: SettingTrouble| mistake(text, 0, refusal);
    let before = File::parse(text)?.over(below.clone());
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| problem(SettingTrouble::NotToml { error: short(error.message()) }))?;
    let mut is_changed = false;
    for setting in table::all() {
        let value = setting.value(settings).map_err(problem)?;
        if value != setting.value(&before).map_err(problem)? {
            set(&mut document, setting.section, setting.key, written(value));
            is_changed = true;
        }
    }
    if before.controls != settings.controls {
        begin(&mut document);
        values::write(&mut document, &before.controls, &settings.controls);
        is_changed = true;
    }
    // Written again, a text that ends in a comment gains an end of line.
    Ok(if is_changed { document.to_string() } else { text.to_owned() })
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
                return follow(old, new);
            }
            // The decoration holds the comment behind the value.
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        _ => drop(table.insert(key, Item::Value(value))),
    }
}

/// Makes `old` `new` by taking entries out and adding some behind them: those that stay keep the comments beside them.
fn follow(old: &mut Array, new: &Array) {
    let mut wanted = new.iter().peekable();
    let before_first = old.get(0).map(space_before).unwrap_or_default();
    old.retain(|entry| wanted.next_if(|wanted| wanted.as_str() == entry.as_str()).is_some());
    if let (Some(space), Some(first)) = (before_first, old.get_mut(0))
        && space_before(first).is_some()
    {
        first.decor_mut().set_prefix(space);
    }
    old.extend(wanted.cloned());
}

/// What stands before an entry of a list, if that is space alone.
fn space_before(entry: &Value) -> Option<String> {
    let prefix = entry.decor().prefix().map_or(Some(""), toml_edit::RawString::as_str)?;
    prefix.trim().is_empty().then(|| prefix.to_owned())
}

pub(super) fn take_trailing(document: &mut DocumentMut) -> String {
    let mut trailing = document.trailing().as_str().unwrap_or_default().to_owned();
    if !trailing.is_empty() && !trailing.ends_with('\n') {
        trailing.push('\n');
    }
    document.set_trailing("");
    trailing
}
