//! Every text that people read is in the template, every translation is complete, and it is what they get to read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use clap::CommandFactory;
use lenscap_test_support::catalogues::{compiled, languages, po};
use lenscap_test_support::process::{is_alone, run_alone};
use lenscap_test_support::programs::{copy, program};
use lenscap_test_translations::catalogue::{self, Message};
use lenscap_test_translations::sources::{self, Found, parts};

/// All texts of our crates and of the command line.
fn scan() -> Found {
    sources::scan(Path::new(env!("CARGO_MANIFEST_DIR")), lenscap::cli::Cli::command())
}

/// Writes the template instead of comparing it; set by `scripts/translations.sh`.
const WRITE: &str = "LENSCAP_WRITE_TEMPLATE";

/// Texts of several words that are not to be translated: names, formats, what only developers or programs read.
const NOT_FOR_PEOPLE: &[&str] = &[
    // Drivers and the kernel's words, as they come.
    "Dummy video device",
    "Device or resource busy",
    "Permission denied",
    "Operation not permitted",
    "No such file or directory",
    "No such device",
    "Failed to allocate required memory",
    "note: run with",
    " for kernel ",
    "fatal error:",
    "# exit code: ",
    "# exit code: 0",
    "AMD ISP",
    "Intel IPU",
    "Intel IVSC",
    "stack backtrace",
    // A report for developers is in English.
    "not running",
    // Commands.
    "lenscap setup",
    "lenscap setup --undo",
    "lenscap import",
    "sudo udevadm trigger --action={action} {node}",
    "sudo apt install {debian}",
    "sudo dnf install {fedora}",
    "sudo pacman -S {arch}",
    "sudo dmesg | tail",
    "sudo modprobe v4l2loopback {options}",
    "sudo modprobe -r v4l2loopback",
    "sudo usermod -aG {group} $USER",
    "exclusive_caps=1 max_buffers=8 card_label=Lenscap",
    "devices=2 exclusive_caps=1,1 max_buffers=8 card_label='{first},{label}'",
    "systemctl --user status pipewire wireplumber",
    "systemctl --user restart wireplumber",
    "sudo systemctl",
    "systemctl --user",
    "{manager} disable --now {}",
    "sudo mokutil --import {key}",
    "sudo dkms autoinstall --force",
    "sudo udevadm control --reload",
    "sudo udevadm trigger /dev/v4l2loopback",
    "sudo udevadm trigger -c change -s video4linux",
    "sudo v4l2loopback-ctl add -n \"OBS Virtual Camera\" -x 1",
    "echo 'KERNEL==\"v4l2loopback\", GROUP=\"root\", MODE=\"0600\"' | sudo tee {CONTROL_RULE}",
    "lenscap setup",
    "v4l2loopback-dkms {debian} openssl",
    "akmod-v4l2loopback {fedora}",
    "v4l2loopback-dkms {arch}",
    "linux-headers-{release} linux-headers-{flavour}",
    "OBS Virtual Camera",
    "busctl --user call {STORE} {path} {STORE} DeletePermission sss devices camera \"{id}\"",
    "flatpak override --user --device=all {id}",
    "sudo snap connect {id}:camera",
    // Parts of panels, as who searches for them finds them.
    "XApp Status Applet",
    "System Tray",
    "Status Notifier Plugin",
    "Notification Area",
    "Status Tray Plugin",
    "systemctl --user disable lenscap",
    "{as_root}install -D -m 644 {from} {to}",
    "mv {path} {path}.off",
    "kill -9 {pid}",
    // Between programs, and for whoever changes the interface.
    "Only a demonstration takes that.",
    "There is no method {method}.",
    "{method} does not take \"{}\".",
    "{name} can only be read.",
    // Translated beside its place, and compared with.
    "an application",
    // What went wrong inside, in parentheses of a translated sentence.
    "it was removed",
    "PipeWire does not have it",
    "the parent does not listen: {0}",
    "waiting failed: {error}",
    "a message is too large",
    "{message:?} came out of turn",
    "no descriptors",
    "slots of {slot} bytes for pictures of {picture}",
    "a message that is too large",
    "slot {0} twice in a row",
    "slot {slot} after slot {last}",
    "slot {slot} first, not slot {first}",
    "a picture of {0:?} before its grant",
    "a picture from the future",
    // The camera process speaks no language: its sentences are made by who started it.
    "lenscap-worker is started by lenscap, not by hand: run \"lenscap\".",
    "lenscap-pipewire is started by lenscap, not by hand: run \"lenscap\".",
    "lenscap-cards is started by lenscap, not by hand: run \"lenscap\".",
    "lenscap-history is started by lenscap, not by hand: run \"lenscap log\".",
    "lenscap-raw-cameras: it is not set-group-id here",
    "others than root may write where it lies",
    // Between the relay and the process for PipeWire.
    "libpipewire has no {0}",
    "memory without an offer",
    "an offer of such a size",
    "an offer with such rates",
    "an offer with such slots",
    "{size} bytes are less than the slots",
    "an offer without its memory",
    "no memory",
    "no greeting",
    // Of values on D-Bus, for the log.
    "not of its class",
    "a value of type {}",
    "{what} has no form on D-Bus",
    "a row of bytes",
    "an element without a value",
    "a key that is no text",
    // In files, for their readers.
    "# Written by \"lenscap setup\"; \"lenscap setup --undo\" takes it back.\n",
    // Of the system's helper, for the journal and for programs; what comes of its verbs is said by lenscap_words::setup.
    "lenscap-setup is started by lenscap, not by hand: run \"lenscap setup\".",
    "lenscap-setup: there is no device: {errno}",
    "nothing changed",
    "an answer of another version",
    "not found in directory",
    "another process has the name",
    "others are asking already",
    "polkit refused it",
    "it was not carried out",
    // For the log.
    "{prefix}lines of the log that nobody read are missing here: {count}\n",
    "frame rate",
    "more messages than any camera gives",
    "\"{message}\" while it was \"{phase}\"",
    "no bus",
    "a message of {0} bytes is too large",
    "{0} bytes too many",
    // For programs that use the crate; lenscap_words::ask says it to people.
    "no runtime directory",
    "nobody listens at the control socket",
    "another user listens at the control socket",
    "the relay (process {pid}) does not answer: {}",
    "the answer cannot be read",
];

