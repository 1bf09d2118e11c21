//! What modprobe's files say of v4l2loopback.
//!
//! It joins the lines of all files in the order of their names, whatever the directory; a file hides those of its name in later
//! directories (modprobe.d(5), and measured with kmod 30). The kernel takes the last of a repeated option.

use std::collections::BTreeMap;

use super::Patient;
use crate::text;

const MODULE: &str = "v4l2loopback";
/// In the order in which they hide one another.
const DIRECTORIES: [&str; 5] =
    ["/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d"];
/// Lines kept of all files.
const MAX_LINES: usize = 64;

/// Words of a line.
const MAX_WORDS: usize = 64;

/// A line of a file, by words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it is.
    pub(super) path: String,
    /// From 1.
    pub(super) number: usize,
    /// Without comments and needless blanks.
    pub(super) words: Vec<String>,
}

impl Line {
    /// For people: the file, the number, the line.
    pub(super) fn shown(&self) -> String {
        text::clean(format!("{}:{}: {}", self.path, self.number, self.words.join(" ")), text::SENTENCE)
    }
}

/// The lines about the module, in the order in which they count.
pub(super) fn lines(patient: &Patient) -> Vec<Line> {
    let mut lines = Vec::new();
    for path in files(patient, &DIRECTORIES) {
        let text = patient.read(&path).unwrap_or_default().replace("\\\n", " \u{0}");
        let mut number = 1;
        for line in text.lines() {
            let words = words(line);
            if is_ours(&words) && lines.len() < MAX_LINES {
                lines.push(Line { path: path.clone(), number, words });
            }
            // A line that went on behind a backslash is several of the file's.
            number += 1 + line.matches('\0').count();
        }
    }
    lines
}

/// As the kernel parts options: at blanks outside of quotes.
fn words(line: &str) -> Vec<String> {
    let mut is_quoted = false;
    let parts = line.split(|letter: char| {
        is_quoted ^= letter == '"';
        (letter.is_whitespace() || letter == '\0') && !is_quoted
    });
    parts.filter(|word| !word.is_empty()).take(MAX_WORDS).map(str::to_owned).collect()
}

fn is_ours(words: &[String]) -> bool {
    let word = |index: usize| words.get(index).map_or("", String::as_str);
    match word(0) {
        "options" | "blacklist" | "install" => word(1).replace('-', "_") == MODULE,
        // A name that leads to no module.
        "alias" => word(1) == MODULE && word(2) == "off",
        _ => false,
    }
}

/// Those of `lines` that keep it from being loaded, and what the kernel's command line has of that. `is_asked_for`: whoever loads
/// it names it, which no "blacklist" stops.
pub(super) fn blocking(patient: &Patient, lines: &[Line], is_asked_for: bool) -> Vec<String> {
    let blocks = |line: &&Line| match line.words[0].as_str() {
        "alias" => true,
        "blacklist" => !is_asked_for,
        // One that calls modprobe loads it after all.
        "install" => !line.words.iter().any(|word| word.ends_with("modprobe")),
        _ => false,
    };
    let found = lines.iter().filter(blocks).map(Line::shown);
    let boot = patient.read("/proc/cmdline").unwrap_or_default();
    let on_boot = boot.split_whitespace().filter(|word| {
        let of = |key| word.strip_prefix(key).is_some_and(|list: &str| list.split(',').any(|module| module == MODULE));
        of("module_blacklist=") || !is_asked_for && of("modprobe.blacklist=")
    });
    found.chain(on_boot.map(|word| text::clean(format!("/proc/cmdline: {word}"), text::SENTENCE))).collect()
}

/// The `.conf` files of these directories, by name; one that another of its name hides is left out.
pub(super) fn files(patient: &Patient, directories: &[&str]) -> Vec<String> {
    let mut files = BTreeMap::new();
    for directory in directories {
        for name in patient.names(directory).into_iter().filter(|name| name.ends_with(".conf")) {
            files.entry(name).or_insert(*directory);
        }
    }
    files.into_iter().map(|(name, directory)| format!("{directory}/{name}")).collect()
}
