//! ipu6-camera-daemon: the options in its unit, which are those of our command line. (Its README and install.sh write a unit of
//! the user's, without options.)

use std::path::{Path, PathBuf};

use lenscap_rootfs::{Root, units};

use super::systemd::{assignment, lines, words};
use super::{Import, Relay, files, text};
use crate::table::camera::SOURCE;
use crate::table::{self, Overrides};

const UNIT: &str = "ipu6-camera-daemon.service";

pub(super) fn find(root: &Path, config_home: &Path) -> Option<Import> {
    let root = Root::new(root);
    let directories = units::USER.iter().chain(&units::SYSTEM).map(|directory| root.at(directory));
    // The first that is there hides the others.
    let directories: Vec<PathBuf> = std::iter::once(config_home.join("systemd/user")).chain(directories).collect();
    let (path, unit) = directories.iter().find_map(|directory| {
        let path = directory.join(UNIT);
        let unit = text(&path)?;
        Some((path, unit))
    })?;
    let mut changes: Vec<_> =
        directories.iter().flat_map(|directory| files(&directory.join(format!("{UNIT}.d")), "conf")).collect();
    // By name, wherever they are.
    changes.sort_by(|one, other| one.file_name().cmp(&other.file_name()));
    let texts: Vec<_> = std::iter::once(unit).chain(changes.iter().filter_map(|path| text(path))).collect();
    Some(Import { relay: Relay::Ipu6CameraDaemon, path, settings: settings(&texts)? })
}

/// What a unit and what changes it say; `None`: it starts something else.
pub fn settings(texts: &[String]) -> Option<Overrides> {
    let mut command = None;
    for line in texts.iter().flat_map(|text| lines(text)) {
        match assignment(&line) {
            // An empty one takes back those before.
            Some(("ExecStart", "")) => command = None,
            Some(("ExecStart", line)) if command.is_none() => command = Some(words(line)),
            _ => {}
        }
    }
    let command = command?;
    let (program, arguments) = command.split_first()?;
    // Before it, signs may say how it is started.
    if !program.ends_with("ipu6-camera-daemon") {
        return None;
    }
    let mut settings = Overrides::default();
    // It reads nothing else.
    settings.set(&SOURCE, SOURCE.argument("icamera").ok()?);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let Some((setting, value)) = option(argument) else { continue };
        let value = value.or_else(|| arguments.next().map(String::as_str));
        if let Some(value) = value.and_then(|value| setting.argument(value).ok()) {
            settings.set(setting, value);
        }
    }
    Some(settings)
}

/// The setting that an option is for, and its value where that is in the same word.
fn option(argument: &str) -> Option<(&'static table::Setting, Option<&str>)> {
    let find = |is: &dyn Fn(&table::CommandOption) -> bool| {
        table::with_option().into_iter().find(|(_, option)| is(option)).map(|(setting, _)| setting)
    };
    if let Some(long) = argument.strip_prefix("--") {
        let (long, value) = long.split_once('=').map_or((long, None), |(long, value)| (long, Some(value)));
        return Some((find(&|option| option.long == long)?, value));
    }
    let mut letters = argument.strip_prefix('-')?.chars();
    let short = letters.next()?;
    let value = Some(letters.as_str()).filter(|value| !value.is_empty());
    let value = value.map(|value| value.strip_prefix('=').unwrap_or(value));
    Some((find(&|option| option.short == Some(short))?, value))
}
