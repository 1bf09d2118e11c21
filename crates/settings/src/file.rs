//! The settings file as TOML: what it says, with line and column of whatever is wrong.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::model::Settings;
use super::rules::{Given, short};
use super::sections::{device, privacy};
use super::table::{self, Overrides, Setting};
use super::values;
use lenscap_core::controls::Saved;
use lenscap_core::trouble::settings::{Mistake, SettingTrouble};

/// The version of the file's layout that this build reads and writes.
pub const VERSION: i64 = 1;

/// The mistake at this offset of a text.
pub(super) fn mistake(text: &str, offset: usize, refusal: SettingTrouble) -> Mistake {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Mistake { line: before.matches('\n').count() + 1, column: before[start..].chars().count() + 1, refusal }
}

/// What a settings file says, and where it says it.
#[derive(Debug, Default)]
pub struct File {
    given: Overrides,
    /// The values of the cameras' controls, where there is such a section.
    controls: Option<Saved>,
    /// Where the value of each setting stands: some can be wrong only together with another.
    places: Vec<(&'static Setting, usize)>,
}

impl File {
    /// Reads the text of a settings file; every value is checked on its own.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let root = DeTable::parse(text).map_err(|error| {
            let refusal = SettingTrouble::NotToml { error: short(&error.message().replace('\n', ", ")) };
            mistake(text, error.span().map_or(0, |span| span.start), refusal)
        })?;
        let root = root.get_ref();
        // The version first: in a newer layout everything else may look wrong.
        if let Some(version) = root.get("version") {
            check_version(version, text)?;
        }
        let mut parser = Parser { text, file: File::default(), problems: Vec::new() };
        for (key, value) in root {
            parser.section(key, value);
        }
        match parser.problems.into_iter().min_by_key(|(offset, _)| *offset) {
            Some((offset, refusal)) => Err(mistake(text, offset, refusal)),
            None => Ok(parser.file),
        }
    }

    /// `below` with what this file says on top; whether the whole fits together is not looked at.
    pub fn over(&self, mut below: Settings) -> Settings {
        self.given.put_into(&mut below);
        if let Some(controls) = &self.controls {
            below.controls.clone_from(controls);
        }
        below
    }

    /// As [`Self::over`], and the whole checked; `text` is the one that was parsed.
    ///
    /// # Errors
    /// What does not fit together, and where.
    pub fn over_checked(&self, below: Settings, text: &str) -> Result<Settings, Mistake> {
        let settings = self.over(below);
        settings.check().map_err(|refusal| {
            let setting = match refusal {
                SettingTrouble::SameNode { .. } => &device::SECOND_NODE,
                _ => &privacy::CARD,
            };
            let place = self.places.iter().find(|(other, _)| *other == setting);
            mistake(text, place.map_or(0, |(_, place)| *place), refusal)
        })?;
        Ok(settings)
    }
}

fn check_version(version: &Spanned<DeValue<'_>>, text: &str) -> Result<(), Mistake> {
    let given = given(version, text);
    let refusal = match given {
        Given::Integer(VERSION) => return Ok(()),
        Given::Integer(version) if version > VERSION => SettingTrouble::Newer { version },
        _ => SettingTrouble::Version { value: given.to_string(), version: VERSION },
    };
    Err(mistake(text, version.span().start, refusal))
}

struct Parser<'t> {
    text: &'t str,
    file: File,
    problems: Vec<(usize, SettingTrouble)>,
}

impl<'t> Parser<'t> {
    fn section(&mut self, key: &Spanned<impl AsRef<str>>, value: &Spanned<DeValue<'t>>) {
        let name = key.get_ref().as_ref();
        let at = key.span().start;
        if name == values::SECTION {
            self.file.controls = Some(values::read(value, self.text, &mut self.problems));
            return;
        }
        let Some((section, settings)) = table::SECTIONS.iter().find(|(section, _)| *section == name) else {
            if name != "version" {
                self.problems.push((at, unknown_section(name)));
            }
            return;
        };
        let DeValue::Table(table) = value.get_ref() else {
            return self.problems.push((at, SettingTrouble::NotSection { section: (*section).to_owned() }));
        };
        for (key, value) in table {
            let name: &str = key.get_ref();
            match settings.iter().find(|setting| setting.key == name) {
                Some(setting) => self.setting(setting, value),
                None => self.problems.push((key.span().start, unknown_key(section, settings, name))),
            }
        }
    }

    fn setting(&mut self, setting: &'static Setting, value: &Spanned<DeValue<'t>>) {
        let place = value.span().start;
        self.file.places.push((setting, place));
        match setting.check(&given(value, self.text)) {
            Ok(value) => self.file.given.set(setting, value),
            Err(refusal) => self.problems.push((place, refusal)),
        }
    }
}

fn unknown_section(name: &str) -> SettingTrouble {
    let key = short(name);
    match table::all().find(|setting| setting.key == name) {
        Some(setting) => SettingTrouble::Outside { key, section: setting.section.to_owned() },
        None => {
            let sections = table::SECTIONS.iter().map(|(section, _)| (*section).to_owned()).collect();
            SettingTrouble::NoSection { key, sections }
        }
    }
}

fn unknown_key(section: &str, settings: &[&Setting], name: &str) -> SettingTrouble {
    let key = short(name);
    match table::all().find(|setting| setting.key == name) {
        Some(setting) => SettingTrouble::Elsewhere { key, section: setting.section.to_owned() },
        None => {
            let keys = settings.iter().map(|setting| setting.key.to_owned()).collect();
            SettingTrouble::NoSetting { key, section: section.to_owned(), keys }
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
