//! The settings file as TOML: what it says, with line and column of whatever is wrong.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::layer::Layer;
use super::model::Settings;
use super::rules::{Given, short};
use super::table::{self, Setting, device, privacy};
use super::toml_text::given;
use super::values;
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
#[derive(Debug, Clone, Default)]
pub struct File {
    layer: Layer,
    /// Where the value of each setting stands: some can be wrong only together with another.
    places: Vec<(&'static Setting, usize)>,
    /// Those whose values are no good; [`Self::parse_good`] leaves them out.
    refused: Vec<&'static Setting>,
}

impl File {
    /// Reads the text of a settings file; every value is checked on its own.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        match Self::parse_good(text)? {
            (_, Some(mistake)) => Err(mistake),
            (file, None) => Ok(file),
        }
    }

    /// As [`Self::parse`], but what is good holds beside a mistake, the first of which is given, too.
    ///
    /// # Errors
    /// Nothing of the file can be used: it is not TOML, or of another version.
    pub fn parse_good(text: &str) -> Result<(Self, Option<Mistake>), Mistake> {
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
        let first = parser.problems.into_iter().min_by_key(|(offset, _)| *offset);
        Ok((parser.file, first.map(|(offset, refusal)| mistake(text, offset, refusal))))
    }

    /// What it says.
    pub fn layer(&self) -> &Layer {
        &self.layer
    }

    /// Takes what `before` said of settings whose values are no good here.
    pub(super) fn keep_from(&mut self, before: &File) {
        for setting in &self.refused {
            if let Some(value) = before.layer.given.get(setting) {
                self.layer.given.set(setting, value.clone());
            }
        }
    }

    /// `below` with what this file says on top; whether the whole fits together is not looked at.
    pub fn over(&self, mut below: Settings) -> Settings {
        self.layer.put_into(&mut below);
        below
    }

    /// As [`Self::over`], and the whole checked; `text` is the one that was parsed.
    ///
    /// # Errors
    /// What does not fit together, and where.
    pub fn over_checked(&self, below: Settings, text: &str) -> Result<Settings, Mistake> {
        let settings = self.over(below);
        settings.check().map_err(|refusal| self.mistake_together(text, refusal))?;
        Ok(settings)
    }

    /// What does not fit together with other settings, at its place in `text`.
    pub(super) fn mistake_together(&self, text: &str, refusal: SettingTrouble) -> Mistake {
        let setting = decisive(&refusal);
        let place = self.places.iter().find(|(other, _)| *other == setting);
        mistake(text, place.map_or(0, |(_, place)| *place), refusal)
    }
}

/// The setting that is to be changed where settings do not fit together.
pub(super) fn decisive(refusal: &SettingTrouble) -> &'static Setting {
    match refusal {
        SettingTrouble::SameNode { .. } => &device::SECOND_NODE,
        _ => &privacy::CARD,
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
            self.file.layer.controls = values::read(value, self.text, &mut self.problems);
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
            Ok(value) => self.file.layer.given.set(setting, value),
            Err(refusal) => {
                self.file.refused.push(setting);
                self.problems.push((place, refusal));
            }
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

impl Layer {
    /// What the text of a settings file says.
    ///
    /// # Errors
    /// The first thing that is wrong in it.
    pub fn read(text: &str) -> Result<Self, Mistake> {
        File::parse(text).map(|file| file.layer().clone())
    }
}
