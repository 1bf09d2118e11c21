//! Who has the loopback node open, and who of them streams.
//!
//! Three kinds of evidence, put together by [`fuse`]:
//! 1. the module's usage event says whether anybody streams (`events`);
//! 2. `/proc` says who has the node open and who has its buffers mapped (`procfs`), looked at when inotify reports that
//!    the node was opened or closed (`inotify`), or when a timer says so (`schedule`);
//! 3. what cannot be seen is "an application" (`unseen_holders`).
//!
//! Processes are looked at on a thread of its own (`look`): a stuck one may never answer. There they are named, too
//! (`lenscap-apps`), and so are those that read through PipeWire (`readers`).
//!
//! Edges are hints: every one of them may be lost, and everything that a lost one leaves behind is put right by looking
//! at the level again. Nothing here waits: the caller polls [`Detector::fds`] until [`Detector::deadline`].

mod detector;
mod events;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
mod inotify;
mod look;
mod procfs;
mod read_activity;
pub(crate) mod readers;
mod schedule;
mod unseen_holders;
pub mod uvc;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use detector::Detector;
use lenscap_apps::{Apps, Roots};
use lenscap_core::trouble::output::{OutputTrouble, WatchFailure};
use lenscap_text::Detail;
use look::Guide;
use procfs::{HolderQuery, WatchedNode};

/// How long [`holders`] may take: it is for a sentence, asked for while there is no device and so no camera on. On an emulated
/// machine a look at all processes took more than 200 ms; only a process that does not answer takes longer, once.
const HOLDERS_PATIENCE: Duration = Duration::from_secs(1);

/// Why a node cannot be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectError {
    /// The node.
    pub node: PathBuf,
    /// Why.
    pub cause: WatchFailure,
}

impl DetectError {
    fn new(node: &Path, error: &io::Error) -> Self {
        use rustix::io::Errno;
        let cause = match Errno::from_io_error(error) {
            Some(Errno::NOENT | Errno::NODEV | Errno::NXIO | Errno::NOTDIR) => WatchFailure::Missing,
            Some(Errno::ACCESS | Errno::PERM) => WatchFailure::Forbidden,
            Some(Errno::BUSY) => WatchFailure::MaxOpeners,
            Some(Errno::NOSPC | Errno::MFILE) => WatchFailure::NoInotify,
            _ => WatchFailure::Kernel { cause: error.into() },
        };
        Self { node: node.to_owned(), cause }
    }
}

impl From<DetectError> for OutputTrouble {
    fn from(error: DetectError) -> Self {
        Self::NodeUnwatched { node: Detail::of_path(&error.node), cause: error.cause }
    }
}

/// Who but this process has the node open or mapped, as far as we may see it: process id and name, by ascending id.
pub fn holders(node: &Path) -> Vec<(u32, String)> {
    let Ok(node) = WatchedNode::at(node) else { return Vec::new() };
    let look = move |guide: &Guide| {
        let question = HolderQuery { node: &node, loopbacks: &BTreeSet::new(), maps: false, apps: &apps(), guide };
        question.all(&[std::process::id()], &[]).found
    };
    let found = look::once(HOLDERS_PATIENCE, look).unwrap_or_default();
    found.into_iter().map(|found| (found.pid, found.identity.name)).collect()
}

/// Names the processes of this system; one for all that look, so that each process is identified once.
fn apps() -> Arc<Apps> {
    static APPS: OnceLock<Arc<Apps>> = OnceLock::new();
    Arc::clone(APPS.get_or_init(|| Arc::new(Apps::new(Roots::default()))))
}
