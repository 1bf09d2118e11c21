//! What a process and its files say; fed by `fuzz/`.

use crate::command::Command;
use crate::entry::Entry;
use crate::process::split_arguments;
use crate::{sandbox, unit};

/// A cgroup, a Flatpak's description, a command line and a desktop file, with an 0x01 between each.
pub fn claims(data: &[u8]) {
    let mut parts = data.splitn(4, |byte| *byte == 1);
    let mut next = || parts.next().unwrap_or_default();
    if let Some(unit) = unit::of_cgroup(&String::from_utf8_lossy(next())) {
        assert!(unit::ids(&unit).len() <= 3);
        let _ = sandbox::snap(&unit);
    }
    if let Some(id) = sandbox::application_of(&String::from_utf8_lossy(next())) {
        assert!(id.is_ascii() && !id.contains('/') && id.contains('.'), "{id}");
    }
    let arguments = split_arguments(next());
    let _ = Command::of_exec(&arguments);
    if let Some(entry) = Entry::parse(&String::from_utf8_lossy(next()), "id", 0, &["de_AT".into()]) {
        let shown = [Some(&entry.name), entry.icon.as_ref()].into_iter().flatten();
        shown.for_each(|text| assert!(!text.is_empty() && !text.contains(char::is_control), "{text}"));
    }
}
