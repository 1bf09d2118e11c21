//! Whether USB cameras stream, ours or not: without opening one, waking one, or any privilege.
//!
//! The kernel shows it in sysfs (`sysfs`), but nothing of it can be waited for. What can be heard is that a node is
//! opened or closed (`node_events`); from then on sysfs is read (`sampler`) until nobody has a camera open any more. While
//! nobody has, nothing is read and nothing is due.
//!
//! It serves two ends:
//! 1. [`Sensors::verify`]: whether the camera that our worker has just let go of is really off.
//! 2. Other cameras: those that programs use past the relay, with the programs that do. Can be switched off.
//!
//! What cannot be read or understood changes nothing: a camera is gone when the kernel says so, and off when the kernel
//! says so. It is looked at again, ever less often ([`rescan_pace`]).
//!
//! What it cannot know: cameras that are not USB; the microphone of a bulk camera counts as its video while both are
//! open; a node that was made elsewhere than in `/dev` (some containers) is not heard, and its use is seen only while
//! something else is; who it is, where the program is another user's.

mod claim;
#[cfg(any(debug_assertions, fuzzing))]
pub(super) mod fuzz;
mod node_events;
mod programs;
mod rescan_pace;
mod sampler;
mod sysfs;
#[cfg(test)]
mod tests;

use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::look::{Late, Looker};
use super::procfs::HolderProcess;
use claim::Claim;
use lenscap_apps::Apps;
use lenscap_core::event::SensorEvent;
use lenscap_core::presence::Client;
use lenscap_core::status::OtherCamera;
use node_events::{NodeEvent, NodeListener};
use rescan_pace::RescanPace;
use sampler::{Flow, Held, Sampler};
use sysfs::{Readout, UsbCamera};

/// Looks at what cameras there are that pass at once when nodes come and go: udev makes one event of each step.
const FREE_LOOKS: u32 = 8;
/// And then one in so long.
const LOOK_DISTANCE: Duration = Duration::from_secs(1);
/// How rarely it is looked again at what could not be read, in the end.
const LONGEST_DOUBT: Duration = Duration::from_secs(300);

/// Where the kernel's files are; elsewhere in tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    /// Usually `/sys`.
    pub sysfs: PathBuf,
    /// Usually `/dev`.
    pub dev: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self { sysfs: "/sys".into(), dev: "/dev".into() }
    }
}

/// One camera and what is known of it.
#[derive(Debug)]
struct Tracked {
    camera: UsbCamera,
    sampler: Sampler,
    /// Opens minus closes heard of its nodes, with what inotify merged missing.
    balance: u32,
    heard_at: Option<Instant>,
    /// Who has it, and when that was asked.
    holders: Option<(Instant, Vec<HolderProcess>)>,
    /// Those who had it before we listened are still to be counted.
    is_uncounted: bool,
    /// Who has it, as last looked at; nobody while it does not stream.
    clients: Vec<Client>,
    /// Somebody came or went then, and they were not looked at since.
    stale_since: Option<Instant>,
}

impl Tracked {
    fn new(camera: UsbCamera, is_uncounted: bool, now: Instant) -> Self {
        let mut sampler = Sampler::default();
        sampler.stir(now);
        Self {
            camera,
            sampler,
            balance: 0,
            heard_at: None,
            holders: None,
            is_uncounted,
            clients: Vec::new(),
            stale_since: Some(now),
        }
    }
}

/// Watches all USB cameras.
#[derive(Debug)]
pub struct Sensors {
    roots: Roots,
    watch_others: bool,
    listener: Option<NodeListener>,
    cameras: Vec<Tracked>,
    /// Open files of all nodes of the driver.
    references: sysfs::References,
    /// Looks for cameras because nodes came or went.
    stirred: RescanPace,
    /// Looks for cameras because one could not be read, or went unheard.
    doubted: RescanPace,
    claim: Claim,
    worker: Option<u32>,
    /// Looks who has a camera's nodes; says of which camera.
    looker: Looker<(PathBuf, Instant, Vec<HolderProcess>)>,
    apps: Arc<Apps>,
    /// Seen on this kernel: an open camera sleeps until it is asked something.
    sleeps_while_open: bool,
    heard_at: Option<Instant>,
    told_others: Vec<OtherCamera>,
    told_own: Option<bool>,
}

