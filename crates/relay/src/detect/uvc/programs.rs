//! Which programs have a camera, and whether anybody has, as far as its state alone does not say.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::look::Guide;
use super::super::procfs::{HolderProcess, HolderQuery, WatchedNode};
use super::node_events::NodeListener;
use super::sampler::{self, Flow, Held};
use super::{Sensors, Tracked};
use lenscap_apps::Apps;
use lenscap_core::presence::{Client, Use};

/// How long some camera may be open unheard after anything was heard: events get merged, and containers have their own
/// nodes.
const DOUBT: Duration = Duration::from_secs(30);
/// A camera that was heard to be opened, sleeps, and is held by nobody that can be seen: after this long it was closed
/// unheard.
const FORGET: Duration = Duration::from_secs(60);
/// How old the answer may be whether somebody has frames mapped: of a camera that may be reported off, of another.
const MAPS_AGE: (Duration, Duration) = (sampler::WINDOW, Duration::from_secs(1));
/// How old the answer may be who has a camera, where nothing was heard of it since.
const HOLDERS_AGE: Duration = Duration::from_secs(1);

impl Sensors {
    /// Whether somebody has it open, besides what its power state says.
    pub(super) fn held(&mut self, index: usize, now: Instant) -> Held {
        let is_unused = self.is_unused();
        let tracked = &mut self.cameras[index];
        if is_unused {
            tracked.balance = 0;
            return Held::Nobody;
        }
        if tracked.balance > 0 && self.sleeps_while_open {
            return Held::Yes;
        }
        let is_doubted = self.heard_at.is_some_and(|at| now.saturating_duration_since(at) < DOUBT);
        if is_doubted { Held::Perhaps } else { Held::No }
    }

    /// Whether the driver counts no open file at all.
    pub(super) fn is_unused(&self) -> bool {
        self.references.read() == Some(0)
    }

    /// It sleeps and was heard to be opened. Either it was closed meanwhile, which is heard first, or this kernel lets
    /// an open camera sleep.
    pub(super) fn learn(&mut self, index: usize, now: Instant) {
        let has_more = self.listener.as_ref().is_none_or(NodeListener::has_more);
        let heard_at = self.cameras[index].heard_at;
        if !self.sleeps_while_open {
            if has_more || self.is_unused() {
                return;
            }
            let Some(held) = self.holders(index, heard_at, HOLDERS_AGE, now) else { return };
            let is_held = !held.is_empty();
            let tracked = &mut self.cameras[index];
            if !is_held {
                // Closed, and the events were merged.
                tracked.balance = 0;
                return;
            }
            tracing::debug!("an open camera sleeps on this kernel");
            self.sleeps_while_open = true;
            tracked.sampler.stir(now);
            return;
        }
        let is_old = heard_at.is_none_or(|at| now.saturating_duration_since(at) >= FORGET);
        if is_old && let Some(held) = self.holders(index, heard_at, HOLDERS_AGE, now) {
            let is_held = !held.is_empty();
            let tracked = &mut self.cameras[index];
            tracked.heard_at = Some(now);
            if !is_held {
                tracked.balance = 0;
            }
        }
    }

    /// Who has the cameras that stream, and who had those that are new.
    pub(super) fn look_at_programs(&mut self, now: Instant) {
        let skipped: Vec<u32> = self.worker.into_iter().chain([std::process::id()]).collect();
        for index in 0..self.cameras.len() {
            if self.cameras[index].is_uncounted {
                self.holders(index, None, HOLDERS_AGE, now);
            }
            let tracked = &mut self.cameras[index];
            if tracked.sampler.flow() != Flow::Streaming {
                tracked.clients.clear();
                tracked.stale_since = None;
            } else if tracked.stale_since.is_some() {
                let since = tracked.stale_since;
                let Some(found) = self.holders(index, since, Duration::MAX, now) else { continue };
                let clients = clients(found, &skipped);
                let tracked = &mut self.cameras[index];
                (tracked.clients, tracked.stale_since) = (clients, None);
            }
        }
    }