fn read(name: &str) -> Vec<Message> {
    catalogue::parse(&fs::read_to_string(po().join(name)).unwrap_or_else(|error| panic!("po/{name}: {error}")))
}

#[test]
fn the_template_has_every_text() {
    let mut found = scan();
    assert!(found.mistakes.is_empty(), "{:#?}", found.mistakes);
    if !sources::scan_data(Path::new(env!("CARGO_MANIFEST_DIR")), &mut found) {
        println!("SKIP the template: xgettext is not installed (scripts/deps.sh build)");
        return;
    }
    assert!(found.messages.len() > 100, "hardly any texts were found: {}", found.messages.len());
    let template = catalogue::template(&found.messages);
    if std::env::var_os(WRITE).is_some() {
        fs::write(po().join("lenscap.pot"), template).expect("written");
        return;
    }
    let known = read("lenscap.pot");
    let in_template: Vec<_> = known.iter().map(|message| (&message.id, &message.plural)).collect();
    let in_sources: Vec<_> = found.messages.iter().map(|message| (&message.id, &message.plural)).collect();
    let missing: Vec<_> = in_sources.iter().filter(|text| !in_template.contains(text)).collect();
    let stale: Vec<_> = in_template.iter().skip(1).filter(|text| !in_sources.contains(text)).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "po/lenscap.pot misses {missing:#?} and has {stale:#?}, which no source has: run scripts/translations.sh"
    );
}

