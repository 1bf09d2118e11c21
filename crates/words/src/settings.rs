//! The sentences about settings. Those about a value come without their full stop: a place may stand before them, and
//! what to do behind them.

use std::path::Path;

use super::{limits, source, tr};
use crate::cause::{parenthesis, why as cause_of};
use crate::trf;
use lenscap_core::trouble::settings::{FileTrouble, Mistake, SettingTrouble, Unreadable, Unwritable};

/// Why it is refused and what to write instead, without a full stop.
pub fn refusal(refusal: &SettingTrouble) -> String {
    match refusal {
        SettingTrouble::Limits { key, value, limits } => limits::refusal(key, value, limits),
        SettingTrouble::Odd { key, value, even } => {
            trf!(
                "{name} {value} is odd and cameras need even sizes: use {even}",
                name = key,
                value = value,
                even = even
            )
        }
        SettingTrouble::TooMany { key, count, max } => trf!(
            "{key} has {count} entries and {max} are the most: use a list of program names as in [\"zoom\", \"chrome\"]",
            key = key,
            count = count,
            max = max
        ),
        SettingTrouble::Entry { key, value } => trf!(
            "{key} has {value}, which is not a program's name: use a list of program names as in [\"zoom\", \"chrome\"]",
            key = key,
            value = value
        ),
        SettingTrouble::Lines { key, value } => {
            trf!("{key} {value} is more than one line: use one line", key = key, value = value)
        }
        SettingTrouble::Source { key, trouble } => format!("{key}: {}", source::clause(trouble)),
        SettingTrouble::NoFullPath { key, path, cause } => {
            trf!("{key} \"{path}\" has no full path{why}: write one", key = key, path = path, why = cause_of(cause))
        }
        SettingTrouble::NoFile => tr("there is no such file"),
        SettingTrouble::NotATime { value } => {
            trf!("\"{text}\" is not a time to pause for: use one up to 168h as in 30m, 1h or 1h30m", text = value)
        }
        SettingTrouble::NotASince { value } => {
            trf!("\"{text}\" is not a time in the past: use one as in 90m, 2d, today or 2026-11-28", text = value)
        }
        SettingTrouble::NoPicture => tr("card \"picture\" has no picture: set picture to the path of a PNG or JPEG"),
        SettingTrouble::SameNode { node } => trf!(
            "second_node \"{node}\" is the first one already: use another, \"auto\" or \"off\"",
            node = node.display()
        ),
        SettingTrouble::PathNotText { path } => {
            trf!("the path {path} is not UTF-8 text: rename it", path = path.display())
        }
        SettingTrouble::NotToml { error } => {
            trf!("this is not TOML ({error}): write one KEY = VALUE a line under its [section]", error = error)
        }
        SettingTrouble::Newer { version } => trf!(
            "version {version} is newer than this Lenscap understands: update Lenscap, or move the file away",
            version = version
        ),
        SettingTrouble::Version { value, version } => {
            trf!("version must be {version}, not {value}", version = version, value = value)
        }
        SettingTrouble::NotSection { section } => {
            trf!("{section} is a section: write [{section}] on a line of its own", section = section)
        }
        SettingTrouble::Outside { key, section } => {
            trf!("\"{key}\" stands outside its section: write it under [{section}]", key = key, section = section)
        }
        SettingTrouble::Elsewhere { key, section } => {
            trf!("\"{key}\" stands in the wrong section: write it under [{section}]", key = key, section = section)
        }
        SettingTrouble::NoSection { key, sections } => {
            let sections: Vec<_> = sections.iter().map(|section| format!("[{section}]")).collect();
            trf!("\"{key}\" is not a section: use {sections}", key = key, sections = limits::list(&sections))
        }
        SettingTrouble::NoSetting { key, section, keys } => trf!(
            "\"{key}\" is not a setting of [{section}]: use {keys}",
            key = key,
            section = section,
            keys = limits::list(keys)
        ),
        SettingTrouble::NotControls { value } => trf!(
            "{value} is not the controls of a camera: write KEY = VALUE under [controls.\"CAMERA\"]",
            value = value
        ),
        SettingTrouble::TooManyControls { cameras, values, bytes } => trf!(
            "controls are kept for {cameras} cameras with {values} values and names of {bytes} bytes at most: remove some",
            cameras = cameras,
            values = values,
            bytes = bytes
        ),
        SettingTrouble::Control { key, value, max_bytes } => trf!(
            "{key} must be a number, true, false or a text of at most {max} bytes, not {value}",
            key = key,
            value = value,
            max = max_bytes
        ),
    }
}