    /// Whether somebody has its frames mapped, where the next reading needs that; `None` where it is not known.
    pub(super) fn mapped(&mut self, index: usize, now: Instant) -> Option<bool> {
        let tracked = &self.cameras[index];
        if !tracked.sampler.asks_for_maps() {
            return None;
        }
        let max_age = if tracked.sampler.flow() == Flow::Streaming { MAPS_AGE.0 } else { MAPS_AGE.1 };
        let heard_at = tracked.heard_at;
        let references = self.references.read();
        let found = self.holders(index, heard_at, max_age, now)?;
        if found.iter().any(|found| found.mapped == Some(true)) {
            return Some(true);
        }
        // Somebody has it open, or it would not be awake: are those that are seen all there are?
        let are_all = references.is_none_or(|count| usize::try_from(count).is_ok_and(|count| count <= found.len()));
        let is_none = !found.is_empty() && found.iter().all(|found| found.mapped == Some(false));
        (are_all && is_none).then_some(false)
    }

    /// Who has it, ourselves included: as it was at `since` or later, and not longer ago than `max_age`. `None`: that
    /// comes later; a dispatch is due then.
    pub(super) fn holders(
        &mut self,
        index: usize,
        since: Option<Instant>,
        max_age: Duration,
        now: Instant,
    ) -> Option<&[HolderProcess]> {
        let tracked = &self.cameras[index];
        let is_fresh = tracked.holders.as_ref().is_some_and(|(at, _)| {
            since.is_none_or(|since| *at >= since) && now.saturating_duration_since(*at) < max_age
        });
        if !is_fresh {
            let interface = tracked.camera.interface.clone();
            let nodes: Vec<PathBuf> = tracked.camera.nodes.iter().map(|node| self.roots.dev.join(node)).collect();
            let apps = Arc::clone(&self.apps);
            let looked = self.looker.ask(now, move |guide| (interface, now, look_at(&nodes, &apps, guide)))?;
            self.take_look(looked);
        }
        self.cameras[index].holders.as_ref().map(|(_, found)| &found[..])
    }

    pub(super) fn take_look(&mut self, (interface, asked_at, found): (PathBuf, Instant, Vec<HolderProcess>)) {
        let Some(tracked) = self.cameras.iter_mut().find(|tracked| tracked.camera.interface == interface) else {
            return;
        };
        if std::mem::take(&mut tracked.is_uncounted) {
            tracked.balance = tracked.balance.max(u32::try_from(found.len()).unwrap_or(u32::MAX));
        }
        tracked.holders = Some((asked_at, found));
    }

    /// Whether a camera that streams, of those the worker let go of, is somebody else's by now.
    pub(super) fn is_anothers(&self, tracked: &Tracked) -> bool {
        if !tracked.clients.is_empty() {
            return true;
        }
        // The worker is gone and the driver counts open files: somebody has it who cannot be seen.
        self.worker.is_none() && self.references.read().is_some_and(|count| count > 0)
    }
}

/// Who has a camera, each process once: those that have frames mapped, else all.
fn clients(found: &[HolderProcess], skipped: &[u32]) -> Vec<Client> {
    let found = found.iter().filter(|found| !skipped.contains(&found.pid));
    let stream = found.clone().any(|found| found.mapped == Some(true));
    let mut clients: Vec<Client> = Vec::new();
    for found in found.filter(|found| !stream || found.mapped != Some(false)) {
        let usage = if found.mapped == Some(true) { Use::Streaming } else { Use::Unknown };
        let name = found.identity.name.clone();
        let client = Client { app: found.identity.app.clone(), ..Client::new(Some(found.pid), name, usage) };
        match clients.iter_mut().find(|known| known.pid == client.pid) {
            Some(known) => known.usage = known.usage.max(usage),
            None => clients.push(client),
        }
    }
    clients
}

/// Who has these nodes.
fn look_at(nodes: &[PathBuf], apps: &Apps, guide: &Guide) -> Vec<HolderProcess> {
    let mut found = Vec::new();
    for node in nodes {
        let Ok(node) = WatchedNode::at(node) else { continue };
        let question = HolderQuery { node: &node, loopbacks: &BTreeSet::new(), maps: true, apps, guide };
        found.extend(question.all(&[], &[]).found);
    }
    found
}