impl Sensors {
    /// Watches other cameras where that is asked for; [`Self::dispatch`] is due at once then.
    pub fn new(roots: Roots, watch_others: bool, now: Instant) -> Self {
        let mut sensors = Self {
            references: sysfs::References::new(&roots.sysfs),
            stirred: RescanPace::new(FREE_LOOKS, LOOK_DISTANCE),
            doubted: RescanPace::new(1, LONGEST_DOUBT),
            roots,
            watch_others: false,
            listener: None,
            cameras: Vec::new(),
            claim: Claim::default(),
            worker: None,
            looker: Looker::default(),
            apps: super::apps(),
            sleeps_while_open: false,
            heard_at: None,
            told_others: Vec::new(),
            told_own: None,
        };
        sensors.set_watch_others(watch_others, now);
        sensors
    }

    /// Begins or ceases to watch other cameras. What was reported of them is taken back with the next [`Self::dispatch`].
    pub fn set_watch_others(&mut self, watch_others: bool, now: Instant) {
        if watch_others == self.watch_others {
            return;
        }
        self.watch_others = watch_others;
        self.listener = None;
        if watch_others {
            match NodeListener::new(&self.roots.dev) {
                Ok(listener) => self.listener = Some(listener),
                Err(error) => tracing::warn!(
                    "other cameras are not watched ({error}): raise fs.inotify.max_user_instances and max_user_watches"
                ),
            }
        }
        self.rescan(now);
        for tracked in &mut self.cameras {
            tracked.sampler.stir(now);
        }
    }

