//! The settings as TOML on disk: reading with line and column of whatever is wrong, writing that keeps comments.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value};

use super::model::{CardChoice, Overrides, SecondNode, Settings};
use super::rules::{self, Given, short};
use super::values;
use lenscap_words::trf;

/// The version of the file's layout that this build reads and writes.
pub const VERSION: i64 = 1;

/// Every section with its keys.
pub const SCHEMA: [(&str, &[&str]); 5] = [
    (
        "camera",
        &["source", "width", "height", "framerate", "buffer_count", "mirror", "rotation", "zoom", "pan_x", "pan_y"],
    ),
    (
        "privacy",
        &[
            "activation_delay_ms",
            "cooldown_ms",
            "start_paused",
            "pause_while_locked",
            "blocked",
            "card",
            "picture",
            "watch_other_cameras",
            "sandbox",
        ],
    ),
    ("notifications", &["activation", "failure", "busy"]),
    ("device", &["node", "second_node", "label", "format"]),
    ("detection", &["poll_interval_ms"]),
];

/// What is wrong in a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// One sentence without its full stop.
    pub sentence: String,
}

impl Problem {
    fn new(text: &str, offset: usize, sentence: String) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self { line: before.matches('\n').count() + 1, column: before[start..].chars().count() + 1, sentence }
    }
}

/// What a settings file says, and where it says it.
#[derive(Debug, Default)]
pub struct File {
    /// The settings it gives.
    pub given: Overrides,
    /// Where the card is chosen: it can be wrong only together with another setting.
    card_at: usize,
    /// Where the second node is chosen: likewise.
    second_node_at: usize,
}

impl File {
    /// Reads the text of a settings file; every value is checked on its own.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let root = DeTable::parse(text).map_err(|error| {
            let why = short(&error.message().replace('\n', ", "));
            let sentence =
                trf!("this is not TOML ({error}): write one KEY = VALUE a line under its [section]", error = why);
            Problem::new(text, error.span().map_or(0, |span| span.start), sentence)
        })?;
        let root = root.get_ref();
        // The version first: in a newer layout everything else may look wrong.
        if let Some(version) = root.get("version") {
            check_version(version, text)?;
        }
        let mut reader = Reader { text, file: File::default(), problems: Vec::new() };
        for (key, value) in root {
            reader.section(key, value);
        }
        match reader.problems.into_iter().min_by_key(|(offset, _)| *offset) {
            Some((offset, sentence)) => Err(Problem::new(text, offset, sentence)),
            None => Ok(reader.file),
        }
    }

    /// Where a problem of the whole lies.
    pub fn problem(&self, text: &str, sentence: String) -> Problem {
        let is_second = matches!(&self.given, Overrides { node: Some(Some(node)), second_node: Some(SecondNode::Path(second)), .. } if node == second);
        let is_card = self.given.card == Some(CardChoice::Picture) && !matches!(self.given.picture, Some(Some(_)));
        Problem::new(text, if is_second && !is_card { self.second_node_at } else { self.card_at }, sentence)
    }
}

fn check_version(version: &Spanned<DeValue<'_>>, text: &str) -> Result<(), Problem> {
    let given = given(version, text);
    let sentence = match given {
        Given::Integer(VERSION) => return Ok(()),
        Given::Integer(newer) if newer > VERSION => trf!(
            "version {version} is newer than this Lenscap understands: update Lenscap, or move the file away",
            version = newer
        ),
        _ => trf!("version {value} cannot work: use {version}", value = given, version = VERSION),
    };
    Err(Problem::new(text, version.span().start, sentence))
}

struct Reader<'t> {
    text: &'t str,
    file: File,
    problems: Vec<(usize, String)>,
}

impl<'t> Reader<'t> {
    fn section(&mut self, key: &Spanned<impl AsRef<str>>, value: &Spanned<DeValue<'t>>) {
        let name = key.get_ref().as_ref();
        let at = key.span().start;
        if name == values::SECTION {
            let controls = values::read(value, self.text, &mut self.problems);
            self.file.given.controls = Some(controls);
            return;
        }
        let Some((section, keys)) = SCHEMA.iter().find(|(section, _)| *section == name) else {
            if name != "version" {
                self.problems.push((at, unknown_section(name)));
            }
            return;
        };
        let DeValue::Table(table) = value.get_ref() else {
            let sentence = trf!("{section} is a section: write [{section}] on a line of its own", section = section);
            return self.problems.push((at, sentence));
        };
        for (key, value) in table {
            if !keys.contains(&key.get_ref().as_ref()) {
                self.problems.push((key.span().start, unknown_key(section, keys, key.get_ref())));
            } else if let Err(sentence) = self.setting(key.get_ref(), value) {
                self.problems.push((value.span().start, sentence));
            }
        }
    }