#[test]
fn no_sentence_goes_past_the_translators() {
    let found = scan();
    let bare: Vec<_> = found
        .bare
        .iter()
        .filter(|(_, _, text)| !NOT_FOR_PEOPLE.contains(&text.as_str()))
        .filter(|(file, _, text)| !(file.starts_with("crates/history/") && is_sql(text)))
        // The help of the settings' options is data, and collected from the command line.
        .filter(|(_, _, text)| !found.messages.iter().any(|message| message.id == *text))
        .map(|(file, line, text)| format!("{file}:{line}: {text:?}"))
        .collect();
    assert!(
        bare.is_empty(),
        "these texts go through neither tr, trf nor trn (or belong into NOT_FOR_PEOPLE): {bare:#?}"
    );
}

/// Whether SQLite is told this, by whose first word that is.
fn is_sql(text: &str) -> bool {
    let verb = text.split_whitespace().next().unwrap_or_default();
    ["CREATE", "DELETE", "INSERT", "PRAGMA", "SELECT", "UPDATE"].contains(&verb)
}

#[test]
fn translations_are_complete_and_keep_their_parts() {
    let template = read("lenscap.pot");
    for language in languages() {
        let messages = read(&format!("{language}.po"));
        let header = &messages[0].translations[0];
        let forms: usize = header
            .split_once("nplurals=")
            .and_then(|(_, rest)| rest.split(';').next()?.trim().parse().ok())
            .unwrap_or_else(|| panic!("{language}: no Plural-Forms"));
        let known: BTreeMap<&str, &Message> = messages.iter().map(|message| (message.id.as_str(), message)).collect();
        let mut wrong = Vec::new();
        for wanted in template.iter().skip(1) {
            let Some(message) = known.get(wanted.id.as_str()) else {
                wrong.push(format!("missing: {:?}", wanted.id));
                continue;
            };
            wrong.extend(what_is_wrong(wanted, message, forms).map(|what| format!("{what}: {:?}", wanted.id)));
        }
        assert!(wrong.is_empty(), "po/{language}.po: {wrong:#?}\nrun scripts/translations.sh and translate these");
    }
}

/// What keeps this translation from being used as it is.
fn what_is_wrong(wanted: &Message, message: &Message, forms: usize) -> Option<String> {
    let count = if wanted.plural.is_some() { forms } else { 1 };
    if message.fuzzy {
        return Some("fuzzy".into());
    }
    if message.plural != wanted.plural {
        return Some(format!("its plural is {:?}", message.plural));
    }
    if message.translations.len() != count || message.translations.iter().any(String::is_empty) {
        return Some("not translated".into());
    }
    // A semicolon ends a list in a desktop file.
    let ends = |text: &str| (text.starts_with(' '), ['.', ';', ' ', '\n'].map(|end| text.ends_with(end)));
    for translation in &message.translations {
        let (mut ours, mut theirs) = (parts(&wanted.id), parts(translation));
        if let Some(plural) = &wanted.plural {
            // "One minute" may do without its number.
            ours.extend(parts(plural));
            ours.remove("n");
            theirs.remove("n");
        }
        if ours != theirs {
            return Some(format!("its parts are {theirs:?}, not {ours:?}"));
        }
        if ends(translation) != ends(&wanted.id) {
            return Some(format!("begins or ends differently ({translation:?})"));
        }
    }
    None
}

