//! The cameras that our own worker has, and whether they are off once it is through with them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::super::look;
use super::{Sensors, Tracked};

/// How long a look at the worker's own descriptors may take.
const WORKER_PATIENCE: Duration = Duration::from_millis(100);

/// The cameras that our worker reads.
#[derive(Debug, Default)]
pub(super) struct Claim {
    pub(super) interfaces: BTreeSet<PathBuf>,
    /// The worker is through with them: they have to be off.
    pub(super) is_checked: bool,
}

impl Sensors {
    /// What the worker had is no longer ours to check.
    pub(super) fn release(&mut self) {
        self.claim = Claim::default();
        self.told_own = None;
    }

    /// The worker is about to open these nodes and no others. Whether one is a USB camera's: then [`Self::verify`] can
    /// know when it is off.
    pub fn claim(&mut self, nodes: &[PathBuf], now: Instant) -> bool {
        self.release();
        let dev = self.roots.dev.canonicalize().ok();
        let names: Vec<String> = nodes
            .iter()
            .filter_map(|node| node.canonicalize().ok())
            .filter(|node| node.parent() == dev.as_deref())
            .filter_map(|node| Some(node.file_name()?.to_str()?.to_owned()))
            .collect();
        if names.is_empty() {
            return false;
        }
        if self.listener.is_none() {
            self.rescan(now);
        }
        let is_claimed = |tracked: &&Tracked| tracked.camera.nodes.iter().any(|known| names.contains(known));
        self.claim.interfaces =
            self.cameras.iter().filter(is_claimed).map(|tracked| tracked.camera.interface.clone()).collect();
        tracing::debug!("the camera process has {names:?}: {:?}", self.claim.interfaces);
        !self.claim.interfaces.is_empty()
    }

    /// As [`Self::claim`], of what the worker is seen to have open, where that is a USB camera: a vendor's library says
    /// nothing beforehand. One with the group of hidden nodes may not be looked at, and has said it: [`Self::claim`].
    pub fn claim_held(&mut self, now: Instant) -> bool {
        let Some(worker) = self.worker else { return false };
        let directory = self.apps.proc().join(format!("{worker}/fd"));
        let nodes = look::once(WORKER_PATIENCE, move |guide| {
            if guide.enter(worker) { lenscap_cameras::open_nodes(&directory) } else { Vec::new() }
        });
        let nodes = nodes.unwrap_or_default();
        !nodes.is_empty() && self.claim(&nodes, now)
    }

    /// The worker is through with what it claimed: [`SensorEvent::Own`] comes from the next [`Self::dispatch`] on, until
    /// it is off. Due at once.
    pub fn verify(&mut self, now: Instant) {
        tracing::debug!("the camera process is through with {:?}", self.claim.interfaces);
        self.claim.is_checked = true;
        self.told_own = None;
        for tracked in &mut self.cameras {
            if self.claim.interfaces.contains(&tracked.camera.interface) {
                tracked.sampler.presume(now);
                tracked.clients.clear();
                tracked.stale_since = Some(now);
            }
        }
    }
}
