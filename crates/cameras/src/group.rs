//! Whose a node is.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use lenscap_text as text;

/// The groups of this computer, but for those of a directory service.
pub(crate) const FILE: &str = "/etc/group";

/// The number of a name in `/etc/group`.
pub(crate) fn number_of(file: &Path, name: &str) -> Option<u32> {
    fs::read_to_string(file).unwrap_or_default().lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then(|| fields.nth(1)?.parse().ok())?
    })
}

/// The name of a number in `/etc/passwd` or `/etc/group`.
pub fn entry_of(file: &str, number: u32) -> Option<String> {
    fs::read_to_string(file).unwrap_or_default().lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(number)).then(|| text::name(name))
    })
}

/// The name of the group that owns the node, "video" when that is not known.
pub fn group_of(path: &Path) -> String {
    let Ok(gid) = fs::metadata(path).map(|meta| meta.gid()) else { return "video".into() };
    // Being in the group root is nobody's next step: such a node lacks its udev rule.
    if gid == 0 {
        return "video".into();
    }
    entry_of(FILE, gid).unwrap_or_else(|| "video".into())
}
