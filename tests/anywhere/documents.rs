//! The commands in the documents for users: each can be typed as it stands.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::Parser;
use lenscap::cli::Cli;
use lenscap_test_support::catalogues::po;
use lenscap_test_support::process::eventually;
use lenscap_test_support::relay::Relay;
use lenscap_test_translations::catalogue;

const DOCUMENTS: [&str; 3] = ["README.md", "PRIVACY.md", TROUBLESHOOTING];
const TROUBLESHOOTING: &str = "TROUBLESHOOTING.md";

/// Commands that a test elsewhere runs, by how they begin: they change the machine, start a program with a window, or go on until
/// they are ended.
const ELSEWHERE: &[(&str, &str)] = &[
    ("./run", "tests/anywhere/bare_machine.rs"),
    ("./test", "tests/anywhere/bare_machine.rs"),
    ("sudo mokutil", "crates/words/src/doctor/system.rs"), // only told: no machine of the tests has a firmware with keys
    ("lenscap setup", "tests/system/jobs/setup.sh"),
    ("lenscap import", "crates/settings/src/import"),
    ("lenscap run", "tests/anywhere/cli.rs"),
    ("lenscap preferences", "tests/desktop/applet.py"),
    ("lenscap status --watch", "tests/anywhere/cli.rs"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What stands in blocks for a shell, and in the text where it begins with our name; each once.
fn commands() -> BTreeSet<String> {
    DOCUMENTS.into_iter().flat_map(commands_of).collect()
}

fn commands_of(name: &str) -> Vec<String> {
    let path = root().join(name);
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut typed = Vec::new();
    let mut language = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), language) {
            (Some(opened), None) => language = Some(opened),
            (Some(_), Some(_)) => language = None,
            (None, Some("sh")) => typed.push(line),
            // Of a session on a terminal the lines that were typed.
            (None, Some("console")) => typed.extend(line.strip_prefix("$ ")),
            (None, Some(_)) => {}
            (None, None) => typed.extend(line.split('`').skip(1).step_by(2).filter(|span| is_ours(span))),
        }
    }
    let typed = typed.into_iter().map(|line| line.split("  #").next().unwrap_or_default().trim());
    typed.filter(|line| !line.is_empty() && !line.starts_with('#')).flat_map(alternatives).collect()
}

fn is_ours(command: &str) -> bool {
    command == "lenscap" || command.starts_with("lenscap ")
}

/// `a [b|c] d` as a person reads it: `a d`, `a b d`, `a c d`.
fn alternatives(command: &str) -> Vec<String> {
    let Some((before, (inside, after))) =
        command.split_once('[').and_then(|(before, rest)| Some((before, rest.split_once(']')?)))
    else {
        return vec![command.split_whitespace().collect::<Vec<_>>().join(" ")];
    };
    std::iter::once("")
        .chain(inside.split('|'))
        .flat_map(|chosen| alternatives(&format!("{before}{chosen}{after}")))
        .collect()
}

/// The row of [`ELSEWHERE`] that this command begins with.
fn elsewhere(command: &str) -> Option<&'static str> {
    let begins = |start: &str| command.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    ELSEWHERE.iter().map(|(start, _)| *start).find(|start| begins(start))
}

#[test]
fn what_the_documents_tell_to_type_is_understood() {
    for command in commands().iter().filter(|command| is_ours(command)) {
        let parsed = Cli::try_parse_from(command.split_whitespace());
        assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
    }
}

#[test]
fn what_the_documents_tell_to_type_is_run_by_a_test() {
    let relay = Relay::start_with(&["--source", "test", "-w", "320", "-H", "240"], &[("LENSCAP_OUTPUT", "memory")]);
    // Where nobody listens yet, "lenscap" would become the one that stays.
    eventually("it listens", || relay.runtime_dir().join("lenscap/control").exists());
    for command in commands().iter().filter(|command| elsewhere(command).is_none()) {
        assert!(is_ours(command), "no test runs this: {command}");
        let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
        let (is_done, said, complaint) = relay.lenscap(&arguments);
        // Without a camera some can do nothing but say so.
        let has_said = is_done || !said.is_empty() || complaint.starts_with("lenscap: ");
        assert!(has_said, "{command}: {said} {complaint}");
    }
}

#[test]
fn what_is_run_elsewhere_is_in_a_document_and_in_that_place() {
    let commands = commands();
    for (start, place) in ELSEWHERE {
        assert!(commands.iter().any(|command| elsewhere(command) == Some(start)), "no document has {start}");
        assert!(root().join(place).exists(), "{place}");
    }
}

/// The doctor's sentences with their parts left out.
#[test]
fn the_headings_of_troubleshooting_are_the_doctors_words() {
    let template = fs::read_to_string(po().join("lenscap.pot")).expect("the template");
    let texts: BTreeSet<String> =
        catalogue::parse(&template).iter().map(|message| without_parts(&message.id)).collect();
    let document = fs::read_to_string(root().join(TROUBLESHOOTING)).expect("a document");
    let headings: Vec<&str> = document.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert!(headings.len() > 10);
    for heading in headings {
        assert!(texts.contains(heading), "nobody says: {heading}");
    }
}

fn without_parts(text: &str) -> String {
    let mut parts = text.split('{');
    let before = parts.next().unwrap_or_default().to_owned();
    parts.fold(before, |said, part| format!("{said}…{}", part.split_once('}').map_or("", |(_, rest)| rest)))
}
