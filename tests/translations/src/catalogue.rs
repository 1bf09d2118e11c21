//! gettext's catalogues as text: templates (`.pot`) and translations (`.po`).

use std::collections::BTreeSet;
use std::fmt::Write;

/// One text to translate, or translated.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Message {
    /// The English text; in the singular, where there is a plural.
    pub id: String,
    /// The English plural.
    pub plural: Option<String>,
    /// Translations, one for each form; empty in a template.
    pub translations: Vec<String>,
    /// The sources that have it.
    pub files: BTreeSet<String>,
    /// What the translators are told.
    pub comments: BTreeSet<String>,
    /// Guessed by msgmerge, to be looked at by somebody.
    pub fuzzy: bool,
}

const HEADER: &str = r#"# Texts of Lenscap, collected by scripts/translations.sh: not to be edited.
# This file is distributed under the same licence as Lenscap.
msgid ""
msgstr ""
"Project-Id-Version: lenscap\n"
"Report-Msgid-Bugs-To: https://github.com/lenscap/lenscap/issues\n"
"Language: \n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=INTEGER; plural=EXPRESSION;\n"
"#;

/// The template with these texts.
pub fn template(messages: &[Message]) -> String {
    let mut text = HEADER.to_owned();
    for Message { id, plural, files, comments, .. } in messages {
        text.push('\n');
        for comment in comments {
            let _ = writeln!(text, "#. {comment}");
        }
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let _ = writeln!(text, "#: {}", files.join(" "));
        let _ = writeln!(text, "msgid {}", quoted(id));
        if let Some(plural) = plural {
            let _ = writeln!(text, "msgid_plural {}\nmsgstr[0] \"\"\nmsgstr[1] \"\"", quoted(plural));
        } else {
            text.push_str("msgstr \"\"\n");
        }
    }
    text
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    // A text of several lines begins with an empty one.
    if escaped.contains("\\n") {
        format!("\"\"\n\"{}\"", escaped.replace("\\n", "\\n\"\n\""))
    } else {
        format!("\"{escaped}\"")
    }
}

fn unquoted(text: &str) -> String {
    let inner = text.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let mut plain = String::new();
    let mut characters = inner.unwrap_or_else(|| panic!("{text} is not quoted")).chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some(other) => other,
                None => panic!("{text} ends in a backslash"),
            },
            other => other,
        });
    }
    plain
}

/// The texts of a catalogue, its header (the empty text) included, obsolete ones left out.
pub fn parse(text: &str) -> Vec<Message> {
    #[derive(Clone, Copy)]
    enum Field {
        Id,
        Plural,
        Translation,
    }
    let mut messages: Vec<Message> = Vec::new();
    let mut next = Message::default();
    let mut field = Field::Id;
    for line in text.lines().filter(|line| !line.starts_with("#~")) {
        let words = line.split_once(' ').unwrap_or((line, ""));
        match words {
            ("#,", flags) => next.fuzzy |= flags.contains("fuzzy"),
            ("#:", files) => next.files.extend(files.split_whitespace().map(str::to_owned)),
            ("#.", comment) => drop(next.comments.insert(comment.to_owned())),
            ("msgid", id) => {
                messages.push(Message { id: unquoted(id), ..std::mem::take(&mut next) });
                field = Field::Id;
            }
            ("msgid_plural", plural) => {
                messages.last_mut().expect("a msgid before").plural = Some(unquoted(plural));
                field = Field::Plural;
            }
            (word, translation) if word.starts_with("msgstr") => {
                messages.last_mut().expect("a msgid before").translations.push(unquoted(translation));
                field = Field::Translation;
            }
            _ if line.starts_with('"') => {
                let message = messages.last_mut().expect("a msgid before");
                let more = unquoted(line);
                match field {
                    Field::Id => message.id.push_str(&more),
                    Field::Plural => message.plural.as_mut().expect("a plural").push_str(&more),
                    Field::Translation => message.translations.last_mut().expect("a translation").push_str(&more),
                }
            }
            _ => assert!(line.is_empty() || line.starts_with('#'), "{line}"),
        }
    }
    messages
}
