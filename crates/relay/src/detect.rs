//! Who has the loopback node open, and who of them streams.
//!
//! Three kinds of evidence, put together by [`fuse`]:
//! 1. the module's usage event says whether anybody streams (`events`);
//! 2. `/proc` says who has the node open and who has its buffers mapped (`procfs`), looked at when inotify reports that
//!    the node was opened or closed (`inotify`), or when a timer says so (`schedule`);
//! 3. what cannot be seen is "an application" (`unseen_holders`).
//!
//! Processes are looked at on a thread of its own (`look`): a stuck one may never answer.
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
mod schedule;
mod unseen_holders;
pub mod uvc;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use detector::Detector;
use lenscap_words::trf;
use look::Guide;
use procfs::{HolderQuery, PROC, WatchedNode};

/// How long [`holders`] may take: it is for a sentence, asked for while there is no device and so no camera on. On an emulated
/// machine a look at all processes took more than 200 ms; only a process that does not answer takes longer, once.
const HOLDERS_PATIENCE: Duration = Duration::from_secs(1);

/// Why a node cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum DetectError {
    /// There is no such node.
    #[error("{}", trf!("{node} does not exist: load v4l2loopback, or choose another device", node = node.display()))]
    Missing {
        /// The node.
        node: PathBuf,
    },
    /// The user may not read it.
    #[error("{}", trf!(
        "{node} may not be read: join the group video (sudo usermod -aG video \"$USER\") and log in again",
        node = node.display(),
    ))]
    Permission {
        /// The node.
        node: PathBuf,
    },
    /// Too many programs have it open.
    #[error("{}", trf!(
        "{node} is held by as many programs as it allows: close one of them, or raise v4l2loopback's max_openers",
        node = node.display(),
    ))]
    Busy {
        /// The node.
        node: PathBuf,
    },
    /// The user's inotify watches or instances are used up.
    #[error("{}", trf!(
        "no inotify watch is left to watch {node} with: raise fs.inotify.max_user_instances and max_user_watches",
        node = node.display(),
    ))]
    Watches {
        /// The node.
        node: PathBuf,
    },
    /// Anything else.
    #[error("{}", trf!(
        "{node} cannot be watched ({error}): see \"sudo dmesg | tail\" for the kernel's reason",
        node = node.display(),
        error = source,
    ))]
    Io {
        /// The node.
        node: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
}

impl DetectError {
    fn new(node: &Path, source: io::Error) -> Self {
        use rustix::io::Errno;
        let node = node.to_owned();
        match Errno::from_io_error(&source) {
            Some(Errno::NOENT | Errno::NODEV | Errno::NXIO | Errno::NOTDIR) => Self::Missing { node },
            Some(Errno::ACCESS | Errno::PERM) => Self::Permission { node },
            Some(Errno::BUSY) => Self::Busy { node },
            Some(Errno::NOSPC | Errno::MFILE) => Self::Watches { node },
            _ => Self::Io { node, source },
        }
    }
}

/// Who but this process has the node open or mapped, as far as we may see it: process id and name, by ascending id.
pub fn holders(node: &Path) -> Vec<(u32, String)> {
    let Ok(node) = WatchedNode::at(node) else { return Vec::new() };
    let look = move |guide: &Guide| {
        let question =
            HolderQuery { node: &node, loopbacks: &BTreeSet::new(), maps: false, proc: Path::new(PROC), guide };
        question.all(&[std::process::id()], &[]).found
    };
    let found = look::once(HOLDERS_PATIENCE, look).unwrap_or_default();
    found.into_iter().map(|found| (found.pid, found.name)).collect()
}
