//! The files for the desktop agree with the program and with each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use clap::CommandFactory;
use lenscap::APP_ID;
use lenscap::config::table::{self, SettingValue};
use lenscap::core::trouble::settings::Limits;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The groups of a desktop entry, a D-Bus service or a unit.
fn groups(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut groups = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some(group) = line.strip_prefix('[') {
            name = group.trim_end_matches(']').to_owned();
            groups.insert(name.clone(), BTreeMap::new());
        } else {
            let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("{line}"));
            groups.get_mut(&name).expect("a group").insert(key.to_owned(), value.to_owned());
        }
    }
    groups
}

#[test]
fn the_desktop_file_starts_what_the_bus_and_the_icons_know() {
    let desktop = groups(&read(&format!("data/{APP_ID}.desktop.in")));
    let entry = &desktop["Desktop Entry"];
    assert_eq!((entry["Icon"].as_str(), entry["DBusActivatable"].as_str()), (APP_ID, "true"));
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("icons/hicolor/scalable/apps/{APP_ID}.svg")).exists());
    for action in entry["Actions"].split_terminator(';') {
        let group = desktop.get(&format!("Desktop Action {action}"));
        assert!(group.is_some_and(|group| group.contains_key("Name")), "{action}");
    }
    let service = groups(&read(&format!("data/{APP_ID}.service.in")));
    assert_eq!(service["D-BUS Service"]["Name"], APP_ID);
    let unit = groups(&read("data/lenscap.service.in"));
    assert_eq!(unit["Service"]["BusName"], APP_ID);
    assert_eq!(unit["Service"]["ExecStart"], service["D-BUS Service"]["Exec"]);
    assert_eq!(service["D-BUS Service"]["SystemdService"], "lenscap.service");
    let autostart = groups(&read(&format!("data/{APP_ID}-autostart.desktop.in")));
    // Who starts it by hand is to see something where there is no tray; with the session no window comes up.
    assert_eq!(entry["Exec"], "lenscap --window");
    assert_eq!(autostart["Desktop Entry"]["Exec"], "lenscap --gapplication-service");
}

#[test]
fn the_metainfo_names_this_version_and_screenshots_that_are_there() {
    let text = read(&format!("data/{APP_ID}.metainfo.xml.in"));
    assert!(text.contains(&format!("<release version=\"{}\"", lenscap::VERSION)));
    let pictures: Vec<&str> = text
        .split("<image>")
        .skip(1)
        .filter_map(|rest| rest.split("</image>").next()?.split_once("/data/screenshots/"))
        // Of the version's tag: what a branch has changes under those who installed an older one.
        .filter_map(|(place, name)| place.ends_with(&format!("/v{}", lenscap::VERSION)).then_some(name))
        .collect();
    assert_eq!(pictures.len(), text.matches("<image>").count());
    for picture in pictures {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/screenshots").join(picture);
        assert!(path.exists(), "{picture}");
    }
    // Flathub's limit.
    let summary = text.split("<summary>").nth(1).and_then(|rest| rest.split("</summary>").next()).expect("a summary");
    assert!(summary.chars().count() <= 35, "{summary}");
}

#[test]
fn every_icon_is_for_hosts_that_colour_it_and_for_those_that_do_not() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("icons/hicolor/symbolic/apps");
    let (mut names, mut styles) = (BTreeSet::new(), BTreeSet::new());
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        let name = entry.file_name().into_string().expect("text");
        let text = fs::read_to_string(entry.path()).expect("a file");
        assert!(text.contains("viewBox=\"0 0 16 16\" fill=\"none\""), "{name}");
        let (style, drawing) = text.split_once("</style>").unwrap_or_else(|| panic!("{name} has no style"));
        styles.insert(style.split_once("<style id=\"current-color-scheme\"").expect("Plasma's").1.to_owned());
        // What GTK colours are paths; an outline would keep a colour of its own.
        for element in drawing.split('<').skip(1).filter(|element| !element.starts_with("/svg>")) {
            let classes = [
                "class=\"paper transparent-fill\" d=",
                "class=\"ColorScheme-Text\" fill=\"currentColor\"",
                "class=\"warning ColorScheme-NeutralText\" fill=\"currentColor\"",
                "class=\"error ColorScheme-NegativeText\" fill=\"currentColor\"",
            ];
            let is_known = |path: &str| classes.iter().any(|class| path.starts_with(class));
            assert!(element.strip_prefix("path ").is_some_and(is_known), "{name}: {element}");
            assert!(!element.contains("stroke"), "{name}: {element}");
        }
        names.insert(name);
    }
    assert_eq!(styles.len(), 1, "one for all: {styles:?}");
    let expected = ["capped", "starting", "live", "cooldown", "paused", "asking", "blocked", "attention"];
    assert_eq!(names, expected.map(|state| format!("{APP_ID}-{state}-symbolic.svg")).into());
}