    /// Readable when [`Self::dispatch`] has something to do; another one after [`Self::set_watch_others`].
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.listener.as_ref().map(NodeListener::fd)
    }

    /// When [`Self::dispatch`] is due though nothing is readable.
    pub fn deadline(&self) -> Option<Instant> {
        self.cameras
            .iter()
            .filter(|tracked| self.is_read(tracked))
            .filter_map(|tracked| tracked.sampler.deadline())
            .chain(self.stirred.deadline())
            .chain(self.doubted.deadline())
            .chain(self.looker.deadline())
            .min()
    }

    /// The worker's process id: it is never another program.
    pub fn set_worker(&mut self, worker: Option<u32>) {
        self.worker = worker;
    }

    /// Takes what has happened and reads what is due. Never blocks.
    pub fn dispatch(&mut self, now: Instant) -> Vec<SensorEvent> {
        self.listen(now);
        if let Late::Answer(looked) = self.looker.take(now) {
            self.take_look(looked);
        }
        if self.stirred.take(now) || self.doubted.take(now) {
            self.rescan(now);
        }
        let mut gone = Vec::new();
        for index in 0..self.cameras.len() {
            if self.is_read(&self.cameras[index]) && !self.read(index, now) {
                gone.push(self.cameras[index].camera.interface.clone());
            }
        }
        if !gone.is_empty() {
            tracing::debug!("cameras went: {gone:?}");
            self.cameras.retain(|tracked| !gone.contains(&tracked.camera.interface));
            if self.doubted.ask(now) {
                self.rescan(now);
            }
        }
        self.look_at_programs(now);
        self.report()
    }

    /// Whether it is to be read when that is due: another's, or ours when it has to be off.
    fn is_read(&self, tracked: &Tracked) -> bool {
        if self.claim.interfaces.contains(&tracked.camera.interface) {
            self.claim.is_checked
        } else {
            self.watch_others
        }
    }

    fn listen(&mut self, now: Instant) {
        let Some(listener) = &mut self.listener else { return };
        let heard = match listener.take() {
            Ok(heard) => heard,
            Err(error) => {
                tracing::warn!("other cameras are no longer watched: {error}");
                self.listener = None;
                return;
            }
        };
        if heard.changed && self.stirred.ask(now) {
            self.rescan(now);
        }
        for (node, stir) in heard.events {
            self.heard_at = Some(now);
            let Some(tracked) = self.cameras.iter_mut().find(|tracked| tracked.camera.nodes.contains(&node)) else {
                continue;
            };
            tracked.balance = match stir {
                NodeEvent::Opened => tracked.balance.saturating_add(1),
                NodeEvent::Closed => tracked.balance.saturating_sub(1),
            };
            tracked.heard_at = Some(now);
            tracked.stale_since = Some(now);
            tracked.sampler.stir(now);
        }
    }

    /// Looks which cameras there are; what is known of those that stay is kept, and so are those of which that cannot be
    /// told.
    fn rescan(&mut self, now: Instant) {
        let mut known = std::mem::take(&mut self.cameras);
        known.retain(|tracked| tracked.camera.read(Held::No) != Readout::Gone);
        let mut scan = sysfs::cameras(&self.roots.sysfs);
        let is_whole = scan.is_whole();
        for camera in scan.cameras.drain(..) {
            let is_same = |old: &Tracked| old.camera.interface == camera.interface && old.camera.nodes == camera.nodes;
            self.cameras.push(match known.iter().position(is_same) {
                Some(index) => {
                    let old = known.swap_remove(index);
                    // What was found of it once is not found less of now.
                    let camera = if old.camera.is_complete { old.camera } else { camera };
                    Tracked { camera, ..old }
                }
                None => Tracked::new(camera, self.listener.is_some() && !self.is_unused(), now),
            });
        }
        let is_left = |old: &Tracked| {
            scan.leaves_open(&old.camera.interface)
                && self.cameras.iter().all(|tracked| tracked.camera.interface != old.camera.interface)
        };
        let (left, _): (Vec<_>, Vec<_>) = known.into_iter().partition(is_left);
        self.cameras.extend(left);
        if !is_whole {
            tracing::debug!("not all of the cameras could be read");
            self.doubted.want(now);
        }
        if let Some(listener) = &mut self.listener {
            let nodes = self.cameras.iter().flat_map(|tracked| tracked.camera.nodes.iter().map(String::as_str));
            if let Err(error) = listener.follow(nodes) {
                tracing::warn!("other cameras are not all watched: {error}");
            }
        }
    }

    /// Reads one camera. `false`: it is no longer there.
    fn read(&mut self, index: usize, now: Instant) -> bool {
        let held = self.held(index, now);
        let mapped = self.mapped(index, now);
        let tracked = &mut self.cameras[index];
        if !tracked.camera.is_complete {
            tracked.camera.complete();
        }
        let reading = match tracked.camera.read(held) {
            Readout::Known(reading) => sampler::Reading { mapped, ..reading },
            Readout::Unknown => sampler::Reading { mapped, held, ..sampler::Reading::default() },
            Readout::Gone => return false,
        };
        let before = tracked.sampler.flow();
        let flow = tracked.sampler.take(now, reading);
        if flow != before {
            tracing::debug!("{}: {flow:?}", tracked.camera.name);
            tracked.stale_since = Some(now);
        }
        if flow == Flow::Closed && tracked.balance > 0 {
            self.learn(index, now);
        }
        true
    }

    fn report(&mut self) -> Vec<SensorEvent> {
        let mut events = Vec::new();
        let streaming = || self.cameras.iter().filter(|tracked| tracked.sampler.flow() == Flow::Streaming);
        let is_ours = |tracked: &Tracked| self.claim.interfaces.contains(&tracked.camera.interface);
        if self.claim.is_checked {
            let on = streaming().any(|tracked| {
                let is_known = !tracked.sampler.is_presumed() || self.worker.is_none();
                is_ours(tracked) && !(is_known && self.is_anothers(tracked))
            });
            if self.told_own != Some(on) {
                events.push(SensorEvent::Own { on });
            }
            self.told_own = Some(on);
        }
        let others: Vec<OtherCamera> = streaming()
            .filter(|tracked| self.watch_others && !tracked.sampler.is_presumed())
            .filter(|tracked| !is_ours(tracked) || (self.claim.is_checked && self.is_anothers(tracked)))
            .map(|tracked| OtherCamera {
                camera: tracked.camera.name.clone(),
                node: tracked.camera.nodes.first().map(|node| self.roots.dev.join(node)).unwrap_or_default(),
                clients: tracked.clients.clone(),
            })
            .collect();
        if others != self.told_others {
            self.told_others.clone_from(&others);
            events.push(SensorEvent::Others(others));
        }
        if self.told_own == Some(false) {
            // Off, or another's: nothing of ours is left to check.
            self.release();
        }
        events
    }
}