    fn setting(&mut self, key: &str, value: &Spanned<DeValue<'t>>) -> Result<(), String> {
        let into = &mut self.file.given;
        let given = given(value, self.text);
        match key {
            "source" => into.source = Some(rules::source(&given)?),
            "width" => into.width = Some(rules::width(&given)?),
            "height" => into.height = Some(rules::height(&given)?),
            "framerate" => into.framerate = Some(rules::framerate(&given)?),
            "buffer_count" => into.buffer_count = Some(rules::buffer_count(&given)?),
            "activation_delay_ms" => into.activation_delay = Some(rules::activation_delay(&given)?),
            "cooldown_ms" => into.cooldown = Some(rules::cooldown(&given)?),
            "mirror" => into.mirror = Some(rules::switch("mirror", &given)?),
            "rotation" => into.rotation = Some(rules::rotation(&given)?),
            "zoom" => into.zoom = Some(rules::zoom(&given)?),
            "pan_x" => into.pan_x = Some(rules::pan("pan_x", &given)?),
            "pan_y" => into.pan_y = Some(rules::pan("pan_y", &given)?),
            "start_paused" => into.start_paused = Some(rules::switch("start_paused", &given)?),
            "watch_other_cameras" => into.watch_other_cameras = Some(rules::switch("watch_other_cameras", &given)?),
            "sandbox" => into.sandbox = Some(rules::switch("sandbox", &given)?),
            "pause_while_locked" => into.pause_while_locked = Some(rules::switch("pause_while_locked", &given)?),
            "activation" => into.notify_activation = Some(rules::switch("activation", &given)?),
            "failure" => into.notify_failure = Some(rules::switch("failure", &given)?),
            "busy" => into.notify_busy = Some(rules::switch("busy", &given)?),
            "blocked" => into.blocked = Some(rules::blocked(&given)?),
            "card" => {
                self.file.card_at = value.span().start;
                into.card = Some(rules::card(&given)?);
            }
            "picture" => into.picture = Some(rules::picture(&given)?),
            "node" => into.node = Some(rules::node(&given)?),
            "second_node" => {
                self.file.second_node_at = value.span().start;
                into.second_node = Some(rules::second_node(&given)?);
            }
            "label" => into.label = Some(rules::label(&given)?),
            "format" => into.pixel_format = Some(rules::pixel_format(&given)?),
            "poll_interval_ms" => into.poll_interval = Some(rules::poll_interval(&given)?),
            // SCHEMA names it and nobody reads it: a test keeps the two in step.
            _ => return Err(trf!("\"{key}\" is not read by this version: remove it", key = short(key))),
        }
        Ok(())
    }
}

fn unknown_section(name: &str) -> String {
    let shown = short(name);
    match SCHEMA.iter().find(|(_, keys)| keys.contains(&name)) {
        Some((section, _)) => {
            trf!("\"{key}\" stands outside its section: write it under [{section}]", key = shown, section = section)
        }
        None => {
            let sections: Vec<_> = SCHEMA.iter().map(|(section, _)| format!("[{section}]")).collect();
            trf!("\"{key}\" is not a section: use {sections}", key = shown, sections = list(&sections))
        }
    }
}

fn unknown_key(section: &str, keys: &[&str], name: &str) -> String {
    let shown = short(name);
    match SCHEMA.iter().find(|(_, keys)| keys.contains(&name)) {
        Some((other, _)) => {
            trf!("\"{key}\" stands in the wrong section: write it under [{section}]", key = shown, section = other)
        }
        None => trf!(
            "\"{key}\" is not a setting of [{section}]: use {keys}",
            key = shown,
            section = section,
            keys = list(keys)
        ),
    }
}

fn list(words: &[impl AsRef<str>]) -> String {
    match words {
        [] => String::new(),
        [word] => word.as_ref().to_owned(),
        [words @ .., last] => {
            let words: Vec<_> = words.iter().map(AsRef::as_ref).collect();
            // TRANSLATORS: the end of a list of words to choose from, as in "width, height or framerate"
            trf!("{words} or {last}", words = words.join(", "), last = last.as_ref())
        }
    }
}

