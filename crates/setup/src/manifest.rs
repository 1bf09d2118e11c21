//! What we wrote, so that it can be taken back: written down, and synced, before it is done.

use std::collections::BTreeSet;
use std::io;

use glib::{Checksum, ChecksumType};
use lenscap_api::SetupVerb;
use lenscap_rootfs::Root;
use serde::{Deserialize, Serialize};

use crate::plan::RELAYS;
use crate::tree::{self, Reach};
use crate::undo;

/// Its directory, which holds nothing else.
pub(crate) const DIRECTORY: &str = "/var/lib/lenscap";
/// It.
pub(crate) const PATH: &str = "/var/lib/lenscap/setup.json";

/// All that the verbs did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)] // of a later version: what it means is not known
pub(crate) struct Manifest {
    /// In the order in which they were made.
    pub(crate) entries: Vec<Entry>,
    /// Units that ran, and that we stopped.
    pub(crate) stopped: BTreeSet<String>,
    /// What began, and was not seen to end.
    pub(crate) unfinished: BTreeSet<SetupVerb>,
}

/// One thing that we made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) kind: Kind,
    /// SHA-256 of a file's text, or of a link's target. Two while one text takes the place of another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) hashes: Vec<String>,
    /// Whether it was seen to be made: another that stands there instead was changed since, else it is somebody else's.
    #[serde(default)]
    pub(crate) is_made: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    File,
    Link,
    Directory,
}

impl Manifest {
    /// Nothing, where there is none.
    ///
    /// # Errors
    /// It is there, and cannot be read or understood.
    pub(crate) fn load(root: &Root) -> io::Result<Self> {
        if !root.at(PATH).try_exists()? {
            return Ok(Self::default());
        }
        let text = root.read(PATH).ok_or(io::ErrorKind::InvalidData)?;
        Self::parse(&text).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Of its text; `None` where it is not one of ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let manifest: Self = serde_json::from_str(text).ok()?;
        let is_ours = manifest.entries.iter().all(|entry| is_ours(&entry.path))
            && manifest.stopped.iter().all(|unit| RELAYS.iter().any(|relay| undo::is_of(unit, relay)));
        is_ours.then_some(manifest)
    }

    /// Writes it, whole or not at all.
    pub(crate) fn save(&self, root: &Root, reach: Reach<'_>) -> io::Result<()> {
        std::fs::create_dir_all(root.at(DIRECTORY))?;
        tree::replace(&root.at(PATH), &serde_json::to_vec(self)?, reach)
    }

    /// Whether a file or link with this content is ours.
    pub(crate) fn has(&self, path: &str, kind: Kind, content: &str) -> bool {
        self.entry(path, kind).is_some_and(|entry| entry.hashes.contains(&hash(content)))
    }

    /// From now on a file or link of this content counts as ours, beside those that did.
    pub(crate) fn add(&mut self, path: &str, kind: Kind, content: Option<&str>) {
        let hash = content.map(hash);
        match self.entries.iter_mut().find(|entry| entry.path == path && entry.kind == kind) {
            Some(entry) => entry.hashes.extend(hash.filter(|hash| !entry.hashes.contains(hash))),
            None => {
                self.entries.push(Entry { path: path.into(), kind, hashes: hash.into_iter().collect(), is_made: false })
            }
        }
    }

    /// It is made: only this content counts as ours.
    pub(crate) fn settle(&mut self, path: &str, content: &str) {
        for entry in self.entries.iter_mut().filter(|entry| entry.path == path && entry.kind != Kind::Directory) {
            entry.hashes = vec![hash(content)];
            entry.is_made = true;
        }
    }

    fn entry(&self, path: &str, kind: Kind) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.path == path && entry.kind == kind)
    }
}

/// Whether we ever write there: a manifest that names another path is none of ours.
fn is_ours(path: &str) -> bool {
    path.starts_with("/etc/")
        && !path.split('/').any(|part| part == ".." || part == ".")
        && !path.contains(char::is_control)
}

fn hash(content: &str) -> String {
    let mut checksum = Checksum::new(ChecksumType::Sha256).expect("SHA-256");
    checksum.update(content.as_bytes());
    checksum.string().unwrap_or_default()
}