#[test]
fn wrong_translations_are_found() {
    let wanted = Message { id: "{n} of {all}.".into(), plural: Some("{n} of {all}.".into()), ..Message::default() };
    let with = |translations: &[&str]| Message {
        translations: translations.iter().map(|text| (*text).to_owned()).collect(),
        ..wanted.clone()
    };
    assert_eq!(what_is_wrong(&wanted, &with(&["eins von {all}.", "{n} von {all}."]), 2), None);
    for (translations, what) in [
        (&["{n} von {all}."][..], "not translated"),
        (&["{n} von {all}.", ""], "not translated"),
        (&["{n} von allen.", "{n} von {all}."], "parts"),
        (&["{n} von {all}.", "{n} von {alle}."], "parts"),
        (&["{n} von {all}.", "{n} von {all}"], "differently"),
    ] {
        let found = what_is_wrong(&wanted, &with(translations), 2);
        assert!(found.as_ref().is_some_and(|found| found.contains(what)), "{translations:?}: {found:?}");
    }
    let fuzzy = Message { fuzzy: true, ..with(&["{n} von {all}.", "{n} von {all}."]) };
    assert_eq!(what_is_wrong(&wanted, &fuzzy, 2).as_deref(), Some("fuzzy"));
}

#[test]
fn catalogues_read_back_as_they_were_written() {
    let messages = vec![
        Message { id: "a \"b\" \\ {c}".into(), files: ["x.rs".to_owned()].into(), ..Message::default() },
        Message {
            id: "two\nlines".into(),
            plural: Some("more\nlines\n".into()),
            comments: ["what it is".to_owned()].into(),
            ..Message::default()
        },
    ];
    let read = catalogue::parse(&catalogue::template(&messages));
    let plain = |message: &Message| Message { translations: Vec::new(), ..message.clone() };
    assert_eq!(read.iter().skip(1).map(plain).collect::<Vec<_>>(), messages);
    let german = "#, fuzzy, c-format\nmsgid \"a\"\n\"b\"\nmsgstr \"x\"\n\n#~ msgid \"old\"\n#~ msgstr \"alt\"\n";
    let read = catalogue::parse(german);
    assert_eq!((read.len(), read[0].id.as_str(), read[0].fuzzy), (1, "ab", true));
}

