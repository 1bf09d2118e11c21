//! What takes everything back, by the manifest.

use std::collections::BTreeSet;

use lenscap_api::SetupStep;
use lenscap_rootfs::Root;
use lenscap_text::Text;

use crate::manifest::{self, Kind, Manifest};
use crate::node::Devices;
use crate::plan::{HIDING, There, command, there, udev_commands};

/// Where the units that run have a directory each, with cgroup v2 alone and beside v1.
const CGROUPS: [&str; 2] = ["/sys/fs/cgroup/system.slice", "/sys/fs/cgroup/unified/system.slice"];

/// What is to be done, and what is left as it is.
#[derive(Debug, Default)]
pub(crate) struct Undo {
    pub(crate) steps: Vec<SetupStep>,
    /// Changed since we wrote it.
    pub(crate) left: Vec<Text>,
}

pub(crate) fn steps(root: &Root, manifest: &Manifest) -> Undo {
    let mut undo = Undo::default();
    let has = |part: &str| manifest.entries.iter().any(|entry| entry.path.contains(part));
    // Before its link goes: a unit removes the devices that it made.
    for unit in Devices::ALL.map(Devices::unit).into_iter().rev().filter(|unit| has(unit)) {
        undo.steps.push(command(&["systemctl", "stop", unit]));
    }
    for entry in manifest.entries.iter().rev().filter(|entry| entry.kind != Kind::Directory) {
        match there(root, &entry.path, entry.kind) {
            There::Nothing => {}
            There::Content(content) if manifest.has(&entry.path, entry.kind, &content) => {
                undo.steps.push(SetupStep::Remove { path: entry.path.clone() });
            }
            There::Content(_) | There::Other if !entry.is_made => {}
            There::Content(_) | There::Other => undo.left.push(entry.path.as_str().into()),
        }
    }
    if has("/systemd/") {
        undo.steps.push(command(&["systemctl", "daemon-reload"]));
    }
    if has("/udev/") {
        undo.steps.extend(udev_commands());
    }
    if has(HIDING.0) {
        // As if they came now: udev gives a node its group back when it is added (measured with systemd 257), and programs list it.
        undo.steps.push(command(&["udevadm", "trigger", "--action=add", "--property-match=LENSCAP_RAW=1"]));
    }
    undo.steps.extend(manifest.stopped.iter().map(|unit| command(&["systemctl", "start", unit])));
    if *manifest != Manifest::default() {
        undo.steps.push(SetupStep::Remove { path: manifest::PATH.into() });
    }
    undo
}

/// Which of these units run, instances of templates among them.
pub(crate) fn running(root: &Root, units: &[&str]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for slice in CGROUPS {
        for name in root.names(slice) {
            if name.starts_with("system-") && name.ends_with(".slice") {
                names.extend(root.names(&format!("{slice}/{name}")));
            }
            names.insert(name);
        }
    }
    names.retain(|name| units.iter().any(|unit| is_of(name, unit)));
    names
}

/// Whether this is the unit, or an instance of it: a name of systemd's own letters, since it stands on a command line.
pub(crate) fn is_of(name: &str, unit: &str) -> bool {
    let instance = || {
        let (template, ending) = unit.split_once('@').map(|(template, ending)| (format!("{template}@"), ending))?;
        name.strip_prefix(&template)?.strip_suffix(ending)
    };
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || ":-_.\\".contains(letter);
    name == unit && !unit.contains('@')
        || instance().is_some_and(|name| !name.is_empty() && name.chars().all(is_letter))
}