/// What is wrong with the settings file at `path`: one sentence with the next step.
pub fn file_trouble(path: &Path, trouble: &FileTrouble) -> String {
    match trouble {
        FileTrouble::Invalid(Mistake { line, column, refusal: why }) => trf!(
            "{file} line {line}, column {column}: {sentence}.",
            file = path.file_name().unwrap_or(path.as_os_str()).display(),
            line = line,
            column = column,
            sentence = refusal(why)
        ),
        FileTrouble::Arguments { refusal: why } => format!("{}.", refusal(why)),
        FileTrouble::Read { why } => {
            trf!("The settings cannot be read{why}: correct their file or move it away.", why = unreadable(why))
        }
        FileTrouble::Write { why } => trf!(
            "The settings cannot be saved{why}: make their directory writable, or name another file with --config.",
            why = unwritable(why)
        ),
        FileTrouble::Busy => tr("The settings cannot be saved while another program saves them: try again."),
        FileTrouble::Watch { cause } => trf!(
            "Edits of the settings file will not be noticed{why}: raise fs.inotify.max_user_watches and \
             max_user_instances, or restart Lenscap after an edit.",
            why = cause_of(cause)
        ),
        FileTrouble::NoHome => {
            tr("There is no home directory to keep settings in: set HOME, or name a file with --config.")
        }
    }
}

/// What is wrong with the file at `path` that is below the user's, and that it is left out: one sentence. Where the file is
/// stands in the log, and in what the doctor says.
pub fn ignored(path: &Path, trouble: &FileTrouble) -> String {
    match trouble {
        FileTrouble::Invalid(Mistake { line, column, refusal: why }) => {
            let sentence = refusal(why);
            let all = matches!(
                why,
                SettingTrouble::NotToml { .. } | SettingTrouble::Newer { .. } | SettingTrouble::Version { .. }
            );
            if all {
                trf!(
                    "In the system's settings, line {line}, column {column}: {sentence}; the file is ignored.",
                    line = line,
                    column = column,
                    sentence = sentence
                )
            } else {
                trf!(
                    "In the system's settings, line {line}, column {column}: {sentence}; the setting is ignored.",
                    line = line,
                    column = column,
                    sentence = sentence
                )
            }
        }
        FileTrouble::Read { why } => trf!(
            "The system's settings cannot be read{why} and are ignored: correct their file or move it away.",
            why = unreadable(why)
        ),
        _ => file_trouble(path, trouble),
    }
}

/// As [`file_trouble`], for a start that cannot go on: names the whole path and the way out.
pub fn file_trouble_at_start(path: &Path, trouble: &FileTrouble) -> String {
    let sentence = file_trouble(path, trouble);
    match trouble {
        FileTrouble::Invalid(_) => trf!(
            "{sentence} (correct {path} or move it away to start with the defaults).",
            sentence = sentence.trim_end_matches('.'),
            path = path.display()
        ),
        FileTrouble::Read { .. } | FileTrouble::Write { .. } => format!("{sentence} ({})", path.display()),
        _ => sentence,
    }
}

fn unreadable(why: &Unreadable) -> String {
    parenthesis(&match why {
        Unreadable::NotAFile => tr("it is not a file"),
        Unreadable::TooLarge => tr("it is larger than a mebibyte"),
        Unreadable::NotText { line } => trf!("it is not UTF-8 text in line {line}", line = line),
        Unreadable::System { cause } => return cause_of(cause),
    })
}

fn unwritable(why: &Unwritable) -> String {
    parenthesis(&match why {
        Unwritable::ReadsBack => tr("a setting would read back as another"),
        Unwritable::NoFileName => tr("it has no file name"),
        Unwritable::System { cause } => return cause_of(cause),
    })
}
