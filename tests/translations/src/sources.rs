//! The texts that the sources give to `tr`, `trf!` and `trn!`, the command line's help, and the texts of the files for the
//! desktop.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::builder::StyledStr;
use proc_macro2::{Delimiter, Literal, TokenStream, TokenTree};

use crate::catalogue::{self, Message};

/// GNOME's name for our extension, and its directory's.
const EXTENSION: &str = "lenscap@lenscap.github.io";

/// What a scan found.
#[derive(Debug, Default)]
pub struct Found {
    /// In the order of the sources, each once.
    pub messages: Vec<Message>,
    /// Calls that cannot be translated, as "file:line: what".
    pub mistakes: Vec<String>,
    /// Texts of several words that nothing translates: file, line, text.
    pub bare: Vec<(String, usize, String)>,
}

/// Scans all of our crates below the repository's `root`, and the help of the command line.
pub fn scan(root: &Path, mut command: clap::Command) -> Found {
    let mut found = Found::default();
    let crates = fs::read_dir(root.join("crates")).expect("our crates").flatten().map(|entry| entry.path());
    // Stands in for strangers, in tests only.
    let crates = crates.filter(|path| !path.ends_with("fuzz-inputs")).map(|path| path.join("src"));
    let mut files: Vec<_> = crates.chain([root.join("src")]).flat_map(|directory| rust_files(&directory)).collect();
    files.sort();
    for path in files {
        let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
        scan_text(&name, &fs::read_to_string(&path).expect("a source file"), &mut found);
        if name == "src/cli.rs" {
            command.build();
            help(&command, &mut found);
        }
    }
    found
}

/// Adds the texts of the files for the desktop, into which `make install` merges their translations, and of GNOME's extension.
/// `false`: gettext is not installed.
pub fn scan_data(root: &Path, found: &mut Found) -> bool {
    let names = ["data".to_owned(), format!("data/gnome-shell/{EXTENSION}")].into_iter().flat_map(|directory| {
        let entries = fs::read_dir(root.join(&directory)).expect("our data").flatten();
        entries.map(move |entry| format!("{directory}/{}", entry.file_name().to_string_lossy()))
    });
    let is_read = |name: &String| [".desktop.in", ".xml.in", ".js"].iter().any(|end| name.ends_with(end));
    let mut names: Vec<_> = names.filter(is_read).collect();
    names.sort();
    let mut xgettext = Command::new("xgettext");
    xgettext.current_dir(root).args(["--output=-", "--omit-header", "--no-wrap", "--from-code=UTF-8"]);
    let Ok(output) = xgettext.args(["--add-location=file", "--add-comments=TRANSLATORS"]).args(names).output() else {
        return false;
    };
    assert!(output.status.success(), "xgettext: {}", String::from_utf8_lossy(&output.stderr));
    for message in catalogue::parse(&String::from_utf8_lossy(&output.stdout)) {
        let comments = message.comments.iter().map(|comment| comment.replacen("TRANSLATORS: ", "", 1)).collect();
        found.add(Message { comments, translations: Vec::new(), ..message });
    }
    true
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory").flatten().map(|entry| entry.path());
    entries
        // Files for tests and fuzzing only are left out here, modules of tests further down.
        .filter(|path| {
            !path
                .file_name()
                .is_some_and(|name| name == "tests.rs" || name == "tests" || name == "fuzz.rs" || name == "fuzz")
        })
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// Scans one file.
pub fn scan_text(file: &str, text: &str, found: &mut Found) {
    let stream: TokenStream = text.parse().unwrap_or_else(|error| panic!("{file}: {error}"));
    Scan { file, comments: comments(text), found }.walk(stream);
}

/// Every text that the help of this command shows.
fn help(command: &clap::Command, found: &mut Found) {
    let own = [command.get_about(), command.get_long_about(), command.get_after_help()];
    let mut texts: Vec<String> = own.into_iter().flatten().map(StyledStr::to_string).collect();
    for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
        texts.extend([argument.get_help(), argument.get_long_help()].into_iter().flatten().map(StyledStr::to_string));
        texts.extend(argument.get_help_heading().map(str::to_owned));
    }
    for text in texts {
        found.add(Message { id: text, files: ["src/cli.rs".to_owned()].into(), ..Message::default() });
    }
    command.get_subcommands().for_each(|subcommand| help(subcommand, found));
}

impl Found {
    fn add(&mut self, message: Message) {
        match self.messages.iter_mut().find(|known| known.id == message.id) {
            Some(known) => {
                known.files.extend(message.files);
                known.comments.extend(message.comments);
                known.plural = known.plural.take().or(message.plural);
            }
            None => self.messages.push(message),
        }
    }
}

/// The names between braces.
pub fn parts(text: &str) -> BTreeSet<String> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .map(str::to_owned)
        .collect()
}

struct Scan<'a> {
    file: &'a str,
    /// Lines that a comment to translators speaks of, and its words.
    comments: Vec<(std::ops::RangeInclusive<usize>, String)>,
    found: &'a mut Found,
}