#[test]
fn the_scanner_finds_calls_wherever_they_are_and_mistakes_in_them() {
    let scan = |text: &str| {
        let mut found = Found::default();
        sources::scan_text("x.rs", text, &mut found);
        found
    };
    let found = scan(
        r##"
        //! tr("not in a comment")
        use crate::i18n::{tr, trf};
        #[error("{}", trf!("in {place}", place = place))]
        struct E;
        fn f() {
            // TRANSLATORS: the first
            println!("{}", tr("in a macro \"quoted\" \
                               and broken"));
            x(trn!("{n} minute", r#"{n} minutes"#, n, who = tr("nested")), || crate::i18n::tr("in a closure"));
        }
        #[cfg(test)]
        mod tests { fn g() { tr("in a test"); } }
        "##,
    );
    let ids: Vec<_> = found.messages.iter().map(|message| message.id.as_str()).collect();
    assert_eq!(ids, ["in {place}", "in a macro \"quoted\" and broken", "nested", "{n} minute", "in a closure"]);
    assert_eq!(found.messages[1].comments, ["the first".to_owned()].into());
    assert_eq!(found.messages[3].plural.as_deref(), Some("{n} minutes"));
    assert!(found.mistakes.is_empty(), "{:?}", found.mistakes);

    for (text, mistake) in [
        ("fn f() { tr(name) }", "literal"),
        ("fn f() { tr(&format!(\"x {y}\")) }", "literal"),
        ("fn f() { trf!(text, a = 1) }", "literal"),
        ("fn f() { tr(\"{a}\") }", "trf"),
        ("fn f() { list.map(tr) }", "not called"),
    ] {
        assert!(scan(text).mistakes.iter().any(|found| found.contains(mistake)), "{text}");
    }
    let bare = scan(
        "fn f() { g(\"two words\", \"--option\", \"word\"); tracing::warn!(\"not for people\"); tr(\"but this\"); }",
    )
    .bare;
    assert_eq!(bare.iter().map(|(_, _, text)| text.as_str()).collect::<Vec<_>>(), ["two words"]);
}

/// A locale under which this system's gettext translates. In the C locale it does not, newer ones count C.UTF-8 as that.
fn locale(catalogues: &Path) -> Option<String> {
    let list = Command::new("locale").arg("-a").output().ok()?;
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    let is_utf8 = |name: &&str| name.to_lowercase().replace('-', "").ends_with(".utf8");
    let mut names: Vec<&str> = list.lines().filter(is_utf8).collect();
    names.sort_by_key(|name| name.starts_with("C."));
    names
        .into_iter()
        .find(|name| {
            // The program of the same C library says whether the locale or we are to blame.
            Command::new("gettext")
                .args(["-d", "lenscap", "Camera is off"])
                .envs([("LANGUAGE", "de"), ("LC_ALL", name)])
                .env("TEXTDOMAINDIR", catalogues)
                .output()
                .is_ok_and(|output| output.stdout != b"Camera is off")
        })
        .map(str::to_owned)
}

#[test]
fn german_is_spoken_where_german_is_asked_for() {
    const NAME: &str = "translations::german_is_spoken_where_german_is_asked_for";
    if is_alone(NAME) {
        return speak();
    }
    let Some(catalogues) = compiled("translated texts") else { return };
    let Some(locale) = locale(catalogues.path()) else {
        println!("SKIP translated texts: no locale here lets gettext translate (locale -a)");
        return;
    };
    // A process of its own: it takes its language once.
    let directory = catalogues.path().to_str().expect("a path in letters");
    let german = [("LANGUAGE", "de"), ("LC_ALL", locale.as_str()), (lenscap::i18n::LOCALE_DIR_VARIABLE, directory)];
    run_alone(NAME, &german);

    // Installed programs find their catalogues by themselves.
    let prefix = tempfile::tempdir().expect("a directory");
    let share = prefix.path().join("share");
    fs::create_dir_all(&share).expect("made");
    std::os::unix::fs::symlink(catalogues.path(), share.join("locale")).expect("linked");
    for (name, installed, argument, says) in [
        ("lenscap", "bin/lenscap", "--help", "Aufruf: lenscap"),
        ("lenscap", "bin/lenscap", "--width=7", "gerade Maße: 8 verwenden"),
        ("lenscap-applet", "libexec/lenscap/lenscap-applet", "status", "wird von lenscap gestartet"),
    ] {
        let installed = prefix.path().join(installed);
        fs::create_dir_all(installed.parent().expect("a directory")).expect("made");
        copy(&program(name), &installed);
        let output = Command::new(&installed)
            .arg(argument)
            .envs([("LANGUAGE", "de"), ("LC_ALL", locale.as_str())])
            .env_remove(lenscap::i18n::LOCALE_DIR_VARIABLE)
            .output()
            .expect("starts");
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(text.contains(says), "{}: {text}", installed.display());
    }
}

/// In a process whose language is German.
fn speak() {
    use lenscap::core::source::Source;
    use lenscap::i18n::{self, tr_collected, trn};

    i18n::init();
    assert_eq!(tr_collected("Camera is off"), "Kamera ist aus");
    assert_eq!(tr_collected("Not in any catalogue"), "Not in any catalogue");
    assert_eq!(tr_collected(""), "");
    for (count, said) in [(1, "Zoom und 1 weitere"), (3, "Zoom und 3 weitere")] {
        assert_eq!(trn!("{names} and {n} more", "{names} and {n} more", count, names = "Zoom"), said);
    }
    let refused = "test:x".parse::<Source>().expect_err("refused");
    assert_eq!(lenscap::i18n::source::clause(&refused), "Nach „test“ kommt nichts mehr: „test“ schreiben");
    let help = lenscap::cli::localized(lenscap::cli::Cli::command()).render_help().to_string();
    for text in ["Aufruf: lenscap", "Befehle:", "Optionen:", "Hilfe ausgeben", "Rückgabewert: 0 erledigt"] {
        assert!(help.contains(text), "{text}: {help}");
    }
    assert!(!help.contains("Usage:") && !help.contains("Options:"), "{help}");
}
