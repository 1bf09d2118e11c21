//! What another camera relay was set to do, to be taken over into the settings.

use std::path::Path;

use crate::{tr, trf};

/// Such settings are there.
pub fn found(program: &str, path: &Path) -> String {
    trf!("{program} has settings in {path} of which yours say nothing:", program = program, path = path.display())
}

/// How they are taken over.
pub fn how() -> String {
    tr("Nothing is written yet. To take them over into your settings, add --yes.")
}

/// There are several, and none was named.
pub fn choose() -> String {
    tr("Only one can be taken over: name its file, as in \"lenscap import FILE\".")
}

/// They are written.
pub fn done(path: &Path) -> String {
    trf!("They are in {path} now.", path = path.display())
}

/// There is nothing of this kind.
pub fn nothing() -> String {
    tr("There are no settings of another camera relay to take over.")
}