/// The manual as printed: font changes and escaped hyphens taken out.
fn manual() -> String {
    let mut page = read("data/lenscap.1").replace("\\-", "-");
    for font in ["\\fI", "\\fR", "\\fB", "\""] {
        page = page.replace(font, "");
    }
    page
}

#[test]
fn the_man_page_says_limits_and_default_of_every_setting_with_an_option() {
    let manual = manual();
    let settings = manual.split(".SH SETTINGS").nth(1).expect("a section").split("\n.SH ").next().expect("its text");
    // A list below an option belongs to it.
    let mut lists = settings.split("\n.RS\n");
    let mut settings = lists.next().expect("text").to_owned();
    for part in lists {
        let (list, rest) = part.split_once("\n.RE").expect("an end of the list");
        settings.push_str(&list.replace(".TP", ""));
        settings.push_str(rest);
    }
    for (setting, option) in table::with_option() {
        // A tag may be one of several of a paragraph.
        let name = format!("--{}", option.long);
        let of_it = |paragraph: &&str| {
            let tags = paragraph.lines().take_while(|line| line.starts_with(['.', '-']));
            tags.flat_map(str::split_whitespace).any(|word| word == name)
        };
        let paragraph = settings.split("\n.TP\n").find(of_it).unwrap_or_else(|| panic!("{name} is missing"));
        let mut said: Vec<String> = match &setting.limits {
            Limits::Words { words, .. } | Limits::Device { words, .. } => {
                words.iter().map(ToString::to_string).collect()
            }
            Limits::Name { max_bytes } => vec![max_bytes.to_string()],
            _ => {
                let (min, max) = setting.range().unwrap_or_default();
                [min, max].into_iter().filter(|limit| *limit != 0).map(|limit| limit.to_string()).collect()
            }
        };
        match setting.default() {
            SettingValue::Integer(number) => said.push(number.to_string()),
            SettingValue::Text(text) => said.push(text),
            SettingValue::Bool(_) | SettingValue::List(_) => {}
        }
        for part in said {
            let has =
                paragraph.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| part.is_empty() || word == part);
            assert!(has, "{name}: {part} is missing in: {paragraph}");
        }
    }
}

#[test]
fn the_man_page_has_every_command_option_and_exit_status() {
    let page = manual();
    let mut missing = Vec::new();
    let mut commands = vec![lenscap::cli::Cli::command()];
    while let Some(command) = commands.pop() {
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            let long = argument.get_long().map(|long| format!("--{long}"));
            let short = argument.get_short().map(|short| format!("-{short} "));
            missing.extend(long.into_iter().chain(short).filter(|name| !page.contains(name.as_str())));
        }
        for subcommand in command.get_subcommands() {
            let name = subcommand.get_name();
            let heading = page.lines().any(|line| {
                let mut words = line.split_whitespace();
                matches!(words.next(), Some(".B" | ".BI")) && words.next() == Some(name)
            });
            if !heading {
                missing.push(name.to_owned());
            }
            commands.push(subcommand.clone());
        }
    }
    assert!(missing.is_empty(), "data/lenscap.1 misses {missing:?}");
    for page in ["data/lenscap.1", "data/lenscap-programs.8"] {
        assert!(read(page).contains(&format!("\"lenscap {}\"", lenscap::VERSION)), "{page}");
    }
}