impl Scan<'_> {
    fn walk(&mut self, stream: TokenStream) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let ident = |index: usize| match tokens.get(index) {
            Some(TokenTree::Ident(ident)) => ident.to_string(),
            _ => String::new(),
        };
        let is_punct = |index: usize, wanted: char| matches!(tokens.get(index), Some(TokenTree::Punct(punct)) if punct.as_char() == wanted);
        let group = |index: usize, delimiter: Delimiter| match tokens.get(index) {
            Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group.stream()),
            _ => None,
        };
        let mut at = 0;
        while at < tokens.len() {
            let name = ident(at);
            if is_punct(at, '#')
                && let Some(attribute) = group(at + 1, Delimiter::Bracket)
            {
                at += 2;
                if attribute.to_string().replace(' ', "") == "cfg(test)" {
                    // The item behind it: to its body or its semicolon.
                    while at < tokens.len() && group(at, Delimiter::Brace).is_none() && !is_punct(at, ';') {
                        at += 1;
                    }
                    at += 1;
                } else if attribute.to_string().starts_with("error") {
                    self.walk(attribute);
                }
            } else if is_punct(at, '#') && is_punct(at + 1, '!') {
                at += 3;
            } else if name == "use" {
                while at < tokens.len() && !is_punct(at, ';') {
                    at += 1;
                }
            } else if name == "fn" {
                at += 2;
            } else if name == "macro_rules" {
                at += 4;
            } else if is_punct(at + 1, '!') && is_for_developers(&name) {
                at += 3;
            } else if matches!(name.as_str(), "tr" | "trf" | "trn") {
                let line = tokens[at].span().start().line;
                at += if name == "tr" { 1 } else { 2 };
                match group(at, Delimiter::Parenthesis) {
                    Some(arguments) => self.call(&name, line, arguments),
                    None => self.mistake(line, &format!("{name} is not called here, so that its text cannot be found")),
                }
                at += 1;
            } else {
                match &tokens[at] {
                    TokenTree::Group(group) => self.walk(group.stream()),
                    TokenTree::Literal(literal) => self.bare(literal),
                    TokenTree::Ident(_) | TokenTree::Punct(_) => {}
                }
                at += 1;
            }
        }
    }

    fn call(&mut self, name: &str, line: usize, arguments: TokenStream) {
        let arguments = split(arguments);
        let text = |index: usize| match arguments.get(index).map(Vec::as_slice) {
            Some([TokenTree::Literal(literal)]) => text_of(literal),
            _ => None,
        };
        let texts = if name == "trn" { vec![text(0), text(1)] } else { vec![text(0)] };
        let rest = arguments.iter().skip(texts.len()).cloned();
        // Parts may be texts to translate themselves.
        rest.for_each(|tokens| self.walk_quietly(tokens.into_iter().collect()));
        let Some(texts) = texts.into_iter().collect::<Option<Vec<String>>>() else {
            return self.mistake(line, &format!("{name} takes a literal text (tr_collected takes others)"));
        };
        // The compiler knows the parts of the others.
        if name == "tr" && !parts(&texts[0]).is_empty() {
            self.mistake(line, "tr fills in no parts: use trf");
        }
        let comments = self.comments.iter().filter(|(lines, _)| lines.contains(&line)).map(|(_, words)| words.clone());
        let message = Message {
            id: texts[0].clone(),
            plural: texts.get(1).cloned(),
            files: [self.file.to_owned()].into(),
            comments: comments.collect(),
            ..Message::default()
        };
        self.found.add(message);
    }

    /// As [`Self::walk`], where the names of parts are no texts.
    fn walk_quietly(&mut self, stream: TokenStream) {
        let before = self.found.bare.len();
        self.walk(stream);
        self.found.bare.truncate(before);
    }

    fn mistake(&mut self, line: usize, what: &str) {
        self.found.mistakes.push(format!("{}:{line}: {what}", self.file));
    }

    fn bare(&mut self, literal: &Literal) {
        let Some(text) = text_of(literal) else { return };
        let words: Vec<&str> = text.split(' ').collect();
        let is_word =
            |word: &&str| word.len() > 1 && word.trim_end_matches([',', ':', '.']).chars().all(char::is_alphabetic);
        if words.windows(2).any(|pair| pair.iter().all(is_word)) {
            self.found.bare.push((self.file.to_owned(), literal.span().start().line, text));
        }
    }
}

/// Macros whose texts are for logs and developers.
fn is_for_developers(name: &str) -> bool {
    matches!(name, "trace" | "debug" | "info" | "warn" | "error" | "panic" | "unreachable" | "concat" | "env")
        || name.starts_with("assert")
        || name.starts_with("debug_assert")
}

fn text_of(literal: &Literal) -> Option<String> {
    let stream = TokenStream::from(TokenTree::Literal(literal.clone()));
    syn::parse2::<syn::LitStr>(stream).ok().map(|text| text.value())
}

fn split(stream: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut arguments = vec![Vec::new()];
    for token in stream {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => arguments.push(Vec::new()),
            token => arguments.last_mut().expect("one at least").push(token),
        }
    }
    arguments.retain(|argument| !argument.is_empty());
    arguments
}

/// Comments that begin with "TRANSLATORS:" speak of the statement, field or arm behind them.
fn comments(text: &str) -> Vec<(std::ops::RangeInclusive<usize>, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(words) = line.trim_start().strip_prefix("// TRANSLATORS:") else { continue };
        let mut words = words.trim().to_owned();
        let mut end = index + 1;
        while let Some(more) = lines.get(end).and_then(|line| line.trim_start().strip_prefix("//")) {
            words = format!("{words} {}", more.trim());
            end += 1;
        }
        let start = end;
        while let Some(next) = lines.get(end) {
            let (depth, next) = (indent(next), next.trim());
            let is_over = next.is_empty() || depth < indent(line);
            let is_last = depth == indent(line) && (next.starts_with(['}', ')']) || next.ends_with([';', ',']));
            end += usize::from(!is_over);
            if is_over || is_last {
                break;
            }
        }
        // Lines count from 1.
        found.push((start + 1..=end, words));
    }
    found
}