pub(super) fn given<'a>(value: &'a Spanned<DeValue<'_>>, text: &'a str) -> Given<'a> {
    let written = |span: Range<usize>| Given::Other(text.get(span).unwrap_or("this"));
    match value.get_ref() {
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or_else(|_| written(value.span()), Given::Integer)
        }
        DeValue::String(string) => Given::Text(string),
        DeValue::Boolean(value) => Given::Bool(*value),
        DeValue::Array(entries) => Given::List(entries.iter().map(|entry| given(entry, text)).collect()),
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => written(value.span()),
    }
}

/// `text` with these settings in it; comments, order and whatever is already right stay as they are, and defaults that
/// the text leaves out stay left out.
///
/// # Errors
/// What is wrong in `text`; or a sentence when a setting cannot be written as text.
pub fn edited(text: &str, settings: &Settings) -> Result<String, Problem> {
    let before = File::parse(text)?;
    let problem = |sentence: String| Problem::new(text, 0, sentence);
    let old_controls = before.given.controls.clone().unwrap_or_default();
    let before = entries(&Settings::default().merged(&before.given)).map_err(problem)?;
    let after = entries(settings).map_err(problem)?;
    let mut document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| problem(short(error.message())))?;
    let mut is_changed = false;
    for ((section, key, value), (_, _, old)) in after.into_iter().zip(before) {
        if value.to_string() != old.to_string() {
            set(&mut document, section, key, value);
            is_changed = true;
        }
    }
    if old_controls != settings.controls {
        begin(&mut document);
        values::write(&mut document, &old_controls, &settings.controls);
        is_changed = true;
    }
    // Written again, a text that ends in a comment gains an end of line.
    Ok(if is_changed { document.to_string() } else { text.to_owned() })
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

/// Every setting as the file writes it.
fn entries(settings: &Settings) -> Result<Vec<(&'static str, &'static str, Value)>, String> {
    // The controls have no fixed keys: `values` writes them.
    let Settings { camera, privacy, notifications, device, detection, controls: _ } = settings;
    let milliseconds =
        |duration: std::time::Duration| Value::from(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX));
    let path = |path: &Option<std::path::PathBuf>, none: &str| match path.as_deref().map(|path| (path, path.to_str())) {
        None => Ok(Value::from(none)),
        Some((_, Some(text))) => Ok(Value::from(text)),
        Some((path, None)) => Err(trf!("the path {path} is not UTF-8 text: rename it", path = path.display())),
    };
    let number = |number: u32| Value::from(i64::from(number));
    Ok(vec![
        ("camera", "source", Value::from(camera.source.to_string())),
        ("camera", "width", number(camera.format.width)),
        ("camera", "height", number(camera.format.height)),
        ("camera", "framerate", number(camera.format.framerate)),
        ("camera", "buffer_count", number(camera.buffer_count)),
        ("camera", "mirror", Value::from(camera.orientation.mirror)),
        ("camera", "rotation", number(camera.orientation.rotation.degrees())),
        ("camera", "zoom", number(camera.orientation.framing.zoom)),
        ("camera", "pan_x", Value::from(i64::from(camera.orientation.framing.pan_x))),
        ("camera", "pan_y", Value::from(i64::from(camera.orientation.framing.pan_y))),
        ("privacy", "activation_delay_ms", privacy.activation_delay.map_or_else(|| Value::from("auto"), milliseconds)),
        ("privacy", "cooldown_ms", milliseconds(privacy.cooldown)),
        ("privacy", "start_paused", Value::from(privacy.start_paused)),
        ("privacy", "pause_while_locked", Value::from(privacy.pause_while_locked)),
        ("privacy", "blocked", Value::Array(privacy.blocked.iter().collect::<Array>())),
        ("privacy", "card", Value::from(privacy.card.as_str())),
        ("privacy", "picture", path(&privacy.picture, "")?),
        ("privacy", "watch_other_cameras", Value::from(privacy.watch_other_cameras)),
        ("privacy", "sandbox", Value::from(privacy.sandbox)),
        ("notifications", "activation", Value::from(notifications.activation)),
        ("notifications", "failure", Value::from(notifications.failure)),
        ("notifications", "busy", Value::from(notifications.busy)),
        ("device", "node", path(&device.node, "auto")?),
        (
            "device",
            "second_node",
            match &device.second {
                SecondNode::Off => Value::from("off"),
                SecondNode::Auto => Value::from("auto"),
                SecondNode::Path(node) => path(&Some(node.clone()), "auto")?,
            },
        ),
        ("device", "label", Value::from(device.label.as_str())),
        ("device", "format", Value::from(camera.format.pixel_format.gst_name())),
        ("detection", "poll_interval_ms", milliseconds(detection.poll_interval)),
    ])
}
